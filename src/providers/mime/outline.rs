//! The outline of a message: where its parts are, and their headers (RFC 5322, RFC 2046). The message is read once, piece by
//! piece, and only headers are kept. Messages within the message are parts without parts of their own.
//!
//! The attack: a message with endless headers or parts takes all memory. So both are limited.

mod head;

use std::ops::Range;

use futures_util::StreamExt;

pub use self::head::Head;
use crate::providers::mailbox::{MailError, MailProblem, MailStream};

/// Maximum number of parts.
const MAX_PARTS: usize = 500;
/// Maximum number of bytes of all headers.
const MAX_HEADERS: usize = 512 * 1024;
/// The bytes of a line of a body that are looked at: more than a delimiter can have (RFC 2046, 5.1.1).
const LOOKED_AT: usize = 256;

const TOO_MANY_PARTS: &str = "The message has more parts or longer headers than this call reads.";

/// A part by its place in the message. The message itself is one too, the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub head: Head,
    /// Where its delimiter begins: 0 for the message.
    pub delimiter: u64,
    /// Where its header begins.
    pub start: u64,
    /// Where its body begins.
    pub body: u64,
    /// The end of its body, without the line end that belongs to the next delimiter.
    pub end: u64,
    /// Where the next delimiter begins, or the message ends.
    pub next: u64,
    /// Of a multipart: where its last delimiter begins, if it has one.
    pub close: Option<u64>,
    parent: Option<usize>,
}

impl Part {
    fn begin(parent: Option<usize>, delimiter: u64, start: u64) -> Self {
        let head = Head::default();
        Self { head, delimiter, start, body: start, end: start, next: start, close: None, parent }
    }

    fn is_file(&self) -> bool {
        self.head.boundary().is_none() && !self.head.is_text()
    }

    /// The part with its header.
    pub fn whole(&self) -> Range<u64> {
        self.start..self.end
    }
}

/// The parts of a message, in their order; the first is the message itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline(Vec<Part>);

impl Outline {
    /// Reads a message.
    ///
    /// # Errors
    /// Those of the stream, or [`MailProblem::TooMany`] if the message has too many parts.
    pub async fn read(mut message: MailStream) -> Result<Self, MailError> {
        let mut scanner = Scanner::new();
        while let Some(piece) = message.next().await {
            scanner.feed(&piece?)?;
        }
        scanner.finish()
    }

    /// The message itself.
    pub fn root(&self) -> Option<&Part> {
        self.0.first()
    }

    pub fn get(&self, at: usize) -> Option<&Part> {
        self.0.get(at)
    }

    /// The number of all bytes.
    pub fn length(&self) -> u64 {
        self.root().map_or(0, |root| root.next)
    }

    /// The parts that are directly in this one.
    pub fn children(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().filter(move |(_, part)| part.parent == Some(parent)).map(|(at, _)| at)
    }

    /// The part that contains this one.
    pub fn parent(&self, at: usize) -> Option<usize> {
        self.get(at)?.parent
    }

    /// The part with this number: the positions from the message down, from 0, joined by dots.
    pub fn by_number(&self, number: &str) -> Option<usize> {
        let mut at = 0;
        for position in number.split('.') {
            let position: usize = position.parse().ok()?;
            at = self.children(at).nth(position)?;
        }
        Some(at)
    }

    /// The part with the text of the message: one part, or the alternatives. `None` if the message has only files.
    pub fn text(&self) -> Option<usize> {
        let mut at = 0;
        loop {
            let head = &self.get(at)?.head;
            if head.boundary().is_none() {
                return head.is_text().then_some(at);
            }
            if head.kind() == "multipart/alternative" {
                return Some(at);
            }
            at = self.children(at).next()?;
        }
    }

    /// The files, also the inline ones, in their order.
    pub fn files(&self) -> impl Iterator<Item = &Part> + '_ {
        self.0.iter().filter(|part| part.is_file())
    }

    /// The files with this mark.
    pub fn marked<'o>(&'o self, mark: &'o str) -> impl Iterator<Item = usize> + 'o {
        let field = super::edit::MARK.to_ascii_lowercase();
        let is_marked = move |part: &Part| part.is_file() && part.head.text(&field).as_deref() == Some(mark);
        self.0.iter().enumerate().filter(move |(_, part)| is_marked(part)).map(|(at, _)| at)
    }

    /// Whether a part is a file.
    pub fn is_file(&self, at: usize) -> bool {
        self.get(at).is_some_and(Part::is_file)
    }

    /// Whether a part is within another one, or is that one.
    pub fn is_within(&self, part: &Part, at: usize) -> bool {
        self.get(at).is_some_and(|outer| outer.start <= part.start && part.end <= outer.end)
    }
}

/// Reads a message line by line.
struct Scanner {
    parts: Vec<Part>,
    /// The multiparts whose parts are being read, from the outermost.
    open: Vec<usize>,
    /// The part whose header or body is being read.
    current: usize,
    is_in_header: bool,
    header: Vec<u8>,
    /// The number of bytes of all headers.
    headers: usize,
    /// The beginning of the present line.
    line: Vec<u8>,
    line_start: u64,
    position: u64,
    /// The last byte before the present piece of a line.
    before: u8,
    /// The length of the end of the last line.
    line_end: u64,
}

