use std::sync::Mutex;

use async_trait::async_trait;
use oauth2::{HttpRequest, HttpResponse};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::providers::{Evidence, NoConnection, ProviderWords, RawError, http::HttpFailure};

const DATE: &str = "Mon, 23 Nov 2026 06:57:10 GMT";

/// Status, headers and body.
type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// A token endpoint with one answer.
struct Endpoint {
    answer: Result<Answer, HttpFailure>,
    sent: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl ProviderHttp for Endpoint {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        *self.sent.lock().expect("a list") =
            url::form_urlencoded::parse(request.body()).into_owned().collect();
        let (status, headers, body) = self.answer.clone()?;
        let answer = http::Response::builder().status(status);
        let answer =
            headers.iter().fold(answer, |answer, (name, value)| answer.header(*name, value.as_str()));
        Ok(answer.body(body).expect("an answer"))
    }
}

fn read_words(raw: &RawError<'_>) -> ProviderWords {
    ProviderWords::of(raw.error, raw.description, raw.trace_id, raw.correlation_id)
}

/// Refreshes with this token at this endpoint.
async fn refresh_with(token: &str, endpoint: &Endpoint) -> Result<Grant, RefreshRefusal> {
    let registration = Registration {
        client_id: "an-application",
        authorize: "https://login.example/authorize",
        token: "https://login.example/token",
        read_words,
    };
    let (secret, refresh_token) = (SecretString::from("s3cret-canary"), SecretString::from(token));
    let scopes = ["Mail.Read".to_owned(), "offline_access".to_owned()];
    let request = RefreshRequest { secret: &secret, refresh_token: &refresh_token, scopes: &scopes };
    refresh(endpoint, &registration, &request).await
}

