//! Who a user is and what they may do, read beside what names them.

use sea_orm::{
    DerivePartialModel, FromQueryResult, IdentityOf, JoinType, PartialModelTrait, QuerySelect,
    entity::prelude::*,
};
use serde::{Deserialize, Serialize};

use super::{organisations, user};

/// Before the names of its columns.
const PREFIX: &str = "standing_";

/// A user and the organisation, as the database had them at one moment.
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
    pub(in crate::people) organisation: Within,
}

/// The organisation's part of it.
#[derive(Clone, Debug, Serialize, Deserialize, DerivePartialModel)]
#[sea_orm(entity = "organisations::row::Entity")]
pub struct Within {
    pub(in crate::people) name: String,
    pub(in crate::people) second_factor_required: bool,
}

impl UserSnapshot {
    /// What it is in a row of [`beside`]; none where that row names nobody who is there.
    pub fn of_row(row: &QueryResult) -> Result<Option<Self>, DbErr> {
        // Not `from_query_result_optional`, to which every error is a none.
        Option::<Self>::from_query_result(row, PREFIX)
    }
}

/// Another feature's rows, with the standing of the user whom these columns name: one query in place of two.
pub fn beside<E: EntityTrait>(rows: Select<E>, user: impl IdentityOf<E>) -> Select<E> {
    let to_user =
        E::belongs_to(user::Entity).from(user).to((user::Column::OrganisationId, user::Column::Id)).into();
    let joined =
        rows.join(JoinType::LeftJoin, to_user).join(JoinType::LeftJoin, user::Relation::Organisation.def());
    UserSnapshot::select_cols_nested(joined, Some(PREFIX), None)
}
