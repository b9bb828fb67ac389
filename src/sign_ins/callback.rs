//! Parses the query of the callback: the address to which the provider sends the browser back. The values are bounded
//! in number and length. None of them is trusted here; `service/returned.rs` checks them.

use std::{collections::HashMap, fmt};

use secrecy::{ExposeSecret, SecretString};

use crate::platform::randomness::Token;
use crate::providers::{RawError, known_error, redact};

/// Maximum number of bytes of one parameter, by name. Some providers' codes have about two thousand.
const LIMITS: [(&str, usize); 6] = [
    ("state", 512),
    ("code", 8_192),
    ("iss", 2_048),
    ("error", 256),
    ("error_description", 16_384),
    ("admin_consent", 16),
];

/// Maximum number of bytes of any other parameter.
const OTHER: usize = 2_048;

/// The beginning of the `state` of a consent link. A state of a sign-in never has a dot.
pub const CONSENT_STATE: &str = "consent.";
/// The beginning of the `state` with which a browser leaves from the page of a consent link for one directory.
pub const CONSENT_LINK_STATE: &str = "consent-link.";

/// A parsed callback.
#[derive(Clone, Debug)]
pub enum Callback {
    /// The answer to a sign-in.
    SignIn(CallbackParameters),
    /// The answer to an approval of permissions: approved, refused or cancelled.
    Approval(Approval),
}

/// The result of an approval. It belongs to no attempt, so none of its values is trusted.
#[derive(Clone, Debug, Default)]
pub struct Approval {
    /// The provider's error if the permissions were not approved.
    pub refused: Option<NotApproved>,
    /// The sealed reference in the state of our consent link, if it came back.
    pub reference: Option<String>,
    /// The sealed state with which a browser left from the page of a consent link, if it came back.
    pub trip: Option<String>,
}

/// The provider's error, without the code of a sign-in that came with it.
#[derive(Clone, Debug)]
pub struct NotApproved {
    error: String,
    description: Option<String>,
}

impl NotApproved {
    fn new(error: &str, description: Option<&str>, code: Option<&SecretString>) -> Self {
        let sent: Vec<_> = code.iter().map(|code| code.expose_secret()).collect();
        Self {
            error: redact(error, &sent),
            description: description.map(|description| redact(description, &sent)),
        }
    }

    /// The error, for the provider that has words for it.
    pub fn raw(&self) -> RawError<'_> {
        let description = self.description.as_deref();
        RawError { error: Some(&self.error), description, ..RawError::default() }
    }
}

/// The parameters of a callback that answers a sign-in.
#[derive(Clone, Debug)]
pub struct CallbackParameters {
    /// The state: it claims to belong to one attempt.
    pub state: Token,
    /// The issuer, if the provider sends one (RFC 9207).
    pub issuer: Option<String>,
    /// The provider's answer.
    pub answer: Answer,
}

/// The provider's answer to a sign-in.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A code, which is exchanged for tokens.
    Code(SecretString),
    /// An error, with its description.
    Error(String, Option<String>),
    /// Neither.
    Nothing,
}

impl Answer {
    /// The answer in a few words for the timeline. An unknown error may be any text, so it is left out.
    pub fn describe(&self) -> String {
        match self {
            Self::Code(_) => "with a one-time code".to_owned(),
            Self::Error(error, _) => match known_error(error) {
                Some(error) => format!("with the error {error}"),
                None => "with an error that is no known code".to_owned(),
            },
            Self::Nothing => "with neither a code nor an error".to_owned(),
        }
    }
}

/// The reason why a callback's address cannot be read. It contains none of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// All parameters came twice. A proxy's redirect has appended the query to an address that already had it.
    Doubled,
    /// This parameter came twice.
    Twice(Parameter),
    /// This parameter is longer than any that providers send.
    TooLong(Parameter),
    /// A parameter is not UTF-8 or is wrongly percent-encoded.
    Encoding,
    /// There is no state, and no error either.
    NoState,
    /// The state does not have the form of our states.
    ForeignState,
}

/// The name of a parameter, if this program uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter(Option<&'static str>);

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "the parameter {name}"),
            None => f.write_str("a parameter that is not used"),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Doubled => {
                f.write_str("the whole query came twice, as after a redirect of a proxy that appends it")
            }
            Self::Twice(parameter) => write!(f, "{parameter} came twice"),
            Self::TooLong(parameter) => write!(f, "{parameter} is too long"),
            Self::Encoding => f.write_str("a parameter is not UTF-8, or its percent-encoding is damaged"),
            Self::NoState => f.write_str("there is no state"),
            Self::ForeignState => f.write_str("the state was not made by this program"),
        }
    }
}

