//! Logging in and out, and the properties of a session.

use std::sync::Arc;

use axum::body::Body;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use futures_util::StreamExt;
use mail360::people::{
    model::{Email, Role},
    service::{ChangeOutcome, UserChange},
};
use rstest::rstest;
use time::Duration;
use tokio::sync::Notify;

use crate::support::{Browser, Kind, NewConnector, PASSWORD, World, form, hex};

const COOKIE: &str = "mail360_3000_session";

async fn is_logged_in(browser: &mut Browser) -> bool {
    browser.get("/connectors").await.status == 200
}

#[rstest]
#[tokio::test]
async fn l1_a_password_is_stored_as_argon2id_with_its_own_salt(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with_real_hashing(kind).await;
    world.set_up().await;
    world.viewer().await;
    let hashes: Vec<String> = world.raw.column("SELECT password_hash FROM users").await;
    assert_eq!(hashes.len(), 2);
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{hashes:?}");
    assert_ne!(hashes[0], hashes[1], "the password is the same, the salt is not");
}

#[rstest]
#[tokio::test]
async fn l6_the_database_has_no_value_that_works_as_a_session_cookie(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let value = ada.cookies[COOKIE].clone();
    let bytes = URL_SAFE_NO_PAD.decode(&value).expect("base64");
    assert!(bytes.len() * 8 >= 128, "{value}");

    let hash: Vec<u8> = world.raw.one("SELECT hash FROM sessions").await;
    assert_eq!(hash.len(), 32);
    for stolen in [
        URL_SAFE_NO_PAD.encode(&hash),
        URL_SAFE_NO_PAD.encode(&hash[..16]),
        URL_SAFE_NO_PAD.encode(&hash[16..]),
        STANDARD.encode(&hash),
        hex(&hash),
    ] {
        let mut thief = world.browser();
        thief.cookies.insert(COOKIE.to_owned(), stolen);
        assert!(!is_logged_in(&mut thief).await);
    }
    assert!(is_logged_in(&mut ada).await);
}

#[rstest]
#[tokio::test]
async fn l6_no_two_sessions_have_the_same_value(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut values = std::collections::HashSet::new();
    for _ in 0..5 {
        values.insert(world.log_in("ada@contoso.test").await.cookies[COOKIE].clone());
    }
    assert_eq!(values.len(), 5);
}

#[rstest]
#[tokio::test]
async fn l7_a_planted_value_is_never_adopted_and_a_log_in_ends_the_previous_session(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let planted = URL_SAFE_NO_PAD.encode([42; 16]);
    let log_in = [("email", "ada@contoso.test"), ("password", PASSWORD)];
    let mut victim = world.browser();
    victim.cookies.insert(COOKIE.to_owned(), planted.clone());
    victim.post("/login", &log_in).await.assert_status(303);
    let first = victim.cookies[COOKIE].clone();
    assert_ne!(first, planted);
    let mut attacker = world.browser();
    attacker.cookies.insert(COOKIE.to_owned(), planted);
    assert!(!is_logged_in(&mut attacker).await);

    // A user who logs in again, perhaps as another user, has a new session, and the old one has ended.
    victim.post("/login", &log_in).await.assert_status(303);
    assert_ne!(victim.cookies[COOKIE], first);
    attacker.cookies.insert(COOKIE.to_owned(), first);
    assert!(!is_logged_in(&mut attacker).await);
    assert!(is_logged_in(&mut victim).await);
}

