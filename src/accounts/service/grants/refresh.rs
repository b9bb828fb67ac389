//! Runs one refresh: asks the provider without a connection to the database, and stores the result. The result is kept
//! in memory and stored again and again while the database is away.

use std::time::Duration as Elapsed;

use tokio::time::Instant;

use super::{
    Grants,
    claim::{Claim, Request, Wanted},
    demand::Demand,
    gates::Preflight,
    settle::{Settlement, Stored},
    sharing::{Ended, Joined, Reservation, Slot},
    stops::StopPoint,
    times::{CALL_LIMIT, CALLER_WAIT, PREFLIGHT_LIMIT, SEND_LIMIT},
    verdict::Verdict,
};
use crate::{
    accounts::{
        service::AccountId,
        store::{
            gates::Gates,
            grants::{OrganisationGrants, StoredGrant, due},
        },
    },
    connectors::service::Connector,
    platform::{database::DatabaseError, failure::Failure},
    providers::{RefreshProblem, RefreshRefusal, RefusalKind, oauth::RefreshRequest},
};

/// The wait before a result is stored again, after the database has refused it for the first time.
const FIRST_RETRY: Elapsed = Elapsed::from_millis(500);
/// The longest such wait.
const MAX_RETRY: Elapsed = Elapsed::from_secs(10);
/// Number of failures other than an outage, after which a result is given up: about four minutes. An unreadable row
/// must not keep its slot for ever.
const MAX_FAULTS: u32 = 30;

impl Grants {
    /// Joins the refresh of this account that the process runs, or begins one for a caller. It continues if the caller
    /// goes away.
    pub(super) fn join_or_begin(&self, wanted: Wanted, demand: Demand) -> Joined {
        match self.reserve(wanted.account) {
            Err(joined) => joined,
            Ok((reservation, joined)) => {
                let this = self.clone();
                tokio::spawn(async move { this.run_for_caller(reservation, wanted, demand).await });
                joined
            }
        }
    }

    async fn run_for_caller(self, reservation: Reservation, wanted: Wanted, demand: Demand) {
        // No caller waits longer, so that a provider that hangs leaves no queue of refreshes without a caller.
        let until = self.monotonic().now() + CALLER_WAIT;
        let _slot = tokio::select! {
            biased;
            () = self.monotonic().sleep_until(until) => return reservation.tell(Ended::Held),
            slot = self.0.demand.take(demand) => slot,
        };
        match self.claim(wanted).await {
            Ok(claim) => self.run(&reservation, claim).await,
            Err(ended) => reservation.tell(ended),
        }
    }

    /// Begins a refresh in the background whose grant is claimed.
    pub(super) fn begin(&self, reservation: Reservation, claim: Claim, slot: Slot) {
        let this = self.clone();
        tokio::spawn(async move {
            this.run(&reservation, claim).await;
            // The place first: once no refresh is running, all places are free.
            drop(slot);
            drop(reservation);
        });
    }

    /// Claims one grant and begins its refresh in the background, unless this process refreshes it already.
    pub(super) async fn begin_wanted(&self, wanted: Wanted, slot: Slot) -> Result<bool, Failure> {
        let Ok((reservation, _)) = self.reserve(wanted.account) else { return Ok(false) };
        match self.claim(wanted).await {
            Ok(claim) => {
                self.begin(reservation, claim, slot);
                Ok(true)
            }
            Err(Ended::Failed(failure)) => Err(failure),
            Err(ended) => {
                reservation.tell(ended);
                Ok(false)
            }
        }
    }

    async fn run(&self, reservation: &Reservation, claim: Claim) {
        let Claim { grant, connector, request, asked } = claim;
        let is_interrupted = grant.refresh_started_at.is_some();
        let account = grant.account;
        self.forget_sighting(account);
        self.reach(StopPoint::Claimed, account).await;
        let (request, verdict) = match request {
            Err(verdict) => (None, Some(verdict)),
            Ok(request) => {
                let verdict = self.ask(account, &grant.scopes, &request, asked).await;
                (Some(request), verdict)
            }
        };
        let Some(verdict) = verdict else {
            tracing::warn!(%account, "a refresh was not sent: the process stood still after its claim");
            self.give_up(&grant).await;
            reservation.tell(Ended::Held);
            return;
        };
        self.reach(StopPoint::Answered, account).await;
        let preflight = self.try_credentials(&connector, request.as_ref(), &verdict).await;
        let settlement = Settlement { grant, connector, request, verdict, preflight, is_interrupted };
        settlement.log();
        let Stored { ended, closed } = self.settle_at_last(&settlement).await;
        self.reach(StopPoint::Committed, account).await;
        reservation.tell(ended);
        if closed {
            let Settlement { grant, connector, .. } = &settlement;
            let company = (!grant.directory.is_empty()).then_some(&*grant.directory);
            for directory in std::iter::once("").chain(company) {
                let waiting = self.let_accounts_wait(grant.organisation, connector.id, directory).await;
                if let Err(failure) = waiting {
                    tracing::warn!(?failure, connector = %connector.id, "could not let the accounts wait");
                }
            }
        }
    }

