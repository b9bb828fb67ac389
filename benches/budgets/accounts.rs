//! The budgets of accounts: their list, their refreshing against what the strict server can do by itself, and memory.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use mail360::platform::clock::{Clock, SystemClock};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    installation::{Installation, Setup},
    mailboxes::{Mailboxes, number},
    pages,
    strict_server::{Application, Minted, StrictServer},
    table::{Row, Table},
};

const FEW: u32 = 100;
const MANY: u32 = 100_000;
/// Number of accounts that are due at once.
const DUE: u32 = 2_000;
/// Number of connectors of these accounts. A process has 32 places for refreshes, and four of them for one connector.
const CONNECTORS: u32 = 8;
/// The server's statistics of a process are at most this old.
const STATISTICS: Duration = Duration::from_secs(12);
/// How long memory is watched while accounts are due.
const WATCHED: Duration = Duration::from_secs(30);

/// Measures everything about accounts.
pub async fn measure(table: &mut Table) {
    let server = StrictServer::start();
    let setup = Setup { provider: Some(server.url.clone()), postgres: None };
    let (few, many) = (Installation::empty(setup.clone()), Installation::empty(setup.clone()));
    for (installation, count) in [(&few, FEW), (&many, MANY)] {
        fill(&server, installation, count).await;
    }
    lists(table, &few, &many).await;

    let alone = refresh(&server, &Installation::empty(setup), 1).await;
    table.add(alone.row(
        "2,000 accounts due at once, refreshed by one process on SQLite, against the strict server alone",
    ));
    let among = refresh(&server, &many, 1).await;
    let ratio = alone.per_second / among.per_second;
    table.add(Row {
        what: "the same 2,000 among 102,000 accounts against alone",
        budget: "at most 1.5 times the time, each exactly once".to_owned(),
        value: format!("{ratio:.2}{}", among.witness()),
        met: ratio <= 1.5 && among.are_refreshed_once,
    });
    on_postgres(table, &server).await;
    memory(table, &server, &many).await;
}

/// Connects this number of mailboxes with tokens that the server never issued. Each email begins with the same letters,
/// each name has the words `mail` and `archive`, and one half of them has `north`, the other half `south`.
async fn fill(server: &StrictServer, installation: &Installation, count: u32) {
    let mailboxes = Mailboxes::of(installation).await;
    for connector in 0..CONNECTORS {
        let application = server.register().await;
        let added = mailboxes.add_connector(&format!("Archive {connector}"), &application).await;
        let minted: Vec<Minted> = (0..count)
            .filter(|number| number % CONNECTORS == connector)
            .map(|number| Minted {
                login: format!("grace@m{number}.contoso.test"),
                tid: "5a1e0000-7e57-4000-8000-00000000c0de".to_owned(),
                oid: format!("{number:08}-7e57-4000-8000-000000000acc"),
                refresh_token: format!("never-issued-{number}"),
            })
            .collect();
        mailboxes.connect(&added, &minted, ["Mail archive north", "Mail archive south"]).await;
    }
}

/// The pages of the list with many accounts against few.
async fn lists(table: &mut Table, few: &Arc<Installation>, many: &Arc<Installation>) {
    let (few, many) = (few.start().await, many.start().await);
    let pages = [
        ("/accounts", "logged-in Accounts page with 100,000 accounts against 100"),
        ("/accounts?state=connected", "the same, only those of one state"),
        (
            "/accounts?search=grace%40",
            "a search for the beginning of each email, among 100,000 against among 100",
        ),
        (
            "/accounts?search=mail",
            "a search for a word that each account has, among 100,000 against among 100",
        ),
    ];
    pages::few_against_many(table, [&few, &many], &pages).await;
    let searches = [
        (
            "/accounts?search=mail+archive",
            "a search for two words that each account has, among 100,000",
            100.0,
        ),
        (
            "/accounts?search=north+south",
            "a search for two words that half of the accounts have each and no account has both, among 100,000",
            250.0,
        ),
    ];
    pages::searches(table, &many, &searches).await;
}

