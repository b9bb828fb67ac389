//! Mail on its way out: messages to send, drafts, and how to find out what became of a message whose sending is in
//! doubt. How these calls become one delivery is decided in `mail/sending`, not here.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Address, Content, MailCall, MailError, MailStream, Priority};

/// The content of a file that is sent, which can be read again for each attempt.
#[async_trait]
pub trait FileSource: Debug + Send + Sync {
    /// Begins to read at this byte, up to the end.
    async fn open(&self, from: u64) -> Result<MailStream, MailError>;
}

/// A file that is sent.
#[derive(Clone, Debug)]
pub struct OutgoingFile {
    pub name: String,
    /// The media type; `None` if it is not known.
    pub content_type: Option<String>,
    /// The number of bytes.
    pub size: u64,
    pub source: Arc<dyn FileSource>,
}

/// What a message is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    #[default]
    New,
    /// An answer to the message with this id, and to its sender.
    Reply(String),
    /// An answer to the message with this id, its sender and its recipients.
    ReplyAll(String),
    /// The message with this id, passed on with its attachments.
    Forward(String),
}

/// A message without its files. Lists that are empty are taken from the basis, if it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outgoing {
    pub basis: Basis,
    /// Ours, with angle brackets: the message is found by it.
    pub message_id: String,
    /// One of the mailbox's own addresses; `None` is its main one.
    pub from: Option<Address>,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    pub reply_to: Vec<Address>,
    /// `None`: that of the basis, or none.
    pub subject: Option<String>,
    /// `None`: no text besides that of the basis.
    pub content: Option<Content>,
    pub priority: Option<Priority>,
    pub asks_receipt: bool,
    /// Ids of labels of a draft.
    pub labels: Vec<String>,
    /// The Message-ID of the message that this one answers, with angle brackets.
    pub in_reply_to: Option<String>,
    /// The Message-IDs of the thread, oldest first, each with angle brackets.
    pub references: Vec<String>,
}

/// A change of a draft. What is `None` stays as it is; an empty text or list removes what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftChange {
    pub from: Option<Address>,
    pub to: Option<Vec<Address>>,
    pub cc: Option<Vec<Address>>,
    pub bcc: Option<Vec<Address>>,
    pub reply_to: Option<Vec<Address>>,
    pub subject: Option<String>,
    pub content: Option<Content>,
    pub priority: Option<Priority>,
    pub asks_receipt: Option<bool>,
    pub labels: Option<Vec<String>>,
}

/// What a message that is being sent is at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendState {
    /// It is a draft.
    Draft,
    /// It was sent. The message has this id, which may be another one than that of the draft.
    Sent(String),
    /// There is no message with this id.
    Gone,
}

/// A message found by its Message-ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub id: String,
    pub is_draft: bool,
}

/// How much a provider takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendLimits {
    /// Maximum number of bytes of one message with its files, as the provider counts them.
    pub message: u64,
    /// The size from which other companies may refuse the message.
    pub warning: u64,
    /// Maximum number of bytes of a message that is sent without a draft.
    pub without_draft: u64,
}

/// What a grant lets this program do for sending, from the safest way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendWay {
    /// A draft is made and sent; it decides after doubt.
    Draft,
    /// Sent at once; found again by its Message-ID.
    Findable,
    /// Sent at once; what became of it cannot be found out.
    Blind,
}

/// The calls that send. None of them repeats a request that sends or makes a message: only the caller knows whether that
/// is safe.
///
/// A call that fails leaves a doubt whether the provider has carried it out, if
/// [`super::MailProblem::leaves_doubt`] says so: the answer was lost, came too late (504), or cannot be read. After each
/// other error the message was not made or sent: the provider has refused it (4xx), or it never got the request. What
/// comes before the request that makes or sends the message, such as reading the message that is answered, leaves no
/// doubt: its errors are [`super::MailProblem::Throttled`] instead.
#[async_trait]
pub trait MailboxSending {
    fn send_limits(&self) -> SendLimits;

