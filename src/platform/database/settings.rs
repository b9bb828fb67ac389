//! Settings of the installation, by name. They belong to no organisation.

use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};

use super::{DatabaseError, Queries, Tx};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        pub value: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The value of one setting.
pub async fn get(on: &impl Queries, name: &str) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = row::Entity::find_by_id(name.to_owned()).one(on.connection()).await?;
    Ok(row.map(|row| row.value))
}

/// All settings whose name begins with `prefix`, each as the rest of its name and its value.
pub async fn list(on: &impl Queries, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, DatabaseError> {
    let rows = row::Entity::find().filter(row::Column::Name.starts_with(prefix)).all(on.connection()).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.name.strip_prefix(prefix)?.to_owned(), row.value)))
        .collect())
}

pub const TABLE: &str = "settings";

/// Adds a setting. If it exists, the existing value stays.
pub async fn put_new(tx: &Tx, name: &str, value: Vec<u8>) -> Result<(), DatabaseError> {
    let row = row::ActiveModel { name: Set(name.to_owned()), value: Set(value) };
    row::Entity::insert(row)
        .on_conflict_do_nothing_on([row::Column::Name])
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Sets a setting, replacing any earlier value.
pub async fn put(tx: &Tx, name: &str, value: Vec<u8>) -> Result<(), DatabaseError> {
    let row = row::ActiveModel { name: Set(name.to_owned()), value: Set(value) };
    row::Entity::insert(row)
        .on_conflict(OnConflict::column(row::Column::Name).update_column(row::Column::Value).to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Removes a setting if it exists.
pub async fn remove(tx: &Tx, name: &str) -> Result<(), DatabaseError> {
    row::Entity::delete_by_id(name.to_owned()).exec(tx.connection()).await?;
    Ok(())
}

/// Removes a setting if it still has this value. Only one of several concurrent calls returns `true`.
pub async fn remove_value(tx: &Tx, name: &str, value: &[u8]) -> Result<bool, DatabaseError> {
    let taken = row::Entity::delete_many()
        .filter(row::Column::Name.eq(name))
        .filter(row::Column::Value.eq(value))
        .exec(tx.connection())
        .await?;
    Ok(taken.rows_affected == 1)
}
