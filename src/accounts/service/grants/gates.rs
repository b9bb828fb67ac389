//! Gates: a connector whose credentials are refused, a company that has removed the application, and a token endpoint
//! that wants fewer requests. A gate holds for all processes. A transaction that changes one has locked the connector.

use std::time::Duration as Elapsed;

use time::Duration;

use super::{
    Grants,
    times::{self, MAX_THROTTLE, PROBE_OF_COMPANY, PROBE_OF_CONNECTOR, THROTTLE},
};
use crate::{
    accounts::{
        service::AccountId,
        store::{
            gates::{Gate, GateKind, Gates},
            grants::waiting::ConnectorAccounts,
        },
    },
    connectors::{
        model::{ConnectorState, FailureReason},
        service::Connector,
    },
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Tx},
        failure::Failure,
    },
};

/// Why no request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// The credentials of the connector are refused.
    Credentials,
    /// The company has removed the application.
    Company,
    /// The token endpoint wants fewer requests, until this time.
    Until(Timestamp),
}

/// What a try of the credentials without an account has shown after they were refused for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preflight {
    /// The provider refuses them.
    Refused,
    /// The provider accepts them.
    Accepted,
    /// It was not possible, or had no clear result.
    Unknown,
}

/// What has shown that the credentials are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// A person has signed in.
    SignIn,
    /// A refresh gave tokens.
    Tokens,
    /// A refresh was refused for the account, and not for the connector.
    Refusal,
}

impl Proof {
    /// Whether the token endpoint serves requests, too.
    const fn is_served(self) -> bool {
        !matches!(self, Self::Refusal)
    }
}

/// Until when a gate lets no request through, if that time is credible.
fn throttled_until(gate: &Gate, now: Timestamp) -> Option<Timestamp> {
    let longest = now.plus(MAX_THROTTLE).plus(SKEW);
    gate.not_before.filter(|until| *until > now && *until <= longest)
}

/// Why no request of the connector may be sent, whatever the account. `is_probe`: the request shows whether the
/// credentials are accepted.
fn closed_connector(
    gate: &Gate,
    account: Option<AccountId>,
    is_probe: bool,
    now: Timestamp,
) -> Option<Closed> {
    if let Some(until) = throttled_until(gate, now) {
        return Some(Closed::Until(until));
    }
    match gate.kind {
        _ if is_probe => None,
        GateKind::Credentials => Some(Closed::Credentials),
        // Another account shows whether the suspicion is right.
        GateKind::Suspected if account.is_none() || account == gate.suspect => Some(Closed::Credentials),
        GateKind::Suspected | GateKind::Throttled | GateKind::Company => None,
    }
}

/// Why no request for this account may be sent.
pub(super) fn closed_for(
    gates: &[Gate],
    account: AccountId,
    directory: &str,
    is_probe: bool,
    now: Timestamp,
) -> Option<Closed> {
    gates.iter().find_map(|gate| {
        if gate.directory.is_empty() {
            closed_connector(gate, Some(account), is_probe, now)
        } else {
            (gate.directory == directory && !is_probe).then_some(Closed::Company)
        }
    })
}

/// Whether a gate decides when this account is refreshed.
pub(super) fn is_stopped(gates: &[Gate], account: AccountId, directory: &str) -> bool {
    gates.iter().any(|gate| match gate.kind {
        GateKind::Credentials => true,
        GateKind::Suspected => gate.suspect == Some(account),
        GateKind::Company => gate.directory == directory,
        GateKind::Throttled => false,
    })
}

/// Whether background work of a connector waits, except probes.
pub(super) fn is_connector_closed(gates: &[Gate], now: Timestamp) -> bool {
    let mut whole = gates.iter().filter(|gate| gate.directory.is_empty());
    whole.any(|gate| closed_connector(gate, None, false, now).is_some())
}

/// The directories that have refused the application, except the one that is `opened`.
pub(super) fn closed_companies<'a>(gates: &'a [Gate], opened: Option<&str>) -> Vec<&'a str> {
    let companies = gates.iter().filter(|gate| gate.kind == GateKind::Company);
    companies.map(|gate| &*gate.directory).filter(|directory| Some(*directory) != opened).collect()
}

