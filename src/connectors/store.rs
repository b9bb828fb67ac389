//! The queries of the table `connectors`. Rules are in `service`; transactions begin there.

mod changes;
mod choices;
pub mod kept_secrets;
mod list;
mod listed;
mod words;

pub use choices::ConnectorChoice;
pub use list::{ListRequest, Page, Search};
pub use listed::Listed;
use listed::ListedRow;
use sea_orm::{
    ActiveValue::Set,
    QuerySelect,
    entity::prelude::*,
    sea_query::{LockBehavior, LockType},
};

use super::model::{ClientId, ConnectorState, ExpiryDate, ServiceName};
use crate::{
    identifier,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
        text,
    },
    providers::{Names, ProviderForm, Providers, SharedApplication, SharedProvider},
};

identifier! {
    ConnectorId
}

mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "connectors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organisation_id: Uuid,
        pub provider: String,
        pub service_name: String,
        pub name_key: String,
        pub indexed_name: Option<String>,
        pub form_id: Uuid,
        pub client_id: String,
        pub client_secret: Vec<u8>,
        pub client_secret_version: i64,
        pub client_secret_hint: String,
        pub secret_expires_on: Option<String>,
        pub expiry_key: String,
        pub unproved: Option<String>,
        pub provider_settings: String,
        pub proved_directory: Option<String>,
        pub scopes: String,
        pub state: String,
        pub verified_at: Option<i64>,
        pub failure: Option<String>,
        pub failed_at: Option<i64>,
        pub version: i64,
        pub application_version: i64,
        pub application_first_version: i64,
        pub created_at: i64,
        pub deleted_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A connector without its secret.
#[derive(Clone, Debug)]
pub struct Connector {
    pub id: ConnectorId,
    pub organisation: OrganisationId,
    pub provider: SharedProvider,
    pub service_name: ServiceName,
    /// The name in the form in which names are compared and sorted.
    pub name_key: String,
    /// The client ID of the application.
    pub client_id: ClientId,
    /// The number that the sealed secret is bound to.
    pub secret_version: i64,
    /// The first three characters of the secret.
    pub secret_hint: String,
    /// The day on which the secret expires, if it is known.
    pub secret_expires_on: Option<ExpiryDate>,
    /// The application, with the provider's own settings.
    pub application: SharedApplication,
    /// The permissions that it asks for.
    pub scopes: Vec<String>,
    pub state: ConnectorState,
    /// The directory that the application's settings name, proved by a sign-in. `None` if the settings have its id
    /// themselves or name none, or no sign-in has gone through since they were changed.
    pub proved_directory: Option<String>,
    /// The names of the fields that were changed since it was last verified, separated by a blank; empty if there are
    /// none.
    pub unproved: String,
    /// When a sign-in last went through.
    pub verified_at: Option<Timestamp>,
    /// When the provider last refused it.
    pub failed_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// The number of its changes.
    pub version: i64,
    /// The number of changes of the settings that a sign-in proves.
    pub application_version: i64,
    /// The application version since which it has its present application. A grant of an earlier version belongs to
    /// another one.
    pub application_first_version: i64,
    /// Since when it is *Being deleted*: it is out of use, and a job removes its accounts.
    pub deleted_at: Option<Timestamp>,
}

/// The sort key of an unknown day: it comes after all days.
const UNKNOWN_DAY: &str = "9999-12-31";

fn expiry_key(day: Option<ExpiryDate>) -> String {
    day.map_or_else(|| UNKNOWN_DAY.to_owned(), |day| day.to_string())
}

