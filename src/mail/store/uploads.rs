//! The tables `uploads` and `upload_uses`: files that applications have uploaded, and the messages that need them. The
//! bytes are in the table `upload_chunks`. Rules are in `uploads`; transactions begin there.

use sea_orm::{
    ActiveValue::Set,
    Condition, DatabaseBackend, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType, OnConflict, Query, SelectStatement},
};
use time::Duration;

use super::{erase_some, schedules, sends};
use crate::{
    mail::uploads::{UploadId, UploadOwner},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{ApiClientId, OrganisationId},
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "uploads")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub client_id: Uuid,
        pub account_id: Uuid,
        pub details: Vec<u8>,
        /// The bytes that it counts in the space.
        pub counted: i64,
        /// NULL while it arrives, as the time at which it was whole.
        pub size: Option<i64>,
        pub whole_at: Option<i64>,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod use_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "upload_uses")]
    #[expect(clippy::struct_field_names, reason = "the names of the columns")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub upload_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub message_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An upload of which the first bytes are to come.
pub struct ArrivingUpload {
    pub id: UploadId,
    pub owner: UploadOwner,
    /// Its key, its name and its media type, sealed.
    pub details: Vec<u8>,
    /// The bytes that it counts in the space.
    pub counted: u64,
    pub expires_at: Timestamp,
}

