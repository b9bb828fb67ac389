//! Explains Google's errors: what happened, who can solve it, and the next step.

use std::ops::RangeInclusive;

use time::Duration;
use url::Url;

use super::{
    causes,
    changes::{ANY_DOMAIN, DOMAIN},
    codes::{self, just_made},
    general::General,
    places::{DATA_ACCESS, GMAIL_API, PEOPLE_API},
};
use crate::providers::{
    ProviderWords, RefusalKind,
    diagnosis::{Cause, Diagnosis, Remedy, Who},
};

/// The hosts of Google's consoles. An address in a message is shown only if it is on one of them.
const CONSOLES: [&str; 2] = ["console.cloud.google.com", "console.developers.google.com"];

/// An API of Google that must be enabled for an application.
struct Api {
    /// The host of the API, by which the consoles name it.
    host: &'static str,
    /// Its page in the console.
    page: &'static str,
    title: &'static str,
    what: &'static str,
    /// The next step, if the message has no address.
    next: &'static str,
}

static APIS: [Api; 2] = [
    Api {
        host: "gmail.googleapis.com",
        page: GMAIL_API,
        title: "The Gmail API is not enabled for the application",
        what: "Google serves the Gmail API only to a Google Cloud project in which it is enabled, and in the project of \
               this OAuth client it is not. Nothing is wrong with the accounts: no one has to sign in again.",
        next: "Open Gmail API in the project of the OAuth client, and choose Enable. Then try again.",
    },
    Api {
        host: "people.googleapis.com",
        page: PEOPLE_API,
        title: "The People API is not enabled for the application",
        what: "Google serves contacts by its People API, only to a Google Cloud project in which it is enabled, and in \
               the project of this OAuth client it is not. Nothing is wrong with the accounts: no one has to sign in \
               again.",
        next: "Open People API in the project of the OAuth client, and choose Enable. Then try again.",
    },
];

/// The age of a grant that Google has ended because the application is in testing: seven days (Google, OAuth 2.0, refresh
/// token expiration), and the time until the next refresh meets it.
const ENDED_IN_TESTING: RangeInclusive<Duration> = Duration::hours(7 * 24 - 1)..=Duration::hours(7 * 24 + 36);

/// Why Google has ended a grant at this age, if the age tells it.
pub fn end_by_age(age: Duration) -> Option<&'static str> {
    ENDED_IN_TESTING.contains(&age).then_some(
        "The access ended seven days after the sign-in. Google ends every access after seven days while the application’s \
         publishing status is Testing. In Google Cloud console open Audience, and choose Make internal or Publish app. \
         Then let the owner of the mailbox sign in again.",
    )
}

/// The explanation of an error of Google's own, if it is in the table.
pub fn of_code(code: &str) -> Option<Diagnosis> {
    let codes::CodeEntry { title, what, causes, .. } = codes::find(code)?;
    Some(Diagnosis { title, what: (*what).to_owned(), causes: causes.to_vec() })
}

/// The explanation of an error that Google showed on its own page.
pub fn of_shown(code: Option<&str>) -> Diagnosis {
    let general = |code: &str| match code {
        "invalid_grant" => Some(of_why(&RefusalKind::CodeRefused)),
        "server_error" => Some(of_why(&RefusalKind::Unavailable)),
        code => General::of(code).map(General::diagnosis),
    };
    code.and_then(|code| of_code(code).or_else(|| general(code)))
        .unwrap_or_else(|| General::Pasted.diagnosis())
}

/// The same explanation for a connector that has no address for approval, which all of Google's are.
pub fn without_consent(diagnosis: Diagnosis) -> Diagnosis {
    diagnosis.without_consent(Cause::only(Who::CompanyAdmin, codes::TRUST, Remedy::Message))
}

/// Whether the words prove a mistake in the Client ID or the secret.
pub fn is_about_credentials(said: &ProviderWords) -> bool {
    telling_code(said).is_some_and(|code| codes::CREDENTIALS.contains(&code))
}

/// The name in the table of codes of the most precise error; `None` if Google sent only an error of the OAuth
/// specifications.
pub fn telling_code(said: &ProviderWords) -> Option<&'static str> {
    let named = |text: Option<&str>| text.and_then(codes::name);
    named(said.reason.as_deref()).or_else(|| named(said.error.as_deref()))
}

