//! Use cases that delete a connector. Without accounts it is gone at once. With accounts it is *Being deleted*: out of
//! use at once, and a job removes the accounts and then the connector.

use super::{Connector, ConnectorId, ConnectorService};
use crate::{
    activity::model::{Action, Actor, Entry},
    connectors::model::list::Count,
    people::access::{Admin, Caller, Reauthenticated},
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::OrganisationId,
    },
};

/// The result of deleting a connector.
#[derive(Clone, Debug)]
pub enum Deletion {
    /// The connector is gone.
    Deleted(Connector),
    /// The connector has accounts. It is *Being deleted*.
    Started(Connector),
    /// The connector has accounts, and the typed name is not its Service Name. Nothing was changed.
    NameNeeded,
}

impl ConnectorService {
    /// Reads a connector that is not being deleted.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such connector, or it is being deleted.
    pub async fn get_usable(&self, caller: &Caller, id: ConnectorId) -> Result<Connector, Failure> {
        let found = self.get(caller, id).await?;
        if found.deleted_at.is_none() { Ok(found) } else { Err(Failure::NotFound) }
    }

    /// The number of accounts that are connected through a connector.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such connector.
    pub async fn count_accounts(&self, caller: &Caller, id: ConnectorId) -> Result<Count, Failure> {
        self.get(caller, id).await?;
        self.dependants()?.count(caller.organisation(), id).await
    }

    /// Deletes a connector with its secret and its sign-ins; the activity keeps its name. If it has accounts,
    /// `typed_name` must be its Service Name.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is no such connector, or it is being deleted already.
    pub async fn delete(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ConnectorId,
        typed_name: &str,
    ) -> Result<Deletion, Failure> {
        let (organisation, dependants) = (admin.organisation(), self.dependants()?);
        let store = self.store(organisation);
        let deletion = self
            .database
            .write::<_, Failure, _>(async |tx| {
                // Locked, so that the second of two concurrent deletions finds nothing, and no sign-in connects an
                // account since it was looked for accounts.
                let found = store.lock(&tx, id).await?.filter(|connector| connector.deleted_at.is_none());
                let old = found.ok_or(Failure::NotFound)?;
                let name = old.service_name.as_str();
                if !dependants.has_any(&tx, organisation, id).await? {
                    self.remove_within(&tx, admin.actor(), &old).await?;
                    return Ok(Deletion::Deleted(old));
                }
                if !old.is_named(typed_name) {
                    return Ok(Deletion::NameNeeded);
                }
                store.mark_deleted(&tx, id, self.clock.now()).await?;
                dependants.mark_deleted(&tx, admin.actor(), organisation, id).await?;
                let entry = Entry::done(Action::ConnectorDeletionStarted, name, id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(Deletion::Started(old))
            })
            .await?;
        if matches!(deletion, Deletion::Started(_)) {
            dependants.begin_removal();
        }
        Ok(deletion)
    }

    /// Removes a connector that has no accounts, and records it. The caller has locked the connector.
    pub async fn remove_within(
        &self,
        tx: &Tx,
        actor: Actor,
        connector: &Connector,
    ) -> Result<(), DatabaseError> {
        let organisation: OrganisationId = connector.organisation;
        self.store(organisation).delete(tx, connector.id).await?;
        let name = connector.service_name.as_str();
        self.activity.record(tx, actor, Entry::done(Action::ConnectorDeleted, name, connector.id.0)).await
    }
}