/// An upload of which all bytes are stored.
pub struct WholeUpload {
    pub id: UploadId,
    pub size: u64,
    pub details: Vec<u8>,
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn loaded(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Has other transactions that count the space wait for the end of this one. SQLite has one writer anyway.
pub async fn lock_space(tx: &Tx) -> Result<(), DatabaseError> {
    if tx.connection().get_database_backend() == DatabaseBackend::Postgres {
        // The number is arbitrary, but must be the same in every process, and another one than that of migrations.
        tx.connection().execute_unprepared("SELECT pg_advisory_xact_lock(360360361)").await?;
    }
    Ok(())
}

/// The bytes that all uploads count in the space, or those of one API client.
pub async fn count_space(
    on: &impl Queries,
    client: Option<(OrganisationId, ApiClientId)>,
) -> Result<u64, DatabaseError> {
    // PostgreSQL's sum of integers is a decimal number.
    let sum = Expr::cust("CAST(COALESCE(SUM(counted), 0) AS BIGINT)");
    let mut rows = row::Entity::find().select_only().expr_as(sum, "counted");
    if let Some((organisation, client)) = client {
        rows = rows
            .filter(row::Column::OrganisationId.eq(organisation.0))
            .filter(row::Column::ClientId.eq(client.0));
    }
    let counted = rows.into_tuple::<i64>().one(on.connection()).await?;
    Ok(loaded(counted.unwrap_or_default()))
}

pub async fn add(tx: &Tx, upload: ArrivingUpload) -> Result<(), DatabaseError> {
    let ArrivingUpload { id, owner, details, counted, expires_at } = upload;
    let row = row::ActiveModel {
        id: Set(id.0),
        organisation_id: Set(owner.organisation.0),
        client_id: Set(owner.client.0),
        account_id: Set(owner.account.0),
        details: Set(details),
        counted: Set(stored(counted)),
        size: Set(None),
        whole_at: Set(None),
        expires_at: Set(expires_at.micros()),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Lets an upload that arrives count this much, and live until this time.
///
/// # Returns
/// Whether it is still there.
pub async fn extend(
    tx: &Tx,
    id: UploadId,
    counted: u64,
    expires_at: Timestamp,
) -> Result<bool, DatabaseError> {
    let extended = row::Entity::update_many()
        .col_expr(row::Column::Counted, Expr::value(stored(counted)))
        .col_expr(row::Column::ExpiresAt, Expr::value(expires_at.micros()))
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::Size.is_null())
        .exec(tx.connection())
        .await?;
    Ok(extended.rows_affected == 1)
}

/// Marks an upload as whole.
///
/// # Returns
/// Whether it is still there.
pub async fn finish(
    tx: &Tx,
    id: UploadId,
    size: u64,
    counted: u64,
    whole_at: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, DatabaseError> {
    let finished = row::Entity::update_many()
        .col_expr(row::Column::Size, Expr::value(stored(size)))
        .col_expr(row::Column::Counted, Expr::value(stored(counted)))
        .col_expr(row::Column::WholeAt, Expr::value(whole_at.micros()))
        .col_expr(row::Column::ExpiresAt, Expr::value(expires_at.micros()))
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::Size.is_null())
        .exec(tx.connection())
        .await?;
    Ok(finished.rows_affected == 1)
}

/// The row of a whole upload of this owner.
fn whole(owner: UploadOwner, id: UploadId) -> Select<row::Entity> {
    row::Entity::find_by_id(id.0)
        .filter(row::Column::OrganisationId.eq(owner.organisation.0))
        .filter(row::Column::ClientId.eq(owner.client.0))
        .filter(row::Column::AccountId.eq(owner.account.0))
        .filter(row::Column::Size.is_not_null())
}

/// The same, if it has not expired. One that a message needs does not expire: a clock that is ahead for a while must not
/// take its file from it.
fn usable(owner: UploadOwner, id: UploadId, now: Timestamp) -> Select<row::Entity> {
    let lives =
        Condition::any().add(row::Column::ExpiresAt.gt(now.micros())).add(Expr::exists(uses_of_row()));
    whole(owner, id).filter(lives)
}

/// The uses of an upload, for a condition about its row.
fn uses_of_row() -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(use_row::Entity)
        .and_where(
            Expr::col((use_row::Entity, use_row::Column::OrganisationId))
                .equals((row::Entity, row::Column::OrganisationId)),
        )
        .and_where(
            Expr::col((use_row::Entity, use_row::Column::UploadId)).equals((row::Entity, row::Column::Id)),
        )
        .to_owned()
}

/// Those of these uses that are of a message without an end. Others are of calls that were killed.
fn open_uses_of_row() -> SelectStatement {
    let message = || Expr::col((use_row::Entity, use_row::Column::MessageId));
    let is_open = Condition::any()
        .add(Expr::exists(sends::open::is_open(message())))
        .add(Expr::exists(schedules::is_open(message())));
    uses_of_row().cond_where(is_open).to_owned()
}

/// A whole upload that has not expired, or that a message needs.
pub async fn find(
    on: &impl Queries,
    owner: UploadOwner,
    id: UploadId,
    now: Timestamp,
) -> Result<Option<WholeUpload>, DatabaseError> {
    let row = usable(owner, id, now).one(on.connection()).await?;
    Ok(row.map(|row| WholeUpload {
        id: UploadId(row.id),
        size: loaded(row.size.unwrap_or_default()),
        details: row.details,
    }))
}

/// Locks a whole upload, which may have expired.
///
/// # Returns
/// Whether it is there.
pub async fn lock(tx: &Tx, owner: UploadOwner, id: UploadId) -> Result<bool, DatabaseError> {
    let row = whole(owner, id).lock(LockType::Update).one(tx.connection()).await?;
    Ok(row.is_some())
}

/// Notes that a message needs an upload, which lives at least until this time.
///
/// # Returns
/// Whether the owner has such an upload.
pub async fn keep(
    tx: &Tx,
    owner: UploadOwner,
    id: UploadId,
    message: Uuid,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let row = usable(owner, id, now).lock(LockType::Update).one(tx.connection()).await?;
    let Some(row) = row else { return Ok(false) };
    row::Entity::update_many()
        .col_expr(row::Column::ExpiresAt, Expr::value(Ord::max(row.expires_at, until.micros())))
        .filter(row::Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    let used = use_row::ActiveModel {
        organisation_id: Set(owner.organisation.0),
        upload_id: Set(id.0),
        message_id: Set(message),
    };
    let key = [use_row::Column::OrganisationId, use_row::Column::UploadId, use_row::Column::MessageId];
    let same = OnConflict::columns(key).do_nothing().to_owned();
    match use_row::Entity::insert(used).on_conflict(same).exec_without_returning(tx.connection()).await {
        Ok(_) | Err(DbErr::RecordNotInserted) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Locks the uploads that a message needs.
pub async fn lock_kept_for(
    tx: &Tx,
    organisation: OrganisationId,
    message: Uuid,
) -> Result<Vec<UploadId>, DatabaseError> {
    let used = use_row::Entity::find()
        .select_only()
        .column(use_row::Column::UploadId)
        .filter(use_row::Column::OrganisationId.eq(organisation.0))
        .filter(use_row::Column::MessageId.eq(message))
        .into_query();
    let rows = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::Id.in_subquery(used))
        .order_by_asc(row::Column::Id)
        .lock(LockType::Update)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| UploadId(row.id)).collect())
}

/// Notes that a message needs an upload no more.
pub async fn end_use(
    tx: &Tx,
    organisation: OrganisationId,
    id: UploadId,
    message: Uuid,
) -> Result<(), DatabaseError> {
    use_row::Entity::delete_many()
        .filter(use_row::Column::OrganisationId.eq(organisation.0))
        .filter(use_row::Column::UploadId.eq(id.0))
        .filter(use_row::Column::MessageId.eq(message))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Whether a message needs an upload.
pub async fn is_needed(tx: &Tx, organisation: OrganisationId, id: UploadId) -> Result<bool, DatabaseError> {
    let used = use_row::Entity::find()
        .filter(use_row::Column::OrganisationId.eq(organisation.0))
        .filter(use_row::Column::UploadId.eq(id.0))
        .limit(1)
        .one(tx.connection())
        .await?;
    Ok(used.is_some())
}

/// Lets an upload live as long as if no message had needed it.
pub async fn restore_expiry(
    tx: &Tx,
    organisation: OrganisationId,
    id: UploadId,
    life: Duration,
) -> Result<(), DatabaseError> {
    let life = i64::try_from(life.whole_microseconds()).unwrap_or(i64::MAX);
    row::Entity::update_many()
        .col_expr(row::Column::ExpiresAt, Expr::col(row::Column::WholeAt).add(life))
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::WholeAt.is_not_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Deletes an upload, whole or not. On PostgreSQL its chunks go with it.
pub async fn delete(tx: &Tx, organisation: OrganisationId, id: UploadId) -> Result<(), DatabaseError> {
    row::Entity::delete_many()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Erases at most `limit` uploads that have expired, and that no message without an end needs. A whole one has expired only
/// at `settled`, a time that has certainly come. One that arrives has done so at `now`: its process was killed. Also erases
/// those that would live past `latest` although nothing needs them: a clock that was ahead has written them.
///
/// # Returns
/// Number of erased uploads.
pub async fn erase_expired(
    tx: &Tx,
    now: Timestamp,
    settled: Option<Timestamp>,
    latest: Timestamp,
    limit: u64,
) -> Result<u64, DatabaseError> {
    let has_broken_off =
        Condition::all().add(row::Column::Size.is_null()).add(row::Column::ExpiresAt.lte(now.micros()));
    let is_of_clock_ahead = Condition::all()
        .add(row::Column::ExpiresAt.gt(latest.micros()))
        .add(Expr::exists(uses_of_row()).not());
    let is_over = settled.map(|settled| {
        Condition::all()
            .add(row::Column::ExpiresAt.lte(settled.micros()))
            .add(Expr::exists(open_uses_of_row()).not())
    });
    let has_expired = Condition::any().add(has_broken_off).add(is_of_clock_ahead).add_option(is_over);
    erase_some(tx, row::Entity::find().filter(has_expired), row::Column::Id, limit).await
}

/// Those of these uploads that are there, of any organisation.
pub async fn existing(on: &impl Queries, ids: &[UploadId]) -> Result<Vec<UploadId>, DatabaseError> {
    let found: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .into_tuple()
        .all(on.connection())
        .await?;
    Ok(found.into_iter().map(UploadId).collect())
}
