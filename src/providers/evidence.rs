//! This program's own findings about a failed sign-in, in values of a fixed form. They contain no free text of the
//! provider, so they may be stored and logged in clear.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use url::Url;
use uuid::Uuid;

use super::{redact, single_line};

/// A finding about the reason of a failed sign-in that goes beyond the provider's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A check of the provider's answer failed.
    Mismatch(Mismatch),
    /// This host did not answer. It is one of the configured addresses or their proxy.
    NoConnection { host: String, why: NoConnection },
}

/// A check that failed, with both values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The checked value.
    pub claim: Claim,
    /// The expected value, if it may be shown.
    pub expected: Option<String>,
    /// The received value in its fixed form; `None` if nothing came or it must not be shown.
    pub received: Option<String>,
    /// Seconds by which the server's clock is ahead of the provider's, if known. Negative: behind.
    #[serde(default)]
    pub clock_ahead: Option<i64>,
}

/// A part of an answer that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Claim {
    /// Whether there is an ID token.
    IdToken,
    /// `aud` of the ID token.
    Aud,
    /// `iss` of the ID token.
    Iss,
    /// `iss` of the callback (RFC 9207).
    #[strum(serialize = "iss of the callback")]
    CallbackIss,
    /// `nonce` of the ID token. Its values are secret.
    Nonce,
    /// `exp` of the ID token.
    Exp,
    /// `nbf` of the ID token, or `iat` where it has no `nbf`.
    Nbf,
    /// `tid` of the ID token.
    Tid,
    /// `azp` of the ID token: the client to which it was given.
    Azp,
    /// `hd` of the ID token: the domain of the account.
    Hd,
}

impl Claim {
    /// The name in the specifications.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The reason why no connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoConnection {
    /// The name of the host was not found (DNS).
    NameNotFound,
    /// The host refused the connection.
    Refused,
    /// No connection was made within some seconds.
    TimedOut,
    /// There is no route to the host.
    NoRoute,
    /// The TLS certificate is not trusted.
    Certificate,
    /// The TLS certificate is expired or not valid yet, by this server's clock.
    CertificateOutOfDate,
    /// The TLS certificate is for another name.
    CertificateOfAnother,
    /// TLS failed for another reason.
    Tls,
    /// The proxy asks for a user and password (407).
    ProxyLogin,
    /// The proxy did not open a connection.
    ProxyRefused,
    /// The name of the proxy was not found (DNS).
    ProxyNameNotFound,
    /// The proxy refused the connection, did not answer, or there is no route to it.
    ProxyUnreachable,
    /// The connection broke off before the whole answer was there.
    BrokenOff,
    /// Another reason.
    Other,
}

impl NoConnection {
    /// The reason in a few words, for the timeline and the log.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NameNotFound => "the name of the host was not found",
            Self::Refused => "the connection was refused",
            Self::TimedOut => "the connection timed out",
            Self::NoRoute => "there is no route to the host",
            Self::Certificate => "the TLS certificate is not trusted",
            Self::CertificateOutOfDate => "the TLS certificate is expired or not valid yet",
            Self::CertificateOfAnother => "the TLS certificate is for another name",
            Self::Tls => "the TLS connection failed",
            Self::ProxyLogin => "the proxy asks for a user and password (407)",
            Self::ProxyRefused => "the proxy did not open the connection",
            Self::ProxyNameNotFound => "the name of the proxy was not found",
            Self::ProxyUnreachable => "the proxy cannot be reached",
            Self::BrokenOff => "the connection broke off",
            Self::Other => "no connection came about",
        }
    }
}

impl Mismatch {
    /// A check that failed.
    pub const fn new(claim: Claim, expected: Option<String>, received: Option<String>) -> Self {
        Self { claim, expected, received, clock_ahead: None }
    }

    /// The error of the server's clock in words, if it is known.
    pub fn clock_words(&self) -> Option<String> {
        self.clock_ahead.map(clock_words)
    }

    /// The check in one line. `whose` is the clock with which the server's was compared: "the provider’s".
    pub fn words_of(&self, whose: &str) -> String {
        let name = self.claim.name();
        let values = match (&self.expected, &self.received) {
            (Some(expected), Some(received)) => format!("{name}: expected {expected}, received {received}"),
            (Some(expected), None) => format!("{name}: expected {expected}, received none"),
            (None, Some(received)) => format!("{name}: {received}"),
            (None, None) => format!("{name}: missing"),
        };
        match self.clock_ahead {
            Some(ahead) => format!("{values}; the server’s clock is {}", clock_words_of(ahead, whose)),
            None => values,
        }
    }

    /// The error of the server's clock, if it is larger than usual.
    pub fn clock_is_wrong_by(&self) -> Option<i64> {
        self.clock_ahead.filter(|ahead| ahead.unsigned_abs() > TOLERATED_SKEW.unsigned_abs())
    }
}

/// Maximum difference in seconds between the clocks of the provider and the server.
pub const TOLERATED_SKEW: i64 = 300;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words_of(THE_PROVIDERS))
    }
}

