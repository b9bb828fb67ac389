//! How a message that is due is sent: the trait that `due` uses, and its implementation by [`Sending`].

use async_trait::async_trait;
use uuid::Uuid;

use super::WhyNotSent;
use crate::{
    accounts::{
        model::AccountState,
        service::{AccountId, grants::NoToken},
    },
    mail::{
        sending::{SendFailure, SendRequest, Sending},
        service::MailFailure,
        store::schedules::Taken,
        uploads::UploadOwner,
    },
    people::access::Caller,
    platform::{
        failure::Failure,
        id::{ApiClientId, OrganisationId},
    },
    providers::mailbox::MailProblem,
};

/// A message whose time has come.
#[derive(Clone, Debug)]
pub struct DueMessage {
    /// Under which it is sent once.
    pub attempt: Uuid,
    /// As this process has taken it: only while no other one has, it may begin.
    pub taken: Taken,
    pub organisation: OrganisationId,
    pub client: ApiClientId,
    pub account: AccountId,
    pub request: SendRequest,
}

/// What a try to send a message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    Sent {
        message_id: String,
        internet_message_id: String,
    },
    /// It may have been sent. Its Message-ID may be empty.
    Unknown {
        internet_message_id: String,
    },
    /// The outcome is not known yet: the same try again has it.
    UnderWay,
    /// Nothing was sent, and another try may succeed later.
    NotNow(WhyNotSent),
    /// Nothing was sent, and no other try will succeed.
    Failed(WhyNotSent),
}

/// Sends messages once under the id of a try. It is a trait so that tests can choose the outcome.
#[async_trait]
pub trait ScheduledSender: Send + Sync {
    /// Checks a message before it is kept. What may be different at its time is no failure: that the account cannot be used,
    /// or that the provider cannot be asked.
    async fn check(
        &self,
        caller: &Caller,
        account: AccountId,
        request: SendRequest,
    ) -> Result<(), SendFailure>;

    /// Whether there is a record of a try under this id, so that the message may have been sent.
    ///
    /// # Errors
    /// Those of the database.
    async fn has_begun(&self, owner: UploadOwner, attempt: Uuid) -> Result<bool, Failure>;

    async fn send(&self, due: DueMessage) -> Attempt;
}

