//! A mailbox at a provider, as the rest of the program uses it: the trait [`Mailbox`], and our own model of messages,
//! folders, labels, attachments and contacts.
//!
//! A provider implements the trait below its folder. It gets the access token and the transport from the caller
//! ([`MailCall`]), and keeps nothing between two calls. It does not limit, retry or record requests: the transport and
//! its caller do that.

mod changes;
mod contact;
mod error;
mod folder;
mod http;
mod known;
mod limits;
mod memory;
mod message;
mod query;
mod sending;
mod whole;

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;

pub use self::{
    changes::{Changed, ContactFields, MailboxChanges, MessageChange},
    contact::{
        Contact, ContactChanges, ContactEmail, ContactFolder, ContactPage, ContactPhone, ContactPlace,
        ContactQuery, ContactSearch, PhoneKind, PlaceKind, PostalAddress,
    },
    error::{Limit, MailError, MailProblem, ProviderAnswer},
    folder::{Folder, FolderKind, HiddenFolders, Label, SystemFolders, folder_path},
    http::{Bytes, MailBody, MailHttp, MailRequest, MailResponse, MailStream, empty_stream, read_whole},
    known::{KnownMessage, MessageSpace},
    limits::{MailboxLimits, Reserved},
    memory::MailboxMemory,
    message::{Address, Attachment, AttachmentKind, Content, Download, Message, MessagePage, Priority},
    query::{
        Clause, DateRange, DraftQuery, MAX_PHRASE, MessageQuery, Order, Phrase, Position, SearchQuery,
        ThreadQuery,
    },
    sending::{
        Basis, DraftChange, FileSource, Found, MailboxSending, Outgoing, OutgoingFile, SendLimits, SendState,
        SendWay,
    },
    whole::{Room, read_with_room},
};
use crate::platform::clock::Timestamp;

pub type SharedMailbox = Arc<dyn Mailbox>;

/// What a call needs besides its parameters.
#[derive(Clone, Copy)]
pub struct MailCall<'a> {
    /// Sends the requests. It waits for the mailbox's limits.
    pub http: &'a dyn MailHttp,
    /// The access token of the account.
    pub token: &'a SecretString,
    /// What is known about this mailbox for a day. Each account has its own.
    pub memory: &'a MailboxMemory,
    /// The present time of the server's clock.
    pub now: Timestamp,
    /// The id of our request in the form of a UUID, which is sent to the provider for its logs.
    pub request_id: Option<&'a str>,
}

/// The calls of a provider: here those that read. Ids are opaque, depend on upper and lower case, and survive a move of the message.
/// Every call may end with any [`MailProblem`].
#[async_trait]
pub trait Mailbox: MailboxChanges + MailboxSending + Debug + Send + Sync {
    /// How many requests the provider takes for this mailbox.
    fn limits(&self) -> MailboxLimits;

    /// The largest number of results that a search can reach; `None` without such a limit.
    fn max_search_results(&self) -> Option<u32>;

    /// Messages in one order by time.
    async fn list_messages(
        &self,
        call: &MailCall<'_>,
        query: &MessageQuery,
    ) -> Result<MessagePage, MailError>;

    /// Messages that match all clauses, newest first. A search without clauses and dates is
    /// [`MailProblem::InvalidValue`].
    async fn search_messages(
        &self,
        call: &MailCall<'_>,
        query: &SearchQuery,
    ) -> Result<MessagePage, MailError>;

    /// One message without its body.
    async fn get_message(&self, call: &MailCall<'_>, message: &str) -> Result<Message, MailError>;

    /// The body as the sender wrote it: it may contain anything, so the caller must sanitise HTML. A body over `max`
    /// bytes is [`MailProblem::TooLarge`].
    async fn get_content(&self, call: &MailCall<'_>, message: &str, max: usize)
    -> Result<Content, MailError>;

    /// The header fields of a message, one a line, each line ended by CR LF.
    async fn get_header(&self, call: &MailCall<'_>, message: &str) -> Result<String, MailError>;

    /// The whole message in the format of RFC 5322.
    async fn get_raw(&self, call: &MailCall<'_>, message: &str) -> Result<Download, MailError>;

    /// Of each thread that the query finds its newest message, newest first.
    async fn list_threads(&self, call: &MailCall<'_>, query: &MessageQuery)
    -> Result<MessagePage, MailError>;

    /// Messages of a thread, oldest first. A thread without messages is [`MailProblem::NotFound`].
    async fn get_thread(&self, call: &MailCall<'_>, query: &ThreadQuery) -> Result<MessagePage, MailError>;

    /// All folders, each behind its parent.
    async fn list_folders(&self, call: &MailCall<'_>) -> Result<Vec<Folder>, MailError>;

    async fn get_folder(&self, call: &MailCall<'_>, folder: &str) -> Result<Folder, MailError>;

    async fn list_labels(&self, call: &MailCall<'_>) -> Result<Vec<Label>, MailError>;

    async fn get_label(&self, call: &MailCall<'_>, label: &str) -> Result<Label, MailError>;

    /// The attachments of a message, the inline ones too, without their content.
    async fn list_attachments(
        &self,
        call: &MailCall<'_>,
        message: &str,
    ) -> Result<Vec<Attachment>, MailError>;

    /// The content of an attachment. One that is only a link is [`MailProblem::AttachmentIsLink`].
    async fn download_attachment(
        &self,
        call: &MailCall<'_>,
        message: &str,
        attachment: &str,
    ) -> Result<Download, MailError>;

    async fn list_drafts(&self, call: &MailCall<'_>, query: &DraftQuery) -> Result<MessagePage, MailError>;

    /// One draft. A message that is no draft is [`MailProblem::NotFound`].
    async fn get_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<Message, MailError>;

    async fn list_contacts(
        &self,
        call: &MailCall<'_>,
        query: &ContactQuery,
    ) -> Result<ContactPage, MailError>;

    async fn get_contact(&self, call: &MailCall<'_>, contact: &str) -> Result<Contact, MailError>;

    /// At most `limit` contacts.
    async fn search_contacts(
        &self,
        call: &MailCall<'_>,
        search: &ContactSearch,
        limit: u32,
    ) -> Result<Vec<Contact>, MailError>;

    /// What has changed since a token of an earlier answer; without a token all contacts. A token that the provider
    /// has forgotten is [`MailProblem::SyncTokenExpired`].
    async fn contact_changes(
        &self,
        call: &MailCall<'_>,
        token: Option<&str>,
    ) -> Result<ContactChanges, MailError>;

    async fn list_contact_folders(&self, call: &MailCall<'_>) -> Result<Vec<ContactFolder>, MailError>;
}
