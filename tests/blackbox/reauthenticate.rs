//! Re-authentication: the password again, before a change that a stolen session must not allow.

use mail360::people::model::Role;
use rstest::rstest;
use time::Duration;

use crate::support::{Browser, Kind, PASSWORD, World};

const PEOPLE: &str = "/settings/people";
const NEWCOMER: [(&str, &str); 2] = [("email", "new@contoso.test"), ("role", "viewer")];

async fn confirm(browser: &mut Browser, password: &str, next: &str) -> crate::support::Answer {
    browser.post("/re-authenticate", &[("confirm_password", password), ("confirm_next", next)]).await
}

/// A world in which Ada's last re-authentication is too old.
async fn later(kind: Kind) -> (World, Browser) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    world.clock.advance(Duration::minutes(10));
    (world, ada)
}

#[rstest]
#[tokio::test]
async fn l11_a_protected_form_waits_for_the_password_and_then_continues(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = later(kind).await;
    let asked = ada.post(PEOPLE, &NEWCOMER).await;
    asked.assert_status(403).assert_says("Confirm that it is you");
    assert_eq!(asked.hidden("email"), "new@contoso.test");
    assert_eq!(asked.hidden("confirm_next"), PEOPLE);

    let fields = [
        ("email", "new@contoso.test"),
        ("role", "viewer"),
        ("confirm_again", "1"),
        ("confirm_next", PEOPLE),
        ("confirm_password", "certainly not this one"),
    ];
    let wrong = ada.post("/re-authenticate", &fields).await;
    wrong.assert_status(422).assert_says("This is not your password");
    assert!(wrong.body.contains("<title>Error: Confirm that it is you"), "{}", wrong.body);
    assert_eq!(wrong.hidden("email"), "new@contoso.test", "the typed values are lost");
    let right = [&fields[..4], &[("confirm_password", PASSWORD)]].concat();
    let answer = ada.post("/re-authenticate", &right).await;
    assert_eq!(answer.assert_status(307).location(), PEOPLE, "the browser does not send the form again");
    ada.post(PEOPLE, &right).await.assert_status(200).assert_says("Send this link to new@contoso.test");
    assert_eq!(world.raw.count("invitations").await, 1);
}

#[rstest]
#[tokio::test]
async fn l11_a_re_authentication_lasts_ten_minutes_and_counts_for_one_browser(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = later(kind).await;
    let mut elsewhere = ada.clone();
    let answer = confirm(&mut ada, PASSWORD, "/profile/second-factor").await;
    assert_eq!(answer.assert_status(303).location(), "/profile/second-factor");
    ada.get("/profile/second-factor").await.assert_status(200);
    assert_eq!(ada.get("/re-authenticate?next=/settings/people").await.assert_status(303).location(), PEOPLE);
    assert_eq!(elsewhere.get("/connectors").await.status, 303, "the old cookie still works");
    let mut other = world.log_in("ada@contoso.test").await;
    world.clock.advance(Duration::minutes(9));
    other.post(PEOPLE, &NEWCOMER).await.assert_status(200);
    ada.get("/profile/second-factor").await.assert_status(200);
    world.clock.advance(Duration::minutes(1));
    ada.get("/profile/second-factor").await.assert_status(303);
    other.post(PEOPLE, &NEWCOMER).await.assert_status(403);
}

#[rstest]
#[tokio::test]
async fn l7_re_authentication_changes_the_cookie_and_does_not_extend_the_session(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    // Used again and again, so that only the absolute limit applies.
    for _ in 0..24 {
        world.clock.advance(Duration::minutes(29));
        ada.get("/connectors").await.assert_status(200);
    }
    let before = ada.cookies.clone();
    confirm(&mut ada, PASSWORD, "/connectors").await.assert_status(303);
    assert_ne!(ada.cookies, before);
    assert_eq!(world.raw.count("sessions").await, 1, "there is a second session");
    world.clock.advance(Duration::minutes(24));
    assert_eq!(ada.get("/connectors").await.status, 303, "twelve hours after the log-in");
}

#[rstest]
#[tokio::test]
async fn l2_the_password_cannot_be_guessed_by_re_authentication_and_refusals_are_recorded(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada) = later(kind).await;
    for _ in 0..10 {
        confirm(&mut ada, "certainly not this one", PEOPLE).await.assert_status(422);
    }
    let answer = confirm(&mut ada, PASSWORD, PEOPLE).await;
    answer.assert_status(429).assert_says("Try again in 5 minutes");
    assert_eq!(answer.header("retry-after"), "300");
    let refused = "SELECT COUNT(*) FROM activity WHERE action = 'user.reauthentication_refused'";
    assert_eq!(world.raw.one::<i64>(refused).await, 10);
}

#[rstest]
#[tokio::test]
async fn l11_a_session_that_is_ended_during_its_re_authentication_stays_ended(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada) = later(kind).await;
    // In either order: afterwards no session from before is valid.
    for round in 0..6 {
        let email = format!("round{round}@contoso.test");
        let mut somebody = world.user("Contoso", &email, Role::Viewer).await;
        let mut confirming = somebody.clone();
        let program = &world.program;
        let email = mail360::people::model::Email::parse(&email).expect("an e-mail");
        let end = program.people.change_user(
            world.organisation_id_of(email.as_str()).await,
            &email,
            mail360::people::service::UserChange::EndSessions,
            async |tx, organisation, user| {
                mail360::log_in::session::Sessions::end_all_of(tx, organisation, user).await
            },
        );
        let (_, ended) = tokio::join!(confirm(&mut confirming, PASSWORD, "/connectors"), async {
            tokio::time::sleep(std::time::Duration::from_millis(12 * round)).await;
            end.await
        });
        ended.expect("ended");
        for browser in [&mut somebody, &mut confirming] {
            assert_eq!(browser.get("/connectors").await.status, 303, "round {round}");
        }
    }
    drop(ada);
}

#[rstest]
#[tokio::test]
async fn o9_re_authentication_leads_only_to_our_own_paths(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada) = later(kind).await;
    for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", ""] {
        let mut again = ada.clone();
        let fields = [("confirm_password", PASSWORD), ("confirm_next", foreign), ("confirm_again", "1")];
        assert_eq!(
            again.post("/re-authenticate", &fields).await.assert_status(307).location(),
            "/connectors"
        );
        ada = again;
    }
}
