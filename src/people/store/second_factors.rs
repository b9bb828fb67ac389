//! Queries of second factors: columns of `users`, and the table `recovery_codes`.

use sea_orm::{
    ActiveValue::Set,
    Condition, PaginatorTrait,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use super::{Users, user};
use crate::platform::{
    clock::Timestamp,
    database::{DatabaseError, Queries, Tx},
    id::{OrganisationId, UserId},
    randomness::Hash,
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_codes")]
    pub struct Model {
        pub organisation_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A user's second factor.
#[derive(Clone, Debug)]
pub struct SecondFactor {
    /// The sealed key.
    pub secret: Vec<u8>,
    /// The version to which the sealed key is bound.
    pub version: i64,
}

/// The second factors of one organisation's users.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactors(OrganisationId);

impl SecondFactors {
    /// The second factors of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    /// The active second factor of a user.
    pub async fn get(self, on: &impl Queries, user: UserId) -> Result<Option<SecondFactor>, DatabaseError> {
        let row = Users::of(self.0).find(user).one(on.connection()).await?;
        let working = row.filter(|row| row.totp_since.is_some());
        Ok(working.and_then(|row| {
            let version = row.totp_version;
            row.totp_secret.map(|secret| SecondFactor { secret, version })
        }))
    }

    /// The version to which the user's last sealed key was bound, even if that key has been deleted.
    pub async fn last_version(self, on: &impl Queries, user: UserId) -> Result<i64, DatabaseError> {
        let row = Users::of(self.0).find(user).one(on.connection()).await?;
        Ok(row.map_or(0, |row| row.totp_version))
    }

    /// Activates a second factor. Stores the time step of the code that proved it, so that the code does not work
    /// again.
    ///
    /// # Returns
    /// Whether the factor was activated. It is not if the user has an active one, or if `version` is not the last
    /// version plus one.
    pub async fn finish(
        self,
        tx: &Tx,
        user: UserId,
        SecondFactor { secret, version }: SecondFactor,
        step: i64,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let finished = Users::of(self.0)
            .update(user)
            .filter(user::Column::TotpSince.is_null())
            .filter(user::Column::TotpVersion.eq(version - 1))
            .col_expr(user::Column::TotpSecret, Expr::value(secret))
            .col_expr(user::Column::TotpVersion, Expr::value(version))
            .col_expr(user::Column::TotpSince, Expr::value(now.micros()))
            .col_expr(user::Column::TotpLastStep, Expr::value(step))
            .exec(tx.connection())
            .await?;
        Ok(finished.rows_affected == 1)
    }

    /// Marks the code of a time step as used (RFC 6238, 5.2: a code is accepted only once). A stored step after
    /// `latest_credible` does not count, because a clock that was ahead wrote it.
    ///
    /// # Returns
    /// Whether the code is accepted. It is not if this step or a later one was used before, or if the sealed key has
    /// changed.
    pub async fn use_step(
        self,
        tx: &Tx,
        user: UserId,
        secret: &[u8],
        step: i64,
        latest_credible: i64,
    ) -> Result<bool, DatabaseError> {
        let last = user::Column::TotpLastStep;
        let updated = Users::of(self.0)
            .update(user)
            .filter(user::Column::TotpSecret.eq(secret))
            .filter(last.lt(step).or(last.gt(latest_credible)))
            .col_expr(user::Column::TotpLastStep, Expr::value(step))
            .exec(tx.connection())
            .await?;
        Ok(updated.rows_affected == 1)
    }

    /// Removes a user's second factor and its recovery codes.
    ///
    /// # Returns
    /// Whether the user had a second factor.
    pub async fn remove(self, tx: &Tx, user: UserId) -> Result<bool, DatabaseError> {
        self.put_recovery_codes(tx, user, &[]).await?;
        let there = Condition::any()
            .add(user::Column::TotpSecret.is_not_null())
            .add(user::Column::TotpSince.is_not_null());
        let removed = Users::of(self.0)
            .update(user)
            .filter(there)
            .col_expr(user::Column::TotpSecret, Expr::value(None::<Vec<u8>>))
            .col_expr(user::Column::TotpSince, Expr::value(None::<i64>))
            .exec(tx.connection())
            .await?;
        Ok(removed.rows_affected == 1)
    }

    /// Replaces a user's recovery codes.
    pub async fn put_recovery_codes(
        self,
        tx: &Tx,
        user: UserId,
        codes: &[Hash],
    ) -> Result<(), DatabaseError> {
        self.codes(user).exec(tx.connection()).await?;
        let rows = codes.iter().map(|hash| row::ActiveModel {
            organisation_id: Set(self.0.0),
            user_id: Set(user.0),
            hash: Set(hash.to_vec()),
        });
        if !codes.is_empty() {
            row::Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
        }
        Ok(())
    }

    fn codes(self, user: UserId) -> sea_orm::DeleteMany<row::Entity> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::UserId.eq(user.0))
    }

    /// Deletes a recovery code that the user has typed, so that it does not work again.
    ///
    /// # Returns
    /// Whether the code existed.
    pub async fn use_recovery_code(self, tx: &Tx, user: UserId, code: Hash) -> Result<bool, DatabaseError> {
        let deleted =
            self.codes(user).filter(row::Column::Hash.eq(code.to_vec())).exec(tx.connection()).await?;
        Ok(deleted.rows_affected == 1)
    }

    /// Number of a user's unused recovery codes.
    pub async fn recovery_codes(self, on: &impl Queries, user: UserId) -> Result<u64, DatabaseError> {
        let codes = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::UserId.eq(user.0));
        Ok(codes.count(on.connection()).await?)
    }
}
