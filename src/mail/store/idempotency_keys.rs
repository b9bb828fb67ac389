//! The table `idempotency_keys`: the results of calls that are done once under a key, other than sends.

use sea_orm::{ActiveValue::Set, QuerySelect, entity::prelude::*};

use super::erase_some;
use crate::{
    accounts::service::AccountId,
    identifier,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
        randomness::Hash,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub account_id: Uuid,
        pub holder_id: Uuid,
        pub identity_hash: Vec<u8>,
        pub result: Vec<u8>,
        pub created_at: i64,
        pub ended_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

identifier! {
    /// A call that is done once.
    KeptResultId
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct KeptResult {
    pub id: KeptResultId,
    pub organisation: OrganisationId,
    pub account: AccountId,
    /// The client or the user.
    pub holder: Uuid,
    /// The hash of what makes a later call a repeat of this one.
    pub identity: Hash,
    /// Sealed.
    pub result: Vec<u8>,
    pub created_at: Timestamp,
    /// `None` until the call has ended.
    pub ended_at: Option<Timestamp>,
}

impl TryFrom<row::Model> for KeptResult {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong = || DbErr::Type(format!("key {}: cannot read the column identity_hash", row.id));
        Ok(Self {
            id: KeptResultId(row.id),
            organisation: OrganisationId(row.organisation_id),
            account: AccountId(row.account_id),
            holder: row.holder_id,
            identity: Hash::from_stored(&row.identity_hash).ok_or_else(wrong)?,
            result: row.result,
            created_at: Timestamp::from_micros(row.created_at),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        })
    }
}

/// Adds a row. If another row has its identity, the error is a conflict.
pub async fn add(tx: &Tx, kept: KeptResult) -> Result<(), DatabaseError> {
    let row = row::ActiveModel {
        id: Set(kept.id.0),
        organisation_id: Set(kept.organisation.0),
        account_id: Set(kept.account.0),
        holder_id: Set(kept.holder),
        identity_hash: Set(kept.identity.to_vec()),
        result: Set(kept.result),
        created_at: Set(kept.created_at.micros()),
        ended_at: Set(kept.ended_at.map(Timestamp::micros)),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// The row of which a call with this identity is a repeat.
pub async fn find(
    on: &impl Queries,
    organisation: OrganisationId,
    identity: &Hash,
) -> Result<Option<KeptResult>, DatabaseError> {
    let row = row::Entity::find()
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::IdentityHash.eq(identity.to_vec()))
        .one(on.connection())
        .await?;
    Ok(row.map(KeptResult::try_from).transpose()?)
}

/// Number of rows of a client or user.
pub async fn count_of_holder(
    on: &impl Queries,
    organisation: OrganisationId,
    holder: Uuid,
) -> Result<u64, DatabaseError> {
    // Only what the index has.
    let rows = row::Entity::find()
        .select_only()
        .column(row::Column::HolderId)
        .filter(row::Column::OrganisationId.eq(organisation.0))
        .filter(row::Column::HolderId.eq(holder));
    Ok(rows.count(on.connection()).await?)
}

/// Stores the result of a call that has not ended yet.
///
/// # Returns
/// Whether it had not.
pub async fn end(
    tx: &Tx,
    id: KeptResultId,
    result: Vec<u8>,
    ended_at: Timestamp,
) -> Result<bool, DatabaseError> {
    let ended = row::Entity::update_many()
        .filter(row::Column::Id.eq(id.0))
        .filter(row::Column::EndedAt.is_null())
        .col_expr(row::Column::Result, Expr::value(result))
        .col_expr(row::Column::EndedAt, Expr::value(ended_at.micros()))
        .exec(tx.connection())
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Erases a row, so that the key may be used again.
pub async fn erase(tx: &Tx, id: KeptResultId) -> Result<(), DatabaseError> {
    row::Entity::delete_many().filter(row::Column::Id.eq(id.0)).exec(tx.connection()).await?;
    Ok(())
}

/// Erases at most `limit` rows of `until` and before.
///
/// # Returns
/// Number of erased rows.
pub async fn erase_old(tx: &Tx, until: Timestamp, limit: u64) -> Result<u64, DatabaseError> {
    let old = row::Entity::find().filter(row::Column::CreatedAt.lte(until.micros()));
    erase_some(tx, old, row::Column::Id, limit).await
}
