mod found;
mod pages;

use clap::{Args, FromArgMatches};
use rstest::rstest;
use sea_orm::{ConnectionTrait, QueryTrait};

use super::*;
use crate::{
    connectors::store::words::organisations_without_words,
    platform::{
        database::{
            DEFAULT_CONNECTIONS, Database, DatabaseError, Limits, Read,
            plan::plan as plan_of,
            word_index::{MAX_CHECKED, SearchEnd},
        },
        id::OrganisationId,
        text,
    },
    providers::{ClientId, ProviderOptions, Providers},
    test_database::{Kind, Place},
};

/// For plans: the database must prefer an index to reading everything.
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

/// A database with this number of connectors of ours, and a tenth of it of another organisation. They are called `Mail`
/// with a number.
async fn many(kind: Kind, count: usize) -> (Place, Database) {
    let place = Place::new(kind).await;
    // To fill it takes longer than a request may.
    let database = Database::open_with(&place.address(), DEFAULT_CONNECTIONS, Limits::None).await;
    let database = database.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    database
        .write::<_, DatabaseError, _>(async |tx| {
            for statement in statements(kind, count) {
                tx.connection().execute_unprepared(&statement).await?;
            }
            Ok(())
        })
        .await
        .expect("filled");
    (place, database)
}

fn statements(kind: Kind, count: usize) -> Vec<String> {
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
    let mut statements = Vec::new();
    let settings = settings();
    let day = "'2027-0' || (n % 9 + 1) || '-01'";
    for (organisation, count) in [("1", count), ("2", count / 10)] {
        let numbers = numbers.replace("{last}", &(count - 1).to_string());
        statements.push(format!(
            "INSERT INTO organisations (id, name, short_name) \
             VALUES ({0}, 'Org {organisation}', 'org-{organisation}')",
            id("0", organisation)
        ));
        statements.push(format!(
            "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, indexed_name, form_id, \
             client_id, client_secret, client_secret_hint, secret_expires_on, expiry_key, provider_settings, \
             scopes, state, version, created_at) {numbers} SELECT {}, {}, 'outlook', 'Mail ' || n, 'mail ' || n, \
             'mail ' || n, {}, {hex}, {bytes}, '', {day}, {day}, '{settings}', 'User.Read', \
             CASE n % 3 WHEN 0 THEN 'not_verified' ELSE 'verified' END, 1, n / 7 FROM numbers",
            id("n", organisation),
            id("0", organisation),
            id("n", organisation),
        ));
    }
    for word in ["'mail'", "substr(name_key, 6)"] {
        statements.push(format!(
            "INSERT INTO connector_words (organisation_id, word, sort_key, connector_id, shared) \
             SELECT organisation_id, {word}, name_key, id, 0 FROM connectors ORDER BY 1, 2, 3"
        ));
    }
    statements.push("ANALYZE".to_owned());
    statements
}

async fn plan(read: &Read, query: Select<row::Entity>) -> String {
    plan_of(read, &query.limit(26).into_query()).await
}

#[track_caller]
fn assert_uses(plan: &str, index: &str, sorted: bool) {
    assert!(plan.contains(index), "{index} is not used: {plan}");
    // The tables, by their names in the queries.
    let scans = ["Seq Scan", "SCAN connectors", "SCAN found", "SCAN other"];
    assert!(!scans.iter().any(|scan| plan.contains(scan)), "everything is read: {plan}");
    let sorts = plan.contains("Sort Key") || plan.contains("TEMP B-TREE");
    assert!(!sorted || !sorts, "everything is sorted: {plan}");
}

fn date(text: &str) -> ExpiryDate {
    ExpiryDate::parse(text).expect("a date").expect("one")
}

