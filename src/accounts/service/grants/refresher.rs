//! Looks for grants that are due, for as long as the process serves: in turn over the connectors that have due work,
//! and only as many as there are free places. Also takes over what a killed process has left, and probes gates.

use std::time::Duration as Elapsed;

use time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Grants,
    claim::{Trigger, Wanted},
    faults::Faults,
    fill::{Fill, Filling},
    gates::accounts_of,
    times::{
        MAX_BACKGROUND, MAX_OF_CONNECTOR, POLL, PROBE_OF_COMPANY, PROBE_OF_CONNECTOR, PROBE_OF_REFUTED,
        due_times, probe_times,
    },
};
use crate::{
    accounts::{
        model::AccountState,
        service::AccountId,
        store::{
            gates::{self, Gate, GateKind, Gates, Probes},
            grants::{
                OrganisationGrants,
                due::{self, LeasedGrant},
            },
        },
    },
    connectors::service::ConnectorId,
    jobs::lease::may_take,
    platform::{clock::Timestamp, failure::Failure},
};

/// How long refreshes may continue when the program stops. A new refresh token that is in memory must be stored.
const TIME_TO_END: Elapsed = Elapsed::from_secs(8);
/// Number of connectors that one look walks over.
const WALK: u32 = 1_000;
/// Number of leases that one look reads: far more than all processes have together.
const MAX_LEASES: u64 = 1_000;
/// Number of gates that one look reads.
const MAX_PROBES: u64 = 1_000;
/// Number of accounts of which a probe chooses one.
const CANDIDATES: u64 = 20;

/// The background refreshes of one process.
pub struct Refresher {
    grants: Grants,
    /// Whether this is the only process that serves, as on SQLite: then leases that are there at its start are those of
    /// dead processes.
    is_alone: bool,
    /// The connector whose turn was last.
    last: ConnectorId,
    /// Whether the walk began at the first connector, and left out none.
    is_whole: bool,
    /// When leases and gates are looked at next.
    upkeep_at: Option<Instant>,
    /// What the rounds leave out.
    faults: Faults,
}

/// What a look has done.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    /// Number of refreshes that it began.
    begun: usize,
    /// Whether the walk that it has ended began at the first connector.
    is_whole: bool,
    /// Whether it left free places of a connector for a later look, which fills more of them at once.
    leaves_places: bool,
}

impl Refresher {
    pub fn new(grants: Grants, is_alone: bool) -> Self {
        let (last, faults) = (ConnectorId(Uuid::nil()), Faults::default());
        Self { grants, is_alone, last, is_whole: true, upkeep_at: None, faults }
    }

