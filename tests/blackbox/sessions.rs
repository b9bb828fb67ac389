//! Logging in and out, and what a session is.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use mail360::people::{
    model::{Email, Role},
    service::{Change, Changed},
};
use rstest::rstest;
use time::Duration;

use crate::support::{Browser, Kind, NewConnector, PASSWORD, World, hex};

const COOKIE: &str = "mail360_session";

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/connectors").await.status == 200
}

#[rstest]
#[tokio::test]
async fn l1_a_password_is_stored_as_argon2id_with_a_salt_of_its_own(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    world.viewer().await;
    let hashes: Vec<String> = world.raw.column("SELECT password_hash FROM users").await;
    assert_eq!(hashes.len(), 2);
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{hashes:?}");
    assert_ne!(hashes[0], hashes[1], "the password is the same, the salt is not");
}

#[rstest]
#[tokio::test]
async fn l6_what_the_database_keeps_of_a_session_is_no_cookie(
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
        assert!(!is_signed_in(&mut thief).await);
    }
    assert!(is_signed_in(&mut ada).await);
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
async fn l7_a_planted_value_is_never_adopted_and_a_log_in_ends_the_session_before(
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
    assert!(!is_signed_in(&mut attacker).await);

    // Whoever logs in anew, perhaps as somebody else, is in a new session, and the old one is dead.
    victim.post("/login", &log_in).await.assert_status(303);
    assert_ne!(victim.cookies[COOKIE], first);
    attacker.cookies.insert(COOKIE.to_owned(), first);
    assert!(!is_signed_in(&mut attacker).await);
    assert!(is_signed_in(&mut victim).await);
}

#[rstest]
#[case::localhost("http://localhost:3000", "mail360_session", "mail360_sign_in", false)]
#[case::https("https://mail.contoso.test", "__Host-mail360_session", "__Host-mail360_sign_in", true)]
#[tokio::test]
async fn l8_cookies_are_host_only_http_only_lax_and_secure_where_https(
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
        assert_eq!(cookies.len(), 1, "{cookies:?}");
        let cookie = cookies[0];
        assert!(cookie.starts_with(&format!("{name}=")), "{cookie}");
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
    }
    // Who only looks gets none.
    for path in ["/login", "/healthz", "/nothing", "/favicon.svg", "/api/connectors?state=x"] {
        let answer = world.browser().get(path).await;
        assert!(answer.cookies().is_empty(), "{path}: {:?}", answer.cookies());
    }
    let looked = browser.get("/connectors").await;
    assert!(looked.cookies().iter().all(|cookie| cookie.starts_with(session)), "{:?}", looked.cookies());
}

#[rstest]
#[tokio::test]
async fn l10_a_session_ends_after_30_idle_minutes_and_after_12_hours_whatever_happens(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut idle = world.set_up().await;
    world.clock.advance(Duration::minutes(29));
    assert!(is_signed_in(&mut idle).await);
    world.clock.advance(Duration::minutes(29));
    assert!(is_signed_in(&mut idle).await, "its use moved the limit");
    world.clock.advance(Duration::minutes(31));
    assert!(!is_signed_in(&mut idle).await);

    let mut busy = world.log_in("ada@contoso.test").await;
    for _ in 0..(12 * 4 - 1) {
        world.clock.advance(Duration::minutes(15));
        assert!(is_signed_in(&mut busy).await);
    }
    world.clock.advance(Duration::minutes(16));
    assert!(!is_signed_in(&mut busy).await);

    for work in world.program.periodic_work() {
        work.once().await.expect("the sweep");
    }
    assert_eq!(world.raw.count("sessions").await, 0);
}

#[rstest]
#[tokio::test]
async fn l9_after_the_log_out_the_old_cookie_is_worth_nothing_even_to_a_request_in_flight(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut copy = ada.clone();
    // A draft is about to be saved into the session while it ends.
    let session = tower_sessions::Session::new(
        Some(ada.cookies[COOKIE].parse().expect("an id")),
        std::sync::Arc::new(world.program.sessions.clone()),
        None,
    );
    session.insert("draft", "something").await.expect("kept in memory");
    ada.post("/logout", &[]).await.assert_status(303);
    session.save().await.expect("no error");

    assert!(!is_signed_in(&mut copy).await);
    assert_eq!(world.raw.count("sessions").await, 0);
}

