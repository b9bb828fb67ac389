//! Why a call has no result, from every source: a use case, a mailbox, a grant. Here these become errors of the API. Those
//! of sending are in `sends`.

mod sends;

use std::{borrow::Cow, time::Duration};

use axum::response::{IntoResponse, Response};

pub(super) use self::sends::unknown_upload;
use super::errors::{ApiError, Code, Limit, ProviderSaid};
use crate::{
    accounts::{model::AccountState, service::grants::NoToken},
    mail::service::MailFailure,
    platform::failure::Failure,
    providers::{
        RefreshProblem,
        mailbox::{self, MailError, MailProblem},
    },
};

const PROVIDER_IS_BUSY: &str = "The provider takes no more requests at present.";
/// How long a program waits that a provider has refused without saying how long.
const USUAL_WAIT: Duration = Duration::from_secs(5);

/// A call that was refused.
#[derive(Clone, Debug)]
pub enum Refused {
    Error(ApiError),
    Failure(Failure),
}

impl Refused {
    /// The code of the error, as programs read it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Error(error) => error.code(),
            Self::Failure(failure) => Code::from(failure).name(),
        }
    }

    /// An error of the table.
    pub fn of(code: Code, more_info: impl Into<Cow<'static, str>>) -> Self {
        Self::Error(ApiError::of(code, more_info))
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<MailError> for Refused {
    fn from(MailError { problem, provider }: MailError) -> Self {
        let error = of_problem(problem);
        let said = provider.map(|said| ProviderSaid { code: said.code, request_id: said.request_id });
        Self::Error(match said {
            Some(said) => error.with_provider(said),
            None => error,
        })
    }
}

impl From<MailFailure> for Refused {
    fn from(failure: MailFailure) -> Self {
        match failure {
            MailFailure::NoToken(no_token) => no_token.into(),
            MailFailure::Mail(error) => error.into(),
            MailFailure::Failure(failure) => Self::Failure(failure),
        }
    }
}

impl From<NoToken> for Refused {
    fn from(no_token: NoToken) -> Self {
        match no_token {
            NoToken::NotFound => Self::Failure(Failure::NotFound),
            NoToken::Failure(failure) => Self::Failure(failure),
            NoToken::Paused => {
                Self::of(Code::AccountPaused, "The account is disabled. Enable it with mode enableAccount.")
            }
            NoToken::State(state) => Self::Error(of_state(state)),
            NoToken::Busy { retry_after } => {
                let error =
                    ApiError::of(Code::ProviderUnavailable, "The access is being renewed. Try again later.");
                Self::Error(error.retry_after(Duration::from_secs(retry_after.into())))
            }
            NoToken::Failed(refusal) => Self::Error(of_refresh(refusal.problem)),
        }
    }
}

fn of_state(state: AccountState) -> ApiError {
    match state {
        AccountState::NeedsSignIn | AccountState::Disconnected => ApiError::of(
            Code::AccountNeedsSignIn,
            "The owner of the mailbox must sign in again. Make a link: PUT /api/accounts/{account_key}/oauth.",
        ),
        AccountState::WaitingForConnector => ApiError::of(
            Code::ConnectorFailing,
            "The provider refuses the credentials of the connector. An administrator must replace them.",
        ),
        AccountState::WaitingForCompany => ApiError::of(
            Code::ConnectorFailing,
            "The company of this mailbox has removed the application or switched it off.",
        ),
        AccountState::NeedsAttention => ApiError::of(
            Code::ConnectorFailing,
            "The provider refuses to renew the access. An administrator sees the reason at the account.",
        ),
        AccountState::Connected | AccountState::Retrying => unavailable().retry_after(USUAL_WAIT),
    }
}

fn unavailable() -> ApiError {
    ApiError::of(
        Code::ProviderUnavailable,
        "The provider cannot be reached, or has a problem. Try again later.",
    )
}

/// The answer when a refresh of the grant has just failed.
fn of_refresh(problem: RefreshProblem) -> ApiError {
    let wait = |named: Option<Duration>| named.unwrap_or(USUAL_WAIT);
    match problem {
        RefreshProblem::GrantRefused
        | RefreshProblem::InteractionRequired
        | RefreshProblem::ConsentRequired
        | RefreshProblem::LoginRequired => of_state(AccountState::NeedsSignIn),
        RefreshProblem::CredentialsRejected => of_state(AccountState::WaitingForConnector),
        RefreshProblem::CompanyRefused => of_state(AccountState::WaitingForCompany),
        RefreshProblem::ScopesRefused | RefreshProblem::Refused => of_state(AccountState::NeedsAttention),
        RefreshProblem::Throttled(named) => {
            ApiError::of(Code::TooManyRequests, PROVIDER_IS_BUSY).limited_by(Limit::Provider, wait(named))
        }
        RefreshProblem::Unavailable(named) => unavailable().retry_after(wait(named)),
        RefreshProblem::Unreachable | RefreshProblem::Slow | RefreshProblem::Garbled => {
            unavailable().retry_after(USUAL_WAIT)
        }
    }
}

fn of_problem(problem: MailProblem) -> ApiError {
    match problem {
        MailProblem::Refused => {
            ApiError::of(Code::ProviderError, "The provider refused the request. data.provider has its code.")
        }
        MailProblem::NotFound => ApiError::of(Code::NotFound, "The mailbox has no such item."),
        MailProblem::NoMailbox => {
            ApiError::of(Code::NotFound, "The account has no mailbox that the provider lets programs read.")
        }
        MailProblem::PermissionNotGranted(permission) => ApiError::of(
            Code::PermissionNotGranted,
            format!(
                "The mailbox has not granted {permission}. Add it to the connector, then send the owner a link: PUT \
                 /api/accounts/{{account_key}}/oauth."
            ),
        ),
        MailProblem::ApiDisabled => ApiError::of(
            Code::ConnectorFailing,
            "An API of the provider is not enabled for the connector's application. An administrator must enable it: \
             Test access on the account's page says where.",
        ),
        MailProblem::NeedsSignIn => of_state(AccountState::NeedsSignIn),
        MailProblem::TokenRefused => ApiError::of(
            Code::ProviderError,
            "The provider refused the account's access token for this request, although it was just issued. \
             data.provider has its code.",
        ),
        MailProblem::Throttled { limit, retry_after } => {
            let (limit, words): (_, Cow<'static, str>) = match limit {
                mailbox::Limit::Mailbox => {
                    (Limit::Mailbox, "Too many calls wait for this mailbox. Make fewer at a time.".into())
                }
                mailbox::Limit::Page { fits } => (Limit::Mailbox, page_words(fits).into()),
                mailbox::Limit::Provider => (Limit::Provider, PROVIDER_IS_BUSY.into()),
            };
            ApiError::of(Code::TooManyRequests, words).limited_by(limit, retry_after.unwrap_or(USUAL_WAIT))
        }
        MailProblem::NotSupported(words) => ApiError::of(Code::NotSupportedByProvider, words),
        MailProblem::InvalidValue(words) => ApiError::of(Code::InvalidValue, words),
        MailProblem::TooLarge => ApiError::of(
            Code::ContentTooLarge,
            "The content is too large for this call. Read the raw message.",
        ),
        MailProblem::TooMany(words) => ApiError::of(Code::ContentTooLarge, words),
        MailProblem::AttachmentIsLink => ApiError::of(
            Code::AttachmentIsLink,
            "The attachment is a link to a file elsewhere, so there is nothing to download.",
        ),
        MailProblem::FolderExists => {
            ApiError::of(Code::FolderExists, "A folder of this name is there already. Choose another name.")
        }
        MailProblem::EtagMismatch => ApiError::of(
            Code::EtagMismatch,
            "The contact was changed since it was read. Read it again, and send its new etag in If-Match.",
        ),
        MailProblem::Conflict => ApiError::of(
            Code::ProviderUnavailable,
            "The item is being changed by another program. Try again.",
        )
        .retry_after(Duration::from_secs(1)),
        MailProblem::ContentIsFinal => ApiError::of(
            Code::ContentIsFinal,
            "Only drafts can be changed. Providers let no program change a message that was sent or received.",
        ),
        MailProblem::SyncTokenExpired => ApiError::of(
            Code::SyncTokenExpired,
            "The token is too old. Read all contacts again, without a token.",
        ),
        MailProblem::NotSent | MailProblem::Unavailable => unavailable(),
        MailProblem::UnavailableFor(wait) => unavailable().retry_after(wait),
        MailProblem::Slow => {
            ApiError::of(Code::ProviderUnavailable, "The provider did not answer in time. Try again later.")
        }
        MailProblem::Garbled => {
            ApiError::of(Code::ProviderError, "The provider gave an answer that cannot be understood.")
        }
    }
}

/// A page that a mailbox has too few requests left for.
fn page_words(fits: u32) -> String {
    format!(
        "A page of this size needs more requests than the provider now takes for this mailbox. A page of at most \
         {fits} fits now. Ask for fewer with limit, or wait."
    )
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Error(error) => error.into_response(),
            Self::Failure(failure) => failure.into_response(),
        }
    }
}

#[cfg(test)]
mod tests;
