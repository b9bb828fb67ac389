//! The parts of a message, as the Gmail API answers them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};

/// The size of the largest text that comes with its message. A larger one is an attachment of the API.
const MAX_WITHIN: usize = 50_000;

/// The payload of a message. `read` is the number of this reading: ids of attachments depend on it.
pub fn payload(raw: &[u8], read: u64) -> Value {
    let message = MessageParser::default().parse(raw).expect("a message");
    part(&message, 0, String::new(), read)
}

/// The header fields of a message with these names; all of them without names.
pub fn headers(raw: &[u8], names: &[&str]) -> Vec<Value> {
    let message = MessageParser::default().parse(raw).expect("a message");
    let mut headers = headers_of(&message, 0);
    headers.retain(|header| {
        let name = header["name"].as_str().unwrap_or_default();
        names.is_empty() || names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
    });
    headers
}

/// A header field of a message as it is written, in one line.
pub fn header(raw: &[u8], name: &str) -> String {
    let found = headers(raw, &[name]);
    found.first().and_then(|header| header["value"].as_str()).unwrap_or_default().to_owned()
}

/// The content of the attachment with this id.
pub fn attachment(raw: &[u8], id: &str) -> Option<Vec<u8>> {
    let message = MessageParser::default().parse(raw)?;
    let index: usize = id.strip_prefix("ANGjdJ")?.split('_').nth(1)?.parse().ok()?;
    Some(content(&message.parts.get(index)?.body))
}

/// Whether a part has a file name.
pub fn has_file(raw: &[u8]) -> bool {
    count_files(raw) > 0
}

/// The number of parts that have a file name.
pub fn count_files(raw: &[u8]) -> usize {
    let message = MessageParser::default().parse(raw).expect("a message");
    message.parts.iter().filter(|part| part.attachment_name().is_some()).count()
}

/// The beginning of the text.
pub fn snippet(raw: &[u8]) -> String {
    let message = MessageParser::default().parse(raw).expect("a message");
    let text = message.body_text(0).unwrap_or_default();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(100).collect();
    short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
}

fn headers_of(message: &Message<'_>, index: usize) -> Vec<Value> {
    let headers = message.parts[index].headers.iter().map(|header| {
        let bytes = &message.raw_message[header.offset_start as usize..header.offset_end as usize];
        let value = String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ");
        json!({ "name": header.name.as_str(), "value": value })
    });
    headers.collect()
}

fn content(body: &PartType<'_>) -> Vec<u8> {
    match body {
        PartType::Text(text) | PartType::Html(text) => text.as_bytes().to_vec(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.to_vec(),
        PartType::Message(message) => message.raw_message.to_vec(),
        PartType::Multipart(_) => Vec::new(),
    }
}

fn part(message: &Message<'_>, index: usize, id: String, read: u64) -> Value {
    let part = &message.parts[index];
    let kind = part.content_type().map(|kind| {
        let subtype = kind.subtype().unwrap_or("plain");
        format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase()
    });
    let name = part.attachment_name().unwrap_or_default();
    let mut answer = json!({
        "partId": id, "filename": name, "headers": headers_of(message, index),
        "mimeType": kind.unwrap_or_else(|| "text/plain".to_owned()),
    });
    if let PartType::Multipart(parts) = &part.body {
        let inner = parts.iter().enumerate().map(|(at, inner)| {
            let id = if id.is_empty() { at.to_string() } else { format!("{id}.{at}") };
            self::part(message, *inner as usize, id, read)
        });
        answer["parts"] = inner.collect();
        answer["body"] = json!({ "size": 0 });
        return answer;
    }
    let bytes = content(&part.body);
    answer["body"] = json!({ "size": bytes.len() });
    let is_text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
    if bytes.is_empty() {
        return answer;
    }
    if is_text && name.is_empty() && bytes.len() <= MAX_WITHIN {
        answer["body"]["data"] = URL_SAFE_NO_PAD.encode(bytes).into();
    } else {
        answer["body"]["attachmentId"] = format!("ANGjdJ{read:016x}_{index}").into();
    }
    answer
}
