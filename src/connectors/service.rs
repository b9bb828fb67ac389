//! What can be done with connectors.

use secrecy::{ExposeSecret, SecretString};
use time::{Date, Duration};
use uuid::Uuid;

mod browser;
mod changes;
mod sealing;
mod search;
mod typed;

pub use super::store::{Connector, ConnectorId, Listed};
use super::{
    model::{
        ConnectorState, ExpiryDate, SOON,
        list::{Order, Position},
    },
    store::{CLOUD, Connectors, Settings},
};
use crate::{
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    people::access::{Admin, Member},
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError, Queries, Tx},
        failure::Failure,
        id::OrganisationId,
        randomness::{Hash, SharedRandomness},
    },
    vault::{Vault, VaultError},
};
pub use browser::Owner;
pub use changes::Changed;
pub use sealing::SEALED;
pub use typed::{Parsed, ParsedSecret, Typed, TypedSecret};

/// How many connectors a page of the list shows.
pub const PAGE: usize = 25;
/// How many connectors whose secret expires soon a page of the list names.
pub const NAMED: usize = 3;
/// An organisation has no more than so many.
pub const MOST: u64 = 100_000;

/// What came of adding a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Added(ConnectorId),
    /// This very form has made one already.
    Already(ConnectorId),
    /// Another connector has this name.
    NameTaken,
    /// The organisation has [`MOST`] already.
    Full,
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// The connectors.
    pub connectors: Vec<Listed>,
    /// Where the next page begins, where there is one.
    pub next: Option<Position>,
    /// For administrators, of the whole list the first connectors whose secret expires within [`SOON`] days or has
    /// expired: one more than [`NAMED`] if there are more.
    pub expiring: Vec<Listed>,
}

