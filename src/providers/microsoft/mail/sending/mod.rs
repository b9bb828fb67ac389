//! Sending from a mailbox of Outlook, as the trait `MailboxSending` names it. Exchange sends what it has accepted later, and
//! tells failures by mail. Nothing here repeats a request that sends. What Graph takes is documented at Microsoft Graph,
//! "Things to know about sending mail", and message, attachment.

mod addresses;
mod at_once;
mod attach;
mod draft;
mod fault;
mod json;
mod permissions;
mod quote;
mod upload;

use async_trait::async_trait;

use super::GraphMailbox;
use crate::providers::{
    mailbox::{
        DraftChange, Found, Limit, MailCall, MailError, MailProblem, MailboxSending, Outgoing, OutgoingFile,
        SendLimits, SendState, SendWay,
    },
    mime,
};

/// The most that Exchange Online takes with upload sessions: 150 MB.
const MESSAGE: u64 = 150 * 1024 * 1024;
/// The size that Exchange Online takes from other companies if they have not changed it: 35 MB.
const WARNING: u64 = 35 * 1024 * 1024;
/// A request has at most 4 MB, and base64 makes a message a third larger.
const WITHOUT_DRAFT: u64 = 3_000_000;

/// The error of a request that comes before the one with the message: nothing was made or sent, so that the call may be
/// repeated later.
fn before(error: MailError) -> MailError {
    let retry_after = match error.problem {
        MailProblem::UnavailableFor(wait) => Some(wait),
        _ if error.problem.leaves_doubt() => None,
        _ => return error,
    };
    MailError { problem: MailProblem::Throttled { limit: Limit::Provider, retry_after }, ..error }
}

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

    async fn own_addresses(&self, call: &MailCall<'_>) -> Result<Vec<String>, MailError> {
        addresses::own(&self.graph(call)).await
    }

    async fn create_draft(&self, call: &MailCall<'_>, message: &Outgoing) -> Result<String, MailError> {
        draft::create(&self.graph(call), message).await
    }

    async fn attach(&self, call: &MailCall<'_>, draft: &str, file: &OutgoingFile) -> Result<(), MailError> {
        attach::attach(&self.graph(call), draft, file).await
    }

    async fn files_of_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<usize, MailError> {
        draft::files(&self.graph(call), draft).await
    }

    async fn detach(&self, call: &MailCall<'_>, draft: &str, attachment: &str) -> Result<(), MailError> {
        draft::detach(&self.graph(call), draft, attachment).await
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

    async fn send_draft(&self, call: &MailCall<'_>, draft: &str) -> Result<(), MailError> {
        draft::send(&self.graph(call), draft).await
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
    ) -> Result<(), MailError> {
        at_once::send(&self.graph(call), message, files).await
    }
}