impl Evidence {
    /// The finding in one line. `whose` is the clock with which the server's was compared: "the provider’s".
    pub fn words_of(&self, whose: &str) -> String {
        match self {
            Self::Mismatch(mismatch) => mismatch.words_of(whose),
            Self::NoConnection { host, why } => format!("{host}: {}", why.words()),
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words_of(THE_PROVIDERS))
    }
}

/// The provider's clock, where its name is not known.
const THE_PROVIDERS: &str = "the provider’s";

/// The error of the server's clock in words: "2 hours ahead of the provider’s".
pub fn clock_words(ahead: i64) -> String {
    clock_words_of(ahead, THE_PROVIDERS)
}

/// The same, in comparison with the clock that `whose` names.
pub fn clock_words_of(ahead: i64, whose: &str) -> String {
    if ahead.unsigned_abs() <= TOLERATED_SKEW.unsigned_abs() {
        return format!("the same as {whose}");
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    format!("{} {direction} {whose}", span(ahead.unsigned_abs()))
}

/// A duration in its two largest units. Seconds are shown only for short durations.
fn span(seconds: u64) -> String {
    let units = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (name, length) in units {
        let count = left / length;
        left %= length;
        if count > 0 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
        // The transfer of the answer may make a difference of half a minute.
        if parts.len() == 2 || (!parts.is_empty() && length == 60) {
            break;
        }
    }
    parts.join(" ")
}

/// An id in its fixed form.
pub fn guid(text: &str) -> Option<String> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(|id| id.to_string())
}

/// An id in a form that is safe to show. Any other text is not repeated.
pub fn shown_guid(text: &str) -> String {
    guid(text).unwrap_or_else(|| "a value that is no GUID".to_owned())
}

/// An issuer in a form that is safe to show: its scheme, host and port, and a part of its path. From the path it
/// keeps only ids and segments of the configured issuer's path. An attacker can put any text into a callback's
/// address.
pub fn shown_issuer(text: &str, configured: &str, secrets: &[&str]) -> String {
    const NONE: &str = "a value that is no address";
    let Ok(url) = Url::parse(text) else { return NONE.to_owned() };
    let Some(host) = url.host_str().filter(|host| host.len() <= 100) else { return NONE.to_owned() };
    if redact(text, secrets) != text || redact(host, secrets) != host {
        return NONE.to_owned();
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut shown = format!("{}://{host}{port}", if url.scheme() == "http" { "http" } else { "https" });
    for segment in url.path_segments().into_iter().flatten() {
        let known = ["", "v1.0", "v2.0", "adfs", "common", "organizations", "consumers"].contains(&segment)
            || configured.split('/').any(|part| part == segment);
        shown.push('/');
        match guid(segment) {
            Some(id) => shown.push_str(&id),
            None if known => shown.push_str(segment),
            None => shown.push('…'),
        }
    }
    single_line(&shown, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_a_time_span_is_written_with_its_two_largest_units() {
        assert_eq!(clock_words(7_200), "2 hours ahead of the provider’s");
        assert_eq!(clock_words(7_230), "2 hours ahead of the provider’s");
        assert_eq!(clock_words(-5_460), "1 hour 31 minutes behind the provider’s");
        assert_eq!(clock_words(-90_000), "1 day 1 hour behind the provider’s");
        assert_eq!(clock_words(301), "5 minutes ahead of the provider’s");
        assert_eq!(clock_words(-4), "the same as the provider’s");
    }

    #[test]
    fn c16_a_finding_names_the_clock_with_which_the_servers_was_compared() {
        let mismatch = Mismatch::new(Claim::Exp, Some("later than 2".to_owned()), Some("1".to_owned()));
        let evidence = Evidence::Mismatch(Mismatch { clock_ahead: Some(7_200), ..mismatch.clone() });
        let message = "exp: expected later than 2, received 1; the server’s clock is 2 hours ahead of";
        assert_eq!(evidence.words_of("Example’s"), format!("{message} Example’s"));
        assert_eq!(evidence.to_string(), format!("{message} the provider’s"));
        assert_eq!(mismatch.to_string(), "exp: expected later than 2, received 1");
        assert_eq!(Mismatch::new(Claim::IdToken, None, None).to_string(), "id_token: missing");
    }

    #[test]
    fn c17_an_issuer_is_written_with_its_host_and_ids_only() {
        let configured = "https://login.provider.example/{directory}/v2.0";
        let tid = "5a1e0000-7e57-4000-8000-00000000c0de";
        let shown = |text: &str| shown_issuer(text, configured, &["s3cret-value"]);
        let sound = format!("https://login.other.example/{tid}/v2.0");
        assert_eq!(shown(&sound), sound);
        assert_eq!(shown("https://sts.other.example/any words/"), "https://sts.other.example/…/");
        assert_eq!(shown("https://evil.example/v2.0?a=b#c"), "https://evil.example/v2.0");
        for wrong in ["", "no address", "https://s3cret-value.example/", "https://x.example/eulav-terc3s"] {
            assert_eq!(shown(wrong), "a value that is no address", "{wrong}");
        }
    }
}