fn too_many() -> MailError {
    MailProblem::TooMany(TOO_MANY_PARTS).into()
}

impl Scanner {
    fn new() -> Self {
        Self {
            parts: vec![Part::begin(None, 0, 0)],
            open: Vec::new(),
            current: 0,
            is_in_header: true,
            header: Vec::new(),
            headers: 0,
            line: Vec::new(),
            line_start: 0,
            position: 0,
            before: 0,
            line_end: 0,
        }
    }

    fn feed(&mut self, piece: &[u8]) -> Result<(), MailError> {
        for chunk in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = if self.is_in_header { MAX_HEADERS } else { LOOKED_AT };
            let taken = chunk.len().min(room.saturating_sub(self.line.len()));
            if self.is_in_header && taken < chunk.len() {
                return Err(too_many());
            }
            self.line.extend(chunk.iter().take(taken));
            self.position = self.position.saturating_add(chunk.len() as u64);
            let mut last = chunk.iter().rev();
            if last.next() == Some(&b'\n') {
                let before = last.next().copied().unwrap_or(self.before);
                self.end_line(if before == b'\r' { 2 } else { 1 })?;
            }
            self.before = chunk.last().copied().unwrap_or(self.before);
        }
        Ok(())
    }

    /// Ends a line whose end has this length.
    fn end_line(&mut self, line_end: u64) -> Result<(), MailError> {
        let line = std::mem::take(&mut self.line);
        let text = line.trim_ascii_end();
        if let Some((depth, is_last)) = self.delimiter(text) {
            self.end_header();
            self.delimit(depth, is_last)?;
        } else if self.is_in_header {
            if line == b"\r\n" || line == b"\n" {
                self.end_header();
            } else {
                self.headers = self.headers.saturating_add(line.len());
                if self.headers > MAX_HEADERS {
                    return Err(too_many());
                }
                self.header.extend_from_slice(&line);
            }
        }
        self.line_start = self.position;
        self.line_end = line_end;
        Ok(())
    }

    /// Whether a line is a delimiter: of which of the open multiparts, and whether it is the last.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?;
        self.open.iter().enumerate().rev().find_map(|(depth, at)| {
            let boundary = self.parts.get(*at)?.head.boundary()?;
            match line.strip_prefix(boundary)? {
                b"" => Some((depth, false)),
                b"--" => Some((depth, true)),
                _ => None,
            }
        })
    }

    fn end_header(&mut self) {
        if !self.is_in_header {
            return;
        }
        self.is_in_header = false;
        let head = Head::read(std::mem::take(&mut self.header));
        let is_multipart = head.boundary().is_some();
        if let Some(part) = self.parts.get_mut(self.current) {
            part.head = head;
            part.body = self.position;
        }
        if is_multipart {
            self.open.push(self.current);
        }
    }

    /// Begins the next part of an open multipart, or ends that.
    fn delimit(&mut self, depth: usize, is_last: bool) -> Result<(), MailError> {
        let Some(multipart) = self.open.get(depth).copied() else { return Ok(()) };
        let inner: Vec<usize> = self.open.drain(depth.saturating_add(1)..).collect();
        let ended = inner.into_iter().chain([self.current]).filter(|at| *at != multipart);
        for at in ended.collect::<Vec<_>>() {
            self.end_part(at, self.line_start.saturating_sub(self.line_end), self.line_start);
        }
        if is_last {
            self.open.truncate(depth);
            self.current = multipart;
            if let Some(part) = self.parts.get_mut(multipart) {
                part.close = Some(self.line_start);
            }
            return Ok(());
        }
        if self.parts.len() >= MAX_PARTS {
            return Err(too_many());
        }
        self.current = self.parts.len();
        self.parts.push(Part::begin(Some(multipart), self.line_start, self.position));
        self.is_in_header = true;
        Ok(())
    }

    fn end_part(&mut self, at: usize, end: u64, next: u64) {
        if let Some(part) = self.parts.get_mut(at) {
            // The header of a part may end where the delimiter begins.
            part.body = part.body.min(next);
            part.end = end.max(part.body);
            part.next = next;
        }
    }

    fn finish(mut self) -> Result<Outline, MailError> {
        if !self.line.is_empty() {
            self.end_line(0)?;
        }
        self.end_header();
        let open: Vec<usize> = self.open.iter().copied().chain([self.current, 0]).collect();
        for at in open {
            self.end_part(at, self.position, self.position);
        }
        // The ancestors of the part that is being read when the message ends.
        let mut at = self.parts.get(self.current).and_then(|part| part.parent);
        while let Some(above) = at {
            self.end_part(above, self.position, self.position);
            at = self.parts.get(above).and_then(|part| part.parent);
        }
        Ok(Outline(self.parts))
    }
}

#[cfg(test)]
pub mod tests;
