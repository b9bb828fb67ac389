//! Mailboxes that are connected only after an application has confirmed them: the option of a return address, and the
//! access that a sign-in gave, which is kept until the application confirms it.

use sea_orm_migration::prelude::*;

use crate::schema::{
    bytes, bytes_or_null, id, index, integer, of_organisation, organisation_id, time, unique, uuid,
    uuid_or_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLE: &str = "pending_grants";
/// Tables with the option, and the indexes that foreign keys to them need.
const WITH_OPTION: [(&str, &str); 2] =
    [("return_addresses", "return_addresses_of_organisation"), ("connect_links", "connect_links_by_id")];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, by_id) in WITH_OPTION {
            // Of a link it is the option of its return address when the link was made.
            let option = ColumnDef::new("needs_confirmation").boolean().not_null().default(false).take();
            manager.alter_table(Table::alter().table(table).add_column(option).take()).await?;
            manager.create_index(unique(by_id, table, &["organisation_id", "id"])).await?;
        }
        let table = Table::create()
            .table(TABLE)
            // The id of the sign-in.
            .col(id())
            .col(organisation_id())
            .col(uuid("connect_link_id"))
            .col(uuid("return_address_id"))
            .col(bytes("code_hash"))
            // NULL once it was confirmed.
            .col(bytes_or_null("sealed"))
            .col(integer("version"))
            .col(integer("wrong_codes"))
            .col(time("expires_at"))
            // The account that it became.
            .col(uuid_or_null("account_id"))
            .foreign_key(&mut of_organisation(TABLE))
            .foreign_key(&mut reference("connect_link_id", "connect_links"))
            .foreign_key(&mut reference("return_address_id", "return_addresses"))
            .foreign_key(&mut reference("account_id", "accounts"))
            .take();
        manager.create_table(table).await?;
        for statement in [
            index("pending_grants_of_link", TABLE, &["connect_link_id"]),
            index("pending_grants_of_return_address", TABLE, &["organisation_id", "return_address_id"]),
            index("pending_grants_of_account", TABLE, &["organisation_id", "account_id"]),
            index("pending_grants_by_end", TABLE, &["organisation_id", "expires_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(TABLE).take()).await?;
        for (table, by_id) in WITH_OPTION {
            manager.drop_index(Index::drop().name(by_id).table(table).to_owned()).await?;
            manager.alter_table(Table::alter().table(table).drop_column("needs_confirmation").take()).await?;
        }
        Ok(())
    }
}

/// `organisation_id` and another column reference a row of the organisation, and are deleted with it.
fn reference(column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(TABLE, ("organisation_id", column))
        .to(to, ("organisation_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
