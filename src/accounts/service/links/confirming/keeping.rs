//! Keeps the access of a sign-in until an application confirms it, says how far that is, and erases what was not
//! confirmed.

use time::Duration;

use super::{
    CONFIRM_WITHIN, ConfirmationState, Confirmations, EndedSignIn, Finished, PendingGrantId, entry,
    is_in_time, through,
};
use crate::{
    accounts::{
        service::{
            ConnectedMailbox,
            links::{Link, LinkDependencies, pending::KeptMailbox},
            return_addresses::{ConfirmationNeed, ReturnAddressId},
        },
        store::{
            links::OrganisationLinks,
            pending_grants::{OrganisationPendingGrants, PendingGrant},
        },
    },
    activity::model::{Action, Actor, Entry},
    connectors::service::Connector,
    jobs::service::Lease,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Tx},
        failure::Failure,
        id::OrganisationId,
    },
};

/// After its time a confirmed row is kept for this long, so that the page of the sign-in can say that it was confirmed.
const KEPT_CONFIRMED: Duration = Duration::hours(1);
/// Number of rows that one transaction of the sweep erases.
const SWEPT_AT_ONCE: u64 = 200;

impl Confirmations {
    /// Connects the mailbox of a sign-in with its link, which the caller has locked and checked, or keeps its access
    /// until the application confirms it. What would be refused is refused at once.
    ///
    /// # Errors
    /// As [`super::super::ConnectLinks::finish_within`].
    pub async fn finish_within(
        &self,
        tx: &Tx,
        link: &Link,
        mailbox: ConnectedMailbox<'_>,
        sign_in: EndedSignIn,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Finished, Failure> {
        match self.dependencies().return_addresses.confirmation_need(tx, link).await? {
            ConfirmationNeed::No => {}
            ConfirmationNeed::Impossible => return Ok(Finished::CannotBeConfirmed),
            ConfirmationNeed::By(id) => {
                if self.accounts.refusal_within(tx, &mailbox).await?.is_none() {
                    self.keep_within(tx, link, id, &mailbox, sign_in, actor, now).await?;
                    return Ok(Finished::Waiting);
                }
            }
        }
        let connected = self.links.finish_within(tx, &self.accounts, link, mailbox, actor, now).await?;
        Ok(Finished::Now(connected))
    }

    #[expect(clippy::too_many_arguments, reason = "all of them are parts of the row or of its record")]
    async fn keep_within(
        &self,
        tx: &Tx,
        link: &Link,
        return_address: ReturnAddressId,
        mailbox: &ConnectedMailbox<'_>,
        sign_in: EndedSignIn,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let kept = KeptMailbox::of(mailbox, sign_in.started, now)?;
        let mut pending = PendingGrant {
            id: sign_in.id,
            organisation: link.organisation,
            link: link.id,
            return_address,
            code: sign_in.code,
            sealed: None,
            version: 1,
            wrong_codes: 0,
            expires_at: now.plus(CONFIRM_WITHIN),
            account: None,
        };
        pending.sealed = Some(kept.seal(&self.vault, &pending)?);
        let entry = entry(Action::ConfirmationAwaited, &kept, link, mailbox.connector);
        OrganisationPendingGrants::of(link.organisation).add(tx, pending).await?;
        Ok(self.dependencies().activity.record(tx, actor, entry).await?)
    }

    /// How far the confirmation of a sign-in is that has ended in [`Finished::Waiting`].
    pub async fn state(
        &self,
        organisation: OrganisationId,
        id: PendingGrantId,
    ) -> Result<ConfirmationState, Failure> {
        let LinkDependencies { database, clock, .. } = self.dependencies();
        let found = OrganisationPendingGrants::of(organisation).get(&database.read(), id).await?;
        Ok(match found {
            Some(PendingGrant { account: Some(account), .. }) => ConfirmationState::Confirmed(account),
            Some(pending) if is_in_time(&pending, clock.now()) => {
                ConfirmationState::Waiting(pending.expires_at)
            }
            Some(_) | None => ConfirmationState::Over,
        })
    }

    /// Records that access was erased. If it cannot be opened, the entry has no email.
    pub(super) async fn record_erased(
        &self,
        tx: &Tx,
        pending: &PendingGrant,
        link: &Link,
        connector: &Connector,
        actor: Actor,
        outcome: &'static str,
    ) -> Result<(), DatabaseError> {
        let kept = KeptMailbox::open(&self.vault, pending).unwrap_or_else(|failure| {
            tracing::error!(id = %pending.id, ?failure, "could not open access that was not confirmed");
            None
        });
        let email = kept.map(|kept| kept.shown_email()).or_else(|| link.expected_email.clone());
        let entry = Entry::done(Action::AccountNotConfirmed, email.unwrap_or_default(), link.id.0)
            .with_detail(through(connector))
            .with_outcome(outcome);
        self.dependencies().activity.record(tx, actor, entry).await
    }

    /// Erases what was not confirmed in time, and what was confirmed long enough ago.
    pub async fn sweep(&self, lease: &Lease, organisation: OrganisationId) -> Result<(), Failure> {
        let LinkDependencies { database, connectors, clock, .. } = self.dependencies();
        let store = OrganisationPendingGrants::of(organisation);
        let links = OrganisationLinks::of(organisation);
        loop {
            let erased = database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    let now = clock.now();
                    let (since, longest) = (now.minus(KEPT_CONFIRMED), now.plus(CONFIRM_WITHIN));
                    let over = store.lock_over(&tx, now, since, longest, SWEPT_AT_ONCE).await?;
                    for pending in &over {
                        store.remove(&tx, pending.id).await?;
                        if pending.sealed.is_none() {
                            continue;
                        }
                        let Some(link) = links.get(&tx, pending.link).await? else { continue };
                        let connector = connectors.find(&tx, organisation, link.connector).await?;
                        let Some(connector) = connector else { continue };
                        let actor = Actor::operator(organisation);
                        self.record_erased(&tx, pending, &link, &connector, actor, "done").await?;
                    }
                    Ok(over.len() as u64)
                })
                .await?;
            if erased < SWEPT_AT_ONCE {
                return Ok(());
            }
        }
    }
}
