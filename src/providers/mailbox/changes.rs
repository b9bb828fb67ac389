//! Changes of a mailbox: of messages, folders, labels and contacts. What is sent, is in `sending`.

use async_trait::async_trait;

use super::{Contact, ContactEmail, ContactPhone, ContactPlace, Folder, Label, MailCall, MailError};
use crate::platform::clock::Timestamp;

/// A change of messages that leaves their content as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageChange {
    /// Marks them as read, or as not read.
    Read(bool),
    Flagged(bool),
    /// Moves them to the folder with this id.
    Move(String),
    /// Puts the labels with these ids on them, beside those that they have.
    AddLabels(Vec<String>),
    RemoveLabels(Vec<String>),
    RemoveAllLabels,
    /// Moves them to the trash.
    Trash,
    /// Deletes them for good.
    Expunge,
}

/// The result of a change of several messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The id that was asked for.
    pub id: String,
    /// Why this message was not changed; `None` if it was.
    pub error: Option<MailError>,
}

/// The fields of a new contact, or of a change of one. A field that is `None` stays as it is; an empty text or list
/// removes what is there. What a provider cannot hold is [`super::MailProblem::InvalidValue`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFields {
    /// Only for a new contact: `None` is the default folder.
    pub folder: Option<String>,
    pub display_name: Option<String>,
    pub first_name: Option<String>,
    pub middle_name: Option<String>,
    pub last_name: Option<String>,
    pub nick_name: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub job_title: Option<String>,
    pub emails: Option<Vec<ContactEmail>>,
    pub phones: Option<Vec<ContactPhone>>,
    pub places: Option<Vec<ContactPlace>>,
    pub urls: Option<Vec<String>>,
    /// `Some(None)` removes it.
    pub birthday: Option<Option<time::Date>>,
    pub notes: Option<String>,
}

/// The calls that change what is in a mailbox. Each of them may be repeated, except those that create: a change that was
/// made already succeeds.
#[async_trait]
pub trait MailboxChanges {
    /// Changes messages, of which each is named once. A change is repeated by the caller, not here.
    ///
    /// # Returns
    /// The result of each message, in the order of `messages`. One that does not exist is
    /// [`super::MailProblem::NotFound`], also for those changes that delete; one that another program changes at the same
    /// time is [`super::MailProblem::Conflict`].
    ///
    /// # Errors
    /// Those that are of no single message, if no message is known to be changed. A folder or a label that cannot exist
    /// is [`super::MailProblem::InvalidValue`].
    async fn change_messages(
        &self,
        call: &MailCall<'_>,
        messages: &[String],
        change: &MessageChange,
    ) -> Result<Vec<Changed>, MailError>;

    /// The ids of the messages of a thread that a change of the thread must still change; none if all of them are as
    /// wanted. A change that moves or deletes leaves out what the mailbox itself has written: the messages in Sent and
    /// Drafts. A thread without messages is [`super::MailProblem::NotFound`].
    async fn messages_of_thread(
        &self,
        call: &MailCall<'_>,
        thread: &str,
        change: &MessageChange,
    ) -> Result<Vec<String>, MailError>;

    /// Creates a folder below `parent`, or at the top. A name that a folder there has is
    /// [`super::MailProblem::FolderExists`].
    async fn create_folder(
        &self,
        call: &MailCall<'_>,
        name: &str,
        parent: Option<&str>,
    ) -> Result<Folder, MailError>;

    /// Renames a folder that is not the system's.
    async fn rename_folder(&self, call: &MailCall<'_>, folder: &str, name: &str) -> Result<(), MailError>;

    /// Moves a folder below another, or to the top.
    async fn move_folder(
        &self,
        call: &MailCall<'_>,
        folder: &str,
        parent: Option<&str>,
    ) -> Result<(), MailError>;

    /// Deletes a folder that is not the system's.
    async fn delete_folder(&self, call: &MailCall<'_>, folder: &str) -> Result<(), MailError>;

    /// Deletes some of the messages of a folder, at most twenty: those of the trash and of spam for good, also in folders
    /// within them; others go to the trash. Messages that were received after `before`, to the second, stay. So do those
    /// of folders within the folder. `skip` has ids that are passed over, at most 200.
    ///
    /// # Returns
    /// What happened to each; empty when the folder has no other message.
    async fn empty_some(
        &self,
        call: &MailCall<'_>,
        folder: &str,
        before: Timestamp,
        skip: &[String],
    ) -> Result<Vec<Changed>, MailError>;

    /// Creates a label. `color` is `#rrggbb`; the provider's nearest colour is taken.
    async fn create_label(
        &self,
        call: &MailCall<'_>,
        name: &str,
        color: Option<&str>,
    ) -> Result<Label, MailError>;

    /// Changes the name or the colour of a label. A provider that cannot rename: [`super::MailProblem::NotSupported`].
    async fn update_label(
        &self,
        call: &MailCall<'_>,
        label: &str,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<(), MailError>;

    /// Deletes a label. One that is gone is [`super::MailProblem::NotFound`], as with folders and contacts.
    async fn delete_label(&self, call: &MailCall<'_>, label: &str) -> Result<(), MailError>;

    /// Refuses a new contact as [`Self::create_contact`] does, as far as that is known without the provider: an id of a
    /// folder whose form no id has, and what the provider has no place for.
    fn check_contact(&self, fields: &ContactFields) -> Result<(), MailError>;

    async fn create_contact(&self, call: &MailCall<'_>, fields: &ContactFields)
    -> Result<Contact, MailError>;

    /// Changes a contact of which `etag` is the present version; another one is
    /// [`super::MailProblem::EtagMismatch`].
    async fn update_contact(
        &self,
        call: &MailCall<'_>,
        contact: &str,
        fields: &ContactFields,
        etag: &str,
    ) -> Result<Contact, MailError>;

    async fn delete_contact(&self, call: &MailCall<'_>, contact: &str) -> Result<(), MailError>;
}
