//! Messages, their parts and their attachments. A field that a provider does not answer is `None`.

use serde::{Deserialize, Serialize};

use super::MailStream;
use crate::platform::clock::Timestamp;

/// A name and an email address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// `None` if there is no name beside the address.
    pub name: Option<String>,
    /// The email address. It may be empty or have another form, as the sender wrote it.
    pub email: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Priority {
    High,
    Normal,
    Low,
}

/// A message without its body, also a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    pub folder: Option<String>,
    pub thread: Option<String>,
    /// The Message-ID of RFC 5322, in angle brackets.
    pub internet_message_id: Option<String>,
    pub subject: String,
    /// The first words of the body.
    pub summary: Option<String>,
    pub received_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    pub is_read: Option<bool>,
    pub is_draft: bool,
    pub is_flagged: Option<bool>,
    /// Whether it has an attachment that is not inline.
    pub has_attachment: Option<bool>,
    pub has_inline: Option<bool>,
    /// The size in bytes.
    pub size: Option<u64>,
    pub priority: Option<Priority>,
    pub from: Option<Address>,
    /// The mailbox that sent the message, if it sent it for another.
    pub sender: Option<Address>,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    pub reply_to: Vec<Address>,
    /// Ids of labels.
    pub labels: Vec<String>,
}

/// A part of a list of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    pub messages: Vec<Message>,
    /// Where the list goes on, for [`super::Position::After`] in the same query; `None` at its end. It may be long, and
    /// is not for the eyes of callers.
    pub next: Option<String>,
}

/// The body of a message, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub text: String,
    pub is_html: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentKind {
    File,
    /// A message, a contact or an event.
    Item,
    /// A link to a file elsewhere.
    Link,
}

/// An attachment without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub id: String,
    pub name: String,
    pub content_type: Option<String>,
    /// The size in bytes, about.
    pub size: Option<u64>,
    pub is_inline: bool,
    /// The Content-ID without angle brackets.
    pub content_id: Option<String>,
    pub kind: AttachmentKind,
}

/// Content that is passed on while it arrives.
pub struct Download {
    /// The file name, as the sender chose it: it may have any character.
    pub name: Option<String>,
    pub content_type: Option<String>,
    /// The number of bytes, if the provider says it.
    pub length: Option<u64>,
    pub body: MailStream,
}
