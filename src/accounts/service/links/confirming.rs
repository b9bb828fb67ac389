//! Confirmations: a mailbox whose return address asks for it is connected only after the application has posted the
//! code that the browser brought back. Until then there is no account for it, and an account that was signed in again
//! keeps its earlier grant. `keeping` keeps and erases what waits, and `pending` has its sealed value.
//!
//! The link stays open while access waits. So the person for whom it was made can still use it if another person, to
//! whom it was forwarded, has signed in first. The first confirmation uses the link. What waits longer than
//! [`CONFIRM_WITHIN`] is erased. It is not revoked at the provider, because some providers would end the earlier grant
//! of the same account with it.

mod keeping;

use std::net::IpAddr;

use strum::IntoStaticStr;
use time::Duration;

use super::{ConnectLinks, Link, LinkDependencies, LinkId, LinkProblem, pending::KeptMailbox};
pub use crate::accounts::store::pending_grants::PendingGrantId;
use crate::{
    accounts::{
        service::{AccountId, AccountService, Connected, ConnectedMailbox},
        store::{
            links::OrganisationLinks,
            pending_grants::{OrganisationPendingGrants, PendingGrant},
        },
    },
    activity::model::{Action, Actor, Detail, Entry},
    connectors::service::Connector,
    platform::{
        clock::Timestamp,
        database::{Tx, Unscoped},
        failure::Failure,
        randomness::{Hash, Token},
        request_id::RequestId,
    },
    vault::Vault,
};

/// An application must confirm within this time after the sign-in ended.
pub const CONFIRM_WITHIN: Duration = Duration::minutes(10);
/// After this number of wrong codes for a link, what waits at it is erased.
pub const MAX_WRONG_CODES: u64 = 5;

/// Why a mailbox was not connected although an application has posted a code for it. The names are the codes of the API
/// and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ConfirmProblem {
    /// Nothing waits for this code: the link or the code is unknown, the time is over, or too many codes were wrong.
    ConfirmationUnknown,
    /// The link was revoked since the sign-in.
    LinkRevoked,
    /// Another sign-in has used the link.
    LinkUsed,
    /// The connector was changed since the sign-in.
    ConnectorChanged,
    /// The mailbox is connected through another connector.
    OtherConnector,
    /// The link was made for another account.
    WrongAccount,
    /// The link was made by an API client that must not change this account in such a way.
    AccountAlreadyConnected,
}

impl ConfirmProblem {
    /// The code of the API.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// How far the confirmation of a sign-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmationState {
    /// The application has not confirmed yet, and may until then.
    Waiting(Timestamp),
    /// The mailbox is connected.
    Confirmed(AccountId),
    /// It was not confirmed in time, or the confirmation was refused.
    Over,
}

/// The sign-in that gave access to a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct EndedSignIn {
    pub id: PendingGrantId,
    /// The hash of the code with which the application confirms. Only the browser of the sign-in can make the code.
    pub code: Hash,
    /// When the sign-in began.
    pub started: Timestamp,
}

/// What became of a mailbox at the end of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// It was connected, or refused.
    Now(Connected),
    /// The application must confirm it.
    Waiting,
    /// The application that would have to confirm it is not in the list of return addresses any more.
    CannotBeConfirmed,
}

/// The caller that confirms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Confirmer {
    pub address: Option<IpAddr>,
    pub request_id: Option<RequestId>,
}

/// The use cases of confirmations.
#[derive(Clone)]
pub struct Confirmations {
    links: ConnectLinks,
    accounts: AccountService,
    vault: Vault,
}

impl Confirmations {
    /// Keeps access of these links sealed with this vault, until it becomes an account.
    pub const fn new(links: ConnectLinks, accounts: AccountService, vault: Vault) -> Self {
        Self { links, accounts, vault }
    }

    fn dependencies(&self) -> &LinkDependencies {
        &self.links.0
    }

    /// Connects the mailbox of a link for which this is the code. The same code again, in the same time, gets the same
    /// answer and changes nothing: an application may not have received the first one.
    ///
    /// A wrong code is looked for by its hash, so the time that this takes says nothing about the right one.
    pub async fn confirm(
        &self,
        link: LinkId,
        code: &Token,
        confirmer: Confirmer,
    ) -> Result<Result<AccountId, ConfirmProblem>, Failure> {
        let database = &self.dependencies().database;
        let found = Unscoped.organisation_of_pending_grant(&database.read(), link).await?;
        let Some(organisation) = found else { return Ok(Err(ConfirmProblem::ConfirmationUnknown)) };
        let Confirmer { address, request_id } = confirmer;
        let actor = Actor { organisation, user: None, client: None, address, request_id };
        database.write(async |tx| self.confirm_within(&tx, link, code, actor).await).await
    }