    async fn reach(&self, point: StopPoint, account: AccountId) {
        self.dependencies().stops.reach(point, account).await;
    }

    /// Asks the provider, within [`CALL_LIMIT`]. `None` if nothing was sent, because the claim is too long ago.
    async fn ask(
        &self,
        account: AccountId,
        scopes: &[String],
        request: &Request,
        asked: Instant,
    ) -> Option<Verdict> {
        let monotonic = self.monotonic();
        let begin = monotonic.now();
        if begin.saturating_duration_since(asked) >= SEND_LIMIT {
            return None;
        }
        let Request { secret, refresh_token, pinned } = request;
        let refresh = RefreshRequest { secret, refresh_token, scopes };
        let mut call = pinned.refresh(&*self.dependencies().http, &refresh);
        let at_once = tokio::select! {
            // The call first, so that it is sent.
            biased;
            answer = &mut call => Some(answer),
            () = self.reach(StopPoint::Sent, account) => None,
        };
        let answer = if let Some(answer) = at_once {
            self.reach(StopPoint::Sent, account).await;
            answer
        } else {
            tokio::select! {
                biased;
                answer = call => answer,
                () = monotonic.sleep_until(begin + CALL_LIMIT) => Err(RefreshProblem::Slow.into()),
            }
        };
        Some(match answer {
            Ok(grant) => Verdict::Tokens(Box::new(grant)),
            Err(refusal) => Verdict::Refused(refusal),
        })
    }

    /// Tries the credentials without an account, after they were refused for one and if it is not known yet that they
    /// are wrong.
    async fn try_credentials(
        &self,
        connector: &Connector,
        request: Option<&Request>,
        verdict: &Verdict,
    ) -> Preflight {
        let is_rejected = matches!(
            verdict,
            Verdict::Refused(RefreshRefusal { problem: RefreshProblem::CredentialsRejected, .. })
        );
        let Some(request) = request.filter(|_| is_rejected) else { return Preflight::Unknown };
        if !connector.application.can_try_credentials() || connector.state.wants_credentials() {
            return Preflight::Unknown;
        }
        let gates = Gates::of(connector.organisation);
        // A second account confirms it as well, without a request.
        match gates.of_connector(&self.database().read(), connector.id).await {
            Ok(gates) if gates.iter().any(|gate| gate.directory.is_empty()) => return Preflight::Unknown,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "could not read the gates of a connector");
                return Preflight::Unknown;
            }
        }
        let until = self.monotonic().now() + PREFLIGHT_LIMIT;
        let http = &*self.dependencies().http;
        let redirect_uri = &self.dependencies().redirect_uri;
        tokio::select! {
            answer = connector.application.try_credentials(http, &request.secret, redirect_uri) => match answer {
                Ok(()) => Preflight::Accepted,
                Err(refusal) if refusal.why == RefusalKind::CredentialsRejected => Preflight::Refused,
                Err(_) => Preflight::Unknown,
            },
            () = self.monotonic().sleep_until(until) => Preflight::Unknown,
        }
    }

    /// Stores a result, however long the database is away: the new refresh token exists only in this memory. It is
    /// given up after [`MAX_FAULTS`] failures that are no outage.
    async fn settle_at_last(&self, settlement: &Settlement) -> Stored {
        let mut wait = FIRST_RETRY;
        let mut faults = 0;
        loop {
            let failure = match self.settle(settlement).await {
                Ok(stored) => return stored,
                Err(failure) => failure,
            };
            let account = settlement.grant.account;
            faults += u32::from(!matches!(failure, Failure::Unavailable(_)));
            if faults >= MAX_FAULTS {
                tracing::error!(?failure, %account, "the result of a refresh was given up");
                return Ended::Failed(failure).into();
            }
            if wait == FIRST_RETRY {
                tracing::error!(?failure, %account, "could not store the result of a refresh; trying again");
            } else {
                tracing::debug!(?failure, %account, "could not store the result of a refresh; trying again");
            }
            self.monotonic().sleep_until(self.monotonic().now() + wait).await;
            wait = (wait * 2).min(MAX_RETRY);
        }
    }

    /// Ends the lease of a refresh that was not sent, if another process has not taken it since then.
    async fn give_up(&self, grant: &StoredGrant) {
        let store = OrganisationGrants::of(grant.organisation);
        let (owner, next, is_new) = (self.0.owner, grant.next_refresh_at, grant.refresh_started_at.is_none());
        let released = self
            .database()
            .write::<_, DatabaseError, _>(async |tx| {
                store.release(&tx, grant.account, owner, next, is_new).await
            })
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, account = %grant.account, "could not end the lease of a grant");
        }
    }

    /// Ends all leases, at the start of the only process that serves from a SQLite file.
    pub(super) async fn clear_leases(&self) -> Result<(), DatabaseError> {
        let cleared: u64 = self.database().write(async |tx| due::clear_leases(&tx).await).await?;
        if cleared > 0 {
            tracing::info!(cleared, "refreshes were interrupted when the program last ended");
        }
        Ok(())
    }
}
