//! Reads the list of mailboxes for which many links are made: a CSV file, or emails that an administrator pasted. Every
//! wrong row is named by its line.

use std::collections::HashMap;

use super::{MAX_AT_ONCE, typed::Mailbox};
use crate::{
    accounts::model::csv::{self, Malformed, Row, Table},
    platform::text,
};

/// A row that must be changed before links are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineMistake {
    /// The line, from 1; `None` if the mistake is that of the whole list.
    pub line: Option<usize>,
    /// What to change.
    pub words: String,
}

impl LineMistake {
    fn of_list(words: impl Into<String>) -> Vec<Self> {
        vec![Self { line: None, words: words.into() }]
    }

    fn on(line: usize, words: impl Into<String>) -> Self {
        Self { line: Some(line), words: words.into() }
    }
}

/// Reads a list.
///
/// # Errors
/// Every mistake, in the order of the lines.
pub fn read_mailboxes(bytes: &[u8]) -> Result<Vec<Mailbox>, Vec<LineMistake>> {
    let text = decode(bytes).map_err(|mistake| vec![mistake])?;
    // One more, for a first line with the names of the columns.
    let Table { mut rows, more } =
        csv::read(text, MAX_AT_ONCE + 1).map_err(|problem| vec![explain(problem)])?;
    let columns = match rows.first().map(Columns::of) {
        Some(Some(Ok(columns))) => {
            rows.remove(0);
            columns
        }
        Some(Some(Err(mistake))) => return Err(vec![mistake]),
        Some(None) | None => Columns::usual(),
    };
    let number = rows.len() + more;
    if number > MAX_AT_ONCE {
        return Err(LineMistake::of_list(format!(
            "The list has {number} rows, and {MAX_AT_ONCE} is the most. Make several lists of it."
        )));
    }
    if rows.is_empty() {
        return Err(LineMistake::of_list("The list has no email."));
    }
    let mut mistakes = Vec::new();
    let mut lines = HashMap::new();
    let mut mailboxes = Vec::with_capacity(rows.len());
    for row in &rows {
        let mailbox = columns.read(row, &mut mistakes);
        if let Some(email) = &mailbox.email
            && let Some(first) = lines.insert(email.clone(), row.line)
        {
            let words = format!("{email} is also on line {first}. Remove one of the two.");
            mistakes.push(LineMistake::on(row.line, words));
        }
        mailboxes.push(mailbox);
    }
    if mistakes.is_empty() { Ok(mailboxes) } else { Err(mistakes) }
}

/// The bytes as text, without the mark that some programs write before it.
fn decode(bytes: &[u8]) -> Result<&str, LineMistake> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        LineMistake::on(line, "The file is not in UTF-8. Save it as CSV in UTF-8, and choose it again.")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn explain(problem: Malformed) -> LineMistake {
    match problem {
        Malformed::TooManyCells(line) => LineMistake::on(line, "This line has more than 100 values."),
        Malformed::Unreadable(line) => LineMistake::on(line, "This line is no CSV."),
    }
}

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Email,
    Name,
    Reference,
}

impl Column {
    /// The meaning of a column with this name.
    fn named(name: &str) -> Option<Self> {
        // Other programs write the word email with a hyphen.
        match text::line(name).to_lowercase().replace('-', "").as_str() {
            "email" | "email address" => Some(Self::Email),
            "name" | "display name" => Some(Self::Name),
            "reference" => Some(Self::Reference),
            _ => None,
        }
    }
}

/// The columns of a list.
struct Columns {
    /// `None` for a column that is left out.
    columns: Vec<Option<Column>>,
    /// Whether the first line names them.
    are_named: bool,
}

impl Columns {
    /// The columns of a list that does not name them.
    fn usual() -> Self {
        let columns = [Column::Email, Column::Name, Column::Reference].map(Some).to_vec();
        Self { columns, are_named: false }
    }

    /// The columns that a first line names. `None` if it names no email: then it is a row like the others.
    fn of(first: &Row) -> Option<Result<Self, LineMistake>> {
        let columns: Vec<_> = first.cells.iter().map(|cell| Column::named(cell)).collect();
        if !columns.contains(&Some(Column::Email)) {
            return None;
        }
        for (column, words) in [
            (Column::Email, "Two columns have the name “email”."),
            (Column::Name, "Two columns have the name “name”."),
            (Column::Reference, "Two columns have the name “reference”."),
        ] {
            if columns.iter().filter(|named| **named == Some(column)).count() > 1 {
                return Some(Err(LineMistake::on(first.line, words)));
            }
        }
        Some(Ok(Self { columns, are_named: true }))
    }

