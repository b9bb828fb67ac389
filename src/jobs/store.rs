//! The table `jobs`.

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect, Select,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict},
};

use super::{
    lease::{LeaseState, Owner},
    model::{Job, JobId, Kind, Payload},
};
use crate::platform::{
    clock::{SKEW, Timestamp},
    database::{DatabaseError, Queries, Tx},
    id::OrganisationId,
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "jobs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub organisation_id: Option<Uuid>,
        pub key: Option<String>,
        pub payload: String,
        pub due_at: i64,
        pub attempts: i64,
        pub lease_owner: Option<Uuid>,
        pub lease_counter: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A job to be added.
pub struct NewJob {
    pub id: JobId,
    pub kind: &'static Kind,
    pub organisation: Option<OrganisationId>,
    pub key: Option<String>,
    pub payload: Payload,
    pub due_at: Timestamp,
}

/// A row of the table: a job with its lease.
#[derive(Clone, Debug)]
pub struct Stored {
    pub kind: String,
    pub lease: LeaseState,
    /// As it was before it is taken: without the attempt that then begins.
    pub job: Job,
}

impl From<row::Model> for Stored {
    fn from(row: row::Model) -> Self {
        Self {
            kind: row.kind,
            lease: LeaseState { owner: row.lease_owner.map(Owner), counter: row.lease_counter },
            job: Job {
                id: JobId(row.id),
                organisation: row.organisation_id.map(OrganisationId),
                payload: Payload(row.payload),
                attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            },
        }
    }
}

/// Adds a job, unless one of its kind has the same key.
///
/// # Returns
/// Whether it was added.
pub async fn add_job(tx: &Tx, new: NewJob) -> Result<bool, DatabaseError> {
    let row = row::ActiveModel {
        id: Set(new.id.0),
        kind: Set(new.kind.name.to_owned()),
        organisation_id: Set(new.organisation.map(|organisation| organisation.0)),
        key: Set(new.key),
        payload: Set(new.payload.0),
        due_at: Set(new.due_at.micros()),
        attempts: Set(0),
        lease_owner: Set(None),
        lease_counter: Set(0),
    };
    let same = OnConflict::columns([row::Column::Kind, row::Column::Key]).do_nothing().to_owned();
    match row::Entity::insert(row).on_conflict(same).exec_without_returning(tx.connection()).await {
        Ok(added) => Ok(added > 0),
        Err(DbErr::RecordNotInserted) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// At most `limit` jobs of these kinds that have an owner.
pub async fn find_leased_jobs(
    on: &impl Queries,
    kinds: &[&str],
    limit: u64,
) -> Result<Vec<Stored>, DatabaseError> {
    let rows = query_leased(kinds).limit(limit).all(on.connection()).await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

fn query_leased(kinds: &[&str]) -> Select<row::Entity> {
    // Not "IS NOT NULL", for which SQLite uses no index.
    row::Entity::find()
        .filter(row::Column::LeaseOwner.gt(Uuid::nil()))
        .filter(row::Column::Kind.is_in(kinds.iter().copied()))
        .order_by_asc(row::Column::LeaseOwner)
}

/// At most `limit` free jobs of a kind that are due at `now`, the longest due first. Those whose due time a clock that
/// was wrong has put too far ahead come after them.
pub async fn find_due_jobs(
    on: &impl Queries,
    kind: &Kind,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Stored>, DatabaseError> {
    let mut rows = query_due(kind, now).limit(limit).all(on.connection()).await?;
    let left = limit.saturating_sub(rows.len() as u64);
    if left > 0 {
        rows.extend(query_too_far_ahead(kind, now).limit(left).all(on.connection()).await?);
    }
    Ok(rows.into_iter().map(Stored::from).collect())
}

fn query_due(kind: &Kind, now: Timestamp) -> Select<row::Entity> {
    query_free(kind).filter(row::Column::DueAt.lte(now.micros()))
}

/// The same as [`Timestamp::is_credible`], of the moment at which the due time was set.
fn query_too_far_ahead(kind: &Kind, now: Timestamp) -> Select<row::Entity> {
    query_free(kind).filter(row::Column::DueAt.gt(now.plus(SKEW).plus(kind.longest_wait()).micros()))
}

fn query_free(kind: &Kind) -> Select<row::Entity> {
    row::Entity::find()
        .filter(row::Column::LeaseOwner.is_null())
        .filter(row::Column::Kind.eq(kind.name))
        // The whole index, although the first two are fixed: PostgreSQL would sort behind `IS NULL`.
        .order_by_asc(row::Column::LeaseOwner)
        .order_by_asc(row::Column::Kind)
        .order_by_asc(row::Column::DueAt)
}

/// Takes a job for `owner`, if its lease still is `before`, and counts the attempt. A job whose row is locked is not
/// taken: its owner lives, or its connection will end.
///
/// # Returns
/// Whether it was taken.
pub async fn take_job(tx: &Tx, id: JobId, before: LeaseState, owner: Owner) -> Result<bool, DatabaseError> {
    let unchanged = row::Entity::find_by_id(id.0).filter(row::Column::LeaseCounter.eq(before.counter));
    let unchanged = match before.owner {
        None => unchanged.filter(row::Column::LeaseOwner.is_null()),
        Some(owner) => unchanged.filter(row::Column::LeaseOwner.eq(owner.0)),
    };
    let locked =
        unchanged.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(tx.connection()).await?;
    if locked.is_none() {
        return Ok(false);
    }
    row::Entity::update_many()
        .filter(row::Column::Id.eq(id.0))
        .col_expr(row::Column::LeaseOwner, Expr::value(owner.0))
        .col_expr(row::Column::LeaseCounter, Expr::col(row::Column::LeaseCounter).add(1))
        .col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).add(1))
        .exec(tx.connection())
        .await?;
    Ok(true)
}

/// Renews a lease.
///
/// # Returns
/// Whether `owner` still had it.
pub async fn renew_lease(tx: &Tx, id: JobId, owner: Owner) -> Result<bool, DatabaseError> {
    let renewed = row::Entity::update_many()
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::LeaseOwner.eq(owner.0))
        .col_expr(row::Column::LeaseCounter, Expr::col(row::Column::LeaseCounter).add(1))
        .exec(tx.connection())
        .await?;
    Ok(renewed.rows_affected > 0)
}

/// Locks the row until the transaction ends, so that no one takes the job before.
///
/// # Returns
/// Whether `owner` still has the lease.
pub async fn lock_lease(tx: &Tx, id: JobId, owner: Owner) -> Result<bool, DatabaseError> {
    let held = row::Entity::find_by_id(id.0)
        .filter(row::Column::LeaseOwner.eq(owner.0))
        .lock(LockType::Update)
        .one(tx.connection())
        .await?;
    Ok(held.is_some())
}

/// The state of a job after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The job has succeeded, and its row is deleted.
    Gone,
    /// The job has succeeded, and runs again at this time.
    Again(Timestamp),
    /// The job has failed, and runs again at this time.
    Retry(Timestamp),
    /// The attempt does not count; the next one is at this time.
    PutBack(Timestamp),
}

/// Ends a lease.
///
/// # Returns
/// Whether `owner` still had it.
pub async fn end_lease(tx: &Tx, id: JobId, owner: Owner, next: Next) -> Result<bool, DatabaseError> {
    let due_at = match next {
        Next::Gone => {
            let erased = row::Entity::delete_many()
                .filter(row::Column::Id.eq(id.0))
                .filter(row::Column::LeaseOwner.eq(owner.0))
                .exec(tx.connection())
                .await?;
            return Ok(erased.rows_affected > 0);
        }
        Next::Again(at) | Next::Retry(at) | Next::PutBack(at) => at,
    };
    let attempts = match next {
        Next::Again(_) => Expr::value(0),
        Next::PutBack(_) => Expr::col(row::Column::Attempts).sub(1),
        _ => Expr::col(row::Column::Attempts),
    };
    let ended = row::Entity::update_many()
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::LeaseOwner.eq(owner.0))
        .col_expr(row::Column::LeaseOwner, Expr::value(None::<Uuid>))
        .col_expr(row::Column::DueAt, Expr::value(due_at.micros()))
        .col_expr(row::Column::Attempts, attempts)
        .exec(tx.connection())
        .await?;
    Ok(ended.rows_affected > 0)
}

#[cfg(test)]
mod tests;
