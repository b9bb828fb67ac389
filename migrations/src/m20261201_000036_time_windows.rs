//! Until when the count of a mailbox's window matters. The number of a window does not say it: windows of different
//! providers differ in length. Earlier counts are erased at once, and begin again. Only on PostgreSQL, which has the table.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: [&str; 3] = [
    "ALTER TABLE provider_windows ADD COLUMN until bigint NOT NULL DEFAULT 0",
    "DROP INDEX provider_windows_by_number",
    "CREATE INDEX provider_windows_by_until ON provider_windows (until)",
];

const DOWN: [&str; 3] = [
    "DROP INDEX provider_windows_by_until",
    "ALTER TABLE provider_windows DROP COLUMN until",
    "CREATE INDEX provider_windows_by_number ON provider_windows (number)",
];

async fn run(manager: &SchemaManager<'_>, statements: [&str; 3]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}
