//! Events that end a user's sessions also end log-ins that wait for a code, and open sign-ins.

use sea_orm_migration::prelude::*;

use crate::schema::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The user whose password was right, in a session without a logged-in user. No foreign key, because
        // SQLite could not add it: the row is useless without the user, and is erased after half an hour.
        let half_way_of = ColumnDef::new("half_way_of").uuid().null().take();
        manager.alter_table(Table::alter().table("sessions").add_column(half_way_of).take()).await?;
        manager.create_index(index("sessions_half_way", "sessions", &["half_way_of"])).await?;
        // `users.version` when the attempt was started. No user has the version 0.
        let user_version = ColumnDef::new("user_version").big_integer().not_null().default(0).take();
        manager.alter_table(Table::alter().table("attempts").add_column(user_version).take()).await
    }
}
