//! What to say of each end of a sign-in: what happened, whose job it is, and the one next step.

use super::model::{Outcome, Why};

/// The words for an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What happened, in a line.
    pub title: &'static str,
    /// What it means.
    pub what: String,
    /// Whose job it is.
    pub who: &'static str,
    /// What they do next.
    pub next: &'static str,
}

const ADMIN: &str = "You, as the administrator of this connector.";
const OPERATOR: &str = "Whoever runs this program.";
const NOBODY: &str = "Nobody’s: it may pass by itself.";

/// The words for a sign-in that did not go through.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub fn of(why: &Why) -> Diagnosis {
    let (title, what, who, next) = match why {
        Why::Denied => (
            "The sign-in was cancelled",
            "Whoever signed in did not agree to what the connector asks for. The connector is as it was.",
            "Whoever signs in.",
            "Sign in again, and choose Accept where Microsoft lists the permissions.",
        ),
        Why::RefusedAtSignIn => (
            "Microsoft ended the sign-in",
            "Microsoft sent the browser back with an error in place of a code.",
            ADMIN,
            "Read what Microsoft said below, mend it in the Azure portal, and sign in again.",
        ),
        Why::CredentialsRejected => (
            "Microsoft does not accept the client secret",
            "The client ID and the client secret do not belong together, or the secret has expired.",
            ADMIN,
            "Under Certificates & secrets make a new client secret, copy it from the Value column, not \
             Secret ID, and replace the secret on the connector's page.",
        ),
        Why::ApplicationRefused => (
            "Microsoft does not let the application sign people in",
            "The Azure application may not use this kind of sign-in.",
            ADMIN,
            "Check in the Azure portal that the platform is Web and that the account type is the one \
             that you chose here.",
        ),
        Why::PermissionsRefused => (
            "Microsoft does not know a permission",
            "The application asked for a permission that it cannot have.",
            ADMIN,
            "Compare API permissions in the Azure portal with View API scope on the connector's page.",
        ),
        Why::CodeRefused => (
            "Microsoft did not take the sign-in's code",
            "The code had been used, was too old, or was made for another application.",
            "Whoever signs in.",
            "Start the sign-in again, in one window.",
        ),
        Why::ExchangeRefused => (
            "Microsoft refused to finish the sign-in",
            "The sign-in itself went through, but Microsoft did not give access.",
            ADMIN,
            "Read what Microsoft said below, mend it in the Azure portal, and sign in again.",
        ),
        Why::IdentityNotProved => (
            "Microsoft's proof of who signed in does not fit",
            "The proof was made for another application, another sign-in or another tenant, and was not \
             believed.",
            ADMIN,
            "Start the sign-in again. If it ends here once more, check the account type.",
        ),
        Why::WrongTenant => (
            "This account belongs to another tenant",
            "The connector is for one tenant alone, and the account that signed in is not of that tenant.",
            ADMIN,
            "Sign in with an account of the connector's tenant, or correct the tenant.",
        ),
        Why::IdentityRefused => (
            "Microsoft Graph did not say who signed in",
            "The sign-in went through, but Microsoft Graph did not let the application read the profile.",
            ADMIN,
            "Add the delegated permission User.Read under API permissions, and sign in again.",
        ),
        Why::PermissionsMissing(missing) => {
            return Diagnosis {
                title: "A permission is missing",
                what: format!(
                    "The connector cannot do without it, and it was not granted: {}.",
                    missing.join(", ")
                ),
                who: ADMIN,
                next: "Add it under API permissions in the Azure portal, and sign in again.",
            };
        }
        Why::WrongIssuer => (
            "The answer came from another provider or tenant",
            "The browser came back from another place than the one that it was sent to. Nothing of it was \
             used.",
            ADMIN,
            "Start the sign-in again. If it ends here once more, tell whoever runs this program.",
        ),
        Why::Unavailable => (
            "Microsoft could not be reached",
            "Microsoft did not answer in time, or had no time for us. The connector is as it was.",
            NOBODY,
            "Wait a minute, and sign in again.",
        ),
        Why::Garbled => (
            "Microsoft's answer could not be understood",
            "Something between here and Microsoft answered in its place, or the answer was damaged. The \
             connector is as it was.",
            OPERATOR,
            "Sign in again. If it ends here once more, check proxies and firewalls.",
        ),
        Why::Expired => (
            "The sign-in took too long",
            "A sign-in must come back within ten minutes. The connector is as it was.",
            "Whoever signs in.",
            "Start the sign-in again.",
        ),
        Why::ConnectorChanged => (
            "The connector was changed meanwhile",
            "Its settings are no longer those that the sign-in began with, so it proves nothing of them.",
            ADMIN,
            "Start the sign-in again, with the new settings.",
        ),
        Why::NotAllowed => (
            "Whoever began the sign-in may no longer do so",
            "They were disabled, or are no longer an administrator, since they began. Nothing was sent to \
             Microsoft, and the connector is as it was.",
            "An administrator of your organisation.",
            "Start the sign-in again, as an administrator.",
        ),
        Why::SecretUnreadable => (
            "The stored client secret cannot be opened",
            "It was sealed with another encryption key, or it was changed in the database. Nothing was sent \
             to Microsoft, and the connector is as it was.",
            OPERATOR,
            "Put the right encryption key in place (`mail360 check` says whether it fits), then sign in again.",
        ),
        Why::AttemptUnreadable => (
            "What was kept for this sign-in cannot be opened",
            "It was sealed with another encryption key, or it was changed in the database. Nothing was sent \
             to Microsoft, and the connector is as it was.",
            OPERATOR,
            "Start the sign-in again. If it ends here once more, `mail360 check` says whether the encryption \
             key fits.",
        ),
        Why::Superseded => (
            "Newer sign-ins have ended this one",
            "Ten sign-ins were open; the oldest was ended.",
            "Whoever signs in.",
            "Start the sign-in again.",
        ),
    };
    Diagnosis { title, what: what.to_owned(), who, next }
}

/// An outcome in a few words, for lists.
pub fn in_short(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { .. } => "Verified",
        Outcome::Failed { why, .. } => of(why).title,
    }
}
