//! Sending from a mailbox of Outlook, as the trait `MailboxSending` names it. Exchange sends what it has accepted later, and
//! tells failures by mail. Nothing here repeats a request that sends. What Graph takes is documented at Microsoft Graph,
//! "Things to know about sending mail", and message, attachment.

mod addresses;
mod at_once;
mod attach;
mod draft;
mod json;
mod permissions;
mod quote;
mod upload;

use async_trait::async_trait;

use super::{GraphMailbox, address::segment};
use crate::providers::{
    mailbox::{
        Basis, DraftChange, Found, MailCall, MailError, MailboxSending, Outgoing, OutgoingFile, SendLimits,
        SendState, SendWay,
    },
    mime,
};

/// The most that Exchange Online takes with upload sessions: 150 MB.
const MESSAGE: u64 = 150 * 1024 * 1024;
/// The size that Exchange Online takes from other companies if they have not changed it: 35 MB.
const WARNING: u64 = 35 * 1024 * 1024;
/// A request has at most 4 MB, and base64 makes a message a third larger.
const WITHOUT_DRAFT: u64 = 3_000_000;

#[async_trait]
impl MailboxSending for GraphMailbox {
    fn send_limits(&self) -> SendLimits {
        SendLimits { message: MESSAGE, warning: WARNING, without_draft: WITHOUT_DRAFT }
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
        json::categories(&message.labels).map(drop)
    }

    async fn own_addresses(&self, call: &MailCall<'_>) -> Result<Vec<String>, MailError> {
        addresses::own(&self.graph(call)).await
    }

    fn makes_whole_drafts(&self) -> bool {
        false
    }

    async fn create_draft(
        &self,
        call: &MailCall<'_>,
        message: &Outgoing,
        _files: &[OutgoingFile],
    ) -> Result<String, MailError> {
        draft::create(&self.graph(call), message).await
    }

    async fn attach(&self, call: &MailCall<'_>, draft: &str, file: &OutgoingFile) -> Result<(), MailError> {
        attach::attach(&self.graph(call), draft, file).await
    }

    async fn files_of_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<usize, MailError> {
        draft::files(&self.graph(call), draft).await
    }

    async fn detach(
        &self,
        call: &MailCall<'_>,
        draft: &str,
        attachments: &[String],
    ) -> Result<(), MailError> {
        draft::detach(&self.graph(call), draft, attachments).await
    }

    async fn update_draft(
        &self,
        call: &MailCall<'_>,
        draft: &str,
        change: &DraftChange,
    ) -> Result<(), MailError> {
        draft::update(&self.graph(call), draft, change).await
    }

    async fn delete_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<(), MailError> {
        draft::delete(&self.graph(call), draft).await
    }

    async fn send_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<String, MailError> {
        draft::send(&self.graph(call), draft).await?;
        // Ids are immutable.
        Ok(draft.to_owned())
    }

    async fn state_of(&self, call: &MailCall<'_>, draft: &str) -> Result<SendState, MailError> {
        draft::state(&self.graph(call), draft).await
    }

    async fn find_by_message_id(
        &self,
        call: &MailCall<'_>,
        message_id: &str,
    ) -> Result<Vec<Found>, MailError> {
        draft::find(&self.graph(call), message_id).await
    }

    async fn send_at_once(
        &self,
        call: &MailCall<'_>,
        message: &Outgoing,
        files: &[OutgoingFile],
    ) -> Result<Option<String>, MailError> {
        at_once::send(&self.graph(call), message, files).await.map(|()| None)
    }
}
