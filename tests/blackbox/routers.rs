//! Beside the router of the API, that of the console and that of the callback answer people, with pages.

use axum::body::Body;
use http::Request;
use rstest::rstest;

use crate::support::{Kind, World, callback, under_way};

#[tokio::test]
async fn c4_the_console_and_the_callback_still_answer_with_pages() {
    let world = World::new(Kind::Sqlite).await;
    let mut ada = world.set_up().await;
    let long = "x".repeat(33_000);
    for (method, path, host, status) in [
        ("GET", "/nothing", "localhost:3000", 404),
        ("GET", "/api", "localhost:3000", 404),
        ("PUT", "/connectors", "localhost:3000", 405),
        ("POST", "/login", "localhost:3000", 403),
        ("GET", "/login", "evil.example", 421),
        ("GET", "/api/connectors?state=a&code=b", "localhost:3000", 400),
        ("GET", "/api/connectors?state=a&access_token=b", "localhost:3000", 400),
        ("GET", "/api/connectors", "evil.example", 421),
        ("GET", &format!("/api/connectors?{long}"), "localhost:3000", 414),
    ] {
        let request = Request::builder().method(method).uri(path).header("host", host);
        let site = if status == 403 { "cross-site" } else { "same-origin" };
        let request = request.header("sec-fetch-site", site).body(Body::empty()).expect("a request");
        let answer = ada.send(request).await;
        assert_eq!(answer.assert_status(status).header("content-type"), "text/html; charset=utf-8", "{path}");
        assert!(answer.header("content-security-policy").contains("'nonce-"), "{path}");
        assert!(answer.body.starts_with("<!DOCTYPE html>"), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn the_callback_takes_a_sign_in_beside_the_api(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    let back = callback(&authorize, "code=abc");
    let posted = ada.post(&back, &[]).await;
    assert_eq!(posted.assert_status(405).header("content-type"), "application/json");
    assert!(world.provider.requests().is_empty(), "a POST consumes nothing");
    ada.get(&back).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}
