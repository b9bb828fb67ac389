//! Queries of the table `device_cookies`.

use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::platform::{
    clock::{SKEW, Timestamp},
    database::{DatabaseError, Queries, Tx, Unscoped},
    id::{OrganisationId, UserId},
    randomness::Hash,
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "device_cookies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub organisation_id: Uuid,
        pub user_id: Uuid,
        pub created_at: i64,
        pub expires_at: i64,
        pub failures: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A device cookie as stored.
#[derive(Clone, Copy, Debug)]
pub struct StoredDevice {
    /// SHA-256 of the cookie's value.
    pub hash: Hash,
    /// The organisation of the user.
    pub organisation: OrganisationId,
    /// The user who completed a log-in in that browser.
    pub user: UserId,
    /// Time at which it was set.
    pub created_at: Timestamp,
    /// Time at which it expires.
    pub expires_at: Timestamp,
}

/// Adds a device cookie, and erases the user's oldest ones beyond `max`.
pub async fn add(tx: &Tx, device: StoredDevice, max: u64) -> Result<(), DatabaseError> {
    let of_user = || {
        Condition::all()
            .add(row::Column::OrganisationId.eq(device.organisation.0))
            .add(row::Column::UserId.eq(device.user.0))
    };
    let model = row::ActiveModel {
        hash: Set(device.hash.to_vec()),
        organisation_id: Set(device.organisation.0),
        user_id: Set(device.user.0),
        created_at: Set(device.created_at.micros()),
        expires_at: Set(device.expires_at.micros()),
        failures: Set(0),
    };
    row::Entity::insert(model).exec_without_returning(tx.connection()).await?;
    // Cookies from a clock that was ahead would displace valid ones for as long as that clock was ahead.
    let from_the_future = of_user().add(row::Column::CreatedAt.gt(device.created_at.plus(SKEW).micros()));
    row::Entity::delete_many().filter(from_the_future).exec(tx.connection()).await?;
    let surplus: Vec<Vec<u8>> = row::Entity::find()
        .select_only()
        .column(row::Column::Hash)
        .filter(of_user())
        // Keep the new one, even if several were set in the same microsecond.
        .filter(row::Column::Hash.ne(device.hash.to_vec()))
        .order_by_desc(row::Column::CreatedAt)
        .offset(max.saturating_sub(1))
        .limit(1_000)
        .into_tuple()
        .all(tx.connection())
        .await?;
    if !surplus.is_empty() {
        row::Entity::delete_many().filter(row::Column::Hash.is_in(surplus)).exec(tx.connection()).await?;
    }
    Ok(())
}

/// Erases a device cookie. A missing one is not an error.
pub async fn erase(tx: &Tx, hash: Hash) -> Result<(), DatabaseError> {
    row::Entity::delete_by_id(hash.to_vec()).exec(tx.connection()).await?;
    Ok(())
}

/// Counts a failure of the browser with this cookie, unless it has `max` failures already.
///
/// # Returns
/// Whether it was counted. Otherwise the cookie is void or missing.
pub async fn count_failure(tx: &Tx, hash: Hash, max: i64) -> Result<bool, DatabaseError> {
    let counted = row::Entity::update_many()
        .filter(row::Column::Hash.eq(hash.to_vec()))
        .filter(row::Column::Failures.lt(max))
        .col_expr(row::Column::Failures, Expr::col(row::Column::Failures).add(1))
        .exec(tx.connection())
        .await?;
    Ok(counted.rows_affected == 1)
}

/// Subtracts one failure.
pub async fn take_failure_back(tx: &Tx, hash: Hash) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .filter(row::Column::Hash.eq(hash.to_vec()))
        .filter(row::Column::Failures.gt(0))
        .col_expr(row::Column::Failures, Expr::col(row::Column::Failures).sub(1))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Erases all device cookies of a user.
pub async fn erase_all_of(tx: &Tx, organisation: OrganisationId, user: UserId) -> Result<(), DatabaseError> {
    row::Entity::delete_many()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::UserId.eq(user.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Erases all device cookies of an organisation.
pub async fn erase_all_within(tx: &Tx, organisation: OrganisationId) -> Result<(), DatabaseError> {
    row::Entity::delete_many()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Erases expired device cookies, and those from a clock that was ahead.
pub async fn erase_expired_devices(tx: &Tx, now: Timestamp) -> Result<(), DatabaseError> {
    let is_over = Condition::any()
        .add(row::Column::ExpiresAt.lte(now.micros()))
        .add(row::Column::CreatedAt.gt(now.plus(SKEW).micros()));
    row::Entity::delete_many().filter(is_over).exec(tx.connection()).await?;
    Ok(())
}

impl Unscoped {
    /// The device cookie with this hash, of any organisation.
    pub(in crate::log_in) async fn device_by_hash(
        self,
        on: &impl Queries,
        hash: Hash,
    ) -> Result<Option<StoredDevice>, DatabaseError> {
        let row = row::Entity::find_by_id(hash.to_vec()).one(on.connection()).await?;
        Ok(row.map(|row| StoredDevice {
            hash,
            organisation: OrganisationId(row.organisation_id),
            user: UserId(row.user_id),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
        }))
    }
}
