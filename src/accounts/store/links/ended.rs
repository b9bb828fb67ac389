//! Queries that end links before they were used, and erase links that ended long ago.

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType},
};

use super::{Link, LinkEnd, LinkId, OrganisationLinks, not_ended, open_condition, row};
use crate::{
    accounts::store::{AccountId, pending_grants::waiting_links},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::UserId,
    },
};

impl OrganisationLinks {
    /// Ends a link, if nothing has ended it yet.
    ///
    /// # Returns
    /// Whether this call has ended it.
    pub async fn end(self, tx: &Tx, id: LinkId, why: LinkEnd, now: Timestamp) -> Result<bool, DatabaseError> {
        let ended = self
            .update(id)
            .filter(not_ended())
            .col_expr(row::Column::RevokedAt, Expr::value(now.micros()))
            .col_expr(row::Column::RevokedWhy, Expr::value(<&'static str>::from(why)))
            .exec(tx.connection())
            .await?;
        Ok(ended.rows_affected == 1)
    }

    /// The open links that a user has made, locked until the transaction ends.
    pub async fn lock_open_of(
        self,
        tx: &Tx,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<Link>, DatabaseError> {
        let rows = self
            .find()
            .filter(row::Column::MadeBy.eq(user.0))
            .filter(open_condition(now))
            .order_by_asc(row::Column::CreatedAt)
            .order_by_asc(row::Column::Id)
            .lock(LockType::Update)
            .all(tx.connection())
            .await?;
        Ok(rows.into_iter().map(Link::try_from).collect::<Result<_, _>>()?)
    }

    /// Ends all open links that a user has made.
    ///
    /// # Returns
    /// Number of ended links.
    pub async fn end_open_of(
        self,
        tx: &Tx,
        user: UserId,
        why: LinkEnd,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        let ended = row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::MadeBy.eq(user.0))
            .filter(open_condition(now))
            .col_expr(row::Column::RevokedAt, Expr::value(now.micros()))
            .col_expr(row::Column::RevokedWhy, Expr::value(<&'static str>::from(why)))
            .exec(tx.connection())
            .await?;
        Ok(ended.rows_affected)
    }

    /// Ends all open links that were made for an account.
    ///
    /// # Returns
    /// Number of ended links.
    pub async fn end_of_account(
        self,
        tx: &Tx,
        account: AccountId,
        why: LinkEnd,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        let ended = row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.eq(account.0))
            .filter(open_condition(now))
            .col_expr(row::Column::RevokedAt, Expr::value(now.micros()))
            .col_expr(row::Column::RevokedWhy, Expr::value(<&'static str>::from(why)))
            .exec(tx.connection())
            .await?;
        Ok(ended.rows_affected)
    }

    /// Ends all open links of the organisation.
    ///
    /// # Returns
    /// Number of ended links.
    pub async fn end_all(self, tx: &Tx, why: LinkEnd, now: Timestamp) -> Result<u64, DatabaseError> {
        let ended = row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(open_condition(now))
            .col_expr(row::Column::RevokedAt, Expr::value(now.micros()))
            .col_expr(row::Column::RevokedWhy, Expr::value(<&'static str>::from(why)))
            .exec(tx.connection())
            .await?;
        Ok(ended.rows_affected)
    }

    /// At most `limit` links whose time was over at `since` and that nothing else has ended. A link that waits for the
    /// confirmation of an application is left out.
    pub async fn find_expired(
        self,
        on: &impl Queries,
        since: Timestamp,
        limit: u64,
    ) -> Result<Vec<Link>, DatabaseError> {
        let rows = self
            .find()
            .filter(not_ended())
            .filter(row::Column::ExpiresAt.lte(since.micros()))
            .filter(row::Column::Id.not_in_subquery(waiting_links(self.0)))
            .order_by_asc(row::Column::CreatedAt)
            .limit(limit)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(Link::try_from).collect::<Result<_, _>>()?)
    }

    /// Erases links that ended at `since` or before.
    pub async fn erase_ended(self, tx: &Tx, since: Timestamp) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::UsedAt.lte(since.micros()).or(row::Column::RevokedAt.lte(since.micros())))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}
