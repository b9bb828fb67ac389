//! Explanations for causes that this program found itself: a failed check, or a failed connection.

use super::errors::of_why;
use crate::providers::{
    Claim, Evidence, Mismatch, RefusalKind, clock_words_of,
    diagnosis::{Diagnosis, Remedy, Who},
    guid, no_connection,
};

/// The explanation of a finding.
pub fn of(why: &RefusalKind, evidence: &Evidence) -> Diagnosis {
    match evidence {
        Evidence::NoConnection { host, why: cause } => no_connection::explain(of_why(why), host, *cause),
        Evidence::Mismatch(mismatch) => match mismatch.claim {
            Claim::Exp | Claim::Nbf => of_time(why, mismatch),
            Claim::Iss | Claim::CallbackIss => of_issuer(why, mismatch),
            Claim::Tid | Claim::Hd => of_tenant(why, mismatch),
            Claim::Aud | Claim::Azp | Claim::Nonce | Claim::IdToken => of_claim(why, mismatch),
        },
    }
}

/// A value in the form in which sentences show it.
fn value_or_nothing(value: Option<&String>) -> &str {
    value.map_or("nothing", String::as_str)
}

fn of_time(why: &RefusalKind, mismatch: &Mismatch) -> Diagnosis {
    let early = mismatch.claim == Claim::Nbf;
    let judged = if early { "not valid yet" } else { "expired" };
    if !early && mismatch.received.is_none() {
        return of_why(why).known_to_be(
            "The proof does not say until when it is valid (its `exp` is missing or no number). The proof was not \
             accepted, and the connector was not changed."
                .to_owned(),
            Who::Operator,
            "Look for a proxy that changes Microsoft’s answers, and check the configured addresses. Then sign in \
             again.",
            Remedy::Message,
        );
    }
    let (title, what, next) = match (mismatch.clock_ahead, mismatch.clock_is_wrong_by()) {
        (_, Some(ahead)) => (
            "The server’s clock is wrong",
            format!(
                "The server’s clock is {}. By this clock, Microsoft’s proof of who signed in is {judged}. The \
                 connector was not changed.",
                clock_words_of(ahead, "Microsoft’s")
            ),
            "Set the clock of the server that runs this program, best by a time service (NTP). Then sign in again.",
        ),
        (Some(_), None) => (
            "Microsoft’s proof of who signed in is out of date",
            format!(
                "The proof is {judged}, although the server’s clock is the same as Microsoft’s. The connector was \
                 not changed."
            ),
            "Look for a proxy that keeps Microsoft’s answers and gives old ones. Then sign in again.",
        ),
        (None, None) => (
            "Microsoft’s proof of who signed in is out of date",
            format!(
                "By the server’s clock the proof is {judged}. Most often that clock is wrong. The connector was not \
                 changed."
            ),
            "Compare the clock of the server that runs this program with the right time, set it, and sign in again.",
        ),
    };
    Diagnosis::of_one_cause(title, what, Who::Operator, next, Remedy::Message)
}

fn of_issuer(why: &RefusalKind, mismatch: &Mismatch) -> Diagnosis {
    let expected = value_or_nothing(mismatch.expected.as_ref());
    let received = value_or_nothing(mismatch.received.as_ref());
    let what = format!(
        "The answer names {received} as the issuer, and this program expects {expected}. The answer was not \
         accepted, and the connector was not changed."
    );
    let host = |text: &str| text.split('/').nth(2).map(str::to_owned);
    let next = match (host(expected), host(received)) {
        // The issuer of the ID token and the settings were right; only the callback’s issuer differs.
        _ if mismatch.claim == Claim::CallbackIss && *why == RefusalKind::IdentityNotProved => return Diagnosis { what, ..of_why(why) },
        (_, None) => return Diagnosis { what, ..of_why(why) },
        // Microsoft's platform of version 1.0 has issuers of its own.
        (_, Some(received)) if received.starts_with("sts.") => {
            "This is the issuer of version 1.0 of Microsoft’s identity platform. Let MAIL360_MICROSOFT_AUTHORIZE_URL \
             and MAIL360_MICROSOFT_TOKEN_URL have /oauth2/v2.0/ in their paths. Then sign in again."
                .to_owned()
        }
        (expected_host, received_host) if expected_host == received_host => same_host(received),
        _ => "If the connector uses another Microsoft cloud, set MAIL360_MICROSOFT_ISSUER to the issuer of that cloud, \
              as the other addresses are set; `mail360 check` compares them. Otherwise something answers in \
              Microsoft’s place: look for a proxy."
            .to_owned(),
    };
    of_why(why).known_to_be(what, Who::Operator, next, Remedy::Message)
}

/// The next step if the issuer has the right host and another path.
fn same_host(received: &str) -> String {
    let parts = received.split('/').map(|part| if guid(part).is_some() { "{tenant}" } else { part });
    let template = parts.collect::<Vec<_>>().join("/");
    // A part that is not repeated cannot be written into a setting.
    if template.contains('…') {
        return "Compare MAIL360_MICROSOFT_ISSUER with the issuer in the provider’s metadata (its address ends in \
                /.well-known/openid-configuration). Then sign in again."
            .to_owned();
    }
    format!(
        "Only the path differs. If MAIL360_MICROSOFT_AUTHORIZE_URL and MAIL360_MICROSOFT_TOKEN_URL are right, set \
         MAIL360_MICROSOFT_ISSUER to {template}, and sign in again."
    )
}

fn of_tenant(why: &RefusalKind, mismatch: &Mismatch) -> Diagnosis {
    let usual = of_why(why);
    let what = format!(
        "{} The connector’s tenant is {}, and the account’s is {}.",
        usual.what,
        value_or_nothing(mismatch.expected.as_ref()),
        value_or_nothing(mismatch.received.as_ref())
    );
    Diagnosis { what, ..usual }
}

fn of_claim(why: &RefusalKind, mismatch: &Mismatch) -> Diagnosis {
    let usual = of_why(why);
    let (what, who, next, remedy) = match mismatch.claim {
        Claim::Aud => (
            format!(
                "The proof was made for the application {}, and this connector’s Client ID is {}. The proof was not \
                 accepted.",
                value_or_nothing(mismatch.received.as_ref()),
                value_or_nothing(mismatch.expected.as_ref())
            ),
            Who::Admin,
            "Compare the Client ID here with the Application (client) ID in the Azure portal, and sign in again.",
            Remedy::Edit,
        ),
        Claim::Nonce => (
            "The proof was made for another sign-in: its nonce, a number that is used once, is not the one that was \
             sent. The proof was not accepted."
                .to_owned(),
            Who::SignsIn,
            "Start the sign-in again, in one window. If the sign-in fails with this error again, ask the operator to \
             look for a proxy that keeps Microsoft’s answers.",
            Remedy::Again,
        ),
        _ => (
            "Microsoft gave access, but its answer held no proof of who signed in (no ID token).".to_owned(),
            Who::Operator,
            "Check that the configured addresses are those of Microsoft’s identity platform, version 2.0. Then sign in \
             again.",
            Remedy::Message,
        ),
    };
    usual.known_to_be(what, who, next, remedy)
}
