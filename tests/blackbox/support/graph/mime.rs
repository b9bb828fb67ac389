//! Reads a message that was received: its source becomes the properties that Graph shows.

use mail_parser::{Address, ContentType, MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};

use super::letter::{File, Text};

/// What a source says.
pub struct Read {
    /// Properties of a message.
    pub fields: Value,
    pub text: Text,
    /// Its files, without keys.
    pub files: Vec<File>,
    /// The Message-ID of the message that it answers; empty if it answers none.
    pub answered: String,
}

/// A name and an email address, as Graph has them: an address without a name has itself as its name.
pub fn recipient(name: Option<&str>, email: &str) -> Value {
    let name = name.filter(|name| !name.is_empty()).unwrap_or(email);
    json!({ "emailAddress": { "name": name, "address": email } })
}

fn recipients(list: Option<&Address<'_>>) -> Vec<Value> {
    let all = list.into_iter().flat_map(Address::iter);
    all.filter_map(|one| Some(recipient(one.name(), one.address()?))).collect()
}

pub fn read(raw: &[u8]) -> Read {
    let message = MessageParser::default().parse(raw).expect("a message");
    let headers: Vec<Value> =
        message.headers_raw().map(|(name, value)| json!({ "name": name, "value": value.trim() })).collect();
    let header = |wanted: &str| {
        let found = message.headers_raw().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let body = message.html_body.first().and_then(|part| message.parts.get(*part as usize));
    let text = match body.map(|part| &part.body) {
        Some(PartType::Html(html)) => Text { is_html: true, content: html.to_string() },
        Some(PartType::Text(text)) => Text { is_html: false, content: text.to_string() },
        _ => Text::default(),
    };
    let files = message.parts.iter().filter_map(|part| {
        let name = part.attachment_name()?.to_owned();
        let kind = part.content_type();
        let kind = kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")));
        Some(File {
            key: 0,
            name,
            content_type: kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
            is_inline: part.content_disposition().is_some_and(ContentType::is_inline),
            content_id: part.content_id().map(str::to_owned),
            bytes: part.contents().to_vec(),
        })
    });
    let from = recipients(message.from());
    let fields = json!({
        "internetMessageId": header("Message-ID"),
        "internetMessageHeaders": headers,
        "subject": message.subject().unwrap_or_default(),
        "from": from.first(),
        "sender": from.first(),
        "toRecipients": recipients(message.to()),
        "ccRecipients": recipients(message.cc()),
        "replyTo": recipients(message.reply_to()),
    });
    Read { fields, text, files: files.collect(), answered: header("In-Reply-To") }
}
