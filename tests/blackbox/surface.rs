//! Headers of every response, and limits on every request.

use axum::body::Body;
use mail360::router::{Route, RouterKind};
use rstest::rstest;

use crate::support::{Browser, Kind, NewConnector, World};

#[rstest]
#[tokio::test]
async fn c4_every_page_and_every_refusal_has_a_policy_with_its_own_nonce(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let mut nonces = std::collections::HashSet::new();
    let paths = ["/login", "/connectors", "/connectors/new", &connector, "/nothing", "/api/connectors"];
    for path in paths {
        for mut browser in [ada.clone(), world.browser()] {
            let answer = browser.get(path).await;
            let policy = answer.header("content-security-policy").to_owned();
            for part in [
                "default-src 'none'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "style-src 'self'",
                "'wasm-unsafe-eval'",
            ] {
                assert!(policy.contains(part), "{path}: {part} is missing in {policy}");
            }
            assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
            let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
            let nonce = rest.split_once('\'').expect("its end").0.to_owned();
            assert!(nonce.len() >= 22, "{nonce}");
            if answer.status == 200 {
                assert!(answer.body.contains(&format!("nonce=\"{nonce}\"")), "{path}: {}", answer.body);
                // Every inline script and style must have the nonce; otherwise the browser would not run it.
                for script in answer.body.split("<script").skip(1) {
                    let tag = script.split_once('>').expect("a tag").0;
                    assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
                }
                assert!(!answer.body.contains(" style="), "{path} has a style attribute");
            }
            assert!(nonces.insert(nonce), "a nonce came twice");
        }
    }
}

