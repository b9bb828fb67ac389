//! Explains Microsoft's errors: what happened, who can solve it, and the next step.

use super::{
    causes,
    codes::{self, just_made},
    general::General,
    places::PERMISSIONS,
    words::code_in,
};
use crate::providers::{
    ProviderWords, RefusalKind,
    diagnosis::{Cause, Diagnosis, Remedy, Who},
};

/// The explanation of a code, if it is in the table.
pub fn of_code(code: u64) -> Option<Diagnosis> {
    let codes::CodeEntry { title, what, causes, .. } = codes::find(code)?;
    Some(Diagnosis { title, what: (*what).to_owned(), causes: causes.to_vec() })
}

/// The explanation of an error that Microsoft showed on its own page.
pub fn of_shown(code: Option<u64>) -> Diagnosis {
    let Some(code) = code else { return General::Pasted.diagnosis() };
    of_code(code).unwrap_or_else(|| General::Pasted.diagnosis())
}

/// The same explanation for a connector that has no address for approval.
pub fn without_consent(diagnosis: Diagnosis) -> Diagnosis {
    diagnosis.without_consent(Cause::only(
        Who::CompanyAdmin,
        "In the Azure portal, under API permissions, choose Grant admin consent. Then sign in again.",
        Remedy::Open(PERMISSIONS),
    ))
}

/// Whether the words prove a mistake in the Client ID, the secret or the tenant.
pub fn is_about_credentials(said: &ProviderWords) -> bool {
    telling_code(said).is_some_and(|code| codes::CREDENTIALS.contains(&code))
}

/// The most precise code. Microsoft often names a general code first (AADSTS70002) and the cause after it, in the list
/// of codes or in the description. A code that is not in the table is returned only if no code is.
pub fn telling_code(said: &ProviderWords) -> Option<u64> {
    let description = said.description.as_deref().unwrap_or_default();
    let named = description.match_indices("AADSTS").filter_map(|(at, _)| code_in(&description[at..]));
    let all: Vec<u64> = said.codes.iter().copied().chain(named).collect();
    let known = |code: &&u64| codes::find(**code).is_some();
    let telling = all.iter().filter(known).find(|code| !codes::GENERAL.contains(code));
    telling.or_else(|| all.iter().find(known)).or_else(|| said.codes.first()).copied()
}

