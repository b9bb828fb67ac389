//! The table `schedules`: messages that are sent later. Rules are in `schedules`; transactions begin there.

mod due;

use sea_orm::{
    ActiveValue::Set,
    Condition, DatabaseBackend, Iterable, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement},
};

pub use self::due::{
    DueSchedule, Ending, Taken, Without, begin, claim, end, find_due, go_on_later, lock_taken, put_off,
};
use super::erase_some;
use crate::{
    accounts::service::AccountId,
    mail::{
        schedules::{ScheduleId, ScheduleState, WhyNotSent},
        uploads::UploadOwner,
    },
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{ApiClientId, OrganisationId},
        randomness::Hash,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "schedules")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub client_id: Uuid,
        pub account_id: Uuid,
        pub state: String,
        pub why: Option<String>,
        /// Sealed; NULL at the end.
        pub request: Option<Vec<u8>>,
        /// Sealed.
        pub shown: Vec<u8>,
        pub version: i64,
        pub key_hash: Option<Vec<u8>>,
        pub values_hash: Option<Vec<u8>>,
        pub attempt_id: Uuid,
        pub tries: i64,
        pub message_id: Option<String>,
        pub internet_message_id: Option<String>,
        pub due_at: i64,
        /// When to look at it again; NULL at the end.
        pub next_at: Option<i64>,
        pub created_at: i64,
        pub ended_at: Option<i64>,
        /// The bytes that it counts in the share of its client until its end.
        pub counted: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSchedule {
    pub id: ScheduleId,
    pub owner: UploadOwner,
    pub state: ScheduleState,
    /// Why it was not sent, or cannot be sent at present.
    pub why: Option<WhyNotSent>,
    /// The message, sealed. `None` once it has an end, and in what lists and looks have read: it is large.
    pub request: Option<Vec<u8>>,
    /// What a list shows of it, sealed.
    pub shown: Vec<u8>,
    /// The number that both are bound to.
    pub version: i64,
    /// The key of its call, and the values of the call, as hashes. `None` after another call was not taken for a repeat.
    pub key: Option<CallHashes>,
    /// Under which id it is sent, in each try.
    pub attempt: Uuid,
    /// How often it was looked at.
    pub tries: u32,
    pub message_id: Option<String>,
    pub internet_message_id: Option<String>,
    pub due_at: Timestamp,
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// What makes a later call a repeat of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallHashes {
    pub key: Hash,
    pub values: Hash,
}

impl TryFrom<row::Model> for StoredSchedule {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong =
            |column: &str| DbErr::Type(format!("schedule {}: cannot read the column {column}", row.id));
        let hash = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(Hash::from_stored);
        let why = row.why.as_deref().map(|why| why.parse().map_err(|_| wrong("why"))).transpose()?;
        Ok(Self {
            id: ScheduleId(row.id),
            owner: UploadOwner {
                organisation: OrganisationId(row.organisation_id),
                client: ApiClientId(row.client_id),
                account: AccountId(row.account_id),
            },
            state: row.state.parse().map_err(|_| wrong("state"))?,
            why,
            key: hash(&row.key_hash)
                .zip(hash(&row.values_hash))
                .map(|(key, values)| CallHashes { key, values }),
            request: row.request,
            shown: row.shown,
            version: row.version,
            attempt: row.attempt_id,
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            message_id: row.message_id,
            internet_message_id: row.internet_message_id,
            due_at: Timestamp::from_micros(row.due_at),
            next_at: row.next_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        })
    }
}

fn loaded(rows: Vec<row::Model>) -> Result<Vec<StoredSchedule>, DatabaseError> {
    Ok(rows.into_iter().map(StoredSchedule::try_from).collect::<Result<_, _>>()?)
}

/// The rows of a client for an account, without the messages themselves: a page of 200 would be 200 MB. SQLite has the
/// column `counted` behind them, and would read them for it.
fn of(owner: UploadOwner) -> Select<row::Entity> {
    row::Entity::find()
        .select_only()
        .columns(
            row::Column::iter()
                .filter(|column| !matches!(column, row::Column::Request | row::Column::Counted)),
        )
        .expr_as(Expr::value(None::<Vec<u8>>), "request")
        .expr_as(Expr::cust("CAST(0 AS BIGINT)"), "counted")
        .filter(row::Column::OrganisationId.eq(owner.organisation.0))
        .filter(row::Column::ClientId.eq(owner.client.0))
        .filter(row::Column::AccountId.eq(owner.account.0))
}

/// Has other transactions that count the messages of clients wait for the end of this one. SQLite has one writer anyway.
pub async fn lock_counts(tx: &Tx) -> Result<(), DatabaseError> {
    if tx.connection().get_database_backend() == DatabaseBackend::Postgres {
        // The number is arbitrary, but must be the same in every process, and another one than those of other locks.
        tx.connection().execute_unprepared("SELECT pg_advisory_xact_lock(360360362)").await?;
    }
    Ok(())
}

/// The states of messages that wait or are being sent.
fn open_states() -> [&'static str; 2] {
    [ScheduleState::Waiting, ScheduleState::Sending].map(ScheduleState::name)
}

/// The message with this id, if it has no end: for a condition about a row of another table.
pub fn is_open(id: Expr) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::Id)).eq(id))
        .and_where(Expr::col((row::Entity, row::Column::EndedAt)).is_null())
        .to_owned()
}

