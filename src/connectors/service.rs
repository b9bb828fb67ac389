//! The use cases of connectors: list, add, change, replace the secret, delete. A transaction begins and ends here; the
//! queries are in `store`.

use std::sync::{Arc, OnceLock, Weak};

use secrecy::{ExposeSecret, SecretString};
use time::{Date, Duration};
use uuid::Uuid;

mod browser;
mod changes;
mod choices;
mod deletion;
mod file;
mod kept_secrets;
mod sealing;
mod search;
mod typed;

pub use super::dependants::Dependants;
pub use super::store::{
    Connector, ConnectorChoice, ConnectorId, Listed,
    kept_secrets::{FormKey, KeptSecretId},
};
use super::{
    model::{
        ConnectorState, EXPIRY_WARNING_DAYS, ExpiryDate, ServiceName,
        list::{Expiring, Found, Order, Position},
    },
    store::{Connectors, ListRequest, Page, Settings},
};
use crate::{
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    people::access::{Admin, Caller},
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError, Queries, Tx},
        failure::Failure,
        id::OrganisationId,
        randomness::SharedRandomness,
    },
    providers::Providers,
    vault::{Vault, VaultError},
};
pub use browser::Owner;
pub use changes::Changed;
pub use choices::{Choices, MAX_CHOICES};
pub use deletion::Deletion;
pub use file::{FileFields, fill_from_file, without_secrets};
pub use kept_secrets::{SEALED_KEPT, SECRET_NOT_KEPT, SentForm};
pub use sealing::SEALED;
pub use typed::{Parsed, ParsedSecret, Typed, TypedSecret};

/// Number of connectors on a page of the list.
pub const CONNECTORS_PER_PAGE: usize = 25;
/// Maximum number of connectors of an organisation.
pub const MAX_CONNECTORS: u64 = 100_000;

/// The result of adding a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The connector was added.
    Added(ConnectorId),
    /// The same form has already added this connector.
    Already(ConnectorId),
    /// Another connector has this name.
    NameTaken,
    /// The organisation has [`MAX_CONNECTORS`] already.
    Full,
    /// The secret was a kept one, and is gone.
    SecretGone,
}

#[derive(Clone, Debug)]
pub struct ListPage {
    pub connectors: Vec<Listed>,
    /// The position at which the next page begins, if there is one.
    pub next: Option<Position>,
    /// While searching: how many connectors the search has found.
    pub found: Option<Found>,
    /// For administrators: how many secrets of the whole list expire within [`EXPIRY_WARNING_DAYS`] days or have
    /// expired.
    pub expiring: Expiring,
}

/// The use cases of connectors. Each call names its organisation.
#[derive(Clone)]
pub struct ConnectorService {
    database: Database,
    vault: Vault,
    activity: Activity,
    clock: SharedClock,
    randomness: SharedRandomness,
    providers: Providers,
    /// Assembly creates them after this service, because they use it. They are not kept alive here, or the two would
    /// keep each other alive.
    dependants: Arc<OnceLock<Weak<dyn Dependants>>>,
}

impl ConnectorService {
    /// Uses this database, seals secrets with this vault, and reads rows with these providers.
    pub fn new(
        database: Database,
        vault: Vault,
        activity: Activity,
        clock: SharedClock,
        randomness: SharedRandomness,
        providers: Providers,
    ) -> Self {
        Self { database, vault, activity, clock, randomness, providers, dependants: Arc::default() }
    }

    /// Sets the accounts of connectors, once. All clones of the service use them.
    pub fn set_dependants(&self, dependants: &Arc<dyn Dependants>) {
        // A second call has no effect.
        let _ = self.dependants.set(Arc::downgrade(dependants));
    }

    /// The accounts of connectors.
    fn dependants(&self) -> Result<Arc<dyn Dependants>, Failure> {
        let missing = || Failure::Unexpected("the accounts of connectors are not assembled".to_owned());
        self.dependants.get().and_then(Weak::upgrade).ok_or_else(missing)
    }

    /// The providers that connectors may use.
    pub const fn providers(&self) -> &Providers {
        &self.providers
    }

    /// The queries for the connectors of an organisation.
    const fn store(&self, organisation: OrganisationId) -> Connectors<'_> {
        Connectors::of(organisation, &self.providers)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Today, UTC.
    pub fn today(&self) -> Date {
        self.clock.now().date_time().date()
    }

