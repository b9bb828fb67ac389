//! The bytes that a scheduled message counts in the share of its API client. The index has them, so that their sum needs
//! none of the rows, which are large.

use sea_orm_migration::prelude::*;

use crate::schema::{index, integer};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "schedules";
const COLUMN: &str = "counted";
const INDEX: &str = "schedules_by_state";
/// The columns of the index before and after.
const BEFORE: [&str; 3] = ["organisation_id", "client_id", "state"];
const AFTER: [&str; 4] = ["organisation_id", "client_id", "state", COLUMN];
/// On both databases the length of bytes is their number.
const COUNT: &str =
    "UPDATE schedules SET counted = LENGTH(request) + LENGTH(shown) WHERE request IS NOT NULL";

async fn replace_index(manager: &SchemaManager<'_>, columns: &[&'static str]) -> Result<(), DbErr> {
    manager.drop_index(Index::drop().name(INDEX).table(TABLE).to_owned()).await?;
    manager.create_index(index(INDEX, TABLE, columns)).await
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let counted = integer(COLUMN).default(0).take();
        manager.alter_table(Table::alter().table(TABLE).add_column(counted).take()).await?;
        manager.get_connection().execute_unprepared(COUNT).await?;
        replace_index(manager, &AFTER).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace_index(manager, &BEFORE).await?;
        manager.alter_table(Table::alter().table(TABLE).drop_column(COLUMN).take()).await
    }
}
