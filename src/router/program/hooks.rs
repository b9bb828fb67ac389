//! What happens in features above `log_in` when a session or a user changes: the implementations of its traits.

use async_trait::async_trait;

use crate::{
    accounts::service::{
        consent_links::ConsentLinks,
        links::{ConnectLinks, LinkEnd},
    },
    activity::model::Actor,
    connectors::service::ConnectorService,
    log_in::{
        administration::{LinkRevoker, RevocationReason},
        session::SessionFollower,
    },
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
        randomness::Hash,
    },
};

/// Secrets that are kept for a form follow the session to its new id, so that the form can use them.
pub(super) struct KeptSecretsFollow(pub(super) ConnectorService);

#[async_trait]
impl SessionFollower for KeptSecretsFollow {
    async fn follow(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        old: Hash,
        new: Hash,
    ) -> Result<(), Failure> {
        self.0.take_kept_secrets_along(tx, organisation, old, new).await
    }
}

/// Connect links and consent links of a user who may no longer have any effect are revoked with the change of the user.
pub(super) struct LinksAreRevoked(pub(super) ConnectLinks, pub(super) ConsentLinks);

#[async_trait]
impl LinkRevoker for LinksAreRevoked {
    async fn revoke_links_of(
        &self,
        tx: &Tx,
        actor: Actor,
        user: UserId,
        reason: RevocationReason,
    ) -> Result<(), DatabaseError> {
        let why = match reason {
            RevocationReason::MayNotAdminister => LinkEnd::MakerMayNot,
            RevocationReason::LoggedOutEverywhere => LinkEnd::MakerLoggedOut,
        };
        self.0.revoke_of_user_within(tx, actor, user, why).await?;
        self.1.revoke_of_user_within(tx, actor, user, why).await.map(drop)
    }
}
