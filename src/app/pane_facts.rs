//! What the left pane shows besides its entries: the number of accounts that need a sign-in, and whether there are
//! API clients, whose calls have an entry of their own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::StatusCode;
use time::Duration;

use crate::{
    accounts::service::AccountService,
    clients::service::ClientService,
    people::access::{Admin, Member},
    platform::{
        clock::{SharedClock, Timestamp},
        failure::Failure,
        id::OrganisationId,
        page::Page,
    },
};

/// How long it is remembered whether an organisation has API clients. Every page asks.
const REMEMBERED: Duration = Duration::seconds(10);

/// The facts for one page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaneFacts {
    /// The number of accounts for which an administrator has something to do, as far as it is counted.
    pub due_accounts: u64,
    /// Whether the organisation has API clients.
    pub has_clients: bool,
}

/// Reads the facts. A clone shares what it remembers.
#[derive(Clone)]
pub struct PaneReader {
    accounts: AccountService,
    clients: ClientService,
    clock: SharedClock,
    /// Whether organisations have API clients, and when that was read. There are few organisations.
    remembered: Arc<Mutex<HashMap<OrganisationId, (bool, Timestamp)>>>,
}

impl PaneReader {
    pub fn new(accounts: AccountService, clients: ClientService, clock: SharedClock) -> Self {
        Self { accounts, clients, clock, remembered: Arc::default() }
    }

    /// The facts for a page of this member. They are none for a viewer, who can do nothing about them. The page of an
    /// error asks nothing, because the database may have caused the error. Without facts a page is still useful.
    pub(super) async fn read(&self, page: &Page, member: &Member) -> PaneFacts {
        let Ok(admin) = member.admin() else { return PaneFacts::default() };
        let known = self.lock().get(&admin.organisation()).copied();
        if page.status != StatusCode::OK {
            return PaneFacts { due_accounts: 0, has_clients: known.is_some_and(|(has, _)| has) };
        }
        let due_accounts =
            self.accounts.count_needing_sign_in(&member.caller()).await.unwrap_or_else(|failure| {
                tracing::warn!(
                    ?failure,
                    "could not count the accounts that need a sign-in for the left pane"
                );
                0
            });
        let has_clients = self.has_clients(&admin, known).await.unwrap_or_else(|failure| {
            tracing::warn!(?failure, "could not look for API clients for the left pane");
            false
        });
        PaneFacts { due_accounts, has_clients }
    }

    async fn has_clients(&self, admin: &Admin, known: Option<(bool, Timestamp)>) -> Result<bool, Failure> {
        let now = self.clock.now();
        if let Some((has, read_at)) = known
            && read_at.is_within(REMEMBERED, now)
        {
            return Ok(has);
        }
        let has = !self.clients.names(admin).await?.is_empty();
        self.lock().insert(admin.organisation(), (has, now));
        Ok(has)
    }

    /// A panic of another holder of the lock cannot leave the map half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<OrganisationId, (bool, Timestamp)>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
