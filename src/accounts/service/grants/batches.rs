//! Changes of many accounts of a connector, in transactions of [`AT_ONCE`] grants each. The transaction that causes such
//! a change does the first part itself. If there are more accounts, it adds a job, which walks over all grants of the
//! connector in the order of an index. After a kill the next run of the job begins again: what is done stays done.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::Duration;

use super::{Grants, gates::closed_companies};
use crate::{
    accounts::{
        model::{AccountState, StateReason},
        service::AccountId,
        store::{
            StateChange,
            gates::{GateKind, Gates},
            grants::waiting::{ConnectorAccounts, GrantPlace},
        },
    },
    connectors::service::{Connector, ConnectorId},
    jobs::{
        model::{BackOff, Job, Kind},
        service::Lease,
    },
    platform::{clock::Timestamp, database::Tx, failure::Failure, id::OrganisationId},
};

const BACK_OFF: BackOff = BackOff { first: Duration::seconds(10), longest: Duration::minutes(10) };

/// The kind of the job that ends the grants of an application that a connector does not have any more.
pub static APPLICATION_CHANGE: Kind =
    Kind { name: "application_change", at_once: 1, back_off: BACK_OFF, every: None };

/// The kind of the job that has accounts refreshed that waited for a gate, after it has opened.
pub static GATE_OPENING: Kind = Kind { name: "gate_opening", at_once: 1, back_off: BACK_OFF, every: None };

/// Number of grants that one transaction reads and changes, so that others can write in between.
const AT_ONCE: u64 = 200;

/// The states in which an account waits for a gate.
const WAITING: [AccountState; 2] = [AccountState::WaitingForConnector, AccountState::WaitingForCompany];

/// What a job of [`APPLICATION_CHANGE`] is about.
#[derive(Debug, Serialize, Deserialize)]
struct ChangedConnector {
    connector: ConnectorId,
}

/// What a job of [`GATE_OPENING`] is about.
#[derive(Debug, Serialize, Deserialize)]
struct OpenedGate {
    connector: ConnectorId,
    /// `None` for the whole connector.
    directory: Option<String>,
    /// The account that is refreshed at another time, which the transaction that added the job has stored.
    suspect: Option<AccountId>,
}

/// The organisation and the payload of a job.
fn read_job<T: DeserializeOwned>(job: &Job) -> Result<(OrganisationId, T), Failure> {
    let missing = || Failure::Unexpected("a job about a connector belongs to no organisation".to_owned());
    Ok((job.organisation.ok_or_else(missing)?, job.payload.parse()?))
}

/// Where the walk continues after these grants; `None` if they were the last ones.
fn place_after(mut walked: Vec<GrantPlace>) -> Option<GrantPlace> {
    if (walked.len() as u64) < AT_ONCE { None } else { walked.pop() }
}

