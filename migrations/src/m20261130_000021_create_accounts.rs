//! Accounts: mailboxes that are connected through a connector, their grants and their history, with the links and the
//! settings for connecting them.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

use crate::schema::{
    bytes, bytes_or_null, id, index, integer, of_organisation, organisation_id, text, text_or_null, time,
    time_or_null, unique, uuid, uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ACCOUNT: [&str; 2] = ["organisation_id", "account_id"];
const CONNECTOR: [&str; 2] = ["organisation_id", "connector_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_accounts(manager).await?;
        create_words(manager).await?;
        create_grants(manager).await?;
        create_events(manager).await?;
        create_links(manager).await?;
        create_settings(manager).await?;
        alter_older_tables(manager).await
    }
}

/// `organisation_id` and another column reference a row of the organisation.
fn reference(
    table: &'static str,
    columns: [&'static str; 2],
    to: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, (columns[0], columns[1]))
        .to(to, ("organisation_id", "id"))
        .on_delete(on_delete)
        .take()
}

/// On PostgreSQL the beginning of a text is a range of an index only in byte order. SQLite has no other order.
async fn order_by_bytes(manager: &SchemaManager<'_>, table: &str, columns: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        for column in columns {
            let statement = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE \"C\"");
            manager.get_connection().execute_unprepared(&statement).await?;
        }
    }
    Ok(())
}

async fn create_indexes<const N: usize>(
    manager: &SchemaManager<'_>,
    statements: [IndexCreateStatement; N],
) -> Result<(), DbErr> {
    for statement in statements {
        manager.create_index(statement).await?;
    }
    Ok(())
}

async fn create_accounts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const TABLE: &str = "accounts";
    let table = Table::create()
        .table(TABLE)
        .col(id())
        .col(organisation_id())
        .col(text("provider"))
        .col(text("subject"))
        .col(uuid("connector_id"))
        .col(text("email"))
        .col(text("email_key"))
        .col(text("name"))
        // The text whose words are stored; NULL if they are missing.
        .col(text_or_null("indexed_name"))
        .col(text_or_null("reference"))
        .col(text("state"))
        .col(text_or_null("reason"))
        .col(text_or_null("provider_words"))
        .col(time("state_since"))
        .col(integer("failures"))
        .col(time_or_null("paused_at"))
        .col(uuid_or_null("paused_by"))
        .col(time("signed_in_at"))
        .col(time("created_at"))
        .col(integer("version"))
        .foreign_key(&mut of_organisation(TABLE))
        // A connector with accounts is deleted by a job, after its accounts.
        .foreign_key(&mut reference(TABLE, CONNECTOR, "connectors", ForeignKeyAction::NoAction))
        .take();
    manager.create_table(table).await?;
    order_by_bytes(manager, TABLE, &["email_key"]).await?;
    create_indexes(
        manager,
        [
            unique("accounts_of_organisation", TABLE, &["organisation_id", "id"]),
            unique("accounts_by_subject", TABLE, &["organisation_id", "provider", "subject"]),
            index("accounts_by_email", TABLE, &["organisation_id", "email_key", "id"]),
            index("accounts_of_connector", TABLE, &["organisation_id", "connector_id", "email_key", "id"]),
            index("accounts_by_state", TABLE, &["organisation_id", "state", "email_key", "id"]),
            index(
                "accounts_of_connector_by_state",
                TABLE,
                &["organisation_id", "connector_id", "state", "email_key", "id"],
            ),
        ],
    )
    .await?;
    // It has only the accounts whose words are missing, so it is nearly always empty.
    let missing =
        "CREATE INDEX accounts_without_words ON accounts (organisation_id, id) WHERE indexed_name IS NULL";
    manager.get_connection().execute_unprepared(missing).await?;
    Ok(())
}

async fn create_words(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const TABLE: &str = "account_words";
    let mut table = Table::create()
        .table(TABLE)
        .col(organisation_id())
        .col(text("word"))
        .col(text("sort_key"))
        .col(uuid("account_id"))
        .col(integer("shared"))
        .primary_key(
            Index::create()
                .col("organisation_id")
                .col("word")
                .col("sort_key")
                .col("account_id")
                .col("shared"),
        )
        .foreign_key(&mut reference(TABLE, ACCOUNT, "accounts", ForeignKeyAction::Cascade))
        .take();
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    manager.create_table(table).await?;
    order_by_bytes(manager, TABLE, &["word", "sort_key"]).await?;
    let of_account = index("account_words_of_account", TABLE, &["organisation_id", "account_id", "word"]);
    manager.create_index(of_account).await
}

