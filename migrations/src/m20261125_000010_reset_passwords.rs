//! An invitation may be for an existing user, who chooses a new password.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // No foreign key, because SQLite could not add it. Accepting checks that the user exists.
        let for_user = ColumnDef::new("for_user").uuid().null().take();
        manager.alter_table(Table::alter().table("invitations").add_column(for_user).take()).await
    }
}
