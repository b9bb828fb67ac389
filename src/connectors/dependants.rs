//! The trait through which a connector reaches the accounts that are connected through it. `accounts` implements it, and
//! assembly passes the implementation in. A method with a transaction runs in that of the change, which has locked the
//! connector.

use async_trait::async_trait;

use super::{model::list::Count, service::ConnectorId};
use crate::{
    activity::model::Actor,
    platform::{database::Tx, failure::Failure, id::OrganisationId},
};

/// The accounts of connectors.
#[async_trait]
pub trait Dependants: Send + Sync + 'static {
    /// The number of accounts of a connector.
    async fn count(&self, organisation: OrganisationId, connector: ConnectorId) -> Result<Count, Failure>;

    /// Whether a connector has an account.
    async fn has_any(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<bool, Failure>;

    /// The connector has a new secret, and the same application as before.
    async fn secret_replaced(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure>;

    /// The connector has another application, or other settings of it, than the accounts were connected with.
    async fn application_changed(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure>;

    /// The connector is out of use from now on. The implementation removes its accounts in the background, and then the
    /// connector ([`super::service::ConnectorService::remove_within`]). The activity names `actor` for that.
    async fn mark_deleted(
        &self,
        tx: &Tx,
        actor: Actor,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure>;

    /// The transaction of [`Self::mark_deleted`] is committed.
    fn begin_removal(&self);
}
