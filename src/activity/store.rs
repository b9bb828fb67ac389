//! The table `activity`.

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::model::{Action, ActivityFilter, ActivityPosition, Actor, By, Detail, Entry, Recorded};
use crate::platform::{
    clock::Timestamp,
    database::{DatabaseError, Queries, Tx},
    id::{ApiClientId, OrganisationId, UserId},
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
        pub request_id: Option<String>,
        pub count: i64,
        pub client_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub async fn add(tx: &Tx, id: Uuid, at: Timestamp, actor: Actor, entry: Entry) -> Result<(), DatabaseError> {
    let row = row_of(id, at, actor, entry, 1);
    row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Adds an entry that counts `count` events, or updates the count if the entry exists. It may exist after the
/// database's answer was lost.
pub async fn put(
    tx: &Tx,
    id: Uuid,
    at: Timestamp,
    actor: Actor,
    entry: Entry,
    count: i64,
) -> Result<(), DatabaseError> {
    let same = OnConflict::column(row::Column::Id).update_column(row::Column::Count).to_owned();
    let row = row_of(id, at, actor, entry, count);
    row::Entity::insert(row).on_conflict(same).exec_without_returning(tx.connection()).await?;
    Ok(())
}

/// Adds an entry, or one to the count of the entry that exists.
///
/// # Returns
/// The detail of the entry that existed.
pub async fn count(
    tx: &Tx,
    id: Uuid,
    at: Timestamp,
    actor: Actor,
    entry: Entry,
) -> Result<Option<Detail>, DatabaseError> {
    let action = entry.action;
    let counted = Expr::col((row::Entity, row::Column::Count)).add(1);
    let same = OnConflict::column(row::Column::Id).value(row::Column::Count, counted).to_owned();
    let row = row::Entity::insert(row_of(id, at, actor, entry, 1))
        .on_conflict(same)
        .exec_with_returning(tx.connection())
        .await?;
    Ok((row.count > 1).then(|| Detail::from_column(Some(action), row.detail)))
}

/// Replaces the detail of an entry.
pub async fn set_detail(tx: &Tx, id: Uuid, detail: &Detail) -> Result<(), DatabaseError> {
    row::Entity::update_many()
        .filter(row::Column::Id.eq(id))
        .col_expr(row::Column::Detail, Expr::value(detail.to_column()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn row_of(id: Uuid, at: Timestamp, actor: Actor, entry: Entry, count: i64) -> row::ActiveModel {
    row::ActiveModel {
        id: Set(id),
        organisation_id: Set(actor.organisation.0),
        at: Set(at.micros()),
        user_id: Set(actor.user.map(|user| user.0)),
        address: Set(actor.address.map(|address| address.to_string())),
        action: Set(entry.action.name().to_owned()),
        entity: Set(entry.entity),
        entity_id: Set(Some(entry.entity_id)),
        outcome: Set(entry.outcome.to_owned()),
        detail: Set(entry.detail.to_column()),
        request_id: Set(actor.request_id.map(|request_id| request_id.to_string())),
        count: Set(count),
        client_id: Set(actor.client.map(|client| client.0)),
    }
}

/// The activity of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationActivity(OrganisationId);

impl OrganisationActivity {
    /// The activity of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    /// The newest `limit` entries that pass the filter and are older than `before`.
    pub async fn list(
        self,
        on: &impl Queries,
        filter: ActivityFilter,
        before: Option<ActivityPosition>,
        limit: u64,
    ) -> Result<Vec<Recorded>, DatabaseError> {
        let mut query = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .order_by_desc(row::Column::At)
            .order_by_desc(row::Column::Id)
            .limit(limit);
        query = match filter.by {
            None => query,
            Some(By::User(user)) => query.filter(row::Column::UserId.eq(user.0)),
            Some(By::Client(client)) => query.filter(row::Column::ClientId.eq(client.0)),
            Some(By::NoUser) => {
                query.filter(row::Column::UserId.is_null()).filter(row::Column::ClientId.is_null())
            }
        };
        if let Some(group) = filter.group {
            query = query.filter(row::Column::Action.is_in(group.actions().map(Action::name)));
        }
        if let Some(about) = filter.about {
            query = query.filter(row::Column::EntityId.eq(about));
        }
        if let Some(before) = before {
            query = query.filter(before.rows_after(row::Column::At, row::Column::Id));
        }
        let rows = query.all(on.connection()).await?;
        Ok(rows.into_iter().map(Recorded::from).collect())
    }

    /// Whether there is an entry with the action, the thing and the detail of this one, written after `after` and not
    /// after `until`.
    pub async fn has_same(
        self,
        on: &impl Queries,
        entry: &Entry,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let same = row::Entity::find()
            .select_only()
            .column(row::Column::Id)
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::EntityId.eq(entry.entity_id))
            .filter(row::Column::At.gt(after.micros()))
            .filter(row::Column::At.lte(until.micros()))
            .filter(row::Column::Action.eq(entry.action.name()))
            .filter(row::Column::Detail.eq(entry.detail.to_column()))
            .limit(1)
            .into_tuple::<Uuid>();
        Ok(same.one(on.connection()).await?.is_some())
    }

    /// Erases entries of `since` and before.
    pub async fn erase_old_entries(self, tx: &Tx, since: Timestamp) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::At.lte(since.micros()))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}

impl From<row::Model> for Recorded {
    fn from(row: row::Model) -> Self {
        let action = Action::from_name(&row.action);
        Self {
            position: ActivityPosition { at: Timestamp::from_micros(row.at), id: row.id },
            by: match (row.user_id, row.client_id) {
                (Some(user), _) => By::User(UserId(user)),
                (None, Some(client)) => By::Client(ApiClientId(client)),
                (None, None) => By::NoUser,
            },
            address: row.address,
            action,
            entity: row.entity,
            outcome: row.outcome,
            detail: Detail::from_column(action, row.detail),
            request_id: row.request_id,
            count: row.count,
        }
    }
}
