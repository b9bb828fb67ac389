//! CPU work is counted before it runs, and networks share it fairly.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use mail360::{people::model::Role, platform::cpu::Asker};
use rstest::rstest;
use time::Duration;
use tracing_subscriber::layer::SubscriberExt;

use crate::support::{Answer, Browser, Kind, PASSWORD, World, busy_with};

/// Characters that the strength check reads in thousands of ways.
const HOSTILE: &str = "4@8({[<369&#!1|/0$5+7%24@8({[<369&#!1|/0$5+7%24@8({[<369&#!1|/0$5+7%2";
const WRONG: &str = "certainly not this one";
const COMPOSED: &str = "pr\u{e9}lude z\u{e8}bre trombone";
const PARTED: &str = "pre\u{301}lude ze\u{300}bre trombone";

/// Counts how often argon2 has run.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Runs {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Said(bool);
        impl tracing::field::Visit for Said {
            fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 |= format!("{value:?}").contains("argon2 has run");
            }
        }
        let mut said = Said(false);
        event.record(&mut said);
        self.0.fetch_add(usize::from(said.0), Ordering::SeqCst);
    }
}

async fn change(browser: &mut Browser, current: &str, new: &str) -> Answer {
    browser.post("/profile", &[("current", current), ("new", new)]).await
}

#[rstest]
#[tokio::test]
async fn n1_a_new_password_is_judged_only_after_the_current_one_was_right(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with_real_hashing(kind).await;
    let mut ada = world.set_up().await;
    for new in [HOSTILE, "passwordpassword", "too short"] {
        let answer = change(&mut ada, WRONG, new).await;
        answer.assert_status(422).assert_says("not your current password");
        assert!(
            !answer.text().contains("attackers guess") && !answer.text().contains("Choose a password of")
        );
    }
    change(&mut ada, PASSWORD, "passwordpassword").await.assert_status(422).assert_says("attackers guess");
    for _ in 0..10 {
        change(&mut ada, WRONG, HOSTILE).await;
    }
    change(&mut ada, PASSWORD, "passwordpassword")
        .await
        .assert_status(429)
        .assert_says("Try again in 5 minutes");
}

#[rstest]
#[case::the_same(PASSWORD, "another password than the current")]
#[case::a_weak_one("passwordpassword", "attackers guess")]
#[case::a_short_one("short", "15 characters")]
#[tokio::test]
async fn n1_right_passwords_count_too_when_a_password_is_changed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] new: &str,
    #[case] words: &str,
) {
    let world = World::with_real_hashing(kind).await;
    world.set_up().await;
    let mut vera = world.viewer().await;
    for _ in 0..20 {
        change(&mut vera, PASSWORD, new).await.assert_status(422).assert_says(words);
    }
    let runs = Runs::default();
    let heard = tracing::subscriber::set_default(tracing_subscriber::registry().with(runs.clone()));
    // From any address: the count is by user.
    vera.address = "198.51.100.1".parse().expect("an address");
    let answer = change(&mut vera, PASSWORD, new).await;
    answer.assert_status(429).assert_says("sent too often").assert_says("Try again in 5 minutes");
    assert_eq!(answer.header("retry-after"), "300");
    assert_eq!(runs.take(), 0, "nothing was computed");
    drop(heard);
    world.clock.advance(Duration::minutes(5));
    change(&mut vera, PASSWORD, COMPOSED).await.assert_status(303);
}

async fn invite(ada: &mut Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let page = ada.post(path, fields).await.text();
    let (_, rest) = page.split_once("http://localhost:3000/invitations/").expect("a link");
    format!("/invitations/{}", rest.chars().take(43).collect::<String>())
}

