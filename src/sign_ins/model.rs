//! The model of a sign-in: its outcomes, the reasons of failures, and the steps of its timeline.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use time::Duration;

use crate::{
    accounts::service::AccountId,
    providers::{self, FreeText, Names, ProviderWords, RefusalKind, known_error},
};

/// A callback must come within this time after the attempt was started.
pub const VALID: Duration = Duration::minutes(10);
/// Maximum time from the consuming write to the outcome.
pub const EXCHANGE_TIME_LIMIT: Duration = Duration::seconds(15);
/// For this time a late or repeated callback of the same browser still leads to the outcome. The binding cookie has
/// the same life.
pub const FINDABLE: Duration = Duration::hours(1);
/// Timelines are kept for this long.
pub const KEPT: Duration = Duration::days(90);
/// Maximum number of timelines that are kept for a connector.
pub const KEPT_PER_CONNECTOR: u64 = 100;
/// Maximum number of open attempts of a user. One more ends the oldest.
pub const OPEN_PER_USER: usize = 10;
/// Maximum number of open attempts of a connect link. No more can be started.
pub const OPEN_PER_LINK: usize = 5;
/// Maximum number of attempts that one network address starts with links, in a window of the throttles.
pub const STARTS_PER_ADDRESS: i64 = 300;

/// The purpose of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Purpose {
    /// An administrator verifies a connector.
    Verify,
    /// A person connects a mailbox with a link.
    Connect,
    /// A person signs in again to an account that exists, with a link that was made for it.
    Reconnect,
}

impl Purpose {
    /// The stored form.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Finds a purpose by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// Writes an empty text for a field that the previous version of this program requires.
fn empty<S: serde::Serializer>(_: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("")
}

/// How a sign-in ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that the connector needs was shown to work.
    Verified {
        /// The name of the person who signed in, as the provider gives it. It is serialised as an empty text,
        /// because free text is stored sealed.
        #[serde(default, serialize_with = "empty")]
        account: String,
        /// Optional permissions that were asked for and not granted.
        missing: Vec<String>,
        /// Whether the connector still had the settings that were tried.
        current: bool,
    },
    /// The sign-in failed.
    Failed {
        why: SignInProblem,
        /// The provider's words, shown as text to an administrator.
        provider: Option<ProviderWords>,
    },
    /// A mailbox was connected with a link.
    Connected {
        account_id: AccountId,
        /// The email of the mailbox. It is serialised as an empty text, because free text is stored sealed.
        #[serde(default, serialize_with = "empty")]
        email: String,
        /// Permissions that were asked for and not granted.
        missing: Vec<String>,
    },
    /// A person signed in with a link, and the mailbox is connected once the application has confirmed it.
    Unconfirmed {
        /// The email of the mailbox. It is serialised as an empty text, because free text is stored sealed.
        #[serde(default, serialize_with = "empty")]
        email: String,
        /// Permissions that were asked for and not granted.
        missing: Vec<String>,
    },
    /// The provider gave access to an account, and this program did not connect it.
    NotConnected {
        why: ConnectProblem,
        /// The account that signed in, as the provider names it. It is serialised as an empty text, because free text
        /// is stored sealed.
        #[serde(default, serialize_with = "empty")]
        account: String,
    },
}

/// Why a mailbox was not connected, although the provider gave access to it. The names are also the codes that
/// applications get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ConnectProblem {
    /// Another mailbox than the one that the link expects.
    #[serde(rename = "wrong_mailbox")]
    #[strum(serialize = "wrong_mailbox")]
    UnexpectedMailbox,
    /// Another account than the one that the link was made for.
    WrongAccount,
    /// The mailbox is connected through another connector.
    OtherConnector,
    /// The mailbox is connected, and the API client that made the link must not change the account in such a way.
    AccountAlreadyConnected,
    /// The provider says that the account has no mailbox.
    NoMailbox,
    /// The provider did not prove which account it is.
    NoSubject,
    /// The provider gave no refresh token, so the access would end within hours.
    NoRefreshToken,
    /// The link was used by another sign-in.
    LinkUsed,
    LinkExpired,
    LinkRevoked,
}

impl ConnectProblem {
    /// The code for applications. It never changes.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

impl Outcome {
    /// The free text of the outcome. It is stored sealed.
    pub fn free_text(&self) -> FreeText {
        match self {
            Self::Verified { account, .. }
            | Self::Connected { email: account, .. }
            | Self::Unconfirmed { email: account, .. }
            | Self::NotConnected { account, .. } => {
                FreeText { account: Some(account.clone()), ..FreeText::default() }
            }
            Self::Failed { provider: Some(said), .. } => FreeText {
                error: said.error.clone().filter(|error| known_error(error).is_none()),
                description: said.description.clone(),
                account: None,
            },
            Self::Failed { provider: None, .. } => FreeText::default(),
        }
    }

    /// The outcome with its free text, after that was opened.
    #[must_use]
    pub fn with_free_text(mut self, text: FreeText) -> Self {
        match &mut self {
            Self::Verified { account, .. }
            | Self::Connected { email: account, .. }
            | Self::Unconfirmed { email: account, .. }
            | Self::NotConnected { account, .. } => {
                if let Some(opened) = text.account {
                    *account = opened;
                }
            }
            Self::Failed { provider: Some(said), .. } => {
                said.error = said.error.take().or(text.error);
                said.description = said.description.take().or(text.description);
            }
            Self::Failed { provider: None, .. } => {}
        }
        self
    }

