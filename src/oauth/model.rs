//! What a sign-in is and how it can end.

use serde::{Deserialize, Serialize};
use time::Duration;

/// An attempt can be consumed for this long.
pub const VALID: Duration = Duration::minutes(10);
/// From the consuming write to the outcome it takes no longer than this.
pub const PATIENCE: Duration = Duration::seconds(15);
/// A late or repeated callback of the same browser still finds its outcome for this long; the binding
/// cookie lives as long.
pub const FINDABLE: Duration = Duration::hours(1);
/// Timelines are kept for this long.
pub const KEPT: Duration = Duration::days(90);
/// And no more than this many for each connector.
pub const KEPT_PER_CONNECTOR: u64 = 100;
/// A user has no more than this many attempts open; one more ends the oldest.
pub const OPEN_PER_USER: usize = 10;

/// How a sign-in ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that the connector needs was shown to work.
    Verified {
        /// Who signed in, as the provider calls them.
        account: String,
        /// Optional permissions that were asked for and not granted.
        missing: Vec<String>,
        /// Whether the connector was still what was tried.
        current: bool,
    },
    /// It did not come to that.
    Failed {
        /// Why.
        why: Why,
        /// What the provider said, to be shown as text to an administrator.
        provider: Option<ProviderWords>,
    },
}

/// Why a sign-in did not go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Whoever signed in refused.
    Denied,
    /// The provider ended the sign-in before it gave a code.
    RefusedAtSignIn,
    /// `invalid_client`.
    CredentialsRejected,
    /// `unauthorized_client`.
    ApplicationRefused,
    /// `invalid_scope`.
    PermissionsRefused,
    /// `invalid_grant`: the code was not taken.
    CodeRefused,
    /// Another error of the token endpoint.
    ExchangeRefused,
    /// The ID token is not for this sign-in.
    IdentityNotProved,
    /// Who signed in belongs to another tenant than the connector's.
    WrongTenant,
    /// The provider did not tell who signed in.
    IdentityRefused,
    /// Permissions that the connector cannot do without were not granted.
    PermissionsMissing(Vec<String>),
    /// The answer came from another provider than the one that was asked.
    WrongIssuer,
    /// The provider has trouble of its own: 5xx, `temporarily_unavailable`, `server_error`.
    Unavailable,
    /// No connection to the provider, or it broke.
    Unreachable,
    /// The provider did not answer in time.
    Slow,
    /// The provider has had too many requests (429); where it says it, after how many seconds to ask again.
    Throttled(Option<u32>),
    /// The provider answered something that cannot be understood.
    Garbled,
    /// It took longer than an attempt lives.
    Expired,
    /// The connector was changed between the way out and the way back.
    ConnectorChanged,
    /// Whoever began it may no longer administer connectors.
    NotAllowed,
    /// Too many were open; this was the oldest.
    Superseded,
    /// The vault cannot open the connector's secret.
    SecretUnreadable,
    /// The vault cannot open what was kept for the sign-in itself.
    AttemptUnreadable,
}

/// What the provider said, cut and without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderWords {
    /// The OAuth `error`.
    pub error: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Microsoft's id of the request.
    pub trace_id: Option<String>,
    /// Microsoft's id of the sign-in.
    pub correlation_id: Option<String>,
    /// Microsoft's own codes (AADSTS…): they choose words and decide nothing.
    #[serde(default)]
    pub codes: Vec<u64>,
}

impl ProviderWords {
    /// From what came in, which may be anything. Ids that came nowhere else are those of the description.
    pub fn new(
        error: Option<&str>,
        description: Option<&str>,
        trace_id: Option<&str>,
        correlation_id: Option<&str>,
    ) -> Self {
        let within = |name| description.and_then(|text| id_after(text, name));
        let trace_id = trace_id.or_else(|| within("trace id"));
        let correlation_id = correlation_id.or_else(|| within("correlation id"));
        Self {
            error: error.map(|text| tame(text, 100)),
            description: description.map(|text| tame(text, 1000)),
            trace_id: trace_id.map(|text| tame(text, 64)),
            correlation_id: correlation_id.map(|text| tame(text, 64)),
            codes: Vec::new(),
        }
    }

    /// The same with Microsoft's codes, of which there are most often one.
    #[must_use]
    pub fn with_codes(mut self, codes: impl IntoIterator<Item = u64>) -> Self {
        self.codes = codes.into_iter().take(10).collect();
        self
    }

    /// Microsoft's code: of the list that came with the error, or as its description begins (`AADSTS50011: …`).
    pub fn code(&self) -> Option<u64> {
        let named = |text: &Option<String>| text.as_deref().and_then(code_in);
        self.codes.first().copied().or_else(|| named(&self.description)).or_else(|| named(&self.error))
    }
}

/// So much of a text is looked through: far more than is ever kept of one.
const LOOKED_THROUGH: usize = 16 * 1024;

