//! Ends links before they are used: an administrator revokes one, a user may no longer make links, or the operator ends
//! all sessions. The sweep records expired links and erases links that ended long ago.

use time::Duration;

use super::{ConnectLinks, LinkDependencies};
use crate::{
    accounts::store::{
        links::{LinkEnd, LinkId, OrganisationLinks},
        pending_grants::OrganisationPendingGrants,
    },
    activity::model::{Action, Actor, Detail, Entry},
    jobs::service::Lease,
    people::access::Admin,
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
    },
};

/// Links are kept for this long after their end.
const KEPT: Duration = Duration::days(90);
/// The sweep closes a link only this long after its expiry: sign-ins that began before may finish.
const GRACE: Duration = Duration::minutes(15);
/// Revoked links of a user are recorded one by one up to this number. More links are one entry.
const RECORDED_SINGLY: usize = 20;
/// Number of links that one transaction of the sweep closes.
const SWEPT_AT_ONCE: u64 = 200;

impl ConnectLinks {
    /// Revokes a link, and erases the access that waits for a confirmation at it.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such link.
    ///
    /// # Returns
    /// Whether it was open.
    pub async fn revoke(&self, admin: &Admin, id: LinkId) -> Result<bool, Failure> {
        let LinkDependencies { database, people, clock, .. } = &*self.0;
        let store = OrganisationLinks::of(admin.organisation());
        database
            .write(async |tx| {
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let link = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                let is_ended = store.end(&tx, id, LinkEnd::Withdrawn, clock.now()).await?;
                if is_ended {
                    OrganisationPendingGrants::of(admin.organisation()).remove_of_link(&tx, id).await?;
                    self.record(&tx, admin.actor(), Action::LinkRevoked, &link).await?;
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
        let (store, now) = (OrganisationLinks::of(actor.organisation), self.0.clock.now());
        let links = store.lock_open_of(tx, user, now).await?;
        OrganisationPendingGrants::of(actor.organisation).remove_of_maker(tx, user).await?;
        if links.len() > RECORDED_SINGLY {
            let number = store.end_open_of(tx, user, why, now).await?;
            let entry = Entry::done(Action::LinksRevoked, "", user.0);
            let entry = entry.with_detail(Detail::ConnectLinks { links: number });
            self.0.activity.record(tx, actor, entry).await?;
            return Ok(number);
        }
        for link in &links {
            store.end(tx, link.id, why, now).await?;
            self.record(tx, actor, Action::LinkRevoked, link).await?;
        }
        Ok(links.len() as u64)
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
        let LinkDependencies { database, clock, return_addresses, .. } = &*self.0;
        let store = OrganisationLinks::of(organisation);
        let now = clock.now();
        loop {
            let closed = database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    let expired = store.find_expired(&tx, now.minus(GRACE), SWEPT_AT_ONCE).await?;
                    for link in &expired {
                        if store.end(&tx, link.id, LinkEnd::Expired, now).await? {
                            let actor = Actor::operator(organisation);
                            self.record(&tx, actor, Action::LinkExpired, link).await?;
                        }
                    }
                    Ok(expired.len() as u64)
                })
                .await?;
            if closed < SWEPT_AT_ONCE {
                break;
            }
        }
        database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(store.erase_ended(&tx, now.minus(KEPT)).await?)
            })
            .await?;
        return_addresses.erase_previous_secrets(lease, organisation).await
    }
}
