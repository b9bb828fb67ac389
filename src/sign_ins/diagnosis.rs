//! Explains each outcome of a sign-in: what happened, who can solve it, and the next step. Outcomes that the provider
//! decides are explained by `providers`.

use super::model::{Outcome, Why};
use crate::providers::{
    ProviderWords,
    diagnosis::{Diagnosis, Remedy, Who},
    microsoft::errors,
};

/// The explanation of a failed sign-in.
pub fn of(why: &Why, said: Option<&ProviderWords>) -> Diagnosis {
    let (title, what, who, next, remedy) = match why {
        Why::Provider(why) => return errors::of(why, said),
        Why::Expired => (
            "The sign-in took too long",
            "A sign-in must come back within ten minutes. The connector is as it was.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        Why::ConnectorChanged => (
            "The connector was changed in the meantime",
            "Its settings are no longer those that the sign-in began with, so it proves nothing of them.",
            Who::Admin,
            "Start the sign-in again, with the new settings.",
            Remedy::Again,
        ),
        Why::NotAllowed => (
            "The user who began the sign-in may no longer do so",
            "They were disabled, or are no longer an administrator, since they began. Nothing was sent to \
             Microsoft, and the connector is as it was.",
            Who::Admin,
            "Start the sign-in again, as an administrator.",
            Remedy::Again,
        ),
        Why::SecretUnreadable => (
            "The stored client secret cannot be opened",
            "It was encrypted with another key or by another version of this program, or it was \
             changed in the database. Nothing was sent to Microsoft, and the connector is as it was.",
            Who::Operator,
            "Put the right encryption key in place (`mail360 check` says whether it fits), then sign in again.",
            Remedy::Again,
        ),
        Why::AttemptUnreadable => (
            "What was kept for this sign-in cannot be opened",
            "It was encrypted with another key, or it was changed in the database. Nothing was sent \
             to Microsoft, and the connector is as it was.",
            Who::Operator,
            "Start the sign-in again. If it ends here once more, `mail360 check` says whether the encryption \
             key fits.",
            Remedy::Again,
        ),
        Why::EndedByOperator => (
            "The operator has ended this sign-in",
            "All sessions and all sign-ins that were open were ended, as after a backup was restored. The \
             connector is as it was.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        Why::LoggedOut => (
            "A session was ended after this sign-in began",
            "Somebody logged out, or a password, a second factor or a role was changed, or an administrator ended all \
             sessions of the user who began it. Nothing was sent to Microsoft, and the connector is as it was.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        Why::Superseded => (
            "Newer sign-ins have ended this one",
            "Ten sign-ins were open; the oldest was ended.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
    };
    Diagnosis::of_one_cause(title, what, who, next, remedy)
}

/// An outcome in a few words, for lists.
pub fn in_short(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { current: true, .. } => "Verified",
        Outcome::Verified { current: false, .. } => "Went through, for older settings",
        Outcome::Failed { why, provider } => of(why, provider.as_ref()).title,
    }
}
