//! Erases what has ended, and ends the work of this process.

use std::time::Duration;

use super::{KEPT, KEPT_UNKNOWN, Sending};
use crate::{
    jobs::service::Lease,
    mail::store::{
        idempotency_keys,
        sends::{self, Stage},
    },
    platform::{clock::Timestamp, failure::Failure},
};

/// How long sends may go on when the program stops. What became of others is found out later, as after a kill.
pub const TIME_TO_END: Duration = Duration::from_secs(8);
/// Number of rows that one transaction erases, so that each transaction is short.
const ERASED_AT_ONCE: u64 = 200;

impl Sending {
    /// Erases outcomes that are older than they are kept. `settled` is a time that has certainly come: an outcome that is
    /// erased too early lets a repeat be sent a second time.
    ///
    /// # Errors
    /// Those of the database, and a lost lease.
    pub async fn sweep(&self, lease: &Lease, settled: Timestamp) -> Result<(), Failure> {
        for (stage, kept) in [(Stage::Done, KEPT), (Stage::Failed, KEPT), (Stage::Unknown, KEPT_UNKNOWN)] {
            let until = settled.minus(kept);
            while self.erase_some(lease, stage, until).await? == ERASED_AT_ONCE {}
        }
        while self.erase_some_results(lease, settled.minus(KEPT)).await? == ERASED_AT_ONCE {}
        Ok(())
    }

    async fn erase_some(&self, lease: &Lease, stage: Stage, until: Timestamp) -> Result<u64, Failure> {
        self.parts()
            .database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(sends::erase_ended(&tx, stage, until, ERASED_AT_ONCE).await?)
            })
            .await
    }

    async fn erase_some_results(&self, lease: &Lease, until: Timestamp) -> Result<u64, Failure> {
        self.parts()
            .database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(idempotency_keys::erase_old(&tx, until, ERASED_AT_ONCE).await?)
            })
            .await
    }

    /// Ends the work of this process: what waits is put back at once, and what asks the provider has [`TIME_TO_END`]. No
    /// call may begin after this one.
    pub async fn close(&self) {
        self.0.stopping.cancel();
        self.0.tasks.close();
        let monotonic = &self.parts().monotonic;
        let until = monotonic.now() + TIME_TO_END;
        tokio::select! {
            () = self.0.tasks.wait() => {}
            () = monotonic.sleep_until(until) => {
                tracing::warn!("sends were cut off at shutdown; another process finds out what became of them");
            }
        }
    }
}