    /// The id of a new form. A form that is sent twice adds its connector once.
    pub fn new_form(&self) -> Uuid {
        crate::platform::id::new_uuid(&*self.clock, &*self.randomness)
    }

    /// A page of the list. If `search` is not empty, the list has at most
    /// [`MAX_FOUND`](crate::platform::search::MAX_FOUND) connectors that the search finds, and the order is by name.
    pub async fn list(
        &self,
        caller: &Caller,
        search: &str,
        order: Order,
        after: Option<&Position>,
    ) -> Result<ListPage, Failure> {
        let search = search::parse(search);
        let order = if search.is_some() { Order::Name } else { order };
        let request = ListRequest { search: search.as_ref(), order, after, limit: CONNECTORS_PER_PAGE };
        let days = (ExpiryDate::in_days(self.today(), 0), self.expiry_warning_day());
        let days = caller.is_admin().then_some(days);
        let store = self.store(caller.organisation());
        let Page { connectors, next, found, expiring } =
            store.list(&self.database.read(), request, days).await?;
        Ok(ListPage { connectors, next, found, expiring })
    }

    /// At most `limit` connectors of an organisation whose secret expires within [`EXPIRY_WARNING_DAYS`] days or has
    /// expired, the soonest first.
    pub async fn find_expiring(
        &self,
        organisation: OrganisationId,
        limit: usize,
    ) -> Result<Vec<Listed>, Failure> {
        let last = self.expiry_warning_day();
        Ok(self.store(organisation).find_expiring(&self.database.read(), last, limit).await?)
    }

    /// At most `limit` connectors of an organisation that the provider refuses.
    pub async fn find_failing(
        &self,
        organisation: OrganisationId,
        limit: usize,
    ) -> Result<Vec<Listed>, Failure> {
        Ok(self.store(organisation).find_failing(&self.database.read(), limit).await?)
    }

    /// Finds a connector by its Service Name, as names are compared: upper and lower case are alike. No two connectors of an
    /// organisation have such alike names, so a name that is written exactly finds the same connector.
    pub async fn find_by_name(&self, caller: &Caller, name: &str) -> Result<Option<ConnectorId>, Failure> {
        let Ok(name) = ServiceName::parse(name) else { return Ok(None) };
        let (store, key) = (self.store(caller.organisation()), typed::name_key(&name));
        Ok(store.by_name_key(&self.database.read(), &key).await?)
    }

    /// The last day of expiry for which administrators are warned today.
    fn expiry_warning_day(&self) -> ExpiryDate {
        ExpiryDate::in_days(self.today(), EXPIRY_WARNING_DAYS)
    }

    /// Reads a connector of the caller's organisation, in a query of its own.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such connector.
    pub async fn get(&self, caller: &Caller, id: ConnectorId) -> Result<Connector, Failure> {
        self.store(caller.organisation()).get(&self.database.read(), id).await?.ok_or(Failure::NotFound)
    }

    /// Whether a connector was added within the last minute.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such connector.
    pub async fn is_new(&self, admin: &Admin, id: ConnectorId) -> Result<bool, Failure> {
        let connector = self.get(&admin.caller(), id).await?;
        let now = self.clock.now();
        Ok(connector.created_at.is_credible(now) && now.since(connector.created_at) < Duration::minutes(1))
    }

