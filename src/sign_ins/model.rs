//! The model of a sign-in: its outcomes, the reasons of failures, and the steps of its timeline.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use time::Duration;

use crate::providers::{self, FreeText, Names, ProviderWords, known_error};

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

/// The purpose of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Purpose {
    /// An administrator verifies a connector.
    Verify,
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
}

impl Outcome {
    /// The free text of the outcome. It is stored sealed.
    pub fn free_text(&self) -> FreeText {
        match self {
            Self::Verified { account, .. } => {
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
            Self::Verified { account, .. } => {
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
    Provider(providers::RefusalKind),
}

impl From<providers::RefusalKind> for SignInProblem {
    fn from(why: providers::RefusalKind) -> Self {
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
mod tests {
    use super::*;

    #[test]
    fn the_duration_of_a_step_is_shown_in_readable_units() {
        assert_eq!(took(999), None);
        assert_eq!(took(240_000).as_deref(), Some("240 ms"));
        assert_eq!(took(1_290_000).as_deref(), Some("1.2 s"));
        assert_eq!(took(72_000_000).as_deref(), Some("1 min 12 s"));
    }

    #[test]
    fn an_outcome_of_an_earlier_version_is_understood() {
        let earlier = r#"{"outcome":"failed","why":"unavailable","provider":{"error":"x","description":null,
            "trace_id":null,"correlation_id":null}}"#;
        let outcome: Outcome = serde_json::from_str(earlier).expect("an outcome");
        assert!(matches!(
            outcome,
            Outcome::Failed {
                why: SignInProblem::Provider(providers::RefusalKind::Unavailable),
                provider: Some(_)
            }
        ));
    }

    #[test]
    fn an_account_of_another_directory_is_stored_by_the_name_of_earlier_versions() {
        let why = serde_json::to_string(&SignInProblem::from(providers::RefusalKind::WrongDirectory))
            .expect("JSON");
        assert_eq!(why, r#""wrong_tenant""#);
    }

    #[test]
    fn a_purpose_is_found_by_its_name() {
        assert_eq!(Purpose::Verify.name(), "verify");
        assert_eq!(Purpose::from_name("verify"), Some(Purpose::Verify));
        assert_eq!(Purpose::from_name(""), None);
    }

    #[test]
    fn each_step_is_found_by_its_name() {
        let stored = [
            "started",
            "sent",
            "returned",
            "checked",
            "code_exchanged",
            "identity",
            "permissions",
            "outcome",
            "foreign_browser",
        ];
        assert!(Step::VARIANTS.iter().map(|step| step.name()).eq(stored));
        assert!(Step::VARIANTS.iter().all(|step| Step::from_name(step.name()) == Some(*step)));
    }

    #[test]
    fn an_outcome_is_the_same_after_the_database() {
        for outcome in [
            Outcome::Verified { account: "ada".into(), missing: vec!["Mail.Read".into()], current: true },
            Outcome::Failed {
                why: providers::RefusalKind::PermissionsMissing(vec!["profile".into()]).into(),
                provider: None,
            },
            Outcome::Failed { why: providers::RefusalKind::Throttled(Some(120)).into(), provider: None },
            Outcome::Failed { why: providers::RefusalKind::Throttled(None).into(), provider: None },
            Outcome::Failed { why: providers::RefusalKind::WrongDirectory.into(), provider: None },
        ] {
            let text = serde_json::to_string(&outcome).expect("JSON");
            let read = serde_json::from_str::<Outcome>(&text).expect("an outcome");
            assert_eq!(read.with_free_text(outcome.free_text()), outcome);
        }
    }

    #[test]
    fn n9_only_known_codes_and_ids_of_a_provider_are_stored_in_clear() {
        let id = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
        let words = |error, trace| ProviderWords::of(Some(error), Some("canary-1 E50011"), Some(trace), None);
        let outcomes = [
            Outcome::Verified { account: "canary-2".into(), missing: Vec::new(), current: true },
            Outcome::Failed {
                why: providers::RefusalKind::Denied.into(),
                provider: Some(words("canary-3", "canary-4")),
            },
            Outcome::Failed {
                why: providers::RefusalKind::Denied.into(),
                provider: Some(words("invalid_grant", id)),
            },
        ];
        for outcome in outcomes {
            let text = serde_json::to_string(&outcome).expect("JSON");
            assert!(!text.contains("canary"), "{text}");
            let read = serde_json::from_str::<Outcome>(&text).expect("an outcome");
            assert_eq!(read.with_free_text(outcome.free_text()), outcome);
        }
        let kept = serde_json::to_string(&words("invalid_grant", id)).expect("JSON");
        assert!(kept.contains("invalid_grant") && kept.contains(id), "{kept}");
    }
}
