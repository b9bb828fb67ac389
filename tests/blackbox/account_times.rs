//! Times of links, grants, gates and return addresses that a clock wrote while it was ahead: they count as missing as
//! soon as the clock is right again.

use mail360::{
    accounts::service::{
        links::{LinkProblem, NewLink},
        return_addresses::ROTATION,
    },
    platform::{
        clock::{Clock, Timestamp},
        randomness::Token,
    },
};
use rstest::rstest;
use time::Duration;

use crate::{
    confirm,
    consent_links::{self, COMPANY},
    support::{
        Kind, Linked, World,
        refreshing::{Scene, refused},
        rotate,
    },
};

const AHEAD: [Duration; 3] = [Duration::seconds(61), Duration::days(30), Duration::days(36_500)];
const ENTRY: &str = "https://crm.example.com/mailboxes";

async fn set(world: &World, column: &str, value: Timestamp) {
    let (table, column) = column.split_once('.').expect("a table and a column");
    let micros = value.micros();
    world.raw.run(&format!("UPDATE {table} SET {column} = {micros}")).await.expect("updated");
}

#[rstest]
#[case::made("connect_links.created_at", Duration::ZERO)]
#[case::expires("connect_links.expires_at", Duration::days(30))]
#[tokio::test]
async fn n7_a_link_with_a_time_more_than_a_minute_ahead_has_expired(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] column: &str,
    #[case] usual: Duration,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let token = Token::from_link(path.rsplit('/').next().expect("a token")).expect("a token");
    let problem = async || {
        let opened = linked.world.program.links.open(&token).await.expect("an answer");
        opened.err().map(|closed| closed.problem)
    };
    let now = linked.world.clock.now();
    // The clock of another process may be a little ahead.
    set(&linked.world, column, now.plus(usual + Duration::minutes(1))).await;
    assert_eq!(problem().await, None, "{column}");
    for ahead in AHEAD {
        set(&linked.world, column, now.plus(usual + ahead)).await;
        assert_eq!(problem().await, Some(LinkProblem::Expired), "{column} {ahead}");
    }
}

#[rstest]
#[case::made("consent_links.created_at", Duration::ZERO)]
#[case::expires("consent_links.expires_at", Duration::days(7))]
#[tokio::test]
async fn n7_a_consent_link_with_a_time_more_than_a_minute_ahead_has_expired(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] column: &str,
    #[case] usual: Duration,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.connector.clone();
    let path = consent_links::make(&mut linked.ada, &connector, COMPANY).await;
    let now = linked.world.clock.now();
    let mut mona = linked.world.browser();
    set(&linked.world, column, now.plus(usual + Duration::minutes(1))).await;
    mona.get(&path).await.assert_status(200);
    for ahead in AHEAD {
        set(&linked.world, column, now.plus(usual + ahead)).await;
        mona.get(&path).await.assert_status(410);
    }
}

#[rstest]
#[tokio::test]
async fn n7_a_mailbox_that_waits_since_a_time_ahead_cannot_be_confirmed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    confirm::add(&linked, true).await;
    linked.world.clock.advance(Duration::days(3));
    let code = confirm::signed_in(&linked, &mut linked.world.browser()).await;
    linked.world.clock.advance(-Duration::days(3));
    confirm::confirm(&linked, &code).await.assert_status(404);
    assert_eq!(linked.world.raw.count("accounts").await, 0);
    linked.world.run_sweep().await;
    assert_eq!(linked.world.raw.count("pending_grants").await, 0, "it is erased");
}

#[rstest]
#[tokio::test]
async fn n7_an_access_token_that_was_stored_with_a_time_ahead_is_refreshed_before_it_is_used(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    scene.world.provider.answer_refreshes(rotate);
    for (at, ahead) in AHEAD.into_iter().enumerate() {
        scene.world.clock.advance(ahead);
        let name = format!("m{at}");
        let account = scene.connect(&name).await;
        assert_eq!(scene.token(account).await.expect("a token"), name, "{ahead}");
        scene.world.clock.advance(-ahead);
        assert_eq!(scene.token(account).await.expect("a token"), format!("{name}+"), "back by {ahead}");
        assert_eq!(scene.token(account).await.expect("a token"), format!("{name}+"), "once");
    }
}

#[rstest]
#[tokio::test]
async fn n7_a_grant_whose_next_refresh_is_more_than_a_day_ahead_is_due_now(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    scene.world.provider.answer_refreshes(rotate);
    scene.connect("grace").await;
    let now = scene.world.clock.now();
    set(&scene.world, "grants.next_refresh_at", now.plus(Duration::days(1))).await;
    assert_eq!(scene.process.refresh_due().await, 0);
    for ahead in AHEAD {
        set(&scene.world, "grants.next_refresh_at", now.plus(Duration::days(1) + ahead)).await;
        assert_eq!(scene.process.refresh_due().await, 1, "{ahead}");
        assert_eq!(scene.process.refresh_due().await, 0, "once");
    }
}

#[rstest]
#[tokio::test]
async fn n7_a_probe_that_lies_more_than_an_hour_ahead_is_due_now(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    scene.connect_many(2).await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(|_| refused("invalid_client"));
    scene.process.refresh_due().await;
    assert_eq!(scene.process.refresh_due().await, 0);
    let now = scene.world.clock.now();
    for ahead in AHEAD {
        set(&scene.world, "refresh_gates.next_probe_at", now.plus(Duration::hours(1) + ahead)).await;
        assert_eq!(scene.process.refresh_due().await, 1, "{ahead}");
        assert_eq!(scene.process.refresh_due().await, 0, "once");
    }
}

#[rstest]
#[tokio::test]
async fn n7_the_old_secret_of_a_return_address_signs_no_more_if_its_end_is_ahead(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let addresses = &linked.world.program.return_addresses;
    let admin = async || linked.world.admin().await.reauthenticated().expect("a recent password");
    let old = addresses.add(&admin().await, ENTRY, false).await.expect("an answer").expect("an address");
    let [listed] =
        addresses.list(&linked.world.admin().await).await.expect("a list").try_into().expect("one");
    let ahead = ROTATION + Duration::days(30);
    linked.world.clock.advance(ahead);
    let rotated = addresses.rotate(&admin().await, listed.id, &old.key_id).await;
    let new = rotated.expect("an answer").expect("a secret");
    linked.world.clock.advance(-ahead);
    let link = NewLink { return_address: Some(ENTRY.to_owned()), ..linked.plain() };
    let page = linked.connect(&mut linked.world.browser(), &linked.make(link).await).await;
    let back = page.link("Back to crm.example.com");
    let signed_with = back.query_pairs().find(|(name, _)| name == "kid").map(|(_, kid)| kid.into_owned());
    assert_eq!(signed_with.as_deref(), Some(new.key_id.as_str()));
}
