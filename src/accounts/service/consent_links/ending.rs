//! Ends consent links before they are used: an administrator revokes one, a user may no longer make links, or the
//! operator ends all sessions. What connect links do in the same way is in `link_kinds`.

use time::Duration;

use super::{
    ConsentLink, ConsentLinkDependencies, ConsentLinkId, ConsentLinks, OrganisationConsentLinks, entry,
};
use crate::{
    accounts::{
        service::{
            link_kinds::{self, LinkKind, LinkParts},
            links::LinkEnd,
        },
        store::consent_links::ConsentLinkTable,
    },
    activity::model::{Action, Actor, Entry},
    connectors::service::Connector,
    jobs::service::Lease,
    people::access::Admin,
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
    },
};

impl LinkKind for ConsentLinks {
    type Table = ConsentLinkTable;

    const GRACE: Duration = Duration::hours(1);
    const REVOKED: Action = Action::ConsentLinkRevoked;
    const EXPIRED: Action = Action::ConsentLinkExpired;

    fn parts(&self) -> LinkParts<'_> {
        let ConsentLinkDependencies { database, connectors, people, activity, clock, .. } = &*self.0;
        LinkParts { database, connectors, people, activity, clock }
    }

    fn entry(action: Action, link: &ConsentLink, connector: &Connector) -> Entry {
        entry(action, link, connector)
    }

    /// A reported link waits for its proof, which may come after the link's time.
    fn is_expiry_recorded(link: &ConsentLink) -> bool {
        link.reported_at.is_none()
    }
}

impl ConsentLinks {
    /// Revokes a link.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such link.
    ///
    /// # Returns
    /// Whether nothing had ended it before.
    pub async fn revoke(&self, admin: &Admin, id: ConsentLinkId) -> Result<bool, Failure> {
        self.0.database.write(async |tx| link_kinds::revoke(self, &tx, admin, id).await).await
    }

    /// Revokes the open links that a user has made, in the transaction that changes the user.
    ///
    /// # Returns
    /// Number of revoked links.
    pub async fn revoke_of_user_within(
        &self,
        tx: &Tx,
        actor: Actor,
        user: UserId,
        why: LinkEnd,
    ) -> Result<u64, DatabaseError> {
        let now = self.0.clock.now();
        let open = OrganisationConsentLinks::of(actor.organisation).lock_open_of(tx, user, now).await?;
        link_kinds::revoke_each(self, tx, actor, &open, why, now).await
    }

    /// Revokes all open links of an organisation, in the transaction that records it.
    ///
    /// # Returns
    /// Number of revoked links.
    pub async fn revoke_all_within(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
    ) -> Result<u64, DatabaseError> {
        let store = OrganisationConsentLinks::of(organisation);
        store.end_all(tx, LinkEnd::EndedByOperator, self.0.clock.now()).await
    }

    /// Records links of an organisation that have expired without a report, and erases links that ended long ago.
    pub async fn sweep(&self, lease: &Lease, organisation: OrganisationId) -> Result<(), Failure> {
        link_kinds::sweep(self, lease, organisation).await
    }
}
