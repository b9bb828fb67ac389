//! The table `grants`: for each account the provider's tokens, sealed, when they are refreshed next, and the lease
//! under which a process refreshes them. Lists never read the tokens. Rules are in `service::grants`; transactions
//! begin there.

pub mod due;
mod granted;
mod lent;
pub mod waiting;

use sea_orm::{
    ActiveValue::Set,
    QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict},
};

use super::{AccountId, row as account};
use crate::{
    connectors::service::{Connector, ConnectorId},
    jobs::lease::{LeaseState, Owner},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "grants")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        pub organisation_id: Uuid,
        pub connector_id: Uuid,
        pub directory: String,
        pub client_id: String,
        pub pinned: String,
        pub scopes: String,
        pub asked_scopes: String,
        pub refresh_token: Vec<u8>,
        pub access_token: Option<Vec<u8>>,
        pub access_expires_at: Option<i64>,
        pub token_version: i64,
        pub generation: i64,
        pub application_version: i64,
        pub granted_at: i64,
        pub ends_at: Option<i64>,
        pub refreshed_at: Option<i64>,
        pub next_refresh_at: Option<i64>,
        pub refresh_started_at: Option<i64>,
        pub lease_owner: Option<Uuid>,
        pub lease_counter: i64,
        pub tries: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::account::Entity",
            from = "Column::AccountId",
            to = "super::account::Column::Id"
        )]
        Account,
    }

    impl Related<super::account::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Account.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    pub account: AccountId,
    pub organisation: OrganisationId,
    pub connector: ConnectorId,
    /// The directory (a company's accounts at the provider) of the account; empty if the provider named none.
    pub directory: String,
    /// The client ID of the application that got the grant.
    pub client_id: String,
    /// What the grant is pinned to, as the provider stores it.
    pub pinned: String,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// The scopes that were asked for when the grant was made.
    pub asked: Vec<String>,
    /// Sealed.
    pub refresh_token: Vec<u8>,
    /// Sealed.
    pub access_token: Option<Vec<u8>>,
    pub access_expires_at: Option<Timestamp>,
    /// The number that the sealed tokens are bound to. It grows with each write of them.
    pub token_version: i64,
    /// It grows with each sign-in and each result of a refresh. A refresh of an earlier generation writes nothing.
    pub generation: i64,
    /// The version of the connector's application when the grant was made.
    pub application_version: i64,
    pub granted_at: Timestamp,
    /// When the provider ends it, if it was given for a limited time.
    pub ends_at: Option<Timestamp>,
    pub refreshed_at: Option<Timestamp>,
    /// When it is refreshed next; `None` if it is not scheduled.
    pub next_refresh_at: Option<Timestamp>,
    /// When the refresh began that is under way or was interrupted.
    pub refresh_started_at: Option<Timestamp>,
    /// The counter of the first grant of an account begins with a random number.
    pub lease: LeaseState,
    /// Number of refreshes in a row that had no success.
    pub tries: u32,
}

impl StoredGrant {
    /// Whether it belongs to an application that its connector does not have any more. No request is sent with it then.
    pub const fn is_of_earlier_application(&self, connector: &Connector) -> bool {
        self.application_version < connector.application_first_version
    }
}

impl From<row::Model> for StoredGrant {
    fn from(row: row::Model) -> Self {
        let time = |micros: Option<i64>| micros.map(Timestamp::from_micros);
        let list = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect();
        Self {
            account: AccountId(row.account_id),
            organisation: OrganisationId(row.organisation_id),
            connector: ConnectorId(row.connector_id),
            directory: row.directory,
            client_id: row.client_id,
            pinned: row.pinned,
            scopes: list(&row.scopes),
            asked: list(&row.asked_scopes),
            refresh_token: row.refresh_token,
            access_token: row.access_token,
            access_expires_at: time(row.access_expires_at),
            token_version: row.token_version,
            generation: row.generation,
            application_version: row.application_version,
            granted_at: Timestamp::from_micros(row.granted_at),
            ends_at: time(row.ends_at),
            refreshed_at: time(row.refreshed_at),
            next_refresh_at: time(row.next_refresh_at),
            refresh_started_at: time(row.refresh_started_at),
            lease: LeaseState { owner: row.lease_owner.map(Owner), counter: row.lease_counter },
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
        }
    }
}

