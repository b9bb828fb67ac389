//! What to say of each end of a sign-in: what happened, whose job it is, and the one next step.

pub mod codes;

use super::model::{Outcome, ProviderWords, Why};
use crate::connectors::model::AccountType;

/// Whose job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever sets the connector up.
    Admin,
    /// Somebody who administers the accounts' tenant.
    TenantAdmin,
    /// Whoever signs in.
    SignsIn,
    /// Whoever runs the program.
    Operator,
    /// It passes by itself.
    Nobody,
}

impl Who {
    /// On the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Admin => "You, as the administrator of this connector",
            Self::TenantAdmin => "A Microsoft 365 administrator of the company whose account signs in",
            Self::SignsIn => "Whoever signs in",
            Self::Operator => "Whoever runs this program",
            Self::Nobody => "Nobody: it passes by itself",
        }
    }
}

/// What the page offers for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// To sign in again.
    Again,
    /// To replace the secret.
    Secret,
    /// To edit the connector.
    Edit,
    /// The Redirect URI, and a comparison with what Azure has.
    RedirectUri,
    /// To set the tenant and who may sign in, and sign in again.
    Tenant,
    /// To set who may sign in, and sign in again.
    AccountType(AccountType),
    /// The address at which an administrator approves.
    Approval,
}

/// The words for an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What happened, in a line.
    pub title: &'static str,
    /// What it means.
    pub what: String,
    /// Whose job it is.
    pub who: Who,
    /// What they do next.
    pub next: String,
    /// What the page offers for that.
    pub remedy: Remedy,
}

impl Diagnosis {
    fn of_code(code: u64) -> Option<Self> {
        let codes::Entry { title, what, who, next, remedy, .. } = codes::find(code)?;
        Some(Self { title, what: (*what).to_owned(), who: *who, next: (*next).to_owned(), remedy: *remedy })
    }

    /// Of an error that Microsoft showed on a page of its own.
    pub fn of_shown(code: Option<u64>) -> Self {
        code.and_then(Self::of_code).unwrap_or_else(|| of_why(&Why::RefusedAtSignIn))
    }
}