    async fn confirm_within(
        &self,
        tx: &Tx,
        link: LinkId,
        code: &Token,
        actor: Actor,
    ) -> Result<Result<AccountId, ConfirmProblem>, Failure> {
        let LinkDependencies { connectors, clock, activity, .. } = self.dependencies();
        let (organisation, unknown) = (actor.organisation, Ok(Err(ConfirmProblem::ConfirmationUnknown)));
        let (links, store) =
            (OrganisationLinks::of(organisation), OrganisationPendingGrants::of(organisation));
        // Locked in the order of all transactions: the connector, the link, what waits at it.
        let Some(found) = links.get(tx, link).await? else { return unknown };
        let Some(connector) = connectors.lock(tx, organisation, found.connector).await? else {
            return unknown;
        };
        let Some(link) = links.lock(tx, link).await? else { return unknown };
        let rows = store.lock_of_link(tx, link.id).await?;
        let now = clock.now();
        let hash = code.hash();
        let Some(pending) = rows.iter().find(|row| row.code == hash) else {
            self.count_wrong_code(tx, &rows, &link, &connector, actor).await?;
            return unknown;
        };
        if !is_in_time(pending, now) {
            return unknown;
        }
        let Some(kept) = KeptMailbox::open(&self.vault, pending)? else {
            return pending.account.map_or(unknown, |account| Ok(Ok(account)));
        };
        let connected = match self.check(tx, &link, &connector, &kept).await? {
            Some(problem) => Err(problem),
            None => self.connect_within(tx, &link, &connector, &kept, actor, now).await?,
        };
        if let Ok(account) = connected {
            store.settle(tx, pending.id, account).await?;
        } else {
            store.remove(tx, pending.id).await?;
            let entry = entry(Action::AccountNotConfirmed, &kept, &link, &connector);
            activity.record(tx, actor, entry.with_outcome("refused")).await?;
        }
        Ok(connected)
    }

    /// Why the mailbox cannot be connected any more, if it cannot.
    async fn check(
        &self,
        tx: &Tx,
        link: &Link,
        connector: &Connector,
        kept: &KeptMailbox,
    ) -> Result<Option<ConfirmProblem>, Failure> {
        if connector.application_version != kept.application_version || connector.deleted_at.is_some() {
            return Ok(Some(ConfirmProblem::ConnectorChanged));
        }
        let (organisation, started) = (link.organisation, kept.started());
        let checked = self.links.lock_returned(tx, organisation, link.id, kept.only, started).await?;
        Ok(checked.err().map(|problem| match problem {
            LinkProblem::Used => ConfirmProblem::LinkUsed,
            LinkProblem::Unknown
            | LinkProblem::Expired
            | LinkProblem::Revoked
            | LinkProblem::ConnectorUnavailable
            | LinkProblem::Exhausted => ConfirmProblem::LinkRevoked,
        }))
    }

    async fn connect_within(
        &self,
        tx: &Tx,
        link: &Link,
        connector: &Connector,
        kept: &KeptMailbox,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Result<AccountId, ConfirmProblem>, Failure> {
        let pinned = connector.provider.read_pinned(connector.client_id.as_str(), &kept.pinned);
        let pinned = pinned.map_err(|unreadable| {
            Failure::Unexpected(format!("cannot read what the access waits with: {}", unreadable.0))
        })?;
        let (identity, grant) = (kept.identity(), kept.grant(now));
        let mailbox = ConnectedMailbox {
            organisation: link.organisation,
            connector,
            identity: &identity,
            name: link.name.clone(),
            reference: link.reference.clone(),
            only: kept.only,
            moves_from: link.account_connector,
            client: link.client,
            scopes: &kept.scopes,
            asked: &kept.asked,
            pinned,
            grant: &grant,
        };
        let confirmed = entry(Action::AccountConfirmed, kept, link, connector);
        let connected = self.links.finish_within(tx, &self.accounts, link, mailbox, actor, now).await?;
        match connected {
            Connected::Added(account) | Connected::Again(account) => {
                self.dependencies().activity.record(tx, actor, confirmed).await?;
                Ok(Ok(account))
            }
            Connected::OtherConnector(_) => Ok(Err(ConfirmProblem::OtherConnector)),
            Connected::WrongAccount => Ok(Err(ConfirmProblem::WrongAccount)),
            Connected::AlreadyConnected(_) => Ok(Err(ConfirmProblem::AccountAlreadyConnected)),
        }
    }

    /// Counts a wrong code for the locked rows of a link, and erases those that had too many.
    async fn count_wrong_code(
        &self,
        tx: &Tx,
        rows: &[PendingGrant],
        link: &Link,
        connector: &Connector,
        actor: Actor,
    ) -> Result<(), Failure> {
        let store = OrganisationPendingGrants::of(actor.organisation);
        store.count_wrong_code(tx, link.id).await?;
        for pending in rows.iter().filter(|row| row.sealed.is_some()) {
            if pending.wrong_codes + 1 < MAX_WRONG_CODES {
                continue;
            }
            store.remove(tx, pending.id).await?;
            self.record_erased(tx, pending, link, connector, actor, "refused").await?;
        }
        Ok(())
    }
}

/// Whether access may still be confirmed. An end that no clock of this program can have written counts as over.
fn is_in_time(pending: &PendingGrant, now: Timestamp) -> bool {
    now < pending.expires_at && pending.expires_at.minus(CONFIRM_WITHIN).is_credible(now)
}

fn through(connector: &Connector) -> Detail {
    Detail::Connector { connector: connector.service_name.as_str().to_owned() }
}

fn entry(action: Action, kept: &KeptMailbox, link: &Link, connector: &Connector) -> Entry {
    Entry::done(action, kept.shown_email(), link.id.0).with_detail(through(connector))
}
