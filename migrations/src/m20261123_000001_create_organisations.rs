//! Settings, organisations and their users.

use sea_orm_migration::prelude::*;

use crate::schema::{id, integer, of_organisation, organisation_id, text, time, time_or_null, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("settings")
                    .col(ColumnDef::new("name").text().not_null().primary_key())
                    .col(ColumnDef::new("value").blob().not_null())
                    .col(time("changed_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("organisations")
                    .col(id())
                    .col(text("name"))
                    .col(time("created_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("users")
                    .col(id())
                    .col(organisation_id())
                    .col(text("email"))
                    .col(text("name"))
                    .col(text("password_hash"))
                    .col(text("role"))
                    .col(time("created_at"))
                    .col(time_or_null("disabled_at"))
                    .col(time_or_null("last_login_at"))
                    .col(integer("version"))
                    .foreign_key(&mut of_organisation("users"))
                    .take(),
            )
            .await?;
        manager.create_index(unique("users_by_email", "users", &["email"])).await?;
        manager.create_index(unique("users_of_organisation", "users", &["organisation_id", "id"])).await
    }
}
