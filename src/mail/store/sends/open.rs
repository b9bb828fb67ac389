//! Rows without an end: which ones wait, the lease under which a process works at one, and what it writes. Each write names
//! the owner of the lease, and changes nothing if another process has the lease since.

use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect, UpdateMany,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query, SelectStatement},
};

use super::{SendId, Stage, StoredSend, row};
use crate::{
    accounts::service::AccountId,
    jobs::lease::{LeaseState, Owner},
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

/// A row that a process may go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingSend {
    pub id: SendId,
    pub organisation: OrganisationId,
    pub account: AccountId,
    /// The client or the user.
    pub holder: Uuid,
    pub lease: LeaseState,
}

/// Whose rows are not wanted.
#[derive(Clone, Debug, Default)]
pub struct Without {
    pub accounts: Vec<AccountId>,
    /// Clients and users.
    pub holders: Vec<Uuid>,
}

impl Without {
    pub const fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.holders.is_empty()
    }
}

/// The end of a record.
pub struct SendEnd {
    pub stage: Stage,
    /// Sealed.
    pub answer: Vec<u8>,
    /// Whether a later call may still be a repeat of this one.
    pub keeps_identity: bool,
    /// When drafts that are left are deleted.
    pub clean_at: Option<Timestamp>,
    pub ended_at: Timestamp,
}

/// Number of rows of a holder that are not ended.
pub async fn count(
    on: &impl Queries,
    organisation: OrganisationId,
    holder: Uuid,
) -> Result<u64, DatabaseError> {
    let ids = query_of_holder(organisation, holder).select_only().column(row::Column::Id);
    Ok(ids.count(on.connection()).await?)
}

pub(super) fn query_of_holder(organisation: OrganisationId, holder: Uuid) -> Select<row::Entity> {
    row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::HolderId.eq(holder))
        .filter(row::Column::EndedAt.is_null())
}

/// The row with this id, if it has no end: for a condition about a row of another table.
pub fn is_open(id: Expr) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::Id)).eq(id))
        .and_where(Expr::col((row::Entity, row::Column::EndedAt)).is_null())
        .to_owned()
}

type WaitingColumns = (Uuid, Uuid, Uuid, Uuid, Option<Uuid>, i64);

async fn waiting(
    on: &impl Queries,
    query: Select<row::Entity>,
    limit: u64,
) -> Result<Vec<WaitingSend>, DatabaseError> {
    let rows = columns(query).limit(limit).into_tuple::<WaitingColumns>().all(on.connection()).await?;
    let waiting = rows.into_iter().map(|(id, organisation, account, holder, owner, counter)| WaitingSend {
        id: SendId(id),
        organisation: OrganisationId(organisation),
        account: AccountId(account),
        holder,
        lease: LeaseState { owner: owner.map(Owner), counter },
    });
    Ok(waiting.collect())
}

/// Without the sealed columns, which may be large.
fn columns(query: Select<row::Entity>) -> Select<row::Entity> {
    query
        .select_only()
        .column(row::Column::Id)
        .column(row::Column::OrganisationId)
        .column(row::Column::AccountId)
        .column(row::Column::HolderId)
        .column(row::Column::LeaseOwner)
        .column(row::Column::LeaseCounter)
}

/// At most `limit` rows without an owner that are due at `now`, the longest due first, of others than these. Then those
/// whose time a clock that was wrong has put further ahead than `longest`.
pub async fn find_due(
    on: &impl Queries,
    now: Timestamp,
    longest: time::Duration,
    without: &Without,
    limit: u64,
) -> Result<Vec<WaitingSend>, DatabaseError> {
    let mut due = waiting(on, query_due(now, without), limit).await?;
    let left = limit.saturating_sub(due.len() as u64);
    if left > 0 {
        due.extend(waiting(on, query_too_far_ahead(now, longest, without), left).await?);
    }
    Ok(due)
}

pub(super) fn query_due(now: Timestamp, without: &Without) -> Select<row::Entity> {
    query_in_order(without).filter(row::Column::NextAt.lte(now.micros()))
}

pub(super) fn query_too_far_ahead(
    now: Timestamp,
    longest: time::Duration,
    without: &Without,
) -> Select<row::Entity> {
    query_in_order(without).filter(row::Column::NextAt.gt(now.plus(SKEW).plus(longest).micros()))
}

/// Whether a row of this account is due.
pub async fn is_due(on: &impl Queries, now: Timestamp, account: AccountId) -> Result<bool, DatabaseError> {
    let of_account = query_due(now, &Without::default()).filter(row::Column::AccountId.eq(account.0));
    Ok(!waiting(on, of_account, 1).await?.is_empty())
}

fn query_in_order(without: &Without) -> Select<row::Entity> {
    let mut query = row::Entity::find().order_by_asc(row::Column::NextAt);
    if !without.accounts.is_empty() {
        let accounts = without.accounts.iter().map(|account| account.0);
        query = query.filter(row::Column::AccountId.is_not_in(accounts));
    }
    if !without.holders.is_empty() {
        query = query.filter(row::Column::HolderId.is_not_in(without.holders.iter().copied()));
    }
    query
}

