//! Versions of sealed values: the vault binds each value to its version, so that an older value of the same
//! row is refused. 0 marks a value that an earlier version of the program has sealed.

use sea_orm_migration::prelude::*;

use crate::schema::integer;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [("connectors", "client_secret_version"), ("users", "totp_version")] {
            let counter = integer(column).default(0).take();
            manager.alter_table(Table::alter().table(table).add_column(counter).take()).await?;
        }
        Ok(())
    }
}