    /// The mailbox of a row. Adds every mistake.
    fn read(&self, row: &Row, mistakes: &mut Vec<LineMistake>) -> Mailbox {
        let mut add = |words: &str| mistakes.push(LineMistake::on(row.line, words));
        let cell = |wanted: Column| {
            let mut cells = self.columns.iter().zip(&row.cells);
            cells.find(|(column, _)| **column == Some(wanted)).map(|(_, cell)| cell)
        };
        let is_blank = |cell: &String| text::trim(cell).is_empty();
        if row.cells.iter().skip(self.columns.len()).any(|cell| !is_blank(cell)) {
            add(if self.are_named {
                "This line has more values than the first line has columns."
            } else {
                "This line has more than three values: an email, a name and a reference. Write one email a \
                 line."
            });
        }
        let (email, name) = (cell(Column::Email), cell(Column::Name));
        if email.is_none_or(is_blank) {
            add("This line has no email.");
        }
        // A line of emails would otherwise become one mailbox whose name is the second email.
        if !self.are_named && name.is_some_and(|name| name.contains('@')) {
            add("The second value is a name, and this one has an @. Write one email a line.");
        }
        let mut wrong = Vec::new();
        let mailbox = Mailbox::parse(email, name, cell(Column::Reference), &mut wrong);
        for (_, words) in wrong {
            add(words);
        }
        mailbox
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emails(text: &str) -> Vec<String> {
        let mailboxes = read_mailboxes(text.as_bytes()).expect("a list");
        mailboxes.into_iter().map(|mailbox| mailbox.email.expect("an email")).collect()
    }

    fn mistakes(text: &[u8]) -> Vec<(Option<usize>, String)> {
        let mistakes = read_mailboxes(text).expect_err("mistakes");
        mistakes.into_iter().map(|mistake| (mistake.line, mistake.words)).collect()
    }

    #[test]
    fn a_plain_list_of_emails_is_one_link_each() {
        let expected = ["alice@contoso.test", "bob@contoso.test"];
        for text in [
            "alice@contoso.test\nbob@contoso.test",
            "\u{feff}Alice@Contoso.test\r\n\r\n  bob@contoso.test  \r\n",
            "Email\nalice@contoso.test\nbob@contoso.test\n",
            "alice@contoso.test;\nbob@contoso.test;\n",
            "\"alice@contoso.test\"\r<bob@contoso.test>",
        ] {
            assert_eq!(emails(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_first_line_may_name_the_columns_in_any_order() {
        let mailbox = |text: &str| read_mailboxes(text.as_bytes()).expect("a list").remove(0);
        let some = |text: &str| Some(text.to_owned());
        let alice = Mailbox {
            email: some("alice@contoso.test"),
            name: some("Example, Alice"),
            reference: some("crm-7"),
        };
        for text in [
            "alice@contoso.test,\"Example, Alice\",crm-7",
            "alice@contoso.test;Example, Alice;crm-7",
            "alice@contoso.test\tExample, Alice\tcrm-7",
            "Reference;Department;Name;E-Mail\ncrm-7;Sales;Example, Alice;alice@contoso.test",
        ] {
            assert_eq!(mailbox(text), alice, "{text:?}");
        }
        let short = mailbox("email,name,reference\nalice@contoso.test");
        assert_eq!((short.name, short.reference), (None, None));
    }

    #[test]
    fn each_wrong_row_is_named_by_its_line() {
        let long = "x".repeat(101);
        let text = format!("email,name\nalice@contoso.test\n\nbob,Bob\n,Carol\ndora@contoso.test,{long},z");
        let lines: Vec<_> = mistakes(text.as_bytes()).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [Some(4), Some(5), Some(6), Some(6)]);
        let twice = mistakes(b"alice@contoso.test\nbob@contoso.test\nALICE@contoso.test");
        let words = "alice@contoso.test is also on line 1. Remove one of the two.".to_owned();
        assert_eq!(twice, [(Some(3), words)]);
        let cases: [(&[u8], Option<usize>, &str); 9] = [
            (b"alice@contoso.test, bob@contoso.test", Some(1), "The second value is a name"),
            (b"a@b.test,A,7,8", Some(1), "This line has more than three values"),
            (b"name,reference\nAlice,7", Some(1), "Enter an email address"),
            (b"email,name,email\na@b.test,A,c@d.test", Some(1), "Two columns"),
            (b"a@b.test\nb\xe4r@b.test", Some(2), "The file is not in UTF-8."),
            (b"\xff\xfea\0@\0", Some(1), "The file is not in UTF-8."),
            (b"a@b.test\n\"b@b.test\nc@b.test\n", Some(2), "Enter an email address"),
            (b" \n", None, "The list has no email."),
            (b"email,name\n", None, "The list has no email."),
        ];
        for (text, line, begins) in cases {
            let found = mistakes(text);
            let (on, words) = found.first().expect("a mistake");
            assert!(*on == line && words.starts_with(begins), "{found:?}");
        }
    }

    #[test]
    fn a_list_has_at_most_1000_rows_besides_the_names_of_the_columns() {
        let list = |rows: usize| {
            let emails: Vec<_> = (0..rows).map(|row| format!("m{row}@contoso.test")).collect();
            emails.join("\n")
        };
        assert_eq!(emails(&list(1_000)).len(), 1_000);
        assert_eq!(emails(&format!("email\n{}", list(1_000))).len(), 1_000);
        for text in [list(1_001), format!("email\n{}", list(1_001))] {
            let words = "The list has 1001 rows, and 1000 is the most. Make several lists of it.".to_owned();
            assert_eq!(mistakes(text.as_bytes()), [(None, words)]);
        }
    }
}