async fn create_grants(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const TABLE: &str = "grants";
    let table = Table::create()
        .table(TABLE)
        .col(uuid("account_id").primary_key())
        .col(organisation_id())
        .col(uuid("connector_id"))
        .col(text("directory"))
        .col(text("client_id"))
        .col(text("pinned"))
        .col(text("scopes"))
        .col(text("asked_scopes"))
        .col(bytes("refresh_token"))
        .col(bytes_or_null("access_token"))
        .col(time_or_null("access_expires_at"))
        .col(integer("token_version"))
        .col(integer("generation"))
        .col(integer("application_version"))
        .col(time("granted_at"))
        .col(time_or_null("refreshed_at"))
        .col(time_or_null("next_refresh_at"))
        .col(time_or_null("refresh_started_at"))
        .col(uuid_or_null("lease_owner"))
        .col(integer("lease_counter"))
        .col(integer("tries"))
        .foreign_key(&mut reference(TABLE, ACCOUNT, "accounts", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(table).await?;
    let gates = Table::create()
        .table("refresh_gates")
        .col(organisation_id())
        .col(uuid("connector_id"))
        // Empty for the whole connector.
        .col(text("directory"))
        .col(text("kind"))
        .col(time_or_null("not_before"))
        .col(uuid_or_null("suspect"))
        .col(time("since"))
        .col(time_or_null("next_probe_at"))
        .col(integer("version"))
        .primary_key(Index::create().col("organisation_id").col("connector_id").col("directory"))
        .foreign_key(&mut reference("refresh_gates", CONNECTOR, "connectors", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(gates).await?;
    create_indexes(
        manager,
        [
            index("grants_due", TABLE, &["connector_id", "next_refresh_at"]),
            index("grants_of_directory", TABLE, &["organisation_id", "connector_id", "directory"]),
            index("grants_of_account", TABLE, &["organisation_id", "account_id"]),
        ],
    )
    .await?;
    // The few grants that a process refreshes now, or did so when it was killed.
    let leased = "CREATE INDEX grants_with_lease ON grants (lease_owner) WHERE lease_owner IS NOT NULL";
    manager.get_connection().execute_unprepared(leased).await?;
    Ok(())
}

async fn create_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const TABLE: &str = "account_events";
    let table = Table::create()
        .table(TABLE)
        .col(id())
        .col(organisation_id())
        .col(uuid("account_id"))
        .col(time("at"))
        .col(text("kind"))
        .col(text("detail"))
        .foreign_key(&mut reference(TABLE, ACCOUNT, "accounts", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(table).await?;
    let of_account =
        index("account_events_of_account", TABLE, &["organisation_id", "account_id", "at", "id"]);
    manager.create_index(of_account).await
}

async fn create_links(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    const TABLE: &str = "connect_links";
    let table = Table::create()
        .table(TABLE)
        .col(id())
        .col(organisation_id())
        .col(bytes("token_hash"))
        .col(uuid("connector_id"))
        .col(uuid_or_null("account_id"))
        .col(uuid_or_null("account_connector_id"))
        .col(text_or_null("expected_email"))
        .col(text_or_null("name"))
        .col(text_or_null("reference"))
        .col(text_or_null("return_address"))
        .col(uuid_or_null("return_address_id"))
        .col(text_or_null("state"))
        .col(uuid_or_null("made_by"))
        .col(integer("made_by_version"))
        .col(text("source"))
        .col(integer("attempts"))
        .col(time("created_at"))
        .col(time("expires_at"))
        .col(time_or_null("used_at"))
        .col(time_or_null("revoked_at"))
        .col(text_or_null("revoked_why"))
        .col(uuid_or_null("result_account_id"))
        .foreign_key(&mut reference(TABLE, CONNECTOR, "connectors", ForeignKeyAction::Cascade))
        .foreign_key(&mut reference(TABLE, ACCOUNT, "accounts", ForeignKeyAction::Cascade))
        .take();
    manager.create_table(table).await?;
    create_indexes(
        manager,
        [
            unique("connect_links_by_token", TABLE, &["token_hash"]),
            index("connect_links_of_organisation", TABLE, &["organisation_id", "created_at", "id"]),
            index("connect_links_of_connector", TABLE, &["organisation_id", "connector_id"]),
            index("connect_links_of_account", TABLE, &["organisation_id", "account_id"]),
        ],
    )
    .await
}

/// Return addresses of applications, and how an organisation presents itself.
async fn create_settings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let addresses = Table::create()
        .table("return_addresses")
        .col(id())
        .col(organisation_id())
        .col(text("address"))
        .col(text("key_id"))
        .col(bytes("secret"))
        .col(integer("secret_version"))
        .col(text_or_null("previous_key_id"))
        .col(bytes_or_null("previous_secret"))
        .col(time_or_null("previous_until"))
        .col(time("created_at"))
        .foreign_key(&mut of_organisation("return_addresses"))
        .take();
    manager.create_table(addresses).await?;
    let appearances = Table::create()
        .table("appearances")
        .col(uuid("organisation_id").primary_key())
        .col(text("public_name"))
        .col(text("contact"))
        .col(text("privacy_url"))
        .col(bytes_or_null("logo"))
        .col(text_or_null("logo_type"))
        .col(text_or_null("logo_hash"))
        .col(integer("version"))
        .foreign_key(&mut of_organisation("appearances"))
        .take();
    manager.create_table(appearances).await?;
    create_indexes(
        manager,
        [
            unique("return_addresses_by_address", "return_addresses", &["organisation_id", "address"]),
            index("appearances_by_logo", "appearances", &["logo_hash"]),
        ],
    )
    .await
}

async fn alter_older_tables(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [uuid_or_null("connect_link_id"), uuid_or_null("account_id")] {
        manager.alter_table(Table::alter().table("attempts").add_column(column).take()).await?;
    }
    manager.create_index(index("attempts_of_link", "attempts", &["connect_link_id"])).await?;
    // *Being deleted*: a job removes the accounts first.
    let deleted = time_or_null("deleted_at");
    manager.alter_table(Table::alter().table("connectors").add_column(deleted).take()).await
}
