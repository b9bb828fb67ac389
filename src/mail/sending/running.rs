//! The records that this process works at, and how others in it learn that the work at one has ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::mail::store::sends::SendId;

/// Ends when the work at a record ends.
type WorkEnds = watch::Receiver<()>;

/// The records that this process works at. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<Mutex<HashMap<SendId, WorkEnds>>>);

/// The right to work at a record in this process. Dropping it tells those who wait.
#[derive(Debug)]
pub(super) struct Reservation {
    running: Running,
    send: SendId,
    /// Dropped after the record has left the list.
    _works: watch::Sender<()>,
}

impl Running {
    fn sends(&self) -> MutexGuard<'_, HashMap<SendId, WorkEnds>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reserves a record; `None` if this process works at it already.
    pub(super) fn reserve(&self, send: SendId) -> Option<Reservation> {
        let mut sends = self.sends();
        if sends.contains_key(&send) {
            return None;
        }
        let (works, ends) = watch::channel(());
        sends.insert(send, ends);
        Some(Reservation { running: self.clone(), send, _works: works })
    }

    pub(super) fn has(&self, send: SendId) -> bool {
        self.sends().contains_key(&send)
    }

    /// Waits until this process does not work at the record; for ever if it does not at present, because another process
    /// may.
    pub(super) async fn wait_for_end(&self, send: SendId) {
        let ends = self.sends().get(&send).cloned();
        let Some(mut ends) = ends else { return std::future::pending().await };
        // Nothing is ever sent: the sender is dropped.
        while ends.changed().await.is_ok() {}
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.running.sends().remove(&self.send);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_record_has_one_worker_at_a_time_and_its_end_wakes_those_who_wait() {
        let (running, send) = (Running::default(), SendId(Uuid::from_u128(1)));
        let reservation = running.reserve(send).expect("free");
        assert!(running.reserve(send).is_none());
        let waiting = tokio::spawn({
            let running = running.clone();
            async move { running.wait_for_end(send).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(reservation);
        waiting.await.expect("woken");
        assert!(!running.has(send) && running.reserve(send).is_some());
        let forever = running.wait_for_end(SendId(Uuid::from_u128(2)));
        assert!(tokio::time::timeout(Duration::from_millis(5), forever).await.is_err());
    }
}
