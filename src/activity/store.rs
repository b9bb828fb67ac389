//! The table `activity`.

use sea_orm::{ActiveValue::Set, entity::prelude::*};

use super::model::{Actor, Entry};
use crate::platform::{
    clock::Timestamp,
    database::{DatabaseError, Queries, Tx},
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "activity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub at: i64,
        pub user_id: Option<Uuid>,
        pub address: Option<String>,
        pub action: String,
        pub entity: String,
        pub entity_id: Option<Uuid>,
        pub outcome: String,
        pub detail: String,
        pub reference: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Adds an entry.
pub async fn add(tx: &Tx, id: Uuid, at: Timestamp, actor: Actor, entry: Entry) -> Result<(), DatabaseError> {
    let row = row::ActiveModel {
        id: Set(id),
        organisation_id: Set(actor.organisation.0),
        at: Set(at.micros()),
        user_id: Set(actor.user.map(|user| user.0)),
        address: Set(actor.address.map(|address| address.to_string())),
        action: Set(entry.action.name().to_owned()),
        entity: Set(entry.entity),
        entity_id: Set(Some(entry.entity_id)),
        outcome: Set(entry.outcome.to_owned()),
        detail: Set(entry.detail),
        reference: Set(actor.reference.map(|reference| reference.to_string())),
    };
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}
