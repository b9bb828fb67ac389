//! Uses a link: connects the mailbox, and records it, in the transaction that ends the sign-in.

use super::{ConnectLinks, Link, LinkDependencies};
use crate::{
    accounts::{
        service::{AccountService, Connected, ConnectedMailbox, link_kinds},
        store::{Accounts, links::OrganisationLinks},
    },
    activity::model::{Action, Actor, Detail, Entry},
    platform::{clock::Timestamp, database::Tx, failure::Failure},
};

impl ConnectLinks {
    /// Connects the mailbox of a sign-in with its link, which the caller has locked and checked. The link stays open if
    /// the account was not connected.
    ///
    /// # Errors
    /// [`Failure::Unexpected`] if the link was used since it was locked, which the lock rules out.
    pub async fn finish_within(
        &self,
        tx: &Tx,
        accounts: &AccountService,
        link: &Link,
        mailbox: ConnectedMailbox<'_>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Connected, Failure> {
        let LinkDependencies { connectors, activity, .. } = &*self.0;
        let (organisation, connector, identity) = (link.organisation, mailbox.connector, mailbox.identity);
        let email = identity.email.clone().unwrap_or_else(|| identity.account.clone());
        let before = match mailbox.only {
            Some(id) => Accounts::of(organisation).get(tx, id).await?,
            None => None,
        };
        let is_moved = before.is_some_and(|account| account.connector != connector.id);
        let connected = accounts.connect_within(tx, mailbox, now).await?;
        let through = |name: &str| Detail::Connector { connector: name.to_owned() };
        let here = through(connector.service_name.as_str());
        let (action, account, detail) = match connected {
            Connected::Added(id) => (Action::AccountConnected, id, here),
            Connected::Again(id) if is_moved => (Action::AccountMoved, id, here),
            Connected::Again(id) => (Action::AccountReconnected, id, here),
            Connected::OtherConnector(id) => {
                let account = Accounts::of(organisation).get(tx, id).await?;
                let other = match account {
                    Some(account) => connectors.find(tx, organisation, account.connector).await?,
                    None => None,
                };
                let other = other.map(|other| through(other.service_name.as_str()));
                (Action::AccountRefused, id, other.unwrap_or_default())
            }
            Connected::AlreadyConnected(id) => (Action::AccountRefused, id, here),
            Connected::WrongAccount => return Ok(connected),
        };
        let entry = Entry::done(action, email, account.0).with_detail(detail);
        let refused = matches!(connected, Connected::OtherConnector(_) | Connected::AlreadyConnected(_));
        let entry = if refused { entry.with_outcome("refused") } else { entry };
        activity.record(tx, actor, entry).await?;
        // A used link asked the same person for more permissions.
        if refused || link.used_at.is_some() {
            return Ok(connected);
        }
        let links = OrganisationLinks::of(organisation);
        if !links.use_once(tx, link.id, now).await? {
            return Err(Failure::Unexpected(format!("the connect link {} was used twice", link.id)));
        }
        links.set_result(tx, link.id, account).await?;
        link_kinds::record(self, tx, actor, Action::LinkUsed, link).await?;
        Ok(connected)
    }
}
