//! The database out of reach, read-only or locked by another process: the pages say so, and recover afterwards.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mail360::{
    platform::{
        database::{Database, DatabaseUrl, Limits, Queries, Secret},
        monotonic::SystemMonotonic,
    },
    router::{Foundations, Program, router},
};
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};

use crate::{
    approvals::state_of_the_link,
    support::{Browser, Kind, Log, NewConnector, Raw, World, callback, under_way},
};

/// Ends the program's connections, so that it must open new ones.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Makes a PostgreSQL database read-only, or writable again.
pub async fn set_read_only(world: &World, on: bool) {
    let name: String = world.raw.one("SELECT current_database()::text").await;
    let change =
        if on { "SET default_transaction_read_only = on" } else { "RESET default_transaction_read_only" };
    world.raw.run(&format!("ALTER DATABASE {name} {change}")).await.expect("set");
    world.raw.run(CUT).await.expect("cut");
}

async fn assert_says_so(world: &World, browser: &mut Browser) {
    let answer = world.send_form(browser, &NewConnector { name: "During", ..NewConnector::default() }).await;
    answer
        .assert_status(503)
        .assert_says("The database cannot be used at the moment")
        .assert_says("Request ID");
    assert_eq!(answer.header("retry-after"), "10");
}

#[tokio::test]
async fn d4_with_a_read_only_database_pages_can_be_read_and_changes_work_again_afterwards() {
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    set_read_only(&world, true).await;
    assert_says_so(&world, &mut ada).await;
    // Also when the use of the session should be written, and a message removed from it.
    world.clock.advance(time::Duration::minutes(2));
    for _ in 0..2 {
        ada.get(&connector).await.assert_status(200).assert_says("has been successfully added");
    }
    ada.get("/connectors").await.assert_status(200);
    // Typed values cannot be kept.
    let bad = world.send_form(&mut ada, &NewConnector { name: "", ..NewConnector::default() }).await;
    bad.assert_status(503).assert_says("The database cannot be used at the moment");
    set_read_only(&world, false).await;
    world.add_connector(&mut ada, &NewConnector { name: "During", ..NewConnector::default() }).await;
    assert_eq!(world.raw.count("connectors").await, 2);
}

#[tokio::test]
async fn d4_a_callback_that_arrives_while_nothing_can_be_written_can_be_sent_again() {
    let (world, mut ada, connector, authorize) = under_way(Kind::Postgres).await;
    world.grant_everything(&authorize);
    set_read_only(&world, true).await;
    let callback = callback(&authorize, "code=abc");
    let not_now = ada.get(&callback).await;
    not_now
        .assert_status(503)
        .assert_says("Reload this page in a moment: your sign-in at the provider still counts");
    assert_eq!(not_now.header("retry-after"), "10");
    assert!(world.provider.requests().is_empty(), "the code was not used up");
    set_read_only(&world, false).await;
    let outcome = ada.get(&callback).await.assert_status(303).location().to_owned();
    ada.get(&outcome).await.assert_says("The connector works");
    assert_eq!(world.state(&connector).await, "verified");
}

