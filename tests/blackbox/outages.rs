//! The database out of reach, read-only or held by another: said as what it is, and over when it is over.

use std::time::{Duration, Instant};

use mail360::platform::database::{DatabaseUrl, Secret};

use crate::support::{Browser, Kind, NewConnector, Raw, World, callback, under_way};

/// Ends what the program holds of connections, so that it must make new ones.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Makes a PostgreSQL database read-only, or no longer.
async fn set_read_only(world: &World, on: bool) {
    let name: String = world.raw.one("SELECT current_database()::text").await;
    let change =
        if on { "SET default_transaction_read_only = on" } else { "RESET default_transaction_read_only" };
    world.raw.run(&format!("ALTER DATABASE {name} {change}")).await.expect("set");
    world.raw.run(CUT).await.expect("cut");
}

async fn assert_says_so(world: &World, browser: &mut Browser) {
    let answer =
        world.send_form(browser, &NewConnector { name: "Meanwhile", ..NewConnector::default() }).await;
    answer
        .assert_status(503)
        .assert_says("The database cannot be used at this moment")
        .assert_says("Reference");
    assert_eq!(answer.header("retry-after"), "10");
}

#[tokio::test]
async fn d4_while_the_database_is_read_only_one_can_look_and_afterwards_change_again() {
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    set_read_only(&world, true).await;
    assert_says_so(&world, &mut ada).await;
    // Also when the use of the session is to be noted, and what was said once is to be taken out of it.
    world.clock.advance(time::Duration::minutes(2));
    for _ in 0..2 {
        ada.get(&connector).await.assert_status(200).assert_says("has been successfully added");
    }
    ada.get("/connectors").await.assert_status(200);
    // What was typed can be kept nowhere.
    let bad = world.send_form(&mut ada, &NewConnector { name: "", ..NewConnector::default() }).await;
    bad.assert_status(503).assert_says("The database cannot be used at this moment");
    set_read_only(&world, false).await;
    world.add_connector(&mut ada, &NewConnector { name: "Meanwhile", ..NewConnector::default() }).await;
    assert_eq!(world.raw.count("connectors").await, 2);
}

#[tokio::test]
async fn d4_a_callback_that_comes_while_nothing_can_be_written_may_be_sent_again() {
    let (world, mut ada, connector, authorize) = under_way(Kind::Postgres).await;
    world.grant_everything(&authorize);
    set_read_only(&world, true).await;
    let callback = callback(&authorize, "code=abc");
    let not_now = ada.get(&callback).await;
    not_now
        .assert_status(503)
        .assert_says("Reload this page in a moment: your sign-in at Microsoft still counts");
    assert_eq!(not_now.header("retry-after"), "10");
    assert!(world.provider.requests().is_empty(), "the code was not used up");
    set_read_only(&world, false).await;
    let outcome = ada.get(&callback).await.assert_status(303).location().to_owned();
    ada.get(&outcome).await.assert_says("The connector works");
    assert_eq!(world.state(&connector).await, "verified");
}

#[tokio::test]
async fn d4_a_database_that_is_gone_is_said_to_be_and_found_again_when_it_is_back() {
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    let name: String = world.raw.one("SELECT current_database()::text").await;
    let DatabaseUrl::Postgres(url) = &world.program.config.database else { unreachable!("PostgreSQL") };
    let beside = url.0.replace(&name, "postgres");
    let beside = Raw::open(Kind::Postgres, &DatabaseUrl::Postgres(Secret(beside))).await;
    beside.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.expect("closed");
    world.raw.run(CUT).await.expect("cut");
    for path in ["/connectors", "/settings/activity"] {
        let page = ada.get(path).await;
        page.assert_status(503).assert_says("The database cannot be used at this moment");
    }
    ada.get("/readyz").await.assert_status(503);
    ada.get("/healthz").await.assert_status(200);
    beside.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.expect("open");
    ada.get("/readyz").await.assert_status(200);
    ada.get("/connectors").await.assert_status(200);
}

#[tokio::test]
async fn d4_where_another_process_holds_the_sqlite_file_a_change_waits_and_is_then_refused() {
    let world = World::new(Kind::Sqlite).await;
    let mut ada = world.set_up().await;
    world.raw.run("BEGIN IMMEDIATE").await.expect("held");
    let began = Instant::now();
    assert_says_so(&world, &mut ada).await;
    assert!(began.elapsed() > Duration::from_secs(5), "it waited");
    world.clock.advance(time::Duration::minutes(2));
    let began = Instant::now();
    ada.get("/connectors").await.assert_status(200);
    assert!(began.elapsed() < Duration::from_secs(5), "who only looks waits for nobody");
    world.raw.run("ROLLBACK").await.expect("free");
    world.add_connector(&mut ada, &NewConnector { name: "Meanwhile", ..NewConnector::default() }).await;
}
