//! A database of an earlier version has rows in every table. It keeps them, and gets the schema of a new database.

use std::collections::BTreeSet;

use mail360::platform::database::{Database, DatabaseError, SchemaState};
use rstest::rstest;

use super::{
    catalogue::Catalogue,
    migrated,
    rows::{self, MIGRATIONS, ROWS},
};
use crate::support::{Kind, Place, Raw};

/// The number of migrations at commit 29e4b39.
const OF_29E4B39: u32 = 10;
/// The number of migrations before the providers were separated.
const BEFORE_PROVIDERS: u32 = 17;

/// Tables that a later migration drops or renames: none so far.
const DROPPED: &[&str] = &[];

/// Content that the upgrade must keep.
struct Kept {
    table: String,
    /// The columns that the table has before and after the upgrade.
    columns: BTreeSet<String>,
    count: i64,
    rows: Vec<String>,
}

/// Migrates a database to the newest schema.
async fn upgrade(place: &Place) {
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    assert_eq!(database.schema().await.expect("a state"), SchemaState::Current);
    database.close().await.expect("closed");
}

/// The content of an old database, in the columns that the new one has too.
async fn content(old: &Catalogue<'_>, new: &Catalogue<'_>) -> Vec<Kept> {
    let tables_after = new.tables().await;
    let mut content = Vec::new();
    for table in old.tables().await {
        if table == MIGRATIONS || DROPPED.contains(&table.as_str()) {
            continue;
        }
        assert!(tables_after.contains(&table), "the table {table} is lost");
        let columns = &old.columns(&table).await & &new.columns(&table).await;
        let count = old.raw.count(&table).await;
        assert_eq!(count, i64::from(ROWS), "{table}");
        let rows = old.rows(&table, &columns).await;
        content.push(Kept { table, columns, count, rows });
    }
    content
}

#[rstest]
#[tokio::test]
async fn every_table_keeps_its_rows_and_the_schema_becomes_that_of_a_new_database(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(OF_29E4B39, BEFORE_PROVIDERS)] migrations: u32,
) {
    let empty = Place::new(kind).await;
    upgrade(&empty).await;
    let raw_of_new = Raw::open(kind, &empty.address()).await;
    let new = Catalogue { kind, raw: &raw_of_new };

    let (place, raw, connection) = migrated(kind, migrations).await;
    connection.close().await.expect("closed");
    let old = Catalogue { kind, raw: &raw };
    rows::fill(&old).await;
    let before = content(&old, &new).await;
    raw.close().await;

    upgrade(&place).await;
    let raw = Raw::open(kind, &place.address()).await;
    let upgraded = Catalogue { kind, raw: &raw };
    for Kept { table, columns, count, rows } in before {
        assert_eq!(raw.count(&table).await, count, "{table}");
        assert_eq!(upgraded.rows(&table, &columns).await, rows, "{table}");
    }
    // PostgreSQL checks its foreign keys by itself.
    if kind == Kind::Sqlite {
        let broken: Vec<String> = raw.column(r#"SELECT "table" FROM pragma_foreign_key_check"#).await;
        assert!(broken.is_empty(), "rows of these tables reference missing rows: {broken:?}");
    }

    let (schema, expected) = (upgraded.schema().await, new.schema().await);
    for part in ["attempts: column ", "attempts_by_state", "CASCADE"] {
        assert!(expected.iter().any(|line| line.contains(part)), "{part} is not in: {expected:#?}");
    }
    let different: Vec<_> = schema.symmetric_difference(&expected).collect();
    assert!(different.is_empty(), "{different:#?}");

    // This fails if the newest schema has a table or a column for which `rows` has no value.
    rows::fill(&new).await;
}
