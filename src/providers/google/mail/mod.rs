//! A mailbox of Gmail, read and changed with the Gmail API, and its contacts with the People API. [`GmailMailbox`]
//! implements the trait `Mailbox`; each file has the calls of one subject. What Google takes and answers is in the
//! discovery documents of Gmail v1 and People v1.
//!
//! Folders are labels, so that a message may be in several: its folder is the one of `place`. The id of a draft that a
//! list gives is that of the draft (`r` and a number), which stays when the draft is changed. The id of its message
//! changes then. Every call that takes the id of a message takes that of a draft too, and means its present message.

mod address;
mod attachments;
mod changes;
mod changing;
mod contact;
mod contact_sync;
mod contact_write;
mod contacts;
mod content;
mod cursor;
mod decoding;
mod emptying;
mod folder_changes;
mod folders;
mod json;
mod known;
mod label_changes;
mod labels;
mod list;
mod messages;
mod parts;
mod people;
mod place;
mod q;
mod read;
mod refusal;
mod request;
mod search;
mod sending;
mod threads;
mod walk;

#[cfg(test)]
mod tests;

use async_trait::async_trait;

use self::request::Google;
use crate::providers::{
    google::units,
    mailbox::{
        Attachment, Contact, ContactChanges, ContactFolder, ContactPage, ContactQuery, ContactSearch,
        Content, Download, DraftQuery, Folder, Label, MailCall, MailError, Mailbox, MailboxLimits, Message,
        MessagePage, MessageQuery, SearchQuery, ThreadQuery,
    },
};

/// A mailbox at the base addresses of the two APIs.
#[derive(Clone, Debug)]
pub struct GmailMailbox {
    /// The bases of the addresses, without a slash at their ends.
    gmail: String,
    people: String,
}

impl GmailMailbox {
    pub fn new(gmail: &str, people: &str) -> Self {
        let base = |address: &str| address.trim_end_matches('/').to_owned();
        Self { gmail: base(gmail), people: base(people) }
    }

    fn google<'a>(&'a self, call: &MailCall<'a>) -> Google<'a> {
        Google::new(&self.gmail, &self.people, *call)
    }
}

#[async_trait]
impl Mailbox for GmailMailbox {
    fn limits(&self) -> MailboxLimits {
        units::LIMITS
    }

    fn max_search_results(&self) -> Option<u32> {
        None
    }

    async fn list_messages(
        &self,
        call: &MailCall<'_>,
        query: &MessageQuery,
    ) -> Result<MessagePage, MailError> {
        list::messages(&self.google(call), query).await
    }

    async fn search_messages(
        &self,
        call: &MailCall<'_>,
        query: &SearchQuery,
    ) -> Result<MessagePage, MailError> {
        search::search(&self.google(call), query).await
    }

    async fn get_message(&self, call: &MailCall<'_>, message: &str) -> Result<Message, MailError> {
        messages::get(&self.google(call), message).await
    }

    async fn get_content(
        &self,
        call: &MailCall<'_>,
        message: &str,
        max: usize,
    ) -> Result<Content, MailError> {
        content::content(&self.google(call), message, max).await
    }

    async fn get_header(&self, call: &MailCall<'_>, message: &str) -> Result<String, MailError> {
        messages::header(&self.google(call), message).await
    }

    async fn get_raw(&self, call: &MailCall<'_>, message: &str) -> Result<Download, MailError> {
        messages::raw(&self.google(call), message).await
    }

    async fn list_threads(
        &self,
        call: &MailCall<'_>,
        query: &MessageQuery,
    ) -> Result<MessagePage, MailError> {
        threads::list(&self.google(call), query).await
    }

    async fn get_thread(&self, call: &MailCall<'_>, query: &ThreadQuery) -> Result<MessagePage, MailError> {
        threads::get(&self.google(call), query).await
    }

    async fn list_folders(&self, call: &MailCall<'_>) -> Result<Vec<Folder>, MailError> {
        folders::list(&self.google(call)).await
    }

    async fn get_folder(&self, call: &MailCall<'_>, folder: &str) -> Result<Folder, MailError> {
        folders::get(&self.google(call), folder).await
    }

    async fn list_labels(&self, call: &MailCall<'_>) -> Result<Vec<Label>, MailError> {
        labels::list(&self.google(call)).await
    }

    async fn get_label(&self, call: &MailCall<'_>, label: &str) -> Result<Label, MailError> {
        labels::get(&self.google(call), label).await
    }

    async fn list_attachments(
        &self,
        call: &MailCall<'_>,
        message: &str,
    ) -> Result<Vec<Attachment>, MailError> {
        attachments::list(&self.google(call), message).await
    }

    async fn download_attachment(
        &self,
        call: &MailCall<'_>,
        message: &str,
        attachment: &str,
    ) -> Result<Download, MailError> {
        attachments::download(&self.google(call), message, attachment).await
    }

    async fn list_drafts(&self, call: &MailCall<'_>, query: &DraftQuery) -> Result<MessagePage, MailError> {
        list::drafts(&self.google(call), query).await
    }

    async fn get_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<Message, MailError> {
        messages::draft(&self.google(call), draft).await
    }

    async fn list_contacts(
        &self,
        call: &MailCall<'_>,
        query: &ContactQuery,
    ) -> Result<ContactPage, MailError> {
        contacts::list(&self.google(call), query).await
    }

    async fn get_contact(&self, call: &MailCall<'_>, contact: &str) -> Result<Contact, MailError> {
        contacts::get(&self.google(call), contact).await
    }

    async fn search_contacts(
        &self,
        call: &MailCall<'_>,
        search: &ContactSearch,
        limit: u32,
    ) -> Result<Vec<Contact>, MailError> {
        contacts::search(&self.google(call), search, limit).await
    }

    async fn contact_changes(
        &self,
        call: &MailCall<'_>,
        token: Option<&str>,
    ) -> Result<ContactChanges, MailError> {
        contact_sync::changes(&self.google(call), token).await
    }

    async fn list_contact_folders(&self, call: &MailCall<'_>) -> Result<Vec<ContactFolder>, MailError> {
        contacts::folders(&self.google(call)).await
    }
}
