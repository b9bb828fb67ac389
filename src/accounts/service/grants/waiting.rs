//! Lets the accounts wait that a closed gate stops, so that none of them is tried.

use super::{Grants, gates::accounts_of};
use crate::{
    accounts::{
        model::{AccountState, StateReason},
        store::{
            StateChange,
            gates::{GateKind, Gates},
        },
    },
    connectors::service::ConnectorId,
    platform::{
        failure::Failure,
        id::{OrganisationId, new_uuid},
    },
};

/// Number of accounts that one transaction lets wait.
const AT_ONCE: u64 = 200;

impl Grants {
    /// Lets the other accounts wait that a closed gate stops, in transactions of [`AT_ONCE`] accounts. After a kill the
    /// next probe of the gate continues.
    pub(super) async fn let_accounts_wait(
        &self,
        organisation: OrganisationId,
        connector: ConnectorId,
        directory: &str,
    ) -> Result<(), Failure> {
        loop {
            let changed = self.let_some_wait(organisation, connector, directory).await?;
            if (changed as u64) < AT_ONCE {
                return Ok(());
            }
        }
    }

    async fn let_some_wait(
        &self,
        organisation: OrganisationId,
        connector: ConnectorId,
        directory: &str,
    ) -> Result<usize, Failure> {
        let now = self.now();
        self.database()
            .write::<_, Failure, _>(async |tx| {
                let connectors = &self.dependencies().connectors;
                if connectors.lock(&tx, organisation, connector).await?.is_none() {
                    return Ok(0);
                }
                let gates = Gates::of(organisation).of_connector(&tx, connector).await?;
                // It may have opened since then.
                let Some(gate) = gates.iter().find(|gate| gate.directory == directory) else { return Ok(0) };
                let (state, reason) = match gate.kind {
                    GateKind::Credentials => {
                        (AccountState::WaitingForConnector, StateReason::CredentialsRejected)
                    }
                    GateKind::Company => (AccountState::WaitingForCompany, StateReason::CompanyRefused),
                    GateKind::Suspected | GateKind::Throttled => return Ok(0),
                };
                let accounts = accounts_of(gate);
                let states = [AccountState::Connected, AccountState::Retrying];
                let found = accounts.find(&tx, &states, AT_ONCE).await?;
                let ids = accounts.lock_in_states(&tx, &found, &states).await?;
                let change = StateChange { state, reason: Some(reason), provider_words: None };
                accounts.change_states(&tx, &ids, &change, self.new_ids(ids.len()), now).await?;
                accounts.unschedule(&tx, &ids).await?;
                Ok(found.len())
            })
            .await
    }

    /// This number of new ids.
    pub(super) fn new_ids(&self, count: usize) -> Vec<uuid::Uuid> {
        let dependencies = self.dependencies();
        (0..count).map(|_| new_uuid(&*dependencies.clock, &*dependencies.randomness)).collect()
    }
}
