//! The table `upload_chunks`: the encrypted bytes of uploads. On PostgreSQL it is beside the other tables. With SQLite it
//! is in a file of its own, which has its own writer. Rules are in `uploads`; transactions begin there.

use sea_orm::{ActiveValue::Set, DatabaseBackend, QueryOrder, QuerySelect, entity::prelude::*};

use crate::{
    mail::uploads::UploadId,
    platform::{
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "upload_chunks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub upload_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub organisation_id: Uuid,
        pub bytes: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table as SQLite's file of chunks has it. PostgreSQL's is made by a migration.
pub const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS upload_chunks (upload_id uuid_text NOT NULL, \
                                number integer NOT NULL, organisation_id uuid_text NOT NULL, bytes blob NOT NULL, \
                                PRIMARY KEY (upload_id, number))";

/// An encrypted chunk.
#[derive(Clone, Debug)]
pub struct StoredChunk {
    pub organisation: OrganisationId,
    pub upload: UploadId,
    /// From 0.
    pub number: u32,
    pub bytes: Vec<u8>,
}

/// Does not let the commit of this transaction wait for the disk. The transaction that marks the upload as whole waits
/// for its own, which comes later.
pub async fn do_not_wait_for_disk(tx: &Tx) -> Result<(), DatabaseError> {
    if tx.connection().get_database_backend() == DatabaseBackend::Postgres {
        tx.connection().execute_unprepared("SET LOCAL synchronous_commit = off").await?;
    }
    Ok(())
}

pub async fn add(tx: &Tx, chunk: StoredChunk) -> Result<(), DatabaseError> {
    let row = row::ActiveModel {
        upload_id: Set(chunk.upload.0),
        number: Set(i64::from(chunk.number)),
        organisation_id: Set(chunk.organisation.0),
        bytes: Set(chunk.bytes),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The bytes of a chunk.
pub async fn find(
    on: &impl Queries,
    upload: UploadId,
    number: u32,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = row::Entity::find_by_id((upload.0, i64::from(number))).one(on.connection()).await?;
    Ok(row.map(|row| row.bytes))
}

/// The number of chunks of an upload.
pub async fn count(on: &impl Queries, upload: UploadId) -> Result<usize, DatabaseError> {
    let numbers: Vec<i64> = row::Entity::find()
        .select_only()
        .column(row::Column::Number)
        .filter(row::Column::UploadId.eq(upload.0))
        .into_tuple()
        .all(on.connection())
        .await?;
    Ok(numbers.len())
}

/// Erases the chunks of uploads.
pub async fn erase(tx: &Tx, uploads: &[UploadId]) -> Result<(), DatabaseError> {
    row::Entity::delete_many()
        .filter(row::Column::UploadId.is_in(uploads.iter().map(|upload| upload.0)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// At most `limit` uploads that have chunks, after this one.
pub async fn uploads_after(
    on: &impl Queries,
    after: Option<UploadId>,
    limit: u64,
) -> Result<Vec<UploadId>, DatabaseError> {
    let mut rows = row::Entity::find().select_only().column(row::Column::UploadId).distinct();
    if let Some(after) = after {
        rows = rows.filter(row::Column::UploadId.gt(after.0));
    }
    let found: Vec<Uuid> =
        rows.order_by_asc(row::Column::UploadId).limit(limit).into_tuple().all(on.connection()).await?;
    Ok(found.into_iter().map(UploadId).collect())
}

/// Gives at most this many free pages of SQLite's file of chunks back to the file system.
pub async fn give_back_pages(tx: &Tx, pages: u32) -> Result<(), DatabaseError> {
    tx.connection().execute_unprepared(&format!("PRAGMA incremental_vacuum({pages})")).await?;
    Ok(())
}
