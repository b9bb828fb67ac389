use clap::{Args, FromArgMatches};
use proptest::prelude::*;
use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryTrait, Statement, sea_query::SelectStatement};

use super::*;
use crate::{
    platform::{
        database::{DEFAULT_CONNECTIONS, Database, DatabaseError, Limits, Read},
        id::OrganisationId,
    },
    providers::{ClientId, ProviderOptions, Providers},
    test_database::{Kind, Place},
};

const MANY: usize = 100_000;
const OURS: OrganisationId = OrganisationId(Uuid::from_u128(1));

/// The providers with their default settings.
fn providers() -> Providers {
    let typed = ProviderOptions::augment_args(clap::Command::new("test")).get_matches_from(["test"]);
    ProviderOptions::from_arg_matches(&typed).expect("settings").check().expect("sound settings")
}

/// The stored settings of an application for all accounts.
fn settings() -> String {
    let providers = providers();
    let provider = providers.find("outlook").expect("a provider");
    let typed = [("account_type".to_owned(), "tenants_and_personal".to_owned())].into();
    let application = provider.parse_application(&ClientId::unknown(), &typed).expect("an application");
    application.settings()
}

/// A database with 100,000 connectors of ours, and as many of another organisation.
async fn many(kind: Kind) -> (Place, Database) {
    let place = Place::new(kind).await;
    // To fill it takes longer than a request may.
    let database = Database::open_with(&place.address(), DEFAULT_CONNECTIONS, Limits::None).await;
    let database = database.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    database
        .write::<_, DatabaseError, _>(async |tx| {
            for statement in statements(kind) {
                tx.connection().execute_unprepared(&statement).await?;
            }
            Ok(())
        })
        .await
        .expect("filled");
    (place, database)
}

fn statements(kind: Kind) -> Vec<String> {
    let (uuid, hex, bytes, numbers) = match kind {
        Kind::Sqlite => (
            // Two numbers make the sixteen bytes of an id.
            "unhex(printf('%016x%016x', {a}, {b}))",
            "printf('%08x-0000-4000-8000-000000000000', (n * 2654435761) % 4294967296)",
            "x''",
            "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})",
        ),
        Kind::Postgres => (
            "(lpad(to_hex({a}::bigint), 16, '0') || lpad(to_hex({b}::bigint), 16, '0'))::uuid",
            "lpad(to_hex((n * 2654435761) % 4294967296), 8, '0') || '-0000-4000-8000-000000000000'",
            "''::bytea",
            "WITH numbers(n) AS (SELECT generate_series(0::bigint, {last}))",
        ),
    };
    let id = |a: &str, b: &str| uuid.replace("{a}", a).replace("{b}", b);
    let numbers = numbers.replace("{last}", &(MANY - 1).to_string());
    let mut statements = Vec::new();
    let settings = settings();
    let day = "'2027-0' || (n % 9 + 1) || '-01'";
    for organisation in ["1", "2"] {
        statements.push(format!(
            "INSERT INTO organisations (id, name, short_name) \
             VALUES ({0}, 'Org {organisation}', 'org-{organisation}')",
            id("0", organisation)
        ));
        statements.push(format!(
            "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, form_id, client_id, \
             client_secret, client_secret_hint, secret_expires_on, expiry_key, provider_settings, scopes, state, \
             version, created_at) {numbers} SELECT {}, {}, 'outlook', 'Mail ' || n, 'mail ' || n, {}, {hex}, \
             {bytes}, '', {day}, {day}, '{settings}', 'User.Read', \
             CASE n % 3 WHEN 0 THEN 'not_verified' ELSE 'verified' END, 1, n / 7 FROM numbers",
            id("n", organisation),
            id("0", organisation),
            id("n", organisation),
        ));
    }
    statements.push("ANALYZE".to_owned());
    statements
}

async fn plan(read: &Read, query: Select<row::Entity>) -> String {
    plan_of(read, &query.limit(26).into_query()).await
}

async fn plan_of(read: &Read, query: &SelectStatement) -> String {
    let connection = read.connection();
    let backend = connection.get_database_backend();
    let sql = backend.build(query);
    let explain = if backend == DatabaseBackend::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    let values = sql.values.unwrap_or(sea_orm::Values(Vec::new()));
    let statement = Statement::from_sql_and_values(backend, format!("{explain} {}", sql.sql), values);
    let rows = connection.query_all_raw(statement).await.expect("a plan");
    let column = if backend == DatabaseBackend::Sqlite { 3 } else { 0 };
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(column).expect("a line")).collect();
    lines.join("\n")
}

