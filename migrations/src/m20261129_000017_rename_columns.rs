//! Renames columns and actions to the words of the code: *re-authenticate* is giving the password again, and
//! a request has an *id*.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const ACTIONS: [(&str, &str); 2] = [
    ("user.confirmed", "user.reauthenticated"),
    ("user.confirmation_refused", "user.reauthentication_refused"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, old, new) in
            [("sessions", "proved_at", "reauthenticated_at"), ("activity", "reference", "request_id")]
        {
            manager.alter_table(Table::alter().table(table).rename_column(old, new).take()).await?;
        }
        for (old, new) in ACTIONS {
            let update = Query::update()
                .table("activity")
                .value("action", new)
                .and_where(Expr::col("action").eq(old))
                .take();
            manager.execute(update).await?;
        }
        Ok(())
    }
}
