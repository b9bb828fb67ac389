//! Records of API calls, for *Logs > API*. They name the client, the route and the outcome, and neither a query nor a
//! body. A row without a client counts calls that were left out, because too many waited to be written.

use sea_orm_migration::prelude::*;

use crate::schema::{
    id, index, integer, of_organisation, organisation_id, text, text_or_null, time, uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "api_calls";
/// Failed calls are few, and people look for them.
const FAILED: &str =
    "CREATE INDEX api_calls_failed ON api_calls (organisation_id, at, id) WHERE status >= 400";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(TABLE)
            .col(id())
            .col(organisation_id())
            .col(time("at"))
            // The client and the account may be gone: a record says what happened, and outlives them.
            .col(uuid_or_null("client_id"))
            .col(uuid_or_null("account_id"))
            .col(text("method"))
            .col(text("route"))
            .col(integer("status"))
            .col(integer("duration"))
            .col(text_or_null("request_id"))
            .col(text_or_null("error_code"))
            .col(text_or_null("provider_request_id"))
            .col(integer("left_out"))
            .foreign_key(&mut of_organisation(TABLE))
            .take();
        manager.create_table(table).await?;
        for statement in [
            index("api_calls_of_organisation", TABLE, &["organisation_id", "at", "id"]),
            index("api_calls_of_client", TABLE, &["organisation_id", "client_id", "at", "id"]),
            index("api_calls_of_account", TABLE, &["organisation_id", "account_id", "at", "id"]),
        ] {
            manager.create_index(statement).await?;
        }
        manager.get_connection().execute_unprepared(FAILED).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}
