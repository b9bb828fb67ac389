//! Grants: what the provider gave for each account, and how it is kept alive. [`Grants::valid_access_token`] is the
//! only way to an access token.
//!
//! A refresh has four steps. `claim` takes the lease of the grant and stores that a refresh begins. `refresh` asks the
//! provider, without a connection to the database. `verdict` says what the answer means, line by line of the table in
//! the design. `settle` writes it in one transaction, if the grant still has the generation that was claimed. `sharing`
//! makes sure that one process refreshes an account once at a time; `refresher` looks for grants that are due. `batches`
//! changes many accounts of a connector, some in each transaction.

mod batches;
mod changes;
mod claim;
mod console;
mod demand;
mod failing;
mod faults;
mod fill;
mod forecast;
mod gates;
mod kept;
mod lend;
mod refresh;
mod refresher;
mod revoking;
mod sealing;
mod settle;
mod sharing;
mod stops;
mod times;
mod unchanged;
mod verdict;
mod waiting;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;
use tokio::sync::Notify;

pub use batches::{APPLICATION_CHANGE, GATE_OPENING};
pub use console::{AccessTested, LackingPermissions};
pub use forecast::Forecast;
pub use refresher::Refresher;
pub use revoking::MAX_FAILED_REVOCATIONS;
pub(in crate::accounts) use revoking::Revocations;
pub use sealing::{SEALED_ACCESS_TOKENS, SEALED_REFRESH_TOKENS};
pub use stops::{NoStops, SharedStopPoints, StopPoint, StopPoints};
pub use times::{
    CALL_LIMIT, CALLER_WAIT, DEMAND_SLOTS, MAX_BACKGROUND, MAX_DEMAND_OF_CONNECTOR, MAX_DEMAND_OF_PROVIDER,
    MAX_OF_CONNECTOR, MAX_THROTTLE, POLL,
};
pub(super) use times::{expiry as access_expiry, grant_end};

use super::AccountId;
use crate::{
    accounts::{
        model::AccountState,
        store::{
            Account,
            grants::{OrganisationGrants, StoredGrant},
        },
    },
    activity::service::Activity,
    connectors::service::{Connector, ConnectorService},
    jobs::{
        lease::{LeaseState, Owner, Sighting},
        service::Jobs,
    },
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError, Tx},
        failure::Failure,
        id::OrganisationId,
        monotonic::SharedMonotonic,
        randomness::SharedRandomness,
    },
    providers::{Providers, RefreshRefusal, SharedPinned, http::ProviderHttp, oauth},
    vault::Vault,
};
use demand::DemandSlots;
use kept::KeptTokens;
use sharing::{Running, Slots};

/// What [`Grants`] works with.
#[derive(Clone)]
pub struct GrantDependencies {
    pub database: Database,
    pub vault: Vault,
    pub connectors: ConnectorService,
    pub providers: Providers,
    pub activity: Activity,
    pub jobs: Jobs,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    /// For leases and time limits.
    pub monotonic: SharedMonotonic,
    pub http: Arc<dyn ProviderHttp>,
    /// Our Redirect URI, for providers that ask for it when credentials are tried.
    pub redirect_uri: String,
    /// Where a test stops a process. The program passes [`NoStops`].
    pub stops: SharedStopPoints,
}

/// The grants of all accounts, as one process sees them. A clone is another handle to the same.
#[derive(Clone)]
pub struct Grants(Arc<Inner>);

struct Inner {
    dependencies: GrantDependencies,
    /// This process, as the owner of leases.
    owner: Owner,
    running: Running,
    /// What was read lately to lend tokens.
    kept: KeptTokens,
    /// The leases of other processes that this one has seen.
    sightings: Mutex<HashMap<AccountId, Sighting>>,
    /// Refreshes that callers wait for.
    demand: DemandSlots,
    /// Refreshes in the background.
    slots: Slots,
    /// Tells the refresher that a slot is free.
    ended: Notify,
}

/// A grant that a sign-in gave.
pub struct NewGrant<'a> {
    pub connector: &'a Connector,
    pub pinned: SharedPinned,
    /// The directory of the account, if the provider names one.
    pub directory: Option<&'a str>,
    /// The granted scopes.
    pub scopes: &'a [String],
    /// The scopes that were asked for.
    pub asked: &'a [String],
    pub grant: &'a oauth::Grant,
}

/// An access token, for a request to the provider.
#[derive(Clone, Debug)]
pub struct LentToken {
    pub token: SecretString,
    pub pinned: SharedPinned,
    /// The granted scopes.
    pub scopes: Vec<String>,
    pub expires_at: Timestamp,
}