    /// The code of the error for applications. It never changes. `None` if the mailbox was connected, or may still be.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verified { .. } | Self::Connected { .. } | Self::Unconfirmed { .. } => None,
            Self::NotConnected { why, .. } => Some(why.code()),
            Self::Failed { why, .. } => Some(why.code()),
        }
    }

    /// Whether the person who signed in stopped it, or a rule of their company did.
    pub const fn is_denied(&self) -> bool {
        matches!(self, Self::Failed { why: SignInProblem::Provider(RefusalKind::Denied), .. })
    }
}

/// The reason why a sign-in failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInProblem {
    /// The callback came after the attempt had expired.
    Expired,
    /// The connector was changed between the way out and the way back.
    ConnectorChanged,
    /// The user who began it may no longer administer connectors.
    NotAllowed,
    /// The sessions of the user who began it were ended since then.
    LoggedOut,
    /// The user had too many open attempts, and this one was the oldest.
    Superseded,
    /// The operator has ended all open attempts.
    EndedByOperator,
    /// The vault cannot open the connector's secret.
    SecretUnreadable,
    /// The vault cannot open the PKCE verifier of the attempt.
    AttemptUnreadable,
    /// The provider refused. Stored by its own name.
    #[serde(untagged)]
    Provider(RefusalKind),
}

impl SignInProblem {
    /// The code for applications. It never changes.
    const fn code(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::ConnectorChanged => "connector_changed",
            Self::NotAllowed | Self::LoggedOut | Self::Superseded | Self::EndedByOperator => "ended",
            Self::SecretUnreadable | Self::AttemptUnreadable => "internal_error",
            Self::Provider(RefusalKind::Denied) => "access_denied",
            Self::Provider(RefusalKind::PermissionsMissing(_)) => "permissions_missing",
            Self::Provider(RefusalKind::WrongDirectory) => "wrong_directory",
            Self::Provider(
                RefusalKind::CredentialsRejected
                | RefusalKind::ApplicationRefused
                | RefusalKind::PermissionsRefused
                | RefusalKind::ApiDisabled,
            ) => "connector_refused",
            Self::Provider(
                RefusalKind::Unavailable
                | RefusalKind::Unreachable
                | RefusalKind::Slow
                | RefusalKind::Throttled(_),
            ) => "provider_unavailable",
            Self::Provider(_) => "sign_in_failed",
        }
    }
}

impl From<RefusalKind> for SignInProblem {
    fn from(why: RefusalKind) -> Self {
        Self::Provider(why)
    }
}

/// The reason of a failed sign-in, with the words of the provider.
#[derive(Clone, Debug)]
pub struct FailedSignIn {
    pub why: SignInProblem,
    /// The words of the provider, and the findings of this program.
    pub words: Option<Box<ProviderWords>>,
}

impl From<providers::Refusal> for FailedSignIn {
    fn from(refusal: providers::Refusal) -> Self {
        Self { why: refusal.why.into(), words: refusal.words }
    }
}

impl<W: Into<SignInProblem>> From<W> for FailedSignIn {
    fn from(why: W) -> Self {
        Self { why: why.into(), words: None }
    }
}

/// A step of the timeline. The variants are in the order of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// The attempt was started.
    Started,
    /// The browser was sent to the provider.
    Sent,
    /// The browser came back, with a code or with an error.
    Returned,
    /// The callback came in time from the right browser, and user and connector were unchanged.
    Checked,
    /// The code was exchanged for tokens.
    CodeExchanged,
    /// The ID token was checked, and the account was read.
    Identity,
    /// The granted permissions were compared with the requested ones.
    Permissions,
    /// The provider was asked for the mailbox of the account.
    Mailbox,
    /// The outcome was written.
    Outcome,
    /// A callback with this sign-in's state came in another browser, and was refused.
    ForeignBrowser,
}

impl Step {
    /// Finds a step by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// On the screen.
    pub fn words(self, names: &Names) -> Cow<'static, str> {
        let name = names.provider;
        let words = match self {
            Self::Sent => return format!("Sent to {name}").into(),
            Self::Returned => return format!("Came back from {name}").into(),
            Self::CodeExchanged => {
                return format!("{name} accepted the client secret and gave access").into();
            }
            Self::Identity => return format!("{name} said who signed in").into(),
            Self::Started => "Started",
            Self::Checked => "The answer belongs to this sign-in",
            Self::Permissions => "Permissions compared",
            Self::Mailbox => "Looked for the mailbox",
            Self::Outcome => "Ended",
            Self::ForeignBrowser => "Another browser sent the callback of this sign-in, and was refused",
        };
        words.into()
    }

    /// The stored form.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The provider's clock in a sentence that compares the server's clock with it.
pub fn clock_of(names: &Names) -> String {
    format!("{}’s", names.provider)
}

/// The duration of a step in words, from microseconds; `None` if it is too short to be shown.
pub fn took(micros: i64) -> Option<String> {
    let millis = micros / 1_000;
    match millis {
        ..1 => None,
        1..1_000 => Some(format!("{millis} ms")),
        1_000..60_000 => Some(format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)),
        _ => Some(format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000)),
    }
}

#[cfg(test)]
mod tests;
