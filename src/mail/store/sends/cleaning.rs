//! Rows that have ended while drafts of theirs may still be in the mailbox. The time at which one is cleaned up is also
//! the right to do so: a process moves it on before it begins, and only one process can.

use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};

use super::{SendId, StoredSend, row};
use crate::platform::{
    clock::{SKEW, Timestamp},
    database::{DatabaseError, Queries, Tx},
    id::OrganisationId,
};

/// A row that is to be cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueCleanUp {
    pub id: SendId,
    pub organisation: OrganisationId,
    pub clean_at: Timestamp,
}

/// At most `limit` rows that are due at `now`, the longest due first. Then those whose time a clock that was wrong has put
/// further ahead than `longest`.
pub async fn find_due(
    on: &impl Queries,
    now: Timestamp,
    longest: time::Duration,
    limit: u64,
) -> Result<Vec<DueCleanUp>, DatabaseError> {
    let mut due = read(on, query_due(now), limit).await?;
    let left = limit.saturating_sub(due.len() as u64);
    if left > 0 {
        due.extend(read(on, query_too_far_ahead(now, longest), left).await?);
    }
    Ok(due)
}

pub(super) fn query_due(now: Timestamp) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::CleanAt.lte(now.micros())).order_by_asc(row::Column::CleanAt)
}

pub(super) fn query_too_far_ahead(now: Timestamp, longest: time::Duration) -> Select<row::Entity> {
    let ahead = now.plus(SKEW).plus(longest);
    row::Entity::find().filter(row::Column::CleanAt.gt(ahead.micros())).order_by_asc(row::Column::CleanAt)
}

async fn read(
    on: &impl Queries,
    query: Select<row::Entity>,
    limit: u64,
) -> Result<Vec<DueCleanUp>, DatabaseError> {
    let rows = query
        .select_only()
        .column(row::Column::Id)
        .column(row::Column::OrganisationId)
        .column(row::Column::CleanAt)
        .limit(limit)
        .into_tuple::<(Uuid, Uuid, i64)>()
        .all(on.connection())
        .await?;
    let due = rows.into_iter().map(|(id, organisation, clean_at)| DueCleanUp {
        id: SendId(id),
        organisation: OrganisationId(organisation),
        clean_at: Timestamp::from_micros(clean_at),
    });
    Ok(due.collect())
}

/// Moves the time of a row on to `next`, with the number of its tries.
///
/// # Returns
/// Whether no other process has moved it on.
pub async fn put_off(tx: &Tx, due: DueCleanUp, tries: u32, next: Timestamp) -> Result<bool, DatabaseError> {
    let values = row::ActiveModel {
        tries: Set(tries.into()),
        clean_at: Set(Some(next.micros())),
        ..<row::ActiveModel as Default>::default()
    };
    let moved = row::Entity::update_many()
        .filter(row::Column::Id.eq(due.id.0))
        .filter(row::Column::CleanAt.eq(due.clean_at.micros()))
        .set(values)
        .exec(tx.connection())
        .await?;
    Ok(moved.rows_affected > 0)
}

/// Stores which drafts are left, and when the row is cleaned up again.
pub async fn store(tx: &Tx, send: &StoredSend) -> Result<(), DatabaseError> {
    let values = row::ActiveModel {
        draft_id: Set(send.draft.clone()),
        lost_drafts: Set(send.lost_drafts.into()),
        clean_at: Set(send.clean_at.map(Timestamp::micros)),
        ..<row::ActiveModel as Default>::default()
    };
    row::Entity::update_many()
        .filter(row::Column::Id.eq(send.id.0))
        .filter(row::Column::OrganisationId.eq(send.organisation.0))
        .set(values)
        .exec(tx.connection())
        .await?;
    Ok(())
}
