//! Queries that erase parts of attempts, or whole attempts, when their time is over.

use sea_orm::{Condition, ExprTrait, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Expr};

use super::{Attempts, row};
use crate::{
    connectors::service::ConnectorId,
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Queries, Tx},
    },
    sign_ins::model::{Purpose, VALID},
};

/// The condition of [`super::Attempt::is_in_time`] as a query.
pub(super) fn in_time_condition(now: Timestamp) -> Condition {
    let credible = now.plus(SKEW);
    Condition::all()
        .add(row::Column::CreatedAt.lte(credible.micros()))
        .add(row::Column::ExpiresAt.lte(credible.plus(VALID).micros()))
        .add(row::Column::ExpiresAt.gt(now.micros()))
}

impl Attempts {
    /// Erases verifiers of attempts that can no longer be consumed, and hashes of attempts that were started before
    /// `findable_since`. Deletes attempts that were started before `kept_since`.
    pub async fn erase_old_attempts(
        self,
        tx: &Tx,
        now: Timestamp,
        findable_since: Timestamp,
        kept_since: Timestamp,
    ) -> Result<(), DatabaseError> {
        let all = || row::Entity::update_many().filter(row::Column::OrganisationId.eq(self.0.0));
        all()
            .filter(row::Column::PkceVerifier.is_not_null())
            .filter(in_time_condition(now).not())
            .col_expr(row::Column::PkceVerifier, Expr::value(None::<Vec<u8>>))
            .exec(tx.connection())
            .await?;
        all()
            .filter(
                Condition::any()
                    .add(row::Column::StateHash.is_not_null())
                    .add(row::Column::BindingHash.is_not_null()),
            )
            .filter(row::Column::CreatedAt.lte(findable_since.micros()))
            .col_expr(row::Column::StateHash, Expr::value(None::<Vec<u8>>))
            .col_expr(row::Column::BindingHash, Expr::value(None::<Vec<u8>>))
            .exec(tx.connection())
            .await?;
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::CreatedAt.lte(kept_since.micros()))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Deletes all attempts that verified a connector but the latest `kept`.
    pub async fn trim(self, tx: &Tx, connector: ConnectorId, kept: u64) -> Result<(), DatabaseError> {
        let last = self
            .find()
            .filter(row::Column::ConnectorId.eq(connector.0))
            .filter(row::Column::Purpose.eq(Purpose::Verify.name()))
            .order_by_desc(row::Column::CreatedAt)
            .order_by_desc(row::Column::Id)
            .offset(kept)
            .limit(1)
            .one(tx.connection())
            .await?;
        if let Some(last) = last {
            row::Entity::delete_many()
                .filter(row::Column::OrganisationId.eq(self.0.0))
                .filter(row::Column::ConnectorId.eq(connector.0))
                .filter(row::Column::Purpose.eq(Purpose::Verify.name()))
                .filter(
                    // The id decides between attempts that were started at the same time.
                    row::Column::CreatedAt
                        .lt(last.created_at)
                        .or(row::Column::CreatedAt.eq(last.created_at).and(row::Column::Id.lte(last.id))),
                )
                .exec(tx.connection())
                .await?;
        }
        Ok(())
    }
}
