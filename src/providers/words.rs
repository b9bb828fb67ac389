//! The words of the provider. They may be any text. They are kept as one line from which the sent secrets are removed.
//!
//! Only codes and ids are stored in clear. The free text is sealed (`sign_ins/sealed.rs`).

use serde::{Deserialize, Serialize, Serializer};

use super::{Evidence, guid};

/// The words of the provider, cut and without control characters, and the findings of this program. The free text is
/// not serialised with them: see [`FreeText`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderWords {
    /// The OAuth `error`, or Graph's code. It is serialised only if it is a known code.
    #[serde(default, serialize_with = "only_known")]
    pub error: Option<String>,
    /// Its description. Never serialised.
    #[serde(default, skip_serializing)]
    pub description: Option<String>,
    /// Microsoft's id of the request, a GUID.
    pub trace_id: Option<String>,
    /// Microsoft's id of the sign-in, a GUID.
    pub correlation_id: Option<String>,
    /// Microsoft's own codes (AADSTS…). They choose words, but they decide nothing.
    #[serde(default)]
    pub codes: Vec<u64>,
    /// The findings of this program.
    #[serde(default)]
    pub evidence: Option<Box<Evidence>>,
}

/// The free text of the provider. It may contain anything, so it is stored only sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeText {
    /// An `error` that is not a known code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The description of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The provider's name of the account that signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Error codes that may be stored in clear: those of RFC 6749, 4.1.2.1 and 5.2, of OpenID Connect Core, 3.1.2.6, of
/// Microsoft's documentation, and of Microsoft Graph. Any other value may be free text.
const KNOWN_ERRORS: &[&str] = &[
    "access_denied",
    "account_selection_required",
    "authorization_declined",
    "authorization_pending",
    "bad_token",
    "client_mismatch",
    "consent_required",
    "device_authentication_failed",
    "expired_token",
    "insufficient_scope",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_resource",
    "invalid_scope",
    "invalid_target",
    "invalid_token",
    "login_required",
    "policy_violation",
    "protection_policy_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "token_expired",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "user_password_expired",
    "AccessDenied",
    "ApplicationThrottled",
    "AuthenticationError",
    "Authentication_ExpiredToken",
    "Authentication_MissingOrMalformed",
    "Authentication_Unauthorized",
    "AuthorizationFailed",
    "Authorization_IdentityNotFound",
    "Authorization_RequestDenied",
    "BadRequest",
    "ErrorAccessDenied",
    "ErrorInternalServerError",
    "ErrorItemNotFound",
    "Forbidden",
    "InternalServerError",
    "InvalidAuthenticationToken",
    "MailboxNotEnabledForRESTAPI",
    "NotFound",
    "Request_BadRequest",
    "Request_ResourceNotFound",
    "Request_ThrottledTemporarily",
    "ResourceNotFound",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
    "UnknownError",
    "accessDenied",
    "activityLimitReached",
    "generalException",
    "itemNotFound",
    "serviceNotAvailable",
    "unauthenticated",
];

/// The code, if it is a known one.
pub fn known_error(error: &str) -> Option<&'static str> {
    KNOWN_ERRORS.iter().find(|known| **known == error).copied()
}

#[expect(clippy::ref_option, reason = "serde hands it over so")]
fn only_known<S: Serializer>(error: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    error.as_deref().and_then(known_error).serialize(serializer)
}

/// Microsoft's codes have four to eight digits. A longer number is no code, and could be a secret.
const CODES: std::ops::RangeInclusive<u64> = 1_000..=999_999_999;

impl ProviderWords {
    /// Makes words of received texts, which may be anything. Ids that came nowhere else are read from the description.
    pub fn new(
        error: Option<&str>,
        description: Option<&str>,
        trace_id: Option<&str>,
        correlation_id: Option<&str>,
    ) -> Self {
        let within = |name| description.and_then(|text| id_after(text, name));
        // Microsoft's ids are GUIDs; anything else may be any text.
        let id = |sent: Option<&str>, name| sent.and_then(guid).or_else(|| within(name).and_then(guid));
        // The code of the description is added to the list, because the list is stored in clear.
        let code = description.and_then(code_in).or_else(|| error.and_then(code_in));
        Self {
            error: error.map(|text| single_line(text, 100)),
            description: description.map(|text| single_line(text, 1000)),
            trace_id: id(trace_id, "trace id"),
            correlation_id: id(correlation_id, "correlation id"),
            codes: Vec::new(),
            evidence: None,
        }
        .with_codes(code)
    }

    /// The same words with the codes that Microsoft listed, if any; usually there is one.
    #[must_use]
    pub fn with_codes(mut self, codes: impl IntoIterator<Item = u64>) -> Self {
        let listed: Vec<_> = codes.into_iter().filter(|code| CODES.contains(code)).take(10).collect();
        if !listed.is_empty() {
            self.codes = listed;
        }
        self
    }

    /// Words that have only a finding of this program.
    pub fn found(evidence: Evidence) -> Self {
        Self { evidence: Some(Box::new(evidence)), ..Self::default() }
    }

    /// Whether the provider said anything.
    pub fn is_said(&self) -> bool {
        *self != Self { evidence: self.evidence.clone(), ..Self::default() }
    }

    /// The error, if it is a known code.
    pub fn known_error(&self) -> Option<&'static str> {
        self.error.as_deref().and_then(known_error)
    }

    /// Microsoft's code: from the list that came with the error, or from the beginning of its description
    /// (`AADSTS50011: …`).
    pub fn code(&self) -> Option<u64> {
        self.codes.first().copied()
    }
}

/// The GUID that follows a name and a colon, in any case: Microsoft ends its descriptions with such lines
/// (`Trace ID: …`).
pub fn id_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.to_ascii_lowercase().find(&name.to_ascii_lowercase())? + name.len();
    let rest = text.get(at..)?.trim_start_matches([':', ' ', '\t', '\u{a0}']);
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(rest.len());
    (end == 36).then(|| &rest[..end])
}

/// The first of Microsoft's codes in a text.
pub fn code_in(text: &str) -> Option<u64> {
    text.match_indices("AADSTS").find_map(|(at, mark)| {
        let digits = text[at + mark.len()..].split(|c: char| !c.is_ascii_digit()).next()?;
        (4..=12).contains(&digits.len()).then(|| digits.parse().ok())?
    })
}

/// One line of at most `max` characters. Microsoft's descriptions contain line ends, and an attacker can put any
/// text into a callback's address (log injection).
pub fn single_line(text: &str, max: usize) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let line: Vec<_> = words.collect();
    let line = line.join(" ");
    if line.chars().count() <= max {
        return line;
    }
    line.chars().take(max).chain(['…']).collect()
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
    fn ids_are_found_where_microsoft_writes_them_in_the_description_alone() {
        let (trace, correlation) =
            ("2b4e28ba-2fa1-11d2-883f-0016d3cca427", "3b4e28ba-2fa1-11d2-883f-0016d3cca427");
        let text = format!("AADSTS90094: Approve.\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\n");
        let words = ProviderWords::new(Some("access_denied"), Some(&text), None, None);
        assert_eq!(words.trace_id.as_deref(), Some(trace));
        assert_eq!(words.correlation_id.as_deref(), Some(correlation));
        let sent = ProviderWords::new(None, Some(&text), Some(correlation), None);
        assert_eq!(sent.trace_id.as_deref(), Some(correlation));
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_the_search_for_a_code_panic(text in "(AADSTS|\\PC){0,40}") {
            let _ = code_in(&text);
        }
    }
}
