//! Ends grants at the provider after they were removed here, if the provider offers that: one grant, or those of a
//! connector that is being deleted.

use tokio::task::JoinSet;

use super::{
    Grants,
    times::{CALL_LIMIT, MAX_OF_CONNECTOR},
};
use crate::{
    accounts::{
        service::AccountId,
        store::grants::{OrganisationGrants, StoredGrant},
    },
    connectors::service::Connector,
    platform::{
        database::{DatabaseError, Tx},
        id::OrganisationId,
    },
    providers::provider::{Identity, Revocation},
};

/// After this many failures in a row the other grants of a deleted connector are not revoked any more. A provider that
/// does not answer thus holds the job up for a minute or two, however many accounts the connector has.
pub const MAX_FAILED_REVOCATIONS: usize = 20;

impl Grants {
    /// Removes the grant of an account, which the caller has locked, and returns it. A refresh that is under way writes
    /// nothing afterwards.
    pub(in crate::accounts) async fn take_within(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        account: AccountId,
    ) -> Result<Option<StoredGrant>, DatabaseError> {
        let store = OrganisationGrants::of(organisation);
        let grant = store.lock(tx, account).await?;
        if grant.is_some() {
            store.remove(tx, account).await?;
        }
        Ok(grant)
    }

    /// Ends a removed grant at the provider with this name. The access is gone here already, so a failure is only
    /// logged.
    pub(in crate::accounts) async fn revoke(&self, provider: &str, grant: &StoredGrant) {
        self.revoke_and_log(provider, grant).await;
    }

    async fn revoke_and_log(&self, provider: &str, grant: &StoredGrant) -> Revocation {
        let revocation = self.try_revoke(provider, grant).await;
        if revocation == Revocation::Failed {
            tracing::warn!(account = %grant.account, "could not end a removed grant at the provider");
        }
        revocation
    }

    async fn try_revoke(&self, provider: &str, grant: &StoredGrant) -> Revocation {
        let dependencies = self.dependencies();
        let Some(provider) = dependencies.providers.find(provider) else { return Revocation::Failed };
        let read = self.database().read();
        let known = dependencies.connectors.with_secret(&read, grant.organisation, grant.connector).await;
        let Ok(Some((connector, Ok(secret)))) = known else { return Revocation::Failed };
        if !is_of_application(grant, &connector) {
            return Revocation::Failed;
        }
        let pinned = provider.read_pinned(&grant.client_id, &grant.pinned);
        let (Ok(pinned), Ok(refresh_token)) = (pinned, self.open_refresh_token(grant)) else {
            return Revocation::Failed;
        };
        let until = self.monotonic().now() + CALL_LIMIT;
        tokio::select! {
            revocation = pinned.revoke(&*dependencies.http, &refresh_token, &secret) => revocation,
            () = self.monotonic().sleep_until(until) => Revocation::Failed,
        }
    }
}

/// Whether a grant is of the application that the connector has now. Otherwise the connector's secret must not be sent
/// with it: the secret belongs to another application, or to another address than that of the grant.
fn is_of_application(grant: &StoredGrant, connector: &Connector) -> bool {
    if connector.client_id.as_str() != grant.client_id {
        return false;
    }
    if connector.application_version == grant.application_version {
        return true;
    }
    // The secret, the permissions or the settings have changed since the sign-in. Only the settings matter.
    let directory = Some(grant.directory.clone()).filter(|directory| !directory.is_empty());
    let required = connector.application.directory(connector.proved_directory.as_deref());
    if directory.as_deref().zip(required).is_some_and(|(own, required)| own != required) {
        return false;
    }
    let identity = Identity { directory, ..Identity::default() };
    connector.application.pin_grant(&identity).to_json() == grant.pinned
}

/// Ends the removed grants of one connector at the provider: some at a time, each within [`CALL_LIMIT`].
pub(in crate::accounts) struct Revocations {
    grants: Grants,
    /// Number of failures since the last success.
    failures: usize,
    /// Number of grants for which the provider was not asked any more.
    left: usize,
}

impl Revocations {
    pub(in crate::accounts) const fn new(grants: Grants) -> Self {
        Self { grants, failures: 0, left: 0 }
    }

    /// Ends these grants at the provider with this name. A failure is only logged.
    pub(in crate::accounts) async fn revoke_all(
        &mut self,
        provider: &'static str,
        removed: Vec<StoredGrant>,
    ) {
        let mut removed = removed.into_iter();
        let mut running = JoinSet::new();
        loop {
            while running.len() < MAX_OF_CONNECTOR && self.failures < MAX_FAILED_REVOCATIONS {
                let Some(grant) = removed.next() else { break };
                let grants = self.grants.clone();
                running.spawn(async move { grants.revoke_and_log(provider, &grant).await });
            }
            match running.join_next().await {
                Some(Ok(Revocation::Revoked | Revocation::NotOffered)) => self.failures = 0,
                Some(Ok(Revocation::Failed) | Err(_)) => self.failures += 1,
                None => break,
            }
        }
        self.left += removed.len();
    }

    /// Logs how many grants the provider still has because it was not asked any more.
    pub(in crate::accounts) fn log_left(&self) {
        if self.left > 0 {
            tracing::warn!(
                grants = self.left,
                "the provider did not end removed grants, and was not asked to end the other ones"
            );
        }
    }
}
