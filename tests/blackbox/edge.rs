//! Between a browser and the pages: host and origin, cookies on a shared host, proxies that rewrite.

use axum::body::Body;
use http::header;

use crate::support::{Answer, Browser, Kind, PASSWORD, World, form};

async fn world_at(public_url: &str) -> World {
    World::with(Kind::Sqlite, &["--public-url", public_url]).await
}

/// A GET with this `Host` header and further headers.
async fn get_under(browser: &Browser, path: &str, host: &str, headers: &[(&str, &str)]) -> Answer {
    let host = http::HeaderValue::from_bytes(host.as_bytes()).expect("a header");
    let mut request = http::Request::builder().uri(path).header(header::HOST, host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.clone().send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn c36_a_host_that_means_the_public_one_is_served_and_every_other_gets_421() {
    for (public_url, same, other) in [
        (
            "https://mail.contoso.example",
            &[
                "mail.contoso.example",
                "mail.contoso.example:443",
                "MAIL.Contoso.Example",
                "mail.contoso.example.:443",
            ][..],
            &[
                "mail.contoso.example:80",
                "mail.contoso.example:8443",
                "contoso.example",
                "mail.contoso.example@evil.example",
                "mail.contoso.example/",
                "evil.example",
                "",
            ][..],
        ),
        (
            "https://mail.contoso.example:8443",
            &["mail.contoso.example:8443", "mail.contoso.example.:8443"][..],
            &["mail.contoso.example", "mail.contoso.example:443"][..],
        ),
        (
            "http://localhost",
            &["localhost", "localhost:80", "LOCALHOST."][..],
            &["localhost:443", "localhost:3000", "127.0.0.1"][..],
        ),
        ("https://büro.example", &["xn--bro-hoa.example", "BÜRO.example:443"][..], &["buro.example"][..]),
        (
            "https://[2001:db8::1]",
            &["[2001:db8::1]", "[2001:0DB8:0:0::1]:443"][..],
            &["[2001:db8::2]", "2001:db8::1"][..],
        ),
    ] {
        let world = world_at(public_url).await;
        let visitor = world.browser();
        for host in same {
            // The same holds for the callback; without an attempt it is refused for another reason.
            for (path, status) in [("/login", 200), ("/api/connectors?state=a&code=b", 400)] {
                let answer = get_under(&visitor, path, host, &[]).await;
                assert_eq!(answer.status.as_u16(), status, "{public_url} under {host}{path}");
            }
        }
        for host in other {
            for path in ["/login", "/api/connectors?state=a&code=b"] {
                let answer = get_under(&visitor, path, host, &[]).await;
                assert_eq!(answer.status.as_u16(), 421, "{public_url} under {host}{path}");
            }
        }
    }
}

#[tokio::test]
async fn c36_the_page_for_another_address_makes_no_redirect_loop_and_blames_the_right_setting() {
    let world = world_at("https://mail.contoso.example").await;
    let visitor = world.browser();
    let answer = get_under(&visitor, "/login", "mail.contoso.example:80", &[]).await;
    answer.assert_status(421).assert_says("another port").assert_says("mail.contoso.example:80");
    assert!(answer.body.contains("href=\"https://mail.contoso.example/\""));
    let answer = get_under(&visitor, "/login", "other.example", &[]).await;
    answer.assert_status(421).assert_says("Open the console").assert_says("MAIL360_PUBLIC_URL");
    // The browser used the link of that page, or the proxy says which name it was asked for.
    for said in [
        ("referer", "https://mail.contoso.example/login"),
        ("referer", "https://mail.contoso.example:443/"),
        ("origin", "https://mail.contoso.example"),
        ("x-forwarded-host", "mail.contoso.example"),
        ("x-forwarded-host", "MAIL.contoso.example:443, inner.example"),
    ] {
        for host in ["mail.contoso.example:80", "127.0.0.1:3000", "upstream"] {
            let answer = get_under(&visitor, "/login", host, &[said]).await;
            answer.assert_status(421).assert_says("A proxy changes the address").assert_says(host);
            answer.assert_says("Host: mail.contoso.example");
            assert!(
                !answer.text().contains("Open the console") && !answer.body.contains("href=\"https://mail")
            );
        }
    }
    for said in [("referer", "https://evil.example/"), ("x-forwarded-host", "evil.example")] {
        let answer = get_under(&visitor, "/login", "evil.example", &[said]).await;
        answer.assert_status(421).assert_says("Open the console");
    }
}

#[tokio::test]
async fn c36_a_form_may_name_its_origin_in_any_spelling_of_the_public_one() {
    let world = world_at("https://mail.contoso.example").await;
    world.set_up().await;
    for (origin, status) in [
        ("https://mail.contoso.example", 303),
        ("https://mail.contoso.example:443", 303),
        ("https://MAIL.contoso.example.", 303),
        ("https://mail.contoso.example:80", 403),
        ("http://mail.contoso.example", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let request = http::Request::builder()
            .method("POST")
            .uri("/login")
            .header(header::HOST, "mail.contoso.example:443")
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form(&[("email", "ada@contoso.test"), ("password", PASSWORD)])))
            .expect("a request");
        let answer = world.browser().send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{origin}");
    }
}

#[tokio::test]
async fn c50_two_installations_on_one_host_do_not_log_users_out_of_each_other() {
    let [one, other] = [world_at("http://localhost:3310").await, world_at("http://localhost:3312").await];
    // One browser: it sends the cookies of a host to each of its ports.
    let mut at_one = one.set_up().await;
    let mut at_other = other.browser();
    at_other.cookies = at_one.cookies.clone();
    let path = other.set_up_path().await;
    let fields = [
        ("organisation", "Contoso"),
        ("name", "Ada Example"),
        ("email", "ada@contoso.test"),
        ("password", PASSWORD),
    ];
    at_other.post(&path, &fields).await.assert_status(303);
    at_one.cookies.extend(at_other.cookies.clone());
    at_one.get("/connectors").await.assert_status(200);
    at_other.get("/connectors").await.assert_status(200);
    at_other.post("/logout", &[]).await.assert_status(303);
    at_one.get("/connectors").await.assert_status(200);
}

#[tokio::test]
async fn c60_pages_and_assets_forbid_proxies_to_rewrite_them() {
    let world = world_at("https://mail.contoso.example").await;
    let mut ada = world.set_up().await;
    for path in [
        "/login",
        "/connectors",
        "/settings/people",
        "/nothing",
        "/api/connectors",
        "/healthz",
        "/favicon.svg",
    ] {
        let answer = ada.get(path).await;
        let directives: Vec<_> = answer.header("cache-control").split(", ").collect();
        assert!(directives.contains(&"no-transform"), "{path}: {directives:?}");
    }
}
