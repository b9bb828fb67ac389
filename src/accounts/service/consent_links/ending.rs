//! Ends consent links before they are used: an administrator revokes one, a user may no longer make links, or the
//! operator ends all sessions. The sweep records expired links and erases links that ended long ago.

use time::Duration;

use super::{ConsentLinkDependencies, ConsentLinkId, ConsentLinks, OrganisationConsentLinks};
use crate::{
    accounts::service::links::LinkEnd,
    activity::model::{Action, Actor},
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
/// The sweep closes a link only this long after its expiry: browsers that left before may come back.
const GRACE: Duration = Duration::hours(1);
/// Number of links that one transaction of the sweep closes.
const SWEPT_AT_ONCE: u64 = 200;

impl ConsentLinks {
    /// Revokes a link.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such link.
    ///
    /// # Returns
    /// Whether nothing had ended it before.
    pub async fn revoke(&self, admin: &Admin, id: ConsentLinkId) -> Result<bool, Failure> {
        let ConsentLinkDependencies { database, people, clock, .. } = &*self.0;
        let store = OrganisationConsentLinks::of(admin.organisation());
        database
            .write(async |tx| {
                people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let link = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                let is_ended = store.end(&tx, id, LinkEnd::Withdrawn, clock.now()).await?;
                if is_ended {
                    self.record(&tx, admin.actor(), Action::ConsentLinkRevoked, &link).await?;
                }
                Ok(is_ended)
            })
            .await
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
        let (store, now) = (OrganisationConsentLinks::of(actor.organisation), self.0.clock.now());
        let links = store.lock_open_of(tx, user, now).await?;
        for link in &links {
            store.end(tx, link.id, why, now).await?;
            self.record(tx, actor, Action::ConsentLinkRevoked, link).await?;
        }
        Ok(links.len() as u64)
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
        let ConsentLinkDependencies { database, clock, .. } = &*self.0;
        let store = OrganisationConsentLinks::of(organisation);
        let now = clock.now();
        loop {
            let closed = database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    let expired = store.find_expired(&tx, now.minus(GRACE), SWEPT_AT_ONCE).await?;
                    for link in &expired {
                        let is_ended = store.end(&tx, link.id, LinkEnd::Expired, now).await?;
                        if is_ended && link.reported_at.is_none() {
                            let actor = Actor::operator(organisation);
                            self.record(&tx, actor, Action::ConsentLinkExpired, link).await?;
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
            .await
    }
}
