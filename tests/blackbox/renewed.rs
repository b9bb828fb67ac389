//! The session that replaces the one that made a change: what it keeps and what it does not.

use rstest::rstest;
use time::Duration;

use crate::{
    ended::assert_logged_out,
    support::{Kind, NewConnector, PASSWORD, World, authenticator, authenticator::HERE},
};

const NEW: &str = "another horse battery staple";

#[rstest]
#[tokio::test]
async fn n0_the_new_session_ends_with_the_old_ones_limit_and_keeps_its_re_authentication_time(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for _ in 0..24 {
        world.clock.advance(Duration::minutes(29));
        ada.get("/connectors").await.assert_status(200);
    }
    ada.post("/profile", &[("current", PASSWORD), ("new", NEW)]).await.assert_status(303);
    ada.get("/profile").await.assert_status(200).assert_says("Your password has been changed");
    let asked = ada.post("/settings/people", &[("email", "n@contoso.test"), ("role", "viewer")]).await;
    asked.assert_status(403).assert_says("Confirm that it is you");
    world.clock.advance(Duration::minutes(24));
    assert_eq!(ada.get("/connectors").await.status, 303, "twelve hours after the log-in");
}

#[rstest]
#[tokio::test]
async fn n0_a_key_that_was_read_with_a_stolen_cookie_is_never_turned_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let finish = format!("{HERE}/finish");
    for renewal in ["password", "confirm", "begin"] {
        let world = World::new(kind).await;
        let mut ada = world.set_up().await;
        ada.post(HERE, &[]).await.assert_status(303);
        // Stolen during the set-up: the attacker reads the key.
        let mut thief = ada.clone();
        let stolen = authenticator::app(&thief.get(HERE).await);
        match renewal {
            "password" => ada.post("/profile", &[("current", PASSWORD), ("new", NEW)]).await,
            "confirm" => {
                ada.post("/re-authenticate", &[("confirm_password", PASSWORD), ("confirm_next", HERE)]).await
            }
            _ => ada.post(HERE, &[]).await,
        }
        .assert_status(303);
        assert_logged_out(&thief.get(HERE).await, renewal);
        let code = authenticator::code(&world, &stolen, 0);
        let answer = ada.post(&finish, &[("code", &code)]).await;
        assert_ne!(answer.status, 200, "{renewal}: {}", answer.text());
        let on: i64 = world.raw.one("SELECT COUNT(*) FROM users WHERE totp_since IS NOT NULL").await;
        assert_eq!(on, 0, "{renewal}");
        // A key that only the new cookie could read can be turned on.
        let (hers, _) = authenticator::set_up(&world, &mut ada).await;
        assert_ne!(hers.secret().to_base32(), stolen.secret().to_base32());
    }
}

#[rstest]
#[tokio::test]
async fn n0_a_cookie_stolen_before_the_set_up_of_a_second_factor_cannot_read_its_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut thief = ada.clone();
    ada.post(HERE, &[]).await.assert_status(303);
    assert_logged_out(&thief.get(HERE).await, "the key");
    ada.get(HERE).await.assert_status(200).assert_says("Scan this");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn n0_only_one_of_two_concurrent_changes_with_one_cookie_is_made(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    authenticator::set_up(&world, &mut ada).await;
    for _ in 0..6 {
        let mut renewing = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let mut copy = ada.clone();
            renewing.spawn(async move {
                let answer = copy.post("/profile/second-factor/recovery-codes", &[]).await;
                (answer.status.as_u16(), copy)
            });
        }
        let mut done = renewing.join_all().await;
        done.sort_by_key(|(status, _)| *status);
        let statuses: Vec<_> = done.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [200, 401, 401], "not exactly one request got new codes");
        let old = ada.cookies["mail360_3000_session"].clone();
        assert_eq!(world.raw.count("sessions").await, 1);
        for (_, loser) in &mut done[1..] {
            assert_eq!(loser.cookies["mail360_3000_session"], old, "a refused request got a cookie");
            assert_logged_out(&loser.get("/profile").await, "the old cookie");
        }
        ada = done.remove(0).1;
        ada.get("/profile").await.assert_status(200);
    }
}

#[rstest]
#[tokio::test]
async fn n0_a_late_request_with_the_old_cookie_does_not_revive_its_session(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    // A form with a mistake saves a draft into the session at the end of its request.
    let new = NewConnector { name: "Payroll", client_id: "no client id".to_owned(), ..Default::default() };
    let before = ada.clone();
    let answer = world.send_form(&mut ada, &new).await;
    assert_eq!(answer.location(), "/connectors/new");
    assert!(answer.cookies().is_empty(), "the browser has this cookie: {:?}", answer.cookies());
    assert_eq!(ada.cookies, before.cookies);
    // The new session has nothing that waited in the old one.
    ada.post("/profile", &[("current", PASSWORD), ("new", NEW)]).await.assert_status(303);
    assert!(!ada.get("/connectors/new").await.assert_status(200).body.contains("Payroll"));
}
