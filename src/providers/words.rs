//! The words of the provider. They may be any text. They are kept as one line from which the sent secrets are removed.
//!
//! Only codes and ids are stored in clear. The free text is sealed (`sign_ins/sealed.rs`).

use serde::{Deserialize, Serialize, Serializer};

use super::{Evidence, guid};

/// The words of the provider, cut and without control characters, and the findings of this program. The free text is
/// not serialised with them: see [`FreeText`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderWords {
    /// The OAuth `error`, or a code of the provider's API. It is serialised only if it is a known code.
    #[serde(default, serialize_with = "only_known")]
    pub error: Option<String>,
    /// A more precise name of the error, which is a known code. Some providers send it beside the error, and some only in
    /// the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The provider's description of the error. Never serialised.
    #[serde(default, skip_serializing)]
    pub description: Option<String>,
    /// The provider's id of the request, a GUID.
    pub trace_id: Option<String>,
    /// The provider's id of the sign-in, a GUID.
    pub correlation_id: Option<String>,
    /// The provider's own codes. They choose words, but they decide nothing.
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

/// Error codes that may be stored in clear: those of RFC 6749, 4.1.2.1 and 5.2, of OpenID Connect Core, 3.1.2.6, and of
/// the providers' documentation. Any other value may be free text.
const KNOWN_ERRORS: &[&str] = &[
    "access_denied",
    "access_not_configured",
    "account_selection_required",
    "admin_policy_enforced",
    "authorization_declined",
    "authorization_pending",
    "bad_token",
    "client_mismatch",
    "consent_required",
    "deleted_client",
    "device_authentication_failed",
    "disabled_client",
    "disallowed_useragent",
    "expired_token",
    "immediate_failed",
    "insufficient_scope",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_rapt",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_resource",
    "invalid_scope",
    "invalid_target",
    "invalid_token",
    "login_required",
    "org_internal",
    "policy_violation",
    "protection_policy_required",
    "rapt_required",
    "redirect_uri_mismatch",
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
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
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
    "ErrorMailboxNotEnabledForRESTAPI",
    "FAILED_PRECONDITION",
    "Forbidden",
    "INVALID_ARGUMENT",
    "InternalServerError",
    "InvalidAuthenticationToken",
    "MailboxNotEnabledForRESTAPI",
    "NOT_FOUND",
    "NotFound",
    "PERMISSION_DENIED",
    "RATE_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "Request_BadRequest",
    "Request_ResourceNotFound",
    "Request_ThrottledTemporarily",
    "ResourceNotFound",
    "SERVICE_DISABLED",
    "ServiceUnavailable",
    "TooManyRequests",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "Unauthorized",
    "UnknownError",
    "accessDenied",
    "accessNotConfigured",
    "activityLimitReached",
    "authError",
    "backendError",
    "badRequest",
    "dailyLimitExceeded",
    "delegationDenied",
    "domainPolicy",
    "failedPrecondition",
    "forbidden",
    "generalException",
    "insufficientPermissions",
    "internalError",
    "invalidArgument",
    "itemNotFound",
    "notFound",
    "quotaExceeded",
    "rateLimitExceeded",
    "serviceNotAvailable",
    "unauthenticated",
    "userRateLimitExceeded",
    // Names of this program for errors that a provider names only in sentences.
    "account_deleted",
    "app_blocked",
    "app_in_testing",
    "app_not_verified",
    "client_not_found",
    "client_secret_invalid",
    "mail_service_not_enabled",
    "oauth_policy",
    "request_is_invalid",
    "token_expired_or_revoked",
];

/// The code, if it is a known one.
pub fn known_error(error: &str) -> Option<&'static str> {
    KNOWN_ERRORS.iter().find(|known| **known == error).copied()
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn only_known<S: Serializer>(error: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    error.as_deref().and_then(known_error).serialize(serializer)
}

/// Codes of providers have four to nine digits. A longer number is not a code, and could be a secret.
const CODES: std::ops::RangeInclusive<u64> = 1_000..=999_999_999;

impl ProviderWords {
    /// Parses received texts, which may contain anything. Ids that are not GUIDs are dropped. Nothing is searched in
    /// the description: that is `Provider::read_words`.
    pub fn of(
        error: Option<&str>,
        description: Option<&str>,
        trace_id: Option<&str>,
        correlation_id: Option<&str>,
    ) -> Self {
        Self {
            error: error.map(|text| single_line(text, 100)),
            reason: None,
            description: description.map(|text| single_line(text, 1000)),
            trace_id: trace_id.and_then(guid),
            correlation_id: correlation_id.and_then(guid),
            codes: Vec::new(),
            evidence: None,
        }
    }

    /// The same words with the provider's own codes, if there are any; usually there is one.
    #[must_use]
    pub fn with_codes(mut self, codes: impl IntoIterator<Item = u64>) -> Self {
        let listed: Vec<_> = codes.into_iter().filter(|code| CODES.contains(code)).take(10).collect();
        if !listed.is_empty() {
            self.codes = listed;
        }
        self
    }

    /// The same words with a more precise name of the error. A name that is no known code is dropped.
    #[must_use]
    pub fn with_reason(mut self, reason: Option<&str>) -> Self {
        self.reason = reason.and_then(known_error).map(str::to_owned);
        self
    }

    /// Words that have only a finding of this program.
    pub fn found(evidence: Evidence) -> Self {
        Self { evidence: Some(Box::new(evidence)), ..Self::default() }
    }

    /// Whether it contains words of the provider, and not only a finding of this program.
    pub fn has_words(&self) -> bool {
        *self != Self { evidence: self.evidence.clone(), ..Self::default() }
    }

    /// The error, if it is a known code.
    pub fn known_error(&self) -> Option<&'static str> {
        self.error.as_deref().and_then(known_error)
    }

    /// The first of the provider's own codes.
    pub fn code(&self) -> Option<u64> {
        self.codes.first().copied()
    }
}

/// Shortens a text to one line of at most `max` characters. Descriptions of providers contain line ends, and an
/// attacker can put any text into a callback's address (log injection).
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
    use super::*;

    #[test]
    fn a_description_becomes_one_line_of_bounded_length() {
        let words = ProviderWords::of(
            Some("invalid_client"),
            Some("E7000215: wrong.\r\nTrace ID: 1\r\n\u{1b}[31mred"),
            None,
            None,
        );
        let description = words.description.expect("a description");
        assert_eq!(description, "E7000215: wrong. Trace ID: 1 [31mred");
        let long = ProviderWords::of(None, Some(&"x".repeat(9000)), None, None);
        assert_eq!(long.description.expect("a description").chars().count(), 1001);
    }

    #[test]
    fn n9_a_number_too_long_for_a_code_and_an_id_that_is_no_guid_are_dropped() {
        let words =
            ProviderWords::of(None, None, Some("s3cret"), Some("s3cret")).with_codes([99, 50_011, u64::MAX]);
        assert_eq!(words.code(), Some(50_011));
        assert_eq!((words.codes, words.trace_id, words.correlation_id), (vec![50_011], None, None));
    }

    #[test]
    fn n9_a_reason_that_is_no_known_code_is_dropped() {
        let reason = |text| ProviderWords::default().with_reason(Some(text)).reason;
        assert_eq!(reason("invalid_rapt").as_deref(), Some("invalid_rapt"));
        assert_eq!(reason("s3cret"), None);
    }

    #[test]
    fn each_known_code_is_listed_once() {
        let all: std::collections::HashSet<_> = KNOWN_ERRORS.iter().collect();
        assert_eq!(all.len(), KNOWN_ERRORS.len());
    }
}