/// The connectors of all organisations, one at a time.
#[derive(Clone)]
pub struct ConnectorService {
    database: Database,
    vault: Vault,
    activity: Activity,
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl ConnectorService {
    /// In this database, sealed by this vault.
    pub fn new(
        database: Database,
        vault: Vault,
        activity: Activity,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> Self {
        Self { database, vault, activity, clock, randomness }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Today, UTC.
    pub fn today(&self) -> Date {
        self.clock.now().date_time().date()
    }

    /// A new form's id: what is sent with it a second time leads to what it made the first time.
    pub fn new_form(&self) -> Uuid {
        crate::platform::id::new_uuid(&*self.clock, &*self.randomness)
    }

    /// A page of the list, or of those whose name or client ID begins with what is searched.
    pub async fn list(
        &self,
        member: &Member,
        search: &str,
        order: Order,
        after: Option<&Position>,
    ) -> Result<ListPage, Failure> {
        let prefixes = search::prefixes(search);
        let (store, read) = (Connectors::of(member.organisation()), self.database.read());
        let (mut connectors, expiring) = if member.is_admin() {
            let due = (self.soon(), NAMED + 1);
            store.list_with_due(&read, prefixes.as_deref(), (order, after), PAGE + 1, due).await?
        } else {
            (store.list(&read, prefixes.as_deref(), order, after, PAGE + 1).await?, Vec::new())
        };
        // One more than is shown, to know whether there is a next page.
        let more = connectors.len() > PAGE;
        connectors.truncate(PAGE);
        let next = connectors.last().filter(|_| more).map(|last| last.position(order));
        Ok(ListPage { connectors, next, expiring })
    }

    /// The connectors of an organisation whose secret expires within [`SOON`] days or has expired, the soonest
    /// first, at most so many.
    pub async fn expiring(&self, organisation: OrganisationId, limit: usize) -> Result<Vec<Listed>, Failure> {
        Ok(Connectors::of(organisation).expiring(&self.database.read(), self.soon(), limit).await?)
    }

    /// The last day that is less than [`SOON`] days away, or exactly so many.
    fn soon(&self) -> ExpiryDate {
        ExpiryDate::in_days(self.today(), SOON)
    }

    /// One connector.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where the member's organisation has no such connector.
    pub async fn get(&self, member: &Member, id: ConnectorId) -> Result<Connector, Failure> {
        Connectors::of(member.organisation()).get(&self.database.read(), id).await?.ok_or(Failure::NotFound)
    }

    /// Whether a connector was added within the last minute.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where there is no such connector.
    pub async fn is_new(&self, admin: &Admin, id: ConnectorId) -> Result<bool, Failure> {
        let connector = self.get(admin, id).await?;
        let now = self.clock.now();
        Ok(connector.created_at.is_credible(now) && now.since(connector.created_at) < Duration::minutes(1))
    }

    /// Adds a connector.
    pub async fn add(&self, admin: &Admin, form: Uuid, new: &Parsed) -> Result<Added, Failure> {
        let store = Connectors::of(admin.organisation());
        let Some(secret) = &new.secret else { return Err(Failure::BadRequest) };
        let id = ConnectorId::new(&*self.clock, &*self.randomness);
        let binding = sealing::binding(1, &new.settings, CLOUD);
        let sealed = self.seal(admin.organisation(), id, &binding, secret)?;
        let second = second_form(form, &new.settings);
        let added = self
            .database
            .write(async |tx| {
                // The name first: on PostgreSQL the same form may be committed between the two look-ups, and
                // its own connector must not be taken for another's.
                let name_taken = store.by_name_key(&tx, &new.settings.name_key).await?.is_some();
                if let Some(id) = self.made_by(&tx, store, admin.organisation(), [form, second], new).await? {
                    return Ok(Added::Already(id));
                }
                // Whoever goes back in the browser and types a second application has the first one's form
                // before them, and means a connector of its own.
                let form = if store.by_form(&tx, form).await?.is_some() { second } else { form };
                if name_taken {
                    return Ok(Added::NameTaken);
                }
                if store.has_at_least(&tx, MOST).await? {
                    return Ok(Added::Full);
                }
                store.add(&tx, id, form, &new.settings, sealed, self.clock.now()).await?;
                let entry = Entry::done(Action::ConnectorAdded, new.settings.service_name.as_str(), id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(Added::Added(id))
            })
            .await;
        match added {
            Ok(added) => Ok(added),
            // PostgreSQL lets two such transactions run at once; the unique indexes let one through,
            // and the other learns here which of them it was.
            Err(error) if DatabaseError::is_conflict(&error) => {
                let read = self.database.read();
                let already = self.made_by(&read, store, admin.organisation(), [form, second], new).await?;
                Ok(already.map_or(Added::NameTaken, Added::Already))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A connector as a sign-in finds it, and its secret, opened; or why the vault cannot open it.
    pub async fn with_secret(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        id: ConnectorId,
    ) -> Result<Option<(Connector, Result<SecretString, VaultError>)>, DatabaseError> {
        let found = Connectors::of(organisation).with_sealed_secret(on, id).await?;
        Ok(found.map(|(connector, sealed)| {
            let secret = self.open(&connector, &sealed);
            (connector, secret)
        }))
    }

    /// A connector as a sign-in finds it.
    pub async fn find(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        id: ConnectorId,
    ) -> Result<Option<Connector>, DatabaseError> {
        Connectors::of(organisation).get(on, id).await
    }

    /// Notes what a sign-in showed of a connector, if what it proves is still at the version that was tried.
    ///
    /// # Returns
    /// Whether it was.
    pub async fn note_state(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: ConnectorId,
        version: i64,
        state: ConnectorState,
    ) -> Result<bool, DatabaseError> {
        Connectors::of(organisation).set_state(tx, id, version, state, self.clock.now()).await
    }

    /// Keeps the GUID of the tenant that a connector's domain belongs to, which a sign-in has proved, if what it proves is
    /// still at the version that was tried. One that is kept already stays.
    pub async fn keep_tenant_id(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: ConnectorId,
        version: i64,
        tenant_id: &str,
    ) -> Result<(), DatabaseError> {
        Connectors::of(organisation).set_tenant_id(tx, id, version, tenant_id).await
    }

    /// The connector that one of these forms has made of the very same: settings and secret.
    async fn made_by(
        &self,
        on: &impl Queries,
        store: Connectors,
        organisation: OrganisationId,
        forms: [Uuid; 2],
        new: &Parsed,
    ) -> Result<Option<ConnectorId>, DatabaseError> {
        for form in forms {
            let Some(id) = store.by_form(on, form).await? else { continue };
            let Some((made, Ok(secret))) = self.with_secret(on, organisation, id).await? else { continue };
            let same = made.name_key == new.settings.name_key
                && made.secret_expires_on == new.settings.secret_expires_on
                && is_same_application(&made, &new.settings)
                && new.secret.as_ref().is_some_and(|new| new.expose_secret() == secret.expose_secret());
            if same {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Keeps a connector from being changed or deleted until the transaction ends.
    pub async fn lock(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: ConnectorId,
    ) -> Result<Option<Connector>, DatabaseError> {
        Connectors::of(organisation).lock(tx, id).await
    }
}

/// The id of a form that has made one connector already, for another one that is typed into it: always the
/// same for the same one, so that it can be sent twice as well.
fn second_form(form: Uuid, settings: &Settings) -> Uuid {
    let text = format!("{form}\0{}\0{}", settings.name_key, settings.client_id);
    let hash = Hash::of(text.as_bytes()).to_vec();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Whether what a sign-in proved of the old settings holds for the new ones.
fn is_same_application(old: &Connector, new: &Settings) -> bool {
    old.client_id == new.client_id
        && old.account_type == new.account_type
        && old.tenant == new.tenant
        && old.scopes == new.scopes
}
