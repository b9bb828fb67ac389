//! Activity: who changed what, when, from where, and with which outcome.

use sea_orm_migration::prelude::*;

use crate::schema::{id, index, of_organisation, organisation_id, text, text_or_null, time};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("activity")
                    .col(id())
                    .col(organisation_id())
                    .col(time("at"))
                    // No foreign key: the record outlives the user and the thing.
                    .col(ColumnDef::new("user_id").uuid().null())
                    .col(text_or_null("address"))
                    .col(text("action"))
                    .col(text("entity"))
                    .col(ColumnDef::new("entity_id").uuid().null())
                    .col(text("outcome"))
                    .col(text("detail"))
                    .col(text_or_null("reference"))
                    .foreign_key(&mut of_organisation("activity"))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("activity_of_organisation", "activity", &["organisation_id", "at"]))
            .await?;
        manager
            .create_index(index("activity_of_entity", "activity", &["organisation_id", "entity_id", "at"]))
            .await
    }
}