/// At most `limit` rows that have an owner.
pub async fn find_leased(on: &impl Queries, limit: u64) -> Result<Vec<WaitingSend>, DatabaseError> {
    waiting(on, query_leased(), limit).await
}

pub(super) fn query_leased() -> Select<row::Entity> {
    // Not "IS NOT NULL", for which SQLite uses no index.
    row::Entity::find().filter(row::Column::LeaseOwner.gt(Uuid::nil())).order_by_asc(row::Column::LeaseOwner)
}

/// Takes a row for `owner`, if its lease still is `before`. A row that is locked is not taken: its owner lives, or its
/// connection will end.
///
/// # Returns
/// Whether it was taken.
pub async fn take(tx: &Tx, id: SendId, before: LeaseState, owner: Owner) -> Result<bool, DatabaseError> {
    let is_owned = match before.owner {
        None => Condition::all().add(row::Column::LeaseOwner.is_null()),
        Some(owner) => Condition::all().add(row::Column::LeaseOwner.eq(owner.0)),
    };
    let unchanged = row::Entity::find_by_id(id.0)
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::LeaseCounter.eq(before.counter))
        .filter(row::Column::EndedAt.is_null())
        .filter(is_owned)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple::<Uuid>();
    if unchanged.one(tx.connection()).await?.is_none() {
        return Ok(false);
    }
    row::Entity::update_many()
        .filter(row::Column::Id.eq(id.0))
        .col_expr(row::Column::LeaseOwner, Expr::value(owner.0))
        .col_expr(row::Column::LeaseCounter, Expr::col(row::Column::LeaseCounter).add(1))
        .col_expr(row::Column::NextAt, Expr::value(None::<i64>))
        .exec(tx.connection())
        .await?;
    Ok(true)
}

/// A write of the owner, which renews its lease.
fn owned(send: &StoredSend, owner: Owner) -> UpdateMany<row::Entity> {
    owned_row(send.organisation, send.id, owner)
}

fn owned_row(organisation: OrganisationId, id: SendId, owner: Owner) -> UpdateMany<row::Entity> {
    row::Entity::update_many()
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::LeaseOwner.eq(owner.0))
        .col_expr(row::Column::LeaseCounter, Expr::col(row::Column::LeaseCounter).add(1))
}

/// Renews a lease.
///
/// # Returns
/// Whether `owner` still had it.
pub async fn renew(
    tx: &Tx,
    organisation: OrganisationId,
    id: SendId,
    owner: Owner,
) -> Result<bool, DatabaseError> {
    Ok(owned_row(organisation, id, owner).exec(tx.connection()).await?.rows_affected > 0)
}

/// Stores how far the record is: its stage, its draft, the files that the draft has, the drafts that were
/// lost, its doubts and its tries, and when it was begun.
///
/// # Returns
/// Whether `owner` still had the lease.
pub async fn advance(tx: &Tx, send: &StoredSend, owner: Owner) -> Result<bool, DatabaseError> {
    let values = row::ActiveModel {
        state: Set(send.stage.name().to_owned()),
        draft_id: Set(send.draft.clone()),
        attached: Set(send.attached.into()),
        doubts: Set(send.doubts.into()),
        lost_drafts: Set(send.lost_drafts.into()),
        tries: Set(send.tries.into()),
        begun_at: Set(send.begun_at.map(Timestamp::micros)),
        ..<row::ActiveModel as Default>::default()
    };
    Ok(owned(send, owner).set(values).exec(tx.connection()).await?.rows_affected > 0)
}

/// Ends the lease, and has a process go on with the record at this time.
///
/// # Returns
/// Whether `owner` still had it.
pub async fn release(
    tx: &Tx,
    send: &StoredSend,
    owner: Owner,
    next_at: Timestamp,
) -> Result<bool, DatabaseError> {
    let values = row::ActiveModel {
        lease_owner: Set(None),
        next_at: Set(Some(next_at.micros())),
        tries: Set(send.tries.into()),
        begun_at: Set(send.begun_at.map(Timestamp::micros)),
        doubts: Set(send.doubts.into()),
        ..<row::ActiveModel as Default>::default()
    };
    Ok(owned(send, owner).set(values).exec(tx.connection()).await?.rows_affected > 0)
}

/// Ends the record with its lease, and erases its request. `send` has the drafts that are left.
///
/// # Returns
/// Whether `owner` still had the lease.
pub async fn end(tx: &Tx, send: &StoredSend, owner: Owner, end: SendEnd) -> Result<bool, DatabaseError> {
    let mut values = row::ActiveModel {
        state: Set(end.stage.name().to_owned()),
        draft_id: Set(send.draft.clone()),
        doubts: Set(send.doubts.into()),
        tries: Set(0),
        lost_drafts: Set(send.lost_drafts.into()),
        clean_at: Set(end.clean_at.map(Timestamp::micros)),
        request: Set(None),
        answer: Set(Some(end.answer)),
        lease_owner: Set(None),
        next_at: Set(None),
        ended_at: Set(Some(end.ended_at.micros())),
        ..<row::ActiveModel as Default>::default()
    };
    if !end.keeps_identity {
        values.identity_hash = Set(None);
    }
    Ok(owned(send, owner).set(values).exec(tx.connection()).await?.rows_affected > 0)
}
