//! Jobs that applications start in mailboxes, such as emptying a folder. When one runs is in the table `jobs`.

use sea_orm_migration::prelude::*;

use crate::schema::{
    id, index, integer, organisation_id, text, text_or_null, time, time_or_null, uuid, uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "mail_jobs";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let account = ForeignKey::create()
            .from(TABLE, ("organisation_id", "account_id"))
            .to("accounts", ("organisation_id", "id"))
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let jobs = Table::create()
            .table(TABLE)
            .col(id())
            .col(organisation_id())
            // The API client that has started it. Without a reference: the job ends by itself if its client is deleted.
            .col(uuid_or_null("client_id"))
            .col(uuid("account_id"))
            .col(text("folder"))
            .col(text("state"))
            .col(integer("deleted"))
            .col(integer("failed"))
            .col(text_or_null("failure"))
            // Number of tries without an answer of the provider since a message was last deleted.
            .col(integer("outages").default(0).take())
            // Whether it waits after such a try, so that other jobs of its account may run.
            .col(ColumnDef::new("gives_way").boolean().not_null().default(false))
            .col(time("created_at"))
            .col(time_or_null("ended_at"))
            .foreign_key(&mut account.clone())
            .take();
        manager.create_table(jobs).await?;
        for statement in [
            index("mail_jobs_of_account", TABLE, &["organisation_id", "account_id"]),
            index("mail_jobs_by_end", TABLE, &["ended_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        // One open job for each folder.
        let open = "CREATE UNIQUE INDEX mail_jobs_open ON mail_jobs (organisation_id, account_id, folder) WHERE ended_at IS NULL";
        manager.get_connection().execute_unprepared(open).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}
