//! Emptying a folder as a job. Its messages are deleted in small steps under a lease, so that a folder of any size is
//! emptied within the limits of its mailbox, and across kills and restarts. A job waits when the provider wants fewer
//! requests or does not answer, and while the account cannot be used; after a day it gives up.
//!
//! The jobs of an account run one after another (`turns`). A job without an answer gives way to the others until its next
//! try, as only its folder may be out of order. A job that has taken many steps lets those of other accounts come first.
//! The steps themselves are the mailbox's (`providers::mailbox::MailboxChanges::empty_some`); `progress` decides what
//! follows from one.

pub mod model;
mod progress;
mod turns;

use serde::{Deserialize, Serialize};
use time::Duration;

use self::{
    model::{MailJob, MailJobFailure, MailJobId, MailJobState},
    progress::{Next, Progress},
};
use super::{
    sending::is_still_allowed,
    service::{Mail, MailFailure},
    store::mail_jobs::{self, OrganisationJobs},
};
use crate::{
    accounts::service::AccountId,
    jobs::{
        model::{BackOff, Job, Kind},
        service::{Jobs, Lease},
    },
    people::access::Caller,
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, Tx},
        failure::{Failure, Undone},
        monotonic::SharedMonotonic,
        randomness::SharedRandomness,
    },
};

/// The kind of the job that empties a folder.
pub static FOLDER_EMPTYING: Kind = Kind {
    name: "folder_emptying",
    at_once: 4,
    back_off: BackOff { first: Duration::seconds(10), longest: Duration::minutes(10) },
    every: None,
};

/// Maximum number of open jobs of an account.
pub const MAX_OPEN: u32 = 10;
/// How long a job stays known after its end.
pub const KEPT: Duration = Duration::days(7);
/// How long after its start a job still waits.
pub const MAX_AGE: Duration = Duration::hours(24);
/// The time between two whole steps. Twenty messages in this time need about a third of the requests that a mailbox has, so other
/// calls still find room.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(4);
/// Maximum number of steps of a run: two minutes with their pauses. Then the job waits, and its place is free for one of
/// another account.
pub const STEPS_OF_A_RUN: u32 = 30;
/// When a job looks again whether it is its turn among those of its account.
pub const TURN_WAIT: Duration = Duration::seconds(15);
/// The shortest wait of a job that is put back.
const SHORTEST_WAIT: Duration = Duration::seconds(5);
/// When a program asks again that has too many open jobs.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_mins(1);
/// How often a job is looked for and added again. Each time another one of the same folder must have begun or ended in
/// between.
const MAX_TRIES: u32 = 3;
/// Number of rows that one transaction erases, so that each transaction is short.
const ERASED_AT_ONCE: u64 = 1_000;

/// What a job is about.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    job: MailJobId,
}

/// What [`MailJobs`] works with.
pub struct MailJobDependencies {
    pub mail: Mail,
    pub database: Database,
    pub jobs: Jobs,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    pub monotonic: SharedMonotonic,
}

/// The jobs that applications start in mailboxes. A clone is another handle to the same.
#[derive(Clone)]
pub struct MailJobs {
    mail: Mail,
    database: Database,
    jobs: Jobs,
    clock: SharedClock,
    randomness: SharedRandomness,
    monotonic: SharedMonotonic,
}

/// Why no job was started.
#[derive(Clone, Debug)]
pub enum NotStarted {
    /// The folder could not be read.
    Mail(MailFailure),
    /// The account has [`MAX_OPEN`] open jobs.
    TooManyOpen { retry_after: std::time::Duration },
}

impl From<MailFailure> for NotStarted {
    fn from(failure: MailFailure) -> Self {
        Self::Mail(failure)
    }
}

impl From<Failure> for NotStarted {
    fn from(failure: Failure) -> Self {
        Self::Mail(failure.into())
    }
}

/// What became of the wish for a job.
enum Added {
    New(MailJobId),
    /// One for the same folder is open.
    Joined(MailJobId),
    TooMany,
}

impl MailJobs {
    pub fn new(dependencies: MailJobDependencies) -> Self {
        let MailJobDependencies { mail, database, jobs, clock, randomness, monotonic } = dependencies;
        Self { mail, database, jobs, clock, randomness, monotonic }
    }