/// Makes a PostgreSQL database unreachable. Returns a connection to another database and the statement that makes the
/// first one reachable again.
async fn take_away(world: &World) -> (Raw, String) {
    let name: String = world.raw.one("SELECT current_database()::text").await;
    let DatabaseUrl::Postgres(url) = &world.program.config.database else { unreachable!("PostgreSQL") };
    let beside = url.0.replace(&name, "postgres");
    let beside = Raw::open(Kind::Postgres, &DatabaseUrl::Postgres(Secret(beside))).await;
    beside.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.expect("closed");
    world.raw.run(CUT).await.expect("cut");
    (beside, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
}

#[tokio::test]
async fn d4_a_return_from_a_consent_link_has_its_page_while_the_database_is_unreachable() {
    let (world, _, connector, _) = under_way(Kind::Postgres).await;
    let state = state_of_the_link(&world, &connector).await;
    let back = |query: &str| format!("/api/connectors?{query}&state={state}");
    let log = Log::start();
    let (beside, give_back) = take_away(&world).await;
    for (query, words) in [
        ("admin_consent=True&tenant=x", "Microsoft reports that you allowed the permissions."),
        ("error=access_denied&error_subcode=cancel", "The permissions were not approved, or you cancelled"),
    ] {
        let page = world.browser().get(&back(query)).await;
        page.assert_status(200).assert_says(words);
        assert!(!page.text().contains("Contoso"), "{}", page.text());
    }
    assert_eq!(log.lines("the database cannot be used").len(), 2, "{}", log.text());
    beside.run(&give_back).await.expect("open");
    let page = world.browser().get(&back("admin_consent=True&tenant=x")).await;
    page.assert_says("Contoso asked for them, for its application Mail archive.");
}

#[tokio::test]
async fn d4_an_unreachable_database_is_reported_and_used_again_when_it_returns() {
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    let (beside, give_back) = take_away(&world).await;
    for path in ["/connectors", "/settings/activity"] {
        let page = ada.get(path).await;
        page.assert_status(503).assert_says("The database cannot be used at the moment");
    }
    ada.get("/readyz").await.assert_status(503);
    ada.get("/healthz").await.assert_status(200);
    beside.run(&give_back).await.expect("open");
    ada.get("/readyz").await.assert_status(200);
    ada.get("/connectors").await.assert_status(200);
}

#[tokio::test]
async fn d4_a_change_waits_for_a_process_that_locks_the_sqlite_file_and_is_then_refused() {
    let world = World::new(Kind::Sqlite).await;
    let mut ada = world.set_up().await;
    world.raw.run("BEGIN IMMEDIATE").await.expect("held");
    let began = Instant::now();
    assert_says_so(&world, &mut ada).await;
    assert!(began.elapsed() > Duration::from_secs(5), "it waited");
    world.clock.advance(time::Duration::minutes(2));
    let began = Instant::now();
    ada.get("/connectors").await.assert_status(200);
    assert!(began.elapsed() < Duration::from_secs(5), "a GET does not wait for the lock");
    world.raw.run("ROLLBACK").await.expect("free");
    world.add_connector(&mut ada, &NewConnector { name: "During", ..NewConnector::default() }).await;
}

/// The address of the database with another role.
fn as_role(world: &World, role: &str) -> String {
    let DatabaseUrl::Postgres(url) = &world.program.config.database else { unreachable!("PostgreSQL") };
    let (_, at) = url.0.split_once('@').expect("a user");
    format!("postgres://{role}@{at}")
}

/// Another process on this database with another role.
async fn process_as(world: &World, role: &str) -> Program {
    let mut config = (*world.program.config).clone();
    config.database = DatabaseUrl::Postgres(Secret(as_role(world, role)));
    let database = Database::open(&config.database).await.expect("a database");
    let services = &world.program;
    Program::new(Foundations {
        config,
        providers: services.providers.clone(),
        database,
        vault: services.vault.clone(),
        clock: services.clock.clone(),
        monotonic: Arc::new(SystemMonotonic),
        randomness: services.randomness.clone(),
        assets: services.assets.clone(),
        http: world.provider.clone(),
        mail_http: world.mail.clone(),
    })
    .expect("a program")
}

/// Another session in the database of this world.
async fn session(world: &World) -> Raw {
    Raw::open(Kind::Postgres, &world.program.config.database).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c44_a_page_that_waits_for_a_lock_says_so_in_time_and_readyz_notices() {
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for (table, path) in
        [("connectors", "/connectors"), ("connectors", &connector), ("sessions", "/connectors")]
    {
        let other = session(&world).await;
        other.run("BEGIN").await.expect("begun");
        other.run(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await.expect("locked");
        let began = Instant::now();
        let page = ada.get(path).await;
        page.assert_status(503).assert_says("The database cannot be used at the moment");
        assert_eq!(page.header("retry-after"), "10");
        assert!(began.elapsed() < Duration::from_secs(10), "{table}: {:?}", began.elapsed());
        let began = Instant::now();
        world.browser().get("/readyz").await.assert_status(503);
        assert!(began.elapsed() < Duration::from_secs(5), "{table}: {:?}", began.elapsed());
        other.run("ROLLBACK").await.expect("free");
        world.browser().get("/readyz").await.assert_status(200);
        ada.get(path).await.assert_status(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c44_a_change_that_waits_for_a_lock_is_refused_in_time_and_leaves_nothing() {
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    let other = session(&world).await;
    other.run("BEGIN").await.expect("begun");
    other.run("LOCK TABLE activity IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let began = Instant::now();
    assert_says_so(&world, &mut ada).await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    other.run("ROLLBACK").await.expect("free");
    assert_eq!(world.raw.count("connectors").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn c44_every_connection_of_a_process_that_serves_has_its_time_limits() {
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    ada.get("/connectors").await.assert_status(200);
    for (setting, max) in [
        ("statement_timeout", 8_000),
        ("lock_timeout", 8_000),
        ("idle_in_transaction_session_timeout", 30_000),
    ] {
        let look = format!("SELECT setting::bigint FROM pg_settings WHERE name = '{setting}'");
        let read = world.program.database.read();
        let statement = Statement::from_string(DatabaseBackend::Postgres, look);
        let row = read.connection().query_one_raw(statement).await.expect("an answer").expect("a row");
        let row: i64 = row.try_get_by_index(0).expect("a number");
        assert!((1..=max).contains(&row), "{setting}: {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c44_the_command_check_waits_for_a_lock_without_a_limit() {
    let world = World::new(Kind::Postgres).await;
    world.set_up().await;
    let other = session(&world).await;
    other.run("BEGIN").await.expect("begun");
    other.run("LOCK TABLE connectors IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let free = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        other.run("ROLLBACK").await.expect("free");
    });
    let began = Instant::now();
    let said = world.run("check").expect("sound");
    assert!(
        said.contains("are valid") && began.elapsed() > Duration::from_secs(8),
        "{:?}: {said}",
        began.elapsed()
    );
    free.await.expect("free");
}

#[tokio::test(flavor = "multi_thread")]
async fn c45_a_role_with_three_connections_serves_every_request() {
    let world = World::new(Kind::Postgres).await;
    let ada = world.set_up().await;
    let database: String = world.raw.one("SELECT current_database()::text").await;
    let role = format!("few_{database}");
    for statement in [
        format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 3"),
        format!("GRANT ALL ON SCHEMA public TO {role}"),
        format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"),
    ] {
        world.raw.run(&statement).await.expect("done");
    }
    let few = process_as(&world, &role).await;
    for _ in 0..2 {
        let mut eight = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let mut browser = ada.at(&Browser::new(router(&few), "http://localhost:3000"));
            eight.spawn(async move {
                for _ in 0..10 {
                    browser.get("/connectors").await.assert_status(200);
                }
            });
        }
        eight.join_all().await;
    }
    let open = format!("SELECT COUNT(*) FROM pg_stat_activity WHERE usename = '{role}'");
    assert!(world.raw.one::<i64>(&open).await <= 3);
    few.database.close().await.expect("closed");
    world.raw.run(&format!("DROP OWNED BY {role}")).await.expect("done");
    world.raw.run(&format!("DROP ROLE {role}")).await.expect("done");
}

#[tokio::test(flavor = "multi_thread")]
async fn c45_the_setting_limits_the_number_of_connections() {
    let world = World::new(Kind::Postgres).await;
    let ada = world.set_up().await;
    let role = format!("set_{}", world.raw.one::<String>("SELECT current_database()::text").await);
    world.raw.run(&format!("CREATE ROLE {role} LOGIN SUPERUSER")).await.expect("done");
    let url = DatabaseUrl::Postgres(Secret(as_role(&world, &role)));
    let database = Database::open_with(&url, 2, Limits::Request).await.expect("a database");
    let mut many = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let database = database.clone();
        many.spawn(async move { database.ping().await.expect("an answer") });
    }
    many.join_all().await;
    let open = format!("SELECT COUNT(*) FROM pg_stat_activity WHERE usename = '{role}'");
    assert_eq!(world.raw.one::<i64>(&open).await, 2);
    database.close().await.expect("closed");
    drop(ada);
    world.raw.run(&format!("DROP ROLE {role}")).await.expect("done");
}