impl Connector {
    /// The names that sentences about its provider use.
    pub fn names(&self) -> &'static Names {
        self.provider.names()
    }

    /// The parsers of its provider.
    pub fn form(&self) -> &'static dyn ProviderForm {
        self.provider.form()
    }

    /// Whether a typed text is its Service Name, as names are compared.
    pub fn is_named(&self, typed: &str) -> bool {
        text::fold(&text::line(typed)) == self.name_key
    }

    /// The settings, to change some of them and save them again.
    pub fn settings(&self) -> Settings {
        Settings {
            service_name: self.service_name.clone(),
            name_key: self.name_key.clone(),
            provider: self.provider.clone(),
            client_id: self.client_id.clone(),
            secret_expires_on: self.secret_expires_on,
            application: self.application.clone(),
            scopes: self.scopes.clone(),
        }
    }

    fn read(row: row::Model, providers: &Providers) -> Result<Self, DbErr> {
        let listed = ListedRow {
            id: row.id,
            provider: row.provider,
            service_name: row.service_name,
            name_key: row.name_key,
            client_id: row.client_id,
            secret_expires_on: row.secret_expires_on,
            provider_settings: row.provider_settings,
            scopes: row.scopes,
            state: row.state,
            failure: row.failure,
            created_at: row.created_at,
            deleted_at: row.deleted_at,
        };
        let Listed {
            id,
            provider,
            service_name,
            name_key,
            client_id,
            secret_expires_on,
            application,
            scopes,
            state,
            created_at,
            deleted_at,
        } = listed.read(providers)?;
        Ok(Self {
            id,
            organisation: OrganisationId(row.organisation_id),
            provider,
            service_name,
            name_key,
            client_id,
            secret_version: row.client_secret_version,
            secret_hint: row.client_secret_hint,
            secret_expires_on,
            application,
            scopes,
            state,
            proved_directory: row.proved_directory,
            unproved: row.unproved.unwrap_or_default(),
            verified_at: row.verified_at.map(Timestamp::from_micros),
            failed_at: row.failed_at.map(Timestamp::from_micros),
            created_at,
            version: row.version,
            application_version: row.application_version,
            application_first_version: row.application_first_version,
            deleted_at,
        })
    }
}

/// The parsed settings with which a connector is added or changed. The secret is separate: [`SealedSecret`].
#[derive(Debug)]
pub struct Settings {
    pub service_name: ServiceName,
    /// The name as it is compared.
    pub name_key: String,
    pub provider: SharedProvider,
    /// The client ID of the application.
    pub client_id: ClientId,
    /// When the secret expires.
    pub secret_expires_on: Option<ExpiryDate>,
    /// The application, with the provider's own settings.
    pub application: SharedApplication,
    /// The permissions that it asks for.
    pub scopes: Vec<String>,
}

/// A client secret, sealed for its row.
pub struct SealedSecret {
    /// The sealed value.
    pub sealed: Vec<u8>,
    /// The number that the sealed value is bound to.
    pub version: i64,
    /// The first three characters of the secret.
    pub hint: String,
}

/// The connectors of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct Connectors<'a> {
    organisation: OrganisationId,
    providers: &'a Providers,
}

impl<'a> Connectors<'a> {
    /// The connectors of this organisation, whose rows are read with these providers.
    pub const fn of(organisation: OrganisationId, providers: &'a Providers) -> Self {
        Self { organisation, providers }
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find().filter(row::Column::OrganisationId.eq(self.organisation.0))
    }

