//! One message: its metadata, its header and its source. Each call takes the id of a draft too.

use ::http::Method;
use serde_json::Value;

use super::{
    address::{Query, is_draft, segment},
    decoding::bytes_of,
    json::{items, owned, text},
    known, place,
    q::Conditions,
    read,
    request::{Google, Json},
};
use crate::providers::{
    google::permissions::GMAIL_READ,
    mailbox::{Download, KnownMessage, MailBody, MailError, MailProblem, Message},
};

/// What Gmail answers about one message, or about a draft and its message.
pub(super) struct Answer {
    answer: Json,
    is_draft: bool,
}

impl Answer {
    pub(super) fn message(&self) -> &Value {
        if self.is_draft { self.answer.get("message").unwrap_or(&Value::Null) } else { &self.answer }
    }
}

/// The parts of a request for a message or for a draft with its message.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub id: &'w str,
    /// Whether the id is one of a draft.
    pub is_draft: bool,
    /// Gmail's name of the format: `full`, `metadata` or `minimal`.
    pub format: &'w str,
    /// Which members of the message are wanted.
    pub fields: &'w str,
}

impl<'w> Wanted<'w> {
    /// The id tells whether it is one of a draft.
    pub(super) fn new(id: &'w str, format: &'w str, fields: &'w str) -> Self {
        Self { id, is_draft: is_draft(id), format, fields }
    }
}

/// Reads a message of at most `max` bytes in JSON.
pub(super) async fn ask(google: &Google<'_>, wanted: Wanted<'_>, max: usize) -> Result<Answer, MailError> {
    let Wanted { id, is_draft, format, fields } = wanted;
    let id = segment(id)?;
    let (path, fields) = if is_draft {
        (format!("/drafts/{id}"), format!("id,message({fields})"))
    } else {
        (format!("/messages/{id}"), fields.to_owned())
    };
    let address = Query::default().with("format", format).with("fields", &fields).on(&path);
    let answer = google.get_up_to(GMAIL_READ, &google.gmail(&address), max).await?;
    Ok(Answer { answer, is_draft })
}

/// A message with the id that was asked for. It may have no folder yet: see [`place::file`].
async fn unfiled(google: &Google<'_>, id: &str, is_draft: bool) -> Result<Message, MailError> {
    let fields = read::fields();
    let wanted = Wanted { id, is_draft, format: "full", fields: &fields };
    let answer = ask(google, wanted, super::request::MAX_JSON).await?;
    let message = read::message(answer.message()).ok_or_else(|| MailError::from(MailProblem::NotFound))?;
    Ok(Message { id: id.to_owned(), ..message })
}

async fn filed(google: &Google<'_>, message: Message) -> Result<Message, MailError> {
    let mut messages = [message];
    place::file(google, &mut messages).await?;
    let [message] = messages;
    Ok(message)
}

/// A message without its body.
pub(super) async fn get(google: &Google<'_>, id: &str) -> Result<Message, MailError> {
    let message = unfiled(google, id, is_draft(id)).await?;
    filed(google, message).await
}

/// A draft, by its id or that of its message. Another message is not found.
pub(super) async fn draft(google: &Google<'_>, id: &str) -> Result<Message, MailError> {
    // The ids of messages are hexadecimal numbers.
    let is_messages = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let message = unfiled(google, id, !is_messages).await?;
    if message.is_draft { filed(google, message).await } else { Err(MailProblem::NotFound.into()) }
}

/// A message of a list, unless it is gone or is not in the list any more. It may have no folder yet. It is not read if it
/// is remembered as of `state`, and is remembered if it is read.
pub(super) async fn of_list(
    google: &Google<'_>,
    id: &str,
    is_draft: bool,
    state: Option<&str>,
    conditions: &Conditions,
) -> Result<Option<Message>, MailError> {
    let known = state.and_then(|_| google.call.memory.known_message(id));
    if let Some(KnownMessage { message, labels }) = known {
        let labels: Vec<_> = labels.iter().map(String::as_str).collect();
        return Ok(conditions.hold(&labels, &message).then_some(message));
    }
    let fields = read::fields();
    let wanted = Wanted { id, is_draft, format: "full", fields: &fields };
    let answer = match ask(google, wanted, super::request::MAX_JSON).await {
        Err(error) if error.problem == MailProblem::NotFound => return Ok(None),
        answer => answer?,
    };
    let value = answer.message();
    let Some(message) = read::message(value) else { return Ok(None) };
    let message = Message { id: id.to_owned(), ..message };
    let labels = read::label_ids(value);
    if let Some(state) = state {
        known::keep(google, state, id, &message, &labels);
    }
    Ok(conditions.hold(&labels, &message).then_some(message))
}

/// The id of a message, or of the present message of a draft.
pub(super) async fn present_id(google: &Google<'_>, id: &str) -> Result<String, MailError> {
    if !is_draft(id) {
        return segment(id);
    }
    let answer = ask(google, Wanted::new(id, "minimal", "id"), super::request::MAX_JSON).await?;
    owned(answer.message(), "id").ok_or_else(|| MailProblem::NotFound.into())
}

/// The header fields of a message.
pub(super) async fn header(google: &Google<'_>, id: &str) -> Result<String, MailError> {
    let wanted = Wanted::new(id, "metadata", "id,payload(headers)");
    let answer = ask(google, wanted, super::request::MAX_JSON).await?;
    let root = answer.message().get("payload").unwrap_or(&Value::Null);
    Ok(items(root, "headers").iter().filter_map(field).collect())
}

/// A header field as one line.
fn field(value: &Value) -> Option<String> {
    let name = text(value, "name")?;
    let value = value.get("value").and_then(Value::as_str).unwrap_or_default();
    // A long value is folded (RFC 5322, 2.2.3). Without its line ends nothing in it can look like another field.
    let lines: Vec<_> = value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_sound = !name.contains(|c: char| c.is_control() || c.is_whitespace() || c == ':');
    is_sound.then(|| format!("{name}: {}\r\n", lines.join(" ")))
}

/// The source of a message. It comes as base64url, which is decoded while it arrives.
pub(super) async fn raw(google: &Google<'_>, id: &str) -> Result<Download, MailError> {
    let path = format!("/messages/{}", segment(&present_id(google, id).await?)?);
    let address = Query::default().with("format", "raw").with("fields", "raw").on(&path);
    let url = google.gmail(&address);
    let answer = google.send(Method::GET, GMAIL_READ, &url, &[], MailBody::Empty, true).await?;
    let content_type = Some("message/rfc822".to_owned());
    Ok(Download { name: None, content_type, length: None, body: bytes_of(answer.body, "raw") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_header_field_is_one_line_whatever_its_value_has() {
        let line = |name: &str, value: &str| field(&json!({ "name": name, "value": value }));
        assert_eq!(line("Subject", "Hello").as_deref(), Some("Subject: Hello\r\n"));
        assert_eq!(line("Received", "from a\r\n\tby b").as_deref(), Some("Received: from a by b\r\n"));
        assert_eq!(line("X", "a\nBcc: b\r\rC: d").as_deref(), Some("X: a Bcc: b C: d\r\n"));
        assert_eq!(line("X\r\nBcc", "a"), None);
        assert_eq!(line("X: Y", "a"), None);
    }
}
