//! Reads Google's errors. Google names an error in several places: `error`, `error_subtype`, the `reason` of an API's
//! error, and sometimes only in an English sentence. The most precise name becomes the `reason` of the words.

use super::codes;
use crate::providers::{ProviderWords, RawError, pasted_text};

/// The description of `invalid_client` for a wrong secret.
const UNAUTHORIZED: &str = "unauthorized";

/// The words of an error. Its reason is a name of the table of codes, or one that Google sent.
pub fn read(raw: &RawError<'_>) -> ProviderWords {
    let named = |text: Option<&str>| text.and_then(codes::name);
    let described = || raw.description.and_then(|text| name_in_description(raw.error, text));
    let reason = named(raw.reason).or_else(|| named(raw.error)).or_else(described).or(raw.reason);
    ProviderWords::of(raw.error, raw.description, raw.trace_id, raw.correlation_id).with_reason(reason)
}

/// The error that a description names.
fn name_in_description(error: Option<&str>, description: &str) -> Option<&'static str> {
    let words = pasted_text::words(&pasted_text::plain(description));
    let is_secret = error == Some("invalid_client") && words.trim_end_matches('.') == UNAUTHORIZED;
    if is_secret { codes::name("client_secret_invalid") } else { codes::name_in_words(&words) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason(error: &str, description: &str) -> Option<String> {
        read(&RawError { error: Some(error), description: Some(description), ..RawError::default() }).reason
    }

    #[test]
    fn an_error_is_named_by_its_subtype_its_own_name_or_its_description() {
        let rapt = RawError {
            error: Some("invalid_grant"),
            description: Some("reauth related error (invalid_rapt)"),
            reason: Some("invalid_rapt"),
            ..RawError::default()
        };
        assert_eq!(read(&rapt).reason.as_deref(), Some("invalid_rapt"));
        for (error, description, expected) in [
            ("invalid_grant", "reauth related error (invalid_rapt)", Some("invalid_rapt")),
            ("invalid_grant", "Token has been expired or revoked.", Some("token_expired_or_revoked")),
            ("invalid_grant", "Bad Request", None),
            ("invalid_grant", "Malformed auth code.", None),
            ("invalid_client", "The OAuth client was not found.", Some("client_not_found")),
            ("invalid_client", "Unauthorized", Some("client_secret_invalid")),
            ("invalid_client", "The provided client secret is invalid.", Some("client_secret_invalid")),
            ("deleted_client", "The OAuth client was deleted.", Some("deleted_client")),
            ("disabled_client", "The OAuth client was disabled.", Some("disabled_client")),
            ("invalid_request", "Unauthorized", None),
            ("access_denied", "", None),
            ("admin_policy_enforced", "", Some("admin_policy_enforced")),
            ("FAILED_PRECONDITION", "Mail service not enabled", Some("mail_service_not_enabled")),
            ("FAILED_PRECONDITION", "Precondition check failed.", None),
            (
                "PERMISSION_DENIED",
                "Gmail API has not been used in project 846187604739 before or it is disabled.",
                Some("SERVICE_DISABLED"),
            ),
        ] {
            assert_eq!(reason(error, description).as_deref(), expected, "{error}: {description}");
        }
    }

    #[test]
    fn a_sentence_is_understood_in_any_white_space_and_case() {
        let written = ["token has been\r\n expired  or revoked", "TOKEN HAS BEEN EXPIRED\u{a0}OR REVOKED!"];
        for description in written {
            let found = reason("invalid_grant", description);
            assert_eq!(found.as_deref(), Some("token_expired_or_revoked"), "{description}");
        }
    }

    #[test]
    fn a_reason_that_google_does_not_document_is_not_kept() {
        let raw =
            RawError { error: Some("invalid_grant"), reason: Some("s3cret-value"), ..RawError::default() };
        assert_eq!(read(&raw).reason, None);
    }

    #[test]
    fn every_name_of_the_table_may_be_stored_in_clear() {
        for code in codes::table().flat_map(|entry| entry.codes) {
            let raw = RawError { reason: Some(code), ..RawError::default() };
            assert_eq!(read(&raw).reason.as_deref(), Some(*code));
        }
    }

    proptest! {
        #[test]
        fn no_text_at_all_makes_reading_panic(error in "\\PC{0,40}", text in "(Token has |invalid_rapt|\\PC|\n){0,40}") {
            let raw = RawError {
                error: Some(&error), description: Some(&text), reason: Some(&error), ..RawError::default()
            };
            let said = read(&raw);
            prop_assert!(said.reason.is_none_or(|reason| codes::name(&reason).is_some() || reason == error));
        }
    }
}
