//! The table `cursors`: positions that are too long for a cursor itself.

use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*};

use super::erase_some;
use crate::{
    accounts::service::AccountId,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
        randomness::Hash,
    },
};

/// Maximum number of rows that make room for one new row. There is one more than allowed, except after an upgrade.
const MAX_MAKING_ROOM: u64 = 100;

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cursors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: Vec<u8>,
        pub organisation_id: Uuid,
        pub holder_id: Uuid,
        pub account_id: Uuid,
        pub position: Vec<u8>,
        pub created_at: i64,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A position under the hash of its name.
pub struct StoredCursor {
    pub token_hash: Hash,
    pub organisation: OrganisationId,
    /// The client or the user whose cursor it is.
    pub holder: Uuid,
    pub account: AccountId,
    /// The sealed position.
    pub position: Vec<u8>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

pub async fn add(tx: &Tx, cursor: StoredCursor) -> Result<(), DatabaseError> {
    let row = row::ActiveModel {
        token_hash: Set(cursor.token_hash.to_vec()),
        organisation_id: Set(cursor.organisation.0),
        holder_id: Set(cursor.holder),
        account_id: Set(cursor.account.0),
        position: Set(cursor.position),
        created_at: Set(cursor.created_at.micros()),
        expires_at: Set(cursor.expires_at.micros()),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The sealed position of a holder's cursor.
pub async fn find(
    on: &impl Queries,
    organisation: OrganisationId,
    holder: Uuid,
    token_hash: &Hash,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = row::Entity::find_by_id(token_hash.to_vec())
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::HolderId.eq(holder))
        .one(on.connection())
        .await?;
    Ok(row.map(|row| row.position))
}

/// Erases the oldest rows of a holder, so that at most `max` are left.
pub async fn erase_beyond(
    tx: &Tx,
    organisation: OrganisationId,
    holder: Uuid,
    max: u64,
) -> Result<(), DatabaseError> {
    let beyond = row::Entity::find()
        .select_only()
        .column(row::Column::TokenHash)
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::HolderId.eq(holder))
        .order_by_desc(row::Column::CreatedAt)
        .order_by_desc(row::Column::TokenHash)
        .offset(max)
        .limit(MAX_MAKING_ROOM)
        .into_query();
    row::Entity::delete_many()
        .filter(row::Column::TokenHash.in_subquery(beyond))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Erases at most `limit` rows that have expired.
///
/// # Returns
/// Number of erased rows.
pub async fn erase_expired(tx: &Tx, now: Timestamp, limit: u64) -> Result<u64, DatabaseError> {
    let expired = row::Entity::find().filter(row::Column::ExpiresAt.lte(now.micros()));
    erase_some(tx, expired, row::Column::TokenHash, limit).await
}
