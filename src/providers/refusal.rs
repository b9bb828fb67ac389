//! The reasons why a provider refuses a request or does not answer.

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
    /// Required permissions were not granted.
    PermissionsMissing(Vec<String>),
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
#[derive(Clone, Debug)]
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
