use sea_orm::{ConnectionTrait, QueryTrait, Statement, Values};

use super::*;
use crate::{
    platform::database::Database,
    test_database::{Kind, Place},
};

fn of_directory(directory: Option<&str>) -> ConnectorAccounts<'_> {
    let (organisation, connector) = (OrganisationId(Uuid::nil()), ConnectorId(Uuid::nil()));
    ConnectorAccounts { organisation, connector, directory }
}

/// The database has no grants. Its plan comes from the statistics of the migrations alone, as on a machine where nothing
/// else gathers any. PostgreSQL decides by the rows that it has.
#[tokio::test]
async fn with_many_grants_sqlite_reads_those_of_some_accounts_and_the_next_ones_along_their_indexes() {
    let place = Place::migrated(Kind::Sqlite).await;
    let database = Database::open(&place.address()).await.expect("a database");
    let read = database.read();
    let ids: Vec<AccountId> = (0..200).map(|number| AccountId(Uuid::from_u128(number))).collect();
    let after = GrantPlace { directory: "d".to_owned(), account: AccountId(Uuid::nil()) };
    for (query, range) in [
        (
            row::Entity::find().filter(of_directory(None).grants_of(&ids)),
            "grants_of_account (organisation_id=? AND account_id=?)",
        ),
        (of_directory(None).grants_after(None), "grants_of_directory (organisation_id=? AND connector_id=?)"),
        (
            of_directory(None).grants_after(Some(&after)),
            "grants_of_directory (organisation_id=? AND connector_id=? AND (directory,account_id)>(?,?))",
        ),
        (
            of_directory(Some("d")).grants_after(Some(&after)),
            "grants_of_directory (organisation_id=? AND connector_id=? AND directory=? AND account_id>?)",
        ),
    ] {
        let backend = read.connection().get_database_backend();
        let sql = query.limit(200).build(backend);
        let explained = format!("EXPLAIN QUERY PLAN {}", sql.sql);
        let values = sql.values.unwrap_or(Values(Vec::new()));
        let rows =
            read.connection().query_all_raw(Statement::from_sql_and_values(backend, explained, values));
        let rows = rows.await.expect("a plan");
        let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(3).expect("a line")).collect();
        let plan = lines.join("\n");
        assert!(plan.contains(range) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
