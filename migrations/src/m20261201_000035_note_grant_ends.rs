//! The time at which the provider ends a grant that it gave for a limited time. It is unknown for all earlier grants.

use sea_orm_migration::prelude::*;

use crate::schema::time_or_null;

#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMN: &str = "ends_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ends = time_or_null(COLUMN);
        manager.alter_table(Table::alter().table("grants").add_column(ends).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("grants").drop_column(COLUMN).take()).await
    }
}