#[rstest]
#[tokio::test]
async fn l11_who_is_disabled_or_given_another_role_is_so_at_the_next_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut bob = world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    let email = Email::parse("bob@contoso.test").expect("an e-mail");
    // Sessions are left alone here: what counts is what the row says now.
    let change = async |change| {
        let changed = world.program.people.change_user(&email, change, async |_, _, _| Ok(())).await;
        assert!(matches!(changed, Ok(Changed::Changed)));
    };
    bob.get("/connectors/new").await.assert_status(200);
    change(Change::Role(Role::Viewer)).await;
    bob.get("/connectors/new").await.assert_status(403);
    bob.get("/connectors").await.assert_status(200);
    change(Change::Enabled(false)).await;
    assert!(!is_signed_in(&mut bob).await);
    let again = [("email", "bob@contoso.test"), ("password", PASSWORD)];
    bob.post("/login", &again).await.assert_status(401);
    change(Change::Enabled(true)).await;
    bob.post("/login", &again).await.assert_status(303);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_are_disabled_at_once_one_remains(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    let mut changes = tokio::task::JoinSet::new();
    for email in ["ada@contoso.test", "bob@contoso.test"] {
        let people = world.program.people.clone();
        changes.spawn(async move {
            let email = Email::parse(email).expect("an e-mail");
            people
                .change_user(&email, Change::Enabled(false), async |_, _, _| Ok(()))
                .await
                .expect("an answer")
        });
    }
    let changed = changes.join_all().await;
    assert!(changed.contains(&Changed::LastAdmin), "{changed:?}");
    assert_eq!(world.raw.one::<i64>("SELECT COUNT(*) FROM users WHERE disabled_at IS NULL").await, 1);
}

#[rstest]
#[tokio::test]
async fn what_one_user_typed_in_a_browser_is_not_shown_to_the_next(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut browser = world.set_up().await;
    let new = NewConnector { name: "Payroll", client_id: "no client id".to_owned(), ..Default::default() };
    world.send_form(&mut browser, &new).await;
    world.stranger().await;
    let log_in = [("email", "eve@fabrikam.test"), ("password", PASSWORD)];
    browser.post("/login", &log_in).await.assert_status(303);
    assert!(!browser.get("/connectors/new").await.assert_status(200).body.contains("Payroll"));
}

#[rstest]
#[tokio::test]
async fn l9_the_log_out_is_a_form_of_ours_and_tells_the_browser_to_forget(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.get("/logout").await.assert_status(405);
    let foreign = ada.request("POST", "/logout").header("sec-fetch-site", "cross-site");
    ada.send(foreign.body(axum::body::Body::empty()).expect("a request")).await.assert_status(403);
    assert!(is_signed_in(&mut ada).await);
    let page = ada.get("/connectors").await;
    assert_eq!(page.header("cache-control"), "no-store", "the Back button finds nothing");
    let answer = ada.post("/logout", &[]).await;
    assert_eq!(answer.assert_status(303).header("clear-site-data"), "\"cache\", \"storage\"");
}

/// Hears which passwords were verified, with how much memory and how many passes.
#[derive(Clone, Default)]
struct Verified(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Verified {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                use std::fmt::Write;
                write!(self.0, "{field}={value:?} ").expect("text");
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        if fields.0.contains("a password was verified") {
            self.0.lock().expect("a list").push(fields.0);
        }
    }
}

