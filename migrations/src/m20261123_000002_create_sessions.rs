//! Sessions: logged-in browsers, and browsers with data to keep.

use sea_orm_migration::prelude::*;

use crate::schema::{index, text, text_or_null, time};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    // SHA-256 of the cookie's value: an attacker who reads the database cannot log in with
                    // it.
                    .col(ColumnDef::new("hash").blob().not_null().primary_key())
                    // Both are NULL if no user is logged in.
                    .col(ColumnDef::new("organisation_id").uuid().null())
                    .col(ColumnDef::new("user_id").uuid().null())
                    .col(time("created_at"))
                    .col(time("last_seen_at"))
                    .col(time("expires_at"))
                    .col(text_or_null("address"))
                    .col(text_or_null("user_agent"))
                    .col(text("data"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("sessions", ("organisation_id", "user_id"))
                            .to("users", ("organisation_id", "id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager.create_index(index("sessions_of_user", "sessions", &["organisation_id", "user_id"])).await?;
        manager.create_index(index("sessions_by_expiry", "sessions", &["expires_at"])).await
    }
}
