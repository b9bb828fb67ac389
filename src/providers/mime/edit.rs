//! Changes of a message that exists in its format: other header fields, another text, one file more or less. All the rest
//! stays as it is, byte by byte, and is never in memory as a whole.

use super::{
    Body, Outline, Part, Splice, boundary, header::Fields, push_file_part, push_priority, text_part,
};
use crate::providers::mailbox::{Address, Content, DraftChange, MailError, MailProblem, OutgoingFile};

/// The field of a part by which its file is known again.
pub const MARK: &str = "X-Attachment-Id";
/// The field that asks for a receipt (RFC 8098, 2.1).
pub(super) const RECEIPT: &str = "Disposition-Notification-To";

/// Says of a file in a message which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMark(pub String);

impl FileMark {
    /// Whether a message has the file.
    pub fn is_in(&self, outline: &Outline) -> bool {
        outline
            .files()
            .any(|part| part.head.text(&MARK.to_ascii_lowercase()).as_deref() == Some(self.0.as_str()))
    }
}

fn garbled() -> MailError {
    MailProblem::Garbled.into()
}

/// The message with a file more, at its end. `mark` becomes a field of the part.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if the name of the file cannot be in a message.
pub fn with_file(outline: &Outline, file: &OutgoingFile, mark: &FileMark) -> Result<Splice, MailError> {
    let root = outline.root().ok_or_else(garbled)?;
    let mut part = Body::default();
    push_file_part(&mut part, file, mark)?;
    let mut splice = Splice::default();
    let own = root.head.boundary().filter(|_| root.head.kind() == "multipart/mixed");
    if let Some(boundary) = own {
        let close = root.close.unwrap_or(root.end);
        splice.keep(0..close);
        // A multipart that broke off may end within a line.
        let before: &[u8] = if root.close.is_some() { b"--" } else { b"\r\n--" };
        splice.push_text([before, boundary, b"\r\n"].concat());
        splice.push(part);
        match root.close {
            Some(close) => {
                splice.push_text("\r\n");
                splice.keep(close..root.end);
            }
            None => splice.push_text([&b"\r\n--"[..], boundary, b"--\r\n"].concat()),
        }
        return Ok(splice);
    }
    let boundary = boundary(mark.0.as_bytes(), &whole_head(root));
    let (mut head, mut content) = (Vec::new(), Vec::new());
    for (name, field) in root.head.fields() {
        let fields = if is_of_content(&name) { &mut content } else { &mut head };
        fields.extend_from_slice(field);
    }
    head.extend_from_slice(b"Content-Type: multipart/mixed;\r\n boundary=\"");
    head.extend_from_slice(format!("{boundary}\"\r\n\r\n--{boundary}\r\n").as_bytes());
    head.extend_from_slice(&content);
    head.extend_from_slice(b"\r\n");
    splice.push_text(head);
    splice.keep(root.body..root.end);
    splice.push_text(format!("\r\n--{boundary}\r\n"));
    splice.push(part);
    splice.push_text(format!("\r\n--{boundary}--\r\n"));
    Ok(splice)
}

/// The message without these parts; `None` if one of them is the message itself, or does not exist.
pub fn without_parts(outline: &Outline, parts: &[usize]) -> Option<Splice> {
    let mut removed = parts.to_vec();
    removed.sort_unstable();
    removed.dedup();
    let (mut splice, mut kept) = (Splice::default(), 0);
    for &at in &removed {
        let (part, parent) = (outline.get(at)?, outline.parent(at)?);
        if kept < part.delimiter {
            splice.keep(kept..part.delimiter);
        }
        let is_last = outline.children(parent).last() == Some(at);
        if is_last && outline.children(parent).all(|child| removed.contains(&child)) {
            // A multipart has at least one part (RFC 2046, 5.1).
            let boundary = outline.get(parent)?.head.boundary()?;
            splice.push_text([&b"--"[..], boundary, b"\r\n\r\n\r\n"].concat());
        }
        kept = part.next;
    }
    splice.keep(kept..outline.length());
    Some(splice)
}

