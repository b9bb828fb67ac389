//! Explanations for causes that this program found itself: a failed check, or a failed connection.

use super::errors::of_why;
use crate::providers::{
    Claim, Evidence, Mismatch, RefusalKind, clock_words_of,
    diagnosis::{Diagnosis, Remedy, Who},
    no_connection,
};

/// The explanation of a finding.
pub fn of(why: &RefusalKind, evidence: &Evidence) -> Diagnosis {
    match evidence {
        Evidence::NoConnection { host, why: cause } => no_connection::explain(of_why(why), host, *cause),
        Evidence::Mismatch(mismatch) => match mismatch.claim {
            Claim::Exp | Claim::Nbf => of_time(why, mismatch),
            Claim::Iss | Claim::CallbackIss => of_issuer(why, mismatch),
            Claim::Hd | Claim::Tid => of_domain(why, mismatch),
            Claim::Aud | Claim::Azp | Claim::Nonce | Claim::IdToken => of_claim(why, mismatch),
        },
    }
}

/// A value in the form in which sentences show it.
fn value_or_nothing(value: Option<&String>) -> &str {
    value.map_or("nothing", String::as_str)
}

fn of_domain(why: &RefusalKind, mismatch: &Mismatch) -> Diagnosis {
    let usual = of_why(why);
    let expected = value_or_nothing(mismatch.expected.as_ref());
    let account = match &mismatch.received {
        Some(domain) => format!("the account’s is {domain}"),
        None => "the account belongs to none: it is a personal one".to_owned(),
    };
    let what = format!("{} The connector’s domain is {expected}, and {account}.", usual.what);
    Diagnosis { what, ..usual }
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
            "Look for a proxy that changes Google’s answers, and check the configured addresses. Then sign in again.",
            Remedy::Message,
        );
    }
    let (title, what, next) = match (mismatch.clock_ahead, mismatch.clock_is_wrong_by()) {
        (_, Some(ahead)) => (
            "The server’s clock is wrong",
            format!(
                "The server’s clock is {}. By this clock, Google’s proof of who signed in is {judged}. The connector was \
                 not changed.",
                clock_words_of(ahead, "Google’s")
            ),
            "Set the clock of the server that runs this program, best by a time service (NTP). Then sign in again.",
        ),
        (Some(_), None) => (
            "Google’s proof of who signed in is out of date",
            format!(
                "The proof is {judged}, although the server’s clock is the same as Google’s. The connector was not \
                 changed."
            ),
            "Look for a proxy that keeps Google’s answers and gives old ones. Then sign in again.",
        ),
        (None, None) => (
            "Google’s proof of who signed in is out of date",
            format!(
                "By the server’s clock the proof is {judged}. Perhaps that clock is wrong. The connector was not changed."
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
        "The answer names {received} as the issuer, and this program expects {expected}. The answer was not accepted, \
         and the connector was not changed."
    );
    of_why(why).known_to_be(
        what,
        Who::Operator,
        "Compare MAIL360_GOOGLE_ISSUER with the issuer in Google’s metadata \
         (https://accounts.google.com/.well-known/openid-configuration). If it is right, something answers in Google’s \
         place: look for a proxy. Then sign in again.",
        Remedy::Message,
    )
}

fn of_claim(why: &RefusalKind, mismatch: &Mismatch) -> Diagnosis {
    let (what, who, next, remedy) = match mismatch.claim {
        Claim::Aud | Claim::Azp => (
            format!(
                "The proof was made for the application {}, and this connector’s Client ID is {}. The proof was not \
                 accepted.",
                value_or_nothing(mismatch.received.as_ref()),
                value_or_nothing(mismatch.expected.as_ref())
            ),
            Who::Admin,
            "Compare the Client ID here with the one under Clients in Google Cloud console, and sign in again.",
            Remedy::Edit,
        ),
        Claim::Nonce => (
            "The proof was made for another sign-in: its nonce, a number that is used once, is not the one that was sent. \
             The proof was not accepted."
                .to_owned(),
            Who::SignsIn,
            "Start the sign-in again, in one window. If the sign-in fails with this error again, ask the operator to look \
             for a proxy that keeps Google’s answers.",
            Remedy::Again,
        ),
        _ => (
            "Google gave access, but its answer held no proof of who signed in (no ID token).".to_owned(),
            Who::Operator,
            "Check that the configured addresses are those of Google. Then sign in again.",
            Remedy::Message,
        ),
    };
    of_why(why).known_to_be(what, who, next, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::NoConnection;

    fn mismatch(claim: Claim, clock_ahead: Option<i64>) -> Evidence {
        let values = (Some("value-1".to_owned()), Some("value-2".to_owned()));
        Evidence::Mismatch(Mismatch { clock_ahead, ..Mismatch::new(claim, values.0, values.1) })
    }

    #[test]
    fn a_wrong_clock_is_named_with_its_error() {
        let wrong = of(&RefusalKind::IdentityNotProved, &mismatch(Claim::Exp, Some(7_200)));
        assert_eq!(wrong.title, "The server’s clock is wrong");
        assert!(wrong.what.contains("2 hours ahead of Google’s"), "{}", wrong.what);
        let old = of(&RefusalKind::IdentityNotProved, &mismatch(Claim::Nbf, Some(0)));
        assert!(old.what.contains("not valid yet"), "{}", old.what);
        assert_eq!(old.causes[0].who, Who::Operator);
    }

    #[test]
    fn a_value_that_differs_is_shown_beside_the_expected_one() {
        for (claim, next) in [
            (Claim::Aud, "Compare the Client ID"),
            (Claim::Azp, "Compare the Client ID"),
            (Claim::Iss, "Compare MAIL360_GOOGLE_ISSUER"),
        ] {
            let found = of(&RefusalKind::IdentityNotProved, &mismatch(claim, None));
            assert!(found.what.contains("value-1") && found.what.contains("value-2"), "{}", found.what);
            assert!(found.causes[0].next.starts_with(next), "{:?}", found.causes);
        }
        let nonce = of(&RefusalKind::IdentityNotProved, &mismatch(Claim::Nonce, None));
        assert!(!nonce.what.contains("value-"), "{}", nonce.what);
    }

    #[test]
    fn an_account_of_another_domain_is_told_with_both_domains() {
        let other = of(&RefusalKind::WrongDirectory, &mismatch(Claim::Hd, None));
        assert!(other.what.ends_with("The connector’s domain is value-1, and the account’s is value-2."));
        let personal = Mismatch::new(Claim::Hd, Some("example.com".to_owned()), None);
        let personal = of(&RefusalKind::WrongDirectory, &Evidence::Mismatch(personal));
        assert!(personal.what.ends_with("it is a personal one."), "{}", personal.what);
        assert_eq!(personal.remedies().len(), 3);
    }

    #[test]
    fn a_failed_connection_names_the_host() {
        let evidence = Evidence::NoConnection {
            host: "oauth2.googleapis.com".to_owned(),
            why: NoConnection::NameNotFound,
        };
        let found = of(&RefusalKind::Unreachable, &evidence);
        assert_eq!(found.title, "Google could not be reached");
        assert!(found.what.contains("oauth2.googleapis.com was not found"), "{}", found.what);
    }
}