impl Callback {
    /// Reads a query.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(query: &str) -> Result<Self, Malformed> {
        if is_doubled(query) {
            return Err(Malformed::Doubled);
        }
        let mut values: [Option<String>; LIMITS.len()] = Default::default();
        let mut seen = std::collections::HashSet::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = decode(name).zip(decode(value)).ok_or(Malformed::Encoding)?;
            // Parameters that this program ignores, such as session_state, may also come only once and are bounded.
            let at = LIMITS.iter().position(|(known, _)| *known == name);
            let parameter = Parameter(at.map(|at| LIMITS[at].0));
            if value.len() > at.map_or(OTHER, |at| LIMITS[at].1) {
                return Err(Malformed::TooLong(parameter));
            }
            if !seen.insert(name) {
                return Err(Malformed::Twice(parameter));
            }
            if let Some(at) = at {
                values[at] = Some(value);
            }
        }
        let [state, code, issuer, error, description, admin_consent] = values;
        let code = code.filter(|code| !code.is_empty()).map(SecretString::from);
        let of_approval = admin_consent.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let ours = state.as_deref().and_then(Token::parse);
        // A code belongs to a sign-in, even if parameters of an approval come with it. A provider may send both if the
        // administrator approved during a sign-in.
        let signs_in = code.is_some() && ours.is_some();
        let after =
            |prefix: &str| state.as_deref().and_then(|state| state.strip_prefix(prefix)).map(str::to_owned);
        let (reference, trip) = (after(CONSENT_STATE), after(CONSENT_LINK_STATE));
        let of_no_sign_in = state.is_none() || reference.is_some() || trip.is_some();
        if (of_approval && !signs_in) || (of_no_sign_in && error.is_some()) {
            let refused = error.map(|error| NotApproved::new(&error, description.as_deref(), code.as_ref()));
            return Ok(Self::Approval(Approval { refused, reference, trip }));
        }
        Ok(Self::SignIn(CallbackParameters {
            state: ours.ok_or(if state.is_none() { Malformed::NoState } else { Malformed::ForeignState })?,
            issuer,
            answer: match (error, code) {
                (Some(error), _) => Answer::Error(error, description),
                (None, Some(code)) => Answer::Code(code),
                (None, None) => Answer::Nothing,
            },
        }))
    }
}

/// Whether a query contains itself a second time: after a question mark (plain or encoded), or as a second copy of each
/// parameter with the same value.
fn is_doubled(query: &str) -> bool {
    let pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let Some(first) = pairs.first().filter(|first| first.contains('=')) else { return false };
    // Not every question mark counts, because the address in `error_uri` has one too.
    let first = first.split(['?']).next().unwrap_or_default().to_ascii_lowercase();
    let encoded: String = url::form_urlencoded::byte_serialize(first.as_bytes()).collect();
    let lower = query.to_ascii_lowercase();
    let begins_again = [&first, &encoded.to_ascii_lowercase()]
        .iter()
        .any(|first| ["?", "%3f"].iter().any(|mark| lower.contains(&format!("{mark}{first}"))));
    let mut times: HashMap<&str, usize> = HashMap::new();
    for pair in pairs {
        *times.entry(pair).or_default() += 1;
    }
    begins_again || times.values().all(|times| *times == 2)
}

