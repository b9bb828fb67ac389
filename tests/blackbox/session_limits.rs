//! The number of sessions, and the attributes of every cookie.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use http::Method;
use rstest::rstest;
use time::Duration;

use crate::support::{Browser, Kind, NewConnector, PASSWORD, World, authenticator, form};

const LOG_IN: [(&str, &str); 2] = [("email", "ada@contoso.test"), ("password", PASSWORD)];

/// A browser with its own address, which no throttle has counted.
fn browser_at(world: &World, number: u8) -> Browser {
    let mut browser = world.browser();
    browser.address = IpAddr::from([198, 51, 100, number]);
    browser
}

#[rstest]
#[tokio::test]
async fn n20_beyond_twenty_sessions_of_a_user_the_least_recently_used_one_ends(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut browsers = vec![world.set_up().await];
    let mut vera = world.viewer().await;
    for number in 1..20 {
        world.clock.advance(Duration::seconds(61));
        let mut browser = browser_at(&world, number);
        browser.post("/login", &LOG_IN).await.assert_status(303);
        browsers.push(browser);
    }
    world.clock.advance(Duration::seconds(61));
    // The first session is used again, so now the second is the least recently used.
    browsers[0].get("/profile").await.assert_status(200);
    browser_at(&world, 20).post("/login", &LOG_IN).await.assert_status(303);
    browsers[0].get("/profile").await.assert_status(200);
    assert_eq!(browsers[1].get("/profile").await.status, 303);
    browsers[2].get("/profile").await.assert_status(200);
    vera.get("/profile").await.assert_status(200);
    let page = browsers[0].get("/profile").await;
    assert_eq!(page.text().matches("Last used").count(), 20);
    assert_eq!(world.raw.count("sessions").await, 21);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn n20_thirty_log_ins_at_once_leave_twenty_sessions(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    // Hers is the least recently used.
    world.clock.advance(Duration::minutes(1));
    let mut log_ins = tokio::task::JoinSet::new();
    for number in 0..30 {
        let mut browser = browser_at(&world, number);
        log_ins.spawn(async move {
            // The queue of users whose password was right may be full.
            for _ in 0..200 {
                let answer = browser.post("/login", &LOG_IN).await;
                if answer.status == 303 {
                    return browser;
                }
                answer.assert_status(503);
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            unreachable!("no user was logged in");
        });
    }
    let browsers = log_ins.join_all().await;
    assert_eq!(world.raw.count("sessions").await, 20);
    let mut logged_in = 0;
    for mut browser in browsers {
        logged_in += u32::from(browser.get("/profile").await.status == 200);
    }
    assert_eq!(logged_in, 20);
}

#[rstest]
#[tokio::test]
async fn n20_log_ins_that_wait_for_a_code_are_bounded_and_displace_those_of_their_own_network(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(false, true)] by_ipv6: bool,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (_, codes) = authenticator::set_up(&world, &mut ada).await;
    let mut owner = browser_at(&world, 1);
    owner.post("/login", &LOG_IN).await.assert_status(303);
    // An attacker who has the password asks again and again, from new IPv6 addresses of one /64.
    for number in 0..40 {
        world.clock.advance(Duration::seconds(1));
        // Right passwords are limited too; this test is not about that.
        world.raw.run("DELETE FROM throttles").await.expect("deleted");
        let mut attacker = browser_at(&world, 2);
        if by_ipv6 {
            attacker.address = format!("2001:db8::{number:x}").parse().expect("an address");
        }
        attacker.post("/login", &LOG_IN).await.assert_status(303);
    }
    let half_way: i64 = world.raw.one("SELECT COUNT(*) FROM sessions WHERE half_way_of IS NOT NULL").await;
    assert_eq!(half_way, 20);
    owner.post("/login/code", &[("code", &codes[0])]).await.assert_status(303);
    owner.get("/profile").await.assert_status(200);

    world.clock.advance(Duration::minutes(10));
    world.run_sweep().await;
    let half_way: i64 = world.raw.one("SELECT COUNT(*) FROM sessions WHERE half_way_of IS NOT NULL").await;
    assert_eq!(half_way, 0, "they are erased once no code can follow");
}

#[rstest]
#[tokio::test]
async fn n20_a_visitor_who_is_not_logged_in_creates_no_session(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let before = world.raw.count("sessions").await;
    let unknown = uuid::Uuid::from_u128(1).to_string();
    for cookie in [None, Some("AAAAAAAAAAAAAAAAAAAAAA"), Some("no id")] {
        for route in mail360::router::table() {
            let mut visitor = world.browser();
            if let Some(cookie) = cookie {
                visitor.cookies.insert("mail360_3000_session".to_owned(), cookie.to_owned());
            }
            let path = route.path.replace("{id}", &unknown).replace("{token}", &"a".repeat(43));
            let answer = if route.method == Method::POST {
                let wrong =
                    [("email", "x@contoso.test"), ("password", "certainly not this one"), ("code", "1")];
                visitor.post(&path, &wrong).await
            } else {
                visitor.get(&path).await
            };
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.text());
            assert_eq!(world.raw.count("sessions").await, before, "{} {path}", route.method);
        }
    }
}

/// A parsed `Set-Cookie` header.
struct SetCookie {
    name: String,
    value: String,
    attributes: BTreeMap<String, String>,
}