#[rstest]
#[tokio::test]
async fn n1_a_password_sent_with_a_link_is_counted_before_it_is_judged(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values("invitation", "new password", "set-up")] link: &str,
) {
    let world = World::with_real_hashing(kind).await;
    let path = match link {
        "set-up" => world.set_up_path().await,
        "invitation" => {
            let mut ada = world.set_up().await;
            invite(&mut ada, "/settings/people", &[("email", "bob@contoso.test"), ("role", "viewer")]).await
        }
        _ => {
            let mut ada = world.set_up().await;
            let bob = world.add_user("Contoso", "bob@contoso.test", Role::Viewer).await;
            invite(&mut ada, &format!("/settings/people/{bob}"), &[("change", "new-password")]).await
        }
    };
    let fields = |password| {
        [
            ("organisation", "Contoso"),
            ("name", "Bob Example"),
            ("email", "bob@contoso.test"),
            ("password", password),
        ]
    };
    let mut stranger = world.browser();
    for at in 0..20 {
        // Each from its own network: the link is counted.
        stranger.address = format!("203.0.{at}.1").parse().expect("an address");
        let answer = stranger.post(&path, &fields("passwordpassword")).await;
        answer.assert_status(422).assert_says("attackers guess");
    }
    stranger.address = "198.51.100.1".parse().expect("an address");
    for password in [HOSTILE, "a trombone of lemonade glaciers"] {
        let answer = stranger.post(&path, &fields(password)).await;
        answer.assert_status(429).assert_says("sent too often");
        assert_eq!(answer.header("retry-after"), "300");
    }
    world.clock.advance(Duration::minutes(5));
    stranger.post(&path, &fields("a trombone of lemonade glaciers")).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn n1_links_of_one_address_are_counted_together(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::with_real_hashing(kind).await;
    let mut ada = world.set_up().await;
    let mut stranger = world.browser();
    for number in 0..3 {
        let email = format!("bob{number}@contoso.test");
        let path = invite(&mut ada, "/settings/people", &[("email", &email), ("role", "viewer")]).await;
        for sent in 0..20 {
            let wanted = if number * 20 + sent < 50 { 422 } else { 429 };
            // All addresses of one /64 count as one.
            stranger.address = format!("2001:db8:1:2::{number}:{sent}").parse().expect("an address");
            let fields = [("name", "Bob"), ("password", "passwordpassword")];
            stranger.post(&path, &fields).await.assert_status(wanted);
        }
    }
}

#[rstest]
#[tokio::test]
async fn n1_after_too_many_qr_codes_the_page_shows_the_key_to_type(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with_real_hashing(kind).await;
    let mut ada = world.set_up().await;
    ada.post("/profile/second-factor", &[]).await.assert_status(303);
    for _ in 0..60 {
        let page = ada.get("/profile/second-factor").await;
        assert!(page.assert_status(200).body.contains("<svg") && page.text().contains("Scan this"));
    }
    let page = ada.get("/profile/second-factor").await;
    page.assert_status(200).assert_says("Type this key");
    assert!(!page.body.contains("QR code of the key"));
}

/// 100 requests at once from 100 /64s of one /48, repeated: more than the queue has places for.
fn one_48() -> impl Iterator<Item = Asker> {
    (0..100_u16).map(|number| {
        let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 0xbad, number * 600, 0, 0, 0, 1);
        Asker { network: Some(address.into()), known: false }
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn n4_while_one_network_fills_the_pool_another_network_logs_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with_real_hashing(kind).await;
    world.set_up().await;
    let busy = busy_with(one_48(), &world).await;
    for at in 0..10 {
        let mut owner = world.browser();
        owner.address = format!("198.51.100.{at}").parse().expect("an address");
        let answer = owner.post("/login", &[("email", "ada@contoso.test"), ("password", PASSWORD)]).await;
        answer.assert_status(303);
    }
    drop(busy);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn n4_while_strangers_fill_the_pool_logged_in_users_can_still_re_authenticate(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with_real_hashing(kind).await;
    let mut ada = world.set_up().await;
    let strangers = (0..200).map(|number| Asker { network: Some([10, number, 0, 1].into()), known: false });
    let busy = busy_with(strangers, &world).await;
    world.clock.advance(Duration::minutes(11));
    let fields = [("confirm_password", PASSWORD), ("confirm_next", "/profile")];
    ada.post("/re-authenticate", &fields).await.assert_status(303);
    change(&mut ada, PASSWORD, COMPOSED).await.assert_status(303);
    drop(busy);
}

#[rstest]
#[tokio::test]
async fn c31_a_password_typed_with_another_unicode_form_logs_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values((COMPOSED, PARTED), (PARTED, COMPOSED))] (set, typed): (&str, &str),
) {
    let world = World::with_real_hashing(kind).await;
    let mut ada = world.set_up().await;
    change(&mut ada, PASSWORD, set).await.assert_status(303);
    for password in [typed, set] {
        let mut browser = world.browser();
        browser
            .post("/login", &[("email", "ada@contoso.test"), ("password", password)])
            .await
            .assert_status(303);
        // Re-authentication accepts it, and the change calls it the same password.
        change(&mut browser, typed, set)
            .await
            .assert_status(422)
            .assert_says("another password than the current");
    }
}

/// A hash as it was created before passwords were normalised.
fn hash_of_what_was_typed(password: &str) -> String {
    use argon2::password_hash::{PasswordHasher, phc::PasswordHash};

    #[expect(clippy::disallowed_methods, reason = "no request waits for it")]
    let hash = argon2::Argon2::default().hash_password_with_salt(password.as_bytes(), b"a salt of a test");
    let hash: PasswordHash = hash.expect("a hash");
    hash.to_string()
}

#[rstest]
#[tokio::test]
async fn c31_a_hash_from_before_normalisation_accepts_the_typed_form_and_later_either(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with_real_hashing(kind).await;
    world.set_up().await;
    let before = hash_of_what_was_typed(PARTED);
    world.raw.run(&format!("UPDATE users SET password_hash = '{before}'")).await.expect("it is there");
    let log_in = async |password: &str| {
        world.browser().post("/login", &[("email", "ada@contoso.test"), ("password", password)]).await
    };
    log_in(COMPOSED).await.assert_status(401);
    log_in(PARTED).await.assert_status(303);
    assert_ne!(world.raw.one::<String>("SELECT password_hash FROM users").await, before);
    log_in(COMPOSED).await.assert_status(303);
    log_in(PARTED).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn c31_argon2_runs_as_often_for_an_unknown_e_mail_as_for_a_known_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with_real_hashing(kind).await;
    let mut ada = world.set_up().await;
    change(&mut ada, PASSWORD, COMPOSED).await.assert_status(303);
    let runs = Runs::default();
    let _heard = tracing::subscriber::set_default(tracing_subscriber::registry().with(runs.clone()));
    for (password, count) in [
        (COMPOSED, 1),
        (PARTED, 2),
        ("a wrong one", 1),
        ("a wr\u{f6}ng one", 1),
        ("a wro\u{308}ng one", 2),
        // Only its composed form could belong to a user.
        (&"o\u{308}".repeat(400), 1),
    ] {
        for email in ["ada@contoso.test", "mallory@contoso.test", "no address at all"] {
            world.browser().post("/login", &[("email", email), ("password", password)]).await;
            assert_eq!(runs.take(), count, "{email}, {password:?}");
        }
    }
}
