//! The tables `api_client_connectors` and `api_client_accounts`: which connectors and accounts the API clients of an
//! organisation reach. The tables of the clients themselves are in the store of `clients`; of those, this reads what
//! decides about a sign-in with a client's link.

mod counts;

use sea_orm::{
    ActiveValue::Set,
    Condition, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{LockType, SelectStatement},
};

use super::{Account, AccountId, Accounts, row};
use crate::{
    connectors::service::ConnectorId,
    people::access::{Reach, Scopes},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{ApiClientId, OrganisationId},
    },
};

mod connector_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_client_connectors")]
    #[expect(clippy::struct_field_names, reason = "the names of the columns")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub client_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub connector_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod account_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_client_accounts")]
    #[expect(clippy::struct_field_names, reason = "the names of the columns")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub organisation_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub client_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod client_row {
    use sea_orm::entity::prelude::*;

    /// The columns of a client that decide about a sign-in with its link and about its scheduled messages, and its name.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_clients")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub name: String,
        pub scopes: String,
        pub reach: String,
        pub expires_at: Option<i64>,
        pub revoked_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The stored reach of a client that reaches every account.
const ALL: &str = "all";
const BY_CONNECTORS: &str = "connectors";
const BY_ACCOUNTS: &str = "connected";

/// What decides about a link of a client, and about a message that it has scheduled.
#[derive(Clone, Debug)]
pub struct LinkClient {
    /// None if they cannot be read.
    pub scopes: Scopes,
    /// Whether it reaches only some accounts.
    pub is_limited: bool,
    /// The client may do nothing from this time on.
    pub expires_at: Option<Timestamp>,
    /// When all its credentials were last revoked at once.
    pub revoked_at: Option<Timestamp>,
}

impl Accounts {
    /// The rows of these that are within the reach. They have the columns of an account.
    pub(super) fn reached<Q: QueryFilter>(self, rows: Q) -> Q {
        match self.1 {
            Reach::All => rows,
            Reach::OfConnectors(client) => {
                rows.filter(row::Column::ConnectorId.in_subquery(connectors_of(self.0, client)))
            }
            Reach::ConnectedBy(client) => {
                rows.filter(row::Column::Id.in_subquery(accounts_of(self.0, client)))
            }
        }
    }
}

fn connectors_of(organisation: OrganisationId, client: ApiClientId) -> SelectStatement {
    connector_row::Entity::find()
        .filter(connector_row::Column::OrganisationId.eq(organisation.0))
        .filter(connector_row::Column::ClientId.eq(client.0))
        .select_only()
        .column(connector_row::Column::ConnectorId)
        .into_query()
}

fn accounts_of(organisation: OrganisationId, client: ApiClientId) -> SelectStatement {
    account_row::Entity::find()
        .filter(account_row::Column::OrganisationId.eq(organisation.0))
        .filter(account_row::Column::ClientId.eq(client.0))
        .select_only()
        .column(account_row::Column::AccountId)
        .into_query()
}

/// What the API clients of one organisation reach.
#[derive(Clone, Copy, Debug)]
pub struct ClientReaches(OrganisationId);

impl ClientReaches {
    /// The reaches of this organisation's clients.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    /// The connectors that were chosen for a client, at most `limit`.
    pub async fn connectors(
        self,
        on: &impl Queries,
        client: ApiClientId,
        limit: u64,
    ) -> Result<Vec<ConnectorId>, DatabaseError> {
        let ids: Vec<Uuid> = connector_row::Entity::find()
            .filter(connector_row::Column::OrganisationId.eq(self.0.0))
            .filter(connector_row::Column::ClientId.eq(client.0))
            .select_only()
            .column(connector_row::Column::ConnectorId)
            .order_by_asc(connector_row::Column::ConnectorId)
            .limit(limit)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(ids.into_iter().map(ConnectorId).collect())
    }

