//! Messages, drafts and attachments.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    platform::{clock::Timestamp, text},
    providers::mailbox::{self, Address, AttachmentKind, Priority},
};

/// Mail360's word for a list of addresses that is empty.
pub(in crate::api) const NOT_PROVIDED: &str = "Not Provided";

/// A message without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Mail360's")]
pub struct Message {
    /// It stays the same when the message is moved.
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    subject: String,
    /// The first words of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_time: Option<String>,
    /// Milliseconds since 1970.
    #[serde(rename = "sentDateInGMT", skip_serializing_if = "Option::is_none")]
    sent_date_in_gmt: Option<String>,
    /// 0: unread, 1: read.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// 0 or 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_attachment: Option<&'static str>,
    /// true or false, as a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_inline: Option<&'static str>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    /// 1: high, 3: normal, 5: low.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'static str>,
    /// `followup` or `flag_not_set`.
    #[serde(skip_serializing_if = "Option::is_none")]
    flagid: Option<&'static str>,
    /// The name of the sender, else the address.
    sender: String,
    /// The address of the sender, without the name.
    from_address: String,
    /// Addresses with commas between them: "Doe, J" <a@b>, or <a@b> without a name.
    to_address: String,
    cc_address: String,
    /// Ids of labels.
    label_id: Vec<String>,
}

/// A draft without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Mail360's")]
pub struct Draft {
    draft_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    subject: String,
    /// The first words of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// When it was last received or changed: milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_time: Option<String>,
    /// 0: unread, 1: read.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// 0 or 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_attachment: Option<&'static str>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    /// 1: high, 3: normal, 5: low.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'static str>,
    sender: String,
    from_address: String,
    to_address: String,
    cc_address: String,
    bcc_address: String,
}

/// The body of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    pub message_id: String,
    /// HTML.
    pub content: String,
}

/// The header of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    pub message_id: String,
    /// One field a line, each line ended by CR LF.
    pub header_content: String,
}

/// The attachments of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Mail360's")]
pub struct Attachments {
    message_id: String,
    attachments: Vec<Attachment>,
    /// Empty unless includeInline is true.
    inline: Vec<InlineAttachment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Mail360's")]
pub struct Attachment {
    attachment_id: String,
    attachment_name: String,
    /// Bytes, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// file, item (a message, a contact or an event) or link (which cannot be downloaded).
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InlineAttachment {
    attachment_id: String,
    attachment_name: String,
    /// Bytes, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// The Content-ID, to which the body refers as cid:….
    #[serde(skip_serializing_if = "Option::is_none")]
    cid: Option<String>,
}

/// A time as Mail360 writes it.
fn millis(at: Timestamp) -> String {
    (at.micros() / 1_000).to_string()
}

const fn zero_or_one(value: bool) -> &'static str {
    if value { "1" } else { "0" }
}

const fn true_or_false(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

const fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "1",
        Priority::Normal => "3",
        Priority::Low => "5",
    }
}

/// `"Doe, J" <a@b>`, and `<a@b>` without a name, as in Mail360's samples. A name is quoted, so that its commas separate
/// nothing (RFC 5322, 3.2.4).
fn write_address(address: &Address) -> String {
    let name = address.name.as_deref().map(text::line).filter(|name| !name.is_empty());
    match name {
        Some(name) => {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{escaped}\" <{}>", address.email)
        }
        None => format!("<{}>", address.email),
    }
}

pub(in crate::api) fn write_addresses(addresses: &[Address]) -> String {
    if addresses.is_empty() {
        return NOT_PROVIDED.to_owned();
    }
    addresses.iter().map(write_address).collect::<Vec<_>>().join(",")
}

/// The name of the sender, else the address.
fn sender(from: Option<&Address>) -> String {
    let Some(from) = from else { return NOT_PROVIDED.to_owned() };
    let name = from.name.as_deref().map(text::line).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| from.email.clone())
}

/// The sender's address alone: Mail360's samples have the name beside it, in `sender`.
fn from_address(from: Option<&Address>) -> String {
    let email = from.map(|from| from.email.clone()).filter(|email| !email.is_empty());
    email.unwrap_or_else(|| NOT_PROVIDED.to_owned())
}

impl From<mailbox::Message> for Message {
    fn from(message: mailbox::Message) -> Self {
        let from = message.from.as_ref().or(message.sender.as_ref());
        Self {
            sender: sender(from),
            from_address: from_address(from),
            to_address: write_addresses(&message.to),
            cc_address: write_addresses(&message.cc),
            message_id: message.id,
            folder_id: message.folder,
            thread_id: message.thread,
            subject: message.subject,
            summary: message.summary,
            received_time: message.received_at.map(millis),
            sent_date_in_gmt: message.sent_at.map(millis),
            status: message.is_read.map(zero_or_one),
            has_attachment: message.has_attachment.map(zero_or_one),
            has_inline: message.has_inline.map(true_or_false),
            size: message.size.map(|size| size.to_string()),
            priority: message.priority.map(priority),
            flagid: message.is_flagged.map(|flagged| if flagged { "followup" } else { "flag_not_set" }),
            label_id: message.labels,
        }
    }
}

impl From<mailbox::Message> for Draft {
    fn from(draft: mailbox::Message) -> Self {
        let bcc_address = write_addresses(&draft.bcc);
        let Message {
            message_id,
            folder_id,
            thread_id,
            subject,
            summary,
            received_time,
            status,
            has_attachment,
            size,
            priority,
            sender,
            from_address,
            to_address,
            cc_address,
            ..
        } = Message::from(draft);
        Self {
            draft_id: message_id,
            folder_id,
            thread_id,
            subject,
            summary,
            received_time,
            status,
            has_attachment,
            size,
            priority,
            sender,
            from_address,
            to_address,
            cc_address,
            bcc_address,
        }
    }
}

impl Attachments {
    /// The attachments of a message; the inline ones only if they were asked for.
    pub fn of(message_id: String, found: Vec<mailbox::Attachment>, includes_inline: bool) -> Self {
        let (inline, attachments): (Vec<_>, Vec<_>) = found.into_iter().partition(|it| it.is_inline);
        let inline = inline.into_iter().filter(|_| includes_inline).map(|found| InlineAttachment {
            attachment_id: found.id,
            attachment_name: found.name,
            attachment_size: found.size,
            content_type: found.content_type,
            cid: found.content_id,
        });
        let attachments = attachments.into_iter().map(|found| Attachment {
            attachment_id: found.id,
            attachment_name: found.name,
            attachment_size: found.size,
            content_type: found.content_type,
            kind: match found.kind {
                AttachmentKind::File => "file",
                AttachmentKind::Item => "item",
                AttachmentKind::Link => "link",
            },
        });
        Self { message_id, attachments: attachments.collect(), inline: inline.collect() }
    }
}

#[cfg(test)]
mod tests;
