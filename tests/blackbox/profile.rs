//! A user's own profile.

use mail360::people::model::Role;
use rstest::rstest;

use crate::support::{Answer, Browser, Kind, PASSWORD, World, hex, too_busy};

const NEW: &str = "another horse battery staple";

async fn change(browser: &mut Browser, current: &str, new: &str) -> Answer {
    browser.post("/profile", &[("current", current), ("new", new)]).await
}

async fn is_logged_in(browser: &mut Browser) -> bool {
    browser.get("/connectors").await.status == 200
}

#[rstest]
#[tokio::test]
async fn l11_a_new_password_needs_the_current_one_and_ends_all_other_sessions(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut here = world.set_up().await;
    let mut elsewhere = world.log_in("ada@contoso.test").await;
    let mut somebody_else = world.viewer().await;

    change(&mut here, "certainly not this one", NEW).await.assert_status(422).assert_says("not your current");
    change(&mut here, PASSWORD, "too short").await.assert_status(422).assert_says("at least 15 characters");
    change(&mut here, PASSWORD, PASSWORD).await.assert_status(422).assert_says("another password");
    assert!(is_logged_in(&mut elsewhere).await, "nothing has changed yet");
    let refused = "SELECT COUNT(*) FROM activity WHERE action = 'user.password_change_refused'";
    assert_eq!(world.raw.one::<i64>(refused).await, 1, "a wrong password is recorded");

    assert_eq!(change(&mut here, PASSWORD, NEW).await.assert_status(303).location(), "/profile");
    here.get("/profile").await.assert_status(200).assert_says("Your password has been changed");
    here.get("/profile").await.assert_says("Your password has been changed");
    change(&mut here, "certainly not this one", NEW).await.assert_status(422);
    assert!(!here.get("/profile").await.body.contains("has been changed"), "until the next form is sent");
    assert!(is_logged_in(&mut here).await && is_logged_in(&mut somebody_else).await);
    assert!(!is_logged_in(&mut elsewhere).await);

    let mut again = world.browser();
    again.post("/login", &[("email", "ada@contoso.test"), ("password", PASSWORD)]).await.assert_status(401);
    again.post("/login", &[("email", "ada@contoso.test"), ("password", NEW)]).await.assert_status(303);
    let recorded: i64 =
        world.raw.one("SELECT COUNT(*) FROM activity WHERE action = 'user.password_changed'").await;
    assert_eq!(recorded, 1);
}

#[rstest]
#[tokio::test]
async fn l2_the_current_password_cannot_be_guessed_on_the_profile(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for _ in 0..10 {
        change(&mut ada, "certainly not this one", NEW).await.assert_status(422);
    }
    let answer = change(&mut ada, PASSWORD, NEW).await;
    answer.assert_status(429).assert_says("Too many wrong passwords. Try again in 5 minutes.");
    assert_eq!(answer.header("retry-after"), "300");
}

#[rstest]
#[tokio::test]
async fn a_busy_hasher_is_reported_on_the_profile_page(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::with_real_hashing(kind).await;
    let mut ada = world.set_up().await;
    let busy = too_busy(&world).await;
    let answer = change(&mut ada, PASSWORD, NEW).await;
    answer.assert_status(503).assert_says("The server is busy").assert_says("Change the password");
    assert_eq!(answer.focused(), Some("current"));
    assert!(!answer.text().contains("needs your attention"), "nothing that was typed is wrong");
    drop(busy);
    assert!(is_logged_in(&mut ada).await);
}

#[rstest]
#[tokio::test]
async fn l11_browsers_with_a_session_are_listed_and_each_can_be_logged_out(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut here = world.set_up().await;
    let mut elsewhere = world.browser();
    elsewhere.address = "198.51.100.9".parse().expect("an address");
    let log_in = [("email", "ada@contoso.test"), ("password", PASSWORD)];
    elsewhere.post("/login", &log_in).await.assert_status(303);
    world.user("Contoso", "bob@contoso.test", Role::Admin).await;

    let page = here.get("/profile").await;
    page.assert_status(200).assert_says("198.51.100.9").assert_says("192.0.2.7").assert_says("This browser");
    let forms: Vec<&str> = page
        .body
        .split("action=\"/profile/sessions/")
        .skip(1)
        .filter_map(|rest| rest.split_once("/end\"").map(|(id, _)| id))
        .collect();
    assert_eq!(forms.len(), 1, "neither this browser nor those of others: {forms:?}");
    let end = format!("/profile/sessions/{}/end", forms[0]);

    // A user who does not own the session, and a guessed id.
    let mut stranger = world.stranger().await;
    stranger.post(&end, &[]).await.assert_status(303);
    for wrong in ["x", "..%2f", &hex(&[7; 32])] {
        here.post(&format!("/profile/sessions/{wrong}/end"), &[]).await.assert_status(303);
    }
    assert!(is_logged_in(&mut elsewhere).await);

    here.post(&end, &[]).await.assert_status(303);
    assert!(!is_logged_in(&mut elsewhere).await);
    assert!(is_logged_in(&mut here).await);
    here.post(&end, &[]).await.assert_status(303);
    let recorded: i64 =
        world.raw.one("SELECT COUNT(*) FROM activity WHERE action = 'user.session_ended'").await;
    assert_eq!(recorded, 1);
}
