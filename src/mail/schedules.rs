//! Messages that are sent later. The program keeps a message sealed until it is due, so that there is no draft that the
//! owner of the mailbox could change. Its uploads are kept for it.
//!
//! A message is sent by [`crate::mail::sending`], which sends it once, however often it is asked. What is decided here is
//! when to ask. While its account cannot be used, a message waits, at most 24 hours by the settled time. What became of it is
//! listed for seven days. `moment` reads the time that a program gives, `adding` keeps the message, and `due` has the way of a message from
//! its time to its end. Start with [`Schedules::add`].

mod adding;
mod due;
mod model;
mod moment;
mod places;
mod sealing;
mod sender;

use std::sync::Arc;

use time::Duration;

use self::places::Places;
pub use self::{
    model::{Cancelled, Schedule, ScheduleFailure, ScheduleId, ScheduleState, Scheduled, WhyNotSent},
    moment::{LONGEST_AHEAD, NoScheduleTime, schedule_time},
    sealing::{SEALED_SCHEDULES, SEALED_SHOWN},
    sender::{Attempt, DueMessage, ScheduledSender},
};
use super::{
    sending::Shown,
    store::schedules::{self as store, StoredSchedule},
    uploads::{Settled, UploadOwner, Uploads},
};
use crate::{
    accounts::service::{AccountId, AccountService},
    jobs::service::Lease,
    people::access::Caller,
    platform::{
        clock::{SharedClock, Timestamp},
        database::Database,
        failure::Failure,
        monotonic::SharedMonotonic,
        randomness::SharedRandomness,
        settled_time::SettledTime,
    },
    vault::Vault,
};

/// Maximum number of messages of an API client that wait or are being sent.
pub const MAX_OPEN: u64 = 1_000;
/// Maximum number of bytes of these messages, sealed.
pub const MAX_OPEN_BYTES: u64 = 256 * 1024 * 1024;
/// How long after its time a message is still sent.
pub const LATEST: Duration = Duration::hours(24);
/// How long the end of a message is listed.
pub const LISTED: Duration = Duration::days(7);
/// Number of rows that one transaction erases, so that each transaction is short.
const ERASED_AT_ONCE: u64 = 1_000;

/// What [`Schedules`] works with.
pub struct ScheduleDependencies {
    pub database: Database,
    pub vault: Vault,
    pub accounts: AccountService,
    pub uploads: Uploads,
    pub sender: Arc<dyn ScheduledSender>,
    pub clock: SharedClock,
    /// For the settled time.
    pub monotonic: SharedMonotonic,
    pub randomness: SharedRandomness,
}

/// The messages of all organisations that are sent later. A clone is another handle to the same.
#[derive(Clone)]
pub struct Schedules(Arc<Inner>);

struct Inner {
    dependencies: ScheduleDependencies,
    places: Places,
    /// What this process has seen of the clock.
    settled_time: SettledTime,
}

impl Schedules {
    pub fn new(dependencies: ScheduleDependencies) -> Self {
        let (places, settled_time) = (Places::default(), SettledTime::default());
        Self(Arc::new(Inner { dependencies, places, settled_time }))
    }

    fn parts(&self) -> &ScheduleDependencies {
        &self.0.dependencies
    }

    /// A time that has certainly come, after six hours of this process.
    fn settled(&self) -> Option<Timestamp> {
        let parts = self.parts();
        self.0.settled_time.observe(parts.clock.now(), parts.monotonic.now())
    }

    /// Messages of the caller for an account, the first due first.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the caller reaches no such account.
    pub async fn list(
        &self,
        caller: &Caller,
        account: AccountId,
        state: Option<ScheduleState>,
        skip: u64,
        limit: u64,
    ) -> Result<Vec<Schedule>, Failure> {
        let owner = UploadOwner::of(caller, account)?;
        self.parts().accounts.get(caller, account).await?;
        let found = store::list(&self.parts().database.read(), owner, state, skip, limit).await?;
        Ok(found.into_iter().map(|stored| self.shown(stored)).collect())
    }

    /// A message of the caller.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if there is none with this id.
    pub async fn get(
        &self,
        caller: &Caller,
        account: AccountId,
        id: ScheduleId,
    ) -> Result<Schedule, Failure> {
        let owner = UploadOwner::of(caller, account)?;
        self.parts().accounts.get(caller, account).await?;
        let found = store::find(&self.parts().database.read(), owner, id).await?;
        Ok(self.shown(found.ok_or(Failure::NotFound)?))
    }

    fn shown(&self, stored: StoredSchedule) -> Schedule {
        let shown = sealing::open_shown(&self.parts().vault, &stored).unwrap_or_else(|failure| {
            // One row that does not open must not hide the others.
            failure.log();
            Shown::default()
        });
        // A clock that was ahead has tried it.
        let is_before = stored.state == ScheduleState::Waiting && stored.due_at > self.parts().clock.now();
        Schedule {
            id: stored.id,
            state: stored.state,
            why: stored.why.filter(|_| !is_before),
            due_at: stored.due_at,
            created_at: stored.created_at,
            ended_at: stored.ended_at,
            shown,
            message_id: stored.message_id,
            internet_message_id: stored.internet_message_id,
        }
    }

    /// Cancels a message that waits. One that has failed is taken from the list. In both cases it is gone, and its uploads
    /// live for the rest of their 24 hours.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the caller has no message with this id.
    pub async fn cancel(
        &self,
        caller: &Caller,
        account: AccountId,
        id: ScheduleId,
    ) -> Result<Cancelled, Failure> {
        let owner = UploadOwner::of(caller, account)?;
        self.parts().accounts.get(caller, account).await?;
        self.parts()
            .database
            .write::<_, Failure, _>(async |tx| {
                let found = store::lock(&tx, owner, id).await?.ok_or(Failure::NotFound)?;
                match found.state {
                    ScheduleState::Waiting | ScheduleState::Failed => {}
                    ScheduleState::Sending | ScheduleState::Sent | ScheduleState::Unknown => {
                        return Ok(Cancelled::Started);
                    }
                }
                self.parts().uploads.release(&tx, owner.organisation, id.0, Settled::NotSent).await?;
                store::delete(&tx, id).await?;
                Ok(Cancelled::Done)
            })
            .await
    }

    /// Erases messages that ended more than [`LISTED`] before `settled`, a time that has certainly come: a clock that is ahead
    /// for a while erases nothing, and a repeat of a call schedules nothing again.
    ///
    /// # Errors
    /// Those of the database, and a lost lease.
    pub async fn sweep(&self, lease: &Lease, settled: Timestamp) -> Result<(), Failure> {
        loop {
            let before = settled.minus(LISTED);
            let erased = self
                .parts()
                .database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(store::erase_ended(&tx, before, ERASED_AT_ONCE).await?)
                })
                .await?;
            if erased < ERASED_AT_ONCE {
                return Ok(());
            }
        }
    }
}
