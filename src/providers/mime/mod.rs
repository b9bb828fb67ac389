//! Makes messages in the format of RFC 5322 with MIME while they are sent: what an application wants to send, and its
//! files, which are read and encoded piece by piece. How a provider gets the message is the provider's part. Start
//! reading at [`message`].
//!
//! A message that exists is changed in the same way: [`Outline`] says where its parts are, and [`with_changes`],
//! [`with_file`] and [`without_parts`] make the new message while the old one is read again.

pub mod base64;
mod body;
mod edit;
mod fault;
mod header;
mod outline;
mod splice;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::Range};

use futures_util::StreamExt;
use mail_builder::mime::MimePart;
use sha2::{Digest, Sha256};

use self::{base64::Form, header::Fields};
pub use self::{
    body::{Body, first},
    edit::{FileMark, MARK, with_changes, with_file, without_parts},
    fault::Fault,
    header::is_message_id,
    outline::{Head, Outline, Part},
    splice::Splice,
};
use crate::{
    platform::{clock::Timestamp, randomness::Hash},
    providers::mailbox::{Address, Content, MailError, MailStream, Outgoing, OutgoingFile, Priority},
};

/// The bytes that the header of a message has besides its values, and those of the frame of a file.
const FRAME: u64 = 1024;

/// Parts of another message that are passed on as they are.
pub struct Carried {
    /// The other message, from its first byte on.
    pub original: MailStream,
    /// Where the parts are in it, in their order.
    pub parts: Vec<Range<u64>>,
}

/// The message as a body. Its recipients in Bcc are in it: the provider takes them out. The basis and the labels are
/// not in it. Without a sender the provider writes it.
///
/// # Errors
/// [`crate::providers::mailbox::MailProblem::InvalidValue`] if an address, a Message-ID or a file name cannot be in a
/// message.
pub fn message(
    message: &Outgoing,
    from: Option<&Address>,
    carried: Option<Carried>,
    files: &[OutgoingFile],
    now: Timestamp,
) -> Result<Body, MailError> {
    let mut body = Body::default();
    let mut fields = header(message, from, now)?;
    let text = text_part(message.content.as_ref());
    let carried = carried.filter(|carried| !carried.parts.is_empty());
    if files.is_empty() && carried.is_none() {
        let mut head = fields.into_bytes();
        head.extend_from_slice(&text);
        body.push_text(head);
        return Ok(body);
    }
    let boundary = boundary(message.message_id.as_bytes(), &text);
    fields.push("Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\""));
    let mut head = fields.into_bytes();
    head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
    head.extend_from_slice(&text);
    body.push_text(head);
    if let Some(Carried { original, parts }) = carried {
        let mut splice = Splice::default();
        for part in parts {
            splice.push_text(format!("\r\n--{boundary}\r\n"));
            splice.keep(part);
        }
        body.push_splice(splice, original);
    }
    for (number, file) in files.iter().enumerate() {
        body.push_text(format!("\r\n--{boundary}\r\n"));
        push_file_part(&mut body, file, &new_mark(&message.message_id, number))?;
    }
    body.push_text(format!("\r\n--{boundary}--\r\n"));
    Ok(body)
}

/// A mark for a file of a new message: another one for each file of each message. Its content is read only when it is sent.
fn new_mark(message_id: &str, number: usize) -> FileMark {
    let hash = Hash::keyed(message_id.as_bytes(), &[&b"file"[..], number.to_string().as_bytes()]).to_string();
    FileMark(hash.get(..32).unwrap_or_default().to_owned())
}

/// Adds a part with a file. By its mark the file is known again.
fn push_file_part(body: &mut Body, file: &OutgoingFile, mark: &FileMark) -> Result<(), MailError> {
    let mut fields = Fields::default();
    fields.push_media_type(file.content_type.as_deref());
    fields.push_file_name(&file.name)?;
    fields.push(MARK, &mark.0);
    fields.push("Content-Transfer-Encoding", "base64");
    let mut head = fields.into_bytes();
    head.extend_from_slice(b"\r\n");
    body.push_text(head);
    body.push_file(file, Form::Lines);
    Ok(())
}

