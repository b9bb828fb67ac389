//! The raw passage: what reaches the provider, what comes back, and what never passes.

use axum::body::Body;
use mail360::{people::access::Scope, providers::mailbox::MailProblem};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    Answer, Kind, MailAnswer, MailSeen,
    api_clients::{KeyedClient, code, everything, only},
    refreshing::Scene,
    rotate,
};

const ADA: &str = "ada@contoso.test";
const GRAPH: &str = "https://graph.microsoft.com";

/// A mailbox, and a client with the raw passage alone.
async fn scene(kind: Kind) -> (Scene, String, KeyedClient) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let client = scene.world.add_api_client(ADA, &only("Raw", &[Scope::ProxyAll])).await;
    scene.world.mail.answer(|_| MailAnswer::Json(200, json!({ "value": [] })));
    (scene, format!("/api/accounts/{account}/proxy"), client)
}

/// A call with these headers.
async fn send(
    scene: &Scene,
    client: &KeyedClient,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> Answer {
    let mut browser = scene.world.browser();
    let mut request = browser.request(method, path).header("authorization", format!("Bearer {}", client.key));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_empty() {
        request = request.header("content-length", body.len().to_string());
    }
    browser.send(request.body(Body::from(body)).expect("a request")).await
}

fn names(seen: &MailSeen) -> Vec<&str> {
    let mut names: Vec<_> = seen.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[rstest]
#[tokio::test]
async fn a_request_reaches_the_provider_as_it_is_with_the_token_of_the_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (scene, proxy, client) = scene(kind).await;
    for (method, path, body) in [
        ("GET", "v1.0/me/messages/AAMk%2FAA%3D%3D?$select=id&$filter=a%20eq%20%27b%27", ""),
        ("HEAD", "v1.0/me", ""),
        ("POST", "v1.0/$batch", r#"{"requests":[]}"#),
        ("POST", "v1.0/me/messages/1/send", ""),
        ("PUT", "beta/me/photo/$value", "bytes"),
        ("PATCH", "v1.0/me/messages/1", r#"{"isRead":true}"#),
        ("DELETE", "v1.0/me/messages/1", ""),
    ] {
        let answer = send(&scene, &client, method, &format!("{proxy}/{path}"), &[], body).await;
        answer.assert_status(200);
        assert_eq!(answer.header("x-answered-by"), "provider");
        let seen = scene.world.mail.take_requests();
        let [seen] = seen.as_slice() else { unreachable!("{path}: {} requests", seen.len()) };
        assert_eq!((seen.method.as_str(), seen.url.as_str()), (method, format!("{GRAPH}/{path}").as_str()));
        assert_eq!(seen.body, body.as_bytes(), "{path}");
        assert_eq!(seen.header("authorization"), "Bearer canary-access-grace");
    }
    let recorded = "SELECT COUNT(*) FROM activity WHERE action = 'account.raw_call_sent'";
    assert_eq!(scene.world.raw.one::<i64>(recorded).await, 1);
}

#[rstest]
#[tokio::test]
async fn s8_without_a_record_nothing_reaches_the_provider(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (scene, proxy, client) = scene(kind).await;
    scene.world.raw.run("ALTER TABLE activity RENAME TO activity_away").await.expect("renamed");
    for (method, body) in [("GET", ""), ("POST", "{}"), ("PUT", "{}"), ("PATCH", "{}"), ("DELETE", "")] {
        let answer = send(&scene, &client, method, &format!("{proxy}/v1.0/me/messages/1"), &[], body).await;
        assert!(answer.status.is_server_error(), "{method}: {}", answer.body);
        assert_eq!(answer.header("x-answered-by"), "", "{method}");
    }
    assert!(scene.world.mail.take_requests().is_empty());
    scene.world.raw.run("ALTER TABLE activity_away RENAME TO activity").await.expect("renamed");
    send(&scene, &client, "GET", &format!("{proxy}/v1.0/me"), &[], "").await.assert_status(200);
    assert_eq!(scene.world.mail.take_requests().len(), 1);
}

#[tokio::test]
async fn only_the_headers_of_the_list_pass_and_never_a_credential_or_a_cookie() {
    let (scene, proxy, client) = scene(Kind::Sqlite).await;
    let headers = [
        ("cookie", "mail360_3000_session=x"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-http-method-override", "DELETE"),
        ("accept-encoding", "gzip"),
        ("user-agent", "a program"),
        ("prefer", "IdType=\"ImmutableId\""),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("consistencylevel", "eventual"),
    ];
    scene
        .world
        .mail
        .answer(|_| MailAnswer::Headed(200, ("set-cookie", "a=b".to_owned()), json!({ "value": [] })));
    let answer = send(&scene, &client, "POST", &format!("{proxy}/v1.0/me"), &headers, "{}").await;
    answer.assert_status(200);
    let seen = scene.world.mail.take_requests();
    assert_eq!(
        names(&seen[0]),
        ["accept", "authorization", "consistencylevel", "content-length", "content-type", "prefer"]
    );
    assert_eq!(answer.cookies(), [""; 0]);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("content-security-policy").starts_with("sandbox"));
}

#[rstest]
#[tokio::test]
async fn a_path_that_leaves_the_providers_api_is_refused_before_a_token_is_lent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (scene, proxy, client) = scene(kind).await;
    scene.world.provider.answer_refreshes(rotate);
    scene.expire();
    for rest in [
        "v1.0/../beta",
        "v1.0/%2e%2e/x",
        "v1.0/%252e%252e/x",
        "v1.0/..%2F..%2Fx",
        "v1.0//evil.example",
        "v1.0/a%5Cb",
        "v1.0/a%0d%0ahost:%20evil.example",
        "v1.0/%C0%AE%C0%AE",
        "v1.0/me/",
        "v2.0/me",
        "me",
        "https://evil.example/v1.0/me",
        "https:/evil.example",
        "@evil.example/v1.0/me",
        "%2F%2Fevil.example/v1.0/me",
    ] {
        for method in ["GET", "POST"] {
            let answer = send(&scene, &client, method, &format!("{proxy}/{rest}"), &[], "").await;
            assert_eq!(code(answer.assert_status(400)), "INVALID_VALUE", "{rest}");
        }
    }
    assert!(scene.world.mail.take_requests().is_empty());
    assert!(scene.world.provider.refreshes().is_empty());
    // Nothing behind the slash is an address that does not exist.
    for path in [proxy.clone(), format!("{proxy}/")] {
        send(&scene, &client, "GET", &path, &[], "").await.assert_status(404);
    }
    let recorded = "SELECT COUNT(*) FROM activity WHERE action = 'account.raw_call_sent'";
    assert_eq!(scene.world.raw.one::<i64>(recorded).await, 0);
}

/// What attacks on an address are made of.
const PIECES: [&str; 22] = [
    "",
    "/",
    "//",
    "\\",
    ".",
    "..",
    "%2e%2E",
    "%252e",
    "%2f",
    "%5c",
    "%0d%0a",
    "@",
    ":",
    "?",
    ";",
    "me",
    "http:",
    "//evil.example",
    "%C0%AE",
    "%EF%BC%8E",
    "$batch",
    "%",
];

#[tokio::test]
async fn whatever_path_is_sent_the_provider_is_called_at_its_own_address_or_not_at_all() {
    let (scene, proxy, client) = scene(Kind::Sqlite).await;
    let mut reached = 0;
    for first in PIECES {
        for second in PIECES {
            let method = if reached % 2 == 0 { "GET" } else { "POST" };
            for rest in [format!("v1.0/{first}{second}"), format!("{first}{second}v1.0/me")] {
                let answer = send(&scene, &client, method, &format!("{proxy}/{rest}"), &[], "").await;
                let seen = scene.world.mail.take_requests();
                if seen.is_empty() {
                    assert!(answer.status.is_client_error(), "{rest}: {}", answer.status);
                    assert_eq!(answer.header("x-answered-by"), "", "{rest}");
                    continue;
                }
                reached += 1;
                for seen in seen {
                    let url = seen.url.as_str();
                    let is_theirs =
                        ["/v1.0/", "/beta/"].iter().any(|part| url.starts_with(&format!("{GRAPH}{part}")));
                    assert!(is_theirs, "{rest} reached {url}");
                    assert_eq!(seen.header("authorization"), "Bearer canary-access-grace", "{rest}");
                }
            }
        }
    }
    assert!(reached > 50, "{reached} paths reached the provider");
}

#[tokio::test]
async fn further_pages_and_redirects_lead_back_here_and_errors_pass_as_they_are() {
    let (scene, proxy, client) = scene(Kind::Sqlite).await;
    let url = format!("{proxy}/v1.0/me/messages");
    let ours = format!("http://localhost:3000{proxy}/");
    scene.world.mail.answer(|_| {
        let next = format!("{GRAPH}/v1.0/me/messages?$skiptoken=x");
        MailAnswer::Json(200, json!({ "@odata.nextLink": next, "value": [{ "subject": next }] }))
    });
    let answer = send(&scene, &client, "GET", &url, &[], "").await;
    let page: Value = serde_json::from_str(&answer.assert_status(200).body).expect("JSON");
    assert_eq!(page["@odata.nextLink"], format!("{ours}v1.0/me/messages?$skiptoken=x"));
    assert_eq!(page["value"][0]["subject"], format!("{GRAPH}/v1.0/me/messages?$skiptoken=x"));

    for (location, passed) in [
        (format!("{GRAPH}/v1.0/me/photo"), format!("{ours}v1.0/me/photo")),
        ("https://files.example/a?b".to_owned(), "https://files.example/a?b".to_owned()),
        ("http://files.example/a".to_owned(), String::new()),
    ] {
        scene.world.mail.answer(move |_| MailAnswer::Headed(302, ("location", location.clone()), json!({})));
        let answer = send(&scene, &client, "GET", &url, &[], "").await;
        assert_eq!(answer.assert_status(302).location(), passed);
        scene.world.mail.take_requests();
    }

    for status in [400, 403, 404, 409, 412, 500] {
        scene.world.mail.answer(move |_| MailAnswer::refusal(status, "ErrorOfTheProvider"));
        let answer = send(&scene, &client, "GET", &url, &[], "").await;
        let body: Value = serde_json::from_str(&answer.assert_status(status).body).expect("JSON");
        assert_eq!(body["error"]["code"], "ErrorOfTheProvider");
        assert_eq!(answer.header("request-id"), "the-providers-request");
        assert_eq!(answer.header("x-answered-by"), "provider");
        scene.world.mail.take_requests();
    }
    // What this program says itself is an envelope.
    scene.world.mail.answer(|_| MailAnswer::Failure(MailProblem::Unavailable));
    let answer = send(&scene, &client, "GET", &url, &[], "").await;
    assert_eq!(code(answer.assert_status(503)), "PROVIDER_UNAVAILABLE");
    assert_eq!(answer.header("x-answered-by"), "");
}

#[tokio::test]
async fn the_bytes_of_mail_are_saved_and_run_nowhere() {
    let (scene, proxy, client) = scene(Kind::Sqlite).await;
    let pieces = vec![b"<script>".to_vec(), b"alert(1)".to_vec(), b"</script>".to_vec()];
    scene.world.mail.answer(move |_| MailAnswer::Bytes("text/html", pieces.clone()));
    let path = format!("{proxy}/v1.0/me/messages/1/attachments/2/$value");
    let answer = send(&scene, &client, "GET", &path, &[], "").await;
    assert_eq!(answer.assert_status(200).body, "<script>alert(1)</script>");
    assert_eq!(answer.header("content-disposition"), "attachment");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("sandbox;") && policy.contains("default-src 'none'"), "{policy}");
}

#[rstest]
#[tokio::test]
async fn a_refused_token_is_refreshed_once_in_five_minutes_and_only_a_request_without_a_body_is_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (scene, proxy, client) = scene(kind).await;
    let url = format!("{proxy}/v1.0/me/messages");
    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::minutes(5));
    scene.world.mail.answer(|seen| {
        if seen.header("authorization") == "Bearer canary-access-grace" {
            MailAnswer::refusal(401, "InvalidAuthenticationToken")
        } else {
            MailAnswer::Json(200, json!({ "value": [] }))
        }
    });
    send(&scene, &client, "GET", &url, &[], "").await.assert_status(200);
    let sent: Vec<_> = scene.world.mail.take_requests();
    let tokens: Vec<_> = sent.iter().map(|seen| seen.header("authorization")).collect();
    assert_eq!(tokens, ["Bearer canary-access-grace", "Bearer canary-access-grace+"]);
    assert_eq!(scene.world.provider.refreshes().len(), 1);

    // Refused again and again: the provider's answer, and no refresh while the token is new.
    scene.world.mail.answer(|_| MailAnswer::refusal(401, "InvalidAuthenticationToken"));
    for (minutes, sent, refreshes) in [(0, 1, 1), (4, 1, 1), (1, 2, 2), (0, 1, 2)] {
        scene.world.clock.advance(Duration::minutes(minutes));
        let answer = send(&scene, &client, "GET", &url, &[], "").await;
        assert_eq!(answer.assert_status(401).header("x-answered-by"), "provider");
        let seen = (scene.world.mail.take_requests().len(), scene.world.provider.refreshes().len());
        assert_eq!(seen, (sent, refreshes), "after {minutes} more minutes");
    }

    scene.world.clock.advance(Duration::minutes(5));
    let answer = send(&scene, &client, "POST", &url, &[], r#"{"subject":"a"}"#).await;
    assert_eq!(answer.assert_status(401).header("x-answered-by"), "provider");
    assert_eq!((scene.world.mail.take_requests().len(), scene.world.provider.refreshes().len()), (1, 3));
}

