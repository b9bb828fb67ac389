//! Claims grants: takes the lease, stores that a refresh begins, and collects what the request needs. A claim never
//! waits for a lock, so it cannot be part of a deadlock.

use std::{sync::PoisonError, time::Duration as Elapsed};

use secrecy::SecretString;
use tokio::time::Instant;

use super::{
    Grants,
    gates::{self, closed_for},
    sharing::{Ended, Reservation},
    times::due_times,
    verdict::Verdict,
};
use crate::{
    accounts::{
        model::AccountState,
        service::AccountId,
        store::{
            Accounts,
            gates::Gates,
            grants::{
                OrganisationGrants, StoredGrant,
                due::{self, ConnectorTurn},
            },
        },
    },
    connectors::service::Connector,
    jobs::lease::{LeaseState, Sighting, UNCHANGED, may_take},
    platform::{failure::Failure, id::OrganisationId},
    providers::SharedPinned,
    vault::VaultError,
};

/// Maximum number of leases that a process remembers. Older ones are forgotten, and seen again.
const MAX_SIGHTINGS: usize = 10_000;

/// What caused a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A caller who needs an access token.
    Demand,
    /// The refresh is due, or another process was killed during it.
    Background,
    /// A gate is tried with this account.
    Probe,
    /// An administrator tries again.
    TryAgain,
}

/// A refresh that is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub organisation: OrganisationId,
    pub account: AccountId,
    pub trigger: Trigger,
    /// The generation of the grant that was read. If it has changed, the refresh is not wanted any more.
    pub generation: i64,
}

/// What a request needs.
pub(super) struct Request {
    pub secret: SecretString,
    pub refresh_token: SecretString,
    pub pinned: SharedPinned,
}

/// A grant whose lease this process has.
pub(super) struct Claim {
    /// As it was before it was claimed.
    pub grant: StoredGrant,
    pub connector: Connector,
    /// What the request needs, or why none is sent.
    pub request: Result<Request, Verdict>,
    /// A moment before the lease was taken.
    pub asked: Instant,
}

/// Whether a refresh may begin for an account in this state.
fn may_refresh(state: AccountState, wanted: &Wanted, is_interrupted: bool) -> bool {
    match state {
        AccountState::Disconnected => false,
        // Another process may have been killed while an administrator tried again.
        AccountState::NeedsSignIn => wanted.trigger == Trigger::TryAgain || is_interrupted,
        _ => true,
    }
}

impl Grants {
    /// Claims one grant.
    ///
    /// # Errors
    /// Why it is not claimed.
    pub(super) async fn claim(&self, wanted: Wanted) -> Result<Claim, Ended> {
        let asked = self.monotonic().now();
        let seen = self.sighting(wanted.account);
        let claimed = self.try_claim(wanted, seen, asked).await;
        let answered = self.monotonic().now();
        match claimed {
            Ok(Ok(claim)) => Ok(claim),
            Ok(Err((ended, lease))) => {
                if let Some(lease) = lease {
                    self.note_sighting(wanted.account, lease, answered);
                }
                Err(ended)
            }
            Err(failure) => Err(Ended::Failed(failure)),
        }
    }

    async fn try_claim(
        &self,
        wanted: Wanted,
        seen: Option<Sighting>,
        asked: Instant,
    ) -> Result<Result<Claim, (Ended, Option<LeaseState>)>, Failure> {
        let Wanted { organisation, account, generation, .. } = wanted;
        let is_probe = matches!(wanted.trigger, Trigger::Probe | Trigger::TryAgain);
        let now = self.now();
        let connectors = &self.dependencies().connectors;
        self.database()
            .write::<_, Failure, _>(async |tx| {
                let store = OrganisationGrants::of(organisation);
                let Some(grant) = store.try_lock(&tx, account).await? else {
                    return Ok(Err((Ended::Held, None)));
                };
                if grant.generation != generation {
                    return Ok(Err((Ended::Again, None)));
                }
                // The caller has the reservation of this process, so a lease of its own was left by a refresh that
                // ended without a result.
                if grant.lease.owner != Some(self.0.owner) && !may_take(grant.lease, seen, asked) {
                    return Ok(Err((Ended::Held, Some(grant.lease))));
                }
                let Some(found) = Accounts::of(organisation).get(&tx, account).await? else {
                    return Ok(Err((Ended::Again, None)));
                };
                if !may_refresh(found.state, &wanted, grant.refresh_started_at.is_some()) {
                    return Ok(Err((Ended::Again, None)));
                }
                let known = connectors.with_secret(&tx, organisation, grant.connector).await?;
                let Some((connector, secret)) = known else { return Ok(Err((Ended::Again, None))) };
                let gates = Gates::of(organisation).of_connector(&tx, connector.id).await?;
                let is_closed = closed_for(&gates, account, &grant.directory, is_probe, now).is_some();
                if connector.deleted_at.is_some() || is_closed {
                    return Ok(Err((Ended::Again, None)));
                }
                store.claim(&tx, &[account], self.0.owner, now).await?;
                Ok(Ok(self.prepare(grant, connector, secret, asked)))
            })
            .await
    }