#[rstest]
#[case::localhost("http://localhost:3000", "mail360_3000_session", "mail360_3000_sign_in", false)]
#[case::https("https://mail.contoso.test", "__Host-mail360_session", "__Host-mail360_sign_in", true)]
#[tokio::test]
async fn l8_cookies_are_host_only_http_only_lax_and_secure_over_https(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] public_url: &str,
    #[case] session: &str,
    #[case] binding: &str,
    #[case] secure: bool,
) {
    let world = World::with(kind, &["--public-url", public_url]).await;
    let path = world.set_up_path().await;
    let mut browser = world.browser();
    let fields =
        [("organisation", "C"), ("name", "Ada"), ("email", "a@contoso.test"), ("password", PASSWORD)];
    let answer = browser.post(&path, &fields).await;
    let connector = world.add_connector(&mut browser, &NewConnector::default()).await;
    let started = browser.post(&format!("{connector}/verify"), &[]).await;

    for (answer, name) in [(&answer, session), (&started, binding)] {
        let cookies = answer.cookies();
        assert!(cookies.iter().any(|cookie| cookie.starts_with(&format!("{name}="))), "{cookies:?}");
        for cookie in cookies {
            for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(cookie.contains(part), "{cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
            assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
        }
    }
    // A visitor who only reads gets none.
    for path in ["/favicon.svg", "/pkg/mail360.js"] {
        browser.get(path).await.assert_status(200);
        assert!(browser.get(path).await.cookies().is_empty(), "{path}");
    }
    for path in ["/login", "/healthz", "/nothing", "/favicon.svg", "/api/connectors?state=x"] {
        let answer = world.browser().get(path).await;
        assert!(answer.cookies().is_empty(), "{path}: {:?}", answer.cookies());
    }
    let looked = browser.get("/connectors").await;
    assert!(looked.cookies().iter().all(|cookie| cookie.starts_with(session)), "{:?}", looked.cookies());
}

#[rstest]
#[tokio::test]
async fn l10_a_session_ends_after_30_idle_minutes_and_always_after_12_hours(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut idle = world.set_up().await;
    world.clock.advance(Duration::minutes(29));
    assert!(is_logged_in(&mut idle).await);
    world.clock.advance(Duration::minutes(29));
    assert!(is_logged_in(&mut idle).await, "the use of the session did not move the limit");
    world.clock.advance(Duration::minutes(31));
    assert!(!is_logged_in(&mut idle).await);

    let mut busy = world.log_in("ada@contoso.test").await;
    for _ in 0..(12 * 4 - 1) {
        world.clock.advance(Duration::minutes(15));
        assert!(is_logged_in(&mut busy).await);
    }
    world.clock.advance(Duration::minutes(16));
    assert!(!is_logged_in(&mut busy).await);

    world.run_sweep().await;
    assert_eq!(world.raw.count("sessions").await, 0);
}

#[rstest]
#[tokio::test]
async fn l9_after_logging_out_the_old_cookie_is_invalid_even_for_a_running_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut copy = ada.clone();
    // A draft is about to be saved into the session while it ends.
    let session = tower_sessions::Session::new(
        Some(ada.cookies[COOKIE].parse().expect("an id")),
        Arc::new(world.program.sessions.clone()),
        None,
    );
    session.insert("draft", "something").await.expect("kept in memory");
    ada.post("/logout", &[]).await.assert_status(303);
    session.save().await.expect("no error");

    assert!(!is_logged_in(&mut copy).await);
    assert_eq!(world.raw.count("sessions").await, 0);
}

