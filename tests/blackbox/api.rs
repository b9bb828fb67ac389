//! The router of the API: every answer below `/api/`, save the callback's, is JSON in Mail360's envelope. These tests
//! add routes to the table of the real program, so that all its layers are asked.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    routing::post as on_post,
};
use http::{HeaderMap, Request};
use mail360::{
    api::{
        envelope::Envelope,
        layers::{Limits, route, router},
    },
    log_in::guard::RouteAccess,
    people::access::Scope,
    platform::{failure::Failure, middleware::body::BodyLimits},
    router::{Program, get, post, router_of, table},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Kind, World};

const MIB: usize = 1024 * 1024;

/// Every failure with its status and its code.
fn failures() -> [(Failure, u16, &'static str); 12] {
    let secret = || "a-text-for-the-log".to_owned();
    [
        (Failure::NotFound, 404, "NOT_FOUND"),
        (Failure::Forbidden, 403, "FORBIDDEN"),
        (Failure::ReauthenticationNeeded, 403, "FORBIDDEN"),
        (Failure::SecondFactorNeeded, 403, "FORBIDDEN"),
        (Failure::OtherUser, 403, "FORBIDDEN"),
        (Failure::LoggedOut, 401, "INVALID_OAUTHTOKEN"),
        (Failure::BadRequest, 400, "INVALID_VALUE"),
        (Failure::ForeignOrigin, 403, "FORBIDDEN"),
        (Failure::TooLarge, 413, "CONTENT_TOO_LARGE"),
        (Failure::Busy(7), 503, "BUSY"),
        (Failure::Unavailable(secret()), 503, "UNAVAILABLE"),
        (Failure::Unexpected(secret()), 500, "INTERNAL_ERROR"),
    ]
}

async fn see(headers: HeaderMap) -> Envelope<Value> {
    Envelope::success(json!({ "cookie": headers.contains_key("cookie") }))
}

async fn take(body: Bytes) -> Envelope<Value> {
    Envelope::success(json!({ "bytes": body.len() }))
}

async fn ask_database(State(program): State<Program>) -> Result<Envelope<Value>, Failure> {
    let organisations = program.people.organisations(&program.database.read()).await?;
    Ok(Envelope::success(json!(organisations.len())))
}

async fn fail(Path(which): Path<usize>) -> Failure {
    failures()[which].0.clone()
}

async fn answer_without_words() -> http::StatusCode {
    http::StatusCode::IM_A_TEAPOT
}

async fn break_off() -> http::StatusCode {
    unreachable!("what-a-panic-says")
}

/// The program with routes of the API: open ones, and one for API clients alone.
async fn world(kind: Kind) -> World {
    let mut world = World::new(kind).await;
    let mut lines = table();
    lines.extend([
        get("/api/test/open", RouteAccess::Anyone, see),
        post("/api/test/open", RouteAccess::Anyone, take),
        get("/api/test/client", RouteAccess::ApiClient(Scope::MessagesRead), see),
        post("/api/test/client", RouteAccess::ApiClient(Scope::MessagesRead), take),
        get("/api/test/database", RouteAccess::Anyone, ask_database),
        get("/api/test/failures/{which}", RouteAccess::Anyone, fail),
        get("/api/test/bare", RouteAccess::Anyone, answer_without_words),
        get("/api/test/panic", RouteAccess::Anyone, break_off),
    ]);
    world.router = router_of(&world.program, lines);
    world
}

/// A call as a program would make it.
async fn call(
    client: &Browser,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = client.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.clone().send(request.body(body.into()).expect("a request")).await
}

/// Asserts the headers and the body that every answer of the API has.
#[track_caller]
fn assert_is_of_api(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/json", "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-request-id").len(), 32);
    assert_eq!(answer.cookies(), [""; 0]);
    let foreign = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(foreign, None);
}

/// The envelope of an error, without what is different in every answer.
#[track_caller]
fn error(answer: &Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert_is_of_api(answer);
    let mut envelope: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(envelope["status"]["code"], status);
    assert!(!envelope["status"]["description"].as_str().expect("a description").is_empty());
    let data = envelope["data"].as_object_mut().expect("an object");
    assert_eq!(data["errorCode"], code, "{status}");
    assert!(!data["moreInfo"].as_str().expect("more").is_empty());
    assert_eq!(data.remove("reference").expect("a reference"), answer.header("x-request-id"));
    envelope
}

/// A request that is refused: method, path, headers, body, status, code.
type Refused = (&'static str, String, Vec<(&'static str, String)>, Vec<u8>, u16, &'static str);

/// Every error that the API's layers answer with.
fn refused() -> Vec<Refused> {
    let plain = |method, path: &str, status, code| (method, path.to_owned(), vec![], vec![], status, code);
    let with = |method, path: &str, header: (&'static str, &str), status, code| {
        (method, path.to_owned(), vec![(header.0, header.1.to_owned())], b"{}".to_vec(), status, code)
    };
    let long = "x".repeat(17_000);
    let mut refused = vec![
        plain("GET", "/api/", 404, "NOT_FOUND"),
        plain("GET", "/api/nothing", 404, "NOT_FOUND"),
        plain("GET", "/api/connectors/", 404, "NOT_FOUND"),
        plain("GET", "/api/accounts/1/messages?limit=1", 401, "INVALID_OAUTHTOKEN"),
        plain("POST", "/api/access-token", 400, "JSON_PARSE_ERROR"),
        plain("PUT", "/api/test/open", 405, "METHOD_NOT_ALLOWED"),
        plain("OPTIONS", "/api/test/client", 405, "METHOD_NOT_ALLOWED"),
        plain("GET", "/api/test/bare", 418, "INVALID_VALUE"),
        plain("GET", "/api/test/panic", 500, "INTERNAL_ERROR"),
        plain("GET", "/api/test/client", 401, "INVALID_OAUTHTOKEN"),
        plain("POST", "/api/test/client", 401, "INVALID_OAUTHTOKEN"),
        plain("GET", "/api/test/open?access_token=m360_abc", 400, "INVALID_VALUE"),
        plain("GET", "/api/test/open?limit=1&AuthToken=", 400, "INVALID_VALUE"),
        plain("GET", &format!("/api/test/open?{long}"), 414, "URI_TOO_LONG"),
        with("POST", "/api/nothing", ("content-type", "application/json"), 404, "NOT_FOUND"),
        with("GET", "/api/test/open", ("x-padding", &long), 431, "REQUEST_HEADERS_TOO_LARGE"),
        // A caller without a credential learns nothing about the body.
        with("POST", "/api/test/client", ("content-type", "text/plain"), 401, "INVALID_OAUTHTOKEN"),
        with("POST", "/api/test/client", ("content-length", "9999999"), 401, "INVALID_OAUTHTOKEN"),
        with("POST", "/api/test/open", ("content-length", "9999999"), 413, "CONTENT_TOO_LARGE"),
    ];
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
        refused.push(plain(method, "/api/connectors", 405, "METHOD_NOT_ALLOWED"));
    }
    for content_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "",
    ] {
        let header = ("content-type", content_type);
        refused.push(with("POST", "/api/test/open", header, 415, "UNSUPPORTED_MEDIA_TYPE"));
    }
    for credential in
        ["Bearer m360_abc", "bearer x", "Zoho-oauthtoken 1000.abc", "Basic YTpi", "Bearer", "Bearer "]
    {
        refused.push(with(
            "GET",
            "/api/test/client",
            ("authorization", credential),
            401,
            "INVALID_OAUTHTOKEN",
        ));
    }
    let twice = ["Bearer m360_abc", "Bearer m360_abc"].map(|it| ("authorization", it.to_owned())).to_vec();
    refused.push(("GET", "/api/test/open".to_owned(), twice, vec![], 400, "INVALID_VALUE"));
    let large = vec![b' '; MIB + 1];
    refused.push(("POST", "/api/test/open".to_owned(), vec![], large, 413, "CONTENT_TOO_LARGE"));
    refused
}