    fn update(self, id: ConnectorId) -> sea_orm::UpdateMany<row::Entity> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.organisation.0))
            .filter(row::Column::Id.eq(id.0))
    }

    /// A connector by its id.
    pub async fn get(self, on: &impl Queries, id: ConnectorId) -> Result<Option<Connector>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        Ok(row.map(|row| Connector::read(row, self.providers)).transpose()?)
    }

    /// A connector by its id. It is locked: no other transaction changes or deletes it until this one ends.
    pub async fn lock(self, tx: &Tx, id: ConnectorId) -> Result<Option<Connector>, DatabaseError> {
        let row = self
            .find()
            .filter(row::Column::Id.eq(id.0))
            .lock(LockType::NoKeyUpdate)
            .one(tx.connection())
            .await?;
        Ok(row.map(|row| Connector::read(row, self.providers)).transpose()?)
    }

    /// The same, but `None` if another transaction has the row locked.
    pub async fn try_lock(self, tx: &Tx, id: ConnectorId) -> Result<Option<Connector>, DatabaseError> {
        let row = self
            .find()
            .filter(row::Column::Id.eq(id.0))
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .one(tx.connection())
            .await?;
        Ok(row.map(|row| Connector::read(row, self.providers)).transpose()?)
    }

    /// A connector and its sealed secret, read from one row at once. A concurrent change cannot mix two versions.
    pub async fn with_sealed_secret(
        self,
        on: &impl Queries,
        id: ConnectorId,
    ) -> Result<Option<(Connector, Vec<u8>)>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        let Some(row) = row else { return Ok(None) };
        let sealed = row.client_secret.clone();
        Ok(Some((Connector::read(row, self.providers)?, sealed)))
    }

    /// The id of the connector that this form added.
    pub async fn by_form(self, on: &impl Queries, form: Uuid) -> Result<Option<ConnectorId>, DatabaseError> {
        let row = self.find().filter(row::Column::FormId.eq(form)).one(on.connection()).await?;
        Ok(row.map(|row| ConnectorId(row.id)))
    }

    /// Whether there are at least `count` connectors.
    pub async fn has_at_least(self, on: &impl Queries, count: u64) -> Result<bool, DatabaseError> {
        let last = self.find().select_only().column(row::Column::Id).offset(count.saturating_sub(1)).limit(1);
        Ok(last.into_tuple::<Uuid>().one(on.connection()).await?.is_some())
    }

    /// The id of the connector with this name key.
    pub async fn by_name_key(
        self,
        on: &impl Queries,
        name_key: &str,
    ) -> Result<Option<ConnectorId>, DatabaseError> {
        let row = self.find().filter(row::Column::NameKey.eq(name_key)).one(on.connection()).await?;
        Ok(row.map(|row| ConnectorId(row.id)))
    }

    /// Adds a connector. A conflict means that another connector has its name or its form id.
    pub async fn add(
        self,
        tx: &Tx,
        id: ConnectorId,
        form: Uuid,
        settings: &Settings,
        secret: SealedSecret,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let row = row::ActiveModel {
            id: Set(id.0),
            organisation_id: Set(self.organisation.0),
            provider: Set(settings.provider.form().name().to_owned()),
            service_name: Set(settings.service_name.as_str().to_owned()),
            name_key: Set(settings.name_key.clone()),
            indexed_name: Set(Some(settings.name_key.clone())),
            form_id: Set(form),
            client_id: Set(settings.client_id.to_string()),
            client_secret: Set(secret.sealed),
            client_secret_version: Set(secret.version),
            client_secret_hint: Set(secret.hint),
            secret_expires_on: Set(settings.secret_expires_on.map(|date| date.to_string())),
            expiry_key: Set(expiry_key(settings.secret_expires_on)),
            unproved: Set(None),
            provider_settings: Set(settings.application.settings()),
            proved_directory: Set(None),
            scopes: Set(settings.scopes.join(" ")),
            state: Set(ConnectorState::NotVerified.name().to_owned()),
            verified_at: Set(None),
            failure: Set(None),
            failed_at: Set(None),
            version: Set(1),
            application_version: Set(1),
            application_first_version: Set(1),
            created_at: Set(now.micros()),
            deleted_at: Set(None),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        self.write_words(tx, id, &settings.name_key).await
    }

    /// Deletes a connector. Foreign keys delete the rows that belong to it.
    ///
    /// # Returns
    /// Whether it existed.
    pub async fn delete(self, tx: &Tx, id: ConnectorId) -> Result<bool, DatabaseError> {
        let deleted = row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.organisation.0))
            .filter(row::Column::Id.eq(id.0))
            .exec(tx.connection())
            .await?;
        Ok(deleted.rows_affected == 1)
    }
}
