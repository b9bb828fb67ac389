//! Rows that cannot be read, and rows that another transaction has locked: they stop their own account or connector,
//! and no other one.

use std::time::Duration as Elapsed;

use mail360::{
    accounts::{model::AccountState, service::AccountId},
    connectors::service::ConnectorId,
};
use rstest::rstest;

use crate::support::{
    Kind, Log, NewConnector, Raw,
    held::Held,
    refreshing::{DIRECTORY, Scene},
    rotate,
};

async fn add_connector(scene: &mut Scene) -> ConnectorId {
    let new = NewConnector { name: "Other", ..NewConnector::default() };
    let path = scene.world.add_connector(&mut scene.ada, &new).await;
    path.rsplit('/').next().expect("an id").parse().expect("an id")
}

/// Adds a gate of a connector whose probe is due.
async fn add_gate(scene: &Scene, connector: ConnectorId, kind: &str) {
    let raw = &scene.world.raw;
    let (organisation, connector) = (raw.id(scene.organisation), raw.id(connector));
    let columns = "organisation_id, connector_id, directory, kind, since, next_probe_at, version";
    let values = format!("{organisation}, {connector}, '', '{kind}', 1, 1, 1");
    let gate = format!("INSERT INTO refresh_gates ({columns}) VALUES ({values})");
    assert_eq!(raw.run(&gate).await, Ok(1));
}

/// Gives the grant of an account the lease of a dead process.
async fn leave_lease(scene: &Scene, account: AccountId) {
    let raw = &scene.world.raw;
    let (owner, account) = (raw.id(uuid::Uuid::from_u128(7)), raw.id(account));
    let lease = format!("UPDATE grants SET lease_owner = {owner} WHERE account_id = {account}");
    assert_eq!(raw.run(&lease).await, Ok(1));
}

async fn set_state(scene: &Scene, account: AccountId, state: &str) {
    let account = scene.world.raw.id(account);
    let change = format!("UPDATE accounts SET state = '{state}' WHERE id = {account}");
    assert_eq!(scene.world.raw.run(&change).await, Ok(1));
}

#[rstest]
#[tokio::test]
async fn an_unreadable_gate_stops_its_own_connector_and_resets_no_watch_of_a_lease(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let other = add_connector(&mut scene).await;
    let stuck = scene.connect_in(other, "stuck", DIRECTORY, "stuck").await;
    scene.connect("due").await;
    let dead = scene.connect("dead").await;
    add_gate(&scene, other, "unreadable").await;
    leave_lease(&scene, dead).await;
    scene.world.provider.answer_refreshes(rotate);
    assert_eq!(scene.process.look().await, 0);
    scene.make_due().await;
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["due"]);
    // Each round meets the gate again.
    scene.process.monotonic.advance(29.0);
    assert_eq!(scene.process.refresh_due().await, 0);
    scene.process.monotonic.advance(1.0);
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["due", "dead"]);
    assert_eq!(scene.state(stuck).await, (AccountState::Connected, None));
    scene.world.raw.run("DELETE FROM refresh_gates").await.expect("repaired");
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["due", "dead", "stuck"]);
}

#[rstest]
#[tokio::test]
async fn an_unreadable_account_whose_lease_was_left_stops_no_other_one_and_is_logged_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let (broken, due) = (scene.connect("broken").await, scene.connect("due").await);
    leave_lease(&scene, broken).await;
    set_state(&scene, broken, "unreadable").await;
    scene.world.provider.answer_refreshes(rotate);
    assert_eq!(scene.process.look().await, 0);
    scene.process.monotonic.advance(30.0);
    scene.make_account_due(due).await;
    let log = Log::start();
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.process.refresh_due().await, 0);
    assert_eq!(scene.sent(), ["due"]);
    assert_eq!(log.lines("left out of the refreshes").len(), 1, "{}", log.text());
    set_state(&scene, broken, "connected").await;
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["due", "broken"]);
}

/// On SQLite a transaction that writes holds up all others, so no single row is locked.
#[tokio::test]
async fn a_locked_connector_whose_probe_is_due_holds_up_no_other_one() {
    let mut scene = Scene::new(Kind::Postgres).await;
    let other = add_connector(&mut scene).await;
    scene.connect_in(other, "waiting", DIRECTORY, "waiting").await;
    scene.connect("due").await;
    add_gate(&scene, other, "credentials").await;
    scene.make_due().await;
    scene.world.provider.answer_refreshes(rotate);
    let holder = Raw::open(Kind::Postgres, &scene.world.program.config.database).await;
    holder.run("BEGIN").await.expect("begun");
    let connector = scene.world.raw.id(other);
    let lock = format!("SELECT id FROM connectors WHERE id = {connector} FOR UPDATE");
    holder.run(&lock).await.expect("locked");
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["due"]);
    holder.run("ROLLBACK").await.expect("free");
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.sent(), ["due", "waiting"]);
    assert_eq!(scene.world.raw.count("refresh_gates").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_result_that_an_unreadable_row_refuses_is_given_up_and_its_slot_is_free_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut held = Held::succeeding(kind).await;
    set_state(&held.scene, held.account, "unreadable").await;
    let monotonic = held.scene.process.monotonic.clone();
    let time_passes = async move {
        for _ in 0..3_000 {
            tokio::time::sleep(Elapsed::from_millis(2)).await;
            monotonic.advance(5.0);
        }
    };
    tokio::select! {
        () = held.answer() => {}
        () = time_passes => unreachable!("the result was never given up"),
    }
    // No request is sent while the row is unreadable.
    held.scene.world.provider.answer_refreshes(rotate);
    assert_eq!(held.scene.process.refresh_due().await, 0);
    assert_eq!(held.scene.sent(), ["grace"]);
    set_state(&held.scene, held.account, "connected").await;
    assert_eq!(held.scene.process.refresh_due().await, 1);
    assert_eq!(held.scene.token(held.account).await.expect("a token"), "grace+");
}
