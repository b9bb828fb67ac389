//! Attempts: sign-ins at the provider, each with all settings that it was started with.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, bytes_or_null, id, index, integer, organisation_id, text, text_or_null, time, time_or_null,
    unique, uuid,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("attempts")
                    .col(id())
                    .col(organisation_id())
                    .col(uuid("connector_id"))
                    .col(integer("connector_version"))
                    .col(uuid("user_id"))
                    .col(text("purpose"))
                    .col(text("client_id"))
                    .col(text("authorize_url"))
                    .col(text("token_url"))
                    .col(text("graph_url"))
                    .col(text("issuer"))
                    .col(text_or_null("tenant"))
                    .col(text("redirect_uri"))
                    .col(text("scopes"))
                    .col(bytes("nonce_hash"))
                    .col(bytes_or_null("state_hash"))
                    .col(bytes_or_null("pkce_verifier"))
                    .col(bytes_or_null("binding_hash"))
                    .col(time("created_at"))
                    .col(time("expires_at"))
                    .col(time_or_null("consumed_at"))
                    .col(time_or_null("ended_at"))
                    .col(text_or_null("outcome"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("attempts", ("organisation_id", "connector_id"))
                            .to("connectors", ("organisation_id", "id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from("attempts", ("organisation_id", "user_id"))
                            .to("users", ("organisation_id", "id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        // Before the table that references it: PostgreSQL needs the index when the foreign key is created.
        manager
            .create_index(unique("attempts_of_organisation", "attempts", &["organisation_id", "id"]))
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("attempt_events")
                    .col(id())
                    .col(organisation_id())
                    .col(uuid("attempt_id"))
                    .col(time("at"))
                    .col(text("step"))
                    .col(integer("duration"))
                    .col(text("detail"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("attempt_events", ("organisation_id", "attempt_id"))
                            .to("attempts", ("organisation_id", "id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        for statement in [
            unique("attempts_by_state", "attempts", &["state_hash"]),
            index("attempts_of_connector", "attempts", &["organisation_id", "connector_id", "created_at"]),
            index("attempts_of_user", "attempts", &["organisation_id", "user_id", "created_at"]),
            index("attempt_events_of_attempt", "attempt_events", &["organisation_id", "attempt_id", "at"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }
}
