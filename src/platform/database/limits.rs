//! Time limits of database operations.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{DbErr, RuntimeErr};
use tokio::time::{Instant, timeout_at};

/// How long a statement may run, and how long a SQLite statement may wait for a writer.
pub(super) const STATEMENT: Duration = Duration::from_secs(6);
/// How long a statement may wait for a PostgreSQL lock.
pub(super) const LOCK: Duration = Duration::from_secs(4);
/// How long a query or a transaction may take, including the wait for a connection. Less than a request may
/// take.
pub(super) const OPERATION: Duration = Duration::from_secs(8);
/// How long a command without a time limit waits for a connection, or for SQLite's file.
pub(super) const COMMAND_PATIENCE: Duration = Duration::from_secs(10);
/// Whether an operation has a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// For requests: an error page is better than no answer.
    Request,
    /// For migrations, `check`, `reseal` and `restore`, which may take as long as they need.
    None,
}

impl Limits {
    /// The time by which an operation that begins now must have ended.
    pub(super) fn until(self) -> Option<Instant> {
        (self == Self::Request).then(|| Instant::now() + OPERATION)
    }
}

/// The time at which a statement on a SQLite connection is interrupted. SQLite's progress handler reads it.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadline(Arc<AtomicU64>);

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Deadline {
    pub(super) fn set(&self, until: Option<Instant>) {
        let micros = until.map_or(0, |until| micros(until).max(1));
        self.0.store(micros, Ordering::Relaxed);
    }

    /// Whether the statement must end.
    pub(super) fn has_passed(&self) -> bool {
        let until = self.0.load(Ordering::Relaxed);
        until != 0 && micros(Instant::now()) > until
    }
}

fn micros(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(*START).as_micros()).unwrap_or(u64::MAX)
}

/// Runs `work` until it ends or the time is over.
pub(super) async fn within<T>(
    until: Option<Instant>,
    work: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    let Some(until) = until else { return work.await };
    let began = Instant::now();
    timeout_at(until, work).await.unwrap_or_else(|_| {
        Err(DbErr::Conn(RuntimeErr::Internal(format!(
            "The database did not answer within {:.0} seconds: it hangs, or is overloaded.",
            began.elapsed().as_secs_f32()
        ))))
    })
}