#[rstest]
#[tokio::test]
async fn l11_disabling_or_another_role_takes_effect_at_the_next_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut bob = world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    let email = Email::parse("bob@contoso.test").expect("an e-mail");
    // The sessions are not ended here: the user's row decides.
    let change = async |change| {
        let changed = world
            .program
            .people
            .change_user(world.organisation_id_of(email.as_str()).await, &email, change, async |_, _, _| {
                Ok(())
            })
            .await;
        assert!(matches!(changed, Ok(ChangeOutcome::Changed)));
    };
    bob.get("/connectors/new").await.assert_status(200);
    change(UserChange::Role(Role::Viewer)).await;
    bob.get("/connectors/new").await.assert_status(403);
    bob.get("/connectors").await.assert_status(200);
    change(UserChange::Enabled(false)).await;
    assert!(!is_logged_in(&mut bob).await);
    let again = [("email", "bob@contoso.test"), ("password", PASSWORD)];
    bob.post("/login", &again).await.assert_status(401);
    change(UserChange::Enabled(true)).await;
    bob.post("/login", &again).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn l11_a_form_of_a_user_who_is_disabled_while_it_arrives_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut grace = world.user("Contoso", "grace@contoso.test", Role::Admin).await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let owner = grace.get(&format!("{connector}/delete")).await.hidden("owner");
    let id = connector.rsplit('/').next().expect("an id");
    let (sender, rest) = tokio::sync::oneshot::channel::<()>();
    let whole = form(&[("connector", id), ("owner", &owner)]);
    let (first, last) = whole.split_at(20);
    let (first, last) = (first.to_owned(), last.to_owned());
    let begun = Arc::new(Notify::new());
    let body = {
        let begun = begun.clone();
        futures_util::stream::once(async move { Ok::<_, std::io::Error>(first) }).chain(
            futures_util::stream::once(async move {
                begun.notify_one();
                let _ = rest.await;
                Ok(last)
            }),
        )
    };
    let request = grace.request("POST", "/do/connectors/delete").header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(Body::from_stream(body)).expect("a request");
    let mut sending = grace.clone();
    let sent = tokio::spawn(async move { sending.send(request).await });
    begun.notified().await;
    world
        .raw
        .run("UPDATE users SET disabled_at = 1 WHERE email = 'grace@contoso.test'")
        .await
        .expect("disabled");
    sender.send(()).expect("still waited for");
    sent.await.expect("an answer").assert_status(401);
    ada.get(&connector).await.assert_status(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_disablings_leave_one_administrator(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    let mut changes = tokio::task::JoinSet::new();
    for email in ["ada@contoso.test", "bob@contoso.test"] {
        let people = world.program.people.clone();
        let organisation = world.organisation_id_of(email).await;
        changes.spawn(async move {
            let email = Email::parse(email).expect("an e-mail");
            people
                .change_user(organisation, &email, UserChange::Enabled(false), async |_, _, _| Ok(()))
                .await
                .expect("an answer")
        });
    }
    let changed = changes.join_all().await;
    assert!(changed.contains(&ChangeOutcome::LastAdmin), "{changed:?}");
    assert_eq!(world.raw.one::<i64>("SELECT COUNT(*) FROM users WHERE disabled_at IS NULL").await, 1);
}

#[rstest]
#[tokio::test]
async fn values_typed_by_one_user_are_not_shown_to_the_next_in_the_same_browser(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut browser = world.set_up().await;
    let new = NewConnector { name: "Payroll", client_id: "no client id".to_owned(), ..Default::default() };
    world.send_form(&mut browser, &new).await;
    world.stranger().await;
    let log_in = [("organisation", "fabrikam"), ("email", "eve@fabrikam.test"), ("password", PASSWORD)];
    browser.post("/login", &log_in).await.assert_status(303);
    assert!(!browser.get("/connectors/new").await.assert_status(200).body.contains("Payroll"));
}

#[rstest]
#[tokio::test]
async fn l9_logging_out_needs_a_form_of_ours_and_clears_the_browsers_data(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.get("/logout").await.assert_status(405);
    let foreign = ada.request("POST", "/logout").header("sec-fetch-site", "cross-site");
    ada.send(foreign.body(Body::empty()).expect("a request")).await.assert_status(403);
    assert!(is_logged_in(&mut ada).await);
    let page = ada.get("/connectors").await;
    assert_eq!(page.header("cache-control"), "no-store, no-transform", "the Back button could show the page");
    let answer = ada.post("/logout", &[]).await;
    assert_eq!(answer.assert_status(303).header("clear-site-data"), "\"cache\", \"storage\"");
}

#[rstest]
#[tokio::test]
async fn l9_a_user_who_logs_out_at_one_process_is_logged_out_at_the_other(
    #[values(Kind::Postgres)] kind: Kind,
) {
    let one = World::new(kind).await;
    let two = one.another_process(&[]).await;
    let mut at_one = one.set_up().await;
    let mut at_two = at_one.at(&two.browser());
    assert!(is_logged_in(&mut at_two).await);
    at_two.post("/logout", &[]).await.assert_status(303);
    assert!(!is_logged_in(&mut at_one).await);
}
