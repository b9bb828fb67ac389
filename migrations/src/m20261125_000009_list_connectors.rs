//! Columns and indexes for the list of connectors: its orders, and its search by the beginning of a name or
//! client ID. Also which changes require another verification.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

use crate::schema::{index, integer, text, text_or_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let column = |column: ColumnDef| Table::alter().table("connectors").add_column(column).take();
        // The expiry date, or a date after all others if it is unknown, so that no order has a gap.
        manager.alter_table(column(text("expiry_key").default("9999-12-31").take())).await?;
        let known =
            "UPDATE connectors SET expiry_key = secret_expires_on WHERE secret_expires_on IS NOT NULL";
        connection.execute_unprepared(known).await?;
        // Fields that were changed since the last verification.
        manager.alter_table(column(text_or_null("unproved"))).await?;
        // Counts changes of the values that a sign-in verifies; `version` counts all changes.
        manager.alter_table(column(integer("application_version").default(1).take())).await?;
        connection.execute_unprepared("UPDATE connectors SET application_version = version").await?;
        if manager.get_database_backend() == DatabaseBackend::Postgres {
            // A prefix search is an index range only in byte order, whatever collation the database has.
            // SQLite has no other order.
            for name in ["name_key", "client_id"] {
                let byte_order =
                    format!("ALTER TABLE connectors ALTER COLUMN {name} TYPE text COLLATE \"C\"");
                connection.execute_unprepared(&byte_order).await?;
            }
        }
        for (name, key) in [
            ("connectors_by_state", "state"),
            ("connectors_by_expiry", "expiry_key"),
            ("connectors_by_age", "created_at"),
        ] {
            manager.create_index(index(name, "connectors", &["organisation_id", key, "id"])).await?;
        }
        Ok(())
    }
}