impl Grants {
    /// Ends the grants of an earlier application: some now, and the other ones in a job. No request is sent with them
    /// from now on. The caller has locked the connector.
    pub(super) async fn end_earlier_grants(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<(), Failure> {
        let walked = self.end_some(tx, organisation, connector, None).await?;
        if place_after(walked).is_some() {
            let (jobs, changed) = (&self.dependencies().jobs, ChangedConnector { connector });
            jobs.add(tx, &APPLICATION_CHANGE, Some(organisation), None, &changed).await?;
        }
        Ok(())
    }

    /// Does a job of [`APPLICATION_CHANGE`].
    pub async fn run_application_change(&self, lease: &Lease, job: &Job) -> Result<(), Failure> {
        let (organisation, ChangedConnector { connector }): (_, ChangedConnector) = read_job(job)?;
        let mut place: Option<GrantPlace> = None;
        loop {
            let walked = self
                .database()
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    self.end_some(&tx, organisation, connector, place.as_ref()).await
                })
                .await?;
            place = place_after(walked);
            if place.is_none() {
                return Ok(());
            }
        }
    }

    /// Ends those of the next grants that belong to an earlier application.
    async fn end_some(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
        after: Option<&GrantPlace>,
    ) -> Result<Vec<GrantPlace>, Failure> {
        let Some(connector) = self.lock_usable(tx, organisation, connector).await? else {
            return Ok(Vec::new());
        };
        let accounts = ConnectorAccounts { organisation, connector: connector.id, directory: None };
        let walked = accounts.walk(tx, after, AT_ONCE).await?;
        let ids: Vec<AccountId> = walked.iter().map(|place| place.account).collect();
        let (state, reason) = (AccountState::NeedsSignIn, StateReason::ApplicationChanged);
        let ids = accounts.lock_without(tx, &ids, reason, connector.application_first_version).await?;
        if !ids.is_empty() {
            let change = StateChange { state, reason: Some(reason), provider_words: None };
            accounts.change_states(tx, &ids, &change, self.new_ids(ids.len()), self.now()).await?;
            accounts.end_refreshing(tx, &ids).await?;
        }
        Ok(walked)
    }

    /// Has the accounts refreshed that wait and that no gate stops any more: some now, and the other ones in a job.
    /// `suspect` is one of them, whose time the caller may change afterwards. Those of `closed` directories wait for
    /// another gate. The caller has locked the connector.
    pub(super) async fn schedule_waiting(
        &self,
        tx: &Tx,
        accounts: ConnectorAccounts<'_>,
        closed: &[&str],
        suspect: Option<AccountId>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let mut ids: Vec<AccountId> = if accounts.directory.is_none() {
            accounts.find(tx, &WAITING, AT_ONCE).await?
        } else {
            // No index has the accounts of a directory by their states.
            accounts.walk(tx, None, AT_ONCE).await?.iter().map(|place| place.account).collect()
        };
        let has_more = (ids.len() as u64) == AT_ONCE;
        ids.extend(suspect);
        accounts.schedule(tx, &ids, closed, now).await?;
        if has_more {
            let ConnectorAccounts { organisation, connector, directory } = accounts;
            let opened = OpenedGate { connector, directory: directory.map(str::to_owned), suspect };
            self.dependencies().jobs.add(tx, &GATE_OPENING, Some(organisation), None, &opened).await?;
        }
        Ok(())
    }

    /// Does a job of [`GATE_OPENING`].
    pub async fn run_gate_opening(&self, lease: &Lease, job: &Job) -> Result<(), Failure> {
        let (organisation, opened): (_, OpenedGate) = read_job(job)?;
        let mut place: Option<GrantPlace> = None;
        loop {
            let walked = self
                .database()
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    self.schedule_some(&tx, organisation, &opened, place.as_ref()).await
                })
                .await?;
            place = place_after(walked);
            if place.is_none() {
                return Ok(());
            }
        }
    }

    /// Has those of the next accounts refreshed that wait and that no gate stops.
    async fn schedule_some(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        opened: &OpenedGate,
        after: Option<&GrantPlace>,
    ) -> Result<Vec<GrantPlace>, Failure> {
        let OpenedGate { connector, directory, suspect } = opened;
        let Some(connector) = self.lock_usable(tx, organisation, *connector).await? else {
            return Ok(Vec::new());
        };
        let gates = Gates::of(organisation).of_connector(tx, connector.id).await?;
        if gates.iter().any(|gate| gate.kind == GateKind::Credentials) {
            // It has closed again. The next opening has a job of its own.
            return Ok(Vec::new());
        }
        let directory = directory.as_deref();
        let accounts = ConnectorAccounts { organisation, connector: connector.id, directory };
        let walked = accounts.walk(tx, after, AT_ONCE).await?;
        let ids = walked.iter().map(|place| place.account);
        let ids: Vec<AccountId> = ids.filter(|account| Some(*account) != *suspect).collect();
        accounts.schedule(tx, &ids, &closed_companies(&gates, None), self.now()).await?;
        Ok(walked)
    }

    /// Locks a connector; `None` if it is gone or being deleted, which another job does.
    async fn lock_usable(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        connector: ConnectorId,
    ) -> Result<Option<Connector>, Failure> {
        let found = self.dependencies().connectors.lock(tx, organisation, connector).await?;
        Ok(found.filter(|connector| connector.deleted_at.is_none()))
    }
}
