//! API clients with their credentials, the connectors and accounts that limited ones reach, and the client of a connect
//! link and of an activity entry.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, id, index, integer, of_organisation, organisation_id, text, text_or_null, time, time_or_null,
    unique, uuid, uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const CLIENTS: &str = "api_clients";
const CREDENTIALS: &str = "api_credentials";
const CONNECTORS: &str = "api_client_connectors";
const ACCOUNTS: &str = "api_client_accounts";
/// Tables whose rows an API client may have caused.
const WITH_CLIENT: [&str; 2] = ["connect_links", "activity"];
const ACTIVITY_OF_CLIENT: &str = "activity_of_client";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_clients(manager).await?;
        create_reach(manager).await?;
        for table in WITH_CLIENT {
            // Without a reference: the row stays when the client is deleted.
            let column = uuid_or_null("client_id");
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        let of_client = format!(
            "CREATE INDEX {ACTIVITY_OF_CLIENT} ON activity (organisation_id, client_id, at) WHERE client_id IS NOT NULL"
        );
        manager.get_connection().execute_unprepared(&of_client).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(ACTIVITY_OF_CLIENT).table("activity").to_owned()).await?;
        for table in WITH_CLIENT {
            manager.alter_table(Table::alter().table(table).drop_column("client_id").take()).await?;
        }
        for table in [ACCOUNTS, CONNECTORS, CREDENTIALS, CLIENTS] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

async fn create_clients(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let clients = Table::create()
        .table(CLIENTS)
        .col(id())
        .col(organisation_id())
        .col(text("name"))
        .col(text("scopes"))
        .col(text("reach"))
        .col(text("networks"))
        .col(time_or_null("expires_at"))
        .col(integer("rate"))
        .col(integer("at_once"))
        .col(time("created_at"))
        .col(uuid_or_null("created_by"))
        // When *Revoke everything* was last chosen.
        .col(time_or_null("revoked_at"))
        .col(time_or_null("used_at"))
        .col(integer("version"))
        .foreign_key(&mut of_organisation(CLIENTS))
        .take();
    manager.create_table(clients).await?;
    // The references to a client need it.
    manager.create_index(unique("api_clients_of_organisation", CLIENTS, &["organisation_id", "id"])).await?;
    let credentials = Table::create()
        .table(CREDENTIALS)
        .col(id())
        .col(organisation_id())
        .col(uuid("client_id"))
        .col(text("kind"))
        .col(bytes("hash"))
        .col(text("hint"))
        .col(text_or_null("scopes"))
        .col(time("created_at"))
        .col(uuid_or_null("created_by"))
        .col(time_or_null("used_at"))
        .foreign_key(&mut reference(CREDENTIALS, "client_id", CLIENTS))
        .take();
    manager.create_table(credentials).await?;
    for statement in [
        unique("api_credentials_by_hash", CREDENTIALS, &["hash"]),
        index("api_credentials_of_client", CREDENTIALS, &["organisation_id", "client_id", "id"]),
    ] {
        manager.create_index(statement).await?;
    }
    Ok(())
}

/// The connectors that were chosen for a client, and the accounts that were made with its links.
async fn create_reach(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for (table, column, to, by_other) in [
        (CONNECTORS, "connector_id", "connectors", "api_client_connectors_of_connector"),
        (ACCOUNTS, "account_id", "accounts", "api_client_accounts_of_account"),
    ] {
        let reached = Table::create()
            .table(table)
            .col(organisation_id())
            .col(uuid("client_id"))
            .col(uuid(column))
            .primary_key(Index::create().col("organisation_id").col("client_id").col(column))
            .foreign_key(&mut reference(table, "client_id", CLIENTS))
            .foreign_key(&mut reference(table, column, to))
            .take();
        manager.create_table(reached).await?;
        manager.create_index(index(by_other, table, &["organisation_id", column])).await?;
    }
    Ok(())
}

/// `organisation_id` and another column reference a row of the organisation, and are deleted with it.
fn reference(table: &'static str, column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, ("organisation_id", column))
        .to(to, ("organisation_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
