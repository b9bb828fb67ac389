//! Indexes of the accounts that are paused. The pause is beside the states, so no other index finds these accounts
//! without reading the rest of the list. Each index has only paused accounts, which are few.
//!
//! SQLite also gets statistics of large tables of accounts and links. It gathers none by itself, and without them it takes the
//! narrowest of several indexes: a list of the few accounts of one connector would read through all others ("Manual
//! Control Of Query Plans Using `SQLITE_STAT` Tables" in its documentation). PostgreSQL gathers its own.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The indexes: of an organisation, and of one of its connectors. Both are in the order of the list.
const INDEXES: [(&str, &str); 2] = [
    ("accounts_paused", "organisation_id, email_key, id"),
    ("accounts_of_connector_paused", "organisation_id, connector_id, email_key, id"),
];

/// Tables, and statistics of their indexes: the number of rows, then how many rows have the same first column, the same
/// first two, and so on.
const STATISTICS: [(&str, &[(&str, &str)]); 2] = [
    (
        "accounts",
        &[
            ("accounts_by_email", "100000 100000 1 1"),
            ("accounts_by_state", "100000 100000 20000 1 1"),
            ("accounts_by_subject", "100000 100000 100000 1"),
            ("accounts_of_connector", "100000 100000 10000 1 1"),
            ("accounts_of_connector_by_state", "100000 100000 10000 2000 1 1"),
            ("accounts_of_connector_paused", "1000 1000 100 1 1"),
            ("accounts_of_organisation", "100000 100000 1"),
            ("accounts_paused", "1000 1000 1 1"),
        ],
    ),
    (
        "connect_links",
        &[
            ("connect_links_by_token", "10000 1"),
            ("connect_links_of_account", "10000 10000 2"),
            ("connect_links_of_connector", "10000 10000 1000"),
            ("connect_links_of_organisation", "10000 10000 1 1"),
        ],
    ),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, columns) in INDEXES {
            let create = format!("CREATE INDEX {name} ON accounts ({columns}) WHERE paused_at IS NOT NULL");
            manager.get_connection().execute_unprepared(&create).await?;
        }
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            for (table, indexes) in STATISTICS {
                // Makes the table of statistics. This table has no row yet, so nothing is written.
                manager.get_connection().execute_unprepared(&format!("ANALYZE {table}")).await?;
                for (index, statistics) in indexes {
                    let insert = format!(
                        "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{table}', '{index}', '{statistics}')"
                    );
                    manager.get_connection().execute_unprepared(&insert).await?;
                }
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            for (table, _) in STATISTICS {
                let delete = format!("DELETE FROM sqlite_stat1 WHERE tbl = '{table}'");
                manager.get_connection().execute_unprepared(&delete).await?;
            }
        }
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