/// The explanation of a failed sign-in or of a refused question. If Google sent a known error of its own, its
/// explanation is used, because it is more precise than the kind of the failure.
pub fn of(why: &RefusalKind, said: Option<&ProviderWords>) -> Diagnosis {
    if let Some(evidence) = said.and_then(|said| said.evidence.as_ref()) {
        return causes::of(why, evidence);
    }
    // The answer says how long to wait; the table of codes cannot.
    let code = said.and_then(telling_code).filter(|_| !matches!(why, RefusalKind::Throttled(_)));
    let is_disabled = code.is_some_and(|code| codes::API_DISABLED.contains(&code));
    if is_disabled || *why == RefusalKind::ApiDisabled {
        return of_disabled_api(said.and_then(|said| said.description.as_deref()).unwrap_or_default());
    }
    let unclear = matches!(
        why,
        RefusalKind::Denied
            | RefusalKind::RefusedAtSignIn
            | RefusalKind::ExchangeRefused
            | RefusalKind::CodeRefused
    );
    let error = said.and_then(|said| said.error.as_deref()).filter(|_| unclear);
    let by_error = || match error? {
        // OpenID Connect Core 3.1.2.6. Google's older name for the first is `immediate_failed`.
        "interaction_required"
        | "immediate_failed"
        | "login_required"
        | "account_selection_required"
        | "consent_required" => Some(Diagnosis::of_one_cause(
            "Google asks for one more step",
            "The account has to do something on Google’s page before it may sign in. The connector was not changed.",
            Who::SignsIn,
            "Sign in again, and do what Google asks.",
            Remedy::Again,
        )),
        _ => None,
    };
    code.and_then(of_code).or_else(by_error).unwrap_or_else(|| of_why(why))
}

/// The explanation of an API that is not enabled. The message of Google names the API and the page that enables it.
fn of_disabled_api(message: &str) -> Diagnosis {
    let api = APIS.iter().find(|api| {
        let name = api.host.split('.').next().unwrap_or_default();
        let message = message.to_ascii_lowercase();
        message.contains(api.host) || message.contains(&format!("{name} api"))
    });
    let Some(api) = api else {
        return of_code(codes::API_DISABLED[0]).unwrap_or_else(|| General::AtExchange.diagnosis());
    };
    let next = match console_address(message, api.host) {
        Some(address) => format!(
            "Open {address} and choose Enable. The project that the page names at the top must be that of the OAuth \
             client. Then try again."
        ),
        None => api.next.to_owned(),
    };
    Diagnosis {
        title: api.title,
        what: api.what.to_owned(),
        causes: vec![
            Cause {
                when: "If you have not enabled it",
                who: Who::Admin,
                next: next.into(),
                remedy: Remedy::Open(api.page),
            },
            just_made("If you enabled it within the last few minutes", Remedy::Again),
        ],
    }
}

