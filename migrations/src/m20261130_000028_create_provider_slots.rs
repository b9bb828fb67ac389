//! The limits of mailboxes that processes share: slots for requests, processes that wait for one, and the requests of
//! the last minutes. Only on PostgreSQL, because a SQLite file has one serving process, which keeps them in memory. The
//! tables are unlogged: they change often, and their content matters for seconds.
//!
//! They have no references. An account that is deleted leaves rows that are erased within minutes.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const CREATE: [&str; 5] = [
    "CREATE UNLOGGED TABLE provider_slots (account_id uuid NOT NULL, slot bigint NOT NULL, owner uuid NOT NULL, \
     until bigint NOT NULL, PRIMARY KEY (account_id, slot))",
    "CREATE INDEX provider_slots_of_owner ON provider_slots (owner)",
    "CREATE UNLOGGED TABLE provider_waits (account_id uuid NOT NULL, owner uuid NOT NULL, until bigint NOT NULL, \
     PRIMARY KEY (account_id, owner))",
    "CREATE UNLOGGED TABLE provider_windows (account_id uuid PRIMARY KEY, number bigint NOT NULL, \
     used bigint NOT NULL, used_before bigint NOT NULL)",
    "CREATE INDEX provider_windows_by_number ON provider_windows (number)",
];

const TABLES: [&str; 3] = ["provider_windows", "provider_waits", "provider_slots"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        for statement in CREATE {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.get_connection().execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        Ok(())
    }
}
