//! Reads and writes tables as CSV (RFC 4180). The reader also takes semicolons and tabs between cells, and knows the line
//! on which each row begins. The writer makes cells harmless for spreadsheet programs.

use std::borrow::Cow;

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};

use crate::platform::text;

/// Maximum number of cells in a row. Many more cells than bytes of text would cost memory.
const MAX_CELLS: usize = 100;

/// A row as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, from 1. A quoted cell may have several lines.
    pub line: usize,
    pub cells: Vec<String>,
}

/// The rows that have a visible character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub rows: Vec<Row>,
    /// Number of rows after these, which were only counted.
    pub more: usize,
}

/// Why a text is no table. Each has the line on which the row with the mistake begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// A row has more than 100 cells.
    TooManyCells(usize),
    /// The row is no CSV.
    Unreadable(usize),
}

/// Reads a table. The first comma, semicolon or tab outside quotation marks is the separator of the whole text. Lines
/// end with LF, CR LF or CR.
///
/// # Returns
/// The first `max_rows` rows, and the number of the others.
pub fn read(text: &str, max_rows: usize) -> Result<Table, Malformed> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let (mut table, mut lines) = (Table::default(), Lines::of(text));
    let mut record = ByteRecord::new();
    loop {
        let line = lines.line_of_row(reader.position().byte());
        if !reader.read_byte_record(&mut record).map_err(|_| Malformed::Unreadable(line))? {
            return Ok(table);
        }
        if record.len() > MAX_CELLS {
            return Err(Malformed::TooManyCells(line));
        }
        let cells: Vec<String> =
            record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        if cells.iter().all(|cell| text::trim(cell).is_empty()) {
            continue;
        }
        if table.rows.len() < max_rows {
            table.rows.push(Row { line, cells });
        } else {
            table.more += 1;
        }
    }
}

fn separator(text: &str) -> u8 {
    let mut is_quoted = false;
    let found = text.bytes().find(|byte| {
        is_quoted ^= *byte == b'"';
        !is_quoted && matches!(byte, b',' | b';' | b'\t')
    });
    found.unwrap_or(b',')
}

/// Counts the lines of a text from its beginning.
struct Lines<'a> {
    rest: &'a [u8],
    /// Number of bytes before the rest.
    at: u64,
    /// The line of the rest.
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { rest: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line of the next row. It begins at this byte, or behind the blank lines there, which the reader skips.
    fn line_of_row(&mut self, byte: u64) -> usize {
        while let [first, rest @ ..] = self.rest {
            let is_end = matches!(first, b'\r' | b'\n');
            if self.at >= byte && !is_end {
                break;
            }
            // CR LF ends one line.
            let is_half = *first == b'\r' && rest.first() == Some(&b'\n');
            self.line += usize::from(is_end && !is_half);
            self.at += 1;
            self.rest = rest;
        }
        self.line
    }
}

/// Characters with which a spreadsheet program begins a formula, also in their full width, and blanks that some
/// programs skip before they look for one.
const FORMULA_SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell that a spreadsheet program shows as text. Formula injection: the program would otherwise run what a name
/// begins with, such as `=HYPERLINK(…)`, on the computer of the user who opens the file.
fn neutralise(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA_SIGNS) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Writes a table. Every cell is quoted: a program that expects semicolons would otherwise find a new cell, and perhaps
/// a formula, behind one.
///
/// # Errors
/// None is expected, because the table is written to memory.
pub fn write<'a, R>(rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, csv::Error>
where
    R: IntoIterator<Item = &'a str>,
{
    let mut writer = WriterBuilder::new()
        .flexible(true)
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.into_iter().map(|cell| neutralise(cell).into_owned()))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[cfg(test)]
mod tests;
