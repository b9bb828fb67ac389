//! Messages that are sent exactly once, and the results of other calls that are done once under a key.
//!
//! A row of `sends` without an end is open. It has an owner while a process works at it, and otherwise the time at which
//! one goes on with it.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, bytes_or_null, id, index, integer, organisation_id, text, text_or_null, time, time_or_null,
    unique, uuid, uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const SENDS: &str = "sends";
const KEYS: &str = "idempotency_keys";

fn of_account(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, ("organisation_id", "account_id"))
        .to("accounts", ("organisation_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sends = Table::create()
            .table(SENDS)
            .col(id())
            .col(organisation_id())
            .col(uuid("account_id"))
            // The client or the user whose call it was. Without a reference: a send outlives its sender.
            .col(uuid("holder_id"))
            .col(text("holder_kind"))
            .col(bytes_or_null("identity_hash"))
            .col(text("kind"))
            .col(text("state"))
            .col(text("way"))
            .col(text("message_id"))
            .col(text_or_null("draft_id"))
            .col(integer("attached"))
            .col(integer("doubts"))
            .col(integer("recipients"))
            .col(bytes_or_null("request"))
            .col(bytes_or_null("answer"))
            .col(ColumnDef::new("is_untold").boolean().not_null())
            .col(uuid_or_null("lease_owner"))
            .col(integer("lease_counter"))
            .col(integer("tries"))
            .col(time_or_null("next_at"))
            .col(integer("lost_drafts"))
            // When the drafts that are left after the end are deleted.
            .col(time_or_null("clean_at"))
            .col(time("created_at"))
            .col(time_or_null("begun_at"))
            .col(time_or_null("ended_at"))
            .foreign_key(&mut of_account(SENDS))
            .take();
        manager.create_table(sends).await?;
        let keys = Table::create()
            .table(KEYS)
            .col(id())
            .col(organisation_id())
            .col(uuid("account_id"))
            // As that of a send.
            .col(uuid("holder_id"))
            .col(bytes("identity_hash"))
            .col(bytes("result"))
            .col(time("created_at"))
            .col(time_or_null("ended_at"))
            .foreign_key(&mut of_account(KEYS))
            .take();
        manager.create_table(keys).await?;
        for statement in [
            unique("sends_by_identity", SENDS, &["identity_hash"]),
            index("sends_of_account", SENDS, &["organisation_id", "account_id"]),
            index("sends_of_holder", SENDS, &["organisation_id", "holder_id", "ended_at"]),
            index("sends_by_owner", SENDS, &["lease_owner"]),
            index("sends_by_next", SENDS, &["next_at"]),
            index("sends_by_clean_up", SENDS, &["clean_at"]),
            index("sends_by_end", SENDS, &["state", "ended_at"]),
            unique("idempotency_keys_by_identity", KEYS, &["identity_hash"]),
            index("idempotency_keys_of_account", KEYS, &["organisation_id", "account_id"]),
            index("idempotency_keys_of_holder", KEYS, &["organisation_id", "holder_id"]),
            index("idempotency_keys_by_age", KEYS, &["created_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [KEYS, SENDS] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}
