//! The queries of the table `accounts`. Rules are in `service`; transactions begin there.

pub(super) mod appearances;
pub(super) mod approved_directories;
mod changes;
pub(super) mod consent_links;
mod emails;
pub(super) mod gates;
pub(super) mod grants;
pub(super) mod history;
pub(super) mod link_table;
pub(super) mod links;
mod list;
pub(super) mod pending_grants;
pub(super) mod reach;
pub(super) mod return_addresses;
mod words;

pub use changes::SignedInIdentity;
pub use list::{AccountFilter, AccountPage, ListRequest, MAX_COUNTED, Search};

use sea_orm::{
    QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType},
};

use super::model::{AccountState, StateReason};
use crate::{
    connectors::service::ConnectorId,
    identifier,
    people::access::{Caller, Reach},
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::{OrganisationId, UserId},
    },
    providers::ProviderWords,
};

identifier! {
    /// An account's id: the `account_key` of the API. It never changes.
    AccountId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub provider: String,
        pub subject: String,
        pub connector_id: Uuid,
        pub email: String,
        pub email_key: String,
        pub name: String,
        pub indexed_name: Option<String>,
        pub reference: Option<String>,
        pub state: String,
        pub reason: Option<String>,
        pub provider_words: Option<String>,
        pub state_since: i64,
        pub failures: i64,
        pub paused_at: Option<i64>,
        pub paused_by: Option<Uuid>,
        pub signed_in_at: i64,
        pub created_at: i64,
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An account, without its grant.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub organisation: OrganisationId,
    /// The name of the provider.
    pub provider: String,
    /// The identity at the provider; never the email, which can change hands.
    pub subject: String,
    pub connector: ConnectorId,
    pub email: String,
    /// The display name; it may be empty.
    pub name: String,
    /// The application's own id of the account.
    pub reference: Option<String>,
    pub state: AccountState,
    /// Why it is in this state.
    pub reason: Option<StateReason>,
    /// The provider's codes for that, without free text.
    pub provider_words: Option<ProviderWords>,
    pub state_since: Timestamp,
    /// Number of transient failures in a row.
    pub failures: u32,
    /// Set while it is paused. A sign-in never clears it.
    pub paused: Option<Paused>,
    pub signed_in_at: Timestamp,
    pub created_at: Timestamp,
    pub version: i64,
}

/// The user who paused an account, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paused {
    pub at: Timestamp,
    /// `None` for the operator.
    pub by: Option<UserId>,
}

/// A state with its reason.
#[derive(Clone, Debug)]
pub struct StateChange {
    pub state: AccountState,
    pub reason: Option<StateReason>,
    pub provider_words: Option<ProviderWords>,
}

/// A mailbox that becomes an account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub id: AccountId,
    pub provider: String,
    pub subject: String,
    pub connector: ConnectorId,
    pub email: String,
    pub name: String,
    pub reference: Option<String>,
}

impl TryFrom<row::Model> for Account {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let wrong =
            |column: &str| DbErr::Type(format!("account {}: cannot read the column {column}", row.id));
        let reason = row.reason.as_deref().map(serde_json::from_str).transpose();
        let provider_words = row.provider_words.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id: AccountId(row.id),
            organisation: OrganisationId(row.organisation_id),
            connector: ConnectorId(row.connector_id),
            state: AccountState::from_name(&row.state).ok_or_else(|| wrong("state"))?,
            reason: reason.map_err(|_| wrong("reason"))?,
            provider_words: provider_words.map_err(|_| wrong("provider_words"))?,
            state_since: Timestamp::from_micros(row.state_since),
            failures: u32::try_from(row.failures).map_err(|_| wrong("failures"))?,
            paused: row
                .paused_at
                .map(|at| Paused { at: Timestamp::from_micros(at), by: row.paused_by.map(UserId) }),
            signed_in_at: Timestamp::from_micros(row.signed_in_at),
            created_at: Timestamp::from_micros(row.created_at),
            provider: row.provider,
            subject: row.subject,
            email: row.email,
            name: row.name,
            reference: row.reference,
            version: row.version,
        })
    }
}

/// The accounts of one organisation, or those of them within a reach: queries find no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Accounts(OrganisationId, Reach);

impl Accounts {
    /// The accounts of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation, Reach::All)
    }

    /// The accounts that the caller may see.
    pub const fn within_reach(caller: &Caller) -> Self {
        Self(caller.organisation(), caller.reach())
    }

    fn find(self) -> Select<row::Entity> {
        self.reached(row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0)))
    }

    pub async fn get(self, on: &impl Queries, id: AccountId) -> Result<Option<Account>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        Ok(row.map(Account::try_from).transpose()?)
    }

    /// Locks an account: no other transaction can change or delete it until this one ends.
    pub async fn lock(self, tx: &Tx, id: AccountId) -> Result<Option<Account>, DatabaseError> {
        let find = self.find().filter(row::Column::Id.eq(id.0)).lock(LockType::Update);
        Ok(find.one(tx.connection()).await?.map(Account::try_from).transpose()?)
    }

    /// Locks an account if it is connected through this connector, has no failures, and the connector has no gate.
    ///
    /// # Returns
    /// Whether it is so.
    pub async fn lock_if_steady(
        self,
        tx: &Tx,
        id: AccountId,
        connector: ConnectorId,
    ) -> Result<bool, DatabaseError> {
        let find = self
            .find()
            .select_only()
            .column(row::Column::Id)
            .filter(row::Column::Id.eq(id.0))
            .filter(row::Column::ConnectorId.eq(connector.0))
            .filter(row::Column::State.eq(AccountState::Connected.name()))
            .filter(row::Column::Failures.eq(0))
            .filter(Expr::exists(gates::Gates::of(self.0).query(connector)).not())
            .lock(LockType::Update);
        Ok(find.into_tuple::<Uuid>().one(tx.connection()).await?.is_some())
    }

    /// Finds and locks the account of an identity at a provider.
    pub async fn lock_by_subject(
        self,
        tx: &Tx,
        provider: &str,
        subject: &str,
    ) -> Result<Option<Account>, DatabaseError> {
        let row = self.by_subject(provider, subject).lock(LockType::Update).one(tx.connection()).await?;
        Ok(row.map(Account::try_from).transpose()?)
    }

    fn by_subject(self, provider: &str, subject: &str) -> Select<row::Entity> {
        self.find().filter(row::Column::Provider.eq(provider)).filter(row::Column::Subject.eq(subject))
    }
}

#[cfg(test)]
mod tests;
