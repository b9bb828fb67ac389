//! Tables and columns that guard the administration of people: the time of the last re-authentication, second
//! factors with recovery codes, and invitations.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, bytes_or_null, id, integer, of_organisation, of_user, organisation_id, text, time, time_or_null,
    unique, uuid,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column =
            |table: &'static str, column: ColumnDef| Table::alter().table(table).add_column(column).take();
        manager.alter_table(column("sessions", time_or_null("proved_at"))).await?;
        manager.alter_table(column("users", bytes_or_null("totp_secret"))).await?;
        manager.alter_table(column("users", time_or_null("totp_since"))).await?;
        // Steps of 30 seconds since 1970. Codes of this step and before have been used (RFC 6238, 5.2).
        let step = integer("totp_last_step").default(0).take();
        manager.alter_table(column("users", step)).await?;
        let required = ColumnDef::new("second_factor_required").boolean().not_null().default(false).take();
        manager.alter_table(column("organisations", required)).await?;
        manager
            .create_table(
                Table::create()
                    .table("recovery_codes")
                    .col(organisation_id())
                    .col(uuid("user_id"))
                    .col(bytes("hash"))
                    .primary_key(Index::create().col("user_id").col("hash"))
                    .foreign_key(&mut of_user("recovery_codes"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("invitations")
                    .col(id())
                    .col(organisation_id())
                    .col(text("email"))
                    .col(text("role"))
                    .col(bytes("token_hash"))
                    .col(uuid("user_id"))
                    .col(time("created_at"))
                    .col(time("expires_at"))
                    .foreign_key(&mut of_organisation("invitations"))
                    .foreign_key(&mut of_user("invitations"))
                    .take(),
            )
            .await?;
        manager.create_index(unique("invitations_by_token", "invitations", &["token_hash"])).await?;
        let of_email = ["organisation_id", "email"];
        manager.create_index(unique("invitations_by_email", "invitations", &of_email)).await
    }
}
