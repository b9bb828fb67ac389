//! A short name for each organisation. E-mails become unique within their organisation only.

use sea_orm_migration::prelude::*;

use crate::schema::unique;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let short_name = ColumnDef::new("short_name").text().not_null().default("").take();
        manager.alter_table(Table::alter().table("organisations").add_column(short_name).take()).await?;
        // Existing organisations get `organisation`, `organisation-2` and so on, by age.
        manager
            .get_connection()
            .execute_unprepared(
                "UPDATE organisations SET short_name = 'organisation' || COALESCE( \
                 (SELECT '-' || CAST(COUNT(*) + 1 AS TEXT) FROM organisations AS older \
                  WHERE older.id < organisations.id HAVING COUNT(*) > 0), '')",
            )
            .await?;
        manager.create_index(unique("organisations_by_short_name", "organisations", &["short_name"])).await?;
        manager
            .create_index(unique("users_by_organisation_and_email", "users", &["organisation_id", "email"]))
            .await?;
        manager.drop_index(Index::drop().name("users_by_email").table("users").to_owned()).await
    }
}
