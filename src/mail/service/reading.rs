//! The calls that read a mailbox.

use std::time::Duration;

use super::{MAX_CONTENT, Mail, MailFailure, Page};
use crate::{
    accounts::service::AccountId,
    mail::{
        paging::{Listed, Paged},
        sanitise,
    },
    people::access::Caller,
    platform::cpu::Turn,
    providers::mailbox::{
        Attachment, Contact, ContactChanges, ContactFolder, ContactQuery, ContactSearch, Download,
        DraftQuery, Folder, Label, MailProblem, Message, MessageQuery, Position, SearchQuery, ThreadQuery,
    },
};

/// How long the sanitising of a body may take. One of the largest size takes about a tenth of it.
const MAX_SANITISING: Duration = Duration::from_secs(3);
/// Maximum number of contacts that a search finds.
pub const MAX_FOUND_CONTACTS: u32 = 30;

/// Asks the mailbox of an account, again after a new token or a throttle.
macro_rules! ask {
    ($mail:expr, $caller:expr, $account:expr, $method:ident $(, $argument:expr)*) => {{
        let mut session = $mail.open($caller, $account).await?;
        loop {
            let mailbox = session.mailbox();
            let answer = session.limit_time(mailbox.$method(&session.call() $(, $argument)*)).await;
            if let Some(answer) = session.settle(answer).await? {
                break answer;
            }
        }
    }};
}
pub(super) use ask;

/// Reads a part of a list: opens the cursor if there is one, and makes the next.
macro_rules! list {
    ($mail:expr, $caller:expr, $account:expr, $what:literal, $query:expr, $cursor:expr, $method:ident, $items:ident) => {{
        let mut query = $query;
        let paged = Paged { caller: $caller, account: $account, what: $what };
        let list = $mail.0.cursors.begin(paged, &mut query, $cursor).await?;
        let page = ask!($mail, $caller, $account, $method, &query);
        $mail.0.cursors.finish(&list, page.$items, page.next).await
    }};
}

