//! The plans of queries, for tests of their indexes.

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement, Values, sea_query::SelectStatement};

use super::{Queries, Read};

/// How the database would read the rows of a query, as lines of text.
pub async fn plan(read: &Read, query: &SelectStatement) -> String {
    let connection = read.connection();
    let backend = connection.get_database_backend();
    let sql = backend.build(query);
    let is_sqlite = backend == DatabaseBackend::Sqlite;
    let (explain, column) = if is_sqlite { ("EXPLAIN QUERY PLAN", 3) } else { ("EXPLAIN", 0) };
    let values = sql.values.unwrap_or(Values(Vec::new()));
    let statement = Statement::from_sql_and_values(backend, format!("{explain} {}", sql.sql), values);
    let rows = connection.query_all_raw(statement).await.expect("a plan");
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(column).expect("a line")).collect();
    lines.join("\n")
}

/// Asserts that a plan reads along an index, and neither reads the whole table nor sorts.
#[track_caller]
pub fn assert_reads_along(plan: &str, table: &str, index: &str) {
    assert!(plan.contains(index), "{index}: {plan}");
    let scan = format!("SCAN {table}");
    let wasteful = ["Seq Scan", scan.as_str(), "Sort Key", "TEMP B-TREE"];
    assert!(!wasteful.iter().any(|part| plan.contains(part)), "{plan}");
}
