//! What administrators change: a new secret lets accounts recover, another application ends their grants, and *Try
//! again* refreshes an account whose grant has ended.

use super::{
    Grants,
    claim::{Trigger, Wanted},
    demand::Demand,
    gates::closed_companies,
    sharing::Ended,
    times::CALLER_WAIT,
};
use crate::{
    accounts::{
        model::{AccountState, StateReason},
        service::AccountId,
        store::{
            Account, Accounts,
            gates::{Gate, GateKind, Gates},
            grants::{OrganisationGrants, waiting::ConnectorAccounts},
        },
    },
    connectors::service::ConnectorId,
    people::access::Admin,
    platform::{
        database::{DatabaseError, Queries, Tx},
        failure::Failure,
        id::OrganisationId,
    },
};

/// When an administrator tries again whose try had no result in time, in seconds.
const RETRY_AFTER: u32 = 10;

impl Grants {
    /// After a new secret of a connector: opens its gate, and has the accounts refreshed that wait for the connector.
    /// The caller has locked the connector.
    pub async fn resume_connector_within(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure> {
        let now = self.now();
        let gates = Gates::of(organisation).of_connector(tx, connector).await?;
        let closed = closed_companies(&gates, None);
        let is_closed = |gate: &&Gate| matches!(gate.kind, GateKind::Credentials | GateKind::Suspected);
        if let Some(gate) = gates.iter().find(is_closed) {
            return self.open_connector(tx, gate, &closed, false, now).await;
        }
        // Those whose connector had a secret that could not be opened wait without a gate.
        let accounts = ConnectorAccounts { organisation, connector, directory: None };
        self.schedule_waiting(tx, accounts, &closed, None, now).await
    }

    /// After another client ID, cloud or account type of a connector: its accounts need a sign-in, and no request is
    /// sent. The caller has locked the connector, and has noted that it has another application. A job stores the states
    /// of most accounts later. Until then no request is sent for them either, and their pages show the right state.
    pub async fn application_changed_within(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure> {
        self.end_earlier_grants(tx, organisation, connector).await?;
        Ok(Gates::of(organisation).remove_all(tx, connector).await?)
    }

    /// Gives those of these accounts of an organisation the state *Needs sign-in* whose connector has another application
    /// than their grant. A job is about to store that; no request is sent for them any more.
    pub(in crate::accounts) async fn correct_states(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        accounts: &mut [Account],
    ) -> Result<(), DatabaseError> {
        let mut connectors: Vec<ConnectorId> = accounts.iter().map(|account| account.connector).collect();
        connectors.sort_unstable();
        connectors.dedup();
        let service = &self.dependencies().connectors;
        let changed = service.changed_applications(on, organisation, &connectors).await?;
        let of_changed = accounts.iter().filter(|account| changed.contains_key(&account.connector));
        let ids: Vec<AccountId> = of_changed.map(|account| account.id).collect();
        let versions = OrganisationGrants::of(organisation).application_versions(on, &ids).await?;
        let (state, reason) = (AccountState::NeedsSignIn, Some(StateReason::ApplicationChanged));
        for account in accounts {
            let (version, since) = (versions.get(&account.id), changed.get(&account.connector));
            let is_earlier = version.zip(since).is_some_and(|(version, since)| version < since);
            if is_earlier && (account.state, account.reason) != (state, reason) {
                (account.state, account.reason, account.provider_words) = (state, reason, None);
                account.state_since = self.now();
            }
        }
        Ok(())
    }

    /// Refreshes an account that needs a sign-in or attention, once, because an administrator wants it.
    ///
    /// # Returns
    /// The state of the account afterwards.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such account. [`Failure::Busy`] if no refresh could begin or end
    /// in time.
    pub async fn try_again(&self, admin: &Admin, account: AccountId) -> Result<AccountState, Failure> {
        let organisation = admin.organisation();
        let until = self.monotonic().now() + CALLER_WAIT;
        let read = self.database().read();
        let found = Accounts::of(organisation).get(&read, account).await?.ok_or(Failure::NotFound)?;
        let is_of_other_application = found.reason == Some(StateReason::ApplicationChanged);
        if found.state == AccountState::Disconnected || is_of_other_application {
            return Ok(found.state);
        }
        let grant = OrganisationGrants::of(organisation).get(&read, account).await?;
        let Some(grant) = grant else { return Ok(found.state) };
        let (trigger, generation) = (Trigger::TryAgain, grant.generation);
        let wanted = Wanted { organisation, account, trigger, generation };
        let demand = Demand { connector: grant.connector, provider: found.provider };
        match self.refresh_until(wanted, demand, until).await {
            Some(Ended::Failed(failure)) => return Err(failure),
            Some(Ended::Held) | None => return Err(Failure::Busy(RETRY_AFTER)),
            Some(Ended::Refreshed(_) | Ended::Refused(_) | Ended::Again) => {}
        }
        let after = Accounts::of(organisation).get(&self.database().read(), account).await?;
        after.map(|account| account.state).ok_or(Failure::NotFound)
    }
}