/// The words for a sign-in that did not go through: those of Microsoft's code where it sent one that is known,
/// which say more than the kind of the failure does.
pub fn of(why: &Why, said: Option<&ProviderWords>) -> Diagnosis {
    // How long to wait stands in the answer, and in no table.
    let code = said.and_then(ProviderWords::code).filter(|_| !matches!(why, Why::Throttled(_)));
    let unclear = matches!(why, Why::Denied | Why::RefusedAtSignIn | Why::ExchangeRefused);
    let error = said.and_then(|said| said.error.as_deref()).filter(|_| unclear);
    let by_error = || {
        match error? {
        "consent_required" => Diagnosis::of_code(65_001),
        // OpenID Connect Core 3.1.2.6.
        "interaction_required" | "login_required" | "account_selection_required" => Some(Diagnosis {
            title: "Microsoft asks for one more step",
            what: "The account has to do something at Microsoft before it may sign in, most often to prove itself by a \
                   second factor. The connector is as it was."
                .to_owned(),
            who: Who::SignsIn,
            next: "Sign in again, and do what Microsoft asks.".to_owned(),
            remedy: Remedy::Again,
        }),
        // Not by whoever signed in: then the code would say so.
        "access_denied" if code.is_some() => Some(Diagnosis {
            title: "Microsoft did not let the sign-in through",
            what: "Something forbids it, most often a rule of the account’s company. The connector is as it was."
                .to_owned(),
            who: Who::TenantAdmin,
            next: "Read what Microsoft said below: its code says which rule it was. Once that is changed, sign in \
                   again."
                .to_owned(),
            remedy: Remedy::Again,
        }),
        _ => None,
    }
    };
    code.and_then(Diagnosis::of_code).or_else(by_error).unwrap_or_else(|| of_why(why))
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn of_why(why: &Why) -> Diagnosis {
    let (title, what, who, next, remedy) = match why {
        Why::Denied => (
            "The sign-in was cancelled",
            "Whoever signed in did not agree to what the connector asks for. The connector is as it was.",
            Who::SignsIn,
            "Sign in again, and choose Accept where Microsoft lists the permissions.",
            Remedy::Again,
        ),
        Why::RefusedAtSignIn => (
            "Microsoft ended the sign-in",
            "It answered with an error instead of letting the sign-in through.",
            Who::Admin,
            "Read what Microsoft said below, mend it in the Azure portal, and sign in again.",
            Remedy::Again,
        ),
        Why::CredentialsRejected => (
            "Microsoft does not accept the client secret",
            "Most often the Client ID and the client secret do not belong together, or the secret has expired.",
            Who::Admin,
            "Under Certificates & secrets make a new client secret, copy it from the Value column, not \
             Secret ID, and replace the secret here.",
            Remedy::Secret,
        ),
        Why::ApplicationRefused => (
            "Microsoft does not let the application sign people in",
            "The Azure application may not use this kind of sign-in.",
            Who::Admin,
            "Check in the Azure portal that the platform is Web and that Supported account types is what stands \
             under Who may sign in here.",
            Remedy::Edit,
        ),
        Why::PermissionsRefused => (
            "Microsoft does not know a permission",
            "The application asked for a permission that it cannot have.",
            Who::Admin,
            "Compare API permissions in the Azure portal with View API scope on the connector’s page.",
            Remedy::Edit,
        ),
        Why::CodeRefused => (
            "Microsoft did not take the sign-in’s one-time code",
            "Microsoft gives the browser a code that works once. This one had been used, was too old, or was made \
             for another application.",
            Who::SignsIn,
            "Start the sign-in again, in one window.",
            Remedy::Again,
        ),
        Why::ExchangeRefused => (
            "Microsoft refused to finish the sign-in",
            "The sign-in itself went through, but Microsoft did not give access.",
            Who::Admin,
            "Read what Microsoft said below, mend it in the Azure portal, and sign in again.",
            Remedy::Again,
        ),
        Why::IdentityNotProved => (
            "Microsoft’s proof of who signed in does not fit",
            "The proof was made for another application, another sign-in or another company’s directory (tenant), and \
             was not believed.",
            Who::Admin,
            "Start the sign-in again. If it ends here once more, compare Who may sign in with Supported account \
             types in Azure.",
            Remedy::Again,
        ),
        Why::WrongTenant => (
            "This account belongs to another tenant",
            "The connector is for one tenant alone (a tenant is a company’s directory at Microsoft), and the account \
             that signed in is not of that tenant.",
            Who::Admin,
            "Sign in with an account of the connector’s tenant, or correct the tenant.",
            Remedy::Edit,
        ),
        Why::IdentityRefused => (
            "Microsoft Graph did not say who signed in",
            "The sign-in went through, but Microsoft Graph, from which applications read at Microsoft, did not \
             let this one read the profile.",
            Who::Admin,
            "Add the delegated permission User.Read under API permissions, and sign in again.",
            Remedy::Again,
        ),
        Why::PermissionsMissing(missing) => {
            return Diagnosis {
                title: "A permission is missing",
                what: format!(
                    "The connector cannot do without it, and it was not granted: {}.",
                    missing.join(", ")
                ),
                who: Who::Admin,
                next: "Under API permissions in the Azure portal see that it is listed and, where the column says so, \
                       approved by a Microsoft 365 administrator. Then sign in again."
                    .to_owned(),
                remedy: Remedy::Again,
            };
        }
        Why::WrongIssuer => (
            "The answer came from another provider or tenant",
            "The browser came back from another place than the one that it was sent to. Nothing of it was \
             used.",
            Who::Admin,
            "Start the sign-in again. If it ends here once more, tell whoever runs this program.",
            Remedy::Again,
        ),
        Why::Unavailable => (
            "Microsoft has trouble of its own",
            "It answered that it cannot serve the request now. The connector is as it was.",
            Who::Nobody,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        Why::Unreachable => (
            "Microsoft could not be reached",
            "No connection came about, or it broke off. The connector is as it was.",
            Who::Operator,
            "Sign in again in a minute. If this happens again, ask whoever runs this program to check that it may \
             reach login.microsoftonline.com and graph.microsoft.com: a firewall or a proxy may be in the way.",
            Remedy::Again,
        ),
        Why::Slow => (
            "Microsoft did not answer in time",
            "The program waits some seconds for an answer, and then gives up. The connector is as it was.",
            Who::Nobody,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        Why::Throttled(after) => {
            return Diagnosis {
                title: "Microsoft has had too many requests",
                what: "It asks this program to slow down. The connector is as it was.".to_owned(),
                who: Who::Nobody,
                next: match after {
                    Some(seconds @ ..120) => format!("Wait {seconds} seconds, then sign in again."),
                    Some(seconds) => format!("Wait {} minutes, then sign in again.", seconds.div_ceil(60)),
                    None => "Wait a few minutes, then sign in again.".to_owned(),
                },
                remedy: Remedy::Again,
            };
        }
        Why::Garbled => (
            "Microsoft’s answer could not be understood",
            "Something between here and Microsoft answered in its place, or the answer was damaged. The \
             connector is as it was.",
            Who::Operator,
            "Sign in again. If it ends here once more, check proxies and firewalls.",
            Remedy::Again,
        ),
        Why::Expired => (
            "The sign-in took too long",
            "A sign-in must come back within ten minutes. The connector is as it was.",
            Who::SignsIn,
            "Start the sign-in again.",
            Remedy::Again,
        ),
        Why::ConnectorChanged => (
            "The connector was changed meanwhile",
            "Its settings are no longer those that the sign-in began with, so it proves nothing of them.",
            Who::Admin,
            "Start the sign-in again, with the new settings.",
            Remedy::Again,
        ),
        Why::NotAllowed => (
            "Whoever began the sign-in may no longer do so",
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
            "Whoever runs this program has ended this sign-in",
            "All sessions and all sign-ins that were open were ended, as after a backup was restored. The \
             connector is as it was.",
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
    Diagnosis { title, what: what.to_owned(), who, next: next.to_owned(), remedy }
}

/// An outcome in a few words, for lists.
pub fn in_short(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Verified { current: true, .. } => "Verified",
        Outcome::Verified { current: false, .. } => "Went through, for older settings",
        Outcome::Failed { why, provider } => of(why, provider.as_ref()).title,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_chooses_the_words_and_an_unknown_one_leaves_them() {
        let said = |text| ProviderWords::new(Some("invalid_client"), Some(text), None, None);
        let expired = of(&Why::CredentialsRejected, Some(&said("AADSTS7000222: The keys are expired.")));
        assert_eq!(expired.title, "The client secret has expired");
        let unknown = of(&Why::CredentialsRejected, Some(&said("AADSTS9999999: Something new.")));
        assert_eq!(unknown.title, "Microsoft does not accept the client secret");
        assert_eq!(of(&Why::CredentialsRejected, None), unknown);
    }

    #[test]
    fn where_the_code_is_unknown_the_error_still_names_the_right_person() {
        let words =
            |why, error, text| of(&why, Some(&ProviderWords::new(Some(error), Some(text), None, None)));
        let step = words(Why::ExchangeRefused, "interaction_required", "AADSTS9999999: New.");
        assert_eq!((step.who, step.remedy), (Who::SignsIn, Remedy::Again));
        let consent = words(Why::RefusedAtSignIn, "consent_required", "");
        assert_eq!(consent.remedy, Remedy::Approval);
        let policy = words(Why::Denied, "access_denied", "AADSTS9999999: A policy.");
        assert_eq!(policy.who, Who::TenantAdmin);
        let cancelled = words(Why::Denied, "access_denied", "the user canceled the authentication");
        assert_eq!(cancelled.title, "The sign-in was cancelled");
        let slow = words(Why::Unavailable, "access_denied", "AADSTS9999999: New.");
        assert_eq!(slow.title, "Microsoft has trouble of its own");
    }

    #[test]
    fn who_is_throttled_reads_for_how_long() {
        let said = ProviderWords::new(None, Some("AADSTS90033: A transient error."), None, None);
        assert!(of(&Why::Throttled(Some(30)), Some(&said)).next.starts_with("Wait 30 seconds"));
        assert!(of(&Why::Throttled(Some(121)), None).next.starts_with("Wait 3 minutes"));
        assert!(of(&Why::Throttled(None), None).next.starts_with("Wait a few minutes"));
    }
}
