use rstest::rstest;
use sea_orm::{ConnectionTrait, QueryTrait, Values};

use super::*;
use crate::{
    platform::database::{Database, Read},
    test_database::{Kind, Place},
};

/// For plans: the database must prefer an index to reading everything.
const GRANTS: usize = 20_000;
const CONNECTORS: usize = 100;

/// Of the grants with the numbers `n`, number 0 has the longest due time. Each thousandth has a lease.
fn statements(kind: Kind) -> Vec<String> {
    let (uuid, bytes, numbers) = match kind {
        Kind::Sqlite => (
            // Two numbers make the sixteen bytes of an id.
            "unhex(printf('%016x%016x', {a}, {b}))",
            "x''",
            "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})",
        ),
        Kind::Postgres => (
            "(lpad(to_hex(({a})::bigint), 16, '0') || lpad(to_hex(({b})::bigint), 16, '0'))::uuid",
            "''::bytea",
            "WITH numbers(n) AS (SELECT generate_series(0::bigint, {last}))",
        ),
    };
    let id = |a: &str, b: &str| uuid.replace("{a}", a).replace("{b}", b);
    let numbers = |count: usize| numbers.replace("{last}", &(count - 1).to_string());
    let connector = id(&format!("n % {CONNECTORS} + 1"), "7");
    let (organisation, account) = (id("0", "1"), id("n", "9"));
    vec![
        format!("INSERT INTO organisations (id, name, short_name) VALUES ({organisation}, 'Org', 'org')"),
        format!(
            "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, form_id, client_id, \
             client_secret, client_secret_hint, expiry_key, provider_settings, scopes, state, version, created_at) \
             {} SELECT {connector}, {organisation}, 'outlook', 'Mail ' || n, 'mail ' || n, {connector}, '', {bytes}, \
             '', '', '{{}}', '', 'verified', 1, 0 FROM numbers",
            numbers(CONNECTORS)
        ),
        format!(
            "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, \
             indexed_name, state, state_since, failures, signed_in_at, created_at, version) {} \
             SELECT {account}, {organisation}, 'outlook', 's' || n, {connector}, '', 'e' || n, '', '', 'connected', 0, \
             0, 0, 0, 1 FROM numbers",
            numbers(GRANTS)
        ),
        format!(
            "INSERT INTO grants (account_id, organisation_id, connector_id, directory, client_id, pinned, scopes, \
             asked_scopes, refresh_token, token_version, generation, application_version, granted_at, \
             next_refresh_at, lease_owner, lease_counter, tries) {} \
             SELECT {account}, {organisation}, {connector}, 'd' || (n % 3), '', '', '', '', {bytes}, 1, 1, 1, 0, n, \
             CASE WHEN n % 1000 = 999 THEN {account} END, 0, 0 FROM numbers",
            numbers(GRANTS)
        ),
        "ANALYZE".to_owned(),
    ]
}

async fn filled(kind: Kind) -> (Place, Database) {
    let place = Place::new(kind).await;
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    for statement in statements(kind) {
        let filled = database.write::<_, DatabaseError, _>(async |tx| {
            Ok(tx.connection().execute_unprepared(&statement).await?)
        });
        filled.await.expect("filled");
    }
    (place, database)
}

async fn explain(read: &Read, sql: &str, values: Vec<Value>) -> String {
    let connection = read.connection();
    let backend = connection.get_database_backend();
    let explain = if backend == DatabaseBackend::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    let statement = Statement::from_sql_and_values(backend, format!("{explain} {sql}"), values);
    let rows = connection.query_all_raw(statement).await.expect("a plan");
    let column = if backend == DatabaseBackend::Sqlite { 3 } else { 0 };
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(column).expect("a line")).collect();
    lines.join("\n")
}

#[track_caller]
fn assert_reads_along(plan: &str, index: &str) {
    assert!(plan.contains(index), "{plan}");
    let wasteful =
        ["Seq Scan", "SCAN f", "SCAN d", "SCAN o", "SCAN grants\n", "Sort Key", "TEMP B-TREE FOR ORDER"];
    assert!(!wasteful.iter().any(|part| plan.contains(part)), "{plan}");
}

