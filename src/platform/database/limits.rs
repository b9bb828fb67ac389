//! How long what is asked of the database may take.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{DbErr, RuntimeErr};
use tokio::time::{Instant, timeout_at};

/// How long a statement may run, and a SQLite statement may wait for the one that writes.
pub(super) const STATEMENT: Duration = Duration::from_secs(6);
/// How long a statement may wait for a lock of PostgreSQL's.
pub(super) const LOCK: Duration = Duration::from_secs(4);
/// How long a query or a transaction may take, with waiting for its connection: less than a request may.
pub(super) const OPERATION: Duration = Duration::from_secs(8);
/// How long a command without a time limit waits for a connection, or for SQLite's file.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Whether what is done has a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// For requests: a page that says so is better than none.
    Request,
    /// For migrations, `check`, `reseal` and `restore`, which take as long as they take.
    None,
}

impl Limits {
    /// When an operation that begins now must have ended.
    pub(super) fn until(self) -> Option<Instant> {
        (self == Self::Request).then(|| Instant::now() + OPERATION)
    }
}

/// When the statement that runs on a SQLite connection is interrupted: its progress handler asks.
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

/// Waits for it until then.
pub(super) async fn within<T>(
    until: Option<Instant>,
    work: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    let Some(until) = until else { return work.await };
    let began = Instant::now();
    timeout_at(until, work).await.unwrap_or_else(|_| {
        Err(DbErr::Conn(RuntimeErr::Internal(format!(
            "The database did not answer within {:.0} seconds: it hangs, or has more to do than it can.",
            began.elapsed().as_secs_f32()
        ))))
    })
}
