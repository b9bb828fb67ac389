//! Makes messages in the format of RFC 5322 with MIME while they are sent: what an application wants to send, and its
//! files, which are read and encoded piece by piece. How a provider gets the message is the provider's part. Start
//! reading at [`message`].

pub mod base64;
mod body;
mod header;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use mail_builder::mime::MimePart;

pub use self::body::{Body, first};
use self::{base64::Form, header::Fields};
use crate::{
    platform::{clock::Timestamp, randomness::Hash},
    providers::mailbox::{Address, MailError, Outgoing, OutgoingFile, Priority},
};

/// The bytes that the header of a message has besides its values, and those of the frame of a file.
const FRAME: u64 = 1024;

/// The message as a body. Its recipients in Bcc are in it: the provider takes them out. The basis and the labels are
/// not in it.
///
/// # Errors
/// [`crate::providers::mailbox::MailProblem::InvalidValue`] if an address, a Message-ID or a file name cannot be in a
/// message.
pub fn message(
    message: &Outgoing,
    from: &Address,
    files: &[OutgoingFile],
    now: Timestamp,
) -> Result<Body, MailError> {
    let mut body = Body::default();
    let mut fields = header(message, from, now)?;
    let text = text_part(message);
    if files.is_empty() {
        let mut head = fields.into_bytes();
        head.extend_from_slice(&text);
        body.push_text(head);
        return Ok(body);
    }
    let boundary = boundary(message, &text);
    fields.push("Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\""));
    let mut head = fields.into_bytes();
    head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
    head.extend_from_slice(&text);
    body.push_text(head);
    for file in files {
        let mut fields = Fields::default();
        fields.push_media_type(file.content_type.as_deref());
        fields.push_file_name(&file.name)?;
        fields.push("Content-Transfer-Encoding", "base64");
        let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
        head.append(&mut fields.into_bytes());
        head.extend_from_slice(b"\r\n");
        body.push_text(head);
        body.push_file(file, Form::Lines);
    }
    body.push_text(format!("\r\n--{boundary}--\r\n"));
    Ok(body)
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

fn header(message: &Outgoing, from: &Address, now: Timestamp) -> Result<Fields, MailError> {
    let mut fields = Fields::default();
    fields.push_date("Date", now);
    fields.push_ids("Message-ID", &[message.message_id.as_str()])?;
    fields.push_addresses("From", std::slice::from_ref(from))?;
    fields.push_addresses("Reply-To", &message.reply_to)?;
    fields.push_addresses("To", &message.to)?;
    fields.push_addresses("Cc", &message.cc)?;
    fields.push_addresses("Bcc", &message.bcc)?;
    fields.push_text("Subject", message.subject.as_deref().unwrap_or_default());
    let answered: Vec<_> = message.in_reply_to.iter().map(String::as_str).collect();
    fields.push_ids("In-Reply-To", &answered)?;
    let references: Vec<_> = message.references.iter().map(String::as_str).collect();
    fields.push_ids("References", &references)?;
    match message.priority {
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
    if message.asks_receipt {
        fields.push_addresses("Disposition-Notification-To", std::slice::from_ref(from))?;
    }
    fields.push("MIME-Version", "1.0");
    Ok(fields)
}

/// The part with the text, from its own header on. Its encoding is the shortest that keeps lines short.
fn text_part(message: &Outgoing) -> Vec<u8> {
    let content = message.content.as_ref();
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
fn boundary(message: &Outgoing, text: &[u8]) -> String {
    let hash = Hash::keyed(message.message_id.as_bytes(), &[text]).to_string();
    // No encoding of a part can have `=_` (RFC 2045, 6.7).
    format!("=_{}", hash.get(..32).unwrap_or_default())
}
