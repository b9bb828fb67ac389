//! The use cases of accounts: list, connect, pause, disconnect, delete. A transaction begins and ends here; the queries
//! are in `store`. Links with which people connect are in `links`, those for administrators of other companies in
//! `consent_links`, what both have in common in `link_kinds`, the tokens and their refreshing in `grants`. The accounts of
//! a connector that is changed or deleted are in `of_connector`.

pub mod appearance;
pub mod connecting;
pub mod consent_links;
mod emails;
pub mod grants;
mod link_kinds;
pub mod links;
pub mod of_connector;
mod pausing;
mod reach;
mod removing;
pub mod return_addresses;
mod search;
mod testing;

use std::slice;

pub use super::store::{
    Account, AccountFilter, AccountId, AccountPage, MAX_COUNTED, Paused, history::HistoryEntry,
    reach::ClientReaches,
};
pub use connecting::{Connected, ConnectedMailbox};
pub use reach::ReachChange;

use self::grants::Grants;
use super::{
    model::{AccountState, HistoryKind, StateFilter},
    store::{Accounts, ListRequest},
};
use crate::{
    activity::{
        model::{Action, Actor, Entry},
        service::Activity,
    },
    connectors::service::ConnectorId,
    people::access::{Admin, Caller},
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError, Tx, word_index::Hit},
        failure::Failure,
        id::new_uuid,
        randomness::SharedRandomness,
    },
};

/// Number of accounts on a page of the list.
pub const ACCOUNTS_PER_PAGE: usize = 25;
/// Maximum number of accounts that [`AccountService::list_up_to`] reads at once.
pub const MAX_ACCOUNTS_AT_ONCE: usize = 500;

/// The use cases of accounts. Each call names its organisation.
#[derive(Clone)]
pub struct AccountService {
    database: Database,
    grants: Grants,
    activity: Activity,
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl AccountService {
    /// Uses this database, and keeps tokens in these grants.
    pub const fn new(
        database: Database,
        grants: Grants,
        activity: Activity,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> Self {
        Self { database, grants, activity, clock, randomness }
    }

    /// The grants of the accounts.
    pub const fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A page of the list. A search finds the beginning of an email, and of any word of the email and of the name.
    pub async fn list(
        &self,
        caller: &Caller,
        search: &str,
        filter: AccountFilter,
        after: Option<&Hit>,
    ) -> Result<AccountPage, Failure> {
        self.list_up_to(caller, search, filter, after, ACCOUNTS_PER_PAGE).await
    }

    /// A page of the list with at most `limit` accounts, and at most [`MAX_ACCOUNTS_AT_ONCE`].
    pub async fn list_up_to(
        &self,
        caller: &Caller,
        search: &str,
        filter: AccountFilter,
        after: Option<&Hit>,
        limit: usize,
    ) -> Result<AccountPage, Failure> {
        let (search, limit) = (search::parse(search), limit.min(MAX_ACCOUNTS_AT_ONCE));
        let request = ListRequest { search: search.as_ref(), filter, after, limit };
        let read = self.database.read();
        let mut page = Accounts::within_reach(caller).list(&read, request).await?;
        self.grants.correct_states(&read, caller.organisation(), &mut page.accounts).await?;
        Ok(page)
    }

    /// Reads an account that the caller may see.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is no such account within the caller's reach.
    pub async fn get(&self, caller: &Caller, id: AccountId) -> Result<Account, Failure> {
        let read = self.database.read();
        let found = Accounts::within_reach(caller).get(&read, id).await?;
        let mut account = found.ok_or(Failure::NotFound)?;
        self.grants.correct_states(&read, caller.organisation(), slice::from_mut(&mut account)).await?;
        Ok(account)
    }

    /// Whether the caller may use a connector: read it, and make links for it.
    pub async fn reaches_connector(&self, caller: &Caller, connector: ConnectorId) -> Result<bool, Failure> {
        Ok(reach::may_use_connector(&self.database.read(), caller, connector).await?)
    }

    /// The history of an account, newest first.
    pub async fn history(&self, admin: &Admin, id: AccountId) -> Result<Vec<HistoryEntry>, Failure> {
        Ok(Accounts::of(admin.organisation()).history(&self.database.read(), id).await?)
    }

    /// The numbers of accounts by state, each at most one more than 1,000.
    pub async fn counts(
        &self,
        caller: &Caller,
        connector: Option<ConnectorId>,
    ) -> Result<Vec<(AccountState, u64)>, Failure> {
        let read = self.database.read();
        Ok(Accounts::within_reach(caller).count_by_state(&read, connector).await?)
    }

    /// The same, and with the number of the paused accounts, which also count in their states.
    pub async fn counts_with_paused(
        &self,
        caller: &Caller,
        connector: Option<ConnectorId>,
    ) -> Result<Vec<(StateFilter, u64)>, Failure> {
        let read = self.database.read();
        Ok(Accounts::within_reach(caller).count_by_filter(&read, connector).await?)
    }

    /// The number of accounts that need a sign-in, at most one more than 1,000.
    pub async fn count_needing_sign_in(&self, caller: &Caller) -> Result<u64, Failure> {
        let state = Some(StateFilter::In(AccountState::NeedsSignIn));
        let filter = AccountFilter { connector: None, state };
        Ok(Accounts::within_reach(caller).count(&self.database.read(), filter).await?)
    }

    async fn add_event(
        &self,
        tx: &Tx,
        accounts: Accounts,
        id: AccountId,
        kind: HistoryKind,
        at: Timestamp,
        detail: &serde_json::Value,
    ) -> Result<(), DatabaseError> {
        let entry = HistoryEntry {
            id: new_uuid(&*self.clock, &*self.randomness),
            at,
            kind,
            detail: detail.to_string(),
        };
        accounts.add_event(tx, id, entry).await
    }

    async fn record(&self, tx: &Tx, admin: &Admin, action: Action, account: &Account) -> Result<(), Failure> {
        Ok(self.record_for(tx, admin.actor(), action, account).await?)
    }

    async fn record_for(
        &self,
        tx: &Tx,
        actor: Actor,
        action: Action,
        account: &Account,
    ) -> Result<(), DatabaseError> {
        let entry = Entry::done(action, account.email.as_str(), account.id.0);
        self.activity.record(tx, actor, entry).await
    }
}
