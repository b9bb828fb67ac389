//! What API clients reach: which connectors they may use, which changes of an account a sign-in with their link may make,
//! and which of them gain or lose an account that moves to another connector.

use super::{
    super::{
        model::AccountState,
        store::{
            Account, Accounts,
            grants::OrganisationGrants,
            reach::{ClientReaches, LinkClient},
        },
    },
    AccountService,
    connecting::ConnectedMailbox,
};
use crate::{
    connectors::service::ConnectorId,
    people::access::{Admin, Caller, Reach},
    platform::{
        database::{DatabaseError, Queries, Tx},
        failure::Failure,
        id::ApiClientId,
    },
};

/// The names of the API clients whose reach changes if an account moves to another connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReachChange {
    pub gain: Vec<String>,
    pub lose: Vec<String>,
}

impl ReachChange {
    pub const fn is_empty(&self) -> bool {
        self.gain.is_empty() && self.lose.is_empty()
    }
}

impl AccountService {
    /// Which API clients gain and lose an account of the administrator's organisation, which the caller has read, if it
    /// moves to this connector. Clients that reach all accounts, or those that they have connected, keep it.
    pub async fn find_reach_change(
        &self,
        admin: &Admin,
        account: &Account,
        to: ConnectorId,
    ) -> Result<ReachChange, Failure> {
        if account.connector == to {
            return Ok(ReachChange::default());
        }
        let (read, clients) = (self.database.read(), ClientReaches::of(admin.organisation()));
        let before = clients.clients_of_connector(&read, account.connector).await?;
        let after = clients.clients_of_connector(&read, to).await?;
        let only_in = |these: &[(ApiClientId, String)], others: &[(ApiClientId, String)]| {
            let only = these.iter().filter(|(id, _)| others.iter().all(|(other, _)| other != id));
            only.map(|(_, name)| name.clone()).collect()
        };
        Ok(ReachChange { gain: only_in(&after, &before), lose: only_in(&before, &after) })
    }
}

/// Whether the caller may use a connector. A client whose reach is the accounts that it has connected may connect
/// accounts through every connector.
pub(super) async fn may_use_connector(
    on: &impl Queries,
    caller: &Caller,
    connector: ConnectorId,
) -> Result<bool, DatabaseError> {
    match caller.reach() {
        Reach::All | Reach::ConnectedBy(_) => Ok(true),
        Reach::OfConnectors(client) => {
            ClientReaches::of(caller.organisation()).has_connector(on, client, connector).await
        }
    }
}

/// The accounts that an API client reaches, for a change. A user changes accounts as an [`Admin`].
///
/// # Errors
/// [`Failure::Forbidden`] if the caller is no API client.
pub(super) fn of_client(caller: &Caller) -> Result<Accounts, Failure> {
    if caller.client().is_some() { Ok(Accounts::within_reach(caller)) } else { Err(Failure::Forbidden) }
}

/// Whether a sign-in uses the link of a client that does not reach the account. The client decides nothing about it then.
pub(super) async fn is_beyond_reach(
    tx: &Tx,
    mailbox: &ConnectedMailbox<'_>,
    account: &Account,
) -> Result<bool, DatabaseError> {
    let Some(client) = mailbox.client else { return Ok(false) };
    Ok(!ClientReaches::of(mailbox.organisation).reaches(tx, client, account).await?)
}

/// Whether a sign-in with the link of a limited client would change an account that other clients use: it would move the
/// account to another connector, or take a permission away. It would also change an account that an administrator has
/// disconnected and that the client does not reach.
///
/// The attack: an application with access to few accounts sends the owner of another account its link, and breaks the
/// access of the applications that use it.
pub(super) async fn would_harm_others(
    tx: &Tx,
    mailbox: &ConnectedMailbox<'_>,
    account: &Account,
) -> Result<bool, DatabaseError> {
    let Some(client) = mailbox.client else { return Ok(false) };
    let clients = ClientReaches::of(mailbox.organisation);
    if let Some(LinkClient { is_limited: false, .. }) = clients.lock_client(tx, client).await? {
        return Ok(false);
    }
    if account.state == AccountState::Disconnected && is_beyond_reach(tx, mailbox, account).await? {
        return Ok(true);
    }
    if account.connector == mailbox.connector.id {
        let grant = OrganisationGrants::of(mailbox.organisation).get(tx, account.id).await?;
        let granted = grant.map(|grant| grant.scopes).unwrap_or_default();
        if granted.iter().all(|scope| mailbox.scopes.contains(scope)) {
            return Ok(false);
        }
    }
    let is_own = clients.has_account(tx, client, account.id).await?;
    Ok(!is_own || clients.others_reach(tx, client, account).await?)
}
