//! Queries for the work of all organisations: the connectors and grants that are due, and leases. The index
//! `(connector_id, next_refresh_at)` has the grants of a connector by their due time, and a partial index has the few
//! grants with a lease. No query reads the whole table.

use sea_orm::{
    DatabaseBackend, QueryOrder, QueryResult, QuerySelect, Statement, Value,
    entity::prelude::*,
    sea_query::{Expr, LockBehavior, LockType},
};

use super::{StoredGrant, row};
use crate::{
    accounts::store::AccountId,
    connectors::service::ConnectorId,
    jobs::lease::{LeaseState, Owner},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

/// The times between which no grant is due.
#[derive(Clone, Copy, Debug)]
pub struct DueTimes {
    pub now: Timestamp,
    /// A due time after this one was written by a clock that was wrong, so its grant is due.
    pub last_credible: Timestamp,
}

/// A connector that has grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectorTurn {
    pub connector: ConnectorId,
    pub organisation: OrganisationId,
    /// Whether one of its grants is due.
    pub is_due: bool,
}

impl ConnectorTurn {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            connector: ConnectorId(row.try_get("", "connector_id")?),
            organisation: OrganisationId(row.try_get("", "organisation_id")?),
            is_due: row.try_get::<i32>("", "is_due")? == 1,
        })
    }
}

/// A grant with a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeasedGrant {
    pub account: AccountId,
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
    pub generation: i64,
    pub lease: LeaseState,
}

/// Walks over the connectors that have grants, in the order of their ids, beginning after `after`: at most `limit` of
/// them. It jumps along the index from one connector to the next.
pub async fn walk_connectors(
    on: &impl Queries,
    after: ConnectorId,
    DueTimes { now, last_credible }: DueTimes,
    limit: u32,
) -> Result<Vec<ConnectorTurn>, DatabaseError> {
    let backend = on.connection().get_database_backend();
    let times = [now.micros(), last_credible.micros(), limit.into()];
    let values = [Value::from(after.0)].into_iter().chain(times.map(Value::from));
    let statement = Statement::from_sql_and_values(backend, walk(backend), values);
    let rows = on.connection().query_all_raw(statement).await?;
    let mut turns: Vec<ConnectorTurn> = rows.iter().map(ConnectorTurn::read).collect::<Result<_, _>>()?;
    turns.sort_unstable_by_key(|turn| turn.connector);
    Ok(turns)
}

/// The statement of [`walk_connectors`]. Its parameters: the connector before the first one, now, the last credible
/// time, the number of connectors.
fn walk(backend: DatabaseBackend) -> String {
    let mark = if backend == DatabaseBackend::Postgres { '$' } else { '?' };
    // Each subquery ends at its first row. PostgreSQL might answer EXISTS with a list of all due grants.
    let statement = "WITH RECURSIVE turns (connector_id, step) AS ( \
           SELECT (SELECT f.connector_id FROM grants f WHERE f.connector_id > @1 ORDER BY f.connector_id LIMIT 1), 1 \
           UNION ALL \
           SELECT (SELECT f.connector_id FROM grants f WHERE f.connector_id > turns.connector_id \
                   ORDER BY f.connector_id LIMIT 1), turns.step + 1 \
           FROM turns WHERE turns.connector_id IS NOT NULL AND turns.step < @4 \
         ) \
         SELECT turns.connector_id AS connector_id, \
           (SELECT o.organisation_id FROM grants o WHERE o.connector_id = turns.connector_id \
            ORDER BY o.connector_id, o.next_refresh_at LIMIT 1) AS organisation_id, \
           CASE WHEN (SELECT 1 FROM grants d WHERE d.connector_id = turns.connector_id \
                      AND d.next_refresh_at <= @2 ORDER BY d.next_refresh_at LIMIT 1) IS NOT NULL \
                  OR (SELECT 1 FROM grants d WHERE d.connector_id = turns.connector_id \
                      AND d.next_refresh_at > @3 ORDER BY d.next_refresh_at LIMIT 1) IS NOT NULL \
                THEN 1 ELSE 0 END AS is_due \
         FROM turns WHERE turns.connector_id IS NOT NULL";
    statement.replace('@', &mark.to_string())
}

/// Locks at most `limit` grants of a connector that are due and have no lease, the longest due first. Skips those of
/// `closed` directories, and those that another transaction has locked.
pub async fn take_due(
    tx: &Tx,
    connector: ConnectorId,
    closed: &[&str],
    DueTimes { now, last_credible }: DueTimes,
    limit: u64,
) -> Result<Vec<StoredGrant>, DatabaseError> {
    let due = query_free(connector, closed).filter(row::Column::NextRefreshAt.lte(now.micros()));
    let mut rows = due.limit(limit).all(tx.connection()).await?;
    let left = limit.saturating_sub(rows.len() as u64);
    if left > 0 {
        let ahead = row::Column::NextRefreshAt.gt(last_credible.micros());
        rows.extend(query_free(connector, closed).filter(ahead).limit(left).all(tx.connection()).await?);
    }
    Ok(rows.into_iter().map(StoredGrant::from).collect())
}

/// The grants of a connector without a lease, by their due time, except those of `closed` directories.
fn query_free(connector: ConnectorId, closed: &[&str]) -> Select<row::Entity> {
    let free = row::Entity::find()
        .filter(row::Column::ConnectorId.eq(connector.0))
        .filter(row::Column::LeaseOwner.is_null())
        .order_by_asc(row::Column::NextRefreshAt)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    if closed.is_empty() {
        return free;
    }
    free.filter(row::Column::Directory.is_not_in(closed.iter().copied()))
}

/// At most `limit` grants that have a lease.
pub async fn find_leased(on: &impl Queries, limit: u64) -> Result<Vec<LeasedGrant>, DatabaseError> {
    type Row = (Uuid, Uuid, Uuid, i64, Option<Uuid>, i64);
    let rows: Vec<Row> = query_leased().limit(limit).into_tuple().all(on.connection()).await?;
    let leased =
        rows.into_iter().map(|(account, organisation, connector, generation, owner, counter)| LeasedGrant {
            account: AccountId(account),
            organisation: OrganisationId(organisation),
            connector: ConnectorId(connector),
            generation,
            lease: LeaseState { owner: owner.map(Owner), counter },
        });
    Ok(leased.collect())
}

fn query_leased() -> Select<row::Entity> {
    row::Entity::find()
        .select_only()
        .column(row::Column::AccountId)
        .column(row::Column::OrganisationId)
        .column(row::Column::ConnectorId)
        .column(row::Column::Generation)
        .column(row::Column::LeaseOwner)
        .column(row::Column::LeaseCounter)
        .filter(row::Column::LeaseOwner.is_not_null())
}

/// Ends every lease. Only for the one process that serves from a SQLite file: the processes that had them are dead.
pub async fn clear_leases(tx: &Tx) -> Result<u64, DatabaseError> {
    let cleared = row::Entity::update_many()
        .filter(row::Column::LeaseOwner.is_not_null())
        .col_expr(row::Column::LeaseOwner, Expr::value(None::<Uuid>))
        .exec(tx.connection())
        .await?;
    Ok(cleared.rows_affected)
}

#[cfg(test)]
mod tests;
