//! Compression: which pages are compressed, that they stay the same pages, and what caches are told.

use std::{io::Read, net::SocketAddr};

use axum::{body::Body, extract::ConnectInfo};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use mail360::{
    log_in::guard::RouteAccess,
    router::{Route, RouterKind, table},
};
use rstest::rstest;
use tower::ServiceExt;

use crate::{
    account_pages::add_account,
    support::{Browser, Kind, NewConnector, World, sign_in_path, under_way, without_reference},
};

/// The pages that are not compressed, with the reason.
const PLAIN: &[(&str, &[&str])] = &[
    (
        "the address is a secret",
        &["/set-up/{token}", "/invitations/{token}", "/connect/{token}", "/consent/{token}"],
    ),
    ("the page has a signed answer", &["/connect/outcome/{id}"]),
    (
        "a password, a code or recovery codes",
        &["/login", "/login/code", "/re-authenticate", "/profile", "/profile/second-factor"],
    ),
    (
        "a form that is shown again with what was typed",
        &[
            "/connectors/new",
            "/connectors/{id}/edit",
            "/connectors/{id}/secret",
            "/connectors/{id}/pasted-error",
            "/accounts/new",
            "/accounts/new/many",
            "/accounts/sign-in-links",
            "/accounts/{id}/link",
            "/settings/appearance",
            "/settings/return-addresses",
            "/settings/api-access/new",
            "/settings/api-access/{id}",
            "/settings/api-access/{id}/edit",
        ],
    ),
    ("the address has a code of the provider", &["/api/connectors"]),
    ("a few bytes", &["/", "/connectors/{id}/delete"]),
    ("a picture", &["/connect/logo/{hash}"]),
];

/// The pages, and forms; a call of the API is never compressed.
fn pages() -> impl Iterator<Item = Route> {
    table().into_iter().filter(|route| route.router() != RouterKind::Api)
}

/// A response as it arrives.
struct Arrived {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or_default())
    }

    fn is_compressed(&self) -> bool {
        self.header("content-encoding") == "br"
    }

    /// The page, without the nonce, which differs in every response.
    fn page(&self) -> String {
        let mut plain = Vec::new();
        if self.is_compressed() {
            let mut reader = brotli::Decompressor::new(self.body.as_slice(), 4096);
            reader.read_to_end(&mut plain).expect("brotli");
        } else {
            plain.clone_from(&self.body);
        }
        let policy = self.header("content-security-policy");
        let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
        String::from_utf8(plain).expect("text").replace(rest.split_once('\'').expect("its end").0, "")
    }
}

async fn get(world: &World, browser: &Browser, path: &str, accepts: &str) -> Arrived {
    let request = browser.request("GET", path).header(header::ACCEPT_ENCODING, accepts).body(Body::empty());
    let mut request = request.expect("a request");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(browser.address, 50_000)));
    let response = world.router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes().to_vec();
    Arrived { status: parts.status, headers: parts.headers, body }
}

#[test]
fn a12_every_page_is_compressed_or_has_a_reason_why_not() {
    assert!(table().iter().all(|route| !route.compressed || route.router() == RouterKind::Console));
    for route in pages() {
        let reason = PLAIN.iter().find(|(_, paths)| paths.contains(&route.path)).map(|(reason, _)| *reason);
        if route.method.is_safe() {
            assert_eq!(route.compressed, reason.is_none(), "{}: {reason:?}", route.path);
        } else {
            // The answer to a form may show a new link, new recovery codes, or what was typed.
            assert!(!route.compressed, "{} {}", route.method, route.path);
        }
    }
}

