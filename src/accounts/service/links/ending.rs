//! Ends links before they are used: an administrator revokes one, a user may no longer make links, or the operator ends
//! all sessions. What consent links do in the same way is in `link_kinds`.

use time::Duration;

use super::{ConnectLinks, Link, LinkDependencies, entry};
use crate::{
    accounts::{
        service::link_kinds::{self, LinkKind, LinkParts},
        store::{
            links::{ConnectLinkTable, LinkEnd, LinkId, LinkMaker, OrganisationLinks},
            pending_grants::OrganisationPendingGrants,
        },
    },
    activity::model::{Action, Actor, Detail, Entry},
    connectors::service::Connector,
    jobs::service::Lease,
    people::access::Admin,
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{ApiClientId, OrganisationId, UserId},
    },
};

/// Revoked links of a user are recorded one by one up to this number. More links are one entry.
const RECORDED_SINGLY: usize = 20;

impl LinkKind for ConnectLinks {
    type Table = ConnectLinkTable;

    const GRACE: Duration = Duration::minutes(15);
    const REVOKED: Action = Action::LinkRevoked;
    const EXPIRED: Action = Action::LinkExpired;

    fn parts(&self) -> LinkParts<'_> {
        let LinkDependencies { database, connectors, people, activity, clock, .. } = &*self.0;
        LinkParts { database, connectors, people, activity, clock }
    }

    fn entry(action: Action, link: &Link, connector: &Connector) -> Entry {
        entry(action, link, connector)
    }
}

impl ConnectLinks {
    /// Revokes a link, and erases the access that waits for a confirmation at it.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such link.
    ///
    /// # Returns
    /// Whether it was open.
    pub async fn revoke(&self, admin: &Admin, id: LinkId) -> Result<bool, Failure> {
        let pending = OrganisationPendingGrants::of(admin.organisation());
        self.0
            .database
            .write(async |tx| {
                let is_ended = link_kinds::revoke(self, &tx, admin, id).await?;
                if is_ended {
                    pending.remove_of_link(&tx, id).await?;
                }
                Ok(is_ended)
            })
            .await
    }

    /// Revokes the open links that a user has made, in the transaction that changes the user, and erases the access
    /// that waits for a confirmation at links of the user.
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
        self.revoke_of_maker_within(tx, actor, LinkMaker::User(user), why).await
    }

    /// The same for an API client that is deleted, or of which everything is revoked. The actor is the administrator.
    pub async fn revoke_of_client_within(
        &self,
        tx: &Tx,
        actor: Actor,
        client: ApiClientId,
    ) -> Result<u64, DatabaseError> {
        self.revoke_of_maker_within(tx, actor, LinkMaker::Client(client), LinkEnd::ClientRevoked).await
    }

    async fn revoke_of_maker_within(
        &self,
        tx: &Tx,
        actor: Actor,
        maker: LinkMaker,
        why: LinkEnd,
    ) -> Result<u64, DatabaseError> {
        let (store, now) = (OrganisationLinks::of(actor.organisation), self.0.clock.now());
        let links = store.lock_open_of(tx, maker, now).await?;
        OrganisationPendingGrants::of(actor.organisation).remove_of_maker(tx, maker).await?;
        if links.len() > RECORDED_SINGLY {
            let number = store.end_open_of(tx, maker, why, now).await?;
            let entry = Entry::done(Action::LinksRevoked, "", maker.id());
            let entry = entry.with_detail(Detail::ConnectLinks { links: number });
            self.0.activity.record(tx, actor, entry).await?;
            return Ok(number);
        }
        link_kinds::revoke_each(self, tx, actor, &links, why, now).await
    }

    /// Revokes all open links of an organisation, in the transaction that records it, and erases all access that waits
    /// for a confirmation.
    ///
    /// # Returns
    /// Number of revoked links.
    pub async fn revoke_all_within(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
    ) -> Result<u64, DatabaseError> {
        OrganisationPendingGrants::of(organisation).remove_all(tx).await?;
        let store = OrganisationLinks::of(organisation);
        store.end_all(tx, LinkEnd::EndedByOperator, self.0.clock.now()).await
    }

    /// Records links of an organisation that have expired, and erases links that ended long ago.
    pub async fn sweep(&self, lease: &Lease, organisation: OrganisationId) -> Result<(), Failure> {
        link_kinds::sweep(self, lease, organisation).await?;
        self.0.return_addresses.erase_previous_secrets(lease, organisation).await
    }
}
