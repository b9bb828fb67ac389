//! Explains each outcome of a sign-in: what happened, who can solve it, and the next step. Outcomes that the provider
//! decides are explained by `providers`.

use super::model::{ConnectProblem, Outcome, SignInProblem};
use crate::providers::{
    Provider, ProviderWords,
    diagnosis::{Diagnosis, Remedy, Who},
};

/// The explanation of a failed sign-in.
pub fn diagnose(provider: &dyn Provider, why: &SignInProblem, said: Option<&ProviderWords>) -> Diagnosis {
    let nothing_sent = || {
        let name = provider.names().provider;
        format!("Nothing was sent to {name}, and the connector was not changed.")
    };
    let (title, what, who, next, remedy) = match why {
        SignInProblem::Provider(why) => return provider.diagnose(why, said),
        SignInProblem::Expired => (
            "The sign-in took too long",
            "A sign-in must come back within ten minutes. The connector was not changed.".to_owned(),
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        SignInProblem::ConnectorChanged => (
            "The connector was changed during the sign-in",
            "The connector has other settings now than at the start of the sign-in, so the sign-in proves nothing \
             about the new settings."
                .to_owned(),
            Who::Admin,
            "Start the sign-in again, with the new settings.",
            Remedy::Again,
        ),
        SignInProblem::NotAllowed => (
            "The user who began the sign-in may no longer do so",
            format!(
                "They were disabled, or are no longer an administrator, since they began. {}",
                nothing_sent()
            ),
            Who::Admin,
            "Start the sign-in again, as an administrator.",
            Remedy::Again,
        ),
        SignInProblem::SecretUnreadable => (
            "The stored client secret cannot be opened",
            format!(
                "It was encrypted with another key or by another version of this program, or it was \
                 changed in the database. {}",
                nothing_sent()
            ),
            Who::Operator,
            "Put the right encryption key in place (`mail360 check` says whether it fits), then sign in \
             again.",
            Remedy::Message,
        ),
        SignInProblem::AttemptUnreadable => (
            "The stored data of this sign-in cannot be opened",
            format!(
                "It was encrypted with another key, or it was changed in the database. {}",
                nothing_sent()
            ),
            Who::Operator,
            "Start the sign-in again. If the sign-in fails with this error again, `mail360 check` says whether the \
             encryption key fits.",
            Remedy::Again,
        ),
        SignInProblem::EndedByOperator => (
            "The operator has ended this sign-in",
            "All sessions and all sign-ins that were open were ended, as after a backup was restored. The \
             connector was not changed."
                .to_owned(),
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        SignInProblem::LoggedOut => (
            "A session was ended after this sign-in began",
            format!(
                "The user logged out, or a password, a second factor or a role was changed, or an administrator \
                 ended all sessions of the user who began it. {}",
                nothing_sent()
            ),
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        SignInProblem::Superseded => (
            "Newer sign-ins have ended this one",
            "Ten sign-ins were open; the oldest was ended.".to_owned(),
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
    };
    Diagnosis::of_one_cause(title, what, who, next, remedy)
}

/// A mailbox was connected, in a few words.
pub const CONNECTED: &str = "Connected";

/// A mailbox is connected only after its application has confirmed it, in a few words.
pub const UNCONFIRMED: &str = "Signed in; the application must confirm the mailbox";

/// Why a mailbox was not connected, in a few words for administrators.
pub const fn describe_connect_problem(why: ConnectProblem) -> &'static str {
    match why {
        ConnectProblem::UnexpectedMailbox => "Another mailbox than the link expects",
        ConnectProblem::WrongAccount => "Another account than the link is for",
        ConnectProblem::OtherConnector => "Already connected through another connector",
        ConnectProblem::AccountAlreadyConnected => "Already connected for other applications",
        ConnectProblem::NoMailbox => "The account has no mailbox",
        ConnectProblem::NoSubject => "The provider did not say which account it is",
        ConnectProblem::NoRefreshToken => "The provider gave no lasting access",
        ConnectProblem::LinkUsed => "The link was used by another sign-in",
        ConnectProblem::LinkExpired => "The link has expired",
        ConnectProblem::LinkRevoked => "The link was revoked",
    }
}

/// An outcome in a few words, for lists.
pub fn describe_in_short(provider: &dyn Provider, outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { current: true, .. } => "Verified",
        Outcome::Verified { current: false, .. } => "Worked, but with old settings",
        Outcome::Connected { .. } => CONNECTED,
        Outcome::Unconfirmed { .. } => UNCONFIRMED,
        Outcome::NotConnected { why, .. } => describe_connect_problem(*why),
        Outcome::Failed { why, provider: said } => diagnose(provider, why, said.as_ref()).title,
    }
}
