//! Makes links for all accounts that need a sign-in, at most 1,000 in one go. The next call goes on with the accounts
//! that have no open link yet.

use std::collections::{BTreeSet, HashMap};

use time::Duration;

use super::{
    super::super::store::links::{Link, LinkId, NeedLink, OrganisationLinks},
    ConnectLinks, LinkDependencies, NewLink,
    many::{MAX_AT_ONCE, Made, NotMade, as_number, finish},
    usable,
};
use crate::{
    activity::model::{Action, Detail, Entry},
    connectors::service::{Connector, ConnectorId},
    people::access::{Admin, Caller},
    platform::{
        clock::Timestamp,
        database::Tx,
        failure::{Failure, Undone},
    },
};

/// Links that were made longer ago than this are made again if an administrator wants that: the file may be lost.
const LOST_AFTER: Duration = Duration::hours(1);
/// Maximum number of connectors whose accounts get links in one go, because a transaction locks each of them.
const MAX_CONNECTORS: usize = 100;

/// The accounts for which links are made.
#[derive(Clone, Copy, Debug)]
pub struct SignInLinks {
    /// Only accounts of this connector.
    pub connector: Option<ConnectorId>,
    /// Also accounts that have an open link, if it was made more than an hour ago.
    pub again: bool,
}

impl SignInLinks {
    fn need(self, now: Timestamp) -> NeedLink {
        NeedLink { connector: self.connector, since: self.again.then(|| now.minus(LOST_AFTER)) }
    }
}

impl ConnectLinks {
    /// Number of accounts for which [`Self::make_for_sign_ins`] makes a link, counted up to one more than it makes at
    /// once.
    pub async fn count_for_sign_ins(&self, admin: &Admin, which: SignInLinks) -> Result<u64, Failure> {
        let (store, now) = (OrganisationLinks::of(admin.organisation()), self.0.clock.now());
        let at_most = as_number(MAX_AT_ONCE + 1);
        let read = self.0.database.read();
        Ok(store.count_that_need_link(&read, which.need(now), at_most, now).await?)
    }

    /// Makes a link for each of these accounts, at most [`MAX_AT_ONCE`], and records all of them as one action.
    ///
    /// # Returns
    /// The links in the order of the emails, or why none was made.
    pub async fn make_for_sign_ins(
        &self,
        admin: &Admin,
        first: LinkId,
        which: SignInLinks,
    ) -> Result<Made, Failure> {
        let caller = admin.caller();
        let made = self
            .0
            .database
            .write::<_, Undone, _>(async |tx| self.make_for_sign_ins_within(&tx, &caller, first, which).await)
            .await;
        finish(made)
    }

    async fn make_for_sign_ins_within(
        &self,
        tx: &Tx,
        caller: &Caller,
        first: LinkId,
        which: SignInLinks,
    ) -> Result<Made, Undone> {
        let LinkDependencies { activity, clock, .. } = &*self.0;
        let (organisation, now) = (caller.organisation(), clock.now());
        let store = OrganisationLinks::of(organisation);
        let (need, limit) = (which.need(now), as_number(MAX_AT_ONCE));
        // Locked in the order of all transactions: the connectors, the user, the links.
        let accounts = store.accounts_that_need_link(tx, need, limit, now).await?;
        let ids = accounts.iter().map(|account| account.connector);
        let connectors = self.lock_connectors(tx, caller, ids.collect()).await?;
        let made_by_version = self.check_caller(tx, caller).await?;
        // Read again behind the locks: another administrator may have made links for the same accounts.
        let mut accounts = store.accounts_that_need_link(tx, need, limit, now).await?;
        accounts.retain(|account| {
            let connector = connectors.get(&account.connector).cloned();
            usable(connector, Some(account)).is_ok()
        });
        let Some(some) = accounts.first().map(|account| account.connector) else {
            return Ok(Err(NotMade::NoAccount));
        };
        let new = match NewLink::of_console(some).parse() {
            Ok(new) => new,
            Err(errors) => return Ok(Err(NotMade::Wrong(errors))),
        };
        let base = self.link_of(caller, made_by_version, &new, None, now);
        let links = accounts.iter().map(|account| Link {
            connector: account.connector,
            account: Some(account.id),
            account_connector: Some(account.connector),
            expected_email: Some(account.email.clone()),
            ..base.clone()
        });
        let mut made = match self.add_many(tx, first, links.collect()).await? {
            Ok(made) => made,
            Err(problem) => return Ok(Err(problem)),
        };
        for (link, account) in made.iter_mut().zip(accounts) {
            link.name = account.name;
            link.reference = account.reference.unwrap_or_default();
        }
        let detail = Detail::SignInLinks { links: as_number(made.len()) };
        // Links for accounts of several connectors have no connector that the entry could name.
        let entry = match which.connector.and_then(|id| connectors.get(&id)) {
            Some(connector) => {
                Entry::done(Action::LinksMade, connector.service_name.as_str(), connector.id.0)
            }
            None => Entry::done(Action::LinksMade, "", first.0),
        };
        activity.record(tx, caller.actor(), entry.with_detail(detail)).await?;
        Ok(Ok(made))
    }

    /// Locks connectors in the order of their ids, so that two transactions do not wait for each other.
    async fn lock_connectors(
        &self,
        tx: &Tx,
        caller: &Caller,
        ids: BTreeSet<ConnectorId>,
    ) -> Result<HashMap<ConnectorId, Connector>, Undone> {
        let mut locked = HashMap::new();
        for id in ids.into_iter().take(MAX_CONNECTORS) {
            if let Some(connector) = self.0.connectors.lock(tx, caller.organisation(), id).await? {
                locked.insert(id, connector);
            }
        }
        Ok(locked)
    }
}
