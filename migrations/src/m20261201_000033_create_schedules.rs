//! Messages that are sent later. Their content is sealed until then.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, bytes_or_null, id, index, integer, organisation_id, text, text_or_null, time, time_or_null,
    unique, uuid,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "schedules";

/// `organisation_id` and another column reference a row of the organisation, and are deleted with it.
fn reference(column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(TABLE, ("organisation_id", column))
        .to(to, ("organisation_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schedules = Table::create()
            .table(TABLE)
            .col(id())
            .col(organisation_id())
            .col(uuid("client_id"))
            .col(uuid("account_id"))
            .col(text("state"))
            .col(text_or_null("why"))
            .col(bytes("shown"))
            .col(integer("version"))
            .col(bytes_or_null("key_hash"))
            .col(bytes_or_null("values_hash"))
            .col(uuid("attempt_id"))
            .col(integer("tries"))
            .col(text_or_null("message_id"))
            .col(text_or_null("internet_message_id"))
            .col(time("due_at"))
            // NULL at the end.
            .col(time_or_null("next_at"))
            .col(time("created_at"))
            .col(time_or_null("ended_at"))
            // Last, because it is large: SQLite reads a row up to the last column that is asked for.
            .col(bytes_or_null("request"))
            .foreign_key(&mut reference("client_id", "api_clients"))
            .foreign_key(&mut reference("account_id", "accounts"))
            .take();
        manager.create_table(schedules).await?;
        for statement in [
            index(
                "schedules_of_owner",
                TABLE,
                &["organisation_id", "client_id", "account_id", "due_at", "id"],
            ),
            index("schedules_by_state", TABLE, &["organisation_id", "client_id", "state"]),
            index("schedules_of_account", TABLE, &["organisation_id", "account_id"]),
            unique("schedules_by_key", TABLE, &["organisation_id", "client_id", "account_id", "key_hash"]),
            index("schedules_by_time", TABLE, &["next_at"]),
            index("schedules_by_end", TABLE, &["ended_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}