#[track_caller]
fn assert_uses(plan: &str, index: &str, sorted: bool) {
    assert!(plan.contains(index), "{index} is not used: {plan}");
    let scan = plan.contains("Seq Scan") || plan.contains("SCAN connectors");
    assert!(!scan, "everything is read: {plan}");
    let sorts = plan.contains("Sort Key") || plan.contains("TEMP B-TREE");
    assert!(!sorted || !sorts, "everything is sorted: {plan}");
}

#[rstest]
#[tokio::test]
async fn every_order_and_search_walks_along_an_index_among_100_000_connectors(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    let of = |order| match order {
        Order::Name => "connectors_by_name",
        Order::State => "connectors_by_state",
        Order::Expiry => "connectors_by_expiry",
        Order::Added => "connectors_by_age",
    };
    for order in Order::ALL {
        assert_uses(&plan(&read, ours.walk(order, None)).await, of(order), true);
        let first = ours.list(&read, None, order, None, 26).await.expect("a page");
        let after = first.last().expect("a connector").position(order);
        assert_uses(&plan(&read, ours.walk(order, Some(&after))).await, of(order), true);
        // Together with those that expire soon.
        let last = ExpiryDate::parse("2027-01-01").expect("a date").expect("one");
        let both = due::both(ours.walk(order, Some(&after)), 26, ours.walk_due(last), 4);
        let both = plan_of(&read, &both).await;
        assert_uses(&both, of(order), true);
        assert_uses(&both, "connectors_by_expiry", true);
        // Of a search that finds very many, too.
        let all = Prefix::Name("mail".to_owned());
        assert_uses(&plan(&read, ours.walk_through(&all, order, Some(&after))).await, of(order), true);
    }
    let name = Prefix::Name("mail 4711".to_owned());
    assert_uses(&plan(&read, ours.probe(&name)).await, "connectors_by_name", false);
    let id = Prefix::ClientId("0abc".to_owned());
    assert_uses(&plan(&read, ours.probe(&id)).await, "connectors_by_client_id", false);
}

#[rstest]
#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition_whatever_is_searched(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    // 11, 111, 11,111 and all of them begin so.
    for (search, found) in
        [("mail 4711", 11), ("mail 471", 111), ("mail 4", 11_111), ("mail", MANY), ("nothing", 0)]
    {
        for order in Order::ALL {
            let prefixes = [Prefix::Name(search.to_owned())];
            let (mut seen, mut after) = (Vec::new(), None);
            // Of very many a few pages tell enough.
            while seen.len() < 2_000 {
                let page =
                    ours.list(&read, Some(&prefixes), order, after.as_ref(), 250).await.expect("a page");
                let Some(last) = page.last() else { break };
                after = Some(last.position(order));
                seen.extend(page.iter().map(|connector| connector.position(order)));
            }
            assert_eq!(seen.len(), found.min(2_000), "{search} by {order:?}");
            let mut sorted = seen.clone();
            sort(&mut sorted, order, Clone::clone);
            sorted.dedup();
            assert_eq!(seen, sorted, "{search} by {order:?}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_page_and_what_expires_soon_are_the_same_in_one_statement_as_in_two(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    let date = |text| ExpiryDate::parse(text).expect("a date").expect("one");
    let ids = |connectors: &[Listed]| connectors.iter().map(|connector| connector.id).collect::<Vec<_>>();
    let search = [Prefix::Name("mail 4".to_owned())];
    for order in Order::ALL {
        for search in [None, Some(&search[..])] {
            let mut after = None;
            // Of the first day there is one in nine, and nothing before it.
            for last in [date("2027-01-01"), date("2026-12-31")] {
                let page = ours.list(&read, search, order, after.as_ref(), 26).await.expect("a page");
                let due = ours.find_expiring(&read, last, 4).await.expect("what is due");
                let both = ours.list_with_due(&read, search, (order, after.as_ref()), 26, (last, 4)).await;
                let both = both.expect("both");
                assert_eq!((ids(&both.0), ids(&both.1)), (ids(&page), ids(&due)), "{order:?} {search:?}");
                assert_eq!((page.len(), due.len()), (26, if last == date("2027-01-01") { 4 } else { 0 }));
                after = page.last().map(|last| last.position(order));
            }
        }
    }
}

proptest! {
    #[test]
    fn a_range_holds_exactly_what_begins_so(prefix in "\\PC{1,6}", text in "\\PC{0,8}") {
        let end = after_all(&prefix);
        for text in [text.clone(), format!("{prefix}{text}")] {
            let within = text >= prefix && end.as_ref().is_none_or(|end| text < *end);
            prop_assert_eq!(within, text.starts_with(&prefix), "{:?} {:?}", prefix, text);
        }
    }
}
