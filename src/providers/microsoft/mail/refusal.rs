//! Reads Microsoft Graph's errors.

use std::time::Duration;

use ::http::StatusCode;
use serde_json::Value;

use super::read::text;
use crate::providers::{
    mailbox::{Limit, MailError, MailProblem, ProviderAnswer},
    members::without_mark,
    oauth::ResponseMeta,
};

/// Maximum number of characters of a code or an id that is shown.
const MAX_SHOWN: usize = 100;
/// Graph's codes for an account without a mailbox that it can reach, without the `Error` that some answers put before
/// them.
const NO_MAILBOX: [&str; 3] =
    ["mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "nonexistentmailbox"];
/// Graph's codes for a missing permission, or a policy of the company.
const NOT_ALLOWED: [&str; 4] =
    ["erroraccessdenied", "accessdenied", "authorization_requestdenied", "forbidden"];
/// The code and the challenge of a company that wants another sign-in than the last one, such as with a second factor
/// (Microsoft, claims challenges). The challenge may come with any code.
const INSUFFICIENT_CLAIMS: &str = "insufficient_claims";
/// Graph's codes for an id that no item has.
const NO_ITEM: [&str; 4] =
    ["erroritemnotfound", "errorinvalididmalformed", "errorinvalidid", "errorfoldernotfound"];
/// Graph's codes for a forgotten token of changes.
const NO_TOKEN: [&str; 4] =
    ["syncstatenotfound", "resyncrequired", "invalidsyncstatedata", "errorinvalidsyncstatedata"];
/// Graph's codes for a change of the content of a message that is no draft.
const CONTENT_IS_FINAL: [&str; 2] = ["errorinvalidpropertyupdatesentmessage", "errorinvalidpropertyset"];
/// Graph's codes for content over a limit.
const TOO_LARGE: [&str; 2] = ["errormessagesizeexceeded", "errorattachmentsizelimitexceeded"];
/// Graph's code for a change that meets another one of the same item. With a condition (`If-Match`) it has the status 412,
/// and the item has another version than the caller named.
const CONFLICT: &str = "errorirresolvableconflict";
/// Graph's code for the name of a folder that another folder has.
const FOLDER_EXISTS: &str = "errorfolderexists";

/// The error of an answer, which may also be one within a batch. `permission` is the one that the request needed.
pub(super) fn refused(meta: &ResponseMeta, body: &[u8], permission: &'static str) -> MailError {
    let said: Value = serde_json::from_slice(without_mark(body)).unwrap_or_default();
    let error = said.get("error").filter(|error| error.is_object());
    let code = error.and_then(|error| text(error, "code"));
    let ids = error.and_then(|error| error.get("innerError").or_else(|| error.get("innererror")));
    let request_id = ids.and_then(|ids| text(ids, "request-id")).or(meta.request_id.as_deref());
    let provider = ProviderAnswer { code: code.and_then(shown), request_id: request_id.and_then(shown) };
    let problem = problem(meta, code, error.is_some(), permission);
    MailError { problem, provider: (provider != ProviderAnswer::default()).then_some(provider) }
}

/// A code or an id. One with other characters than those may hold anything, such as what we have sent.
fn shown(text: &str) -> Option<String> {
    let is_sound = text.len() <= MAX_SHOWN
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_sound.then(|| text.to_owned())
}

/// What kind of error it is: by Graph's code, and otherwise by the status. The message is never read: it may change.
fn problem(
    meta: &ResponseMeta,
    code: Option<&str>,
    is_graphs: bool,
    permission: &'static str,
) -> MailProblem {
    let code = code.unwrap_or_default().to_ascii_lowercase();
    let is_one_of = |codes: &[&str]| codes.contains(&code.as_str());
    let wants_sign_in = code == INSUFFICIENT_CLAIMS || meta.challenge.as_deref() == Some(INSUFFICIENT_CLAIMS);
    let no_mailbox = NO_MAILBOX.contains(&code.strip_prefix("error").unwrap_or(&code));
    let retry_after = meta.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
    let throttled = || MailProblem::Throttled { limit: Limit::Provider, retry_after };
    match StatusCode::from_u16(meta.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR) {
        StatusCode::UNAUTHORIZED => MailProblem::TokenRefused,
        StatusCode::TOO_MANY_REQUESTS => throttled(),
        // Only a proxy sends this status (RFC 9110, 15.5.8).
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => MailProblem::Unavailable,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => MailProblem::Slow,
        // The clouds of some countries lack calls.
        StatusCode::NOT_IMPLEMENTED if is_graphs => MailProblem::Refused,
        // 509 is Graph's status for a limit of bandwidth (Microsoft Graph, errors).
        _ if meta.status == 509 => throttled(),
        status if status.is_server_error() => {
            retry_after.map_or(MailProblem::Unavailable, MailProblem::UnavailableFor)
        }
        StatusCode::FORBIDDEN if wants_sign_in => MailProblem::NeedsSignIn,
        // The gateways before Graph refuse a long body themselves.
        StatusCode::PAYLOAD_TOO_LARGE => MailProblem::TooLarge,
        // The page of a proxy or the redirect of a captive portal, which Graph did not write.
        _ if !is_graphs => MailProblem::Garbled,
        StatusCode::GONE => MailProblem::SyncTokenExpired,
        _ if is_one_of(&NO_TOKEN) => MailProblem::SyncTokenExpired,
        _ if no_mailbox => MailProblem::NoMailbox,
        _ if is_one_of(&NO_ITEM) => MailProblem::NotFound,
        _ if code == FOLDER_EXISTS => MailProblem::FolderExists,
        _ if is_one_of(&CONTENT_IS_FINAL) => MailProblem::ContentIsFinal,
        _ if is_one_of(&TOO_LARGE) => MailProblem::TooLarge,
        StatusCode::PRECONDITION_FAILED => MailProblem::EtagMismatch,
        _ if code == CONFLICT => MailProblem::Conflict,
        StatusCode::CONFLICT => MailProblem::Conflict,
        StatusCode::NOT_FOUND => MailProblem::NotFound,
        StatusCode::FORBIDDEN if is_one_of(&NOT_ALLOWED) => MailProblem::PermissionNotGranted(permission),
        _ => MailProblem::Refused,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::microsoft::mail::request::{MAIL_READ, MAIL_WRITE};

    fn said(status: u16, code: &str) -> MailProblem {
        let meta = ResponseMeta { status, retry_after: Some(7), ..ResponseMeta::default() };
        let body = json!({ "error": { "code": code, "message": "No." } }).to_string();
        refused(&meta, body.as_bytes(), MAIL_READ).problem
    }

    #[test]
    fn graphs_codes_decide_what_kind_of_error_it_is() {
        let throttled =
            MailProblem::Throttled { limit: Limit::Provider, retry_after: Some(Duration::from_secs(7)) };
        for (status, code, expected) in [
            (401, "InvalidAuthenticationToken", MailProblem::TokenRefused),
            (403, "ErrorAccessDenied", MailProblem::PermissionNotGranted(MAIL_READ)),
            (403, "Authorization_RequestDenied", MailProblem::PermissionNotGranted(MAIL_READ)),
            (403, "accessDenied", MailProblem::PermissionNotGranted(MAIL_READ)),
            (403, "insufficient_claims", MailProblem::NeedsSignIn),
            (403, "MailboxNotEnabledForRESTAPI", MailProblem::NoMailbox),
            (404, "ErrorMailboxNotEnabledForRESTAPI", MailProblem::NoMailbox),
            (403, "ErrorSomethingNew", MailProblem::Refused),
            (404, "ErrorItemNotFound", MailProblem::NotFound),
            (400, "ErrorInvalidIdMalformed", MailProblem::NotFound),
            (404, "ErrorSomethingNew", MailProblem::NotFound),
            (400, "InefficientFilter", MailProblem::Refused),
            (410, "syncStateNotFound", MailProblem::SyncTokenExpired),
            (400, "InvalidSyncStateData", MailProblem::SyncTokenExpired),
            (429, "ApplicationThrottled", throttled.clone()),
            (509, "activityLimitReached", throttled),
            (503, "serviceNotAvailable", MailProblem::UnavailableFor(Duration::from_secs(7))),
            (500, "generalException", MailProblem::UnavailableFor(Duration::from_secs(7))),
            (504, "UnknownError", MailProblem::Slow),
            (501, "notImplemented", MailProblem::Refused),
            (409, "ErrorFolderExists", MailProblem::FolderExists),
            (400, "ErrorFolderExists", MailProblem::FolderExists),
            (409, "ErrorIrresolvableConflict", MailProblem::Conflict),
            (412, "ErrorIrresolvableConflict", MailProblem::EtagMismatch),
            (409, "ErrorSomethingNew", MailProblem::Conflict),
            (400, "ErrorInvalidPropertyUpdateSentMessage", MailProblem::ContentIsFinal),
            (400, "ErrorInvalidPropertySet", MailProblem::ContentIsFinal),
            (413, "ErrorMessageSizeExceeded", MailProblem::TooLarge),
            (400, "ErrorMessageSizeExceeded", MailProblem::TooLarge),
        ] {
            assert_eq!(said(status, code), expected, "{status} {code}");
        }
    }

    #[test]
    fn a_gateway_that_refuses_a_long_body_says_that_it_is_too_large() {
        let meta = ResponseMeta { status: 413, ..ResponseMeta::default() };
        assert_eq!(refused(&meta, b"<html>", MAIL_WRITE).problem, MailProblem::TooLarge);
    }

    #[test]
    fn an_outage_without_a_wait_names_none() {
        let meta = ResponseMeta { status: 503, ..ResponseMeta::default() };
        assert_eq!(refused(&meta, b"", MAIL_READ).problem, MailProblem::Unavailable);
    }

    #[test]
    fn a_challenge_asks_for_a_new_sign_in_whatever_the_code_is() {
        for code in
            ["accessDenied", "ErrorAccessDenied", "MailboxNotEnabledForRESTAPI", "insufficient_claims"]
        {
            for (challenge, expected) in
                [(Some("insufficient_claims"), true), (Some("insufficient_scope"), false), (None, false)]
            {
                let challenge = challenge.map(str::to_owned);
                let meta = ResponseMeta { status: 403, challenge, ..ResponseMeta::default() };
                let body = json!({ "error": { "code": code } }).to_string();
                let found = refused(&meta, body.as_bytes(), MAIL_READ).problem;
                let is_expected = expected || code == "insufficient_claims";
                assert_eq!(found == MailProblem::NeedsSignIn, is_expected, "{code}: {found:?}");
            }
        }
    }

    #[test]
    fn an_answer_that_graph_did_not_write_says_nothing_about_the_item() {
        for status in [302, 400, 403, 404, 410] {
            let meta = ResponseMeta { status, ..ResponseMeta::default() };
            assert_eq!(refused(&meta, b"<html>", MAIL_READ).problem, MailProblem::Garbled, "{status}");
        }
    }

    #[test]
    fn of_an_error_only_its_code_and_the_id_of_the_request_are_kept() {
        let meta = ResponseMeta {
            status: 400,
            request_id: Some("from-header".to_owned()),
            ..ResponseMeta::default()
        };
        let body = |code: &str| json!({ "error": { "code": code, "message": "canary" } }).to_string();
        let error = refused(&meta, body("ErrorInvalidRequest").as_bytes(), MAIL_READ);
        let kept = ProviderAnswer {
            code: Some("ErrorInvalidRequest".to_owned()),
            request_id: Some("from-header".to_owned()),
        };
        assert_eq!(error.provider, Some(kept));
        assert!(!format!("{error:?} {error}").contains("canary"));
        let echoed = refused(&meta, body("Bearer canary access").as_bytes(), MAIL_READ);
        assert_eq!(echoed.provider.and_then(|answer| answer.code), None);
        let inner =
            json!({ "error": { "code": "X", "innererror": { "request-id": "from-body" } } }).to_string();
        let inner = refused(&meta, inner.as_bytes(), MAIL_READ).provider.and_then(|answer| answer.request_id);
        assert_eq!(inner.as_deref(), Some("from-body"));
    }
}
