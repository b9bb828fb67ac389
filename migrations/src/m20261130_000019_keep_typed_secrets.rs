//! Client secrets of forms that were not saved. Each is kept for some minutes, so that the user does not paste it again.

use sea_orm_migration::prelude::*;

use crate::schema::{bytes, id, index, integer, organisation_id, text, time, unique, uuid_or_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The foreign key below needs it.
        manager
            .create_index(unique("sessions_of_organisation", "sessions", &["organisation_id", "hash"]))
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("kept_secrets")
                    .col(id())
                    .col(organisation_id())
                    .col(bytes("session_hash"))
                    // The page of the form, with the provider and the one-time id of the form, or the connector's id.
                    .col(text("form"))
                    // NULL if the form adds a connector.
                    .col(uuid_or_null("connector_id"))
                    .col(bytes("client_secret"))
                    .col(integer("version"))
                    .col(time("created_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("kept_secrets", ("organisation_id", "session_hash"))
                            .to("sessions", ("organisation_id", "hash"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from("kept_secrets", ("organisation_id", "connector_id"))
                            .to("connectors", ("organisation_id", "id"))
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        for statement in [
            index("kept_secrets_of_session", "kept_secrets", &["organisation_id", "session_hash"]),
            index("kept_secrets_of_connector", "kept_secrets", &["organisation_id", "connector_id"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }
}