#[rstest]
#[tokio::test]
async fn a12_a_page_is_compressed_only_where_the_route_table_says_so(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada, connector, _) = under_way(kind).await;
    let sign_in = sign_in_path(&world).await;
    let user = world.raw.one::<uuid::Uuid>("SELECT id FROM users").await.to_string();
    let account = add_account(&world, &connector, "grace@contoso.test").await;
    for route in pages().filter(|route| route.method.is_safe()) {
        let path = route
            .path
            .replace("/connectors/{id}", &connector)
            .replace("/sign-ins/{id}", &sign_in)
            .replace("/accounts/{id}", &format!("/accounts/{account}"))
            .replace("{id}", &user)
            .replace("{token}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let plain = get(&world, &ada, &path, "gzip, deflate").await;
        let small = get(&world, &ada, &path, "gzip, deflate, br").await;
        assert!(!plain.is_compressed(), "{path}");
        assert_eq!(small.is_compressed(), route.compressed, "{path}");
        for answer in [&plain, &small] {
            // A cache must not give the compressed page to a browser that cannot read it.
            assert_eq!(answer.header("vary").contains("accept-encoding"), route.compressed, "{path}");
            assert_eq!(answer.header("cache-control"), "no-store, no-transform", "{path}");
        }
        if route.compressed {
            assert_eq!(small.status, 200, "{path}");
            assert_eq!(without_reference(&small.page()), without_reference(&plain.page()), "{path}");
            assert!(small.body.len() * 2 < plain.body.len(), "{path}: {} bytes", small.body.len());
        }
        // A visitor who is not logged in gets no page, except one that is for everyone.
        let visitor = get(&world, &world.browser(), &path, "br").await;
        assert_eq!(
            visitor.is_compressed(),
            route.compressed && route.access == RouteAccess::Anyone,
            "{path}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a12_a_page_that_shows_a_text_of_its_address_is_not_compressed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, _) = under_way(kind).await;
    for (path, compressed) in [
        // The forms of these pages send their empty fields too.
        ("/connectors?search=&sort=expiry", true),
        ("/connectors?sort=expiry&after=x&from=26", true),
        ("/settings/activity?who=&what=", true),
        ("/settings/activity?before=x", true),
        ("/settings/people?after=ada%40contoso.test", true),
        ("/connectors?search=Mail", false),
        ("/connectors?sort=expiry&%73earch=Mail", false),
        ("/connectors?other=Mail", false),
        ("/settings/activity?about=01932b5e-0000-7000-8000-000000000001", false),
        ("/settings/activity?who=somebody", false),
    ] {
        let answer = get(&world, &ada, path, "br").await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.is_compressed(), compressed, "{path}");
    }
    // A text that a page shows is short.
    let page = ada.get(&format!("/connectors?search={}", "x".repeat(500))).await;
    let shows = |length| page.body.contains(&"x".repeat(length));
    assert!(shows(100) && !shows(101), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn a12_answers_that_show_a_link_and_failures_are_not_compressed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let form = crate::support::form(&[("email", "grace@contoso.test"), ("role", "viewer")]);
    let request = ada
        .request("POST", "/settings/people")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT_ENCODING, "br")
        .body(Body::from(form));
    let answer = ada.send(request.expect("a request")).await;
    assert_eq!(answer.header("content-encoding"), "");
    answer.assert_status(200).assert_says("/invitations/");
    let vera = world.viewer().await;
    for (browser, path, status) in [
        (&ada, "/nothing", 404),
        (&ada, "/connectors/01932b5e-0000-7000-8000-000000000001", 404),
        (&vera, "/settings/people", 403),
    ] {
        let answer = get(&world, browser, path, "br").await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(!answer.is_compressed(), "{path}");
    }
}

#[tokio::test]
async fn the_reference_is_made_once_for_all_visitors_who_are_not_logged_in() {
    let world = World::new(Kind::Sqlite).await;
    let ada = world.set_up().await;
    let visitor = world.browser();
    let visit = async |accepts: &'static str| get(&world, &visitor, "/api-reference", accepts).await;
    let (first, second) = (visit("gzip, br").await, visit("br;q=1.0").await);
    assert!(first.is_compressed() && first.header("content-type").starts_with("text/html"));
    assert!(first.body == second.body, "the bytes are the same");
    for accepts in ["gzip", "br;q=0", ""] {
        let plain = visit(accepts).await;
        assert!(!plain.is_compressed(), "{accepts:?}");
        assert_eq!(plain.page(), first.page());
    }
    let page = first.page();
    assert!(page.contains("<!DOCTYPE html>") && page.contains("Errors</h2>") && page.contains("</html>"));
    assert!(!page.contains("<script"), "its nonce would be that of another response");
    let own = get(&world, &ada, "/api-reference", "br").await.page();
    assert!(own.contains("<script") && own.contains("/profile") && !page.contains("/profile"));
}
