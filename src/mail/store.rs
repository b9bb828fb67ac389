//! The queries of the tables with which processes share the limits of mailboxes, of long cursors, of jobs that empty
//! folders, and of what is done once. Rules are in `limits`, `paging`, `emptying` and `sending`; transactions begin there.

pub(super) mod chunks;
pub(super) mod cursors;
pub(super) mod idempotency_keys;
pub(super) mod mail_jobs;
pub(super) mod schedules;
pub(super) mod sends;
pub(super) mod slots;
pub(super) mod uploads;
pub(super) mod windows;

use sea_orm::{
    QuerySelect, QueryTrait, Select,
    entity::prelude::*,
    sea_query::{LockBehavior, LockType},
};

use crate::platform::database::{DatabaseError, Queries, Tx};

/// Erases at most `limit` of these rows. Those that another transaction has locked stay.
///
/// # Returns
/// Number of erased rows.
async fn erase_some<E: EntityTrait>(
    tx: &Tx,
    rows: Select<E>,
    key: E::Column,
    limit: u64,
) -> Result<u64, DatabaseError> {
    let keys = rows
        .select_only()
        .column(key)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let erased = E::delete_many().filter(key.in_subquery(keys)).exec(tx.connection()).await?;
    Ok(erased.rows_affected)
}
