//! The way of a link through a sign-in: it is opened, it starts sign-ins, and one of them uses it.
//!
//! Two browsers may finish one link at the same time, and an administrator may revoke it in between. Therefore each
//! transaction locks the connector and then the link, and checks the link again.

use super::{ConnectLinks, LinkDependencies, MAX_ATTEMPTS};
use crate::{
    accounts::{
        model::AccountState,
        service::link_kinds::may_still_make,
        store::{
            Account, AccountId, Accounts,
            links::{Link, LinkEnd, LinkId, LinkState, OrganisationLinks},
        },
    },
    connectors::service::Connector,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Queries, Tx, Unscoped},
        failure::Failure,
        id::OrganisationId,
        randomness::Token,
    },
};

/// Why a link cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkProblem {
    /// No link has this token, or its connector was deleted.
    Unknown,
    Used,
    Expired,
    Revoked,
    /// Its connector is being deleted, or the provider refuses the connector's credentials.
    ConnectorUnavailable,
    /// It has started [`MAX_ATTEMPTS`] sign-ins.
    Exhausted,
}

/// A link that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedLink {
    pub problem: LinkProblem,
    /// The organisation whose link it is; `None` if the link is unknown.
    pub organisation: Option<OrganisationId>,
}

impl ClosedLink {
    /// For a text that is no token.
    pub const UNKNOWN: Self = Self { problem: LinkProblem::Unknown, organisation: None };
}

/// A link that can be used, with what its page shows.
#[derive(Clone, Debug)]
pub struct OpenLink {
    pub link: Link,
    pub connector: Connector,
    /// The account that is to sign in again, or to move to the connector.
    pub account: Option<Account>,
}

impl OpenLink {
    /// The email of the mailbox that is expected: that of the account, or the one that the link names.
    pub fn email(&self) -> Option<&str> {
        self.account.as_ref().map(|account| account.email.as_str()).or(self.link.expected_email.as_deref())
    }
}

impl ConnectLinks {
    /// Opens a link. It changes nothing: mail programs and chat tools fetch links.
    pub async fn open(&self, token: &Token) -> Result<Result<OpenLink, ClosedLink>, Failure> {
        let LinkDependencies { database, connectors, .. } = &*self.0;
        let read = database.read();
        let Some(link) = Unscoped.link_by_token(&read, token.hash()).await? else {
            return Ok(Err(ClosedLink::UNKNOWN));
        };
        let connector = connectors.find(&read, link.organisation, link.connector).await?;
        self.check_open(&read, link, connector, None).await
    }

    /// A link of an organisation.
    pub async fn get(&self, organisation: OrganisationId, id: LinkId) -> Result<Option<Link>, Failure> {
        Ok(OrganisationLinks::of(organisation).get(&self.0.database.read(), id).await?)
    }

    /// The email of the mailbox that a sign-in with a link expects: that of the account for which it is, or the one that
    /// the link names.
    pub async fn expected_email(
        &self,
        link: &Link,
        account: Option<AccountId>,
    ) -> Result<Option<String>, Failure> {
        let account = match account {
            Some(id) => Accounts::of(link.organisation).get(&self.0.database.read(), id).await?,
            None => None,
        };
        Ok(account.map(|account| account.email).or_else(|| link.expected_email.clone()))
    }

    /// Whether a link can start another sign-in. For `again` see [`Self::lock_to_start`].
    pub async fn can_start(
        &self,
        link: &Link,
        connector: &Connector,
        again: Option<AccountId>,
    ) -> Result<bool, Failure> {
        let (read, connector) = (self.0.database.read(), Some(connector.clone()));
        Ok(self.check_open(&read, link.clone(), connector, again).await?.is_ok())
    }

    /// Locks an open link and its connector, to start a sign-in. `again` is the account that the link has connected, if
    /// the same person is asked for more permissions: then the link may be used already.
    pub async fn lock_to_start(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: LinkId,
        again: Option<AccountId>,
    ) -> Result<Result<OpenLink, ClosedLink>, Failure> {
        let links = OrganisationLinks::of(organisation);
        let Some(found) = links.get(tx, id).await? else { return Ok(Err(ClosedLink::UNKNOWN)) };
        let connector = self.0.connectors.lock(tx, organisation, found.connector).await?;
        let Some(link) = links.lock(tx, id).await? else { return Ok(Err(ClosedLink::UNKNOWN)) };
        self.check_open(tx, link, connector, again).await
    }