/// The bytes of the sealed values of a message, which its client has a share for.
fn bytes_of(schedule: &StoredSchedule) -> i64 {
    let request = schedule.request.as_deref().map_or(0, <[u8]>::len);
    i64::try_from(request.saturating_add(schedule.shown.len())).unwrap_or(i64::MAX)
}

/// The bytes of the messages of a client that wait or are being sent.
pub async fn count_bytes(
    on: &impl Queries,
    organisation: OrganisationId,
    client: ApiClientId,
) -> Result<u64, DatabaseError> {
    let bytes = query_bytes(organisation, client).into_tuple::<i64>().one(on.connection()).await?;
    Ok(u64::try_from(bytes.unwrap_or_default()).unwrap_or_default())
}

fn query_bytes(organisation: OrganisationId, client: ApiClientId) -> Select<row::Entity> {
    // PostgreSQL's sum of integers is a decimal number.
    row::Entity::find()
        .select_only()
        .expr_as(Expr::cust("CAST(COALESCE(SUM(counted), 0) AS BIGINT)"), "counted")
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::ClientId.eq(client.0))
        .filter(row::Column::State.is_in(open_states()))
}

/// The number of messages of a client that wait or are being sent, at most `max`.
pub async fn count_open(
    on: &impl Queries,
    organisation: OrganisationId,
    client: ApiClientId,
    max: u64,
) -> Result<u64, DatabaseError> {
    let rows: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::ClientId.eq(client.0))
        .filter(row::Column::State.is_in(open_states()))
        .limit(max)
        .into_tuple()
        .all(on.connection())
        .await?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

pub async fn add(tx: &Tx, schedule: StoredSchedule) -> Result<(), DatabaseError> {
    let counted = bytes_of(&schedule);
    let row = row::ActiveModel {
        id: Set(schedule.id.0),
        organisation_id: Set(schedule.owner.organisation.0),
        client_id: Set(schedule.owner.client.0),
        account_id: Set(schedule.owner.account.0),
        state: Set(schedule.state.name().to_owned()),
        why: Set(schedule.why.map(|why| why.name().to_owned())),
        request: Set(schedule.request),
        shown: Set(schedule.shown),
        version: Set(schedule.version),
        key_hash: Set(schedule.key.map(|hashes| hashes.key.to_vec())),
        values_hash: Set(schedule.key.map(|hashes| hashes.values.to_vec())),
        attempt_id: Set(schedule.attempt),
        tries: Set(i64::from(schedule.tries)),
        message_id: Set(schedule.message_id),
        internet_message_id: Set(schedule.internet_message_id),
        due_at: Set(schedule.due_at.micros()),
        next_at: Set(schedule.next_at.map(Timestamp::micros)),
        created_at: Set(schedule.created_at.micros()),
        ended_at: Set(schedule.ended_at.map(Timestamp::micros)),
        counted: Set(counted),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The message that was scheduled with this key.
pub async fn find_by_key(
    on: &impl Queries,
    owner: UploadOwner,
    key: &Hash,
) -> Result<Option<StoredSchedule>, DatabaseError> {
    let row = of(owner).filter(row::Column::KeyHash.eq(key.to_vec())).one(on.connection()).await?;
    Ok(row.map(StoredSchedule::try_from).transpose()?)
}

/// Lets a key be used again.
pub async fn forget_key(tx: &Tx, id: ScheduleId) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .col_expr(row::Column::KeyHash, Expr::value(None::<Vec<u8>>))
        .col_expr(row::Column::ValuesHash, Expr::value(None::<Vec<u8>>))
        .filter(row::Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Messages of a client for an account, the first due first.
pub async fn list(
    on: &impl Queries,
    owner: UploadOwner,
    state: Option<ScheduleState>,
    skip: u64,
    limit: u64,
) -> Result<Vec<StoredSchedule>, DatabaseError> {
    let rows = of(owner)
        .filter(Condition::all().add_option(state.map(|state| row::Column::State.eq(state.name()))))
        .order_by_asc(row::Column::DueAt)
        .order_by_asc(row::Column::Id)
        .offset(skip)
        .limit(limit)
        .all(on.connection())
        .await?;
    loaded(rows)
}

pub async fn find(
    on: &impl Queries,
    owner: UploadOwner,
    id: ScheduleId,
) -> Result<Option<StoredSchedule>, DatabaseError> {
    let row = of(owner).filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
    Ok(row.map(StoredSchedule::try_from).transpose()?)
}

/// Reads a message and locks it until the transaction ends.
pub async fn lock(
    tx: &Tx,
    owner: UploadOwner,
    id: ScheduleId,
) -> Result<Option<StoredSchedule>, DatabaseError> {
    let rows = of(owner).filter(row::Column::Id.eq(id.0)).lock(LockType::Update);
    Ok(rows.one(tx.connection()).await?.map(StoredSchedule::try_from).transpose()?)
}

pub async fn delete(tx: &Tx, id: ScheduleId) -> Result<(), DatabaseError> {
    row::Entity::delete_by_id(id.0).exec(tx.connection()).await?;
    Ok(())
}

/// Erases at most `limit` messages that ended before this time.
///
/// # Returns
/// Number of erased rows.
pub async fn erase_ended(tx: &Tx, before: Timestamp, limit: u64) -> Result<u64, DatabaseError> {
    let ended = row::Entity::find().filter(row::Column::EndedAt.lte(before.micros()));
    erase_some(tx, ended, row::Column::Id, limit).await
}

#[cfg(test)]
mod tests;
