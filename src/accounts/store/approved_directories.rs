//! The table `approved_directories`: the directories of which a sign-in has proved that their administrator allowed a
//! connector's permissions.

use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*, sea_query::OnConflict,
};

use crate::{
    connectors::service::ConnectorId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "approved_directories")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub connector_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub directory: String,
        pub directory_name: String,
        pub client_id: String,
        pub approved_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A directory that allows the permissions of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedDirectory {
    /// The id of the directory.
    pub id: String,
    /// The name by which it was chosen for a link.
    pub name: String,
    /// When a sign-in proved it.
    pub approved_at: Timestamp,
}

/// The approved directories of one connector, as far as its application has not changed since.
#[derive(Clone, Copy, Debug)]
pub struct ApprovedDirectories<'a> {
    organisation: OrganisationId,
    connector: ConnectorId,
    client_id: &'a str,
}

impl<'a> ApprovedDirectories<'a> {
    /// The directories of a connector whose application has this client ID.
    pub const fn of(organisation: OrganisationId, connector: ConnectorId, client_id: &'a str) -> Self {
        Self { organisation, connector, client_id }
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.organisation.0))
            .filter(row::Column::ConnectorId.eq(self.connector.0))
            .filter(row::Column::ClientId.eq(self.client_id))
    }

    /// Adds a directory, or replaces what was known of it.
    pub async fn put(self, tx: &Tx, directory: &ApprovedDirectory) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            organisation_id: Set(self.organisation.0),
            connector_id: Set(self.connector.0),
            directory: Set(directory.id.clone()),
            directory_name: Set(directory.name.clone()),
            client_id: Set(self.client_id.to_owned()),
            approved_at: Set(directory.approved_at.micros()),
        };
        let replace = OnConflict::columns([
            row::Column::OrganisationId,
            row::Column::ConnectorId,
            row::Column::Directory,
        ])
        .update_columns([row::Column::DirectoryName, row::Column::ClientId, row::Column::ApprovedAt])
        .to_owned();
        row::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Number of directories, counted up to `at_most`.
    pub async fn count(self, on: &impl Queries, at_most: u64) -> Result<u64, DatabaseError> {
        let found: Vec<String> = self
            .find()
            .select_only()
            .column(row::Column::Directory)
            .limit(at_most)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(found.len() as u64)
    }

    /// Directories after the one with this id, by id.
    pub async fn list(
        self,
        on: &impl Queries,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<ApprovedDirectory>, DatabaseError> {
        let rows = self
            .find()
            .apply_if(after, |all, after| all.filter(row::Column::Directory.gt(after)))
            .order_by_asc(row::Column::Directory)
            .limit(limit)
            .all(on.connection())
            .await?;
        let read = |row: row::Model| ApprovedDirectory {
            id: row.directory,
            name: row.directory_name,
            approved_at: Timestamp::from_micros(row.approved_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
