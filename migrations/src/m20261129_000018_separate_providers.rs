//! Settings and addresses that only one provider has become JSON, so that no column belongs to one provider. A sign-in
//! may have no user of this program. Columns that list fields have their names in place of their labels.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DatabaseBackend, Statement},
};

use crate::schema::{
    bytes, bytes_or_null, id, index, integer, organisation_id, text, text_or_null, time, time_or_null,
    unique, uuid, uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Labels of fields as earlier versions stored them, and the names of these fields.
const FIELDS: [(&str, &str); 9] = [
    ("Service provider", "provider"),
    ("Service Name", "service_name"),
    ("Client ID", "client_id"),
    ("Client Secret", "client_secret"),
    ("Secret expires", "secret_expires_on"),
    ("Who may sign in", "account_type"),
    ("Tenant", "tenant"),
    ("Permissions", "scopes"),
    (", ", " "),
];

/// The columns of `attempts` that stay as they are, and those that are new.
const ATTEMPT: &str = "id, organisation_id, connector_id, connector_version, user_id, user_version, purpose, \
                       client_id, redirect_uri, scopes, nonce_hash, state_hash, pkce_verifier, binding_hash, \
                       created_at, expires_at, consumed_at, outcome, provider_words, provider, pinned";
const EVENT: &str = "id, organisation_id, attempt_id, at, step, duration, detail";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DatabaseBackend::Sqlite {
            // The program locks a connector before its attempts. Another order could end in a deadlock.
            run(manager, &["LOCK TABLE connectors, attempts, attempt_events IN ACCESS EXCLUSIVE MODE"])
                .await?;
        }
        end_open_attempts(manager).await?;
        run(manager, &["ALTER TABLE attempts ADD COLUMN provider text NOT NULL DEFAULT 'outlook'"]).await?;
        run(manager, &["ALTER TABLE attempts ADD COLUMN pinned text NOT NULL DEFAULT ''"]).await?;
        run(manager, &[&pin(manager.get_database_backend())]).await?;
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            rebuild_attempts(manager).await?;
        } else {
            change_attempts(manager).await?;
        }
        change_connectors(manager).await?;
        name_fields(manager).await?;
        for (table, column) in
            [("settings", "changed_at"), ("users", "created_at"), ("organisations", "created_at")]
        {
            run(manager, &[&format!("ALTER TABLE {table} DROP COLUMN {column}")]).await?;
        }
        check_references(manager).await
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// A sealed verifier belongs to the values of its attempt in their earlier form, so an open sign-in cannot go on. Its
/// page says that it took too long, and to start it again.
async fn end_open_attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    run(
        manager,
        &["UPDATE attempts SET pkce_verifier = NULL, expires_at = created_at \
           WHERE consumed_at IS NULL AND outcome IS NULL"],
    )
    .await
}

/// An expression with the JSON text of a text or of NULL.
fn json(backend: DatabaseBackend, value: &str) -> String {
    match backend {
        DatabaseBackend::Sqlite => format!("json_quote({value})"),
        _ => format!("COALESCE(to_json(CAST({value} AS text))::text, 'null')"),
    }
}

/// An expression with the JSON object of these members.
fn object(backend: DatabaseBackend, members: &[(&str, &str)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("\"{name}\":' || {}", json(backend, value))).collect();
    format!("'{{{} || '}}'", members.join(" || ',"))
}

fn pin(backend: DatabaseBackend) -> String {
    let pinned = object(
        backend,
        &[
            ("authorize", "authorize_url"),
            ("token", "token_url"),
            ("graph", "graph_url"),
            ("issuer", "issuer"),
            ("tenant", "tenant"),
            // Only a sign-in that goes on needs it.
            ("domain", "NULL"),
        ],
    );
    format!("UPDATE attempts SET pinned = {pinned}")
}

async fn change_attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in ["authorize_url", "token_url", "graph_url", "issuer", "tenant", "ended_at"] {
        run(manager, &[&format!("ALTER TABLE attempts DROP COLUMN {column}")]).await?;
    }
    run(
        manager,
        &[
            "ALTER TABLE attempts ALTER COLUMN provider DROP DEFAULT",
            "ALTER TABLE attempts ALTER COLUMN pinned DROP DEFAULT",
            "ALTER TABLE attempts ALTER COLUMN user_id DROP NOT NULL",
        ],
    )
    .await
}