/// The refreshes of all accounts that were due.
struct Refreshed {
    /// Refreshes per second, from the first to the last one in the server's log.
    per_second: f64,
    /// Refreshes per second of the server by itself.
    capacity: f64,
    /// Whether the server's log has each account exactly once, and no revoked grant.
    are_refreshed_once: bool,
}

impl Refreshed {
    fn witness(&self) -> &'static str {
        if self.are_refreshed_once { "" } else { ", not each exactly once" }
    }

    fn row(&self, what: &'static str) -> Row {
        let Self { per_second, capacity, are_refreshed_once } = *self;
        let share = per_second / capacity;
        Row {
            what,
            budget: "at least 0.60 of its refreshes per second, each exactly once".to_owned(),
            value: format!("{share:.2} ({per_second:.0}/s against {capacity:.0}/s){}", self.witness()),
            met: share >= 0.6 && are_refreshed_once,
        }
    }
}

fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The time of an event, in seconds since midnight.
fn seconds(event: &Value) -> f64 {
    let (_, clock) = text(event, "time").split_once('T').expect("a time");
    let parts = clock.trim_end_matches('Z').split(':').map(|part| part.parse::<f64>().expect("a number"));
    parts.fold(0.0, |sum, part| sum * 60.0 + part)
}

/// Connects mailboxes with grants of the server, has this number of processes refresh them all at once, and reads the
/// server's log. The server's capacity is measured before that, beside the same idle processes.
async fn refresh(server: &StrictServer, installation: &Arc<Installation>, processes: usize) -> Refreshed {
    let applications = connect_due(server, installation).await;
    let mut running = vec![installation.start().await];
    while running.len() < processes {
        running.push(installation.start_another());
    }
    let capacity = server.measure_capacity(DUE).await;
    let before = server.events().await.len();
    let database = installation.database().await;
    let due = "UPDATE grants SET next_refresh_at = 1 WHERE account_id IN \
               (SELECT id FROM accounts WHERE email LIKE 'due%')";
    database.execute_unprepared(due).await.expect("due");
    let began = Instant::now();
    let left = "SELECT COUNT(*) FROM grants WHERE next_refresh_at = 1 OR lease_owner IS NOT NULL";
    while number(&database, left).await > 0 {
        assert!(began.elapsed() < Duration::from_mins(5), "accounts are still due");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let log = server.events().await.split_off(before);
    let is_ours = |event: &&Value| applications.iter().any(|it| it.id == text(event, "client_id"));
    let ours: Vec<&Value> = log.iter().filter(is_ours).collect();
    let given = |event: &&&Value| {
        text(event, "event") == "grant.success" && text(event, "grant_type") == "refresh_token"
    };
    let refreshes: Vec<&Value> = ours.iter().filter(given).copied().collect();
    let mut counts = BTreeMap::<&str, u32>::new();
    for event in &refreshes {
        *counts.entry(text(event, "account")).or_default() += 1;
    }
    let is_revoked = ours.iter().any(|event| text(event, "event") == "grant.revoked");
    let [first, last] = [refreshes.first(), refreshes.last()].map(|event| seconds(event.expect("a refresh")));
    // The day may have changed in between.
    let took = (last - first).rem_euclid(86_400.0);
    let is_each_there = u32::try_from(counts.len()) == Ok(DUE);
    Refreshed {
        per_second: f64::from(DUE) / took,
        capacity,
        are_refreshed_once: is_each_there && counts.values().all(|count| *count == 1) && !is_revoked,
    }
}

/// Connects the mailboxes that are made due later. Returns the applications.
async fn connect_due(server: &StrictServer, installation: &Installation) -> Vec<Application> {
    let mailboxes = Mailboxes::of(installation).await;
    let mut applications = Vec::new();
    for connector in 0..CONNECTORS {
        let application = server.register().await;
        let logins = (0..DUE).filter(|number| number % CONNECTORS == connector);
        let logins = logins.map(|number| format!("due{number}@contoso.test")).collect();
        let minted = server.mint(&application, logins).await;
        let added = mailboxes.add_connector(&format!("Due {connector}"), &application).await;
        mailboxes.connect(&added, &minted, ["Mail", "Mail"]).await;
        applications.push(application);
    }
    applications
}

/// Three processes on one PostgreSQL, and what a refresh costs there.
async fn on_postgres(table: &mut Table, server: &StrictServer) {
    let postgres = create_database().await;
    let setup = Setup { provider: Some(server.url.clone()), postgres: Some(postgres) };
    let installation = Installation::empty(setup);
    let refreshed = refresh(server, &installation, 3).await;
    table.add(refreshed.row("the same by three processes on one PostgreSQL"));

    // The same accounts once more: now only the refreshes write.
    let [rows, transactions] = {
        let _running = installation.start().await;
        tokio::time::sleep(STATISTICS).await;
        let before = statistics(&installation).await;
        let database = installation.database().await;
        database.execute_unprepared("UPDATE grants SET next_refresh_at = 1").await.expect("due");
        let left = "SELECT COUNT(*) FROM grants WHERE next_refresh_at = 1 OR lease_owner IS NOT NULL";
        while number(&database, left).await > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep(STATISTICS).await;
        let after = statistics(&installation).await;
        [0, 1].map(|at| {
            let [before, after] = [before[at], after[at]];
            f64::from(u32::try_from(after - before).expect("a count")) / f64::from(DUE)
        })
    };
    // Without the update that made the accounts due.
    let rows = rows - 1.0;
    for (what, value, max) in [
        ("rows that a refresh writes: the claim, the result, its history", rows, 4.0),
        ("transactions of a refresh, with its share of looking for due accounts", transactions, 6.0),
    ] {
        table.add(Row {
            what,
            budget: format!("at most {max}"),
            value: format!("{value:.2}"),
            met: value <= max,
        });
    }
}

/// The numbers of rows written and of transactions in the database of an installation.
async fn statistics(installation: &Installation) -> [i64; 2] {
    let database = installation.database().await;
    let rows = "SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables";
    let transactions = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    [number(&database, rows).await, number(&database, transactions).await]
}

/// A new database on the server of `make bench`. Returns its address.
pub async fn create_database() -> String {
    let server =
        std::env::var("MAIL360_TEST_POSTGRES_URL").expect("MAIL360_TEST_POSTGRES_URL: `make bench` sets it");
    let database = sea_orm::Database::connect(server.as_str()).await.expect("PostgreSQL");
    let name = format!("bench_{}", SystemClock.now().micros());
    database.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("created");
    let (start, _) = server.rsplit_once('/').expect("an address");
    format!("{start}/{name}")
}

/// The memory of a program with many accounts that are due. The provider takes a second for each answer, so all places
/// are taken.
async fn memory(table: &mut Table, server: &StrictServer, many: &Arc<Installation>) {
    server.set(json!({ "tokenDelay": 1000 })).await;
    let database = many.database().await;
    database.execute_unprepared("UPDATE grants SET next_refresh_at = 1").await.expect("due");
    let running = many.start().await;
    let began = Instant::now();
    let mut most = 0.0_f64;
    while began.elapsed() < WATCHED {
        most = most.max(running.memory());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let left = number(&database, "SELECT COUNT(*) FROM grants WHERE next_refresh_at = 1").await;
    table.add(Row {
        what: "resident memory with 100,000 accounts due",
        budget: "under 120 MB".to_owned(),
        value: format!("{most:.1} MB ({left} still due after {} s)", WATCHED.as_secs()),
        met: most < 120.0 && left > i64::from(DUE),
    });
}
