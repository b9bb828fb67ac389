//! Reads the errors of the Gmail API and the People API (Gmail API, "Resolve errors"; google.rpc.Status).

use std::time::Duration;

use ::http::StatusCode;
use mail_parser::DateTime;
use serde_json::Value;

use super::json::{items, text};
use crate::{
    platform::clock::Timestamp,
    providers::{
        mailbox::{Limit, MailError, MailProblem, ProviderAnswer},
        members::without_mark,
        oauth::ResponseMeta,
    },
};

/// Maximum number of characters of a reason that is shown.
const MAX_SHOWN: usize = 100;
/// The longest wait that is believed.
const MAX_WAIT: Duration = Duration::from_hours(24);
/// The reasons of too many requests, or too many messages in a day. Some come with 403.
const THROTTLED: [&str; 6] = [
    "ratelimitexceeded",
    "userratelimitexceeded",
    "dailylimitexceeded",
    "quotaexceeded",
    "rate_limit_exceeded",
    "resource_exhausted",
];
/// The reasons of an API that the administrator of the application has not enabled.
const API_DISABLED: [&str; 2] = ["accessnotconfigured", "service_disabled"];
/// The reasons of a missing permission.
const NOT_GRANTED: [&str; 3] =
    ["insufficientpermissions", "access_token_scope_insufficient", "insufficient_scope"];
/// The reason of a token of changes that was forgotten.
const NO_SYNC_TOKEN: &str = "expired_sync_token";
/// The reason of a request that does not fit the state of the account or of the item.
const FAILED_PRECONDITION: [&str; 2] = ["failedprecondition", "failed_precondition"];
/// Google's words for an account without Gmail. They have no reason of their own.
const NO_GMAIL: &str = "mail service not enabled";
/// The word of the answer to a change of a contact that is not the present one.
const ETAG: &str = "etag";
/// Google's words for an id in another form than it gives out, and for a label that does not exist.
const NO_SUCH_ID: [&str; 2] = ["invalid id value", "invalid label"];
/// Google's words for the name of a label that it keeps for itself, in any language of its own: `Inbox`, `Muted`,
/// `Ongelezen`. They begin as those for a label that does not exist.
const RESERVED_NAME: &str = "invalid label name";
const OTHER_NAME: &str =
    "Gmail does not take this name, because it is like one of its own, such as Inbox: give another name.";
/// What is before a time in the answer to a mailbox that has sent too much.
const RETRY_AFTER: &str = "retry after ";

/// The error of an answer. `permission` is the one that the request needed.
pub(super) fn refused(
    meta: &ResponseMeta,
    body: &[u8],
    permission: &'static str,
    now: Timestamp,
) -> MailError {
    let said: Value = serde_json::from_slice(without_mark(body)).unwrap_or_default();
    let error = said.get("error").filter(|error| error.is_object());
    let said = error.map(Said::read).unwrap_or_default();
    let code = said.reasons.first().copied().and_then(shown);
    let problem = problem(meta, &said, error.is_some(), permission, now);
    let provider = ProviderAnswer { code, request_id: None };
    MailError { problem, provider: (provider != ProviderAnswer::default()).then_some(provider) }
}

/// What Google says about an error.
#[derive(Default)]
struct Said<'e> {
    /// From the most exact: the reasons of the details and of the errors, and the name of the status.
    reasons: Vec<&'e str>,
    /// The words for people, in small letters.
    words: String,
}

impl<'e> Said<'e> {
    fn read(error: &'e Value) -> Self {
        let of = |list: &'static str| items(error, list).iter().filter_map(|one| text(one, "reason"));
        let reasons = of("details").chain(of("errors")).chain(text(error, "status")).collect();
        let words = text(error, "message").unwrap_or_default().to_ascii_lowercase();
        Self { reasons, words }
    }

    fn has(&self, known: &[&str]) -> bool {
        self.reasons.iter().any(|reason| known.contains(&reason.to_ascii_lowercase().as_str()))
    }

    /// How long to wait, if the words name the time.
    fn wait(&self, now: Timestamp) -> Option<Duration> {
        let (_, rest) = self.words.split_once(RETRY_AFTER)?;
        let time = rest.split_whitespace().next()?.trim_end_matches(['.', ')']).to_ascii_uppercase();
        let until = DateTime::parse_rfc3339(&time).filter(DateTime::is_valid)?.to_timestamp();
        let seconds = until.checked_sub(now.seconds())?;
        u64::try_from(seconds).ok().map(Duration::from_secs)
    }
}

