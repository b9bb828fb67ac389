//! What a program says of a message in JSON. A property that Graph does not let it set is refused, so that a misspelt one
//! does not stay unseen.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    Refusal, TOO_LARGE, WRONG,
    letter::{File, Text},
    mime::recipient,
};

/// A file of this size needs an upload session (Microsoft Graph, "Attach large files to Outlook messages").
pub const LEAST_SESSION: usize = 3_000_000;
/// The properties that are free to change on each message.
const FREE: [&str; 4] = ["isRead", "flag", "categories", "importance"];

/// What a request sets.
#[derive(Default)]
pub struct Given {
    pub fields: Map<String, Value>,
    pub text: Option<Text>,
    /// Files without keys.
    pub files: Vec<File>,
    /// Whether it sets what is final in a message that is no draft.
    pub is_content: bool,
}

/// Reads the properties of a new message, or of a change.
pub fn read(json: &Map<String, Value>, is_new: bool) -> Result<Given, Refusal> {
    let mut given = Given::default();
    for (name, value) in json {
        given.is_content |= !FREE.contains(&name.as_str());
        let read = match name.as_str() {
            "isRead" | "isReadReceiptRequested" => value.as_bool().map(Value::from),
            "subject" => value.as_str().map(Value::from),
            "internetMessageId" if is_new => value.as_str().map(Value::from),
            "flag" => flag(value),
            "categories" => texts(value),
            "importance" => one_of(value, &["low", "normal", "high"]),
            "from" => person(value),
            "toRecipients" | "ccRecipients" | "bccRecipients" | "replyTo" => people(value),
            "body" => {
                given.text = Some(text(value).ok_or(WRONG)?);
                continue;
            }
            "attachments" if is_new => {
                let files = value.as_array().ok_or(WRONG)?.iter().map(file);
                given.files = files.collect::<Result<Vec<File>, Refusal>>()?;
                continue;
            }
            _ => None,
        };
        given.fields.insert(name.clone(), read.ok_or(WRONG)?);
    }
    Ok(given)
}

/// Whether an object has only these members.
fn has_only(value: &Value, names: &[&str]) -> bool {
    value.as_object().is_some_and(|members| members.keys().all(|name| names.contains(&name.as_str())))
}

fn one_of(value: &Value, values: &[&str]) -> Option<Value> {
    value.as_str().filter(|text| values.contains(text)).map(Value::from)
}

fn flag(value: &Value) -> Option<Value> {
    one_of(&value["flagStatus"], &["notFlagged", "flagged", "complete"])?;
    has_only(value, &["flagStatus"]).then(|| value.clone())
}

fn texts(value: &Value) -> Option<Value> {
    value.as_array().filter(|items| items.iter().all(Value::is_string))?;
    Some(value.clone())
}

fn person(value: &Value) -> Option<Value> {
    let address = &value["emailAddress"];
    let is_sound = has_only(value, &["emailAddress"]) && has_only(address, &["name", "address"]);
    let email = address["address"].as_str().filter(|_| is_sound)?;
    Some(recipient(address["name"].as_str(), email))
}

fn people(value: &Value) -> Option<Value> {
    let people: Option<Vec<Value>> = value.as_array()?.iter().map(person).collect();
    people.map(Value::from)
}

fn text(value: &Value) -> Option<Text> {
    let kind = one_of(&value["contentType"], &["text", "html"])?;
    Some(Text { is_html: kind == "html", content: value["content"].as_str()?.to_owned() })
}

/// Reads a file that comes in one request.
pub fn file(value: &Value) -> Result<File, Refusal> {
    const NAMES: [&str; 6] = ["@odata.type", "name", "contentType", "isInline", "contentId", "contentBytes"];
    let is_file = value["@odata.type"] == "#microsoft.graph.fileAttachment" && has_only(value, &NAMES);
    let bytes = value["contentBytes"].as_str().and_then(|text| STANDARD.decode(text).ok());
    let (Some(name), Some(bytes), true) = (value["name"].as_str(), bytes, is_file) else {
        return Err(WRONG);
    };
    if bytes.len() >= LEAST_SESSION {
        return Err(TOO_LARGE);
    }
    Ok(described(value, name, bytes))
}

/// A file as an object of a request describes it.
pub fn described(value: &Value, name: &str, bytes: Vec<u8>) -> File {
    File {
        key: 0,
        name: name.to_owned(),
        content_type: value["contentType"].as_str().unwrap_or("application/octet-stream").to_owned(),
        is_inline: value["isInline"] == true,
        content_id: value["contentId"].as_str().map(str::to_owned),
        bytes,
    }
}
