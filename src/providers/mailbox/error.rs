//! Why a mailbox gave no answer.

use std::time::Duration;

use crate::providers::http::HttpFailure;

/// Whose limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Ours for one mailbox: too many requests wait, or one has waited too long.
    Mailbox,
    /// Ours for one mailbox: the wanted page needs more than is left. A page of `fits` items has enough.
    Page { fits: u32 },
    /// The provider's.
    Provider,
}

/// The provider's own words about an error that callers may see: its code and the id of the request, in one line of
/// printable characters each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderAnswer {
    pub code: Option<String>,
    pub request_id: Option<String>,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct MailError {
    pub problem: MailProblem,
    /// `None` if the provider said nothing.
    pub provider: Option<ProviderAnswer>,
}

/// The kind of a failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailProblem {
    /// The provider refused the request for a reason that no other kind names.
    #[error("the provider refused the request")]
    Refused,
    /// There is no such item, or its id has the wrong form.
    #[error("the mailbox has no such item")]
    NotFound,
    /// The account has no mailbox that the provider's API reaches.
    #[error("the account has no mailbox")]
    NoMailbox,
    /// The account's grant lacks a permission, which is named as connectors ask for it.
    #[error("the permission {0} is missing")]
    PermissionNotGranted(&'static str),
    /// The provider's API is not enabled for the connector's application, so it refuses every account of the connector.
    /// An administrator of the application must enable it; no new sign-in helps.
    #[error("the provider's API is not enabled for the application")]
    ApiDisabled,
    /// The access token is not valid any more. A new one may help.
    #[error("the provider refused the access token")]
    TokenRefused,
    /// The provider wants the user to sign in again.
    #[error("the provider wants a new sign-in")]
    NeedsSignIn,
    /// Too many requests; with the time after which to ask again, if it is known.
    #[error("too many requests")]
    Throttled { limit: Limit, retry_after: Option<Duration> },
    /// This provider cannot do what was asked: the words say what, for a developer.
    #[error("the provider cannot do this: {0}")]
    NotSupported(&'static str),
    /// A value that the caller gave has the wrong form: the words say which, for a developer.
    #[error("a value is wrong: {0}")]
    InvalidValue(&'static str),
    /// The content is larger than the caller's limit.
    #[error("the content is too large")]
    TooLarge,
    /// The mailbox has more items of a kind than one call reads, and a part of them would look like all. The words say
    /// which, and what to do, for a developer.
    #[error("the mailbox has more than a call reads: {0}")]
    TooMany(&'static str),
    /// The attachment is a link to a file elsewhere.
    #[error("the attachment is a link")]
    AttachmentIsLink,
    /// A folder there has the name already.
    #[error("there is a folder with this name")]
    FolderExists,
    /// The item has changed since the version that the caller named.
    #[error("the item has another version")]
    EtagMismatch,
    /// Another change of the same item is under way. A moment later the same request may succeed.
    #[error("the item is being changed")]
    Conflict,
    /// Only drafts can be changed in this way.
    #[error("the content of the message is final")]
    ContentIsFinal,
    /// The provider has forgotten the token for changes.
    #[error("the token for changes has expired")]
    SyncTokenExpired,
    /// The provider got nothing of the request: there was no connection, or the request did not leave this program.
    #[error("the request was not sent")]
    NotSent,
    /// The connection to the provider broke off, or it cannot answer at present.
    #[error("the provider is not available")]
    Unavailable,
    /// The provider cannot answer at present, and says after which time to ask again.
    #[error("the provider is not available for {0:?}")]
    UnavailableFor(Duration),
    /// No answer in time.
    #[error("the provider did not answer in time")]
    Slow,
    /// An answer that is not in the provider's documented form, or broke off.
    #[error("the provider's answer cannot be read")]
    Garbled,
}

impl MailError {
    /// The error of a request that comes before the one with the message: nothing was made or sent, so that the call may
    /// be repeated later.
    #[must_use]
    pub fn before_sending(self) -> Self {
        let retry_after = match self.problem {
            MailProblem::UnavailableFor(wait) => Some(wait),
            _ if self.problem.leaves_doubt() => None,
            _ => return self,
        };
        Self { problem: MailProblem::Throttled { limit: Limit::Provider, retry_after }, ..self }
    }
}

impl MailProblem {
    /// Whether the request may have been carried out: its answer was lost, came too late, or cannot be read.
    /// The refusal of a request is another problem, as is [`Self::NotSent`].
    pub const fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Unavailable | Self::UnavailableFor(_) | Self::Slow | Self::Garbled)
    }
}

impl From<MailProblem> for MailError {
    fn from(problem: MailProblem) -> Self {
        Self { problem, provider: None }
    }
}

impl From<HttpFailure> for MailProblem {
    fn from(failure: HttpFailure) -> Self {
        match failure {
            HttpFailure::NoConnection(_) => Self::NotSent,
            HttpFailure::Unreachable => Self::Unavailable,
            HttpFailure::TimedOut => Self::Slow,
            HttpFailure::TooLarge | HttpFailure::Request => Self::Garbled,
        }
    }
}

impl From<HttpFailure> for MailError {
    fn from(failure: HttpFailure) -> Self {
        MailProblem::from(failure).into()
    }
}
