//! The first administrator.

use mail360::people::model::Role;
use rstest::rstest;
use time::Duration;
use tokio::task::JoinSet;

use crate::support::{Kind, PASSWORD, World, too_busy};

const FOUNDER: [(&str, &str); 4] = [
    ("organisation", "Contoso"),
    ("name", "Ada Example"),
    ("email", "ada@contoso.test"),
    ("password", PASSWORD),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn l12_of_ten_claims_at_once_one_creates_the_first_administrator(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let path = world.set_up_path().await;
    let mut claims = JoinSet::new();
    for claim in 0..10 {
        let (mut browser, path) = (world.browser(), path.clone());
        claims.spawn(async move {
            let email = format!("claim{claim}@contoso.test");
            let mut fields = FOUNDER;
            fields[2].1 = &email;
            browser.post(&path, &fields).await.status.as_u16()
        });
    }
    let statuses = claims.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    // On a slow machine some of them wait for the hasher in vain.
    assert!(statuses.iter().all(|status| [303, 404, 503].contains(status)), "{statuses:?}");
    assert_eq!(world.raw.count("users").await, 1);
    assert_eq!(world.raw.count("organisations").await, 1);
    assert_eq!(world.raw.one::<String>("SELECT role FROM users").await, "admin");
}

#[rstest]
#[tokio::test]
async fn l12_only_the_latest_set_up_link_works_once_within_24_hours(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut browser = world.browser();
    let older = world.set_up_path().await;
    let latest = world.set_up_path().await;
    let closed = browser.get(&older).await;
    closed.assert_status(404).assert_says("This link no longer works").assert_says("the newest set-up link");
    browser.post(&older, &FOUNDER).await.assert_status(404).assert_says("This link no longer works");
    browser.get(&latest).await.assert_status(200);

    world.clock.advance(Duration::hours(24) - Duration::seconds(1));
    browser.get(&latest).await.assert_status(200);
    world.clock.advance(Duration::seconds(1));
    browser.get(&latest).await.assert_status(404);
    browser.post(&latest, &FOUNDER).await.assert_status(404);
    assert_eq!(world.raw.count("users").await, 0);

    let renewed = world.set_up_path().await;
    browser.post(&renewed, &FOUNDER).await.assert_status(303);
    // A visitor reads what to do, with every link: a used one, an older one, and one that never was one.
    for path in [renewed.as_str(), &latest, "/set-up/x"] {
        for closed in [world.browser().get(path).await, world.browser().post(path, &FOUNDER).await] {
            closed.assert_status(404).assert_says("This console is already set up");
            assert!(closed.body.contains("href=\"/login\""), "{path}: {}", closed.body);
        }
    }
    assert!(world.program.set_up.open().await.expect("an answer").is_none(), "no new link is given out");
    assert_eq!(world.raw.count("users").await, 1);
}

#[rstest]
#[tokio::test]
async fn the_log_in_page_says_that_nothing_is_set_up_until_there_is_a_user(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    const NOTICE: &str = "Not set up yet";
    let world = World::new(kind).await;
    let mut browser = world.browser();
    for _ in 0..2 {
        browser.get("/login").await.assert_status(200).assert_says(NOTICE);
    }
    // As an operator does at the command line, while the program runs.
    world.user("Contoso", "ada@contoso.test", Role::Admin).await;
    for _ in 0..2 {
        let page = browser.get("/login").await;
        assert!(!page.assert_status(200).body.contains(NOTICE), "{}", page.body);
    }
}

#[rstest]
#[tokio::test]
async fn l12_there_is_no_default_password_and_no_link_that_can_be_guessed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let _ = world.set_up_path().await;
    let mut browser = world.browser();
    for (email, password) in [("admin", "admin"), ("admin@localhost", "password"), ("", "")] {
        browser.post("/login", &[("email", email), ("password", password)]).await.assert_status(401);
    }
    for token in ["", "x", "null", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "..%2F..%2Fconnectors"] {
        browser.get(&format!("/set-up/{token}")).await.assert_status(404);
    }
}

#[rstest]
#[tokio::test]
async fn the_stored_value_of_a_set_up_link_does_not_open_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    let world = World::new(kind).await;
    let _ = world.set_up_path().await;
    let stored: Vec<u8> = world.raw.one("SELECT value FROM settings WHERE name = 'set_up'").await;
    let guess = URL_SAFE_NO_PAD.encode(&stored[..32]);
    world.browser().get(&format!("/set-up/{guess}")).await.assert_status(404);
}

#[rstest]
#[tokio::test]
async fn a_wrong_field_is_named_and_all_values_but_the_password_are_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let path = world.set_up_path().await;
    let mut fields = FOUNDER;
    fields[3].1 = "too short";
    let answer = world.browser().post(&path, &fields).await;
    answer.assert_status(422).assert_says("at least 15 characters");
    assert!(answer.body.contains("value=\"Ada Example\""));
    assert!(!answer.body.contains("too short"));
    assert_eq!(world.raw.count("users").await, 0);
}

#[rstest]
#[tokio::test]
async fn typed_values_are_kept_if_the_hasher_is_busy(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::with_real_hashing(kind).await;
    let path = world.set_up_path().await;
    let busy = too_busy(&world).await;
    let fields = [
        ("organisation", "Contoso of the first try"),
        ("name", "Ada Example"),
        ("email", "ada@contoso.test"),
        ("password", PASSWORD),
    ];
    let answer = world.browser().post(&path, &fields).await;
    answer.assert_status(503).assert_says("The server is busy");
    assert_eq!(answer.focused(), Some("password"), "the focus is not on the empty field");
    assert!(answer.body.contains("Contoso of the first try") && !answer.body.contains(PASSWORD));
    drop(busy);
    world.set_up().await;
}

#[rstest]
#[tokio::test]
async fn l12_a_first_user_from_the_command_line_ends_the_link_too(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let path = world.set_up_path().await;
    world.user("Contoso", "ada@contoso.test", Role::Admin).await;
    world.browser().get(&path).await.assert_status(404);
    world.browser().post(&path, &FOUNDER).await.assert_status(404);
    assert_eq!(world.raw.count("users").await, 1);
}