async fn send(client: &Browser, (method, path, headers, body, ..): &Refused) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    call(client, method, path, &headers, body.clone()).await
}

#[tokio::test]
async fn the_api_answers_every_error_in_mail360s_envelope() {
    let world = world(Kind::Sqlite).await;
    let client = world.browser();
    for request in refused() {
        let answer = send(&client, &request).await;
        let (method, path, .., status, code) = &request;
        let envelope = error(&answer, *status, code);
        assert!(!answer.body.contains("what-a-panic-says"), "{method} {path}");
        if *status == 500 {
            // Mail360's own words.
            assert_eq!(envelope["status"]["description"], "Internal Error");
            assert_eq!(envelope["data"]["moreInfo"], "Internal Error");
        }
    }
    // Under a foreign name.
    let request = Request::get("/api/test/open").header("host", "evil.example").body(Body::empty());
    let answer = client.clone().send(request.expect("a request")).await;
    let envelope = error(&answer, 421, "MISDIRECTED_REQUEST");
    let more_info = envelope["data"]["moreInfo"].as_str().expect("more");
    assert!(more_info.contains("http://localhost:3000") && !more_info.contains("evil"), "{more_info}");
}

#[tokio::test]
async fn each_failure_has_a_code_and_its_text_stays_in_the_log() {
    let world = world(Kind::Sqlite).await;
    let client = world.browser();
    for (which, (failure, status, code)) in failures().into_iter().enumerate() {
        let answer = call(&client, "GET", &format!("/api/test/failures/{which}"), &[], "").await;
        error(&answer, status, code);
        let challenge = if status == 401 { "Bearer error=\"invalid_token\"" } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge, "{code}");
        assert!(!answer.body.contains("a-text-for-the-log"), "{code}");
        let retry_after = failure.retry_after().map_or_else(String::new, |seconds| seconds.to_string());
        assert_eq!(answer.header("retry-after"), retry_after, "{code}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_a_program_can_do_about_it() {
    let world = world(Kind::Sqlite).await;
    let client = world.browser();
    for (path, allow) in [("/api/connectors", "GET,HEAD"), ("/api/test/open", "GET,HEAD,POST")] {
        assert_eq!(call(&client, "DELETE", path, &[], "").await.header("allow"), allow, "{path}");
    }
    for (credential, challenge) in [
        (None, "Bearer"),
        (Some("Basic YTpi"), "Bearer"),
        (Some("Bearer m360_abc"), "Bearer error=\"invalid_token\""),
        (Some("zoho-OAuthToken 1000.abc"), "Bearer error=\"invalid_token\""),
    ] {
        let headers: Vec<_> = credential.iter().map(|it| ("authorization", *it)).collect();
        let answer = call(&client, "GET", "/api/test/client", &headers, "").await;
        assert_eq!(answer.header("www-authenticate"), challenge, "{credential:?}");
    }
}

#[tokio::test]
async fn a_call_that_fits_is_answered_in_the_envelope_and_head_as_get() {
    let world = world(Kind::Sqlite).await;
    let client = world.browser();
    let whole = vec![b' '; MIB];
    for (content_type, body) in [
        (Some("application/json"), b"{}".to_vec()),
        (Some("Application/JSON; charset=utf-8"), b"{}".to_vec()),
        (Some("application/vnd.contoso+json"), whole),
        (None, b"{}".to_vec()),
        // A content type without a body is ignored.
        (Some("text/plain"), vec![]),
    ] {
        let headers: Vec<_> = content_type.iter().map(|it| ("content-type", *it)).collect();
        let bytes = body.len();
        let answer = call(&client, "POST", "/api/test/open", &headers, body).await;
        assert_is_of_api(answer.assert_status(200));
        let envelope: Value = serde_json::from_str(&answer.body).expect("JSON");
        let success = json!({ "code": 200, "description": "success" });
        assert_eq!(envelope, json!({ "status": success, "data": { "bytes": bytes } }), "{content_type:?}");
    }
    for path in ["/api/test/open", "/api/test/client", "/api/nothing"] {
        let [get, head] = ["GET", "HEAD"].map(|method| call(&client, method, path, &[], ""));
        let (get, head) = (get.await, head.await);
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "content-length", "www-authenticate"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn c1_the_api_reads_no_cookie_and_sets_none(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = world(kind).await;
    let ada = world.set_up().await;
    let mut dead = world.browser();
    dead.cookies.insert("mail360_3000_session".to_owned(), "AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    // The next use of a session is written down.
    world.clock.advance(time::Duration::minutes(2));
    let before = world.raw.dump(&[]).await;
    let visitor = world.browser();
    for request in refused() {
        let (.., status, code) = &request;
        let wanted = error(&send(&visitor, &request).await, *status, code);
        for browser in [&ada, &dead] {
            assert_eq!(error(&send(browser, &request).await, *status, code), wanted);
        }
    }
    for browser in [&ada, &dead, &visitor] {
        let answer = call(browser, "GET", "/api/test/open", &[], "").await;
        assert_is_of_api(answer.assert_status(200));
        assert!(answer.body.contains("\"cookie\":false"), "{}", answer.body);
    }
    assert_eq!(world.raw.dump(&[]).await, before);
}

#[tokio::test]
async fn c2_a_call_is_judged_by_its_credential_and_not_by_where_it_comes_from() {
    let world = world(Kind::Sqlite).await;
    let client = world.browser();
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "null"), ("access-control-request-method", "POST")],
    ] {
        let answer = call(&client, "POST", "/api/test/open", headers, "{}").await;
        assert_is_of_api(answer.assert_status(200));
        error(&call(&client, "OPTIONS", "/api/test/open", headers, "").await, 405, "METHOD_NOT_ALLOWED");
    }
}

#[rstest]
#[tokio::test]
async fn d4_a_call_says_in_the_envelope_that_the_database_is_away(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let mut ada = world.set_up().await;
    call(&ada, "GET", "/api/test/database", &[], "").await.assert_status(200);
    world.program.database.clone().close().await.expect("closed");
    let answer = call(&ada, "GET", "/api/test/database", &[], "").await;
    error(&answer, 503, "UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), "10");
    // What needs no database is answered, and the console still answers with pages.
    error(&call(&ada, "GET", "/api/nothing", &[], "").await, 404, "NOT_FOUND");
    ada.get("/connectors").await.assert_status(503).assert_says("The database cannot be used at the moment");
}

#[tokio::test]
async fn d1_a_call_that_takes_too_long_ends_and_so_does_a_body_that_never_does() {
    let world = World::new(Kind::Sqlite).await;
    let short = Duration::from_millis(200);
    let body = BodyLimits { max_bytes: 10, patience: short / 2 };
    let limits = Limits { body, call: short, ..Limits::default() };
    let never = on_post(|_: Bytes| std::future::pending::<http::StatusCode>())
        .get(std::future::pending::<http::StatusCode>);
    let routes = Router::new().route("/api/test/never", route(never, None, limits));
    let routes = router(routes, &world.program.config, limits);
    let client = Browser::new(routes, "http://localhost:3000");
    let silent = Body::from_stream(futures_util::stream::pending::<Result<&str, Infallible>>());
    for (body, status, code) in [
        (Body::from("{}"), 503, "TIMED_OUT"),
        (silent, 408, "REQUEST_TIMEOUT"),
        (Body::from("more than ten"), 413, "CONTENT_TOO_LARGE"),
    ] {
        let answer = call(&client, "POST", "/api/test/never", &[], body).await;
        let envelope: Value = serde_json::from_str(&answer.assert_status(status).body).expect("JSON");
        assert_eq!(
            (&envelope["status"]["code"], &envelope["data"]["errorCode"]),
            (&json!(status), &json!(code))
        );
    }
    // Only a call that may have changed something asks for a look at it.
    for (method, words) in [("GET", "nothing was changed"), ("POST", "Check whether the change was made")] {
        let answer = call(&client, method, "/api/test/never", &[], "").await;
        assert!(answer.assert_status(503).body.contains(words), "{method}: {}", answer.body);
    }
}