impl From<StoredGrant> for row::ActiveModel {
    fn from(grant: StoredGrant) -> Self {
        let micros = |time: Option<Timestamp>| time.map(Timestamp::micros);
        Self {
            account_id: Set(grant.account.0),
            organisation_id: Set(grant.organisation.0),
            connector_id: Set(grant.connector.0),
            directory: Set(grant.directory),
            client_id: Set(grant.client_id),
            pinned: Set(grant.pinned),
            scopes: Set(grant.scopes.join(" ")),
            asked_scopes: Set(grant.asked.join(" ")),
            refresh_token: Set(grant.refresh_token),
            access_token: Set(grant.access_token),
            access_expires_at: Set(micros(grant.access_expires_at)),
            token_version: Set(grant.token_version),
            generation: Set(grant.generation),
            application_version: Set(grant.application_version),
            granted_at: Set(grant.granted_at.micros()),
            ends_at: Set(micros(grant.ends_at)),
            refreshed_at: Set(micros(grant.refreshed_at)),
            next_refresh_at: Set(micros(grant.next_refresh_at)),
            refresh_started_at: Set(micros(grant.refresh_started_at)),
            lease_owner: Set(grant.lease.owner.map(|owner| owner.0)),
            lease_counter: Set(grant.lease.counter),
            tries: Set(grant.tries.into()),
        }
    }
}

/// New tokens of a grant, sealed for its row.
pub struct StoredTokens {
    pub refresh_token: Vec<u8>,
    pub access_token: Vec<u8>,
    pub access_expires_at: Timestamp,
    /// The number that both are bound to.
    pub version: i64,
    /// The scopes that are granted now.
    pub scopes: Vec<String>,
    pub refreshed_at: Timestamp,
    /// When the provider ends the grant; `None` if the answer does not say it.
    pub ends_at: Option<Timestamp>,
}

/// The result of a refresh, as the row keeps it.
pub struct Settled {
    /// The new tokens; `None` if the provider gave none.
    pub tokens: Option<StoredTokens>,
    pub next_refresh_at: Option<Timestamp>,
    /// When the refresh began whose answer is unknown, if the row is to say so.
    pub refresh_started_at: Option<Timestamp>,
    pub tries: u32,
    /// Whether the stored access token is erased.
    pub erase_access_token: bool,
}

/// The grants of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct OrganisationGrants(OrganisationId);