/// Decodes one part of `application/x-www-form-urlencoded`; `None` if it is not UTF-8. The `url` crate would put
/// replacement characters there, and two different values could become the same.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    fn state() -> String {
        Token::random(&SystemRandomness).expose().to_owned()
    }

    #[test]
    fn a_code_and_an_error_are_told_apart_and_the_error_wins() {
        let state = state();
        let Ok(Callback::SignIn(sign_in)) =
            Callback::parse(&format!("code=abc%2Bd&state={state}&session_state=1"))
        else {
            panic!("not a sign-in")
        };
        assert!(matches!(sign_in.answer, Answer::Code(_)));
        assert_eq!(sign_in.state.expose(), state);

        let both = Callback::parse(&format!("code=a&error=access_denied&state={state}"));
        let Ok(Callback::SignIn(CallbackParameters { answer: Answer::Error(error, None), .. })) = both else {
            panic!("not an error: {both:?}")
        };
        assert_eq!(error, "access_denied");
    }

    #[test]
    fn o5_c54_a_malformed_callback_says_why_without_its_values() {
        let state = state();
        let (long, used) = ("a".repeat(10_000), |name| Parameter(Some(name)));
        for (query, why) in [
            (String::new(), Malformed::NoState),
            ("code=a".to_owned(), Malformed::NoState),
            ("state=&code=a".to_owned(), Malformed::ForeignState),
            ("state=short&code=a".to_owned(), Malformed::ForeignState),
            (format!("state={state}&state={state}&code=a"), Malformed::Twice(used("state"))),
            (format!("state={state}&code=a&code=b"), Malformed::Twice(used("code"))),
            (format!("state={state}&code={long}"), Malformed::TooLong(used("code"))),
            (format!("state={state}&code=a&x=1&x=2"), Malformed::Twice(Parameter(None))),
            (format!("state={state}&code=a&x={long}"), Malformed::TooLong(Parameter(None))),
            (format!("state={state}&code=%ff"), Malformed::Encoding),
            (format!("state={state}&code=%2"), Malformed::Encoding),
            (format!("state={long}"), Malformed::TooLong(used("state"))),
            (format!("state={state}&iss={long}"), Malformed::TooLong(used("iss"))),
        ] {
            let found = Callback::parse(&query).expect_err("malformed");
            assert_eq!(found, why, "{query:.60}");
            assert!(!found.to_string().contains(&state));
        }
    }

    #[test]
    fn c54_a_query_that_came_twice_is_recognised_in_any_spelling() {
        let once = format!("code=abc&state={}", state());
        let encoded: String = url::form_urlencoded::byte_serialize(once.as_bytes()).collect();
        let error = format!("error=access_denied&state={}", state());
        for query in [
            format!("{once}?{once}"),
            format!("{once}&{once}"),
            format!("{once}%3F{once}"),
            format!("{once}%3f{once}"),
            format!("{error}?{error}"),
            format!("{once}?{encoded}"),
            format!("{once}%3F{encoded}"),
            format!("{once}?{once}?{once}"),
            "admin_consent=True&scope=x?admin_consent=True&scope=x".to_owned(),
        ] {
            assert_eq!(Callback::parse(&query).expect_err("twice"), Malformed::Doubled, "{query}");
        }
        assert!(Callback::parse(&once).is_ok());
        for beside in ["error_description=why%3F", "error_uri=https://login.example/error?code=65004"] {
            assert!(Callback::parse(&format!("{error}&{beside}")).is_ok(), "{beside}");
        }
    }

    #[test]
    fn c56_a_refused_approval_has_the_words_of_the_provider() {
        assert!(matches!(
            Callback::parse("admin_consent=True&other=x&scope=y&state=z"),
            Ok(Callback::Approval(Approval { refused: None, reference: None, trip: None }))
        ));
        // The usual answer, and a cancellation that names no approval (C57).
        for query in [
            "admin_consent=True&error=access_denied&error_description=E50020%3A+No.",
            "error=access_denied&error_subcode=cancel&error_description=E50020%3A+No.",
        ] {
            let Ok(Callback::Approval(Approval { refused: Some(said), .. })) = Callback::parse(query) else {
                panic!("not refused: {query}")
            };
            assert_eq!(said.raw().error, Some("access_denied"));
            assert_eq!(said.raw().description, Some("E50020: No."));
        }
    }

    #[test]
    fn the_reference_of_a_consent_link_comes_back_with_an_approval_and_with_a_refusal_only() {
        for query in [
            "admin_consent=True&state=consent.abc",
            "admin_consent=True&error=access_denied&state=consent.abc",
            "error=access_denied&error_subcode=cancel&state=consent.abc",
        ] {
            let approval = |query: &str| match Callback::parse(query) {
                Ok(Callback::Approval(Approval { reference, trip, .. })) => (reference, trip),
                other => panic!("no approval: {query}: {other:?}"),
            };
            assert_eq!(approval(query), (Some("abc".to_owned()), None), "{query}");
            let of_link = query.replace("consent.abc", "consent-link.abc");
            assert_eq!(approval(&of_link), (None, Some("abc".to_owned())), "{of_link}");
        }
        let neither = Callback::parse("code=abc&state=consent.abc").expect_err("no sign-in");
        assert_eq!(neither, Malformed::ForeignState);
    }

    #[test]
    fn c59_a_code_with_a_state_of_ours_is_a_sign_in_with_any_other_parameters() {
        let state = state();
        let query = format!("admin_consent=True&code=abc&state={state}&other=x");
        assert!(matches!(
            Callback::parse(&query),
            Ok(Callback::SignIn(CallbackParameters { answer: Answer::Code(_), .. }))
        ));
        for query in [
            "admin_consent=True&code=abc&state=12345".to_owned(),
            format!("admin_consent=True&state={state}"),
        ] {
            assert!(matches!(Callback::parse(&query), Ok(Callback::Approval(_))), "{query}");
        }
    }

    #[test]
    fn n9_an_error_that_is_no_known_code_is_not_repeated_in_the_timeline() {
        let short = |error: &str| Answer::Error(error.to_owned(), None).describe();
        assert_eq!(short("access_denied"), "with the error access_denied");
        assert_eq!(short("canary"), "with an error that is no known code");
    }

    proptest! {
        #[test]
        fn o5_parsing_any_query_does_not_panic(query in "\\PC{0,200}") {
            let _ = Callback::parse(&query);
        }
    }
}
