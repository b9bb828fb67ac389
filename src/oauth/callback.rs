//! What stands in the address that the provider sends the browser back to: read, bounded, and believed
//! in nothing yet.

use std::collections::HashSet;

use secrecy::SecretString;

use super::model::tame;
use crate::platform::randomness::Token;

/// The most bytes of one parameter, by name. Microsoft's codes have about two thousand.
const LIMITS: [(&str, usize); 6] = [
    ("state", 128),
    ("code", 8_192),
    ("iss", 2_048),
    ("error", 256),
    ("error_description", 16_384),
    ("admin_consent", 16),
];

/// The most bytes of any other parameter.
const OTHER: usize = 2_048;

/// A callback's parameters.
#[derive(Clone, Debug)]
pub enum Callback {
    /// A sign-in comes back.
    SignIn(SignIn),
    /// An administrator approved the application's permissions, or did not.
    AdminConsent {
        /// Whether Microsoft says that they were approved.
        approved: bool,
    },
}

/// A sign-in that comes back.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Which attempt it claims to be.
    pub state: Token,
    /// The issuer, where the provider sends one (RFC 9207).
    pub issuer: Option<String>,
    /// What came of it.
    pub answer: Answer,
}

/// What the provider answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A code, to be exchanged.
    Code(SecretString),
    /// An error, with its description.
    Error(String, Option<String>),
    /// Neither.
    Nothing,
}

impl Answer {
    /// In a few words, for the timeline.
    pub fn in_short(&self) -> String {
        match self {
            Self::Code(_) => "with a one-time code".to_owned(),
            Self::Error(error, _) => format!("with the error {}", tame(error, 100)),
            Self::Nothing => "with neither a code nor an error".to_owned(),
        }
    }
}

impl Callback {
    /// Reads a query. None where a parameter stands there twice, is too long or not UTF-8, or where the
    /// state is missing or cannot be one of ours.
    pub fn parse(query: &str) -> Option<Self> {
        let mut values: [Option<String>; LIMITS.len()] = Default::default();
        let mut seen = HashSet::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            // The provider may send more than we read, such as session_state: once, and bounded, too.
            let at = LIMITS.iter().position(|(known, _)| *known == name);
            if value.len() > at.map_or(OTHER, |at| LIMITS[at].1) || !seen.insert(name) {
                return None;
            }
            if let Some(at) = at {
                values[at] = Some(value);
            }
        }
        let [state, code, issuer, error, description, admin_consent] = values;
        if admin_consent.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Some(Self::AdminConsent { approved: error.is_none() });
        }
        Some(Self::SignIn(SignIn {
            state: Token::parse(&state?)?,
            issuer,
            answer: match (error, code) {
                (Some(error), _) => Answer::Error(error, description),
                (None, Some(code)) if !code.is_empty() => Answer::Code(SecretString::from(code)),
                (None, _) => Answer::Nothing,
            },
        }))
    }
}

/// One part of `application/x-www-form-urlencoded`; none where it is not UTF-8. (The `url` crate would
/// put a replacement sign there, and two different values would become one.)
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
        let Some(Callback::SignIn(sign_in)) =
            Callback::parse(&format!("code=abc%2Bd&state={state}&session_state=1"))
        else {
            panic!("not a sign-in")
        };
        assert!(matches!(sign_in.answer, Answer::Code(_)));
        assert_eq!(sign_in.state.expose(), state);

        let both = Callback::parse(&format!("code=a&error=access_denied&state={state}"));
        let Some(Callback::SignIn(SignIn { answer: Answer::Error(error, None), .. })) = both else {
            panic!("not an error: {both:?}")
        };
        assert_eq!(error, "access_denied");
    }

    #[test]
    fn o5_a_malformed_callback_is_none() {
        let state = state();
        for query in [
            String::new(),
            "code=a".to_owned(),
            "state=&code=a".to_owned(),
            "state=short&code=a".to_owned(),
            "error=access_denied&error_description=the+user+canceled".to_owned(),
            format!("state={state}&state={state}&code=a"),
            format!("state={state}&code=a&code=b"),
            format!("state={state}&code={}", "a".repeat(10_000)),
            format!("state={state}&code=a&session_state=1&session_state=2"),
            format!("state={state}&code=a&session_state={}", "a".repeat(10_000)),
            format!("state={state}&code=%ff"),
            format!("state={state}&code=%2"),
            format!("state={}", "a".repeat(10_000)),
            format!("state={state}&iss={}", "a".repeat(10_000)),
        ] {
            assert!(Callback::parse(&query).is_none(), "{query:.60} was accepted");
        }
    }

    #[test]
    fn an_administrators_approval_needs_no_state_and_carries_nothing_but_its_word() {
        assert!(matches!(
            Callback::parse("admin_consent=True&tenant=x&scope=y"),
            Some(Callback::AdminConsent { approved: true })
        ));
        assert!(matches!(
            Callback::parse("admin_consent=True&error=access_denied"),
            Some(Callback::AdminConsent { approved: false })
        ));
    }

    proptest! {
        #[test]
        fn o5_no_query_at_all_makes_it_panic(query in "\\PC{0,200}") {
            let _ = Callback::parse(&query);
        }
    }
}
