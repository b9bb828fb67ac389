//! The plans of the queries: with many accounts each reads along an index, and sorts nothing.

use sea_orm::{QuerySelect, QueryTrait};

use super::*;
use crate::{
    accounts::store::{
        links::{NeedLink, OrganisationLinks},
        reach::ClientReaches,
        words::organisations_without_words,
    },
    platform::{
        database::{DEFAULT_CONNECTIONS, Limits, plan::plan},
        id::ApiClientId,
    },
};

/// Number of accounts: the database must prefer an index to reading everything.
const MANY: u32 = 50_000;

/// A database with many accounts, each with an entry in its history.
async fn many(kind: Kind) -> (Place, Database) {
    let place = Place::migrated(kind).await;
    // To fill it takes longer than a request may.
    let database = Database::open_with(&place.address(), DEFAULT_CONNECTIONS, Limits::None).await;
    let database = database.expect("a database");
    let mut statements = organisations(kind);
    let (numbers, account) = match kind {
        Kind::Sqlite => (
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})"
            ),
            "unhex(printf('%032x', n))",
        ),
        Kind::Postgres => (
            format!("WITH numbers(n) AS (SELECT generate_series(1::bigint, {MANY}))"),
            "lpad(to_hex(n), 32, '0')::uuid",
        ),
    };
    let (ours, first, second) = (id(kind, OURS.0), id(kind, FIRST.0), id(kind, SECOND.0));
    let cast = if kind == Kind::Postgres { "::uuid" } else { "" };
    statements.push(format!(
        "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, \
         indexed_name, state, state_since, failures, paused_at, signed_in_at, created_at, version) {numbers} \
         SELECT {account}, {ours}{cast}, 'outlook', 's' || n, CASE n % 5 WHEN 0 THEN {first}{cast} ELSE {second}{cast} END, \
         'm' || n || '@contoso.test', 'm' || n || '@contoso.test', 'Grace', 'm' || n || '@contoso.test grace', \
         CASE n % 9 WHEN 0 THEN 'needs_sign_in' ELSE 'connected' END, 0, 0, \
         CASE n % 7 WHEN 0 THEN 1 END, 0, 0, 1 FROM numbers"
    ));
    statements.push(
        "INSERT INTO account_events (id, organisation_id, account_id, at, kind, detail) \
         SELECT id, organisation_id, id, 0, 'signed_in', '{}' FROM accounts"
            .to_owned(),
    );
    if kind == Kind::Postgres {
        // SQLite has the statistics of the migration.
        statements.push("ANALYZE".to_owned());
    }
    run(&database, statements).await;
    (place, database)
}

#[track_caller]
fn assert_uses(plan: &str, index: &str) {
    assert!(plan.contains(index), "{index} is not used: {plan}");
    let is_wrong = |line: &str| {
        let sorts = ["Seq Scan", "Sort Key", "TEMP B-TREE"].iter().any(|wrong| line.contains(wrong));
        sorts || line == "SCAN accounts" || line == "SCAN account_events"
    };
    assert!(!plan.lines().any(is_wrong), "everything is read or sorted: {plan}");
}

#[rstest]
#[tokio::test]
async fn with_many_accounts_each_query_reads_along_an_index(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind).await;
    let read = database.read();
    let accounts = Accounts::of(OURS);
    let after = Hit { sort_key: "m25".to_owned(), id: Uuid::from_u128(7) };
    let page = |rows: Select<row::Entity>| rows.limit(26).into_query();
    let filter = |connector, state| AccountFilter { connector, state };
    let waiting = Some(StateFilter::In(AccountState::NeedsSignIn));
    let paused = Some(StateFilter::Paused);
    for (filter, index) in [
        (filter(None, None), "accounts_by_email"),
        (filter(Some(FIRST), None), "accounts_of_connector"),
        (filter(None, waiting), "accounts_by_state"),
        (filter(Some(FIRST), waiting), "accounts_of_connector_by_state"),
        (filter(None, paused), "accounts_paused"),
        (filter(Some(FIRST), paused), "accounts_of_connector_paused"),
    ] {
        for after in [None, Some(&after)] {
            assert_uses(&plan(&read, &page(accounts.rows_after(filter, after))).await, index);
            let emails = accounts.emails_after(filter, "m2", after);
            assert_uses(&plan(&read, &page(emails)).await, index);
        }
    }
    for (connector, indexes) in [
        (None, ["accounts_by_state", "accounts_paused"]),
        (Some(FIRST), ["accounts_of_connector_by_state", "accounts_of_connector_paused"]),
    ] {
        let counts = plan(&read, &accounts.counts(connector)).await;
        for index in indexes {
            assert_uses(&counts, index);
        }
    }
    let by_subject = accounts.by_subject("outlook", "s7").into_query();
    assert_uses(&plan(&read, &by_subject).await, "accounts_by_subject");
    let history = accounts.entries(AccountId(Uuid::from_u128(7))).limit(50).into_query();
    assert_uses(&plan(&read, &history).await, "account_events_of_account");
    let without_words = accounts.without_words().limit(200).into_query();
    assert_uses(&plan(&read, &without_words).await, "accounts_without_words");
    if kind == Kind::Sqlite {
        let connected = ClientReaches::of(OURS).connected_by(ApiClientId(Uuid::from_u128(7)));
        let connected = connected.limit(1_001).into_query();
        assert_uses(&plan(&read, &connected).await, "sqlite_autoindex_api_client_accounts_1");
        // PostgreSQL decides by the number of links, of which there are none here.
        for (connector, index) in
            [(None, "accounts_by_state"), (Some(FIRST), "accounts_of_connector_by_state")]
        {
            let which = NeedLink { connector, since: None };
            let need = OrganisationLinks::of(OURS).need_link(which, NOW);
            let plan = plan(&read, &need.limit(1_000).into_query()).await;
            assert_uses(&plan, index);
            assert_uses(&plan, "connect_links_of_account");
        }
    }
    let organisations = organisations_without_words(None).limit(1).into_query();
    assert_uses(&plan(&read, &organisations).await, "accounts_without_words");
}