#[tokio::test]
async fn only_a_refusal_about_mail_holds_back_the_other_requests_of_the_mailbox() {
    let (scene, proxy, client) = scene(Kind::Sqlite).await;
    let throttled = MailAnswer::Headed(429, ("retry-after", "3600".to_owned()), json!({}));
    scene.world.mail.answer(move |_| throttled.clone());
    for path in ["me/drive/root", "$batch", "users/1/messages", "me/messages"] {
        let answer = send(&scene, &client, "GET", &format!("{proxy}/v1.0/{path}"), &[], "").await;
        assert_eq!(answer.assert_status(429).header("x-answered-by"), "provider", "{path}");
    }
    let answer = send(&scene, &client, "GET", &format!("{proxy}/v1.0/me/messages"), &[], "").await;
    assert_eq!(code(answer.assert_status(429)), "TOO_MANY_REQUESTS");
    assert_eq!(answer.header("x-answered-by"), "");
    assert_eq!(scene.world.mail.take_requests().len(), 4);
}

#[tokio::test]
async fn a_client_without_the_scope_sends_nothing_whatever_else_it_may_do() {
    let (scene, proxy, _) = scene(Kind::Sqlite).await;
    let mut typed = everything("All but one");
    typed.scopes.retain(|scope| scope != Scope::ProxyAll.name());
    let client = scene.world.add_api_client(ADA, &typed).await;
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = send(&scene, &client, method, &format!("{proxy}/v1.0/me"), &[], "").await;
        answer.assert_status(403);
        if method != "HEAD" {
            assert_eq!(code(&answer), "MISSING_SCOPE");
        }
    }
    assert!(scene.world.mail.take_requests().is_empty());
}
