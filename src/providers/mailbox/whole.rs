//! Answers that are read whole, and the memory that they may take in all calls together.
//!
//! The attack: a client makes many calls at once whose answers are as large as they may be, until the program has no
//! memory left. So each answer has [`Room`] while it is in memory.

use futures_util::StreamExt;
use tokio::sync::OwnedSemaphorePermit;

use super::{MailError, MailHttp, MailProblem, MailStream};

/// The bytes for which an answer has room at first. Most answers are smaller.
const FIRST: usize = 64 * 1024;

/// Room in memory for answers. Dropping it gives it to others.
#[derive(Debug, Default)]
pub struct Room(Vec<OwnedSemaphorePermit>);

impl Room {
    pub fn of(permit: OwnedSemaphorePermit) -> Self {
        Self(vec![permit])
    }

    fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }
}

/// Reads a whole body of at most `max` bytes, with room for it.
///
/// # Errors
/// [`MailProblem::TooLarge`], the error of the stream, or [`MailProblem::Throttled`] if there is no room in time.
pub async fn read_with_room(
    http: &dyn MailHttp,
    mut body: MailStream,
    max: usize,
) -> Result<(Vec<u8>, Room), MailError> {
    let mut has = FIRST.min(max);
    let mut room = http.room(has).await?;
    let mut whole = Vec::with_capacity(has);
    while let Some(piece) = body.next().await {
        let piece = piece?;
        let wanted = whole.len().saturating_add(piece.len());
        if wanted > max {
            return Err(MailProblem::TooLarge.into());
        }
        if wanted > has {
            let grown = wanted.max(has.saturating_mul(2)).min(max);
            room.add(http.room(grown.saturating_sub(has)).await?);
            has = grown;
            whole.reserve_exact(has.saturating_sub(whole.len()));
        }
        whole.extend_from_slice(&piece);
    }
    Ok((whole, room))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use async_trait::async_trait;
    use futures_util::stream;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::providers::mailbox::{Bytes, Limit, MailRequest, MailResponse};

    /// A process with this much room.
    struct Memory {
        room: Arc<Semaphore>,
        asked: AtomicUsize,
    }

    impl Memory {
        fn of(bytes: usize) -> Self {
            Self { room: Arc::new(Semaphore::new(bytes)), asked: AtomicUsize::new(0) }
        }
    }

    #[async_trait]
    impl MailHttp for Memory {
        async fn send(&self, _: MailRequest) -> Result<MailResponse, MailError> {
            Err(MailProblem::Unavailable.into())
        }

        async fn room(&self, bytes: usize) -> Result<Room, MailError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let permit = self.room.clone().try_acquire_many_owned(u32::try_from(bytes).expect("few"));
            let full = MailProblem::Throttled { limit: Limit::Mailbox, retry_after: None };
            permit.map(Room::of).map_err(|_| full.into())
        }
    }

    fn body(bytes: usize) -> MailStream {
        let pieces: Vec<_> = vec![b'x'; bytes].chunks(10_000).map(Bytes::copy_from_slice).map(Ok).collect();
        Box::pin(stream::iter(pieces))
    }

    #[tokio::test]
    async fn an_answer_has_room_for_its_bytes_until_it_is_dropped() {
        let memory = Memory::of(10_000_000);
        for (bytes, times) in [(0, 1), (1_000, 1), (70_000, 2), (1_000_000, 5)] {
            let (whole, room) = read_with_room(&memory, body(bytes), 1_000_000).await.expect("an answer");
            assert_eq!(whole.len(), bytes);
            let taken = 10_000_000 - memory.room.available_permits();
            assert!(taken >= whole.capacity() && taken <= FIRST.max(bytes * 2), "{bytes}: {taken}");
            assert_eq!(memory.asked.swap(0, Ordering::SeqCst), times);
            drop(room);
            assert_eq!(memory.room.available_permits(), 10_000_000);
        }
    }

    #[tokio::test]
    async fn an_answer_without_room_or_too_large_is_an_error_and_takes_none() {
        for (room, max, problem) in [
            (100_000, 1_000_000, MailProblem::Throttled { limit: Limit::Mailbox, retry_after: None }),
            (10_000_000, 400_000, MailProblem::TooLarge),
        ] {
            let memory = Memory::of(room);
            let refused = read_with_room(&memory, body(500_000), max).await.err();
            assert_eq!(refused.map(|error| error.problem), Some(problem));
            assert_eq!(memory.room.available_permits(), room);
        }
    }
}