#[rstest]
#[tokio::test]
async fn every_order_and_search_walks_along_an_index_among_100_000_connectors(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_place, database) = many(kind, MANY).await;
    let providers = providers();
    let (read, ours) = (database.read(), Connectors::of(OURS, &providers));
    let of = |order| match order {
        Order::Name => "connectors_by_name",
        Order::State => "connectors_by_state",
        Order::Expiry => "connectors_by_expiry",
        Order::Added => "connectors_by_age",
    };
    for order in Order::ALL {
        assert_uses(&plan(&read, ours.rows_after(order, None)).await, of(order), true);
        let wanted = ListRequest { search: None, order, after: None, limit: 26 };
        let first = ours.list(&read, wanted, None).await.expect("a page").connectors;
        let after = first.last().expect("a connector").position(order);
        assert_uses(&plan(&read, ours.rows_after(order, Some(&after))).await, of(order), true);
        // Together with the numbers of secrets that expire.
        let days = (date("2027-01-01"), date("2027-02-01"));
        let rows = ours.rows_after(order, Some(&after)).limit(26);
        let both = plan_of(&read, &ours.with_due(rows, days)).await;
        assert_uses(&both, of(order), true);
        assert_uses(&both, "connectors_by_expiry", true);
    }
    // The words.
    let words = if kind == Kind::Sqlite { "PRIMARY KEY" } else { "connector_words_pkey" };
    let hit = |key: &str| Hit { sort_key: key.to_owned(), id: Uuid::nil() };
    for (term, sorted) in [("mail", true), ("4", true), ("4711", false)] {
        for query in [WORDS.first(OURS, &[term], None, MAX_FOUND), WORDS.end(OURS, term, MAX_FOUND)] {
            assert_uses(&plan_of(&read, &query).await, words, sorted);
        }
        let walk = WORDS.rows_of_word(OURS, term, term, Some(&hit("mail")), &hit("mail 9"), 26);
        let plan = plan_of(&read, &walk).await;
        assert_uses(&plan, words, sorted);
        assert!(kind == Kind::Postgres || plan.contains("word=? AND (sort_key,connector_id)>"), "{plan}");
        // PostgreSQL may sort what it counts or skips if hardly more rows match.
        for query in [WORDS.count(OURS, term, MAX_CHECKED + 1), WORDS.end(OURS, term, MAX_CHECKED)] {
            assert_uses(&plan_of(&read, &query).await, words, kind == Kind::Sqlite && sorted);
        }
    }
    // Several words: the rows of the first one, up to an end, and an index for each of the others.
    let terms = ["mail", "4"];
    let end = SearchEnd { first_word: "mail".to_owned(), word: "mail".to_owned(), hit: hit("mail 27998") };
    for end in [None, Some(&end)] {
        let plan = plan_of(&read, &WORDS.first(OURS, &terms, end, MAX_FOUND + 1)).await;
        assert_uses(&plan, words, true);
        assert!(plan.contains("connector_words_of_connector"), "{plan}");
        let bounded = plan.contains("(word,sort_key,connector_id)<(?,?,?)") || plan.contains("ROW(");
        assert_eq!(bounded, end.is_some(), "{plan}");
    }
    let name = ours.beginning(row::Column::NameKey, "mail 4711");
    assert_uses(&plan(&read, name).await, "connectors_by_name", false);
    let id = ours.beginning(row::Column::ClientId, "0abc");
    assert_uses(&plan(&read, id).await, "connectors_by_client_id", false);
    // Every search looks for missing words of the organisation, and the sweep for those of all organisations.
    assert_uses(&plan(&read, ours.without_words()).await, "connectors_without_words", true);
    for after in [None, Some(OURS)] {
        let organisations = organisations_without_words(after);
        assert_uses(&plan(&read, organisations).await, "connectors_without_words", true);
    }
}

/// A search as the service parses it.
fn search(text: &str) -> Search {
    let name = text::fold(text);
    let client_id = text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| text.to_lowercase());
    Search { terms: Terms::parse(&name), name, client_id }
}

/// All connectors of a list, page by page, and how many the search says that it has found.
async fn read_all(
    on: &Read,
    ours: Connectors<'_>,
    search: Option<&Search>,
    order: Order,
    limit: usize,
) -> (Vec<Listed>, Option<Found>) {
    let (mut all, mut after, mut found) = (Vec::new(), None::<Position>, None);
    loop {
        let wanted = ListRequest { search, order, after: after.as_ref(), limit };
        let page = ours.list(on, wanted, None).await.expect("a page");
        assert!(found.is_none_or(|found| found == page.found), "each page says the same");
        found = Some(page.found);
        all.extend(page.connectors);
        if page.next.is_none() {
            return (all, page.found);
        }
        after = page.next;
    }
}