    /// Adds a connector.
    pub async fn add(&self, admin: &Admin, form: Uuid, new: &Parsed) -> Result<Added, Failure> {
        let store = self.store(admin.organisation());
        let Some(secret) = &new.secret else { return Err(Failure::BadRequest) };
        let id = ConnectorId::new(&*self.clock, &*self.randomness);
        let binding = sealing::binding(1, &new.settings);
        let sealed = self.seal(admin.organisation(), id, &binding, secret)?;
        let added = self
            .database
            .write(async |tx| {
                // The name is looked up first. On PostgreSQL the same form may be committed between the two
                // look-ups. The connector of this form must not count as another one with the same name.
                let name_taken = store.by_name_key(&tx, &new.settings.name_key).await?.is_some();
                let organisation = admin.organisation();
                if let Some(id) = self.find_added_by_form(&tx, store, organisation, form, new).await? {
                    self.use_kept_secret(&tx, admin, &new.form).await?;
                    return Ok(Added::Already(id));
                }
                // A user may go back in the browser and type a second application into the same form, to add a
                // second connector.
                let form = if store.by_form(&tx, form).await?.is_some() { self.new_form() } else { form };
                if name_taken {
                    return Ok(Added::NameTaken);
                }
                if store.has_at_least(&tx, MAX_CONNECTORS).await? {
                    return Ok(Added::Full);
                }
                if !self.use_kept_secret(&tx, admin, &new.form).await? {
                    return Ok(Added::SecretGone);
                }
                store.add(&tx, id, form, &new.settings, sealed, self.clock.now()).await?;
                let entry = Entry::done(Action::ConnectorAdded, new.settings.service_name.as_str(), id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(Added::Added(id))
            })
            .await;
        // On PostgreSQL two such transactions can run concurrently. The unique indexes and the kept secret let one of
        // them commit, and the other one finds out here whether it was the same form.
        let refused = match added {
            Ok(Added::SecretGone) => Added::SecretGone,
            Ok(added) => return Ok(added),
            Err(error) if DatabaseError::is_conflict(&error) => Added::NameTaken,
            Err(error) => return Err(error.into()),
        };
        let read = self.database.read();
        let already = self.find_added_by_form(&read, store, admin.organisation(), form, new).await?;
        Ok(already.map_or(refused, Added::Already))
    }

    /// A connector for a sign-in, with its opened secret or the reason why the vault cannot open it.
    pub async fn with_secret(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        id: ConnectorId,
    ) -> Result<Option<(Connector, Result<SecretString, VaultError>)>, DatabaseError> {
        let found = self.store(organisation).with_sealed_secret(on, id).await?;
        Ok(found.map(|(connector, sealed)| {
            let secret = self.open(&connector, &sealed);
            (connector, secret)
        }))
    }

    /// Reads a connector within the queries or the transaction of the caller. `None` if the organisation has no such
    /// connector.
    pub async fn find(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        id: ConnectorId,
    ) -> Result<Option<Connector>, DatabaseError> {
        self.store(organisation).get(on, id).await
    }

    /// Stores the state that a sign-in showed, if the connector still has the application version that was tried.
    ///
    /// # Returns
    /// Whether it still had that version.
    pub async fn note_state(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: ConnectorId,
        version: i64,
        state: ConnectorState,
    ) -> Result<bool, DatabaseError> {
        self.store(organisation).set_state(tx, id, version, state, self.clock.now()).await
    }

    /// Stores the directory that a connector's settings name, after a sign-in has proved the directory. Does nothing
    /// if the connector has another application version than the sign-in, or has a proved directory already.
    pub async fn store_proved_directory(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: ConnectorId,
        version: i64,
        directory: &str,
    ) -> Result<(), DatabaseError> {
        self.store(organisation).set_proved_directory(tx, id, version, directory).await
    }

    /// The connector that this form has added with the same settings and the same secret.
    async fn find_added_by_form(
        &self,
        on: &impl Queries,
        store: Connectors<'_>,
        organisation: OrganisationId,
        form: Uuid,
        new: &Parsed,
    ) -> Result<Option<ConnectorId>, DatabaseError> {
        let Some(id) = store.by_form(on, form).await? else { return Ok(None) };
        let Some((made, Ok(secret))) = self.with_secret(on, organisation, id).await? else { return Ok(None) };
        let same = made.name_key == new.settings.name_key
            && made.secret_expires_on == new.settings.secret_expires_on
            && is_same_application(&made, &new.settings)
            && new.secret.as_ref().is_some_and(|new| new.expose_secret() == secret.expose_secret());
        Ok(same.then_some(id))
    }

    /// Locks a connector: no other transaction can change or delete it until this one ends.
    pub async fn lock(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: ConnectorId,
    ) -> Result<Option<Connector>, DatabaseError> {
        self.store(organisation).lock(tx, id).await
    }

    /// The same, but `None` if another transaction has locked it.
    pub async fn try_lock(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: ConnectorId,
    ) -> Result<Option<Connector>, DatabaseError> {
        self.store(organisation).try_lock(tx, id).await
    }
}

/// Whether a sign-in that proved the old settings also proves the new ones.
fn is_same_application(old: &Connector, new: &Settings) -> bool {
    old.provider.form().name() == new.provider.form().name()
        && old.client_id == new.client_id
        && old.application.settings() == new.application.settings()
        && old.scopes == new.scopes
}