/// A list may begin at [`Position::Skip`], up to 10,000 with its limit. With a cursor of an
/// earlier part, the position in the query is not used; the rest of the query must be the same.
impl Mail {
    pub async fn list_messages(
        &self,
        caller: &Caller,
        account: AccountId,
        query: MessageQuery,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, MailFailure> {
        list!(self, caller, account, "messages", query, cursor, list_messages, messages)
    }

    pub async fn search_messages(
        &self,
        caller: &Caller,
        account: AccountId,
        query: SearchQuery,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, MailFailure> {
        list!(self, caller, account, "search", query, cursor, search_messages, messages)
    }

    pub async fn get_message(
        &self,
        caller: &Caller,
        account: AccountId,
        message: &str,
    ) -> Result<Message, MailFailure> {
        Ok(ask!(self, caller, account, get_message, message))
    }

    /// The body of a message as HTML. Plain text becomes escaped HTML. `as_it_came`: HTML is not sanitised.
    ///
    /// # Errors
    /// A body over [`MAX_CONTENT`] bytes, as it came or as HTML, or one that would take long to sanitise, is
    /// [`MailProblem::TooLarge`].
    pub async fn get_content(
        &self,
        caller: &Caller,
        account: AccountId,
        message: &str,
        as_it_came: bool,
    ) -> Result<String, MailFailure> {
        let content = ask!(self, caller, account, get_content, message, MAX_CONTENT);
        let html = if !content.is_html {
            sanitise::html_of_text(&content.text)
        } else if as_it_came {
            content.text
        } else {
            let monotonic = self.0.monotonic.clone();
            let work = move |turn: &Turn| {
                let end = monotonic.now() + MAX_SANITISING;
                sanitise::sanitise(&content.text, &|| monotonic.now() >= end, turn)
            };
            let clean = self.0.cpu.run(caller.asker(), 1, work).await?;
            clean.map_err(|sanitise::TooComplex| MailFailure::from(MailProblem::TooLarge))?
        };
        // Escapes make a text up to five times as long.
        if html.len() > MAX_CONTENT { Err(MailProblem::TooLarge.into()) } else { Ok(html) }
    }

    /// The header fields of a message, one a line, each line ended by CR LF.
    pub async fn get_header(
        &self,
        caller: &Caller,
        account: AccountId,
        message: &str,
    ) -> Result<String, MailFailure> {
        Ok(ask!(self, caller, account, get_header, message))
    }

    /// The whole message in the format of RFC 5322.
    pub async fn get_raw(
        &self,
        caller: &Caller,
        account: AccountId,
        message: &str,
    ) -> Result<Download, MailFailure> {
        Ok(ask!(self, caller, account, get_raw, message))
    }

    /// Of each thread that the query finds its newest message, newest first.
    pub async fn list_threads(
        &self,
        caller: &Caller,
        account: AccountId,
        query: MessageQuery,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, MailFailure> {
        list!(self, caller, account, "threads", query, cursor, list_threads, messages)
    }

    /// The messages of a thread, oldest first.
    pub async fn get_thread(
        &self,
        caller: &Caller,
        account: AccountId,
        query: ThreadQuery,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, MailFailure> {
        list!(self, caller, account, "thread", query, cursor, get_thread, messages)
    }

    pub async fn list_folders(
        &self,
        caller: &Caller,
        account: AccountId,
    ) -> Result<Vec<Folder>, MailFailure> {
        Ok(ask!(self, caller, account, list_folders))
    }

    pub async fn get_folder(
        &self,
        caller: &Caller,
        account: AccountId,
        folder: &str,
    ) -> Result<Folder, MailFailure> {
        Ok(ask!(self, caller, account, get_folder, folder))
    }

    pub async fn list_labels(&self, caller: &Caller, account: AccountId) -> Result<Vec<Label>, MailFailure> {
        Ok(ask!(self, caller, account, list_labels))
    }

    pub async fn get_label(
        &self,
        caller: &Caller,
        account: AccountId,
        label: &str,
    ) -> Result<Label, MailFailure> {
        Ok(ask!(self, caller, account, get_label, label))
    }

    pub async fn list_attachments(
        &self,
        caller: &Caller,
        account: AccountId,
        message: &str,
    ) -> Result<Vec<Attachment>, MailFailure> {
        Ok(ask!(self, caller, account, list_attachments, message))
    }

    pub async fn download_attachment(
        &self,
        caller: &Caller,
        account: AccountId,
        message: &str,
        attachment: &str,
    ) -> Result<Download, MailFailure> {
        Ok(ask!(self, caller, account, download_attachment, message, attachment))
    }

    pub async fn list_drafts(
        &self,
        caller: &Caller,
        account: AccountId,
        query: DraftQuery,
        cursor: Option<&str>,
    ) -> Result<Page<Message>, MailFailure> {
        list!(self, caller, account, "drafts", query, cursor, list_drafts, messages)
    }

    pub async fn get_draft(
        &self,
        caller: &Caller,
        account: AccountId,
        draft: &str,
    ) -> Result<Message, MailFailure> {
        Ok(ask!(self, caller, account, get_draft, draft))
    }

    pub async fn list_contacts(
        &self,
        caller: &Caller,
        account: AccountId,
        query: ContactQuery,
        cursor: Option<&str>,
    ) -> Result<Page<Contact>, MailFailure> {
        list!(self, caller, account, "contacts", query, cursor, list_contacts, contacts)
    }

    pub async fn get_contact(
        &self,
        caller: &Caller,
        account: AccountId,
        contact: &str,
    ) -> Result<Contact, MailFailure> {
        Ok(ask!(self, caller, account, get_contact, contact))
    }

    /// At most [`MAX_FOUND_CONTACTS`] contacts.
    pub async fn search_contacts(
        &self,
        caller: &Caller,
        account: AccountId,
        search: &ContactSearch,
    ) -> Result<Vec<Contact>, MailFailure> {
        Ok(ask!(self, caller, account, search_contacts, search, MAX_FOUND_CONTACTS))
    }

    /// What has changed since a token of an earlier call; without a token all contacts. A token lives seven days.
    ///
    /// # Errors
    /// An expired token is [`crate::providers::mailbox::MailProblem::SyncTokenExpired`].
    pub async fn contact_changes(
        &self,
        caller: &Caller,
        account: AccountId,
        token: Option<&str>,
    ) -> Result<ContactChanges, MailFailure> {
        let changes = Paged { caller, account, what: "contact changes" };
        let opened = match token {
            Some(token) => Some(self.0.cursors.open_change_token(changes, token).await?),
            None => None,
        };
        let answer = ask!(self, caller, account, contact_changes, opened.as_deref());
        let token = self.0.cursors.seal_change_token(changes, answer.token).await?;
        Ok(ContactChanges { token, ..answer })
    }

    pub async fn list_contact_folders(
        &self,
        caller: &Caller,
        account: AccountId,
    ) -> Result<Vec<ContactFolder>, MailFailure> {
        Ok(ask!(self, caller, account, list_contact_folders))
    }
}

impl Listed for MessageQuery {
    fn parts(&mut self) -> (&mut Position, u32) {
        (&mut self.position, self.limit)
    }
}

impl Listed for SearchQuery {
    fn parts(&mut self) -> (&mut Position, u32) {
        (&mut self.position, self.limit)
    }
}

impl Listed for ThreadQuery {
    fn parts(&mut self) -> (&mut Position, u32) {
        (&mut self.position, self.limit)
    }
}

impl Listed for DraftQuery {
    fn parts(&mut self) -> (&mut Position, u32) {
        (&mut self.position, self.limit)
    }
}

impl Listed for ContactQuery {
    fn parts(&mut self) -> (&mut Position, u32) {
        (&mut self.position, self.limit)
    }
}
