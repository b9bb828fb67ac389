//! The application version since which a connector has its present application. A grant of an earlier version belongs
//! to another application, and no request is sent with it. And an index for jobs that walk over the grants of a
//! connector, some in each transaction.
//!
//! SQLite also gets statistics of large tables of grants, as of accounts in an earlier migration. Without them it would
//! look for 200 grants by their accounts among all grants of the connector.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

use crate::schema::{index, integer};

#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMN: &str = "application_first_version";
const INDEX: &str = "grants_of_directory";
/// The columns of the index before and after.
const BEFORE: [&str; 3] = ["organisation_id", "connector_id", "directory"];
const AFTER: [&str; 4] = ["organisation_id", "connector_id", "directory", "account_id"];

/// Statistics of the indexes: the number of rows, then how many rows have the same first column, the same first two, and
/// so on.
const STATISTICS: [(&str, &str); 4] = [
    ("grants_due", "100000 10000 2"),
    ("grants_of_account", "100000 100000 1"),
    ("grants_of_directory", "100000 100000 10000 100 1"),
    ("grants_with_lease", "100 1"),
];

async fn replace_index(manager: &SchemaManager<'_>, columns: &[&'static str]) -> Result<(), DbErr> {
    manager.drop_index(Index::drop().name(INDEX).table("grants").to_owned()).await?;
    manager.create_index(index(INDEX, "grants", columns)).await
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Earlier versions have ended the grants of an earlier application themselves.
        let since = integer(COLUMN).default(0).take();
        manager.alter_table(Table::alter().table("connectors").add_column(since).take()).await?;
        replace_index(manager, &AFTER).await?;
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            for (index, statistics) in STATISTICS {
                let insert = format!(
                    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('grants', '{index}', '{statistics}')"
                );
                manager.get_connection().execute_unprepared(&insert).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            let delete = "DELETE FROM sqlite_stat1 WHERE tbl = 'grants'";
            manager.get_connection().execute_unprepared(delete).await?;
        }
        replace_index(manager, &BEFORE).await?;
        manager.alter_table(Table::alter().table("connectors").drop_column(COLUMN).take()).await
    }
}