/// A text that is different for each name and content.
///
/// # Errors
/// Those of the stream.
pub async fn fingerprint(name: &str, mut content: MailStream) -> Result<String, MailError> {
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_be_bytes());
    hash.update(name);
    while let Some(piece) = content.next().await {
        hash.update(piece?);
    }
    Ok(hash.finalize().iter().take(16).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
}

/// The number of bytes of the message with its files, at most: without the text of its basis.
pub fn max_length(message: &Outgoing, files: &[OutgoingFile]) -> u64 {
    // A byte of a file name becomes three characters, and lines have a frame.
    let encoded = |text: &str| Form::Lines.length(text.len() as u64).saturating_mul(3);
    let people = [&message.to, &message.cc, &message.bcc, &message.reply_to];
    let people = people.into_iter().flatten().chain(&message.from);
    let people = people.map(|person| {
        let name = encoded(person.name.as_deref().unwrap_or_default());
        name.saturating_add(person.email.len() as u64).saturating_add(32)
    });
    let ids = message.references.iter().chain(&message.in_reply_to);
    let ids = ids.map(|id| (id.len() as u64).saturating_add(4));
    let text = message.content.as_ref().map_or(0, |content| {
        let line_ends = content.text.matches(['\r', '\n']).count();
        Form::Lines.length(content.text.len().saturating_add(line_ends) as u64)
    });
    let files = files
        .iter()
        .map(|file| Form::Lines.length(file.size).saturating_add(encoded(&file.name)).saturating_add(FRAME));
    let subject = encoded(message.subject.as_deref().unwrap_or_default());
    let parts = people.chain(ids).chain(files).chain([FRAME, subject, text]);
    parts.fold(0, u64::saturating_add)
}

fn header(message: &Outgoing, from: Option<&Address>, now: Timestamp) -> Result<Fields, MailError> {
    let mut fields = Fields::default();
    fields.push_date("Date", now);
    fields.push_ids("Message-ID", &[message.message_id.as_str()])?;
    fields.push_addresses("From", from.map(std::slice::from_ref).unwrap_or_default())?;
    fields.push_addresses("Reply-To", &message.reply_to)?;
    fields.push_addresses("To", &message.to)?;
    fields.push_addresses("Cc", &message.cc)?;
    fields.push_addresses("Bcc", &message.bcc)?;
    fields.push_text("Subject", message.subject.as_deref().unwrap_or_default());
    let answered: Vec<_> = message.in_reply_to.iter().map(String::as_str).collect();
    fields.push_ids("In-Reply-To", &answered)?;
    let references: Vec<_> = message.references.iter().map(String::as_str).collect();
    fields.push_ids("References", &references)?;
    push_priority(&mut fields, message.priority);
    if message.asks_receipt {
        fields.push_addresses(edit::RECEIPT, from.map(std::slice::from_ref).unwrap_or_default())?;
    }
    fields.push("MIME-Version", "1.0");
    Ok(fields)
}

fn push_priority(fields: &mut Fields, priority: Option<Priority>) {
    match priority {
        Some(Priority::High) => {
            fields.push("Importance", "high");
            fields.push("X-Priority", "1");
        }
        Some(Priority::Low) => {
            fields.push("Importance", "low");
            fields.push("X-Priority", "5");
        }
        Some(Priority::Normal) | None => {}
    }
}

/// The part with the text, from its own header on. Its encoding is the shortest that keeps lines short.
fn text_part(content: Option<&Content>) -> Vec<u8> {
    let text = content.map_or(Cow::Borrowed(""), |content| with_line_ends(&content.text));
    let kind = if content.is_some_and(|content| content.is_html) { "text/html" } else { "text/plain" };
    let mut part = Vec::new();
    MimePart::new(kind, text).write_part(&mut part);
    part
}

/// The text with CR LF at each end of a line, and without NUL, which no message may have (RFC 5322, 4).
fn with_line_ends(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\n', '\0']) {
        return Cow::Borrowed(text);
    }
    let unified = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    Cow::Owned(unified.replace('\n', "\r\n"))
}

/// A line that the parts do not have. The attack: a text with the boundary in it adds parts. So it depends on the text.
fn boundary(key: &[u8], text: &[u8]) -> String {
    let hash = Hash::keyed(key, &[text]).to_string();
    // No encoding of a part can have `=_` (RFC 2045, 6.7).
    format!("=_{}", hash.get(..32).unwrap_or_default())
}