/// The gate of the whole connector.
fn whole(gates: &[Gate]) -> Option<&Gate> {
    gates.iter().find(|gate| gate.directory.is_empty())
}

/// A gate of a connector that has none yet.
fn new_gate(connector: &Connector, directory: &str, kind: GateKind, now: Timestamp) -> Gate {
    Gate {
        organisation: connector.organisation,
        connector: connector.id,
        directory: directory.to_owned(),
        kind,
        not_before: None,
        suspect: None,
        since: now,
        next_probe_at: None,
        version: 0,
    }
}

impl Grants {
    /// Opens the gates that an accepted sign-in refutes. The caller has locked the connector.
    pub(super) async fn open_gates_within(
        &self,
        tx: &Tx,
        connector: &Connector,
        directory: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let gates = Gates::of(connector.organisation).of_connector(tx, connector.id).await?;
        self.open_gates(tx, connector, &gates, directory, Proof::SignIn, now).await
    }

    /// Opens the gates that an answer refutes: the credentials are good, and this directory knows the application.
    /// Accounts that wait are due then.
    pub(super) async fn open_gates(
        &self,
        tx: &Tx,
        connector: &Connector,
        gates: &[Gate],
        directory: &str,
        proof: Proof,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let closed = closed_companies(gates, Some(directory));
        for gate in gates {
            match gate.kind {
                GateKind::Credentials | GateKind::Suspected => {
                    self.open_connector(tx, gate, &closed, proof != Proof::SignIn, now).await?;
                }
                // A success of a request that was under way when the gate closed does not shorten the wait.
                GateKind::Throttled if proof.is_served() && throttled_until(gate, now).is_none() => {
                    Gates::of(connector.organisation).remove(tx, connector.id, "").await?;
                }
                GateKind::Company if gate.directory == directory => {
                    Gates::of(connector.organisation).remove(tx, connector.id, directory).await?;
                    self.schedule_waiting(tx, accounts_of(gate), &[], None, now).await?;
                }
                GateKind::Throttled | GateKind::Company => {}
            }
        }
        let failing = ConnectorState::Failing(FailureReason::CredentialsRejected);
        if connector.state == failing {
            // Only a sign-in verifies.
            let (version, state) = (connector.application_version, ConnectorState::NotVerified);
            let connectors = &self.dependencies().connectors;
            connectors.note_state(tx, connector.organisation, connector.id, version, state).await?;
        }
        Ok(())
    }

    /// Opens a gate that was closed because of the credentials, and lets the accounts recover that wait for it. Those of
    /// `closed` directories wait for another gate. The gate stays throttled until the time before which the provider
    /// wants no request. `postpones_suspect`: a suspect waits for the usual time of a probe.
    pub(super) async fn open_connector(
        &self,
        tx: &Tx,
        gate: &Gate,
        closed: &[&str],
        postpones_suspect: bool,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let gates = Gates::of(gate.organisation);
        if throttled_until(gate, now).is_some() {
            let (kind, version) = (GateKind::Throttled, gate.version + 1);
            let throttled = Gate { kind, suspect: None, next_probe_at: None, version, ..gate.clone() };
            gates.put(tx, &throttled).await?;
        } else {
            gates.remove(tx, gate.connector, "").await?;
        }
        let suspect = gate.suspect.filter(|_| gate.kind == GateKind::Suspected);
        self.schedule_waiting(tx, accounts_of(gate), closed, suspect, now).await?;
        // The provider refuses the suspect alone. Tried at once, it would close the gate again and again.
        if let Some(suspect) = suspect.filter(|_| postpones_suspect) {
            accounts_of(gate).postpone(tx, suspect, now.plus(PROBE_OF_CONNECTOR)).await?;
        }
        Ok(())
    }