/// SQLite cannot let an existing column be NULL, so the table is created a second time. Foreign keys are on, and
/// cannot be turned off within a transaction: dropping `attempts` would delete its events. Tables without foreign keys
/// keep the rows of both until then.
async fn rebuild_attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    run(
        manager,
        &[
            &format!("CREATE TABLE kept_events AS SELECT {EVENT} FROM attempt_events"),
            "DROP TABLE attempt_events",
            &format!("CREATE TABLE kept_attempts AS SELECT {ATTEMPT} FROM attempts"),
            "DROP TABLE attempts",
        ],
    )
    .await?;
    manager.create_table(attempts()).await?;
    manager.create_index(unique("attempts_of_organisation", "attempts", &["organisation_id", "id"])).await?;
    manager.create_table(attempt_events()).await?;
    run(
        manager,
        &[
            &format!("INSERT INTO attempts ({ATTEMPT}) SELECT {ATTEMPT} FROM kept_attempts"),
            "DROP TABLE kept_attempts",
            &format!("INSERT INTO attempt_events ({EVENT}) SELECT {EVENT} FROM kept_events"),
            "DROP TABLE kept_events",
        ],
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

fn attempts() -> TableCreateStatement {
    Table::create()
        .table("attempts")
        .col(id())
        .col(organisation_id())
        .col(uuid("connector_id"))
        .col(integer("connector_version"))
        .col(uuid_or_null("user_id"))
        .col(integer("user_version").default(0).take())
        .col(text("purpose"))
        .col(text("client_id"))
        .col(text("provider"))
        .col(text("pinned"))
        .col(text("redirect_uri"))
        .col(text("scopes"))
        .col(bytes("nonce_hash"))
        .col(bytes_or_null("state_hash"))
        .col(bytes_or_null("pkce_verifier"))
        .col(bytes_or_null("binding_hash"))
        .col(time("created_at"))
        .col(time("expires_at"))
        .col(time_or_null("consumed_at"))
        .col(text_or_null("outcome"))
        .col(bytes_or_null("provider_words"))
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
        .take()
}

fn attempt_events() -> TableCreateStatement {
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
        .take()
}

async fn change_connectors(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let backend = manager.get_database_backend();
    let settings = object(backend, &[("account_type", "account_type"), ("tenant", "tenant")]);
    run(
        manager,
        &[
            "ALTER TABLE connectors ADD COLUMN provider_settings text NOT NULL DEFAULT '{}'",
            &format!("UPDATE connectors SET provider_settings = {settings}"),
            "ALTER TABLE connectors RENAME COLUMN tenant_id TO proved_directory",
        ],
    )
    .await?;
    // SQLite cannot drop it.
    if backend != DatabaseBackend::Sqlite {
        run(manager, &["ALTER TABLE connectors ALTER COLUMN provider_settings DROP DEFAULT"]).await?;
    }
    for column in ["account_type", "tenant", "cloud", "changed_at"] {
        run(manager, &[&format!("ALTER TABLE connectors DROP COLUMN {column}")]).await?;
    }
    Ok(())
}

async fn name_fields(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let named = |column: &str| {
        let quoted = |text: &str| format!("'{text}'");
        FIELDS.iter().fold(column.to_owned(), |text, (label, name)| {
            format!("REPLACE({text}, {}, {})", quoted(label), quoted(name))
        })
    };
    let unproved = named("unproved");
    let detail = named("detail");
    run(
        manager,
        &[
            &format!("UPDATE connectors SET unproved = {unproved} WHERE unproved IS NOT NULL"),
            &format!("UPDATE activity SET detail = {detail} WHERE action = 'connector.changed'"),
        ],
    )
    .await
}

/// Refuses the migration if a row references a missing row. PostgreSQL checks its foreign keys by itself.
async fn check_references(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Sqlite {
        return Ok(());
    }
    let check = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA foreign_key_check");
    match manager.get_connection().query_all_raw(check).await?.first() {
        None => Ok(()),
        Some(row) => {
            let table: String = row.try_get_by_index(0)?;
            Err(DbErr::Custom(format!("A row of the table {table} references a missing row.")))
        }
    }
}