/// The address in a message at which an API is enabled. It is written again from its checked parts: a console of
/// Google, the API, and the number or name of a project. Anything else in the message is dropped.
fn console_address(message: &str, api: &str) -> Option<String> {
    message.split_whitespace().find_map(|word| {
        let at = word.find("https://")?;
        let url = Url::parse(word.get(at..)?.trim_end_matches(['.', ',', ')', '"', '\'', '>'])).ok()?;
        let host = CONSOLES.into_iter().find(|host| url.host_str() == Some(*host))?;
        let is_plain = url.port().is_none() && url.username().is_empty() && url.password().is_none();
        let names_api = url.path_segments()?.any(|part| part == api);
        let (_, project) = url.query_pairs().find(|(name, _)| name == "project")?;
        let is_project = (1..=30).contains(&project.len())
            && project.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (is_plain && names_api && is_project)
            .then(|| format!("https://{host}/apis/api/{api}/overview?project={project}"))
    })
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn of_why(why: &RefusalKind) -> Diagnosis {
    let (title, what, who, next, remedy) = match why {
        RefusalKind::Denied => return General::Cancelled.diagnosis(),
        RefusalKind::RefusedAtSignIn => return General::AtSignIn.diagnosis(),
        RefusalKind::CredentialsRejected => return General::Credentials.diagnosis(),
        RefusalKind::ApplicationRefused => return General::Application.diagnosis(),
        RefusalKind::PermissionsRefused => return General::Permissions.diagnosis(),
        RefusalKind::ExchangeRefused => return General::AtExchange.diagnosis(),
        RefusalKind::ApiDisabled => return of_disabled_api(""),
        RefusalKind::CodeRefused => (
            "Google did not take the sign-in’s one-time code",
            "Google gives the browser a code that works once. This code had been used, was too old, or was made for \
             another application.",
            Who::SignsIn,
            "Start the sign-in again, in one window.",
            Remedy::Again,
        ),
        RefusalKind::IdentityNotProved => (
            "Google’s proof of who signed in does not fit",
            "The proof was made for another application or another sign-in, and was not accepted.",
            Who::Admin,
            "Start the sign-in again. If the sign-in fails with this error again, compare the Client ID here with the one \
             under Clients in Google Cloud console.",
            Remedy::Edit,
        ),
        RefusalKind::WrongDirectory => {
            return Diagnosis {
                title: "The account that signed in belongs to another domain",
                what: "The connector is for accounts of one Google Workspace domain only, and the account is of another \
                       one or a personal one."
                    .to_owned(),
                causes: vec![
                    Cause::one(
                        "If another account was meant",
                        Who::SignsIn,
                        "Sign in again with an account of the connector’s domain.",
                        Remedy::Again,
                    ),
                    Cause::one(
                        "If the domain could be written wrong",
                        Who::Admin,
                        "Enter the primary domain of the organization. The Google Admin console names it under Account, \
                         Domains.",
                        Remedy::Change(&DOMAIN),
                    ),
                    Cause::one(
                        "If accounts of other domains are to sign in",
                        Who::Admin,
                        "Let accounts of any domain sign in. In Google Cloud console the user type under Audience must \
                         then be External.",
                        Remedy::Change(&ANY_DOMAIN),
                    ),
                ],
            };
        }
        RefusalKind::IdentityRefused => (
            "Google did not say who signed in",
            "The sign-in went through, but Google did not name the account or its mailbox.",
            Who::Admin,
            "See that the permissions openid, email and profile are listed under Data Access in Google Cloud console. \
             Then sign in again.",
            Remedy::Open(DATA_ACCESS),
        ),
        RefusalKind::NoRefreshToken => (
            "Google did not give lasting access",
            "The sign-in went through, but Google gave no refresh token, without which the access would end within the \
             hour. The connector was not changed.",
            Who::SignsIn,
            "Sign in again. If Google’s page does not list the permissions this time either, remove the application’s \
             access under Third-party connections in the Google Account, and sign in once more.",
            Remedy::Again,
        ),
        RefusalKind::TokenRefused => (
            "Google no longer accepts the access to the mailbox",
            "Google’s API does not accept the access token.",
            Who::SignsIn,
            "Try again. If this happens again, let the user sign in again.",
            Remedy::Again,
        ),
        RefusalKind::AccessRefused => (
            "Google refused access to the mailbox",
            "Google’s API refused the request. Perhaps the account has no mailbox at Gmail, the permission was taken \
             back, or a rule of the company forbids it.",
            Who::CompanyAdmin,
            "Read Google’s message below. See that Gmail is switched on for the account, and that the company allows this \
             application to read it.",
            Remedy::Message,
        ),
        RefusalKind::PermissionsMissing(missing) => {
            return Diagnosis {
                title: "A permission is missing",
                what: format!(
                    "The connector needs a permission that was not granted: {}. On Google’s page users can leave the box \
                     of each permission empty.",
                    missing.join(", ")
                ),
                causes: vec![
                    Cause::one(
                        "If a box was left empty on Google’s page",
                        Who::SignsIn,
                        "Sign in again, and tick all boxes on the page that lists the permissions.",
                        Remedy::Again,
                    ),
                    Cause::one(
                        "If Google’s page did not list it",
                        Who::Admin,
                        "In Google Cloud console open Data Access, choose Add or remove scopes, add it, and choose Save. \
                         Then sign in again.",
                        Remedy::Open(DATA_ACCESS),
                    ),
                    Cause::one(
                        "If the account’s company does not allow it",
                        Who::CompanyAdmin,
                        codes::TRUST,
                        Remedy::Message,
                    ),
                ],
            };
        }
        RefusalKind::WrongIssuer => (
            "The answer came from another provider",
            "The browser came back from another place than the one to which it was sent. The answer was not used.",
            Who::Operator,
            "Start the sign-in again. If the sign-in fails with this error again, check the configured addresses and look \
             for a proxy.",
            Remedy::Message,
        ),
        RefusalKind::Unavailable => (
            "Google has a problem at the moment",
            "Google answered that it cannot serve the request now. The connector was not changed.",
            Who::NoOne,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        RefusalKind::Unreachable => (
            "Google could not be reached",
            "We could not connect to Google, or the connection was lost. The connector was not changed.",
            Who::Operator,
            "Sign in again in a minute. If this happens again, ask the operator to check that the program may reach \
             oauth2.googleapis.com, gmail.googleapis.com and people.googleapis.com, or the addresses that are set \
             instead: a firewall or a proxy may be in the way.",
            Remedy::Again,
        ),
        RefusalKind::Slow => (
            "Google did not answer in time",
            "The program waits some seconds for an answer, and then gives up. The connector was not changed.",
            Who::NoOne,
            "Wait a minute, and sign in again.",
            Remedy::Again,
        ),
        RefusalKind::Throttled(after) => {
            let next = match after {
                Some(seconds @ ..120) => format!("Wait {seconds} seconds, then try again."),
                Some(seconds) => format!("Wait {} minutes, then try again.", seconds.div_ceil(60)),
                None => "Wait a few minutes, then try again.".to_owned(),
            };
            return Diagnosis::of_one_cause(
                "Google has had too many requests",
                "Google asks this program to send fewer requests. The connector was not changed.",
                Who::NoOne,
                next,
                Remedy::Again,
            );
        }
        RefusalKind::Garbled => (
            "Google’s answer could not be understood",
            "Something between here and Google answered in its place, or the answer was damaged. The connector was not \
             changed.",
            Who::Operator,
            "Sign in again. If the sign-in fails with this error again, check proxies and firewalls.",
            Remedy::Again,
        ),
    };
    Diagnosis::of_one_cause(title, what, who, next, remedy)
}

#[cfg(test)]
mod tests;
