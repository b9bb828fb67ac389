//! The free text of a provider's answer, sealed, and the GUID of the tenant that a connector's domain belongs
//! to.

use sea_orm_migration::prelude::*;

use crate::schema::{bytes_or_null, text_or_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in
            [("attempts", bytes_or_null("provider_words")), ("connectors", text_or_null("tenant_id"))]
        {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        Ok(())
    }
}