/// The explanation of a failed sign-in. If Microsoft sent a known code, its explanation is used, because it is more
/// precise than the kind of the failure.
pub fn of(why: &RefusalKind, said: Option<&ProviderWords>) -> Diagnosis {
    if let Some(evidence) = said.and_then(|said| said.evidence.as_ref()) {
        return causes::of(why, evidence);
    }
    // The answer says how long to wait; the table of codes cannot.
    let code = said.and_then(telling_code).filter(|_| !matches!(why, RefusalKind::Throttled(_)));
    let unclear = matches!(
        why,
        RefusalKind::Denied
            | RefusalKind::RefusedAtSignIn
            | RefusalKind::ExchangeRefused
            | RefusalKind::CodeRefused
    );
    let error = said.and_then(|said| said.error.as_deref()).filter(|_| unclear);
    let by_error = || match error? {
        "consent_required" => of_code(65_001),
        // OpenID Connect Core 3.1.2.6.
        "interaction_required" | "login_required" | "account_selection_required" => {
            Some(Diagnosis::of_one_cause(
                "Microsoft asks for one more step",
                "The account has to do something on Microsoft’s page before it may sign in. The connector was not \
                 changed.",
                Who::SignsIn,
                "Sign in again, and do what Microsoft asks.",
                Remedy::Again,
            ))
        }
        _ => None,
    };
    // Without a code an OAuth error has the meaning of its specification. With an unknown code it can mean anything.
    let by_unknown_code = || match why {
        RefusalKind::Denied => Some(General::Denied.diagnosis()),
        RefusalKind::CodeRefused => Some(General::Grant.diagnosis()),
        _ => None,
    };
    let known = code.and_then(of_code).or_else(by_error);
    known.or_else(|| code.and_then(|_| by_unknown_code())).unwrap_or_else(|| of_why(why))
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn of_why(why: &RefusalKind) -> Diagnosis {
    let (title, what, who, next, remedy) = match why {
        RefusalKind::Denied => return General::Cancelled.diagnosis(),
        RefusalKind::RefusedAtSignIn => return General::AtSignIn.diagnosis(),
        RefusalKind::CredentialsRejected => return General::Credentials.diagnosis(),
        RefusalKind::ApplicationRefused => return General::Application.diagnosis(),
        RefusalKind::PermissionsRefused => return General::Permissions.diagnosis(),
        RefusalKind::CodeRefused => (
            "Microsoft did not take the sign-in’s one-time code",
            "Microsoft gives the browser a code that works once. This code had been used, was too old, or was made \
             for another application.",
            Who::SignsIn,
            "Start the sign-in again, in one window.",
            Remedy::Again,
        ),
        RefusalKind::ExchangeRefused => return General::AtExchange.diagnosis(),
        RefusalKind::IdentityNotProved => (
            "Microsoft’s proof of who signed in does not fit",
            "The proof was made for another application, another sign-in or another company’s directory (tenant), \
             and was not accepted.",
            Who::Admin,
            "Start the sign-in again. If the sign-in fails with this error again, compare Who may sign in with \
             Supported account types in Azure.",
            Remedy::Again,
        ),
        RefusalKind::WrongDirectory => (
            "The account that signed in belongs to another tenant",
            "The connector is for one tenant only (a tenant is a company’s directory at Microsoft), and the account \
             is not of that tenant.",
            Who::Admin,
            "Sign in with an account of the connector’s tenant, or correct the tenant.",
            Remedy::Edit,
        ),
        RefusalKind::IdentityRefused => (
            "Microsoft Graph did not say who signed in",
            "The sign-in went through, but Microsoft Graph, from which applications read at Microsoft, did not let \
             this application read the profile.",
            Who::Admin,
            "See that the delegated permission User.Read is listed under API permissions and, where the column says \
             so, approved. Then sign in again.",
            Remedy::Open(PERMISSIONS),
        ),
        RefusalKind::NoRefreshToken => (
            "Microsoft did not give lasting access",
            "The sign-in went through, but Microsoft gave no refresh token, without which the access would end within \
             the hour. The connector was not changed.",
            Who::Admin,
            "See that the delegated permission offline_access is listed under API permissions. Then sign in again.",
            Remedy::Open(PERMISSIONS),
        ),
        RefusalKind::TokenRefused => (
            "Microsoft no longer accepts the access to the mailbox",
            "Microsoft Graph, from which applications read at Microsoft, does not accept the access token.",
            Who::SignsIn,
            "Try again. If this happens again, let the user sign in again.",
            Remedy::Again,
        ),
        RefusalKind::AccessRefused => (
            "Microsoft refused access to the mailbox",
            "Microsoft Graph, from which applications read at Microsoft, refused the request. Perhaps the account has \
             no mailbox, the permission was taken back, or a rule of the company forbids it.",
            Who::CompanyAdmin,
            "Read Microsoft’s message below. See that the account has a mailbox, and that the company allows this \
             application to read it.",
            Remedy::Message,
        ),
        // Microsoft Graph is the same for all applications, so Microsoft never says this.
        RefusalKind::ApiDisabled => (
            "Microsoft does not let the application use Microsoft Graph",
            "Microsoft Graph, from which applications read at Microsoft, is not enabled for this application.",
            Who::Admin,
            "Compare API permissions in the Azure portal with View API scope on the connector’s page. Then sign in again.",
            Remedy::Open(PERMISSIONS),
        ),
        RefusalKind::PermissionsMissing(missing) => {
            return Diagnosis {
                title: "A permission is missing",
                what: format!(
                    "The connector needs a permission that was not granted: {}.",
                    missing.join(", ")
                ),
                causes: vec![
                    Cause::one(
                        "If it is not in the list in Azure",
                        Who::Admin,
                        "Add it under API permissions in the Azure portal, as a delegated permission of Microsoft \
                         Graph. Then sign in again.",
                        Remedy::Open(PERMISSIONS),
                    ),
                    Cause::one(
                        "If it is there and not approved yet",
                        Who::CompanyAdmin,
                        "Send them the message for the administrator. When they have allowed the permissions, sign in \
                         again.",
                        Remedy::Consent,
                    ),
                    just_made("If it was added or approved within the last few minutes", Remedy::Again),
                ],
            };
        }
        RefusalKind::WrongIssuer => (
            "The answer came from another provider or tenant",
            "The browser came back from another place than the one to which it was sent. The answer was not used.",
            Who::Admin,
            "Start the sign-in again. If the sign-in fails with this error again, tell the operator.",
            Remedy::Again,
        ),
        RefusalKind::Unavailable => (
            "Microsoft has a problem at the moment",
            "Microsoft answered that it cannot serve the request now. The connector was not changed.",
            Who::NoOne,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        RefusalKind::Unreachable => (
            "Microsoft could not be reached",
            "We could not connect to Microsoft, or the connection was lost. The connector was not changed.",
            Who::Operator,
            "Sign in again in a minute. If this happens again, ask the operator to check that the program may reach \
             Microsoft’s sign-in and Microsoft Graph (login.microsoftonline.com and graph.microsoft.com, or the \
             addresses that are set instead): a firewall or a proxy may be in the way.",
            Remedy::Again,
        ),
        RefusalKind::Slow => (
            "Microsoft did not answer in time",
            "The program waits some seconds for an answer, and then gives up. The connector was not changed.",
            Who::NoOne,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        RefusalKind::Throttled(after) => {
            let next = match after {
                Some(seconds @ ..120) => format!("Wait {seconds} seconds, then sign in again."),
                Some(seconds) => format!("Wait {} minutes, then sign in again.", seconds.div_ceil(60)),
                None => "Wait a few minutes, then sign in again.".to_owned(),
            };
            return Diagnosis::of_one_cause(
                "Microsoft has had too many requests",
                "Microsoft asks this program to send fewer requests. The connector was not changed.",
                Who::NoOne,
                next,
                Remedy::Again,
            );
        }
        RefusalKind::Garbled => (
            "Microsoft’s answer could not be understood",
            "Something between here and Microsoft answered in its place, or the answer was damaged. The \
             connector was not changed.",
            Who::Operator,
            "Sign in again. If the sign-in fails with this error again, check proxies and firewalls.",
            Remedy::Again,
        ),
    };
    Diagnosis::of_one_cause(title, what, who, next, remedy)
}

#[cfg(test)]
mod tests;
