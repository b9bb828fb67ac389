//! Queries of the table `organisations`.

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

use super::Users;
use crate::{
    people::model::{OrganisationName, ShortName},
    platform::{
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "organisations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub second_factor_required: bool,
        pub short_name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug)]
pub struct Organisation {
    pub id: OrganisationId,
    /// Name on the screen.
    pub name: String,
    /// Whether every user must have a second factor.
    pub second_factor_required: bool,
    /// The short name that a user types at log-in.
    pub short_name: String,
}

impl From<row::Model> for Organisation {
    fn from(row: row::Model) -> Self {
        Self {
            id: OrganisationId(row.id),
            name: row.name,
            second_factor_required: row.second_factor_required,
            short_name: row.short_name,
        }
    }
}

/// All organisations, by name.
pub async fn organisations(on: &impl Queries) -> Result<Vec<Organisation>, DatabaseError> {
    let rows = row::Entity::find().order_by_asc(row::Column::Name).all(on.connection()).await?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}

/// At most two organisations: to know whether there are several.
pub async fn first_two_organisations(on: &impl Queries) -> Result<Vec<Organisation>, DatabaseError> {
    let rows = row::Entity::find().order_by_asc(row::Column::Id).limit(2).all(on.connection()).await?;
    Ok(rows.into_iter().map(Organisation::from).collect())
}

/// The organisation with this short name.
pub async fn organisation_by_short_name(
    on: &impl Queries,
    short_name: &ShortName,
) -> Result<Option<Organisation>, DatabaseError> {
    let found = row::Entity::find().filter(row::Column::ShortName.eq(short_name.as_str()));
    Ok(found.one(on.connection()).await?.map(Organisation::from))
}

/// Adds an organisation. A conflict means that the short name is taken.
pub async fn add_organisation(
    tx: &Tx,
    id: OrganisationId,
    name: &OrganisationName,
    short_name: &ShortName,
) -> Result<(), DatabaseError> {
    let row = row::ActiveModel {
        id: Set(id.0),
        name: Set(name.as_str().to_owned()),
        second_factor_required: Set(false),
        short_name: Set(short_name.as_str().to_owned()),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

impl Users {
    /// Sets whether every user must have a second factor.
    pub async fn require_second_factor(self, tx: &Tx, required: bool) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(row::Column::Id.eq(self.0.0))
            .col_expr(row::Column::SecondFactorRequired, Expr::value(required))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// The organisation as stored.
    pub async fn organisation(self, on: &impl Queries) -> Result<Option<Organisation>, DatabaseError> {
        let row = row::Entity::find_by_id(self.0.0).one(on.connection()).await?;
        Ok(row.map(Organisation::from))
    }

    /// Locks the roles of the organisation's users until the transaction ends; waits for another transaction
    /// that changes them. (SQLite has only one writer anyway.) Not `FOR UPDATE`: every insert of a row that
    /// references the organisation would wait for it.
    pub async fn lock_roles(self, tx: &Tx) -> Result<(), DatabaseError> {
        row::Entity::find_by_id(self.0.0).lock(LockType::NoKeyUpdate).one(tx.connection()).await?;
        Ok(())
    }
}
