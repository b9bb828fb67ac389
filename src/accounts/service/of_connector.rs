//! The accounts of a connector that is changed or deleted: the implementation of [`Dependants`], and the job that
//! removes the accounts of a deleted connector and then the connector. If the provider offers that, the job also ends
//! the grants there, as `removing` does for one account: after the transaction that has erased them. If the process is
//! killed between the two, the provider keeps some grants whose tokens are erased.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::{AccountService, grants::Revocations};
use crate::{
    accounts::store::{
        Accounts, MAX_COUNTED,
        grants::{OrganisationGrants, StoredGrant},
    },
    activity::model::Actor,
    connectors::{
        model::list::Count,
        service::{ConnectorId, ConnectorService, Dependants},
    },
    jobs::{
        model::{BackOff, Job, Kind},
        service::{Jobs, Lease},
    },
    platform::{
        database::{Database, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
    },
};

/// The kind of the job that deletes a connector with its accounts.
pub static DELETION: Kind = Kind {
    name: "connector_deletion",
    at_once: 1,
    back_off: BackOff { first: Duration::seconds(10), longest: Duration::minutes(10) },
    every: None,
};

/// Number of accounts that one transaction removes, so that others can write in between.
const AT_ONCE: u64 = 200;
/// The same if their grants are then ended at the provider. Until that is done, the process keeps them in memory.
const REVOKED_AT_ONCE: u64 = 50;

/// What a deletion is about.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    connector: ConnectorId,
    /// The administrator who deleted the connector.
    user: Option<UserId>,
}

/// The grants that a transaction has removed, and the name of their provider. Empty if the provider cannot end them.
struct RemovedGrants {
    provider: &'static str,
    grants: Vec<StoredGrant>,
}

/// The accounts of connectors. A clone is another handle to the same.
#[derive(Clone)]
pub struct AccountsOfConnectors {
    pub database: Database,
    pub accounts: AccountService,
    pub connectors: ConnectorService,
    pub jobs: Jobs,
}

#[async_trait]
impl Dependants for AccountsOfConnectors {
    async fn count(&self, organisation: OrganisationId, connector: ConnectorId) -> Result<Count, Failure> {
        let read = self.database.read();
        let number = Accounts::of(organisation).count_of_connector(&read, connector).await?;
        let counted = usize::try_from(number.min(MAX_COUNTED)).unwrap_or(usize::MAX);
        Ok(Count { number: counted, more: number > MAX_COUNTED })
    }

    async fn has_any(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<bool, Failure> {
        Ok(Accounts::of(organisation).has_any(tx, connector).await?)
    }

    async fn secret_replaced(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure> {
        self.accounts.grants().resume_connector_within(tx, organisation, connector).await
    }

    async fn application_changed(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure> {
        self.accounts.grants().application_changed_within(tx, organisation, connector).await
    }

    async fn mark_deleted(
        &self,
        tx: &Tx,
        actor: Actor,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure> {
        let payload = Payload { connector, user: actor.user };
        let key = Some(connector.to_string());
        self.jobs.add(tx, &DELETION, Some(organisation), key, &payload).await?;
        Ok(())
    }

    fn begin_removal(&self) {
        self.jobs.wake();
    }
}

impl AccountsOfConnectors {
    /// Removes the accounts of a connector that is being deleted, some in each transaction, and then the connector.
    /// After a kill the next run goes on with what is left.
    pub async fn remove(&self, lease: &Lease, job: &Job) -> Result<(), Failure> {
        let Payload { connector, user } = job.payload.parse()?;
        let missing = || Failure::Unexpected("a deletion belongs to no organisation".to_owned());
        let organisation = job.organisation.ok_or_else(missing)?;
        let actor = Actor { user, ..Actor::operator(organisation) };
        let mut revocations = Revocations::new(self.accounts.grants().clone());
        while let Some(removed) = self.remove_some(lease, actor, connector).await? {
            revocations.revoke_all(removed.provider, removed.grants).await;
        }
        revocations.log_left();
        Ok(())
    }

    /// Removes some accounts, or the connector if it has none.
    ///
    /// # Returns
    /// The removed grants; `None` if the connector is gone.
    async fn remove_some(
        &self,
        lease: &Lease,
        actor: Actor,
        connector: ConnectorId,
    ) -> Result<Option<RemovedGrants>, Failure> {
        let organisation = actor.organisation;
        let accounts = Accounts::of(organisation);
        self.database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                let found = self.connectors.lock(&tx, organisation, connector).await?;
                let Some(found) = found.filter(|connector| connector.deleted_at.is_some()) else {
                    return Ok(None);
                };
                let can_revoke = found.provider.removal_place().is_none();
                let limit = if can_revoke { REVOKED_AT_ONCE } else { AT_ONCE };
                let ids = accounts.lock_some(&tx, connector, limit).await?;
                if ids.is_empty() {
                    self.connectors.remove_within(&tx, actor, &found).await?;
                    return Ok(None);
                }
                let grants = if can_revoke {
                    OrganisationGrants::of(organisation).lock_all(&tx, &ids).await?
                } else {
                    Vec::new()
                };
                accounts.delete_these(&tx, &ids).await?;
                Ok(Some(RemovedGrants { provider: found.provider.form().name(), grants }))
            })
            .await
    }
}