    /// Notes that the credentials were refused for an account. A second account or the preflight confirms it: then the
    /// connector is *Failing*.
    ///
    /// # Returns
    /// Whether a gate is closed now.
    pub(super) async fn note_rejected_credentials(
        &self,
        tx: &Tx,
        connector: &Connector,
        gates: &[Gate],
        account: AccountId,
        preflight: Preflight,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        let before = whole(gates);
        let is_known = before.is_some_and(|gate| gate.kind == GateKind::Credentials);
        let is_second = before.is_some_and(|gate| {
            gate.kind == GateKind::Suspected && gate.suspect.is_some_and(|it| it != account)
        });
        let is_confirmed =
            is_known || is_second || preflight == Preflight::Refused || connector.state.wants_credentials();
        if !is_confirmed && preflight == Preflight::Accepted {
            return Ok(false);
        }
        let mut gate = before.cloned().unwrap_or_else(|| new_gate(connector, "", GateKind::Suspected, now));
        let next_kind = if is_confirmed { GateKind::Credentials } else { GateKind::Suspected };
        if gate.kind != next_kind || before.is_none() {
            gate.since = now;
            // A suspicion is tried at once with another account.
            let wait = if is_confirmed { PROBE_OF_CONNECTOR } else { Duration::ZERO };
            gate.next_probe_at = Some(now.plus(wait));
        }
        gate.kind = next_kind;
        gate.suspect = Some(account);
        gate.version += 1;
        Gates::of(connector.organisation).put(tx, &gate).await?;
        if is_confirmed && !connector.state.wants_credentials() {
            let failing = ConnectorState::Failing(FailureReason::CredentialsRejected);
            let (id, version) = (connector.id, connector.application_version);
            let connectors = &self.dependencies().connectors;
            connectors.note_state(tx, connector.organisation, id, version, failing).await?;
        }
        Ok(true)
    }

    /// Notes that the company of an account has refused the application.
    ///
    /// # Returns
    /// Whether a gate is closed now: not if the provider named no directory.
    pub(super) async fn note_company(
        &self,
        tx: &Tx,
        connector: &Connector,
        gates: &[Gate],
        account: AccountId,
        directory: &str,
        now: Timestamp,
    ) -> Result<bool, DatabaseError> {
        if directory.is_empty() {
            return Ok(false);
        }
        let before = gates.iter().find(|gate| gate.directory == directory).cloned();
        let mut gate = before.unwrap_or_else(|| Gate {
            next_probe_at: Some(now.plus(PROBE_OF_COMPANY)),
            ..new_gate(connector, directory, GateKind::Company, now)
        });
        gate.suspect = Some(account);
        gate.version += 1;
        Gates::of(connector.organisation).put(tx, &gate).await?;
        Ok(true)
    }

    /// Notes that the token endpoint wants fewer requests.
    ///
    /// # Returns
    /// The time before which no process sends one.
    pub(super) async fn note_throttle(
        &self,
        tx: &Tx,
        connector: &Connector,
        gates: &[Gate],
        named: Option<Elapsed>,
        now: Timestamp,
    ) -> Result<Timestamp, DatabaseError> {
        let before = whole(gates);
        let mut gate = before.cloned().unwrap_or_else(|| new_gate(connector, "", GateKind::Throttled, now));
        let closed = throttled_until(&gate, now);
        // Requests that were under way when the gate closed say nothing new.
        let again = closed.is_none() || before.is_none();
        gate.version += i64::from(again);
        let times = u32::try_from(gate.version).unwrap_or(u32::MAX);
        let wait = named.and_then(|named| Duration::try_from(named).ok());
        let until = match (wait, closed) {
            (Some(wait), _) => now.plus(wait.min(MAX_THROTTLE)),
            (None, Some(closed)) => closed,
            (None, None) => now.plus(THROTTLE.wait(times, self.random())),
        };
        let until = closed.map_or(until, |closed| closed.max(until));
        gate.not_before = Some(until);
        Gates::of(connector.organisation).put(tx, &gate).await?;
        Ok(until)
    }
}

/// The accounts that a gate stops.
pub(super) fn accounts_of(gate: &Gate) -> ConnectorAccounts<'_> {
    let directory = Some(&*gate.directory).filter(|directory| !directory.is_empty());
    ConnectorAccounts { organisation: gate.organisation, connector: gate.connector, directory }
}

/// How long a caller waits until a gate lets requests through.
pub(super) fn seconds_until(until: Timestamp, now: Timestamp) -> u32 {
    times::whole_seconds(until.since(now))
}
