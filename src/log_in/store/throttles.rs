//! Queries of the table `throttles`.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    Condition, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict},
};
use time::Duration;

use crate::platform::{
    clock::Timestamp,
    database::{DatabaseError, Queries, Tx},
    randomness::Hash,
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "throttles")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: Vec<u8>,
        pub window_started_at: i64,
        pub count: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The allowed difference between the clocks of two machines that share a database. A window that begins
/// later than this from now was written by a wrong clock, and does not count.
const SKEW: Duration = Duration::minutes(1);

/// The counts of these keys with an open window, and the start of each window. It writes nothing.
pub async fn open_counts(
    on: &impl Queries,
    keys: &[Hash],
    now: Timestamp,
    window: Duration,
) -> Result<HashMap<Hash, (i64, Timestamp)>, DatabaseError> {
    let rows = row::Entity::find()
        .filter(row::Column::Key.is_in(keys.iter().map(|key| key.to_vec())))
        .filter(row::Column::WindowStartedAt.gt(now.minus(window).micros()))
        .filter(row::Column::WindowStartedAt.lte(now.plus(SKEW).micros()))
        .all(on.connection())
        .await?;
    let count = |row: row::Model| {
        let key = Hash::from_stored(&row.key)?;
        Some((key, (row.count, Timestamp::from_micros(row.window_started_at))))
    };
    Ok(rows.into_iter().filter_map(count).collect())
}

/// Adds one to the count of `key`, in the open window or in a new one. It is one statement, so that each
/// concurrent call gets a count of its own.
///
/// # Returns
/// The new count, and the start of its window.
pub async fn count(
    tx: &Tx,
    key: Hash,
    now: Timestamp,
    window: Duration,
) -> Result<(i64, Timestamp), DatabaseError> {
    let stored = |column| Expr::col((row::Entity, column));
    let over = || {
        let started = || stored(row::Column::WindowStartedAt);
        started().lte(now.minus(window).micros()).or(started().gt(now.plus(SKEW).micros()))
    };
    let first =
        row::ActiveModel { key: Set(key.to_vec()), window_started_at: Set(now.micros()), count: Set(1) };
    let counted = row::Entity::insert(first)
        .on_conflict(
            OnConflict::column(row::Column::Key)
                .value(row::Column::Count, Expr::case(over(), 1).finally(stored(row::Column::Count).add(1)))
                .value(
                    row::Column::WindowStartedAt,
                    Expr::case(over(), now.micros()).finally(stored(row::Column::WindowStartedAt)),
                )
                .to_owned(),
        )
        .exec_with_returning(tx.connection())
        .await?;
    Ok((counted.count, Timestamp::from_micros(counted.window_started_at)))
}

/// Subtracts one from the count of `key`.
pub async fn take_back(tx: &Tx, key: Hash) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .filter(row::Column::Key.eq(key.to_vec()))
        .filter(row::Column::Count.gt(0))
        .col_expr(row::Column::Count, Expr::col(row::Column::Count).sub(1))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Erases at most `limit` windows that began at `started` or before, or more than the allowed skew after
/// `now`. On PostgreSQL it skips rows locked by another transaction: waiting for several rows could deadlock.
///
/// # Returns
/// Number of erased windows.
pub async fn erase_old_windows(
    tx: &Tx,
    now: Timestamp,
    started: Timestamp,
    limit: u64,
) -> Result<u64, DatabaseError> {
    let over = row::Entity::find()
        .select_only()
        .column(row::Column::Key)
        .filter(
            Condition::any()
                .add(row::Column::WindowStartedAt.lte(started.micros()))
                .add(row::Column::WindowStartedAt.gt(now.plus(SKEW).micros())),
        )
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let erased =
        row::Entity::delete_many().filter(row::Column::Key.in_subquery(over)).exec(tx.connection()).await?;
    Ok(erased.rows_affected)
}
