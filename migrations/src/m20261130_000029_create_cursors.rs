//! Positions in lists of mailboxes that are too long for a cursor.

use sea_orm_migration::prelude::*;

use crate::schema::{bytes, index, organisation_id, time, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "cursors";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let account = ForeignKey::create()
            .from(TABLE, ("organisation_id", "account_id"))
            .to("accounts", ("organisation_id", "id"))
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let cursors = Table::create()
            .table(TABLE)
            .col(ColumnDef::new("token_hash").blob().not_null().primary_key())
            .col(organisation_id())
            // The client or the user whose cursor it is. Without a reference: the row ends by itself.
            .col(uuid("holder_id"))
            .col(uuid("account_id"))
            .col(bytes("position"))
            .col(time("created_at"))
            .col(time("expires_at"))
            .foreign_key(&mut account.clone())
            .take();
        manager.create_table(cursors).await?;
        for statement in [
            index("cursors_of_holder", TABLE, &["organisation_id", "holder_id", "created_at", "token_hash"]),
            index("cursors_of_account", TABLE, &["organisation_id", "account_id"]),
            index("cursors_by_expiry", TABLE, &["expires_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await
    }
}
