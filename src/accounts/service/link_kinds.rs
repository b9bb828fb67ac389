//! What the use cases of connect links and of consent links have in common: the records of actions on a link, revoking
//! links before they are used, and the sweep. The sweep records expired links and erases links that ended long ago.

use time::Duration;

use super::super::store::link_table::{LinkEnd, LinkKey, LinkTable, StoredLinks};
use crate::{
    activity::{
        model::{Action, Actor, Entry},
        service::Activity,
    },
    connectors::service::{Connector, ConnectorService},
    jobs::service::Lease,
    people::{
        access::Admin,
        service::{MayFinish, People},
    },
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError, Queries, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
    },
};

/// Links are kept for this long after their end.
const KEPT: Duration = Duration::days(90);
/// Number of links that one transaction of the sweep closes.
const SWEPT_AT_ONCE: u64 = 200;

/// The use cases of one kind of links.
pub(super) trait LinkKind {
    type Table: LinkTable;

    /// The sweep closes a link only this long after its expiry: what a browser began before may finish.
    const GRACE: Duration;
    /// The action of a revocation.
    const REVOKED: Action;
    /// The action of an expiry.
    const EXPIRED: Action;

    fn parts(&self) -> LinkParts<'_>;

    /// The record of an action on a link.
    fn entry(action: Action, link: &LinkOf<Self>, connector: &Connector) -> Entry;

    /// Whether the expiry of a link is recorded.
    fn is_expiry_recorded(_link: &LinkOf<Self>) -> bool {
        true
    }
}

/// A link of a kind.
pub(super) type LinkOf<K> = <<K as LinkKind>::Table as LinkTable>::Link;
/// The id of a link of a kind.
pub(super) type IdOf<K> = <<K as LinkKind>::Table as LinkTable>::Id;

/// What the use cases of a kind work with.
pub(super) struct LinkParts<'a> {
    pub(super) database: &'a Database,
    pub(super) connectors: &'a ConnectorService,
    pub(super) people: &'a People,
    pub(super) activity: &'a Activity,
    pub(super) clock: &'a SharedClock,
}

/// Records an action on a link.
pub(super) async fn record<K: LinkKind>(
    links: &K,
    tx: &Tx,
    actor: Actor,
    action: Action,
    link: &LinkOf<K>,
) -> Result<(), DatabaseError> {
    let LinkParts { connectors, activity, .. } = links.parts();
    let LinkKey { organisation, connector, .. } = K::Table::key_of(link);
    // A link goes with its connector, so there is one.
    let Some(connector) = connectors.find(tx, organisation, connector).await? else { return Ok(()) };
    activity.record(tx, actor, K::entry(action, link, &connector)).await
}

/// Whether a user who made a link may still make links. If not, the link is revoked, also if a change of the user has not
/// reached its row. `version` is `users.version` of the user when the link was made.
pub(super) async fn may_still_make(
    people: &People,
    on: &impl Queries,
    organisation: OrganisationId,
    user: UserId,
    version: i64,
) -> Result<bool, DatabaseError> {
    let may = people.may_finish(on, organisation, user, version).await?;
    // A newer version alone says only that some session of the user was ended.
    Ok(may != MayFinish::NotAdmin)
}

/// Revokes a link for an administrator.
///
/// # Errors
/// [`Failure::NotFound`] if the organisation has no such link.
///
/// # Returns
/// Whether nothing had ended it before.
pub(super) async fn revoke<K: LinkKind>(
    links: &K,
    tx: &Tx,
    admin: &Admin,
    id: IdOf<K>,
) -> Result<bool, Failure> {
    let LinkParts { people, clock, .. } = links.parts();
    let store = StoredLinks::<K::Table>::of(admin.organisation());
    people.lock_and_check_user(tx, admin.logged_in_user()).await?;
    let link = store.lock(tx, id).await?.ok_or(Failure::NotFound)?;
    let is_ended = store.end(tx, id, LinkEnd::Withdrawn, clock.now()).await?;
    if is_ended {
        record(links, tx, admin.actor(), K::REVOKED, &link).await?;
    }
    Ok(is_ended)
}

/// Revokes open links, which the caller has locked, and records each.
///
/// # Returns
/// Number of revoked links.
pub(super) async fn revoke_each<K: LinkKind>(
    links: &K,
    tx: &Tx,
    actor: Actor,
    open: &[LinkOf<K>],
    why: LinkEnd,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let store = StoredLinks::<K::Table>::of(actor.organisation);
    for link in open {
        store.end(tx, K::Table::key_of(link).id, why, now).await?;
        record(links, tx, actor, K::REVOKED, link).await?;
    }
    Ok(open.len() as u64)
}

/// Records links of an organisation that have expired, and erases links that ended long ago.
pub(super) async fn sweep<K: LinkKind>(
    links: &K,
    lease: &Lease,
    organisation: OrganisationId,
) -> Result<(), Failure> {
    let LinkParts { database, clock, .. } = links.parts();
    let store = StoredLinks::<K::Table>::of(organisation);
    let now = clock.now();
    loop {
        let closed = database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                let expired = store.find_expired(&tx, now.minus(K::GRACE), SWEPT_AT_ONCE).await?;
                for link in &expired {
                    let is_ended = store.end(&tx, K::Table::key_of(link).id, LinkEnd::Expired, now).await?;
                    if is_ended && K::is_expiry_recorded(link) {
                        record(links, &tx, Actor::operator(organisation), K::EXPIRED, link).await?;
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
