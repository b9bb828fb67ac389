//! Sending from a mailbox of Gmail, as the trait `MailboxSending` names it. Nothing here repeats a request that sends or
//! makes a message. What Gmail takes is documented at the Gmail API, "Create and send email messages", "Working with
//! drafts" and "Upload attachments".
//!
//! Gmail takes a message or a draft as one text of MIME. So a draft is made with its files, and a change replaces its
//! message: `edit` keeps what does not change while it is read. The id of the draft stays, that of its message does not.

mod addresses;
mod compose;
mod draft;
mod edit;
mod permissions;
mod upload;

use async_trait::async_trait;

use super::{GmailMailbox, address::segment};
use crate::providers::{
    mailbox::{
        Basis, DraftChange, Found, MailCall, MailError, MailProblem, MailboxSending, Outgoing, OutgoingFile,
        SendLimits, SendState, SendWay,
    },
    mime,
};

/// The most bytes of MIME that Gmail takes (Gmail v1 discovery document, `users.messages.send`).
const MESSAGE: u64 = 36_700_160;

#[async_trait]
impl MailboxSending for GmailMailbox {
    fn send_limits(&self) -> SendLimits {
        // Exchange Online takes messages of this size from others, if its administrators have not changed that.
        SendLimits { message: MESSAGE, warning: MESSAGE, without_draft: MESSAGE }
    }

    fn send_way(&self, scopes: &[String]) -> Result<SendWay, MailError> {
        permissions::way(scopes)
    }

    fn encoded_size(&self, message: &Outgoing, files: &[OutgoingFile]) -> u64 {
        mime::max_length(message, files)
    }

    fn check_ids(&self, message: &Outgoing) -> Result<(), MailError> {
        match &message.basis {
            Basis::New => {}
            Basis::Reply(id) | Basis::ReplyAll(id) | Basis::Forward(id) => drop(segment(id)?),
        }
        if message.labels.iter().any(|label| segment(label).is_err()) {
            return Err(MailProblem::InvalidValue("labelId: No label has this id.").into());
        }
        Ok(())
    }

    async fn own_addresses(&self, call: &MailCall<'_>) -> Result<Vec<String>, MailError> {
        addresses::own(&self.google(call)).await
    }

    fn makes_whole_drafts(&self) -> bool {
        true
    }

    async fn create_draft(
        &self,
        call: &MailCall<'_>,
        message: &Outgoing,
        files: &[OutgoingFile],
    ) -> Result<String, MailError> {
        draft::create(self, call, message, files).await
    }

    async fn attach(&self, call: &MailCall<'_>, draft: &str, file: &OutgoingFile) -> Result<(), MailError> {
        edit::attach(self, call, draft, file).await
    }

    async fn files_of_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<usize, MailError> {
        edit::files(self, call, draft).await
    }

    async fn detach(
        &self,
        call: &MailCall<'_>,
        draft: &str,
        attachments: &[String],
    ) -> Result<(), MailError> {
        edit::detach(self, call, draft, attachments).await
    }

    async fn update_draft(
        &self,
        call: &MailCall<'_>,
        draft: &str,
        change: &DraftChange,
    ) -> Result<(), MailError> {
        edit::update(self, call, draft, change).await
    }

    async fn delete_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<(), MailError> {
        draft::delete(&self.google(call), draft).await
    }

    async fn send_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<String, MailError> {
        draft::send(&self.google(call), draft).await
    }

    async fn state_of(&self, call: &MailCall<'_>, draft: &str) -> Result<SendState, MailError> {
        draft::state(&self.google(call), draft).await
    }

    async fn find_by_message_id(
        &self,
        call: &MailCall<'_>,
        message_id: &str,
    ) -> Result<Vec<Found>, MailError> {
        draft::find(&self.google(call), message_id).await
    }

    async fn send_at_once(
        &self,
        call: &MailCall<'_>,
        message: &Outgoing,
        files: &[OutgoingFile],
    ) -> Result<Option<String>, MailError> {
        draft::send_at_once(self, call, message, files).await
    }
}