#[async_trait]
impl ScheduledSender for Sending {
    async fn check(
        &self,
        caller: &Caller,
        account: AccountId,
        request: SendRequest,
    ) -> Result<(), SendFailure> {
        match self.check_scheduled(caller, account, request).await {
            Err(failure) if is_refused(&failure) => Err(failure),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn has_begun(&self, owner: UploadOwner, attempt: Uuid) -> Result<bool, Failure> {
        self.has_scheduled(owner, attempt).await
    }

    async fn send(&self, due: DueMessage) -> Attempt {
        let DueMessage { attempt, taken, organisation, client, account, request } = due;
        match self.send_scheduled(organisation, attempt, Some(taken), account, client, request).await {
            Ok(sent) => {
                Attempt::Sent { message_id: sent.message_id, internet_message_id: sent.internet_message_id }
            }
            Err(failure) => of_failure(failure),
        }
    }
}

/// Whether a message with this failure is not kept. The missing permission may be granted later, but only if the developer
/// is told about it.
fn is_refused(failure: &SendFailure) -> bool {
    if let SendFailure::Mail(MailFailure::Mail(error)) = failure
        && matches!(error.problem, MailProblem::PermissionNotGranted(_))
    {
        return true;
    }
    matches!(of_failure(failure.clone()), Attempt::Failed(_))
}

fn of_failure(failure: SendFailure) -> Attempt {
    match failure {
        SendFailure::InProgress | SendFailure::UnderWay { .. } | SendFailure::DraftUnderWay => {
            Attempt::UnderWay
        }
        SendFailure::OutcomeUnknown { message_id } => Attempt::Unknown { internet_message_id: message_id },
        SendFailure::FromUnknown => Attempt::Failed(WhyNotSent::FromUnknown),
        SendFailure::TooLarge { .. } => Attempt::Failed(WhyNotSent::TooLarge),
        SendFailure::UnknownUpload { .. } => Attempt::Failed(WhyNotSent::UploadGone),
        SendFailure::TooManyOpen { .. } | SendFailure::TooManyKept { .. } => {
            Attempt::NotNow(WhyNotSent::Unavailable)
        }
        // The id of a try is used for one message.
        SendFailure::KeyReused => Attempt::Failed(WhyNotSent::Refused),
        SendFailure::Mail(MailFailure::NoToken(no_token)) => Attempt::NotNow(of_no_token(&no_token)),
        SendFailure::Mail(MailFailure::Mail(error)) => of_problem(&error.problem),
        SendFailure::Mail(MailFailure::Failure(Failure::NotFound)) => Attempt::Failed(WhyNotSent::OutOfReach),
        // The message may be on its way, and only its outcome could not be read.
        SendFailure::Mail(MailFailure::Failure(failure)) => {
            failure.log();
            Attempt::UnderWay
        }
    }
}

fn of_no_token(no_token: &NoToken) -> WhyNotSent {
    match no_token {
        NoToken::Paused => WhyNotSent::AccountPaused,
        NoToken::State(state) => of_state(*state),
        _ => WhyNotSent::Unavailable,
    }
}

/// Why an account in this state cannot send.
pub(super) const fn of_state(state: AccountState) -> WhyNotSent {
    match state {
        AccountState::NeedsSignIn | AccountState::Disconnected => WhyNotSent::AccountNeedsSignIn,
        AccountState::WaitingForConnector
        | AccountState::WaitingForCompany
        | AccountState::NeedsAttention => WhyNotSent::ConnectorFailing,
        AccountState::Connected | AccountState::Retrying => WhyNotSent::Unavailable,
    }
}

const fn of_problem(problem: &MailProblem) -> Attempt {
    match problem {
        MailProblem::NeedsSignIn => Attempt::NotNow(WhyNotSent::AccountNeedsSignIn),
        MailProblem::ApiDisabled => Attempt::NotNow(WhyNotSent::ConnectorFailing),
        // A new sign-in may grant it.
        MailProblem::PermissionNotGranted(_) => Attempt::NotNow(WhyNotSent::PermissionNotGranted),
        MailProblem::TokenRefused
        | MailProblem::Throttled { .. }
        | MailProblem::Conflict
        | MailProblem::NotSent
        | MailProblem::Unavailable
        | MailProblem::UnavailableFor(_)
        | MailProblem::Slow
        | MailProblem::Garbled => Attempt::NotNow(WhyNotSent::Unavailable),
        MailProblem::TooLarge => Attempt::Failed(WhyNotSent::TooLarge),
        _ => Attempt::Failed(WhyNotSent::Refused),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::providers::mailbox::Limit;

    #[test]
    fn only_what_may_change_is_tried_again() {
        for (failure, attempt) in [
            (SendFailure::InProgress, Attempt::UnderWay),
            (SendFailure::UnderWay { retry_after: Duration::ZERO }, Attempt::UnderWay),
            (
                SendFailure::OutcomeUnknown { message_id: "<a@b>".to_owned() },
                Attempt::Unknown { internet_message_id: "<a@b>".to_owned() },
            ),
            (SendFailure::FromUnknown, Attempt::Failed(WhyNotSent::FromUnknown)),
            (SendFailure::TooLarge { max: 1 }, Attempt::Failed(WhyNotSent::TooLarge)),
            (SendFailure::UnknownUpload { id: "1".to_owned() }, Attempt::Failed(WhyNotSent::UploadGone)),
            (
                SendFailure::TooManyOpen { retry_after: Duration::ZERO },
                Attempt::NotNow(WhyNotSent::Unavailable),
            ),
            (
                SendFailure::Mail(MailFailure::NoToken(NoToken::Paused)),
                Attempt::NotNow(WhyNotSent::AccountPaused),
            ),
            (
                SendFailure::Mail(MailFailure::NoToken(NoToken::State(AccountState::NeedsSignIn))),
                Attempt::NotNow(WhyNotSent::AccountNeedsSignIn),
            ),
            (
                SendFailure::Mail(MailFailure::NoToken(NoToken::State(AccountState::WaitingForCompany))),
                Attempt::NotNow(WhyNotSent::ConnectorFailing),
            ),
            (
                SendFailure::Mail(MailFailure::NoToken(NoToken::Busy { retry_after: 1 })),
                Attempt::NotNow(WhyNotSent::Unavailable),
            ),
            (
                SendFailure::Mail(MailFailure::Failure(Failure::NotFound)),
                Attempt::Failed(WhyNotSent::OutOfReach),
            ),
            (
                SendFailure::Mail(MailFailure::Failure(Failure::Unavailable("away".to_owned()))),
                Attempt::UnderWay,
            ),
            (
                MailProblem::PermissionNotGranted("Mail.Send").into(),
                Attempt::NotNow(WhyNotSent::PermissionNotGranted),
            ),
            (
                MailProblem::Throttled { limit: Limit::Provider, retry_after: None }.into(),
                Attempt::NotNow(WhyNotSent::Unavailable),
            ),
            (MailProblem::ApiDisabled.into(), Attempt::NotNow(WhyNotSent::ConnectorFailing)),
            (MailProblem::Slow.into(), Attempt::NotNow(WhyNotSent::Unavailable)),
            (MailProblem::NotSent.into(), Attempt::NotNow(WhyNotSent::Unavailable)),
            (MailProblem::NotFound.into(), Attempt::Failed(WhyNotSent::Refused)),
            (MailProblem::Refused.into(), Attempt::Failed(WhyNotSent::Refused)),
        ] {
            let shown = format!("{failure:?}");
            assert_eq!(of_failure(failure), attempt, "{shown}");
        }
    }

    #[test]
    fn a_message_is_kept_unless_it_could_never_be_sent_or_lacks_a_permission() {
        for (failure, expected) in [
            (SendFailure::FromUnknown, true),
            (SendFailure::TooLarge { max: 1 }, true),
            (MailProblem::NotFound.into(), true),
            (MailProblem::PermissionNotGranted("Mail.Send").into(), true),
            (SendFailure::Mail(MailFailure::Failure(Failure::NotFound)), true),
            (SendFailure::Mail(MailFailure::NoToken(NoToken::Paused)), false),
            (SendFailure::Mail(MailFailure::NoToken(NoToken::State(AccountState::NeedsSignIn))), false),
            (MailProblem::NeedsSignIn.into(), false),
            (MailProblem::Throttled { limit: Limit::Provider, retry_after: None }.into(), false),
            (MailProblem::Unavailable.into(), false),
            (MailProblem::Slow.into(), false),
        ] {
            assert_eq!(is_refused(&failure), expected, "{failure:?}");
        }
    }
}
