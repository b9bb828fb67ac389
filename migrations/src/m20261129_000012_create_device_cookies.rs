//! Device cookies of browsers in which a user has completed a log-in, and a count for repeated activity.

use sea_orm_migration::prelude::*;

use crate::schema::{index, integer, of_user, organisation_id, time, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("device_cookies")
                    // SHA-256 of the cookie's value, which has 256 random bits.
                    .col(ColumnDef::new("hash").blob().not_null().primary_key())
                    .col(organisation_id())
                    .col(uuid("user_id"))
                    .col(time("created_at"))
                    .col(time("expires_at"))
                    .col(integer("failures"))
                    .foreign_key(&mut of_user("device_cookies"))
                    .take(),
            )
            .await?;
        for statement in [
            index("device_cookies_of_user", "device_cookies", &["organisation_id", "user_id", "created_at"]),
            index("device_cookies_by_expiry", "device_cookies", &["expires_at"]),
        ] {
            manager.create_index(statement).await?;
        }
        let count = ColumnDef::new("count").big_integer().not_null().default(1).take();
        manager.alter_table(Table::alter().table("activity").add_column(count).take()).await
    }
}