/// The message with changed header fields and, if the change has one, another text. The files stay.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if an address cannot be in a message.
pub fn with_changes(outline: &Outline, change: &DraftChange) -> Result<Splice, MailError> {
    let root = outline.root().ok_or_else(garbled)?;
    let (new, replaced) = changed_fields(root, change)?;
    let mut head = new.into_bytes();
    let mut content = Vec::new();
    for (name, field) in root.head.fields() {
        if is_of_content(&name) {
            content.extend_from_slice(field);
        } else if !replaced.contains(&name.as_str()) {
            head.extend_from_slice(field);
        }
    }
    let mut splice = Splice::default();
    let Some(text) = &change.content else {
        head.extend_from_slice(&content);
        head.extend_from_slice(b"\r\n");
        splice.push_text(head);
        splice.keep(root.body..outline.length());
        return Ok(splice);
    };
    let Some((at, old)) = outline.text().and_then(|at| Some((at, outline.get(at)?))) else {
        put_text_first(&mut splice, outline, root, (head, content), text);
        return Ok(splice);
    };
    if outline.parent(at).is_some() {
        head.extend_from_slice(&content);
        head.extend_from_slice(b"\r\n");
        splice.push_text(head);
        splice.keep(root.body..old.start);
        push_text_part(&mut splice, outline, at, text);
        splice.keep(old.end..outline.length());
    } else {
        splice.push_text(head);
        push_text_part(&mut splice, outline, at, text);
    }
    Ok(splice)
}

/// Puts a text before the files of a message that has none. `fields` are its header and, apart, those of the content.
fn put_text_first(
    splice: &mut Splice,
    outline: &Outline,
    root: &Part,
    fields: (Vec<u8>, Vec<u8>),
    text: &Content,
) {
    let (mut head, content) = fields;
    let part = text_part(Some(text));
    let boundary = boundary(&whole_head(root), &part);
    head.extend_from_slice(b"Content-Type: multipart/mixed;\r\n boundary=\"");
    head.extend_from_slice(format!("{boundary}\"\r\n\r\n--{boundary}\r\n").as_bytes());
    head.extend_from_slice(&part);
    head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
    head.extend_from_slice(&content);
    head.extend_from_slice(b"\r\n");
    splice.push_text(head);
    splice.keep(root.body..outline.length());
    splice.push_text(format!("\r\n--{boundary}--\r\n"));
}

/// The part with the new text. Files that are within the old one, such as images of its HTML, are kept beside it.
fn push_text_part(splice: &mut Splice, outline: &Outline, old: usize, text: &Content) {
    let part = text_part(Some(text));
    let mut files = outline.files().filter(|file| outline.is_within(file, old)).peekable();
    if files.peek().is_none() {
        splice.push_text(part);
        return;
    }
    let boundary = boundary(b"related", &part);
    let mut head = format!("Content-Type: multipart/related;\r\n boundary=\"{boundary}\"\r\n").into_bytes();
    head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
    head.extend_from_slice(&part);
    splice.push_text(head);
    for file in files {
        splice.push_text(format!("\r\n--{boundary}\r\n"));
        splice.keep(file.whole());
    }
    splice.push_text(format!("\r\n--{boundary}--\r\n"));
}

/// The new fields, and the names of those that they replace, in lower case.
fn changed_fields(root: &Part, change: &DraftChange) -> Result<(Fields, Vec<&'static str>), MailError> {
    let (mut fields, mut replaced) = (Fields::default(), Vec::new());
    if let Some(from) = &change.from {
        replaced.push("from");
        fields.push_addresses("From", std::slice::from_ref(from))?;
    }
    let lists = [
        ("To", "to", &change.to),
        ("Cc", "cc", &change.cc),
        ("Bcc", "bcc", &change.bcc),
        ("Reply-To", "reply-to", &change.reply_to),
    ];
    for (name, lower, list) in lists {
        if let Some(list) = list {
            replaced.push(lower);
            fields.push_addresses(name, list)?;
        }
    }
    if let Some(subject) = &change.subject {
        replaced.push("subject");
        fields.push_text("Subject", subject);
    }
    if let Some(priority) = change.priority {
        replaced.extend(["importance", "x-priority", "priority", "x-msmail-priority"]);
        push_priority(&mut fields, Some(priority));
    }
    if let Some(asks_receipt) = change.asks_receipt {
        replaced.push("disposition-notification-to");
        if asks_receipt {
            let present = root.head.emails("From").into_iter().next();
            let present = present.map(|email| Address { name: None, email });
            let from = change.from.clone().or(present);
            fields.push_addresses(RECEIPT, from.as_slice())?;
        }
    }
    Ok((fields, replaced))
}

fn is_of_content(name: &str) -> bool {
    name.starts_with("content-")
}

fn whole_head(part: &Part) -> Vec<u8> {
    part.head.fields().into_iter().flat_map(|(_, field)| field.iter().copied()).collect()
}

#[cfg(test)]
mod tests;
