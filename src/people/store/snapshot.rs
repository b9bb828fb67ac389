//! A user's identity and rights, read in one query with the row of another table that references the user.

use sea_orm::{
    DerivePartialModel, FromQueryResult, IdentityOf, JoinType, PartialModelTrait, QuerySelect,
    entity::prelude::*,
};
use serde::{Deserialize, Serialize};

use super::{organisations, user};

/// Prefix of the snapshot's columns in the joined row.
const PREFIX: &str = "standing_";

/// A user and their organisation, as stored at one moment.
#[derive(Clone, Debug, Serialize, Deserialize, DerivePartialModel)]
#[sea_orm(entity = "user::Entity")]
pub struct UserSnapshot {
    pub(in crate::people) id: Uuid,
    pub(in crate::people) organisation_id: Uuid,
    pub(in crate::people) email: String,
    pub(in crate::people) name: String,
    pub(in crate::people) role: String,
    pub(in crate::people) disabled_at: Option<i64>,
    pub(in crate::people) totp_since: Option<i64>,
    pub(in crate::people) version: i64,
    #[sea_orm(nested)]
    pub(in crate::people) organisation: OrganisationSnapshot,
}

/// The organisation's part of a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize, DerivePartialModel)]
#[sea_orm(entity = "organisations::row::Entity")]
pub struct OrganisationSnapshot {
    pub(in crate::people) name: String,
    pub(in crate::people) second_factor_required: bool,
}

impl UserSnapshot {
    /// The snapshot in a row of [`with_user_snapshot`]; `None` if the row references no user, or one who is gone.
    pub fn of_row(row: &QueryResult) -> Result<Option<Self>, DbErr> {
        // Not `from_query_result_optional`, which turns every error into `None`.
        Option::<Self>::from_query_result(row, PREFIX)
    }
}

/// Joins another table's rows with the snapshot of the user whom these columns reference: one query instead
/// of two.
pub fn with_user_snapshot<E: EntityTrait>(rows: Select<E>, user: impl IdentityOf<E>) -> Select<E> {
    let to_user =
        E::belongs_to(user::Entity).from(user).to((user::Column::OrganisationId, user::Column::Id)).into();
    let joined =
        rows.join(JoinType::LeftJoin, to_user).join(JoinType::LeftJoin, user::Relation::Organisation.def());
    UserSnapshot::select_cols_nested(joined, Some(PREFIX), None)
}
