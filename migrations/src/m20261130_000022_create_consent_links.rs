//! Consent links, with which an administrator of another company allows a connector's permissions there, and the
//! directories for which a sign-in has proved that they are allowed.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, id, index, integer, organisation_id, text, text_or_null, time, time_or_null, unique, uuid,
    uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const LINKS: &str = "consent_links";
const DIRECTORIES: &str = "approved_directories";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let links = Table::create()
            .table(LINKS)
            .col(id())
            .col(organisation_id())
            .col(bytes("token_hash"))
            .col(uuid("connector_id"))
            // The application for which the permissions are allowed: the connector may get another one.
            .col(text("client_id"))
            .col(text("directory"))
            .col(text("directory_name"))
            .col(uuid_or_null("made_by"))
            .col(integer("made_by_version"))
            .col(time("created_at"))
            .col(time("expires_at"))
            .col(time_or_null("reported_at"))
            .col(time_or_null("approved_at"))
            .col(time_or_null("revoked_at"))
            .col(text_or_null("revoked_why"))
            .foreign_key(&mut of_connector(LINKS))
            .take();
        manager.create_table(links).await?;
        let directories = Table::create()
            .table(DIRECTORIES)
            .col(organisation_id())
            .col(uuid("connector_id"))
            .col(text("directory"))
            .col(text("directory_name"))
            .col(text("client_id"))
            .col(time("approved_at"))
            .primary_key(Index::create().col("organisation_id").col("connector_id").col("directory"))
            .foreign_key(&mut of_connector(DIRECTORIES))
            .take();
        manager.create_table(directories).await?;
        for statement in [
            unique("consent_links_by_token", LINKS, &["token_hash"]),
            index("consent_links_of_organisation", LINKS, &["organisation_id", "created_at", "id"]),
            index(
                "consent_links_of_connector",
                LINKS,
                &["organisation_id", "connector_id", "created_at", "id"],
            ),
            index("consent_links_of_directory", LINKS, &["organisation_id", "connector_id", "directory"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [DIRECTORIES, LINKS] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

/// `organisation_id` and `connector_id` reference a connector. The row is deleted with it.
fn of_connector(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, ("organisation_id", "connector_id"))
        .to("connectors", ("organisation_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