/// Why there is no access token.
#[derive(Clone, Debug)]
pub enum NoToken {
    /// The organisation has no such account, or its connector is being deleted.
    NotFound,
    /// An administrator has paused the account.
    Paused,
    /// The account is in this state, and no request was sent.
    State(AccountState),
    /// Another refresh is under way, or none may begin yet. Ask again after this number of seconds.
    Busy {
        retry_after: u32,
    },
    /// The provider has refused the refresh, or did not answer.
    Failed(RefreshRefusal),
    Failure(Failure),
}

impl From<Failure> for NoToken {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<DatabaseError> for NoToken {
    fn from(error: DatabaseError) -> Self {
        Self::Failure(error.into())
    }
}

impl Grants {
    pub fn new(dependencies: GrantDependencies) -> Self {
        let owner = Owner::new(&*dependencies.clock, &*dependencies.randomness);
        Self(Arc::new(Inner {
            dependencies,
            owner,
            running: Running::default(),
            kept: KeptTokens::default(),
            sightings: Mutex::default(),
            demand: DemandSlots::default(),
            slots: Slots::default(),
            ended: Notify::new(),
        }))
    }

    /// Stores the grant of a sign-in, in place of an earlier one of the account, and schedules its first refresh. The
    /// caller has locked the connector and the account. A refresh that is under way writes nothing afterwards. The
    /// provider has just accepted the credentials, so the gates that this refutes open.
    pub async fn put_within(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        account: AccountId,
        new: &NewGrant<'_>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let NewGrant { connector, pinned, directory, scopes, asked, grant } = new;
        let Some(refresh_token) = &grant.refresh_token else {
            return Err(Failure::Unexpected("a grant without a refresh token cannot be kept".to_owned()));
        };
        let store = OrganisationGrants::of(organisation);
        let before = store.lock(tx, account).await?;
        // The numbers of a first grant are random, so that what a process knows about a grant that was removed does not
        // fit the next one of the account: a refresh the generation, and a remembered lease the counter.
        let first = i64::from(self.random());
        let generation = before.as_ref().map_or(first, |old| old.generation + 1);
        let version = before.as_ref().map_or(1, |old| old.token_version + 1);
        let (client_id, pinned) = (connector.client_id.to_string(), pinned.to_json());
        let binding = sealing::binding(account, version, &client_id, &pinned);
        let row = StoredGrant {
            account,
            organisation,
            connector: connector.id,
            directory: directory.unwrap_or_default().to_owned(),
            refresh_token: self.seal_refresh_token(organisation, account, &binding, refresh_token)?,
            access_token: Some(self.seal_access_token(
                organisation,
                account,
                &binding,
                &grant.access_token,
            )?),
            access_expires_at: Some(times::expiry(grant.expires_in, now)),
            client_id,
            pinned,
            scopes: scopes.to_vec(),
            asked: asked.to_vec(),
            token_version: version,
            generation,
            application_version: connector.application_version,
            granted_at: now,
            ends_at: grant_end(grant.ends_in, now),
            refreshed_at: None,
            next_refresh_at: Some(self.next_day(now)),
            refresh_started_at: None,
            lease: LeaseState { owner: None, counter: before.map_or(first, |old| old.lease.counter) },
            tries: 0,
        };
        let directory = row.directory.clone();
        store.put(tx, row).await?;
        self.open_gates_within(tx, connector, &directory, now).await
    }

    /// Removes the grant of an account. A refresh that is under way writes nothing afterwards.
    pub async fn remove_within(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<(), Failure> {
        OrganisationGrants::of(organisation).remove(tx, account).await?;
        Ok(())
    }

    /// Waits until this process refreshes no grant any more.
    pub async fn wait_for_refreshes(&self) {
        self.0.running.wait_for_none().await;
    }

    /// Locks the connector of an account until the transaction ends.
    pub(super) async fn lock_connector_of(&self, tx: &Tx, account: &Account) -> Result<(), Failure> {
        self.dependencies().connectors.lock(tx, account.organisation, account.connector).await?;
        Ok(())
    }

    fn dependencies(&self) -> &GrantDependencies {
        &self.0.dependencies
    }

    fn database(&self) -> &Database {
        &self.0.dependencies.database
    }

    fn now(&self) -> Timestamp {
        self.0.dependencies.clock.now()
    }

    fn monotonic(&self) -> &SharedMonotonic {
        &self.0.dependencies.monotonic
    }

    /// A random number, for jitter.
    fn random(&self) -> u32 {
        let mut bytes = [0; 4];
        self.0.dependencies.randomness.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// When a grant is refreshed that has just been refreshed: within a day.
    fn next_day(&self, now: Timestamp) -> Timestamp {
        now.plus(times::daily_wait(self.random()))
    }

    /// The lease of an account as this process has seen it before.
    fn sighting(&self, account: AccountId) -> Option<Sighting> {
        let sightings = self.0.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        sightings.get(&account).copied()
    }
}
