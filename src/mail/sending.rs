//! Mail that is sent exactly once. Each call becomes a record, a row of the table `sends`. The record with our Message-ID
//! is committed before the provider is asked, and each step of it is: store what is about to be asked, ask, store what
//! came out. After a lost answer or a kill the program first finds out what the provider has done. Where that is not
//! possible, the outcome is *unknown*, and the message is never sent again.
//!
//! `calls` has what callers call; `judging` checks it, `identity` knows a repeat, and `accepting` makes the record. `run` is
//! the state machine of one record, under a lease of its row. `recovery` takes over what killed processes have left,
//! and `cleaning` deletes drafts that are not needed.
//! `waiting` waits for an outcome. `once` is for calls that create something else, such as a contact. How a provider sends
//! is in `providers::mailbox`. Start with [`Sending::send`].

mod accepting;
mod activity;
mod allowed;
mod asked;
mod calls;
mod cleaning;
mod identity;
mod judging;
mod kept;
mod once;
mod outcome;
mod places;
mod recovery;
mod run;
mod running;
mod scheduled;
mod sealing;
mod stops;
mod sweeping;
mod waiting;
mod words;

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration as Elapsed,
};

use time::Duration;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(super) use self::allowed::is_still_allowed;
pub(in crate::mail) use self::kept::form_of;
pub use self::{
    asked::{Key, MAX_KEY, NoKey, SendRequest, Shown},
    once::OnceWork,
    outcome::{CreatedDraft, Once, SendFailure, Sent},
    places::{MAX_RUNS, MAX_RUNS_OF_ACCOUNT, MAX_RUNS_OF_HOLDER},
    recovery::LOOK_EVERY,
    sealing::{SEALED_ANSWERS, SEALED_KEPT_RESULTS, SEALED_REQUESTS},
    stops::{NoStops, SharedStopPoints, Step, StopPoint, StopPoints},
};
use self::{places::Places, running::Running};
use super::{service::Mail, store::sends::SendId, uploads::Uploads};
use crate::{
    activity::service::Activity,
    jobs::lease::Watch,
    platform::{
        clock::{SharedClock, Timestamp},
        database::Database,
        monotonic::SharedMonotonic,
        randomness::SharedRandomness,
        settled_time::SettledTime,
    },
    vault::Vault,
};

/// The name of this work as a caller.
const NAME: &str = "sending";

/// How long a call waits for its outcome. The send itself goes on.
pub const CALL_WAIT: Elapsed = Elapsed::from_secs(25);
/// Maximum number of sends of one client or user that have no outcome yet.
pub const MAX_OPEN: u64 = 1_000;
/// Maximum number of sends and drafts of one client or user that the program keeps, with those that have an outcome.
pub const MAX_KEPT: u64 = 100_000;
/// Maximum number of results of one client or user that the program keeps for the keys of other calls. They are larger.
pub const MAX_KEPT_RESULTS: u64 = 10_000;
/// How long the outcome of a call is kept for its repeats.
pub const KEPT: Duration = Duration::hours(24);
/// How long an unknown outcome is kept.
pub const KEPT_UNKNOWN: Duration = Duration::days(30);
/// How long a call without a key joins an earlier one with the same values: after that call while it has no outcome, and
/// after an outcome that no caller was told, or that is unknown.
pub const JOINED: Duration = Duration::minutes(5);
/// How long the program tries to send a message about which the provider was not asked, from the first try on.
pub const PATIENCE: Duration = Duration::minutes(10);
/// How old such a message may be, with the time in which it waits for a place.
pub const LONGEST_QUEUED: Duration = Duration::hours(1);
/// How long the program tries to find out what became of a message that was asked to be sent.
pub const DOUBT: Duration = Duration::days(7);
/// How long a message must stay a draft after its sending was asked, until it is asked again. Longer than a provider
/// takes from its answer to the sending.
pub const DRAFT_STAYS: Elapsed = Elapsed::from_secs(10);
/// How long a message that is no draft any more is looked for.
pub const LOOKED_FOR: Elapsed = Elapsed::from_mins(1);

/// What [`Sending`] works with.
pub struct SendingDependencies {
    pub database: Database,
    /// Whether this is the only process that serves, as on SQLite: then leases of other owners are those of dead
    /// processes.
    pub is_alone: bool,
    pub vault: Vault,
    pub mail: Mail,
    pub uploads: Uploads,
    pub activity: Activity,
    pub clock: SharedClock,
    /// For leases and waits.
    pub monotonic: SharedMonotonic,
    pub randomness: SharedRandomness,
    /// Where a test stops a process. The program passes [`NoStops`].
    pub stops: SharedStopPoints,
}

/// The sends of all accounts, as one process sees them. A clone is another handle to the same.
#[derive(Clone)]
pub struct Sending(Arc<Inner>);

struct Inner {
    dependencies: SendingDependencies,
    running: Running,
    places: Places,
    /// The leases of other processes that this one has seen.
    sightings: Mutex<Watch<SendId>>,
    /// Whether there may be records for which there was no place.
    is_behind: AtomicBool,
    /// Whether the database was away at the last look.
    is_away: AtomicBool,
    /// Held while drafts that were left behind are deleted.
    cleaning: Arc<tokio::sync::Mutex<()>>,
    /// What this process has seen of the clock.
    settled_time: SettledTime,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Sending {
    pub fn new(dependencies: SendingDependencies) -> Self {
        Self(Arc::new(Inner {
            dependencies,
            running: Running::default(),
            places: Places::default(),
            sightings: Mutex::default(),
            is_behind: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            cleaning: Arc::default(),
            settled_time: SettledTime::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }))
    }

    fn parts(&self) -> &SendingDependencies {
        &self.0.dependencies
    }

    /// A time that has certainly come, after six hours of this process; each look notes the clock for it.
    fn settled(&self) -> Option<Timestamp> {
        let parts = self.parts();
        self.0.settled_time.observe(parts.clock.now(), parts.monotonic.now())
    }
}
