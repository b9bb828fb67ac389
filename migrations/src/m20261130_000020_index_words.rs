//! The words of connectors' names, each with its row, so that a search finds the beginning of any word. This migration
//! creates only the table and the indexes. The sweep of the program writes the words afterwards, in short transactions,
//! because on PostgreSQL a migration locks the connectors until its end.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

use crate::schema::{index, integer, organisation_id, text, text_or_null, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "connector_words";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_words(manager).await?;
        // The name key whose words are stored. If it is NULL or another name, the sweep writes the words: after this
        // migration for all connectors, and later for those that a program of an earlier version has added or renamed.
        let indexed = text_or_null("indexed_name");
        manager.alter_table(Table::alter().table("connectors").add_column(indexed).take()).await?;
        // It has only the connectors whose words are missing, so it is nearly always empty.
        let missing = "CREATE INDEX connectors_without_words ON connectors (organisation_id, id) \
                       WHERE indexed_name IS DISTINCT FROM name_key";
        manager.get_connection().execute_unprepared(missing).await?;
        Ok(())
    }
}

async fn create_words(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut table = Table::create()
        .table(TABLE)
        .col(organisation_id())
        .col(text("word"))
        // The connector's name key: by it, found connectors are sorted. It is in the primary key, so that the rows of
        // one word are in this order already.
        .col(text("sort_key"))
        .col(uuid("connector_id"))
        .col(integer("shared"))
        .primary_key(
            // `shared` follows from the rest. It is part of the key so that PostgreSQL reads the index alone.
            Index::create()
                .col("organisation_id")
                .col("word")
                .col("sort_key")
                .col("connector_id")
                .col("shared"),
        )
        .foreign_key(
            ForeignKey::create()
                .from(TABLE, ("organisation_id", "connector_id"))
                .to("connectors", ("organisation_id", "id"))
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        // The table is its primary key, so each row is stored once.
        table.extra("WITHOUT ROWID");
    }
    manager.create_table(table).await?;
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        // A prefix search is an index range only in byte order. SQLite has no other order.
        for name in ["word", "sort_key"] {
            let byte_order = format!("ALTER TABLE {TABLE} ALTER COLUMN {name} TYPE text COLLATE \"C\"");
            manager.get_connection().execute_unprepared(&byte_order).await?;
        }
    }
    // Finds the words of a connector: to delete them with it, and to look for a further word of a search.
    let of_connector =
        index("connector_words_of_connector", TABLE, &["organisation_id", "connector_id", "word"]);
    manager.create_index(of_connector).await
}
