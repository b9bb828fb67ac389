//! The tables `provider_slots` and `provider_waits`, which only PostgreSQL has: which process uses which slot of a
//! mailbox, and which one waits. Times are those of the database's clock, so that the clocks of processes do not count.

use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::{
    accounts::service::AccountId,
    platform::database::{DatabaseError, Queries, Tx},
};

/// The present moment of the database's clock, in microseconds since 1970.
pub(super) const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
/// How long a slot belongs to a process after it was taken or renewed, in microseconds.
const LEASE: i64 = 15_000_000;
/// How long a process counts as waiting after it has said so, in microseconds.
const WAIT: i64 = 2_500_000;
/// Rows whose time ended this long ago are erased, in microseconds.
const OLD: i64 = 60_000_000;

pub(super) fn statement(sql: String, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, values)
}

fn list(slots: &[i64]) -> String {
    slots.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

async fn numbers(on: &impl ConnectionTrait, statement: Statement) -> Result<Vec<i64>, DbErr> {
    let rows = on.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index::<i64>(0)).collect()
}

/// The slots of a mailbox that other processes have.
pub async fn find_taken(
    on: &impl Queries,
    account: AccountId,
    owner: Uuid,
) -> Result<Vec<i64>, DatabaseError> {
    let sql =
        format!("SELECT slot FROM provider_slots WHERE account_id = $1 AND owner <> $2 AND until >= {NOW}");
    Ok(numbers(on.connection(), statement(sql, vec![account.0.into(), owner.into()])).await?)
}

/// Takes those of these slots that no other process has. The caller uses none of them: a row of its own is left from an
/// answer that was lost, or from slots that could not be given back.
///
/// # Returns
/// The slots that were taken.
pub async fn take(
    tx: &Tx,
    account: AccountId,
    owner: Uuid,
    slots: &[i64],
) -> Result<Vec<i64>, DatabaseError> {
    if slots.is_empty() {
        return Ok(Vec::new());
    }
    // In one order, so that two processes do not lock each other out.
    let rows: Vec<_> =
        slots.iter().map(|slot| format!("($1, {slot}::bigint, $2, {NOW} + {LEASE})")).collect();
    let sql = format!(
        "INSERT INTO provider_slots (account_id, slot, owner, until) VALUES {} ON CONFLICT (account_id, slot) \
         DO UPDATE SET owner = EXCLUDED.owner, until = EXCLUDED.until \
         WHERE provider_slots.until < {NOW} OR provider_slots.owner = EXCLUDED.owner RETURNING slot",
        rows.join(", ")
    );
    Ok(numbers(tx.connection(), statement(sql, vec![account.0.into(), owner.into()])).await?)
}

/// Says that a process waits for a slot of a mailbox.
pub async fn put_wait(tx: &Tx, account: AccountId, owner: Uuid) -> Result<(), DatabaseError> {
    let sql = format!(
        "INSERT INTO provider_waits (account_id, owner, until) VALUES ($1, $2, {NOW} + {WAIT}) \
         ON CONFLICT (account_id, owner) DO UPDATE SET until = EXCLUDED.until"
    );
    tx.connection().execute_raw(statement(sql, vec![account.0.into(), owner.into()])).await?;
    Ok(())
}

/// The mailboxes for which another process waits.
pub async fn find_waits(on: &impl Queries, owner: Uuid) -> Result<Vec<AccountId>, DatabaseError> {
    let sql = format!("SELECT DISTINCT account_id FROM provider_waits WHERE owner <> $1 AND until >= {NOW}");
    let rows = on.connection().query_all_raw(statement(sql, vec![owner.into()])).await?;
    let id = |row: &QueryResult| row.try_get_by_index::<Uuid>(0).map(AccountId);
    Ok(rows.iter().map(id).collect::<Result<_, _>>()?)
}

/// Renews these slots of a process.
///
/// # Returns
/// Those of them that it still has.
pub async fn renew(
    tx: &Tx,
    owner: Uuid,
    held: &[(AccountId, i64)],
) -> Result<Vec<(AccountId, i64)>, DatabaseError> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let accounts: Vec<_> = held.iter().map(|(account, _)| account.0.to_string()).collect();
    let slots: Vec<_> = held.iter().map(|(_, slot)| *slot).collect();
    let sql = format!(
        "UPDATE provider_slots SET until = {NOW} + {LEASE} \
         FROM unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ', ')::bigint[]) AS held (account_id, slot) \
         WHERE provider_slots.owner = $1 AND provider_slots.account_id = held.account_id \
         AND provider_slots.slot = held.slot RETURNING provider_slots.account_id, provider_slots.slot"
    );
    let values = vec![owner.into(), accounts.join(",").into(), list(&slots).into()];
    let rows = tx.connection().query_all_raw(statement(sql, values)).await?;
    let slot = |row: &QueryResult| {
        Ok::<_, DbErr>((AccountId(row.try_get_by_index(0)?), row.try_get_by_index::<i64>(1)?))
    };
    Ok(rows.iter().map(slot).collect::<Result<_, _>>()?)
}

/// Gives slots of a mailbox back.
pub async fn give_back(tx: &Tx, account: AccountId, owner: Uuid, slots: &[i64]) -> Result<(), DatabaseError> {
    if slots.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM provider_slots WHERE account_id = $1 AND owner = $2 AND slot IN ({})",
        list(slots)
    );
    tx.connection().execute_raw(statement(sql, vec![account.0.into(), owner.into()])).await?;
    Ok(())
}

/// Gives all slots of a process back.
pub async fn give_all_back(tx: &Tx, owner: Uuid) -> Result<(), DatabaseError> {
    for table in ["provider_slots", "provider_waits"] {
        let sql = format!("DELETE FROM {table} WHERE owner = $1");
        tx.connection().execute_raw(statement(sql, vec![owner.into()])).await?;
    }
    Ok(())
}

/// Erases what processes have left that ended without giving it back.
pub async fn erase_old(tx: &Tx) -> Result<(), DatabaseError> {
    for table in ["provider_slots", "provider_waits"] {
        let sql = format!("DELETE FROM {table} WHERE until < {NOW} - {OLD}");
        tx.connection().execute_raw(statement(sql, Vec::new())).await?;
    }
    Ok(())
}
