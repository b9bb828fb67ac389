//! A mailbox of Outlook, read and changed with Microsoft Graph. [`GraphMailbox`] implements the trait `Mailbox`; each file
//! has the calls of one subject. What Graph takes and answers is documented at Microsoft Graph, "Use the Outlook mail REST
//! API".

mod address;
mod attachments;
mod batch;
mod changes;
mod changing;
mod conditions;
mod contact;
mod contact_changes;
mod contacts;
mod folder_changes;
mod folders;
mod kql;
mod label_changes;
mod labels;
mod list;
mod messages;
mod place;
mod read;
mod refusal;
mod request;
mod search;
mod sending;
mod threads;
mod walk;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;

use self::request::Graph;
use crate::providers::mailbox::{
    Attachment, Contact, ContactChanges, ContactFolder, ContactPage, ContactQuery, ContactSearch, Content,
    Download, DraftQuery, Folder, Label, MailCall, MailError, Mailbox, MailboxLimits, Message, MessagePage,
    MessageQuery, SearchQuery, ThreadQuery,
};

/// Microsoft Graph, throttling limits, "Outlook service limits": for each application and mailbox. A unit is a request.
const LIMITS: MailboxLimits = MailboxLimits { at_once: 4, window: Duration::from_mins(10), units: 10_000 };

/// A mailbox at one base address of Graph.
#[derive(Clone, Debug)]
pub struct GraphMailbox {
    /// The base of the addresses, without a slash at its end.
    base: String,
}

impl GraphMailbox {
    pub fn new(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned() }
    }

    fn graph<'a>(&'a self, call: &MailCall<'a>) -> Graph<'a> {
        Graph::new(&self.base, *call)
    }
}

#[async_trait]
impl Mailbox for GraphMailbox {
    fn limits(&self) -> MailboxLimits {
        LIMITS
    }

    fn max_search_results(&self) -> Option<u32> {
        Some(search::MAX_RESULTS)
    }

    async fn list_messages(
        &self,
        call: &MailCall<'_>,
        query: &MessageQuery,
    ) -> Result<MessagePage, MailError> {
        list::messages(&self.graph(call), query).await
    }

    async fn search_messages(
        &self,
        call: &MailCall<'_>,
        query: &SearchQuery,
    ) -> Result<MessagePage, MailError> {
        search::search(&self.graph(call), query).await
    }

    async fn get_message(&self, call: &MailCall<'_>, message: &str) -> Result<Message, MailError> {
        messages::get(&self.graph(call), message).await
    }

    async fn get_content(
        &self,
        call: &MailCall<'_>,
        message: &str,
        max: usize,
    ) -> Result<Content, MailError> {
        messages::content(&self.graph(call), message, max).await
    }

    async fn get_header(&self, call: &MailCall<'_>, message: &str) -> Result<String, MailError> {
        messages::header(&self.graph(call), message).await
    }

    async fn get_raw(&self, call: &MailCall<'_>, message: &str) -> Result<Download, MailError> {
        messages::raw(&self.graph(call), message).await
    }

    async fn list_threads(
        &self,
        call: &MailCall<'_>,
        query: &MessageQuery,
    ) -> Result<MessagePage, MailError> {
        threads::list(&self.graph(call), query).await
    }

    async fn get_thread(&self, call: &MailCall<'_>, query: &ThreadQuery) -> Result<MessagePage, MailError> {
        threads::get(&self.graph(call), query).await
    }

    async fn list_folders(&self, call: &MailCall<'_>) -> Result<Vec<Folder>, MailError> {
        folders::list(&self.graph(call)).await
    }

    async fn get_folder(&self, call: &MailCall<'_>, folder: &str) -> Result<Folder, MailError> {
        folders::get(&self.graph(call), folder).await
    }

    async fn list_labels(&self, call: &MailCall<'_>) -> Result<Vec<Label>, MailError> {
        labels::list(&self.graph(call)).await
    }

    async fn get_label(&self, call: &MailCall<'_>, label: &str) -> Result<Label, MailError> {
        labels::get(&self.graph(call), label).await
    }

    async fn list_attachments(
        &self,
        call: &MailCall<'_>,
        message: &str,
    ) -> Result<Vec<Attachment>, MailError> {
        attachments::list(&self.graph(call), message).await
    }

    async fn download_attachment(
        &self,
        call: &MailCall<'_>,
        message: &str,
        attachment: &str,
    ) -> Result<Download, MailError> {
        attachments::download(&self.graph(call), message, attachment).await
    }

    async fn list_drafts(&self, call: &MailCall<'_>, query: &DraftQuery) -> Result<MessagePage, MailError> {
        list::drafts(&self.graph(call), query).await
    }

    async fn get_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<Message, MailError> {
        messages::draft(&self.graph(call), draft).await
    }

    async fn list_contacts(
        &self,
        call: &MailCall<'_>,
        query: &ContactQuery,
    ) -> Result<ContactPage, MailError> {
        contacts::list(&self.graph(call), query).await
    }

    async fn get_contact(&self, call: &MailCall<'_>, contact: &str) -> Result<Contact, MailError> {
        contacts::get(&self.graph(call), contact).await
    }

    async fn search_contacts(
        &self,
        call: &MailCall<'_>,
        search: &ContactSearch,
        limit: u32,
    ) -> Result<Vec<Contact>, MailError> {
        contacts::search(&self.graph(call), search, limit).await
    }

    async fn contact_changes(
        &self,
        call: &MailCall<'_>,
        token: Option<&str>,
    ) -> Result<ContactChanges, MailError> {
        contacts::changes(&self.graph(call), token).await
    }

    async fn list_contact_folders(&self, call: &MailCall<'_>) -> Result<Vec<ContactFolder>, MailError> {
        contacts::folders(&self.graph(call)).await
    }
}