    /// Chooses the connectors of a client in place of the earlier ones. A missing reference means that a connector is
    /// not there.
    pub async fn set_connectors(
        self,
        tx: &Tx,
        client: ApiClientId,
        connectors: &[ConnectorId],
    ) -> Result<(), DatabaseError> {
        connector_row::Entity::delete_many()
            .filter(connector_row::Column::OrganisationId.eq(self.0.0))
            .filter(connector_row::Column::ClientId.eq(client.0))
            .exec(tx.connection())
            .await?;
        if connectors.is_empty() {
            return Ok(());
        }
        let rows = connectors.iter().map(|connector| connector_row::ActiveModel {
            organisation_id: Set(self.0.0),
            client_id: Set(client.0),
            connector_id: Set(connector.0),
        });
        connector_row::Entity::insert_many(rows).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Whether a client may use a connector.
    pub async fn has_connector(
        self,
        on: &impl Queries,
        client: ApiClientId,
        connector: ConnectorId,
    ) -> Result<bool, DatabaseError> {
        let found = connector_row::Entity::find_by_id((self.0.0, client.0, connector.0));
        Ok(found.one(on.connection()).await?.is_some())
    }

    /// Notes that a new account was made by a sign-in with a client's link.
    pub async fn add_account(
        self,
        tx: &Tx,
        client: ApiClientId,
        account: AccountId,
    ) -> Result<(), DatabaseError> {
        let row = account_row::ActiveModel {
            organisation_id: Set(self.0.0),
            client_id: Set(client.0),
            account_id: Set(account.0),
        };
        account_row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Whether an account was made by a sign-in with a client's link.
    pub async fn has_account(
        self,
        on: &impl Queries,
        client: ApiClientId,
        account: AccountId,
    ) -> Result<bool, DatabaseError> {
        let found = account_row::Entity::find_by_id((self.0.0, client.0, account.0));
        Ok(found.one(on.connection()).await?.is_some())
    }

    /// Whether a client reaches an account. A client that was deleted reaches none.
    pub async fn reaches(
        self,
        on: &impl Queries,
        client: ApiClientId,
        account: &Account,
    ) -> Result<bool, DatabaseError> {
        let found = client_row::Entity::find()
            .filter(client_row::Column::OrganisationId.eq(self.0.0))
            .filter(client_row::Column::Id.eq(client.0))
            .one(on.connection())
            .await?;
        match found.map(|row| row.reach).as_deref() {
            Some(ALL) => Ok(true),
            Some(BY_CONNECTORS) => self.has_connector(on, client, account.connector).await,
            Some(BY_ACCOUNTS) => self.has_account(on, client, account.id).await,
            _ => Ok(false),
        }
    }

    /// Whether another client reaches an account.
    pub async fn others_reach(
        self,
        on: &impl Queries,
        client: ApiClientId,
        account: &Account,
    ) -> Result<bool, DatabaseError> {
        let with_connector = connector_row::Entity::find()
            .filter(connector_row::Column::OrganisationId.eq(self.0.0))
            .filter(connector_row::Column::ConnectorId.eq(account.connector.0))
            .select_only()
            .column(connector_row::Column::ClientId)
            .into_query();
        let with_account = account_row::Entity::find()
            .filter(account_row::Column::OrganisationId.eq(self.0.0))
            .filter(account_row::Column::AccountId.eq(account.id.0))
            .select_only()
            .column(account_row::Column::ClientId)
            .into_query();
        let by = |reach: &'static str, clients: SelectStatement| {
            Condition::all()
                .add(client_row::Column::Reach.eq(reach))
                .add(client_row::Column::Id.in_subquery(clients))
        };
        let reaches = Condition::any()
            .add(client_row::Column::Reach.eq(ALL))
            .add(by(BY_CONNECTORS, with_connector))
            .add(by(BY_ACCOUNTS, with_account));
        let other = client_row::Entity::find()
            .filter(client_row::Column::OrganisationId.eq(self.0.0))
            .filter(client_row::Column::Id.ne(client.0))
            .filter(reaches)
            .select_only()
            .column(client_row::Column::Id)
            .limit(1)
            .into_tuple::<Uuid>();
        Ok(other.one(on.connection()).await?.is_some())
    }

    /// The names of the clients that reach the accounts of a connector because it was chosen for them, with their ids. A
    /// client that reaches all accounts is not among them.
    pub async fn clients_of_connector(
        self,
        on: &impl Queries,
        connector: ConnectorId,
    ) -> Result<Vec<(ApiClientId, String)>, DatabaseError> {
        let chosen = connector_row::Entity::find()
            .filter(connector_row::Column::OrganisationId.eq(self.0.0))
            .filter(connector_row::Column::ConnectorId.eq(connector.0))
            .select_only()
            .column(connector_row::Column::ClientId)
            .into_query();
        let clients: Vec<(Uuid, String)> = client_row::Entity::find()
            .filter(client_row::Column::OrganisationId.eq(self.0.0))
            .filter(client_row::Column::Reach.eq(BY_CONNECTORS))
            .filter(client_row::Column::Id.in_subquery(chosen))
            .select_only()
            .column(client_row::Column::Id)
            .column(client_row::Column::Name)
            .order_by_asc(client_row::Column::Name)
            .order_by_asc(client_row::Column::Id)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(clients.into_iter().map(|(id, name)| (ApiClientId(id), name)).collect())
    }

    /// Reads a client and locks it against deletion and against *Revoke everything* until the transaction ends. `None`
    /// if there is no such client.
    pub async fn lock_client(
        self,
        tx: &Tx,
        client: ApiClientId,
    ) -> Result<Option<LinkClient>, DatabaseError> {
        let found = client_row::Entity::find()
            .filter(client_row::Column::OrganisationId.eq(self.0.0))
            .filter(client_row::Column::Id.eq(client.0))
            .lock(LockType::KeyShare)
            .one(tx.connection())
            .await?;
        Ok(found.map(|row| LinkClient {
            scopes: row.scopes.parse().unwrap_or_default(),
            is_limited: row.reach != ALL,
            expires_at: row.expires_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
        }))
    }
}