    /// Claims at most `limit` grants of a connector that are due.
    pub(super) async fn claim_due(
        &self,
        turn: ConnectorTurn,
        limit: usize,
    ) -> Result<Vec<(Reservation, Claim)>, Failure> {
        let (asked, now) = (self.monotonic().now(), self.now());
        let ConnectorTurn { organisation, connector, .. } = turn;
        self.database()
            .write::<_, Failure, _>(async |tx| {
                let gates = Gates::of(organisation).of_connector(&tx, connector).await?;
                if gates::is_connector_closed(&gates, now) {
                    return Ok(Vec::new());
                }
                let closed: Vec<&str> = gates.iter().map(|gate| &*gate.directory).collect();
                let closed: Vec<&str> = closed.into_iter().filter(|name| !name.is_empty()).collect();
                let due = due::take_due(&tx, connector, &closed, due_times(now), limit as u64).await?;
                if due.is_empty() {
                    return Ok(Vec::new());
                }
                let known = self.dependencies().connectors.with_secret(&tx, organisation, connector).await?;
                let Some((connector, secret)) = known.filter(|(it, _)| it.deleted_at.is_none()) else {
                    return Ok(Vec::new());
                };
                // A caller of this process may be about to claim one of them.
                let ours: Vec<_> = due
                    .into_iter()
                    .filter_map(|grant| Some((self.reserve(grant.account).ok()?.0, grant)))
                    .collect();
                let accounts: Vec<AccountId> = ours.iter().map(|(_, grant)| grant.account).collect();
                OrganisationGrants::of(organisation).claim(&tx, &accounts, self.0.owner, now).await?;
                let claim = |(reservation, grant)| {
                    (reservation, self.prepare(grant, connector.clone(), secret.clone(), asked))
                };
                Ok(ours.into_iter().map(claim).collect())
            })
            .await
    }

    /// Collects what the request needs.
    fn prepare(
        &self,
        grant: StoredGrant,
        connector: Connector,
        secret: Result<SecretString, VaultError>,
        asked: Instant,
    ) -> Claim {
        let request = self.prepare_request(&grant, &connector, secret);
        Claim { grant, connector, request, asked }
    }

    fn prepare_request(
        &self,
        grant: &StoredGrant,
        connector: &Connector,
        secret: Result<SecretString, VaultError>,
    ) -> Result<Request, Verdict> {
        let account = grant.account;
        if grant.client_id != connector.client_id.to_string() || grant.is_of_earlier_application(connector) {
            return Err(Verdict::ApplicationChanged);
        }
        let secret = secret.map_err(|error| {
            tracing::error!(%error, connector = %connector.id, "the secret of a connector cannot be opened");
            Verdict::SecretUnreadable
        })?;
        let refresh_token = self.open_refresh_token(grant).map_err(|error| {
            tracing::error!(%error, %account, "the refresh token of an account cannot be opened");
            Verdict::TokenUnreadable
        })?;
        let pinned =
            connector.provider.read_pinned(&grant.client_id, &grant.pinned).map_err(|unreadable| {
                tracing::error!(?unreadable, %account, "the pinned values of a grant cannot be read");
                Verdict::TokenUnreadable
            })?;
        Ok(Request { secret, refresh_token, pinned })
    }

    /// Remembers the lease of another process, as the database has shown it at `answered`.
    pub(super) fn note_sighting(&self, account: AccountId, state: LeaseState, answered: Instant) {
        let mut sightings = self.0.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        if sightings.get(&account).is_some_and(|seen| seen.state == state) {
            return;
        }
        if sightings.len() >= MAX_SIGHTINGS {
            let useful: Elapsed = UNCHANGED * 4;
            sightings.retain(|_, seen| answered.saturating_duration_since(seen.since) < useful);
        }
        sightings.insert(account, Sighting { state, since: answered });
    }

    /// Forgets the lease of another process.
    pub(super) fn forget_sighting(&self, account: AccountId) {
        self.0.sightings.lock().unwrap_or_else(PoisonError::into_inner).remove(&account);
    }

    /// Forgets the leases of all other processes.
    pub(super) fn forget_sightings(&self) {
        self.0.sightings.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_grant_that_has_ended_is_refreshed_only_if_an_administrator_tries_again() {
        let wanted = |trigger| Wanted {
            organisation: OrganisationId(Uuid::nil()),
            account: AccountId(Uuid::nil()),
            trigger,
            generation: 1,
        };
        for trigger in [Trigger::Demand, Trigger::Background, Trigger::Probe] {
            assert!(!may_refresh(AccountState::NeedsSignIn, &wanted(trigger), false), "{trigger:?}");
        }
        assert!(may_refresh(AccountState::NeedsSignIn, &wanted(Trigger::TryAgain), false));
        assert!(may_refresh(AccountState::NeedsSignIn, &wanted(Trigger::Background), true));
        for is_interrupted in [false, true] {
            let try_again = wanted(Trigger::TryAgain);
            assert!(!may_refresh(AccountState::Disconnected, &try_again, is_interrupted));
            assert!(may_refresh(AccountState::WaitingForConnector, &wanted(Trigger::Probe), is_interrupted));
        }
    }
}
