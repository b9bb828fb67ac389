//! The reasons why a provider refuses a request or does not answer: [`Refusal`] for sign-ins and questions to its API,
//! [`RefreshRefusal`] for refreshes of a grant.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Evidence, ProviderWords};

/// The kind of a refusal. The OAuth `error` and the status decide it; a provider's own codes only choose words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// `access_denied`: the person who signed in refused, or a rule refused them.
    Denied,
    /// The provider ended the sign-in before it gave a code.
    RefusedAtSignIn,
    /// `invalid_client`.
    CredentialsRejected,
    /// `unauthorized_client`.
    ApplicationRefused,
    /// `invalid_scope`.
    PermissionsRefused,
    /// `invalid_grant`: the code was not accepted.
    CodeRefused,
    /// Another error of the token endpoint.
    ExchangeRefused,
    /// The ID token is not for this sign-in.
    IdentityNotProved,
    /// The account belongs to another directory than the connector's. Stored by the name of earlier versions.
    #[serde(rename = "wrong_tenant")]
    WrongDirectory,
    /// The provider did not name the account that signed in.
    IdentityRefused,
    /// The provider's API does not accept the access token (401).
    TokenRefused,
    /// The provider's API refuses a request with a valid access token.
    AccessRefused,
    /// The provider's API is not enabled for the application, so it refuses every account. Its words say which API.
    ApiDisabled,
    /// Required permissions were not granted.
    PermissionsMissing(Vec<String>),
    /// The provider gave no refresh token, so the access would end with the first access token.
    NoRefreshToken,
    /// The answer came from another provider than the one that was asked.
    WrongIssuer,
    /// The provider has an internal problem: 5xx, `temporarily_unavailable`, `server_error`.
    Unavailable,
    /// No connection to the provider, or it broke.
    Unreachable,
    /// The provider did not answer in time.
    Slow,
    /// The provider got too many requests (429). The number of seconds to wait, if the provider names it.
    Throttled(Option<u32>),
    /// The provider's answer cannot be understood.
    Garbled,
}

impl RefusalKind {
    /// The kind of refusal for an error that came in place of a code.
    pub fn of_sign_in_error(error: &str) -> Self {
        match error {
            "access_denied" => Self::Denied,
            "invalid_scope" => Self::PermissionsRefused,
            "unauthorized_client" => Self::ApplicationRefused,
            "temporarily_unavailable" | "server_error" => Self::Unavailable,
            // This includes `invalid_client`: no secret was sent yet, so the error says nothing about it.
            _ => Self::RefusedAtSignIn,
        }
    }
}

/// A refusal with the words of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub why: RefusalKind,
    /// The words of the provider, and the findings of this program.
    pub words: Option<Box<ProviderWords>>,
}

impl Refusal {
    /// A refusal whose reason this program found itself.
    pub fn found(why: RefusalKind, evidence: Evidence) -> Self {
        Self { why, words: Some(Box::new(ProviderWords::found(evidence))) }
    }
}

impl From<RefusalKind> for Refusal {
    fn from(why: RefusalKind) -> Self {
        Self { why, words: None }
    }
}

/// The kind of a refused refresh. The status and the OAuth `error` decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshProblem {
    /// `invalid_grant`: the provider has ended the grant.
    GrantRefused,
    /// `interaction_required`: the person has to do something on the provider's page.
    InteractionRequired,
    /// `consent_required`.
    ConsentRequired,
    /// `login_required`.
    LoginRequired,
    /// `invalid_client`: the credentials of the connector.
    CredentialsRejected,
    /// `unauthorized_client`: the company of the account has removed the application or switched it off.
    CompanyRefused,
    /// `invalid_scope`.
    ScopesRefused,
    /// Another OAuth `error`.
    Refused,
    /// 429 or 503: the token endpoint wants fewer requests. The time to wait, if it names one.
    Throttled(Option<Duration>),
    /// Another 5xx, `temporarily_unavailable` or `server_error`. The time to wait, if it names one.
    Unavailable(Option<Duration>),
    /// No connection to the provider, or it broke.
    Unreachable,
    /// The provider did not answer in time.
    Slow,
    /// The answer cannot be understood: neither tokens nor an OAuth `error`.
    Garbled,
}

/// A refused refresh with the words of the provider.
#[derive(Clone, Debug)]
pub struct RefreshRefusal {
    pub problem: RefreshProblem,
    /// The words of the provider, and the findings of this program. They contain no token.
    pub words: Option<Box<ProviderWords>>,
}

impl From<RefreshProblem> for RefreshRefusal {
    fn from(problem: RefreshProblem) -> Self {
        Self { problem, words: None }
    }
}
