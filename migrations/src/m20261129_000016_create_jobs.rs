//! Jobs: background work, each with its lease. A job has an organisation if it works for one.

use sea_orm_migration::prelude::*;

use crate::schema::{id, index, integer, of_organisation, text, text_or_null, time, unique, uuid_or_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("jobs")
                    .col(id())
                    .col(text("kind"))
                    .col(uuid_or_null("organisation_id"))
                    // NULL equals nothing in a unique index: any number of jobs of a kind have no key.
                    .col(text_or_null("key"))
                    .col(text("payload"))
                    .col(time("due_at"))
                    .col(integer("attempts"))
                    .col(uuid_or_null("lease_owner"))
                    .col(integer("lease_counter"))
                    .foreign_key(&mut of_organisation("jobs"))
                    .take(),
            )
            .await?;
        for statement in [
            unique("jobs_by_key", "jobs", &["kind", "key"]),
            index("jobs_by_due", "jobs", &["lease_owner", "kind", "due_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }
}