#[rstest]
#[tokio::test]
async fn c5_every_response_has_the_other_headers_and_may_not_be_cached(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with(kind, &["--public-url", "https://mail.contoso.test"]).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let kept = ["/favicon.svg", "/pkg/mail360.js"];
    let paths = mail360::router::table()
        .into_iter()
        .filter(|route| route.method.is_safe() && route.router() != RouterKind::Api)
        .map(|route| route.path.replace("/connectors/{id}", &connector))
        .chain(["/nothing"].into_iter().chain(kept).map(str::to_owned));
    for path in paths {
        let path = path.as_str();
        let answer = ada.get(path).await;
        let kept = kept.contains(&path);
        assert_eq!(answer.header("cache-control").starts_with("public"), kept, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        let policy = if path.starts_with("/api/") { "no-referrer" } else { "same-origin" };
        assert_eq!(answer.header("referrer-policy"), policy, "{path}");
        assert!(!answer.header("permissions-policy").is_empty());
        assert!(kept || answer.header("cache-control") == "no-store, no-transform", "{path}");
        let kind = answer.header("content-type");
        let whole = kind.is_empty() || kind.ends_with("charset=utf-8") || kind == "image/svg+xml";
        assert!(whole, "{path}: {kind}");
        for banner in ["server", "x-powered-by", "via"] {
            assert!(answer.headers.get(banner).is_none(), "{path}: {banner}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn c2_no_other_origin_may_read_a_response(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for (method, path) in [
        ("GET", "/login"),
        ("GET", "/connectors"),
        ("GET", "/api/connectors"),
        ("GET", "/healthz"),
        ("OPTIONS", "/connectors"),
        ("OPTIONS", "/do/connectors/add"),
        ("POST", "/login"),
    ] {
        for origin in ["https://evil.example", "null", "http://localhost:3001"] {
            let request = ada
                .request(method, path)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .body(Body::empty());
            let answer = ada.send(request.expect("a request")).await;
            let allowed = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(allowed, None, "{method} {path} for {origin}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn the_address_of_a_callback_is_not_passed_on_by_any_response(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let long = "x".repeat(40_000);
    for (host, code, status) in
        [("evil.example", "abc", 421), ("localhost:3000", long.as_str(), 414), ("localhost:3000", "abc", 400)]
    {
        let request = http::Request::builder()
            .uri(format!("/api/connectors?state=abc&code={code}"))
            .header("host", host)
            .body(Body::empty());
        let answer = ada.send(request.expect("a request")).await;
        assert_eq!(answer.assert_status(status).header("referrer-policy"), "no-referrer", "{host}");
        assert!(answer.header("cache-control").contains("no-store"), "{host}");
    }
}

#[rstest]
#[tokio::test]
async fn p7_a_scheme_that_differs_from_the_configured_one_is_named_on_pages_that_are_reached_first(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let fix = "MAIL360_PUBLIC_URL to https://localhost:3000";
    let get = |browser: &Browser, path: &str| {
        browser.request("GET", path).header("x-forwarded-proto", "https").body(Body::empty())
    };
    let mut visitor = world.browser();
    let request = get(&visitor, "/login").expect("a request");
    visitor.send(request).await.assert_status(200).assert_says(fix);
    for path in ["/connectors", "/connectors/new"] {
        let request = get(&ada, path).expect("a request");
        ada.send(request).await.assert_status(200).assert_says(fix);
        ada.get(path).await.assert_status(200);
        assert!(!ada.get(path).await.text().contains(fix));
    }
    let post = |browser: &Browser, origin: &str| {
        browser.request("POST", "/login").header("origin", origin).body(Body::empty())
    };
    let request = post(&visitor, "https://localhost:3000").expect("a request");
    visitor.send(request).await.assert_status(403).assert_says(fix);
    let request = post(&visitor, "https://evil.example").expect("a request");
    let answer = visitor.send(request).await;
    answer.assert_status(403);
    assert!(!answer.text().contains("MAIL360_PUBLIC_URL") && !answer.body.contains("evil.example"));
}

#[rstest]
#[tokio::test]
async fn o9_the_host_header_changes_nothing_and_another_host_gets_421(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for host in
        ["evil.example", "localhost", "localhost:3001", "127.0.0.1:3000", "localhost:3000@evil.example"]
    {
        for (method, path) in
            [("GET", "/login"), ("GET", "/connectors"), ("POST", &format!("{connector}/verify"))]
        {
            let request = http::Request::builder()
                .method(method)
                .uri(path)
                .header("host", host)
                .header("cookie", format!("mail360_3000_session={}", ada.cookies["mail360_3000_session"]))
                .header("sec-fetch-site", "same-origin")
                .body(Body::empty())
                .expect("a request");
            let answer = ada.clone().send(request).await;
            answer.assert_status(421).assert_says("http://localhost:3000").assert_says("MAIL360_PUBLIC_URL");
            assert!(answer.cookies().is_empty() && !answer.body.contains("<form"), "{host} {path}");
        }
    }
    assert_eq!(world.raw.count("attempts").await, 0);
    // The headers of proxies that name another host change nothing either.
    let request = ada
        .request("POST", &format!("{connector}/verify"))
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "host=evil.example;proto=https")
        .header("sec-fetch-site", "same-origin")
        .body(Body::empty())
        .expect("a request");
    let answer = ada.send(request).await;
    let authorize = answer.assert_status(200).link("Continue to Microsoft");
    assert!(authorize.as_str().contains("redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fapi%2Fconnectors"));
}

#[rstest]
#[tokio::test]
async fn o9_after_the_log_in_the_user_returns_to_our_own_paths_only(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let password = crate::support::PASSWORD;
    for (next, to) in [
        ("/connectors/new", "/connectors/new"),
        ("//evil.example", "/connectors"),
        ("/\\evil.example", "/connectors"),
        ("https:evil.example", "/connectors"),
        ("https://evil.example/", "/connectors"),
        ("/%09/evil.example", "/connectors"),
        ("/@evil.example", "/connectors"),
        ("/x\r\nLocation: https://evil.example", "/connectors"),
    ] {
        let fields = [("email", "ada@contoso.test"), ("password", password), ("next", next)];
        let answer = world.browser().post("/login", &fields).await;
        assert_eq!(answer.assert_status(303).location(), to, "{next:?}");
    }
}

#[rstest]
#[tokio::test]
async fn c7_no_route_exists_outside_the_table(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for path in [
        "/.git/config",
        "/.env",
        "/Cargo.toml",
        "/admin",
        "/debug",
        "/metrics",
        "/pkg/",
        "/pkg/mail360.js.map",
        "/pkg/../Cargo.toml",
        "/pkg/%2e%2e/Cargo.toml",
        "/api",
        "/connectors/",
        "/do/connectors/list",
        "/sign-ins",
    ] {
        let answer = ada.get(path).await;
        answer.assert_status(404).assert_says("no such page");
        assert!(!answer.body.contains("src/") && !answer.body.contains("panicked"), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn i1_a_request_that_is_too_large_or_has_an_unknown_path_gets_an_error_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (large, long) = ("x".repeat(70_000), "x".repeat(17_000));
    ada.post("/login", &[("email", &large)]).await.assert_status(413).assert_says("The form is too large");
    ada.post("/do/connectors/add", &[("service_name", &large)]).await.assert_status(413);
    ada.get(&format!("/login?next={long}")).await.assert_status(414).assert_says("too long");
    ada.get(&format!("/login?next={}", "x".repeat(16_000))).await.assert_status(303);
    // A description of the provider may be long; then it is shown as a refused sign-in.
    ada.get(&format!("/api/connectors?error=x&error_description={long}")).await.assert_status(400);
    ada.get(&format!("/api/connectors?error=x&error_description={long}{long}")).await.assert_status(414);
    let headed = ada.request("GET", "/connectors").header("x-padding", "x".repeat(17_000));
    ada.send(headed.body(Body::empty()).expect("a request")).await.assert_status(431);
    ada.get("/.git/config").await.assert_status(404).assert_says("no such page");
    ada.get("/connectors/not-an-id").await.assert_status(404);
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND"] {
        let request = ada
            .request(method, "/connectors")
            .header("sec-fetch-site", "same-origin")
            .body(Body::empty())
            .expect("a request");
        ada.send(request).await.assert_status(405);
    }
}

#[rstest]
#[tokio::test]
async fn the_probes_answer_under_any_host_and_readyz_checks_the_database_and_the_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut probe = Browser::new(world.router.clone(), "http://10.0.0.1:3000");
    assert_eq!(probe.get("/healthz").await.assert_status(200).body, "ok\n");
    assert_eq!(probe.get("/readyz").await.assert_status(200).body, "ready\n");
    world.raw.run("DELETE FROM settings WHERE name LIKE 'key_check%'").await.expect("deleted");
    probe.get("/readyz").await.assert_status(503).assert_says("key does not fit");
    world.program.database.clone().close().await.expect("closed");
    probe.get("/readyz").await.assert_status(503).assert_says("database does not answer");
    probe.get("/healthz").await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn d1_an_endless_body_is_refused_in_time_and_one_that_is_too_long_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    let slow = |every: std::time::Duration| {
        let bytes = futures_util::stream::unfold((), move |()| async move {
            tokio::time::sleep(every).await;
            Some((Ok::<_, std::io::Error>("x"), ()))
        });
        let request = ada.request("POST", "/login").header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(Body::from_stream(bytes)).expect("a request")
    };
    let mut browser = ada.clone();
    let never = browser.send(slow(std::time::Duration::from_millis(500)));
    let answer = tokio::time::timeout(std::time::Duration::from_mins(1), never).await.expect("an answer");
    answer.assert_status(408).assert_says("This request took too long");

    let long = ada
        .request("POST", "/login")
        .header("sec-fetch-site", "same-origin")
        .header("content-length", "10000000");
    let waiting = Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
    ada.clone().send(long.body(waiting).expect("a request")).await.assert_status(413);
}

#[test]
fn i1_the_description_for_the_audit_has_every_route() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/audit/openapi.yaml");
    let description = std::fs::read_to_string(path).expect("the description");
    // The API describes itself: `/api/openapi.json`.
    let described = |route: &Route| route.router() != RouterKind::Api;
    for route in mail360::router::table().into_iter().filter(described) {
        let (_, rest) = description.split_once(&format!("\n  {}:\n", route.path)).expect(route.path);
        let operations = rest.split("\n  /").next().unwrap_or_default();
        let method = route.method.as_str().to_lowercase();
        assert!(operations.contains(&format!("    {method}:\n")), "{method} {}", route.path);
    }
}
