//! Explanations for causes that this program found itself: a failed check, or a failed connection.

use super::errors::of_why;
use crate::providers::{
    Claim, Evidence, Mismatch, NoConnection, RefusalKind, clock_words_of,
    diagnosis::{Diagnosis, Remedy, Who},
    guid,
};

/// The explanation of a finding.
pub fn of(why: &RefusalKind, evidence: &Evidence) -> Diagnosis {
    match evidence {
        Evidence::NoConnection { host, why: cause } => no_connection(why, host, *cause),
        Evidence::Mismatch(mismatch) => match mismatch.claim {
            Claim::Exp | Claim::Nbf => of_time(why, mismatch),
            Claim::Iss | Claim::CallbackIss => of_issuer(why, mismatch),
            Claim::Tid => of_tenant(why, mismatch),
            Claim::Aud | Claim::Nonce | Claim::IdToken => of_claim(why, mismatch),
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

fn no_connection(why: &RefusalKind, host: &str, cause: NoConnection) -> Diagnosis {
    let usual = of_why(why);
    let (what, next) = match cause {
        NoConnection::NameNotFound => (
            format!("The name {host} was not found."),
            "Check the name service (DNS) of the server that runs this program, and the configured addresses. Where \
             only a proxy leads out, name it in HTTPS_PROXY.",
        ),
        NoConnection::Refused => (
            format!("The connection to {host} was refused."),
            "Check the firewall. Where only a proxy leads out, name it in HTTPS_PROXY.",
        ),
        NoConnection::TimedOut => (
            format!("No connection to {host} could be opened within some seconds."),
            "A firewall drops it, most often. Let the server reach the host on port 443, or name the proxy that leads \
             out in HTTPS_PROXY.",
        ),
        NoConnection::NoRoute => (
            format!("There is no route to {host}."),
            "Check the network of the server that runs this program. Where only a proxy leads out, name it in \
             HTTPS_PROXY.",
        ),
        NoConnection::Certificate => (
            format!("The TLS certificate of {host} is not trusted, so nothing was sent."),
            "Where a proxy of the company opens TLS connections, add its CA certificate to this system, or name a file \
             of certificates in SSL_CERT_FILE.",
        ),
        NoConnection::CertificateOutOfDate => (
            format!(
                "By the server’s clock the TLS certificate of {host} is expired or not valid yet, so nothing was sent."
            ),
            "Compare the clock of the server that runs this program with the right time, and set it, best by a time \
             service (NTP). If it is right, a proxy shows an old certificate of its own.",
        ),
        NoConnection::CertificateOfAnother => (
            format!("The TLS certificate at {host} is for another name, so nothing was sent."),
            "Something answers in the host’s place: check the name service (DNS), the configured addresses, and look \
             for a proxy or a log-in page of the network.",
        ),
        NoConnection::Tls => (
            format!("The TLS connection to {host} failed, so nothing was sent."),
            "Look for a proxy or firewall that answers in the host’s place.",
        ),
        NoConnection::ProxyLogin => (
            format!("The proxy on the way to {host} asks for a user and password (407)."),
            "Put them into HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), or let the proxy pass this host without \
             them. If they are there already, one of them is wrong, or the password has a character that must be written in \
             another way (@ as %40, : as %3A, / as %2F, # as %23, % as %25), or the proxy wants NTLM or Kerberos, \
             which this program does not speak.",
        ),
        NoConnection::ProxyRefused => (
            format!("The proxy did not open a connection to {host}."),
            "Let the proxy pass this host, or name it in NO_PROXY where it can be reached directly.",
        ),
        NoConnection::ProxyNameNotFound => (
            format!("The name of the proxy that leads to {host} was not found."),
            "See that HTTPS_PROXY names it rightly (http://HOST:PORT), and check the name service (DNS) of the server \
             that runs this program.",
        ),
        NoConnection::ProxyUnreachable => (
            format!(
                "The proxy that leads to {host} cannot be reached: it refused the connection, did not answer, or \
                 there is no route to it."
            ),
            "See that HTTPS_PROXY has its host and port, that the proxy runs, and that no firewall is between. Where \
             the host can be reached directly, name it in NO_PROXY.",
        ),
        NoConnection::BrokenOff => {
            return Diagnosis { what: format!("The connection to {host} broke off. {NOT_CHANGED}"), ..usual };
        }
        NoConnection::Other => return usual,
    };
    let next = format!("{next} Then sign in again.");
    usual.known_to_be(format!("{what} {NOT_CHANGED}"), Who::Operator, next, Remedy::Message)
}

const NOT_CHANGED: &str = "The connector was not changed.";
