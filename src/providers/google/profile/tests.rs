use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use oauth2::{HttpRequest, HttpResponse};
use serde_json::json;

use super::*;
use crate::providers::{
    google::permissions::{GMAIL_READ, GMAIL_SEND, OPENID},
    http::HttpFailure,
};

/// Google's APIs with one answer for each path.
#[derive(Default)]
pub struct Apis {
    answers: BTreeMap<&'static str, (u16, String)>,
    asked: Mutex<Vec<String>>,
}

impl Apis {
    pub fn with(mut self, path: &'static str, status: u16, body: &Value) -> Self {
        self.answers.insert(path, (status, body.to_string()));
        self
    }

    pub fn with_text(mut self, path: &'static str, status: u16, body: &str) -> Self {
        self.answers.insert(path, (status, body.to_owned()));
        self
    }

    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().expect("a list").clone();
        asked.sort();
        asked
    }
}

#[async_trait]
impl ProviderHttp for Apis {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        assert_eq!(request.headers()["authorization"], "Bearer canary-access");
        self.asked.lock().expect("a list").push(request.uri().to_string());
        let path = request.uri().path().to_owned();
        let (status, body) = self.answers.get(path.as_str()).cloned().ok_or(HttpFailure::TimedOut)?;
        Ok(::http::Response::builder().status(status).body(body.into_bytes()).expect("an answer"))
    }
}

pub const PROFILE_PATH: &str = "/gmail/v1/users/me/profile";
pub const CONTACTS_PATH: &str = "/v1/people/me/connections";

pub fn token() -> SecretString {
    SecretString::from("canary-access")
}

/// An error as the Gmail API writes it.
pub fn gmail_error(code: u16, reason: &str, status: &str) -> Value {
    json!({ "error": {
        "code": code, "message": "No, canary-access.", "status": status,
        "errors": [{ "message": "No.", "domain": "global", "reason": reason }],
    } })
}

/// The error of an API that is not enabled, as Google writes it today.
pub fn disabled() -> Value {
    json!({ "error": {
        "code": 403, "status": "PERMISSION_DENIED",
        "message": "Gmail API has not been used in project 123456789012 before or it is disabled.",
        "errors": [{ "domain": "usageLimits", "reason": "accessNotConfigured" }],
        "details": [
            { "@type": "type.googleapis.com/google.rpc.Help" },
            { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED" },
        ],
    } })
}

fn scopes(all: &[&str]) -> Vec<String> {
    all.iter().map(|scope| (*scope).to_owned()).collect()
}

async fn asked(apis: &Apis, granted: &[&str]) -> Result<Option<String>, Refusal> {
    ask(apis, &GoogleUrls::of_google(), &token(), &scopes(granted)).await
}

#[tokio::test]
async fn only_the_apis_of_granted_permissions_are_asked() {
    for (granted, questions) in [
        (&[OPENID, GMAIL_SEND][..], &[][..]),
        (&[GMAIL_READ][..], &["https://gmail.googleapis.com/gmail/v1/users/me/profile"][..]),
        (
            &[CONTACTS][..],
            &["https://people.googleapis.com/v1/people/me/connections?personFields=metadata&pageSize=1"][..],
        ),
    ] {
        let apis = Apis::default();
        assert!(asked(&apis, granted).await.is_ok(), "a time-out is no refusal");
        assert_eq!(apis.asked(), questions, "{granted:?}");
    }
}

#[tokio::test]
async fn the_profile_names_the_address_of_the_mailbox() {
    let apis = Apis::default().with(
        PROFILE_PATH,
        200,
        &json!({ "emailAddress": "ada@contoso.test", "messagesTotal": 1 }),
    );
    assert_eq!(asked(&apis, &[GMAIL_READ]).await.expect("an answer").as_deref(), Some("ada@contoso.test"));
    for (status, body) in [
        (200, json!({ "emailAddress": "no address" })),
        (400, gmail_error(400, "failedPrecondition", "FAILED_PRECONDITION")),
        (404, gmail_error(404, "notFound", "NOT_FOUND")),
        (503, disabled()),
        (200, json!([])),
    ] {
        let apis = Apis::default().with(PROFILE_PATH, status, &body);
        assert_eq!(asked(&apis, &[GMAIL_READ]).await.expect("no refusal"), None, "{status} {body}");
    }
}

#[tokio::test]
async fn an_api_that_is_not_enabled_is_a_refusal_with_googles_reason() {
    let older = gmail_error(403, "accessNotConfigured", "PERMISSION_DENIED");
    for (path, body, reason) in [
        (PROFILE_PATH, disabled(), "SERVICE_DISABLED"),
        (CONTACTS_PATH, disabled(), "SERVICE_DISABLED"),
        (PROFILE_PATH, older, "accessNotConfigured"),
    ] {
        let apis = Apis::default().with(path, 403, &body);
        let refusal = asked(&apis, &[GMAIL_READ, CONTACTS_READ]).await.expect_err("refused");
        assert_eq!(refusal.why, RefusalKind::ApiDisabled);
        let words = refusal.words.expect("words");
        assert_eq!(words.reason.as_deref(), Some(reason));
        assert_eq!(words.error.as_deref(), Some("PERMISSION_DENIED"));
        assert!(words.description.is_some(), "{path}");
    }
}

#[tokio::test]
async fn the_most_precise_reason_of_an_error_counts_and_the_status_comes_first() {
    let people = |reason: &str| {
        json!({ "error": { "code": 403, "status": "PERMISSION_DENIED", "message": "No.",
        "details": [{ "reason": reason }] } })
    };
    for (status, body, reason, why) in [
        (
            403,
            gmail_error(403, "insufficientPermissions", "PERMISSION_DENIED"),
            Some("insufficientPermissions"),
            RefusalKind::AccessRefused,
        ),
        (403, disabled(), Some("SERVICE_DISABLED"), RefusalKind::ApiDisabled),
        (
            403,
            people("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            RefusalKind::AccessRefused,
        ),
        (
            403,
            gmail_error(403, "userRateLimitExceeded", "PERMISSION_DENIED"),
            Some("userRateLimitExceeded"),
            RefusalKind::Throttled(None),
        ),
        (
            403,
            json!({ "error": { "status": "PERMISSION_DENIED" } }),
            Some("PERMISSION_DENIED"),
            RefusalKind::AccessRefused,
        ),
        (
            401,
            json!({ "error": "invalid_token", "error_description": "No." }),
            Some("invalid_token"),
            RefusalKind::AccessRefused,
        ),
        (
            429,
            gmail_error(429, "rateLimitExceeded", "RESOURCE_EXHAUSTED"),
            Some("rateLimitExceeded"),
            RefusalKind::Throttled(None),
        ),
        (500, gmail_error(500, "backendError", "INTERNAL"), Some("backendError"), RefusalKind::Unavailable),
        (403, json!({ "error": 7 }), None, RefusalKind::AccessRefused),
        (403, json!({}), None, RefusalKind::Garbled),
    ] {
        let apis = Apis::default().with(PROFILE_PATH, status, &body);
        let not = get(&apis, "https://gmail.googleapis.com", PROFILE, &token()).await;
        let Err(not) = not else { panic!("{body} is no answer") };
        assert_eq!((not.reason.as_deref(), &not.refusal.why), (reason, &why), "{body}");
        assert!(!format!("{not:?}").contains("canary"), "it repeats the token");
    }
}