impl SetCookie {
    fn parse(header: &str) -> Self {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let attributes = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self { name: name.to_owned(), value: value.to_owned(), attributes }
    }

    #[track_caller]
    fn assert_sound(&self, what: &str) {
        let Self { name, attributes, .. } = self;
        assert!(name.starts_with("__Host-"), "{what}: {name}");
        for attribute in ["secure", "httponly"] {
            assert!(attributes.contains_key(attribute), "{what}: {name} has no {attribute}: {attributes:?}");
        }
        assert_eq!(attributes.get("samesite").map(String::as_str), Some("Lax"), "{what}: {name}");
        assert_eq!(attributes.get("path").map(String::as_str), Some("/"), "{what}: {name}");
        assert!(!attributes.contains_key("domain"), "{what}: {name}");
        let removes = attributes.get("max-age").map(String::as_str) == Some("0");
        assert_eq!(
            self.value.is_empty(),
            removes,
            "{what}: {name} is neither set nor removed: {attributes:?}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn n15_over_https_every_cookie_is_set_and_removed_with_all_attributes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with(kind, &["--public-url", "https://mail.contoso.test"]).await;
    let mut seen = BTreeSet::new();
    let mut look = |what: &str, cookies: Vec<&str>| {
        for cookie in cookies {
            let cookie = SetCookie::parse(cookie);
            cookie.assert_sound(what);
            seen.insert(format!("{}{}", cookie.name, if cookie.value.is_empty() { " removed" } else { "" }));
        }
    };
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let id = connector.rsplit('/').next().expect("an id").to_owned();
    let owner = ada.get("/connectors/new").await.hidden("owner");
    // A form whose session has ended waits in a cookie.
    let form_id = uuid::Uuid::from_u128(7).to_string();
    let orphan = [("form", form_id.as_str()), ("owner", &owner), ("service_name", "Payroll")];
    let kept = world.browser().post("/do/connectors/add", &orphan).await;
    look("a form whose session has ended", kept.cookies());
    let draft: Vec<_> = kept.cookies().into_iter().map(SetCookie::parse).collect();
    assert_eq!(draft.len(), 1);
    look("a page that hides its steps", ada.get("/connectors/new?guide=closed").await.cookies());
    // Each route as a user with all cookies, as one with an invalid cookie, and as a visitor.
    for route in mail360::router::table() {
        let path = route.path.replace("{id}", &id).replace("{token}", &"a".repeat(43));
        for visitor in ["user", "dead", "new"] {
            // Right passwords are limited; this test is not about that.
            world.raw.run("DELETE FROM throttles").await.expect("deleted");
            let mut browser = match visitor {
                "user" => world.log_in("ada@contoso.test").await,
                _ => world.browser(),
            };
            if visitor == "dead" {
                let dead = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
                browser.cookies.insert("__Host-mail360_session".to_owned(), dead);
            }
            if visitor != "new" {
                browser.cookies.insert(draft[0].name.clone(), draft[0].value.clone());
            }
            let answer = if route.method == Method::POST {
                let fields = [
                    LOG_IN[0],
                    LOG_IN[1],
                    ("current", PASSWORD),
                    ("new", "short"),
                    ("confirm_password", PASSWORD),
                ];
                browser.post(&path, &fields).await
            } else {
                browser.get(&path).await
            };
            let what = format!("{} {path} of {visitor}", route.method);
            look(&what, answer.cookies());
        }
    }
    for name in ["device", "organisation", "guide"] {
        assert!(seen.contains(&format!("__Host-mail360_{name}")), "{name} was not seen: {seen:?}");
    }
    let all = ["draft", "session", "sign_in"];
    for name in all {
        for end in ["", " removed"] {
            let cookie = format!("__Host-mail360_{name}{end}");
            assert!(seen.contains(&cookie), "{cookie} was not seen: {seen:?}");
        }
    }
}

#[rstest]
#[case::http("http://localhost:3000", "mail360_3000_")]
#[case::https("https://mail.contoso.test", "__Host-mail360_")]
#[tokio::test]
async fn n15_logging_out_removes_session_sign_in_and_draft_and_nothing_else_does(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] public_url: &str,
    #[case] prefix: &str,
) {
    let world = World::with(kind, &["--public-url", public_url]).await;
    let mut ada = world.set_up().await;
    // Neither a GET nor a form of another site logs a user out.
    assert!(ada.get("/logout").await.assert_status(405).cookies().is_empty());
    let foreign = ada
        .request("POST", "/logout")
        .header("sec-fetch-site", "cross-site")
        .body(axum::body::Body::from(form(&[])))
        .expect("a request");
    assert!(ada.send(foreign).await.assert_status(403).cookies().is_empty());
    ada.get("/profile").await.assert_status(200);
    let answer = ada.post("/logout", &[]).await;
    let removed: BTreeSet<_> =
        answer.cookies().into_iter().map(|cookie| SetCookie::parse(cookie).name).collect();
    let named =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| format!("{prefix}{name}")).collect() };
    assert_eq!(removed, named(&["session", "sign_in", "draft"]));
    // The cookie that marks the browser as known stays.
    let left: BTreeSet<_> = ada.cookies.keys().cloned().collect();
    assert_eq!(left, named(&["device", "organisation"]));
}
