//! Queries that end consent links, and erase links that ended long ago.

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType},
};

use super::{ConsentLink, ConsentLinkId, LinkEnd, OrganisationConsentLinks, not_ended, open_condition, row};
use crate::platform::{
    clock::Timestamp,
    database::{DatabaseError, Queries, Tx},
    id::UserId,
};

impl OrganisationConsentLinks {
    /// Reads a link, locked until the transaction ends.
    pub async fn lock(self, tx: &Tx, id: ConsentLinkId) -> Result<Option<ConsentLink>, DatabaseError> {
        let find = self.find().filter(row::Column::Id.eq(id.0)).lock(LockType::Update);
        Ok(find.one(tx.connection()).await?.map(ConsentLink::try_from).transpose()?)
    }

    /// Ends a link, if nothing has ended it yet.
    ///
    /// # Returns
    /// Whether this call has ended it.
    pub async fn end(
        self,
        tx: &Tx,
        id: ConsentLinkId,
        why: LinkEnd,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let ended = self
            .update()
            .filter(row::Column::Id.eq(id.0))
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
    ) -> Result<Vec<ConsentLink>, DatabaseError> {
        let rows = self
            .find()
            .filter(row::Column::MadeBy.eq(user.0))
            .filter(open_condition(now))
            .order_by_asc(row::Column::CreatedAt)
            .order_by_asc(row::Column::Id)
            .lock(LockType::Update)
            .all(tx.connection())
            .await?;
        Ok(rows.into_iter().map(ConsentLink::try_from).collect::<Result<_, _>>()?)
    }

    /// Ends all open links of the organisation.
    ///
    /// # Returns
    /// Number of ended links.
    pub async fn end_all(self, tx: &Tx, why: LinkEnd, now: Timestamp) -> Result<u64, DatabaseError> {
        let ended = self
            .update()
            .filter(open_condition(now))
            .col_expr(row::Column::RevokedAt, Expr::value(now.micros()))
            .col_expr(row::Column::RevokedWhy, Expr::value(<&'static str>::from(why)))
            .exec(tx.connection())
            .await?;
        Ok(ended.rows_affected)
    }

    /// At most `limit` links whose time was over at `since` and that nothing else has ended.
    pub async fn find_expired(
        self,
        on: &impl Queries,
        since: Timestamp,
        limit: u64,
    ) -> Result<Vec<ConsentLink>, DatabaseError> {
        let rows = self
            .find()
            .filter(not_ended())
            .filter(row::Column::ExpiresAt.lte(since.micros()))
            .order_by_asc(row::Column::CreatedAt)
            .limit(limit)
            .all(on.connection())
            .await?;
        Ok(rows.into_iter().map(ConsentLink::try_from).collect::<Result<_, _>>()?)
    }

    /// Erases links that ended at `since` or before. A link that expired and was proved later ended with the proof.
    pub async fn erase_ended(self, tx: &Tx, since: Timestamp) -> Result<(), DatabaseError> {
        let proved = row::Column::ApprovedAt.lte(since.micros());
        let revoked = row::Column::RevokedAt.lte(since.micros()).and(row::Column::ApprovedAt.is_null());
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(proved.or(revoked))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}
