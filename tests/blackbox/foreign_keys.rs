//! The database itself keeps organisations apart.

use rstest::rstest;

use crate::{
    account_pages::add_account,
    support::{Kind, under_way},
};

#[rstest]
#[tokio::test]
async fn i4_the_database_refuses_a_row_that_refers_to_another_organisation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, _, connector, _) = under_way(kind).await;
    add_account(&world, &connector, "grace@contoso.test").await;
    world.stranger().await;
    let raw = &world.raw;
    let check = if kind == Kind::Sqlite { "PRAGMA foreign_keys = ON" } else { "SELECT 1" };
    raw.run(check).await.expect("set");
    let other: uuid::Uuid = raw.one("SELECT id FROM organisations WHERE name = 'Fabrikam'").await;
    let other = raw.id(other);
    for table in ["attempts", "attempt_events", "accounts"] {
        let moved = raw.run(&format!("UPDATE {table} SET organisation_id = {other}")).await;
        assert_is_foreign_key(&moved, table);
    }
    for (table, owner) in [("connectors", "connectors"), ("users", "users")] {
        let sql = format!(
            "UPDATE {table} SET organisation_id = {other} WHERE organisation_id <> {other} AND id IN \
             (SELECT {owner}.id FROM {owner} JOIN attempts ON attempts.connector_id = {owner}.id \
              OR attempts.user_id = {owner}.id)"
        );
        assert_is_foreign_key(&raw.run(&sql).await, table);
    }
    let session = format!("UPDATE sessions SET organisation_id = {other} WHERE organisation_id <> {other}");
    assert_is_foreign_key(&raw.run(&session).await, "sessions");
}

/// Asserts that a foreign key refused the statement, and not a syntax error.
#[track_caller]
fn assert_is_foreign_key(moved: &Result<u64, String>, table: &str) {
    let words = moved.as_ref().expect_err(table).to_lowercase();
    assert!(words.contains("foreign key"), "{table}: {words}");
}
