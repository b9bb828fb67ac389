//! The table `connectors`.

mod changes;
mod list;
mod listed;

pub use list::Prefix;
pub use listed::Listed;
use listed::ListedRow;
use sea_orm::{ActiveValue::Set, QuerySelect, entity::prelude::*, sea_query::LockType};

use super::model::{AccountType, ClientId, ConnectorState, ExpiryDate, ServiceName, Tenant};
use crate::{
    identifier,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx},
        id::OrganisationId,
    },
};

identifier! {
    /// A connector's id.
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
        pub form_id: Uuid,
        pub client_id: String,
        pub client_secret: Vec<u8>,
        pub client_secret_version: i64,
        pub client_secret_hint: String,
        pub secret_expires_on: Option<String>,
        pub expiry_key: String,
        pub unproved: Option<String>,
        pub cloud: String,
        pub account_type: String,
        pub tenant: Option<String>,
        pub tenant_id: Option<String>,
        pub scopes: String,
        pub state: String,
        pub verified_at: Option<i64>,
        pub failure: Option<String>,
        pub failed_at: Option<i64>,
        pub version: i64,
        pub application_version: i64,
        pub created_at: i64,
        pub changed_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A connector, without its secret: what a list shows of it, and the rest.
#[derive(Clone, Debug)]
pub struct Connector {
    /// What a list shows.
    pub listed: Listed,
    /// Its organisation.
    pub organisation: OrganisationId,
    /// The cloud in which the application is registered.
    pub cloud: String,
    /// The number that the sealed secret is bound to.
    pub secret_version: i64,
    /// The first three characters of the secret, as the portal shows them too.
    pub secret_hint: String,
    /// The GUID of the tenant that the domain in `tenant` belongs to, proved by a sign-in; `None` if `tenant` is a GUID
    /// itself, or no sign-in has gone through since it was set.
    pub tenant_id: Option<String>,
    /// Which fields were changed since it was last verified, by their labels; empty where none was.
    pub unproved: String,
    /// When a sign-in last went through.
    pub verified_at: Option<Timestamp>,
    /// When the provider last refused it.
    pub failed_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
    /// Counts those of what a sign-in proves.
    pub application_version: i64,
}

impl std::ops::Deref for Connector {
    type Target = Listed;

    fn deref(&self) -> &Listed {
        &self.listed
    }
}

/// The cloud of each connector that is added.
pub const CLOUD: &str = "global";

/// Comes after all days.
const UNKNOWN_DAY: &str = "9999-12-31";

fn expiry_key(day: Option<ExpiryDate>) -> String {
    day.map_or_else(|| UNKNOWN_DAY.to_owned(), |day| day.to_string())
}

impl Connector {
    /// What it is made of, to be made anew of.
    pub fn settings(&self) -> Settings {
        Settings {
            service_name: self.service_name.clone(),
            name_key: self.name_key.clone(),
            client_id: self.client_id.clone(),
            secret_expires_on: self.secret_expires_on,
            account_type: self.account_type,
            tenant: self.tenant.clone(),
            scopes: self.scopes.clone(),
        }
    }

    /// The GUID of the tenant that ID tokens must name, where it is known.
    pub fn known_tenant(&self) -> Option<&str> {
        let typed = self.tenant.as_ref().filter(|tenant| tenant.is_guid()).map(Tenant::as_str);
        typed.or(self.tenant_id.as_deref())
    }

    /// What stands for `{tenant}` in the provider's addresses.
    pub fn path_segment(&self) -> &str {
        self.tenant.as_ref().map_or(self.account_type.path_segment(), Tenant::as_str)
    }
}

impl TryFrom<row::Model> for Connector {
    type Error = DbErr;

    fn try_from(row: row::Model) -> Result<Self, DbErr> {
        let listed = ListedRow {
            id: row.id,
            service_name: row.service_name,
            name_key: row.name_key,
            client_id: row.client_id,
            secret_expires_on: row.secret_expires_on,
            account_type: row.account_type,
            tenant: row.tenant,
            scopes: row.scopes,
            state: row.state,
            failure: row.failure,
            created_at: row.created_at,
        };
        Ok(Self {
            listed: listed.try_into()?,
            organisation: OrganisationId(row.organisation_id),
            cloud: row.cloud,
            secret_version: row.client_secret_version,
            secret_hint: row.client_secret_hint,
            tenant_id: row.tenant_id,
            unproved: row.unproved.unwrap_or_default(),
            verified_at: row.verified_at.map(Timestamp::from_micros),
            failed_at: row.failed_at.map(Timestamp::from_micros),
            version: row.version,
            application_version: row.application_version,
        })
    }
}

/// What a connector is made of, or made anew of: parsed and sealed.
#[derive(Debug)]
pub struct Settings {
    /// Its name.
    pub service_name: ServiceName,
    /// The name as it is compared.
    pub name_key: String,
    /// The Azure application.
    pub client_id: ClientId,
    /// When the secret expires.
    pub secret_expires_on: Option<ExpiryDate>,
    /// Who may sign in.
    pub account_type: AccountType,
    /// The tenant.
    pub tenant: Option<Tenant>,
    /// What it asks for.
    pub scopes: Vec<String>,
}

/// A client secret, sealed for its row.
pub struct SealedSecret {
    /// The sealed value.
    pub sealed: Vec<u8>,
    /// The number that it is bound to.
    pub version: i64,
    /// Its first three characters.
    pub hint: String,
}

/// The connectors of one organisation.
#[derive(Clone, Copy, Debug)]
pub struct Connectors(OrganisationId);

impl Connectors {
    /// Those of this organisation.
    pub const fn of(organisation: OrganisationId) -> Self {
        Self(organisation)
    }

    fn find(self) -> Select<row::Entity> {
        row::Entity::find().filter(row::Column::OrganisationId.eq(self.0.0))
    }

    fn update(self, id: ConnectorId) -> sea_orm::UpdateMany<row::Entity> {
        row::Entity::update_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
    }

    /// One of them.
    pub async fn get(self, on: &impl Queries, id: ConnectorId) -> Result<Option<Connector>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        Ok(row.map(Connector::try_from).transpose()?)
    }

    /// One of them, which nobody else changes or deletes until the transaction ends.
    pub async fn lock(self, tx: &Tx, id: ConnectorId) -> Result<Option<Connector>, DatabaseError> {
        let row = self
            .find()
            .filter(row::Column::Id.eq(id.0))
            .lock(LockType::NoKeyUpdate)
            .one(tx.connection())
            .await?;
        Ok(row.map(Connector::try_from).transpose()?)
    }

    /// One of them and its secret, sealed: of one row, so that they belong together whoever changes it.
    pub async fn with_sealed_secret(
        self,
        on: &impl Queries,
        id: ConnectorId,
    ) -> Result<Option<(Connector, Vec<u8>)>, DatabaseError> {
        let row = self.find().filter(row::Column::Id.eq(id.0)).one(on.connection()).await?;
        let Some(row) = row else { return Ok(None) };
        let sealed = row.client_secret.clone();
        Ok(Some((row.try_into()?, sealed)))
    }

    /// The one that this form made.
    pub async fn by_form(self, on: &impl Queries, form: Uuid) -> Result<Option<ConnectorId>, DatabaseError> {
        let row = self.find().filter(row::Column::FormId.eq(form)).one(on.connection()).await?;
        Ok(row.map(|row| ConnectorId(row.id)))
    }

    /// Whether there are so many or more.
    pub async fn has_at_least(self, on: &impl Queries, count: u64) -> Result<bool, DatabaseError> {
        let last = self.find().select_only().column(row::Column::Id).offset(count.saturating_sub(1)).limit(1);
        Ok(last.into_tuple::<Uuid>().one(on.connection()).await?.is_some())
    }

    /// The one with this name key.
    pub async fn by_name_key(
        self,
        on: &impl Queries,
        name_key: &str,
    ) -> Result<Option<ConnectorId>, DatabaseError> {
        let row = self.find().filter(row::Column::NameKey.eq(name_key)).one(on.connection()).await?;
        Ok(row.map(|row| ConnectorId(row.id)))
    }

    /// Adds one. A conflict means that its name or its form is taken.
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
            organisation_id: Set(self.0.0),
            provider: Set("outlook".to_owned()),
            service_name: Set(settings.service_name.as_str().to_owned()),
            name_key: Set(settings.name_key.clone()),
            form_id: Set(form),
            client_id: Set(settings.client_id.to_string()),
            client_secret: Set(secret.sealed),
            client_secret_version: Set(secret.version),
            client_secret_hint: Set(secret.hint),
            secret_expires_on: Set(settings.secret_expires_on.map(|date| date.to_string())),
            expiry_key: Set(expiry_key(settings.secret_expires_on)),
            unproved: Set(None),
            cloud: Set(CLOUD.to_owned()),
            account_type: Set(settings.account_type.name().to_owned()),
            tenant: Set(settings.tenant.as_ref().map(|tenant| tenant.as_str().to_owned())),
            tenant_id: Set(None),
            scopes: Set(settings.scopes.join(" ")),
            state: Set(ConnectorState::NotVerified.name().to_owned()),
            verified_at: Set(None),
            failure: Set(None),
            failed_at: Set(None),
            version: Set(1),
            application_version: Set(1),
            created_at: Set(now.micros()),
            changed_at: Set(now.micros()),
        };
        row::Entity::insert(row).exec_without_returning(tx.connection()).await?;
        Ok(())
    }

    /// Deletes one, and with it, by its foreign keys, everything that hangs on it.
    ///
    /// # Returns
    /// Whether it was there.
    pub async fn delete(self, tx: &Tx, id: ConnectorId) -> Result<bool, DatabaseError> {
        let deleted = row::Entity::delete_many()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.eq(id.0))
            .exec(tx.connection())
            .await?;
        Ok(deleted.rows_affected == 1)
    }
}