/// A text without these secrets, plain or percent-encoded, whichever signs are and however their digits are written;
/// at its end also the beginning of one. Before anything is cut off it, for half a secret would not be found: a
/// provider that repeats what it was sent must not bring a secret, a code or a token into the database and onto a
/// page.
pub fn without(text: &str, secrets: &[&str]) -> String {
    let mut text = text[..text.floor_char_boundary(LOOKED_THROUGH)].to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        let mut left = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let length = repeated(rest.as_bytes(), secret.as_bytes());
            if let Some(after) = length.and_then(|length| rest.get(length..)) {
                left.push_str("[removed]");
                rest = after;
            } else {
                left.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        text = left;
    }
    text
}

/// How many bytes of a text repeat a secret at its beginning; at the end of the text four bytes of it will do.
fn repeated(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut at = 0;
    for (matched, byte) in secret.iter().enumerate() {
        at += match text.get(at..).unwrap_or_default() {
            [] | [b'%'] | [b'%', _] => return (matched >= 4).then_some(text.len()),
            [b'%', high, low, ..] if decoded(*high, *low) == Some(*byte) => 3,
            [b'+', ..] if *byte == b' ' => 1,
            [same, ..] if same == byte => 1,
            _ => return None,
        };
    }
    Some(at)
}

fn decoded(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// The GUID that follows a name and a colon, in any case: Microsoft ends its descriptions with such lines
/// (`Trace ID: …`).
pub fn id_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(&name.to_ascii_lowercase())? + name.len();
    let rest = text.get(at..)?.trim_start_matches([':', ' ', '\t', '\u{a0}']);
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(rest.len());
    (end == 36).then(|| &rest[..end])
}

/// The first code of Microsoft's that stands in a text.
pub fn code_in(text: &str) -> Option<u64> {
    text.match_indices("AADSTS").find_map(|(at, mark)| {
        let digits = text[at + mark.len()..].split(|c: char| !c.is_ascii_digit()).next()?;
        (4..=12).contains(&digits.len()).then(|| digits.parse().ok())?
    })
}

/// One line of at most `max` characters: Microsoft's descriptions hold line ends, and whoever writes a
/// callback's address can put anything there (log injection).
pub fn tame(text: &str, max: usize) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let line: Vec<_> = words.collect();
    let line = line.join(" ");
    if line.chars().count() <= max {
        return line;
    }
    line.chars().take(max).chain(['…']).collect()
}

/// A step of the timeline; in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The attempt was made.
    Started,
    /// The browser was told where to go.
    Sent,
    /// The browser came back, with a code or with an error.
    Returned,
    /// It was this browser's, in time, and everything was as it was when the sign-in began.
    Checked,
    /// The code was exchanged for tokens.
    CodeExchanged,
    /// It is known who signed in.
    Identity,
    /// What was granted was compared with what was asked.
    Permissions,
    /// The end.
    Outcome,
    /// A callback with this sign-in's state came in another browser, and was refused.
    ForeignBrowser,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Started,
        Self::Sent,
        Self::Returned,
        Self::Checked,
        Self::CodeExchanged,
        Self::Identity,
        Self::Permissions,
        Self::Outcome,
        Self::ForeignBrowser,
    ];

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// On the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Sent => "Sent to Microsoft",
            Self::Returned => "Came back from Microsoft",
            Self::Checked => "Found to be this sign-in’s, in time and unchanged",
            Self::CodeExchanged => "Microsoft accepted the client secret and gave access",
            Self::Identity => "Microsoft said who signed in",
            Self::Permissions => "Permissions compared",
            Self::Outcome => "Ended",
            Self::ForeignBrowser => "Somebody came with it in another browser, and was refused",
        }
    }

    /// As the database has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Sent => "sent",
            Self::Returned => "returned",
            Self::Checked => "checked",
            Self::CodeExchanged => "code_exchanged",
            Self::Identity => "identity",
            Self::Permissions => "permissions",
            Self::Outcome => "outcome",
            Self::ForeignBrowser => "foreign_browser",
        }
    }
}