    /// Counts a sign-in that a locked link starts.
    pub async fn count_attempt(&self, tx: &Tx, link: &Link) -> Result<(), DatabaseError> {
        OrganisationLinks::of(link.organisation).count_attempt(tx, link.id).await
    }

    async fn check_open(
        &self,
        on: &impl Queries,
        link: Link,
        connector: Option<Connector>,
        again: Option<AccountId>,
    ) -> Result<Result<OpenLink, ClosedLink>, Failure> {
        let organisation = link.organisation;
        let closed = |problem| Ok(Err(ClosedLink { problem, organisation: Some(organisation) }));
        let Some(connector) = connector else { return closed(LinkProblem::Unknown) };
        let is_again = again.is_some() && link.used_at.is_some() && link.result == again;
        match link.state(self.0.clock.now()) {
            LinkState::Open => {}
            LinkState::Used if is_again => {}
            LinkState::Used => return closed(LinkProblem::Used),
            LinkState::Expired => return closed(LinkProblem::Expired),
            LinkState::Revoked => return closed(LinkProblem::Revoked),
        }
        if !self.maker_may(on, &link).await? {
            return closed(LinkProblem::Revoked);
        }
        if link.attempts >= MAX_ATTEMPTS {
            return closed(LinkProblem::Exhausted);
        }
        if connector.deleted_at.is_some() || connector.state.wants_credentials() {
            return closed(LinkProblem::ConnectorUnavailable);
        }
        let account = match link.account.or(again) {
            Some(id) => match Accounts::of(organisation).get(on, id).await? {
                Some(account) => Some(account),
                // It was deleted, and its links with it.
                None => return closed(LinkProblem::Unknown),
            },
            None => None,
        };
        if let Some(account) = &account {
            let is_here = account.connector == link.connector;
            if is_again && account.state == AccountState::Disconnected {
                return closed(LinkProblem::Used);
            }
            // The account was moved since the link was made.
            if link.account_connector.is_some_and(|from| from != account.connector && !is_here) {
                return closed(LinkProblem::Revoked);
            }
        }
        Ok(Ok(OpenLink { link, connector, account }))
    }

    /// Whether the user who made a link, if one did, may still make links.
    async fn maker_may(&self, on: &impl Queries, link: &Link) -> Result<bool, DatabaseError> {
        let Some(user) = link.made_by else { return Ok(true) };
        may_still_make(&self.0.people, on, link.organisation, user, link.made_by_version).await
    }

    /// The link of a sign-in that came back, if the sign-in may go on. `account` is the account that the sign-in is for,
    /// and `started` when it began.
    pub async fn find_returned(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        id: LinkId,
        account: Option<AccountId>,
        started: Timestamp,
    ) -> Result<Result<Link, LinkProblem>, DatabaseError> {
        let found = OrganisationLinks::of(organisation).get(on, id).await?;
        self.check_returned(on, found, account, started).await
    }

    /// The same, locked until the transaction ends. The caller has locked the connector.
    pub async fn lock_returned(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        id: LinkId,
        account: Option<AccountId>,
        started: Timestamp,
    ) -> Result<Result<Link, LinkProblem>, DatabaseError> {
        let found = OrganisationLinks::of(organisation).lock(tx, id).await?;
        self.check_returned(tx, found, account, started).await
    }

    /// Checks the link of a sign-in that came back. A sign-in that began before the link's expiry may finish.
    async fn check_returned(
        &self,
        on: &impl Queries,
        link: Option<Link>,
        account: Option<AccountId>,
        started: Timestamp,
    ) -> Result<Result<Link, LinkProblem>, DatabaseError> {
        let Some(link) = link else { return Ok(Err(LinkProblem::Unknown)) };
        if let Some(used) = link.used_at {
            // The same person was asked for more permissions after the link was used.
            let again = account.filter(|_| link.result == account && started >= used);
            let found = match again {
                Some(id) => Accounts::of(link.organisation).get(on, id).await?,
                None => None,
            };
            // An administrator may have disconnected the account since.
            let is_again = found.is_some_and(|found| found.state != AccountState::Disconnected);
            return Ok(if is_again { Ok(link) } else { Err(LinkProblem::Used) });
        }
        let problem = match (link.revoked_at, link.revoked_why) {
            (_, Some(LinkEnd::Expired)) => Some(LinkProblem::Expired),
            (Some(_), _) | (None, Some(_)) => Some(LinkProblem::Revoked),
            (None, None) => (!self.maker_may(on, &link).await?).then_some(LinkProblem::Revoked),
        };
        Ok(match problem {
            Some(problem) => Err(problem),
            None => Ok(link),
        })
    }
}