/// A reason. One with other characters than those may hold anything, such as what we have sent.
fn shown(text: &str) -> Option<String> {
    let is_sound = text.len() <= MAX_SHOWN
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_sound.then(|| text.to_owned())
}

/// What kind of error it is: by Google's reason, and otherwise by the status. The words are read only where no reason
/// tells two kinds apart.
fn problem(
    meta: &ResponseMeta,
    said: &Said<'_>,
    is_googles: bool,
    permission: &'static str,
    now: Timestamp,
) -> MailProblem {
    let retry_after = meta.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
    let throttled = || {
        let retry_after = retry_after.or_else(|| said.wait(now)).map(|wait| wait.min(MAX_WAIT));
        MailProblem::Throttled { limit: Limit::Provider, retry_after }
    };
    let fails_precondition = said.has(&FAILED_PRECONDITION);
    match StatusCode::from_u16(meta.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR) {
        StatusCode::UNAUTHORIZED => MailProblem::TokenRefused,
        StatusCode::TOO_MANY_REQUESTS => throttled(),
        // Only a proxy sends this status (RFC 9110, 15.5.8).
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => MailProblem::Unavailable,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => MailProblem::Slow,
        StatusCode::NOT_IMPLEMENTED if is_googles => MailProblem::Refused,
        status if status.is_server_error() => {
            retry_after.map_or(MailProblem::Unavailable, MailProblem::UnavailableFor)
        }
        // The gateways before the API refuse a long body themselves.
        StatusCode::PAYLOAD_TOO_LARGE => MailProblem::TooLarge,
        // The page of a proxy or the redirect of a captive portal, which Google did not write.
        _ if !is_googles => MailProblem::Garbled,
        _ if said.has(&THROTTLED) => throttled(),
        _ if said.has(&API_DISABLED) => MailProblem::ApiDisabled,
        _ if said.has(&NOT_GRANTED) => MailProblem::PermissionNotGranted(permission),
        StatusCode::GONE => MailProblem::SyncTokenExpired,
        _ if said.has(&[NO_SYNC_TOKEN]) => MailProblem::SyncTokenExpired,
        _ if fails_precondition && said.words.contains(NO_GMAIL) => MailProblem::NoMailbox,
        _ if fails_precondition && said.words.contains(ETAG) => MailProblem::EtagMismatch,
        _ if said.words.contains(RESERVED_NAME) => MailProblem::InvalidValue(OTHER_NAME),
        _ if NO_SUCH_ID.iter().any(|words| said.words.contains(words)) => MailProblem::NotFound,
        StatusCode::PRECONDITION_FAILED => MailProblem::EtagMismatch,
        StatusCode::CONFLICT => MailProblem::Conflict,
        StatusCode::NOT_FOUND => MailProblem::NotFound,
        _ => MailProblem::Refused,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_858_200_000_000);
    const READ: &str = "https://www.googleapis.com/auth/gmail.readonly";

    fn of(status: u16, error: &Value) -> MailProblem {
        let meta = ResponseMeta { status, ..ResponseMeta::default() };
        let body = json!({ "error": error }).to_string();
        refused(&meta, body.as_bytes(), READ, NOW).problem
    }

    fn said(status: u16, reason: &str) -> MailProblem {
        of(status, &json!({ "message": "No.", "errors": [{ "domain": "global", "reason": reason }] }))
    }

    #[test]
    fn googles_reasons_decide_what_kind_of_error_it_is() {
        let throttled = MailProblem::Throttled { limit: Limit::Provider, retry_after: None };
        for (status, reason, expected) in [
            (401, "authError", MailProblem::TokenRefused),
            (403, "rateLimitExceeded", throttled.clone()),
            (403, "userRateLimitExceeded", throttled.clone()),
            (403, "dailyLimitExceeded", throttled.clone()),
            (429, "rateLimitExceeded", throttled),
            (403, "accessNotConfigured", MailProblem::ApiDisabled),
            (403, "insufficientPermissions", MailProblem::PermissionNotGranted(READ)),
            (403, "domainPolicy", MailProblem::Refused),
            (403, "somethingNew", MailProblem::Refused),
            (400, "invalidArgument", MailProblem::Refused),
            (400, "failedPrecondition", MailProblem::Refused),
            (404, "notFound", MailProblem::NotFound),
            (409, "aborted", MailProblem::Conflict),
            (410, "gone", MailProblem::SyncTokenExpired),
            (412, "conditionNotMet", MailProblem::EtagMismatch),
            (413, "uploadTooLarge", MailProblem::TooLarge),
            (500, "backendError", MailProblem::Unavailable),
            (503, "backendError", MailProblem::Unavailable),
            (504, "backendError", MailProblem::Slow),
            (501, "notImplemented", MailProblem::Refused),
        ] {
            assert_eq!(said(status, reason), expected, "{status} {reason}");
        }
    }

    #[test]
    fn the_reasons_of_details_and_the_name_of_the_status_count_too() {
        let detail =
            |reason: &str| json!({ "message": "No.", "details": [{ "@type": "t" }, { "reason": reason }] });
        assert_eq!(of(403, &detail("SERVICE_DISABLED")), MailProblem::ApiDisabled);
        assert_eq!(
            of(403, &detail("ACCESS_TOKEN_SCOPE_INSUFFICIENT")),
            MailProblem::PermissionNotGranted(READ)
        );
        assert_eq!(of(400, &detail("EXPIRED_SYNC_TOKEN")), MailProblem::SyncTokenExpired);
        let status = |status: &str, words: &str| json!({ "status": status, "message": words });
        assert_eq!(
            of(400, &status("FAILED_PRECONDITION", "Mail service not enabled")),
            MailProblem::NoMailbox
        );
        let stale = "Request person.etag is different than the current person.etag.";
        assert_eq!(of(400, &status("FAILED_PRECONDITION", stale)), MailProblem::EtagMismatch);
        for words in ["Invalid id value", "Invalid label: Label_99"] {
            assert_eq!(of(400, &status("INVALID_ARGUMENT", words)), MailProblem::NotFound);
        }
        let name = of(400, &status("INVALID_ARGUMENT", "Invalid label name"));
        assert_eq!(name, MailProblem::InvalidValue(OTHER_NAME), "a name is no id of a missing label");
    }

    #[test]
    fn a_wait_comes_from_the_header_and_otherwise_from_the_words() {
        let wait = |retry_after: Option<u32>, words: &str| {
            let meta = ResponseMeta { status: 429, retry_after, ..ResponseMeta::default() };
            let body = json!({ "error": { "message": words } }).to_string();
            match refused(&meta, body.as_bytes(), READ, NOW).problem {
                MailProblem::Throttled { retry_after, .. } => retry_after.map(|wait| wait.as_secs()),
                other => panic!("{other:?}"),
            }
        };
        let words = "User-rate limit exceeded.  Retry after 2026-11-28T09:31:10.000Z";
        assert_eq!(wait(None, words), Some(70));
        assert_eq!(wait(Some(7), words), Some(7));
        assert_eq!(wait(None, "User-rate limit exceeded. Retry after 2020-01-01T00:00:00Z"), None);
        assert_eq!(
            wait(None, "User-rate limit exceeded. Retry after 2099-01-01T00:00:00Z (Mail sending)"),
            Some(86_400)
        );
        for none in ["", "Retry after ", "Retry after a while", "Retry after 2026-99-99T99:99:99Z"] {
            assert_eq!(wait(None, none), None, "{none}");
        }
    }

    #[test]
    fn an_outage_names_the_wait_that_google_names() {
        let meta = ResponseMeta { status: 503, retry_after: Some(7), ..ResponseMeta::default() };
        let found = refused(&meta, b"", READ, NOW).problem;
        assert_eq!(found, MailProblem::UnavailableFor(Duration::from_secs(7)));
    }

    #[test]
    fn an_answer_that_google_did_not_write_says_nothing_about_the_item() {
        for status in [302, 400, 403, 404, 410] {
            let meta = ResponseMeta { status, ..ResponseMeta::default() };
            assert_eq!(refused(&meta, b"<html>", READ, NOW).problem, MailProblem::Garbled, "{status}");
        }
        let meta = ResponseMeta { status: 413, ..ResponseMeta::default() };
        assert_eq!(refused(&meta, b"<html>", READ, NOW).problem, MailProblem::TooLarge);
    }

    #[test]
    fn of_an_error_only_its_reason_is_kept() {
        let meta = ResponseMeta { status: 400, ..ResponseMeta::default() };
        let body = |reason: &str| {
            json!({ "error": { "message": "canary", "errors": [{ "reason": reason }] } }).to_string()
        };
        let error = refused(&meta, body("invalidArgument").as_bytes(), READ, NOW);
        assert_eq!(
            error.provider.as_ref().and_then(|answer| answer.code.as_deref()),
            Some("invalidArgument")
        );
        assert!(!format!("{error:?} {error}").contains("canary"));
        let echoed = refused(&meta, body("Bearer canary access").as_bytes(), READ, NOW);
        assert_eq!(echoed.provider, None);
    }
}