#[rstest]
#[tokio::test]
async fn a_look_reads_along_the_indexes_and_finds_the_connectors_with_due_grants(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = filled(kind).await;
    let read = database.read();
    let backend = read.connection().get_database_backend();
    let times = |now: i64, last: i64| DueTimes {
        now: Timestamp::from_micros(now),
        last_credible: Timestamp::from_micros(last),
    };
    let values = vec![Uuid::nil().into(), 5.into(), 1_000_000.into(), 1_000.into()];
    assert_reads_along(&explain(&read, &walk(backend), values).await, "grants_due");
    for (query, index) in [
        (query_free(ConnectorId(Uuid::nil()), &[]).filter(row::Column::NextRefreshAt.lte(5)), "grants_due"),
        (query_leased(), "grants_with_lease"),
    ] {
        let sql = query.limit(4).build(backend);
        let values = sql.values.unwrap_or(Values(Vec::new())).0;
        assert_reads_along(&explain(&read, &sql.sql, values).await, index);
    }

    let before_all = ConnectorId(Uuid::nil());
    let all = walk_connectors(&read, before_all, times(4, 1_000_000), 1_000).await.expect("connectors");
    assert_eq!(all.len(), CONNECTORS);
    let due: Vec<usize> = (0..all.len()).filter(|at| all[*at].is_due).collect();
    assert_eq!(due, [0, 1, 2, 3, 4]);
    let some = walk_connectors(&read, before_all, times(4, 1_000_000), 10).await.expect("connectors");
    assert_eq!(some, all[..10]);
    let rest =
        walk_connectors(&read, all[9].connector, times(4, 1_000_000), 1_000).await.expect("connectors");
    assert_eq!(rest, all[10..]);
    // A clock that was wrong wrote a time that is too far ahead.
    let ahead = walk_connectors(&read, before_all, times(-1, 19_997), 1_000).await.expect("connectors");
    let due: Vec<usize> = (0..ahead.len()).filter(|at| ahead[*at].is_due).collect();
    assert_eq!(due, [98, 99]);
    assert_eq!(find_leased(&read, 1_000).await.expect("leases").len(), 20);
}

#[rstest]
#[tokio::test]
async fn due_grants_come_by_their_time_without_those_that_are_leased_or_closed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = filled(kind).await;
    // The last connector has the numbers 99, 199, …, and each tenth of them has a lease.
    let read = database.read();
    let last = walk_connectors(
        &read,
        ConnectorId(Uuid::nil()),
        DueTimes { now: Timestamp::from_micros(0), last_credible: Timestamp::from_micros(i64::MAX) },
        1_000,
    );
    let connector = last.await.expect("connectors").last().expect("a connector").connector;
    let times =
        DueTimes { now: Timestamp::from_micros(1_299), last_credible: Timestamp::from_micros(19_799) };
    let take = async |closed: Vec<&str>, limit: u64| {
        let taken = database
            .write::<_, DatabaseError, _>(async |tx| take_due(&tx, connector, &closed, times, limit).await);
        let taken = taken.await.expect("grants");
        taken.iter().filter_map(|grant| grant.next_refresh_at).map(Timestamp::micros).collect::<Vec<_>>()
    };
    assert_eq!(take(vec![], 3).await, [99, 199, 299]);
    let due: Vec<i64> = (0..13).map(|n| n * 100 + 99).filter(|n| *n != 999).collect();
    // Those that are too far ahead come last; number 19,999 has a lease.
    assert_eq!(take(vec![], 100).await, [due.clone(), vec![19_899]].concat());
    let open: Vec<i64> = due.into_iter().filter(|n| n % 3 == 0).collect();
    assert_eq!(take(vec!["d1", "d2"], 12).await[..open.len()], open);
    let cleared = database.write::<_, DatabaseError, _>(async |tx| clear_leases(&tx).await).await;
    assert_eq!(cleared.expect("cleared"), 20);
    assert!(take(vec![], 100).await.contains(&999));
}