fn endpoint(status: u16, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Endpoint {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Endpoint { answer: Ok((status, headers, body.into())), sent: Mutex::default() }
}

async fn answered(status: u16, headers: &[(&'static str, &str)], body: &str) -> RefreshProblem {
    let refused = refresh_with("canary-refresh", &endpoint(status, headers, body)).await;
    refused.expect_err("a refusal").problem
}

fn error(error: &str) -> String {
    json!({ "error": error, "error_description": "No.", "error_codes": [9_999_999] }).to_string()
}

#[tokio::test]
async fn o14_the_oauth_error_decides_what_a_refused_refresh_means() {
    for (status, name, expected) in [
        (400, "invalid_grant", RefreshProblem::GrantRefused),
        (400, "interaction_required", RefreshProblem::InteractionRequired),
        (400, "consent_required", RefreshProblem::ConsentRequired),
        (400, "login_required", RefreshProblem::LoginRequired),
        (401, "invalid_client", RefreshProblem::CredentialsRejected),
        (400, "invalid_client", RefreshProblem::CredentialsRejected),
        (401, "deleted_client", RefreshProblem::CredentialsRejected),
        (401, "disabled_client", RefreshProblem::CredentialsRejected),
        (400, "unauthorized_client", RefreshProblem::CompanyRefused),
        (400, "admin_policy_enforced", RefreshProblem::CompanyRefused),
        (400, "invalid_scope", RefreshProblem::ScopesRefused),
        (400, "invalid_request", RefreshProblem::Refused),
        (403, "something_new", RefreshProblem::Refused),
        (400, "temporarily_unavailable", RefreshProblem::Unavailable(None)),
        (400, "server_error", RefreshProblem::Unavailable(None)),
        // Some proxies change the status of an error.
        (200, "invalid_grant", RefreshProblem::GrantRefused),
    ] {
        assert_eq!(answered(status, &[], &error(name)).await, expected, "{status} {name}");
    }
}

#[tokio::test]
async fn a_status_that_says_wait_counts_more_than_the_error_beside_it() {
    let wait = |seconds| Some(Duration::from_secs(seconds));
    let later = "Mon, 23 Nov 2026 07:07:10 GMT";
    for (status, headers, expected) in [
        (429, &[][..], RefreshProblem::Throttled(None)),
        (429, &[("retry-after", "30")][..], RefreshProblem::Throttled(wait(30))),
        (429, &[("retry-after", later), ("date", DATE)][..], RefreshProblem::Throttled(wait(600))),
        (429, &[("retry-after", "9999999")][..], RefreshProblem::Throttled(wait(86_400))),
        (503, &[("retry-after", "30")][..], RefreshProblem::Throttled(wait(30))),
        (503, &[("retry-after", later), ("date", DATE)][..], RefreshProblem::Throttled(wait(600))),
        (503, &[][..], RefreshProblem::Throttled(None)),
        (500, &[][..], RefreshProblem::Unavailable(None)),
        (502, &[("retry-after", "30")][..], RefreshProblem::Unavailable(wait(30))),
        (504, &[][..], RefreshProblem::Unavailable(None)),
        (407, &[][..], RefreshProblem::Unreachable),
    ] {
        for body in [error("invalid_grant"), error("invalid_client"), "<html>".to_owned(), String::new()] {
            assert_eq!(answered(status, headers, &body).await, expected, "{status} {headers:?} {body}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_none_of_the_token_endpoint_ends_no_grant() {
    let tokens = json!({ "access_token": "canary", "expires_in": 3_600 }).to_string();
    let truncated = &tokens[..tokens.len() - 4];
    for (status, body) in [
        (200, "<html><h1>Sign in to the network</h1></html>"),
        (200, truncated),
        (200, ""),
        (200, "{}"),
        (200, "[]"),
        (200, r#"{"access_token":""}"#),
        (200, r#"{"error":""}"#),
        (302, ""),
        (400, ""),
        (400, r#"{"error":7}"#),
        (401, "<html>invalid_client</html>"),
        (403, r#"{"message":"canary"}"#),
        (404, "invalid_grant"),
    ] {
        assert_eq!(answered(status, &[], body).await, RefreshProblem::Garbled, "{status} {body}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_ends_no_grant() {
    for (failure, problem) in [
        (HttpFailure::TimedOut, RefreshProblem::Slow),
        (HttpFailure::Unreachable, RefreshProblem::Unreachable),
        (HttpFailure::NoConnection(NoConnection::Refused), RefreshProblem::Unreachable),
        (HttpFailure::NoConnection(NoConnection::Certificate), RefreshProblem::Unreachable),
        (HttpFailure::TooLarge, RefreshProblem::Garbled),
        (HttpFailure::Request, RefreshProblem::Garbled),
    ] {
        let endpoint = Endpoint { answer: Err(failure), sent: Mutex::default() };
        let refused = refresh_with("canary-refresh", &endpoint).await.expect_err("a refusal");
        assert_eq!(refused.problem, problem, "{failure:?}");
        let evidence = refused.words.and_then(|words| words.evidence);
        let host = "login.example".to_owned();
        let found = |why| Some(Box::new(Evidence::NoConnection { host, why }));
        match failure {
            HttpFailure::NoConnection(why) => assert_eq!(evidence, found(why)),
            HttpFailure::Unreachable => assert_eq!(evidence, found(NoConnection::BrokenOff)),
            _ => assert_eq!(evidence, None),
        }
    }
}

#[tokio::test]
async fn tokens_are_taken_with_and_without_a_new_refresh_token_a_lifetime_and_scopes() {
    let whole = json!({
        "token_type": "Bearer", "access_token": "canary-a", "refresh_token": "canary-r", "expires_in": 3_599,
        "scope": "Mail.Read",
    });
    let endpoint_of = |body: &Value| endpoint(200, &[("date", DATE)], body.to_string());
    let at = endpoint_of(&whole);
    let grant = refresh_with("canary-refresh", &at).await.expect("a grant");
    assert_eq!(grant.access_token.expose_secret(), "canary-a");
    assert_eq!(grant.refresh_token.as_ref().map(ExposeSecret::expose_secret), Some("canary-r"));
    assert_eq!(grant.expires_in, Some(Duration::from_secs(3_599)));
    assert_eq!(grant.scopes.as_deref(), Some(&["Mail.Read".to_owned()][..]));
    assert!(grant.date.is_some() && grant.id_token.is_none());
    assert!(!format!("{grant:?}").contains("canary"), "it prints a token");
    let sent = at.sent.lock().expect("a list").clone();
    let field = |name: &str| sent.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(field("grant_type"), Some("refresh_token"));
    assert_eq!(field("refresh_token"), Some("canary-refresh"));
    assert_eq!(field("client_id"), Some("an-application"));
    assert_eq!(field("client_secret"), Some("s3cret-canary"));
    assert_eq!(field("scope"), Some("Mail.Read offline_access"));

    let least = endpoint_of(&json!({ "access_token": "canary-a" }));
    let grant = refresh_with("canary-refresh", &least).await.expect("a grant");
    assert!(!grant.has_refresh_token() && grant.expires_in.is_none() && grant.scopes.is_none());
}

#[tokio::test]
async fn a_token_of_200_kilobytes_is_sent_and_taken_whole() {
    let long = "x".repeat(200_000);
    let at = endpoint(200, &[], json!({ "access_token": long, "refresh_token": long }).to_string());
    let grant = refresh_with(&long, &at).await.expect("a grant");
    assert_eq!(grant.refresh_token.expect("a token").expose_secret().len(), 200_000);
    assert_eq!(grant.access_token.expose_secret().len(), 200_000);
    let sent = at.sent.lock().expect("a list").clone();
    assert!(sent.contains(&("refresh_token".to_owned(), long.clone())));
    // A refusal that repeats it is still read, and repeats nothing.
    let repeats =
        json!({ "error": "invalid_grant", "error_description": format!("The token {long} is gone.") });
    let refused = refresh_with(&long, &endpoint(400, &[], repeats.to_string())).await.expect_err("a refusal");
    assert_eq!(refused.problem, RefreshProblem::GrantRefused);
    assert!(!format!("{refused:?}").contains("xxxxxxxx"), "it repeats the token");
}

#[tokio::test]
async fn s7_a_refusal_repeats_neither_the_secret_nor_the_token() {
    let repeats = json!({
        "error": "invalid_grant", "error_description": "s3cret-canary and canary-refresh are wrong.",
        "trace_id": "canary-refresh",
    });
    let headers = [("x-ms-request-id", "canary-refresh")];
    for body in [repeats.to_string(), "canary-refresh".to_owned()] {
        let refused = refresh_with("canary-refresh", &endpoint(400, &headers, body)).await;
        let refused = format!("{:?}", refused.expect_err("a refusal"));
        assert!(!refused.contains("canary"), "{refused}");
    }
}

proptest! {
    #[test]
    fn only_an_oauth_error_of_a_refusal_ends_or_stops_a_grant(status in 100..=599_u16, error in "\\PC{0,20}") {
        let meta = ResponseMeta { status, ..ResponseMeta::default() };
        let transient = |problem| {
            matches!(
                problem,
                RefreshProblem::Throttled(_)
                    | RefreshProblem::Unavailable(_)
                    | RefreshProblem::Unreachable
                    | RefreshProblem::Garbled
            )
        };
        prop_assert!(transient(problem(&meta, None)));
        if status >= 500 || status == 429 {
            for error in [error.as_str(), "invalid_grant", "invalid_client", "unauthorized_client"] {
                prop_assert!(transient(problem(&meta, Some(error))));
            }
        } else if !error.is_empty() && !error.contains('_') && status != 407 {
            prop_assert_eq!(problem(&meta, Some(&error)), RefreshProblem::Refused);
        }
    }

    #[test]
    fn no_body_at_all_makes_a_refresh_panic(status in 100..=599_u16, body in "(\\{|\"|error|access_token|:|,|\\PC){0,30}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let _ = runtime.block_on(refresh_with("canary-refresh", &endpoint(status, &[], body)));
    }
}
