//! The tables `api_clients` and `api_credentials`. `credentials` has the queries of the second one. The connectors and
//! accounts that clients reach are in the store of `accounts`.

mod credentials;

pub use credentials::Use;

use sea_orm::{
    ActiveValue::Set,
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType, OnConflict},
};

use super::model::{ApiClientId, Client, Network, ParsedClient};
use crate::{
    people::access::Scopes,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{OrganisationId, UserId},
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_clients")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub name: String,
        pub scopes: String,
        pub reach: String,
        pub networks: String,
        pub expires_at: Option<i64>,
        pub rate: i64,
        pub at_once: i64,
        pub created_at: i64,
        pub created_by: Option<Uuid>,
        pub revoked_at: Option<i64>,
        pub used_at: Option<i64>,
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl TryFrom<row::Model> for Client {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong =
            |column: &str| DbErr::Type(format!("API client {}: cannot read the column {column}", row.id));
        Ok(Self {
            id: ApiClientId(row.id),
            organisation: OrganisationId(row.organisation_id),
            scopes: row.scopes.parse::<Scopes>().map_err(|_| wrong("scopes"))?,
            reach: row.reach.parse().map_err(|_| wrong("reach"))?,
            // An unreadable network must not become "any address".
            networks: Network::parse_all(&row.networks).map_err(|_| wrong("networks"))?,
            rate: u32::try_from(row.rate).map_err(|_| wrong("rate"))?,
            at_once: u32::try_from(row.at_once).map_err(|_| wrong("at_once"))?,
            expires_at: row.expires_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_at),
            created_by: row.created_by.map(UserId),
            used_at: row.used_at.map(Timestamp::from_micros),
            version: row.version,
            name: row.name,
        })
    }
}

/// The API clients of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationClients(OrganisationId);

impl OrganisationClients {
    /// The API clients of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0))
    }

    fn update(self, id: ApiClientId) -> sea_orm::UpdateMany<row::Entity> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
    }

    /// At most `limit` clients, oldest first.
    pub async fn list(self, on: &impl Queries, limit: u64) -> Result<Vec<Client>, DatabaseError> {
        let rows = self.find().order_by_asc(row::Column::Id).limit(limit).all(on.connection()).await?;
        Ok(rows.into_iter().map(Client::try_from).collect::<Result<_, _>>()?)
    }

    /// The names of at most `limit` clients.
    pub async fn names(
        self,
        on: &impl Queries,
        limit: u64,
    ) -> Result<Vec<(ApiClientId, String)>, DatabaseError> {
        let names = self
            .find()
            .select_only()
            .columns([row::Column::Id, row::Column::Name])
            .order_by_asc(row::Column::Id)
            .limit(limit)
            .into_tuple::<(Uuid, String)>()
            .all(on.connection())
            .await?;
        Ok(names.into_iter().map(|(id, name)| (ApiClientId(id), name)).collect())
    }

    /// Number of clients.
    pub async fn count(self, on: &impl Queries) -> Result<u64, DatabaseError> {
        Ok(self.find().count(on.connection()).await?)
    }

    pub async fn get(self, on: &impl Queries, id: ApiClientId) -> Result<Option<Client>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        Ok(row.map(Client::try_from).transpose()?)
    }

    /// The same, locked until the transaction ends.
    pub async fn lock(self, tx: &Tx, id: ApiClientId) -> Result<Option<Client>, DatabaseError> {
        let find = self.find().filter(row::Column::Id.eq(id.0)).lock(LockType::Update);
        Ok(find.one(tx.connection()).await?.map(Client::try_from).transpose()?)
    }

    /// Adds a client.
    ///
    /// # Returns
    /// Whether no organisation has a client with this id yet.
    pub async fn add(
        self,
        tx: &Tx,
        id: ApiClientId,
        new: &ParsedClient,
        by: UserId,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let row = row::ActiveModel {
            id: Set(id.0),
            organisation_id: Set(self.0.0),
            name: Set(new.name.clone()),
            scopes: Set(new.scopes.to_string()),
            reach: Set(new.reach_kind().name().to_owned()),
            networks: Set(Network::join(&new.networks)),
            expires_at: Set(new.expires_at.map(Timestamp::micros)),
            rate: Set(i64::from(new.rate)),
            at_once: Set(i64::from(new.at_once)),
            created_at: Set(now.micros()),
            created_by: Set(Some(by.0)),
            revoked_at: Set(None),
            used_at: Set(None),
            version: Set(1),
        };
        let same = OnConflict::column(row::Column::Id).do_nothing().to_owned();
        match row::Entity::insert(row).on_conflict(same).exec_without_returning(tx.connection()).await {
            Ok(added) => Ok(added > 0),
            Err(DbErr::RecordNotInserted) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what was changed about a locked client.
    pub async fn change(self, tx: &Tx, id: ApiClientId, changed: &ParsedClient) -> Result<(), DatabaseError> {
        self.update(id)
            .col_expr(row::Column::Name, Expr::value(changed.name.as_str()))
            .col_expr(row::Column::Scopes, Expr::value(changed.scopes.to_string()))
            .col_expr(row::Column::Reach, Expr::value(changed.reach_kind().name()))
            .col_expr(row::Column::Networks, Expr::value(Network::join(&changed.networks)))
            .col_expr(row::Column::ExpiresAt, Expr::value(changed.expires_at.map(Timestamp::micros)))
            .col_expr(row::Column::Rate, Expr::value(i64::from(changed.rate)))
            .col_expr(row::Column::AtOnce, Expr::value(i64::from(changed.at_once)))
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(1))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Notes when everything of a locked client was revoked.
    pub async fn set_revoked(self, tx: &Tx, id: ApiClientId, now: Timestamp) -> Result<(), DatabaseError> {
        self.update(id)
            .col_expr(row::Column::RevokedAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Deletes a client with its credentials and what it reaches.
    pub async fn delete(self, tx: &Tx, id: ApiClientId) -> Result<(), DatabaseError> {
        row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
            .exec(tx.connection())
            .await?;
        Ok(())
    }
}