    /// Refreshes what is due until `stop`. Then it begins nothing more, and gives what runs some seconds to end.
    pub async fn run(mut self, stop: CancellationToken) {
        let (mut is_away, mut filling) = (false, Filling::default());
        while !stop.is_cancelled() {
            let now = self.grants.monotonic().now();
            self.grants.forget_kept();
            let fill = filling.fill(now);
            match self.work(fill).await {
                Ok(look) => {
                    filling.note(fill, look.leaves_places, now);
                    if !look.is_whole && self.free() > 0 {
                        // There may be more, and there are free places.
                        continue;
                    }
                    if std::mem::take(&mut is_away) {
                        tracing::info!("grants are refreshed again");
                    }
                }
                Err(failure) => {
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::error!(?failure, "could not read the table of grants; refreshes wait");
                    }
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = self.grants.monotonic().sleep_until(now + POLL) => {}
                    }
                    continue;
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.grants.0.ended.notified() => filling.wake(true),
                () = self.grants.monotonic().sleep_until(filling.next(now)) => filling.wake(false),
            }
        }
        let until = self.grants.monotonic().now() + TIME_TO_END;
        tokio::select! {
            () = self.grants.wait_for_refreshes() => {}
            () = self.grants.monotonic().sleep_until(until) => {
                tracing::warn!("refreshes were cut off at shutdown");
            }
        }
    }

    /// Refreshes everything that is due now, for tests.
    ///
    /// # Returns
    /// How many refreshes it began.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn refresh_due(&mut self) -> Result<usize, Failure> {
        let mut begun = 0;
        loop {
            self.upkeep_at = None;
            let look = self.work(Fill::All).await?;
            begun += look.begun;
            self.grants.wait_for_refreshes().await;
            if look.begun == 0 && look.is_whole {
                return Ok(begun);
            }
        }
    }

    /// Begins what is due and has a place, and returns at once.
    ///
    /// # Returns
    /// How many refreshes it began.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn look_once(&mut self) -> Result<usize, Failure> {
        self.upkeep_at = None;
        Ok(self.work(Fill::All).await?.begun)
    }

    /// Does what is due. After an outage of the database all leases count as seen for the first time: their owners could
    /// not store their results either, and need some seconds for it. Their new tokens exist only in their memory.
    async fn work(&mut self, fill: Fill) -> Result<Look, Failure> {
        let look = self.work_once(fill).await;
        if look.is_err() {
            self.grants.forget_sightings();
        }
        look
    }

    async fn work_once(&mut self, fill: Fill) -> Result<Look, Failure> {
        if self.is_alone {
            self.grants.clear_leases().await?;
            self.is_alone = false;
        }
        let now = self.grants.monotonic().now();
        let mut begun = 0;
        if self.upkeep_at.is_none_or(|at| at <= now) {
            begun += self.take_over().await?;
            begun += self.probe_gates().await?;
            self.upkeep_at = Some(now + POLL);
        }
        let look = self.look(fill).await?;
        Ok(Look { begun: begun + look.begun, ..look })
    }

    /// Number of free places.
    fn free(&self) -> usize {
        MAX_BACKGROUND.saturating_sub(self.grants.0.slots.total())
    }

    /// Number of free places for a connector.
    fn free_of(&self, connector: ConnectorId) -> usize {
        MAX_OF_CONNECTOR.saturating_sub(self.grants.0.slots.of(connector)).min(self.free())
    }

    /// Begins refreshes that are due, in turn over the connectors.
    async fn look(&mut self, fill: Fill) -> Result<Look, Failure> {
        let mut look = Look::default();
        if self.free() == 0 {
            return Ok(look);
        }
        let times = due_times(self.grants.now());
        let read = self.grants.database().read();
        let now = self.grants.monotonic().now();
        let turns = due::walk_connectors(&read, self.last, times, WALK).await?;
        for turn in &turns {
            if self.free() == 0 {
                // The next look continues here.
                self.is_whole = false;
                return Ok(look);
            }
            self.last = turn.connector;
            let free = self.free_of(turn.connector);
            if !turn.is_due || !fill.covers(free, self.grants.0.slots.of(turn.connector)) {
                look.leaves_places |= turn.is_due && free > 0;
                continue;
            }
            let claims = match self.grants.claim_due(*turn, free).await {
                Ok(claims) => claims,
                Err(failure) => {
                    self.faults.note(turn.connector.0, failure, now)?;
                    continue;
                }
            };
            for (reservation, claim) in claims {
                let slot = self.grants.take_slot(turn.connector);
                self.grants.begin(reservation, claim, slot);
                look.begun += 1;
            }
        }
        if turns.len() < WALK as usize {
            // From the first connector again.
            look.is_whole = std::mem::replace(&mut self.is_whole, true);
            self.last = ConnectorId(Uuid::nil());
        }
        Ok(look)
    }

    /// Takes over the refreshes of processes that were killed.
    async fn take_over(&mut self) -> Result<usize, Failure> {
        let asked = self.grants.monotonic().now();
        let leased = due::find_leased(&self.grants.database().read(), MAX_LEASES).await?;
        let answered = self.grants.monotonic().now();
        if answered.saturating_duration_since(asked) >= POLL {
            // The database stood still, which is an outage as well.
            self.grants.forget_sightings();
        }
        let mut begun = 0;
        for LeasedGrant { account, organisation, connector, generation, lease } in leased {
            if self.grants.is_running(account) {
                continue;
            }
            let is_own = lease.owner == Some(self.grants.0.owner);
            let is_free = is_own || may_take(lease, self.grants.sighting(account), asked);
            self.grants.note_sighting(account, lease, answered);
            if !is_free || self.free_of(connector) == 0 {
                continue;
            }
            let wanted = Wanted { organisation, account, trigger: Trigger::Background, generation };
            let slot = self.grants.take_slot(connector);
            match self.grants.begin_wanted(wanted, slot).await {
                Ok(is_begun) => begun += usize::from(is_begun),
                Err(failure) => self.faults.note(account.0, failure, answered)?,
            }
        }
        Ok(begun)
    }

    /// Tries one account of each gate whose probe is due.
    async fn probe_gates(&mut self) -> Result<usize, Failure> {
        let mut begun = 0;
        let read = self.grants.database().read();
        let Probes { gates, unreadable } = gates::find_probes(&read, MAX_PROBES).await?;
        let now = self.grants.monotonic().now();
        for (connector, error) in unreadable {
            self.faults.note(connector.0, error.into(), now)?;
        }
        for gate in gates {
            match self.probe_if_due(&gate).await {
                Ok(is_begun) => begun += usize::from(is_begun),
                Err(failure) => self.faults.note(gate.connector.0, failure, now)?,
            }
        }
        Ok(begun)
    }

    async fn probe_if_due(&self, gate: &Gate) -> Result<bool, Failure> {
        let now = self.grants.now();
        let is_due =
            gate.is_probe_due(probe_times(probe_wait(gate), now)) || self.is_refuted(gate, now).await?;
        if !is_due || self.free_of(gate.connector) == 0 {
            return Ok(false);
        }
        self.probe(gate, now).await
    }

    /// Whether a preflight or a sign-in has shown in the meantime that the credentials are good.
    async fn is_refuted(&self, gate: &Gate, now: Timestamp) -> Result<bool, Failure> {
        // A provider that does not answer the probe is not asked again in each round.
        let last = gate.next_probe_at.map(|next| next.minus(probe_wait(gate)));
        let is_fresh = last.is_some_and(|last| now.since(last) < PROBE_OF_REFUTED);
        if gate.kind != GateKind::Credentials || is_fresh {
            return Ok(false);
        }
        let (read, connectors) = (self.grants.database().read(), &self.grants.dependencies().connectors);
        let connector = connectors.find(&read, gate.organisation, gate.connector).await?;
        Ok(connector.is_some_and(|connector| !connector.state.wants_credentials()))
    }

    async fn probe(&self, gate: &Gate, now: Timestamp) -> Result<bool, Failure> {
        let (organisation, connector) = (gate.organisation, gate.connector);
        let after = now.plus(probe_wait(gate));
        let chosen = self.choose(gate, now).await?;
        let store = Gates::of(organisation);
        let is_ours = self
            .grants
            .database()
            .write::<_, Failure, _>(async |tx| {
                let connectors = &self.grants.dependencies().connectors;
                // A round that waits for a lock would hold up all other connectors.
                if connectors.try_lock(&tx, organisation, connector).await?.is_none() {
                    return Ok(false);
                }
                if !store.take_probe(&tx, gate, after).await? {
                    return Ok(false);
                }
                if matches!(chosen, Choice::NoAccount) {
                    store.remove(&tx, connector, &gate.directory).await?;
                }
                Ok(true)
            })
            .await?;
        let Choice::Account(account) = chosen else { return Ok(false) };
        if !is_ours {
            return Ok(false);
        }
        // After a kill some accounts may not wait yet.
        let waiting = self.grants.let_accounts_wait(organisation, connector, &gate.directory).await;
        if let Err(failure) = waiting {
            tracing::warn!(?failure, %connector, "could not let the accounts wait");
        }
        let read = self.grants.database().read();
        let Some(grant) = OrganisationGrants::of(organisation).get(&read, account).await? else {
            return Ok(false);
        };
        let (trigger, generation) = (Trigger::Probe, grant.generation);
        let slot = self.grants.take_slot(connector);
        self.grants.begin_wanted(Wanted { organisation, account, trigger, generation }, slot).await
    }

    /// Chooses an account for a probe: any of the first ones, and for a suspicion another account than the suspect.
    async fn choose(&self, gate: &Gate, now: Timestamp) -> Result<Choice, Failure> {
        let states = [
            AccountState::WaitingForConnector,
            AccountState::WaitingForCompany,
            AccountState::Connected,
            AccountState::Retrying,
            AccountState::NeedsAttention,
        ];
        let mut found: Vec<AccountId> = Vec::new();
        let read = self.grants.database().read();
        for state in states {
            if found.len() < 2 {
                found.extend(accounts_of(gate).find(&read, &[state], CANDIDATES).await?);
            }
        }
        if found.is_empty() {
            return Ok(Choice::NoAccount);
        }
        let others: Vec<AccountId> =
            found.iter().copied().filter(|account| Some(*account) != gate.suspect).collect();
        // The suspect itself only after the usual time.
        let is_early = gate.kind == GateKind::Suspected && now.since(gate.since) < PROBE_OF_CONNECTOR;
        if others.is_empty() && is_early && gate.since.is_credible(now) {
            return Ok(Choice::Later);
        }
        let from = if others.is_empty() { found } else { others };
        let at = self.grants.random() as usize % from.len();
        Ok(from.get(at).copied().map_or(Choice::NoAccount, Choice::Account))
    }
}

/// The time between two probes of a gate.
const fn probe_wait(gate: &Gate) -> Duration {
    if gate.directory.is_empty() { PROBE_OF_CONNECTOR } else { PROBE_OF_COMPANY }
}

/// The account that a probe tries.
#[derive(Clone, Copy, Debug)]
enum Choice {
    Account(AccountId),
    /// The only account was tried a moment ago.
    Later,
    /// The gate stops no account any more.
    NoAccount,
}