/// How long a step took, in words; none where it is not worth telling. In microseconds.
pub fn took(micros: i64) -> Option<String> {
    let millis = micros / 1_000;
    match millis {
        ..1 => None,
        1..1_000 => Some(format!("{millis} ms")),
        1_000..60_000 => Some(format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)),
        _ => Some(format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_provider_says_becomes_one_line_of_bounded_length() {
        let words = ProviderWords::new(
            Some("invalid_client"),
            Some("AADSTS7000215: wrong.\r\nTrace ID: 1\r\n\u{1b}[31mred"),
            None,
            None,
        );
        let description = words.description.expect("a description");
        assert_eq!(description, "AADSTS7000215: wrong. Trace ID: 1 [31mred");
        let long = ProviderWords::new(None, Some(&"x".repeat(9000)), None, None);
        assert_eq!(long.description.expect("a description").chars().count(), 1001);
    }

    #[test]
    fn a_code_is_taken_from_the_list_and_otherwise_from_the_words() {
        let words = ProviderWords::new(Some("invalid_client"), Some("AADSTS7000222: expired"), None, None);
        assert_eq!(words.code(), Some(7_000_222));
        assert_eq!(words.clone().with_codes([7_000_215]).code(), Some(7_000_215));
        assert_eq!(
            ProviderWords::new(Some("x"), Some("AADSTS: none, AADSTS12 is none"), None, None).code(),
            None
        );
        assert_eq!(code_in("first AADSTS, then AADSTS50011: here"), Some(50_011));
    }

    #[test]
    fn s7_what_a_provider_repeats_of_a_secret_is_removed_however_it_is_written() {
        let text = "got client_secret=s3cret~v%2B%2F%3D, s3cret%7Ev%2B%2F%3D and s3cret~v+/=, and code=abcd";
        let left = without(text, &["s3cret~v+/=", "abcd"]);
        assert!(!left.contains("s3cret") && !left.contains("abcd"), "{left}");
        assert!(left.starts_with("got client_secret="), "{left}");
        for written in ["s3cret%7ev%2b%2f%3d", "%73%33cret%7Ev+%2f=", "s3cret~v%2"] {
            assert_eq!(without(&format!("got {written}"), &["s3cret~v+/="]), "got [removed]", "{written}");
        }
        assert_eq!(without("an abc, an ab%zz", &["abcd"]), "an abc, an ab%zz");
    }

    proptest! {
        #[test]
        fn s7_no_way_of_writing_a_secret_brings_it_through(
            before in "\\PC{0,20}",
            secret in "[!-~]{8,40}",
            ways in proptest::collection::vec(0..3_u8, 40),
            cut in 0..200_usize,
        ) {
            let write = |(byte, way): (u8, &u8)| match way {
                0 => char::from(byte).to_string(),
                1 => format!("%{byte:02x}"),
                _ => format!("%{byte:02X}"),
            };
            let written: String = secret.bytes().zip(&ways).map(write).collect();
            let text = format!("{before} {written} after {}", "x".repeat(cut));
            let left = without(&text, &[&secret]);
            prop_assert!(!left.contains(&written), "{}", left);
            prop_assert!(left.len() < text.len() + "[removed]".len());
        }
    }

    #[test]
    fn ids_are_found_where_microsoft_writes_them_in_the_description_alone() {
        let (trace, correlation) =
            ("2b4e28ba-2fa1-11d2-883f-0016d3cca427", "3b4e28ba-2fa1-11d2-883f-0016d3cca427");
        let text = format!("AADSTS90094: Approve.\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\n");
        let words = ProviderWords::new(Some("access_denied"), Some(&text), None, None);
        assert_eq!(words.trace_id.as_deref(), Some(trace));
        assert_eq!(words.correlation_id.as_deref(), Some(correlation));
        let sent = ProviderWords::new(None, Some(&text), Some("sent"), None);
        assert_eq!(sent.trace_id.as_deref(), Some("sent"));
    }

    #[test]
    fn what_a_step_took_is_told_as_people_tell_it() {
        assert_eq!(took(999), None);
        assert_eq!(took(240_000).as_deref(), Some("240 ms"));
        assert_eq!(took(1_290_000).as_deref(), Some("1.2 s"));
        assert_eq!(took(72_000_000).as_deref(), Some("1 min 12 s"));
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_the_search_for_a_code_panic(text in "(AADSTS|\\PC){0,40}") {
            let _ = code_in(&text);
        }
    }

    #[test]
    fn an_outcome_of_an_earlier_version_is_understood() {
        let earlier = r#"{"outcome":"failed","why":"unavailable","provider":{"error":"x","description":null,
            "trace_id":null,"correlation_id":null}}"#;
        let outcome: Outcome = serde_json::from_str(earlier).expect("an outcome");
        assert!(matches!(outcome, Outcome::Failed { why: Why::Unavailable, provider: Some(_) }));
    }

    #[test]
    fn each_step_is_found_by_its_name() {
        for step in Step::ALL {
            assert_eq!(Step::from_name(step.name()), Some(step));
        }
    }

    #[test]
    fn an_outcome_comes_back_from_the_database_as_it_went() {
        for outcome in [
            Outcome::Verified { account: "ada".into(), missing: vec!["Mail.Read".into()], current: true },
            Outcome::Failed { why: Why::PermissionsMissing(vec!["profile".into()]), provider: None },
            Outcome::Failed { why: Why::Throttled(Some(120)), provider: None },
            Outcome::Failed { why: Why::Throttled(None), provider: None },
        ] {
            let text = serde_json::to_string(&outcome).expect("JSON");
            assert_eq!(serde_json::from_str::<Outcome>(&text).expect("an outcome"), outcome);
        }
    }
}
