//! Files that applications have uploaded, the messages that need them, and on PostgreSQL their encrypted bytes. With
//! SQLite the bytes are in a file of their own, which the program makes.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

use crate::schema::{bytes, id, index, integer, organisation_id, time, time_or_null, unique, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

const UPLOADS: &str = "uploads";
const USES: &str = "upload_uses";

/// The bytes are encrypted, so PostgreSQL need not try to make them smaller.
const CREATE_CHUNKS: [&str; 3] = [
    "CREATE TABLE upload_chunks (upload_id uuid NOT NULL, number bigint NOT NULL, organisation_id uuid NOT NULL, \
     bytes bytea NOT NULL, PRIMARY KEY (upload_id, number), FOREIGN KEY (organisation_id, upload_id) \
     REFERENCES uploads (organisation_id, id) ON DELETE CASCADE)",
    "ALTER TABLE upload_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL",
    "CREATE INDEX upload_chunks_of_upload ON upload_chunks (organisation_id, upload_id)",
];

/// `organisation_id` and another column reference a row of the organisation, and are deleted with it.
fn reference(table: &'static str, column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, ("organisation_id", column))
        .to(to, ("organisation_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let uploads = Table::create()
            .table(UPLOADS)
            .col(id())
            .col(organisation_id())
            .col(uuid("client_id"))
            .col(uuid("account_id"))
            .col(bytes("details"))
            .col(integer("counted"))
            // NULL while it arrives.
            .col(ColumnDef::new("size").big_integer().null())
            .col(time_or_null("whole_at"))
            .col(time("expires_at"))
            .foreign_key(&mut reference(UPLOADS, "client_id", "api_clients"))
            .foreign_key(&mut reference(UPLOADS, "account_id", "accounts"))
            .take();
        manager.create_table(uploads).await?;
        for statement in [
            // The references to an upload need it.
            unique("uploads_of_organisation", UPLOADS, &["organisation_id", "id"]),
            index("uploads_of_client", UPLOADS, &["organisation_id", "client_id", "counted"]),
            index("uploads_of_account", UPLOADS, &["organisation_id", "account_id"]),
            index("uploads_by_space", UPLOADS, &["counted"]),
            index("uploads_by_expiry", UPLOADS, &["expires_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        let uses = Table::create()
            .table(USES)
            .col(organisation_id())
            .col(uuid("upload_id"))
            // The record of the message, in one of several tables.
            .col(uuid("message_id"))
            .primary_key(Index::create().col("organisation_id").col("upload_id").col("message_id"))
            .foreign_key(&mut reference(USES, "upload_id", UPLOADS))
            .take();
        manager.create_table(uses).await?;
        manager
            .create_index(index("upload_uses_of_message", USES, &["organisation_id", "message_id"]))
            .await?;
        if manager.get_database_backend() == DatabaseBackend::Postgres {
            for statement in CREATE_CHUNKS {
                manager.get_connection().execute_unprepared(statement).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE IF EXISTS upload_chunks").await?;
        for table in [USES, UPLOADS] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
