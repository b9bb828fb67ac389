//! The table `provider_windows`, which only PostgreSQL has: how many units of its limit all processes have used of each
//! mailbox lately.

use sea_orm::ConnectionTrait;

use super::slots::{NOW, statement};
use crate::{
    accounts::service::AccountId,
    platform::database::{DatabaseError, Queries, Tx},
};

/// Number of rows that one transaction erases, so that each transaction is short.
pub const ERASED_AT_ONCE: u64 = 1_000;

/// The count of a mailbox, and the moment of the database's clock at which it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredWindow {
    /// The number of the window since 1970. How long a window is depends on the provider.
    pub number: i64,
    pub used: i64,
    /// The number of units in the window before.
    pub used_before: i64,
    /// Microseconds since 1970.
    pub now: i64,
}

/// Locks the count of a mailbox until the transaction ends. A mailbox without a count gets one.
pub async fn lock(tx: &Tx, account: AccountId) -> Result<StoredWindow, DatabaseError> {
    let insert = "INSERT INTO provider_windows (account_id, number, used, used_before) VALUES ($1, 0, 0, 0) \
                  ON CONFLICT (account_id) DO NOTHING";
    tx.connection().execute_raw(statement(insert.to_owned(), vec![account.0.into()])).await?;
    let select = format!(
        "SELECT number, used, used_before, {NOW} FROM provider_windows WHERE account_id = $1 FOR UPDATE"
    );
    let row = tx.connection().query_one_raw(statement(select, vec![account.0.into()])).await?;
    let Some(row) = row else { return Ok(StoredWindow::default()) };
    Ok(StoredWindow {
        number: row.try_get_by_index(0)?,
        used: row.try_get_by_index(1)?,
        used_before: row.try_get_by_index(2)?,
        now: row.try_get_by_index(3)?,
    })
}

/// Stores the count of a mailbox that is locked. It matters until this moment, in microseconds since 1970.
pub async fn put(tx: &Tx, account: AccountId, window: StoredWindow, until: i64) -> Result<(), DatabaseError> {
    let sql = "UPDATE provider_windows SET number = $2, used = $3, used_before = $4, until = $5 WHERE account_id = $1";
    let StoredWindow { number, used, used_before, .. } = window;
    let values = vec![account.0.into(), number.into(), used.into(), used_before.into(), until.into()];
    tx.connection().execute_raw(statement(sql.to_owned(), values)).await?;
    Ok(())
}

/// Erases at most [`ERASED_AT_ONCE`] counts that no longer matter.
///
/// # Returns
/// Number of erased counts.
pub async fn erase_old(tx: &Tx) -> Result<u64, DatabaseError> {
    let sql = format!(
        "DELETE FROM provider_windows WHERE account_id IN (SELECT account_id FROM provider_windows \
         WHERE until < {NOW} LIMIT {ERASED_AT_ONCE} FOR UPDATE SKIP LOCKED)"
    );
    let erased = tx.connection().execute_raw(statement(sql, Vec::new())).await?;
    Ok(erased.rows_affected())
}