    /// Starts to delete the messages that are in a folder now. If that is under way already, its job is returned.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn empty_folder(
        &self,
        caller: &Caller,
        account: AccountId,
        folder: &str,
    ) -> Result<MailJobId, NotStarted> {
        // A folder that is not there is refused at once. Its id may also be written in another way.
        let folder = self.mail.get_folder(caller, account, folder).await?.id;
        for _ in 0..MAX_TRIES {
            match self.add_or_join(caller, account, &folder).await {
                Ok(Added::New(id)) => {
                    self.jobs.wake();
                    return Ok(id);
                }
                Ok(Added::Joined(id)) => return Ok(id),
                Ok(Added::TooMany) => return Err(NotStarted::TooManyOpen { retry_after: RETRY_AFTER }),
                // Another call has added one for the folder at the same moment.
                Err(undone) if undone.is_conflict() => {}
                Err(undone) => return Err(Failure::from(undone).into()),
            }
        }
        Err(Failure::Busy(1).into())
    }

    async fn add_or_join(&self, caller: &Caller, account: AccountId, folder: &str) -> Result<Added, Undone> {
        let organisation = caller.organisation();
        let new = MailJob {
            id: MailJobId::new(&*self.clock, &*self.randomness),
            organisation,
            client: caller.client(),
            account,
            folder: folder.to_owned(),
            state: MailJobState::Queued,
            deleted: 0,
            failed: 0,
            failure: None,
            created_at: self.clock.now(),
            ended_at: None,
        };
        self.database
            .write::<_, Undone, _>(async |tx| {
                let jobs = OrganisationJobs::of(organisation);
                if let Some(open) = jobs.find_open(&tx, account, folder).await? {
                    return Ok(Added::Joined(open));
                }
                if !self.take_place(&tx, &new).await? {
                    return Ok(Added::TooMany);
                }
                jobs.add(&tx, &new).await?;
                Ok(Added::New(new.id))
            })
            .await
    }

    /// Adds the background work of a job, in one of the places of its account. Two transactions never get the same place.
    ///
    /// # Returns
    /// Whether there was one.
    async fn take_place(&self, tx: &Tx, job: &MailJob) -> Result<bool, Failure> {
        let payload = Payload { job: job.id };
        for place in 0..MAX_OPEN {
            let key = Some(format!("{}/{place}", job.account));
            if self.jobs.add(tx, &FOLDER_EMPTYING, Some(job.organisation), key, &payload).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A job of an account.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the caller reaches no such account, or it has no such job.
    pub async fn get(&self, caller: &Caller, account: AccountId, id: MailJobId) -> Result<MailJob, Failure> {
        self.mail.accounts().get(caller, account).await?;
        let found = OrganisationJobs::of(caller.organisation()).get(&self.database.read(), id).await?;
        found.filter(|job| job.account == account).ok_or(Failure::NotFound)
    }

    /// Does a job until its end, or until it must wait: for the mailbox, for another job of its account, or after
    /// [`STEPS_OF_A_RUN`] for those of others. Every step is stored, and after a kill the next run goes on with
    /// the messages that are left.
    pub async fn run(&self, lease: &Lease, job: &Job) -> Result<(), Failure> {
        let Payload { job: id } = job.payload.parse()?;
        let missing = || Failure::Unexpected("a job of a mailbox belongs to no organisation".to_owned());
        let jobs = OrganisationJobs::of(job.organisation.ok_or_else(missing)?);
        let Some(job) = self.find_open(jobs, id).await? else { return Ok(()) };
        let now = self.clock.now();
        if !job.created_at.is_within(MAX_AGE, now) {
            return self.end(lease, &job, Some(MailJobFailure::Unavailable)).await;
        }
        if !self.begin(lease, &job).await? {
            lease.put_back_until(now.plus(TURN_WAIT));
            return Ok(());
        }
        // The clock may have been ahead at the start.
        let before = job.created_at.min(now);
        let caller = Caller::job(job.organisation, FOLDER_EMPTYING.name);
        let mut progress = Progress::default();
        for _ in 0..STEPS_OF_A_RUN {
            if !self.is_allowed(lease, &caller, &job).await? {
                return self.end(lease, &job, Some(MailJobFailure::NotAllowed)).await;
            }
            let skip = progress.passed_over();
            let next = match self.mail.empty_some(&caller, job.account, &job.folder, before, &skip).await {
                Ok(changed) => {
                    let (deleted, next) = progress.note(changed);
                    self.note(lease, &job, deleted, progress.refused()).await?;
                    next
                }
                Err(failure) => Next::after(failure),
            };
            match next {
                Next::Step => {}
                Next::Pause => self.monotonic.sleep_until(self.monotonic.now() + PAUSE).await,
                Next::Wait(wait, reason) => return self.wait(lease, &job, wait, reason).await,
                Next::GiveWay(named) => return self.give_way(lease, &job, named).await,
                Next::End(failure) => return self.end(lease, &job, failure).await,
                Next::Fail(failure) => return Err(failure),
            }
        }
        lease.put_back_until(self.clock.now().plus(SHORTEST_WAIT));
        Ok(())
    }

    /// A job; `None` if it has ended, or its account is gone.
    async fn find_open(&self, jobs: OrganisationJobs, id: MailJobId) -> Result<Option<MailJob>, Failure> {
        let found = jobs.get(&self.database.read(), id).await?;
        Ok(found.filter(|job| job.ended_at.is_none()))
    }

    /// Marks a job as running, if it is its turn ([`turns::has_turn`]). Jobs that are too old to run have none: their work
    /// may be lost.
    ///
    /// # Returns
    /// Whether it is its turn.
    async fn begin(&self, lease: &Lease, job: &MailJob) -> Result<bool, Failure> {
        let jobs = OrganisationJobs::of(job.organisation);
        let oldest = self.clock.now().minus(MAX_AGE);
        self.database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                let open = jobs.lock_open(&tx, job.account, oldest).await?;
                if !turns::has_turn(&open, job.id) {
                    return Ok(false);
                }
                jobs.begin(&tx, job.id).await?;
                Ok(true)
            })
            .await
    }

    /// Whether the client that has started a job may still change the account.
    async fn is_allowed(&self, lease: &Lease, caller: &Caller, job: &MailJob) -> Result<bool, Failure> {
        let Some(client) = job.client else { return Ok(true) };
        let account = match self.mail.accounts().get(caller, job.account).await {
            Ok(account) => account,
            Err(Failure::NotFound) => return Ok(false),
            Err(failure) => return Err(failure),
        };
        self.database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(is_still_allowed(&tx, client, &account, job.created_at).await?)
            })
            .await
    }

    /// Adds what a step has deleted, and stores how many messages this run could not delete.
    async fn note(&self, lease: &Lease, job: &MailJob, deleted: u64, failed: u64) -> Result<(), Failure> {
        let jobs = OrganisationJobs::of(job.organisation);
        self.database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(jobs.note(&tx, job.id, deleted, failed).await?)
            })
            .await
    }

    /// Puts a job back after an outage, and lets other jobs of its account run until then.
    async fn give_way(
        &self,
        lease: &Lease,
        job: &MailJob,
        named: Option<std::time::Duration>,
    ) -> Result<(), Failure> {
        let jobs = OrganisationJobs::of(job.organisation);
        let outages = self
            .database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(jobs.give_way(&tx, job.id).await?)
            })
            .await?;
        let mut random = [0; 4];
        self.randomness.fill(&mut random);
        let usual = FOLDER_EMPTYING.back_off.wait(outages, u32::from_le_bytes(random)).unsigned_abs();
        let wait = usual.max(named.unwrap_or_default());
        self.wait(lease, job, wait, MailJobFailure::Unavailable).await
    }

    /// Puts a job back until later, or ends it if it has waited for too long.
    async fn wait(
        &self,
        lease: &Lease,
        job: &MailJob,
        wait: std::time::Duration,
        reason: MailJobFailure,
    ) -> Result<(), Failure> {
        let longest = FOLDER_EMPTYING.back_off.longest;
        let wait = Duration::try_from(wait).unwrap_or(longest).clamp(SHORTEST_WAIT, longest);
        let until = self.clock.now().plus(wait);
        if until.since(job.created_at) >= MAX_AGE {
            return self.end(lease, job, Some(reason)).await;
        }
        lease.put_back_until(until);
        Ok(())
    }

    async fn end(
        &self,
        lease: &Lease,
        job: &MailJob,
        failure: Option<MailJobFailure>,
    ) -> Result<(), Failure> {
        if let Some(failure) = failure {
            tracing::warn!(job = %job.id, account = %job.account, failure = failure.name(), "could not empty a folder");
        }
        let (jobs, now) = (OrganisationJobs::of(job.organisation), self.clock.now());
        self.database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(jobs.end(&tx, job.id, failure, now).await?)
            })
            .await
    }

    /// Erases jobs that ended more than [`KEPT`] before `settled`, a time that has certainly come: a clock that is ahead for
    /// a while erases none.
    ///
    /// # Errors
    /// Those of the database, and a lost lease.
    pub async fn sweep(&self, lease: &Lease, settled: Timestamp) -> Result<(), Failure> {
        let before = settled.minus(KEPT);
        loop {
            let erased = self
                .database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(mail_jobs::erase_ended(&tx, before, ERASED_AT_ONCE).await?)
                })
                .await?;
            if erased < ERASED_AT_ONCE {
                return Ok(());
            }
        }
    }
}
