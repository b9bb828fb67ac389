//! Sends requests to Microsoft Graph for one mailbox, and reads its errors.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use ::http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use oauth2::HttpResponse;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::read::text;
use crate::providers::{
    mailbox::{
        Download, Limit, MailBody, MailCall, MailError, MailProblem, MailRequest, MailResponse,
        ProviderAnswer, Room, read_whole, read_with_room,
    },
    members::without_mark,
    oauth::ResponseMeta,
};

/// Maximum number of bytes of an answer in JSON. A page of a thousand messages without bodies fits into it.
pub(super) const MAX_JSON: usize = 8 * 1024 * 1024;
/// Maximum number of bytes of an error that is read.
const MAX_ERROR: usize = 64 * 1024;
/// Maximum number of characters of a code or an id that is shown.
const MAX_SHOWN: usize = 100;

/// The permissions that an error may name as missing.
pub(super) const MAIL_READ: &str = "Mail.Read";
pub(super) const CONTACTS_READ: &str = "Contacts.Read";
pub(super) const SETTINGS_READ: &str = "MailboxSettings.Read";

/// Ids that survive a move. Every request must ask for them (graph-mail, rule 1: Microsoft, Outlook immutable IDs).
const IMMUTABLE: &str = r#"IdType="ImmutableId""#;

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

/// A reading request.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    /// The whole address.
    pub url: &'q str,
    /// The permission that it needs: the one with the fewest rights.
    pub permission: &'static str,
    /// Further preferences.
    pub prefer: Option<&'static str>,
}

/// An object in JSON, with its room in memory.
pub(super) struct Json {
    value: Value,
    _room: Room,
}

impl Deref for Json {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl DerefMut for Json {
    fn deref_mut(&mut self) -> &mut Value {
        &mut self.value
    }
}

/// Microsoft Graph, for one call of one mailbox.
#[derive(Clone, Copy)]
pub(super) struct Graph<'a> {
    /// The base of the addresses, without a slash at its end.
    base: &'a str,
    pub call: MailCall<'a>,
}

impl<'a> Graph<'a> {
    pub(super) const fn new(base: &'a str, call: MailCall<'a>) -> Self {
        Self { base, call }
    }

    /// The whole address of a path, which begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Reads an object in JSON. `path` begins with a slash and may have a query.
    pub(super) async fn get(&self, permission: &'static str, path: &str) -> Result<Json, MailError> {
        self.ask(Question { url: &self.url(path), permission, prefer: None }, MAX_JSON).await
    }

    /// Reads the object at a link from an earlier answer (`@odata.nextLink`, `@odata.deltaLink`). A link that leads
    /// elsewhere is not followed: it would get the access token.
    pub(super) async fn follow(&self, permission: &'static str, link: &str) -> Result<Json, MailError> {
        let rest = link.strip_prefix(self.base).filter(|rest| rest.starts_with('/'));
        let is_sound = rest.is_some_and(|rest| !rest.contains(|c: char| c.is_control() || c.is_whitespace()));
        if !is_sound {
            return Err(MailProblem::Garbled.into());
        }
        self.ask(Question { url: link, permission, prefer: None }, MAX_JSON).await
    }

    /// Reads an object in JSON of at most `max` bytes.
    pub(super) async fn ask(&self, question: Question<'_>, max: usize) -> Result<Json, MailError> {
        let request = self.request(Method::GET, &question, MailBody::Empty)?;
        let answer = self.send(request, question.permission).await?;
        self.read_object(answer, max).await
    }

    /// Reads a JSON object. Some proxies put a byte order mark before it.
    async fn read_object(&self, answer: MailResponse, max: usize) -> Result<Json, MailError> {
        let (body, room) = read_with_room(self.call.http, answer.body, max).await?;
        let value: Option<Value> = serde_json::from_slice(without_mark(&body)).ok();
        let value = value.filter(Value::is_object).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
        Ok(Json { value, _room: room })
    }

    /// Sends an object in JSON, and reads one. `weight` is [`MailRequest::weight`].
    pub(super) async fn post(
        &self,
        permission: &'static str,
        path: &str,
        body: &Value,
        weight: u8,
    ) -> Result<Json, MailError> {
        let url = self.url(path);
        let question = Question { url: &url, permission, prefer: None };
        let mut request = self.request(Method::POST, &question, MailBody::Whole(body.to_string().into()))?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.weight = weight;
        let answer = self.send(request, permission).await?;
        self.read_object(answer, MAX_JSON).await
    }

    /// Opens a download.
    pub(super) async fn download(&self, permission: &'static str, path: &str) -> Result<Download, MailError> {
        let url = self.url(path);
        let mut request =
            self.request(Method::GET, &Question { url: &url, permission, prefer: None }, MailBody::Empty)?;
        request.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        request.is_download = true;
        let answer = self.send(request, permission).await?;
        let header = |name| answer.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Ok(Download {
            name: None,
            content_type: header("content-type").map(str::to_owned),
            length: header("content-length").and_then(|length| length.parse().ok()),
            body: answer.body,
        })
    }

    fn request(
        &self,
        method: Method,
        question: &Question<'_>,
        body: MailBody,
    ) -> Result<MailRequest, MailError> {
        // A token with a line end would be no header. Tokens of Microsoft are base64url with dots.
        let value =
            |text: &str| HeaderValue::from_str(text).map_err(|_| MailError::from(MailProblem::Garbled));
        let mut bearer = value(&format!("Bearer {}", self.call.token.expose_secret()))?;
        bearer.set_sensitive(true);
        let prefer =
            question.prefer.map_or_else(|| IMMUTABLE.to_owned(), |more| format!("{IMMUTABLE}, {more}"));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert("prefer", value(&prefer)?);
        if let Some(id) = self.call.request_id {
            headers.insert("client-request-id", value(id)?);
        }
        Ok(MailRequest { method, url: question.url.to_owned(), headers, body, weight: 1, is_download: false })
    }

    /// Sends a request, and reads the error if it is refused.
    pub(super) async fn send(
        &self,
        request: MailRequest,
        permission: &'static str,
    ) -> Result<MailResponse, MailError> {
        let answer = self.call.http.send(request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let mut head = HttpResponse::new(Vec::new());
        *head.status_mut() = answer.status;
        *head.headers_mut() = answer.headers;
        // An error that breaks off still has its status.
        let body = read_whole(answer.body, MAX_ERROR).await.unwrap_or_default();
        Err(refused(&ResponseMeta::of(&head), &body, permission))
    }
}

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
        // 509 is Graph's status for a limit of bandwidth (Microsoft Graph, errors).
        _ if meta.status == 509 => throttled(),
        status if status.is_server_error() => {
            retry_after.map_or(MailProblem::Unavailable, MailProblem::UnavailableFor)
        }
        StatusCode::FORBIDDEN if wants_sign_in => MailProblem::NeedsSignIn,
        // The page of a proxy or the redirect of a captive portal, which Graph did not write.
        _ if !is_graphs => MailProblem::Garbled,
        StatusCode::GONE => MailProblem::SyncTokenExpired,
        _ if is_one_of(&NO_TOKEN) => MailProblem::SyncTokenExpired,
        _ if no_mailbox => MailProblem::NoMailbox,
        _ if is_one_of(&NO_ITEM) => MailProblem::NotFound,
        StatusCode::NOT_FOUND => MailProblem::NotFound,
        StatusCode::FORBIDDEN if is_one_of(&NOT_ALLOWED) => MailProblem::PermissionNotGranted(permission),
        _ => MailProblem::Refused,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
        ] {
            assert_eq!(said(status, code), expected, "{status} {code}");
        }
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
