//! The table `throttles`.

use sea_orm::{
    ActiveValue::Set,
    QuerySelect, QueryTrait,
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

/// Counts one more of `key`, in the window that is open or in a new one: one statement, so that of several
/// at once each gets a count of its own.
///
/// # Returns
/// The count, this one included, and when the window began.
pub async fn count(
    tx: &Tx,
    key: Hash,
    now: Timestamp,
    window: Duration,
) -> Result<(i64, Timestamp), DatabaseError> {
    let stored = |column| Expr::col((row::Entity, column));
    let over = || stored(row::Column::WindowStartedAt).lte(now.minus(window).micros());
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

/// Takes one back.
pub async fn take_back(tx: &Tx, key: Hash) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .filter(row::Column::Key.eq(key.to_vec()))
        .filter(row::Column::Count.gt(0))
        .col_expr(row::Column::Count, Expr::col(row::Column::Count).sub(1))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Erases the windows that began at `started` or before. On PostgreSQL it passes over rows that somebody is
/// counting in at this moment: waiting for several of them, in whatever order it finds them, it could wait
/// for one who waits for it.
pub async fn sweep(tx: &Tx, started: Timestamp) -> Result<(), DatabaseError> {
    let over = row::Entity::find()
        .select_only()
        .column(row::Column::Key)
        .filter(row::Column::WindowStartedAt.lte(started.micros()))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    row::Entity::delete_many().filter(row::Column::Key.in_subquery(over)).exec(tx.connection()).await?;
    Ok(())
}
