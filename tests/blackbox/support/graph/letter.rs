//! A message, and how Graph shows it.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Asked, Refusal, WRONG_QUERY, ids, query::Rules};

/// The properties of messages.
pub const RULES: Rules = Rules {
    properties: &[
        "id",
        "changeKey",
        "lastModifiedDateTime",
        "receivedDateTime",
        "sentDateTime",
        "hasAttachments",
        "internetMessageId",
        "internetMessageHeaders",
        "subject",
        "body",
        "bodyPreview",
        "importance",
        "parentFolderId",
        "conversationId",
        "isRead",
        "isDraft",
        "isReadReceiptRequested",
        "sender",
        "from",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "replyTo",
        "flag",
        "categories",
    ],
    unordered: &["conversationId", "categories"],
    on_demand: &["internetMessageHeaders"],
};
/// The properties of attachments that a query may name. The Content-ID is one of files only, which needs a cast.
const FILE_PROPERTIES: [&str; 7] = [
    "id",
    "name",
    "contentType",
    "size",
    "isInline",
    "lastModifiedDateTime",
    "microsoft.graph.fileAttachment/contentId",
];

/// Asks for the size of a message: a property of MAPI.
const SIZE: &str = "singleValueExtendedProperties($filter=id eq 'LONG 0x0E08')";
/// The number of characters of a preview.
const PREVIEW: usize = 255;
/// By how much the size of an attachment exceeds that of its file.
const EXCESS: usize = 180;

/// The body of a message.
#[derive(Clone, Default)]
pub struct Text {
    pub is_html: bool,
    pub content: String,
}

impl Text {
    /// As HTML. Graph answers a plain text so if a request does not prefer another form.
    pub fn html(&self) -> String {
        if self.is_html {
            return self.content.clone();
        }
        let escaped = self.content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let lines = escaped.replace("\r\n", "\n").replace('\n', "<br>\r\n");
        format!("<html><head></head><body><div class=\"PlainText\">{lines}</div></body></html>")
    }

    /// As a plain text.
    pub fn plain(&self) -> String {
        if !self.is_html {
            return self.content.clone();
        }
        let mut plain = String::new();
        let mut rest = self.content.as_str();
        while let Some((before, behind)) = rest.split_once('<') {
            plain.push_str(before);
            rest = behind.split_once('>').map_or("", |(_, behind)| behind);
        }
        plain.push_str(rest);
        plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }
}

/// An attachment: a file.
#[derive(Clone)]
pub struct File {
    pub key: u64,
    pub name: String,
    pub content_type: String,
    pub is_inline: bool,
    pub content_id: Option<String>,
    pub bytes: Vec<u8>,
}

impl File {
    /// The attachment with all its properties, for a message that was moved this number of times.
    pub fn shown(&self, moves: u64, is_immutable: bool) -> Value {
        json!({
            "@odata.type": "#microsoft.graph.fileAttachment",
            "id": ids::of(ids::ATTACHMENT, (self.key, moves), is_immutable),
            "name": self.name,
            "contentType": self.content_type,
            "size": self.bytes.len() + EXCESS,
            "isInline": self.is_inline,
            "contentId": self.content_id,
            "lastModifiedDateTime": "2026-11-28T09:30:00Z",
            "contentBytes": STANDARD.encode(&self.bytes),
        })
    }
}

/// Chooses properties of an attachment.
pub fn choose(file: &Value, names: &str) -> Result<Value, Refusal> {
    let mut chosen = json!({ "@odata.type": file["@odata.type"], "id": file["id"] });
    for name in names.split(',') {
        if !FILE_PROPERTIES.contains(&name) {
            return Err(WRONG_QUERY);
        }
        let own = name.rsplit('/').next().unwrap_or_default();
        chosen[own] = file[own].clone();
    }
    Ok(chosen)
}

pub struct Letter {
    pub key: u64,
    /// How often it was moved.
    pub moves: u64,
    /// The number of its changes.
    pub version: u64,
    /// The id of its folder.
    pub folder: String,
    /// The key of the thread's first message.
    pub thread: u64,
    pub text: Text,
    pub files: Vec<File>,
    /// The other properties.
    pub fields: Map<String, Value>,
    /// The source of a message that was received.
    pub raw: Option<Vec<u8>>,
}

impl Letter {
    pub fn id(&self, is_immutable: bool) -> String {
        ids::of(ids::MESSAGE, (self.key, self.moves), is_immutable)
    }

    pub fn etag(&self) -> String {
        format!("W/\"CQAAABYA{:x}v{}\"", self.key, self.version)
    }

    /// A text of the properties; empty if there is none.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn is_draft(&self) -> bool {
        self.fields.get("isDraft") == Some(&Value::Bool(true))
    }

    /// The items of a list of the properties.
    pub fn list(&self, name: &str) -> &[Value] {
        self.fields.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub fn move_to(&mut self, folder: &str) {
        folder.clone_into(&mut self.folder);
        self.moves += 1;
        self.version += 1;
    }

    /// The message with all its properties, and with what `$expand` of the request names.
    pub fn shown(&self, asked: &Asked, is_immutable: bool) -> Result<Value, Refusal> {
        let mut shown = Value::Object(self.fields.clone());
        let prefers_text = asked.prefer.contains(r#"outlook.body-content-type="text""#);
        let body = if prefers_text { self.text.plain() } else { self.text.html() };
        let words = self.text.plain().split_whitespace().collect::<Vec<_>>().join(" ");
        shown["@odata.etag"] = self.etag().into();
        shown["id"] = self.id(is_immutable).into();
        shown["changeKey"] = format!("CQAAABYA{:x}v{}", self.key, self.version).into();
        shown["parentFolderId"] = self.folder.as_str().into();
        shown["conversationId"] = ids::fixed(ids::THREAD, self.thread).into();
        shown["hasAttachments"] = self.files.iter().any(|file| !file.is_inline).into();
        shown["body"] = json!({ "contentType": if prefers_text { "text" } else { "html" }, "content": body });
        shown["bodyPreview"] = words.chars().take(PREVIEW).collect::<String>().into();
        for part in parts(&asked.option("$expand").unwrap_or_default()) {
            if part == SIZE {
                let size =
                    self.files.iter().map(|file| file.bytes.len()).sum::<usize>() + self.text.content.len();
                shown["singleValueExtendedProperties"] =
                    json!([{ "id": "Long 0xe08", "value": size.to_string() }]);
                continue;
            }
            let names = part.strip_prefix("attachments($select=").and_then(|rest| rest.strip_suffix(')'));
            let names = names.ok_or(WRONG_QUERY)?;
            let files = self.files.iter().map(|file| choose(&file.shown(self.moves, is_immutable), names));
            shown["attachments"] = files.collect::<Result<Vec<Value>, Refusal>>()?.into();
        }
        Ok(shown)
    }
}

/// The parts of a list with commas between them. Within brackets a comma ends no part.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let is_end = |character: char| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    };
    text.split(is_end).filter(|part| !part.is_empty()).collect()
}