    /// The way that these permissions allow; the missing permission otherwise
    /// ([`super::MailProblem::PermissionNotGranted`]).
    fn send_way(&self, scopes: &[String]) -> Result<SendWay, MailError>;

    /// The number of bytes of the message with its files, at most, as [`SendLimits`] counts them. A message that it is an
    /// answer to, or that it passes on, is not counted.
    fn encoded_size(&self, message: &Outgoing, files: &[OutgoingFile]) -> u64;

    /// Judges the ids that a message names, of its basis and of its labels, by their form. It asks the provider nothing, so
    /// that a message with an id that cannot exist is refused before anything is stored of it.
    ///
    /// # Errors
    /// [`super::MailProblem::NotFound`] if no message can have the id of the basis, and
    /// [`super::MailProblem::InvalidValue`] if no label can have one of the ids.
    fn check_ids(&self, message: &Outgoing) -> Result<(), MailError>;

    /// The email addresses that the mailbox may send from, the main one first. They are remembered.
    async fn own_addresses(&self, call: &MailCall<'_>) -> Result<Vec<String>, MailError>;

    /// Whether [`Self::create_draft`] makes drafts with their files. Otherwise [`Self::attach`] adds each file.
    fn makes_whole_drafts(&self) -> bool;

    /// Makes a draft. It has the text and our Message-ID from the beginning: a draft that is found by the Message-ID is
    /// whole, but for its labels, and for its files where [`Self::makes_whole_drafts`] says no. There `files` is empty.
    /// Below the text of an answer or a forwarded message is the original; without a text of its own, the provider makes
    /// the body.
    ///
    /// # Returns
    /// Its id, which it keeps until it is sent.
    async fn create_draft(
        &self,
        call: &MailCall<'_>,
        message: &Outgoing,
        files: &[OutgoingFile],
    ) -> Result<String, MailError>;

    /// Adds a file to a draft, whole or not at all. A file of a draft that an earlier attempt may have added is not added
    /// twice: it is known by its name and its content, which are read before. So two files of one draft with the same
    /// name and content are one. The caller must know that the message is a draft.
    async fn attach(&self, call: &MailCall<'_>, draft: &str, file: &OutgoingFile) -> Result<(), MailError>;

    /// The number of files that a draft has, for an attempt that goes on with it. Those of a forwarded message count.
    async fn files_of_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<usize, MailError>;

    /// Deletes attachments of a draft. An id that none of them has is left out: an earlier attempt may have deleted it. A
    /// message that is not a draft is [`super::MailProblem::ContentIsFinal`].
    async fn detach(&self, call: &MailCall<'_>, draft: &str, attachments: &[String])
    -> Result<(), MailError>;

    /// Changes a draft. A message that is not a draft is [`super::MailProblem::ContentIsFinal`].
    async fn update_draft(
        &self,
        call: &MailCall<'_>,
        draft: &str,
        change: &DraftChange,
    ) -> Result<(), MailError>;

    /// Deletes a draft for good. A message that is not a draft is [`super::MailProblem::NotFound`].
    async fn delete_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<(), MailError>;

    /// Asks the provider to send a draft. After success it is on its way; it may stay a draft for some seconds.
    ///
    /// # Returns
    /// The id of the message that is sent, which may be another one than that of the draft.
    async fn send_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<String, MailError>;

    /// What has become of a draft.
    async fn state_of(&self, call: &MailCall<'_>, draft: &str) -> Result<SendState, MailError>;

    /// The messages of the mailbox with this Message-ID, at most ten.
    async fn find_by_message_id(
        &self,
        call: &MailCall<'_>,
        message_id: &str,
    ) -> Result<Vec<Found>, MailError>;

    /// Sends a message without a draft. One over [`SendLimits::without_draft`] is [`super::MailProblem::TooLarge`].
    ///
    /// # Returns
    /// Its id, if the provider tells it.
    async fn send_at_once(
        &self,
        call: &MailCall<'_>,
        message: &Outgoing,
        files: &[OutgoingFile],
    ) -> Result<Option<String>, MailError>;
}
