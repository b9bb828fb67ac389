//! Connectors: an organisation's OAuth applications at service providers.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, id, index, integer, of_organisation, organisation_id, text, text_or_null, time, time_or_null,
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
                    .table("connectors")
                    .col(id())
                    .col(organisation_id())
                    .col(text("provider"))
                    .col(text("service_name"))
                    .col(text("name_key"))
                    .col(uuid("form_id"))
                    .col(text("client_id"))
                    .col(bytes("client_secret"))
                    .col(text("client_secret_hint"))
                    .col(text_or_null("secret_expires_on"))
                    .col(text("cloud"))
                    .col(text("account_type"))
                    .col(text_or_null("tenant"))
                    .col(text("scopes"))
                    .col(text("state"))
                    .col(time_or_null("verified_at"))
                    .col(text_or_null("failure"))
                    .col(time_or_null("failed_at"))
                    .col(integer("version"))
                    .col(time("created_at"))
                    .col(time("changed_at"))
                    .foreign_key(&mut of_organisation("connectors"))
                    .take(),
            )
            .await?;
        for statement in [
            unique("connectors_of_organisation", "connectors", &["organisation_id", "id"]),
            unique("connectors_by_name", "connectors", &["organisation_id", "name_key"]),
            // A form that is sent twice leads to the same connector.
            unique("connectors_by_form", "connectors", &["organisation_id", "form_id"]),
            index("connectors_by_client_id", "connectors", &["organisation_id", "client_id", "id"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }
}
