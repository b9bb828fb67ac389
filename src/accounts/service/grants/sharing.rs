//! One refresh of an account at a time in this process: callers share it. Also the slots of background refreshes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, watch};

use super::{Grants, LentToken};
use crate::{
    accounts::service::AccountId, connectors::service::ConnectorId, platform::failure::Failure,
    providers::RefreshRefusal,
};

/// How a refresh ended, for those who wait for it.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// The new tokens are stored.
    Refreshed(LentToken),
    /// The provider refused, or did not answer, and that is stored.
    Refused(RefreshRefusal),
    /// The row has changed, so it has to be read again.
    Again,
    /// Another process refreshes the account.
    Held,
    /// The database or this program failed.
    Failed(Failure),
}

/// A place where the end of a refresh will be.
pub(super) type Joined = watch::Receiver<Option<Ended>>;

/// The accounts that this process refreshes.
#[derive(Default)]
pub(super) struct Running {
    accounts: Mutex<HashMap<AccountId, Joined>>,
    ended: Notify,
}

impl Running {
    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, Joined>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there are none.
    pub(super) async fn wait_for_none(&self) {
        loop {
            // Before the look, so that no end between the two is missed.
            let ended = self.ended.notified();
            if self.accounts().is_empty() {
                return;
            }
            ended.await;
        }
    }
}

/// The right to refresh an account in this process. Dropping it lets the next one begin.
pub(super) struct Reservation {
    grants: Grants,
    account: AccountId,
    sender: watch::Sender<Option<Ended>>,
}

impl Reservation {
    /// Tells all callers that wait how the refresh ended. The reservation stays until it is dropped.
    pub(super) fn tell(&self, ended: Ended) {
        self.sender.send_replace(Some(ended));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let running = &self.grants.0.running;
        running.accounts().remove(&self.account);
        running.ended.notify_waiters();
    }
}

impl Grants {
    /// Reserves the refresh of an account, or joins the one that this process already runs.
    pub(super) fn reserve(&self, account: AccountId) -> Result<(Reservation, Joined), Joined> {
        let mut accounts = self.0.running.accounts();
        if let Some(joined) = accounts.get(&account) {
            return Err(joined.clone());
        }
        let (sender, joined) = watch::channel(None);
        accounts.insert(account, joined.clone());
        Ok((Reservation { grants: self.clone(), account, sender }, joined))
    }

    /// Whether this process refreshes the account.
    pub(super) fn is_running(&self, account: AccountId) -> bool {
        self.0.running.accounts().contains_key(&account)
    }
}

/// Waits for the end of a refresh. A refresh whose task has failed ended without a result.
pub(super) async fn wait_for_end(mut joined: Joined) -> Ended {
    let ended = joined.wait_for(Option::is_some).await;
    ended.ok().and_then(|ended| ended.clone()).unwrap_or(Ended::Again)
}

/// The background refreshes of this process, by connector.
#[derive(Clone, Default)]
pub(super) struct Slots(Arc<Mutex<HashMap<ConnectorId, usize>>>);

/// A background refresh that has its place. Dropping it frees the place.
pub(super) struct Slot {
    slots: Slots,
    connector: ConnectorId,
    grants: Grants,
}

impl Slots {
    fn taken(&self) -> MutexGuard<'_, HashMap<ConnectorId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are running.
    pub(super) fn total(&self) -> usize {
        self.taken().values().sum()
    }

    /// How many are running for a connector.
    pub(super) fn of(&self, connector: ConnectorId) -> usize {
        self.taken().get(&connector).copied().unwrap_or_default()
    }
}

impl Grants {
    /// Takes a place for a background refresh of this connector. The caller has looked whether one is free.
    pub(super) fn take_slot(&self, connector: ConnectorId) -> Slot {
        *self.0.slots.taken().entry(connector).or_default() += 1;
        Slot { slots: self.0.slots.clone(), connector, grants: self.clone() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        if let Some(count) = taken.get_mut(&self.connector) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.connector);
            }
        }
        drop(taken);
        self.grants.0.ended.notify_one();
    }
}