impl OrganisationGrants {
    /// The grants of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self, account: AccountId) -> Select<row::Entity> {
        row::Entity::find_by_id(account.0).filter(row::Column::OrganisationId.eq(self.0.0))
    }

    fn update(self, account: AccountId) -> sea_orm::UpdateMany<row::Entity> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.eq(account.0))
    }

    /// The grant of an account.
    pub async fn get(
        self,
        on: &impl Queries,
        account: AccountId,
    ) -> Result<Option<StoredGrant>, DatabaseError> {
        Ok(self.find(account).one(on.connection()).await?.map(StoredGrant::from))
    }

    /// The same, locked until the transaction ends.
    pub async fn lock(self, tx: &Tx, account: AccountId) -> Result<Option<StoredGrant>, DatabaseError> {
        let row = self.find(account).lock(LockType::Update).one(tx.connection()).await?;
        Ok(row.map(StoredGrant::from))
    }

    /// The grants of these accounts, locked until the transaction ends.
    pub async fn lock_all(self, tx: &Tx, accounts: &[AccountId]) -> Result<Vec<StoredGrant>, DatabaseError> {
        let rows = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.is_in(accounts.iter().map(|account| account.0)))
            .lock(LockType::Update);
        Ok(rows.all(tx.connection()).await?.into_iter().map(StoredGrant::from).collect())
    }

    /// The same as [`Self::lock`], but `None` if another transaction has the row locked.
    pub async fn try_lock(self, tx: &Tx, account: AccountId) -> Result<Option<StoredGrant>, DatabaseError> {
        let row = self.find(account).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        Ok(row.one(tx.connection()).await?.map(StoredGrant::from))
    }

    /// Stores a grant. It replaces an earlier one of the account.
    pub async fn put(self, tx: &Tx, grant: StoredGrant) -> Result<(), DatabaseError> {
        use row::Column;
        let replace = OnConflict::column(Column::AccountId)
            .update_columns([
                Column::ConnectorId,
                Column::Directory,
                Column::ClientId,
                Column::Pinned,
                Column::Scopes,
                Column::AskedScopes,
                Column::RefreshToken,
                Column::AccessToken,
                Column::AccessExpiresAt,
                Column::TokenVersion,
                Column::Generation,
                Column::ApplicationVersion,
                Column::GrantedAt,
                Column::EndsAt,
                Column::RefreshedAt,
                Column::NextRefreshAt,
                Column::RefreshStartedAt,
                Column::LeaseOwner,
                Column::LeaseCounter,
                Column::Tries,
            ])
            .to_owned();
        let row = row::ActiveModel::from(StoredGrant { organisation: self.0, ..grant });
        row::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Deletes the grant of an account.
    ///
    /// # Returns
    /// Whether there was one.
    pub async fn remove(self, tx: &Tx, account: AccountId) -> Result<bool, DatabaseError> {
        let deleted = row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.eq(account.0))
            .exec(tx.connection())
            .await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Gives the leases of locked grants to a process, and stores that their refreshes begin.
    pub async fn claim(
        self,
        tx: &Tx,
        accounts: &[AccountId],
        owner: Owner,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.is_in(accounts.iter().map(|account| account.0)))
            .col_expr(row::Column::LeaseOwner, Expr::value(owner.0))
            .col_expr(row::Column::LeaseCounter, Expr::col(row::Column::LeaseCounter).add(1))
            .col_expr(row::Column::RefreshStartedAt, Expr::value(now.micros()))
            .exec(tx.connection())
            .await?;
        Ok(())
    }

    /// Stores the result of a refresh in a locked grant, raises its generation, and ends the lease.
    pub async fn settle(self, tx: &Tx, account: AccountId, settled: Settled) -> Result<(), DatabaseError> {
        self.update_settled(account, settled).exec(tx.connection()).await?;
        Ok(())
    }

    /// The same for a grant that is not locked, if it is still the claimed one and its tokens were not sealed again.
    ///
    /// # Returns
    /// Whether it was stored.
    pub async fn settle_claimed(
        self,
        tx: &Tx,
        claimed: &StoredGrant,
        settled: Settled,
    ) -> Result<bool, DatabaseError> {
        let stored = self
            .update_settled(claimed.account, settled)
            .filter(row::Column::Generation.eq(claimed.generation))
            .filter(row::Column::TokenVersion.eq(claimed.token_version))
            .exec(tx.connection())
            .await?;
        Ok(stored.rows_affected > 0)
    }

    fn update_settled(self, account: AccountId, settled: Settled) -> sea_orm::UpdateMany<row::Entity> {
        let micros = |time: Option<Timestamp>| time.map(Timestamp::micros);
        let mut values = row::ActiveModel {
            next_refresh_at: Set(micros(settled.next_refresh_at)),
            refresh_started_at: Set(micros(settled.refresh_started_at)),
            lease_owner: Set(None),
            tries: Set(settled.tries.into()),
            ..<row::ActiveModel as Default>::default()
        };
        if let Some(tokens) = settled.tokens {
            values.refresh_token = Set(tokens.refresh_token);
            values.access_token = Set(Some(tokens.access_token));
            values.access_expires_at = Set(Some(tokens.access_expires_at.micros()));
            values.token_version = Set(tokens.version);
            values.scopes = Set(tokens.scopes.join(" "));
            values.refreshed_at = Set(Some(tokens.refreshed_at.micros()));
            if let Some(ends_at) = tokens.ends_at {
                values.ends_at = Set(Some(ends_at.micros()));
            }
        } else if settled.erase_access_token {
            values.access_token = Set(None);
            values.access_expires_at = Set(None);
        }
        self.update(account)
            .set(values)
            .col_expr(row::Column::Generation, Expr::col(row::Column::Generation).add(1))
    }

    /// Ends the lease that `owner` has, if it still has it, and schedules the next refresh. The generation stays.
    /// `is_answered`: no answer about the token is missing.
    pub async fn release(
        self,
        tx: &Tx,
        account: AccountId,
        owner: Owner,
        next: Option<Timestamp>,
        is_answered: bool,
    ) -> Result<(), DatabaseError> {
        let mut update = self
            .update(account)
            .filter(row::Column::LeaseOwner.eq(owner.0))
            .col_expr(row::Column::LeaseOwner, Expr::value(None::<Uuid>))
            .col_expr(row::Column::NextRefreshAt, Expr::value(next.map(Timestamp::micros)));
        if is_answered {
            update = update.col_expr(row::Column::RefreshStartedAt, Expr::value(None::<i64>));
        }
        update.exec(tx.connection()).await?;
        Ok(())
    }
}
