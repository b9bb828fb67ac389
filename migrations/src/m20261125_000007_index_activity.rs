//! An index that finds the activity of one user without reading that of others.

use sea_orm_migration::prelude::*;

use crate::schema::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = ["organisation_id", "user_id", "at"];
        manager.create_index(index("activity_of_user", "activity", &columns)).await
    }
}
