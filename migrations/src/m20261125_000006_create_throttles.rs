//! Throttles: counts of recent attempts. They belong to no organisation, because a visitor may not be a user.

use sea_orm_migration::prelude::*;

use crate::schema::{index, integer, time};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("throttles")
                    // A hash of the counted text: an attacker who reads the database learns no e-mail from
                    // it.
                    .col(ColumnDef::new("key").blob().not_null().primary_key())
                    .col(time("window_started_at"))
                    .col(integer("count"))
                    .take(),
            )
            .await?;
        manager.create_index(index("throttles_by_window", "throttles", &["window_started_at"])).await
    }
}