#[rstest]
#[tokio::test]
async fn l5_a_refused_log_in_is_the_same_whatever_is_wrong_and_costs_the_same(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use tracing_subscriber::layer::SubscriberExt;

    let world = World::new(kind).await;
    world.set_up().await;
    world.user("Contoso", "bob@contoso.test", Role::Viewer).await;
    let bob = Email::parse("bob@contoso.test").expect("an e-mail");
    let disabled =
        world.program.people.change_user(&bob, Change::Enabled(false), async |_, _, _| Ok(())).await;
    assert!(matches!(disabled, Ok(Changed::Changed)));

    let verified = Verified::default();
    let subscriber = tracing_subscriber::registry().with(verified.clone());
    let _heard = tracing::subscriber::set_default(subscriber);
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@contoso.test", "certainly not this one"),
        ("eve@contoso.test", PASSWORD),
        ("bob@contoso.test", PASSWORD),
        ("no address at all", PASSWORD),
    ] {
        let answer = world.browser().post("/login", &[("email", email), ("password", password)]).await;
        answer.assert_status(401);
        let fields = [("memory", "19456"), ("passes", "2")];
        let heard = std::mem::take(&mut *verified.0.lock().expect("a list"));
        let [one] = heard.as_slice() else { panic!("{email}: {heard:?}") };
        assert!(fields.iter().all(|(name, value)| one.contains(&format!("{name}={value} "))), "{one}");
        let mut headers: Vec<_> = answer
            .headers
            .iter()
            // What is drawn anew for each answer.
            .filter(|(name, _)| !["content-security-policy", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        answers.push((answer.without_nonces().replace(email, ""), headers));
    }
    for answer in &answers {
        assert_eq!(*answer, answers[0]);
    }
    // After the parameters rose, too, for somebody whose hash has the older ones.
    let stronger = world.another_process(&["--password-passes", "3"]).await;
    for email in ["ada@contoso.test", "eve@contoso.test"] {
        let fields = [("email", email), ("password", "certainly not this one")];
        stronger.browser().post("/login", &fields).await.assert_status(401);
        let heard = std::mem::take(&mut *verified.0.lock().expect("a list"));
        let [one] = heard.as_slice() else { panic!("{email}: {heard:?}") };
        assert!(one.contains("passes=3 "), "{email}: {one}");
    }
}

#[rstest]
#[tokio::test]
async fn l7_a_password_that_was_changed_while_it_was_verified_signs_nobody_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use mail360::people::{model::Password, service::Authenticated};

    let world = World::new(kind).await;
    world.set_up().await;
    let people = &world.program.people;
    let email = Email::parse("ada@contoso.test").expect("an e-mail");
    let password = Password::try_out(PASSWORD.into()).expect("a password");
    let verified = people.authenticate(Some(&email), &password).await;
    let Ok(Authenticated::User(user, _)) = verified else { panic!("not verified: {verified:?}") };
    let other = Password::choose("another horse battery staple".into(), &[]).expect("a password");
    let changed = people.change_user(&email, Change::Password(other), async |_, _, _| Ok(())).await;
    assert!(matches!(changed, Ok(Changed::Changed)));
    let noted = world.program.database.write(async |tx| people.note_login(&tx, &user, None).await).await;
    assert!(!noted.expect("an answer"));
}

#[rstest]
#[tokio::test]
async fn l9_who_logs_out_at_one_process_is_logged_out_at_the_other(#[values(Kind::Postgres)] kind: Kind) {
    let one = World::new(kind).await;
    let two = one.another_process(&[]).await;
    let mut at_one = one.set_up().await;
    let mut at_two = at_one.at(&two.browser());
    assert!(is_signed_in(&mut at_two).await);
    at_two.post("/logout", &[]).await.assert_status(303);
    assert!(!is_signed_in(&mut at_one).await);
}

#[rstest]
#[tokio::test]
async fn a_request_with_the_cookie_of_before_does_not_take_the_new_one_away(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    world.clock.advance(Duration::minutes(10));
    let (mut first, mut second) = (ada.clone(), ada);
    let fields = [("confirm_password", PASSWORD), ("confirm_next", "/account")];
    first.post("/confirm", &fields).await.assert_status(303);
    // The second click of two comes with what the browser had before.
    let answer = second.post("/confirm", &fields).await;
    assert!(answer.cookies().is_empty(), "{:?}", answer.cookies());
    first.get("/account").await.assert_status(200);
    let left = first.post("/logout", &[]).await;
    assert!(
        left.cookies().iter().any(|cookie| cookie.starts_with("mail360_session=;")),
        "{:?}",
        left.cookies()
    );
}

#[rstest]
#[tokio::test]
async fn who_is_signed_in_and_comes_to_the_log_in_page_goes_on_to_where_they_wanted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    assert_eq!(ada.get("/login?next=/account").await.assert_status(303).location(), "/account");
    let mut nobody = world.browser();
    let asked = nobody.get("/connectors?search=a%20b&sort=expiry").await;
    let next = "/login?next=%2Fconnectors%3Fsearch%3Da%2520b%26sort%3Dexpiry";
    assert_eq!(asked.assert_status(303).location(), next);
    let wanted = nobody.get(next).await.hidden("next");
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", wanted.as_str())];
    let answer = nobody.post("/login", &fields).await;
    assert_eq!(answer.assert_status(303).location(), "/connectors?search=a%20b&sort=expiry");
}

#[rstest]
#[tokio::test]
async fn before_the_set_up_the_log_in_page_says_where_to_begin(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.browser().get("/login").await.assert_says("Open the set-up link");
    world.set_up().await;
    assert!(!world.browser().get("/login").await.text().contains("set-up link"));
}
