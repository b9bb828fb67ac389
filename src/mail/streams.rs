//! Bodies on their way between the provider and a caller. A task reads a body and hands its bytes on through a buffer of
//! bounded size. It must be a task: nothing polls a body whose reader has stopped. It ends with the body, when the
//! reader drops it, and when the body is slower than 16 kB a second for a minute, whichever side is slow. So it leaves
//! nothing behind.
//!
//! The body of an answer holds slots of its mailbox ([`Held`]) until the task has read it. The attack: a caller reads
//! slowly, and so keeps others from the mailbox. An answer that fits into the buffer does not wait for its reader. The
//! rest of a larger one is a stream, of which a mailbox has few.

mod buffer;

use std::{collections::VecDeque, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::time::Instant;

use self::buffer::{Entrance, Room, buffered};
use crate::{
    platform::monotonic::SharedMonotonic,
    providers::mailbox::{Bytes, MailError, MailStream},
};

/// The fewest bytes a second of a stream.
const MIN_RATE: usize = 16_000;

/// How often it is measured.
const STEP: Duration = Duration::from_secs(10);
/// The number of steps of a measurement.
const STEPS: usize = 6;
/// The fewest bytes within a minute, which is the time of all steps.
const MIN_BYTES: usize = MIN_RATE * 60;

/// The bytes of a stream that wait for its reader.
pub(super) const STREAM_BUFFER: usize = 128 * 1024;
/// The bytes of another answer that wait for its reader.
pub(super) const CALL_BUFFER: usize = 1024 * 1024;

/// What a body holds while it is passed on. Dropping it gives it back.
#[async_trait]
pub(super) trait Held: Send + Sync {
    /// Waits until the body must end. Returns why.
    async fn lost(&self) -> MailError;

    /// Waits while the reader leaves the buffer full: what the body holds must not depend on its reader. Returns why the
    /// body must end.
    async fn wait_for_reader(&mut self) -> MailError;
}

/// For a body that holds nothing.
struct Nothing;

#[async_trait]
impl Held for Nothing {
    async fn lost(&self) -> MailError {
        std::future::pending().await
    }

    async fn wait_for_reader(&mut self) -> MailError {
        std::future::pending().await
    }
}

/// The bytes of the last steps.
#[derive(Debug)]
pub(super) struct Pace {
    steps: VecDeque<usize>,
    present: usize,
    /// When the present step ends.
    pub next_step: Instant,
}

impl Pace {
    pub fn new(now: Instant) -> Self {
        Self { steps: VecDeque::new(), present: 0, next_step: now + STEP }
    }

    pub fn add(&mut self, bytes: usize) {
        self.present = self.present.saturating_add(bytes);
    }

    /// Ends a step.
    ///
    /// # Returns
    /// Whether the stream is fast enough.
    pub fn step(&mut self) -> bool {
        self.next_step += STEP;
        self.steps.push_back(std::mem::take(&mut self.present));
        if self.steps.len() < STEPS {
            return true;
        }
        let bytes = self.steps.iter().fold(0_usize, |sum, step| sum.saturating_add(*step));
        self.steps.pop_front();
        bytes >= MIN_BYTES
    }
}

/// The same body, which ends with an error when it is too slow.
pub(super) fn end_when_slow(body: MailStream, monotonic: SharedMonotonic) -> MailStream {
    pass_on(body, Box::new(Nothing), STREAM_BUFFER, monotonic)
}

/// The same body, which ends with an error when it is too slow, or must end for what it holds. At most `max` bytes wait
/// for the reader.
pub(super) fn pass_on(
    body: MailStream,
    held: Box<dyn Held>,
    max: usize,
    monotonic: SharedMonotonic,
) -> MailStream {
    buffered(max, |entrance| async move {
        let ended = Passing { pace: Pace::new(monotonic.now()), body, held, monotonic }.run(&entrance).await;
        match ended {
            Ended::Whole => entrance.end(),
            Ended::Error(error) => entrance.end_with(error),
            // The reader sees that it is not all.
            Ended::Slow => tracing::info!("the body of an answer was ended, because it was too slow"),
        }
    })
}

/// How the passing of a body has ended.
enum Ended {
    Whole,
    Error(MailError),
    Slow,
}

/// A body that is passed on. It is dropped, with what it holds, before the reader learns of its end.
struct Passing {
    body: MailStream,
    held: Box<dyn Held>,
    pace: Pace,
    monotonic: SharedMonotonic,
}

impl Passing {
    async fn run(mut self, entrance: &Entrance) -> Ended {
        loop {
            let bytes = match self.read().await {
                Ok(bytes) => bytes,
                Err(ended) => return ended,
            };
            let length = bytes.len();
            self.pace.add(length);
            match self.wait_for_room(length, entrance).await {
                Ok(room) => entrance.put(bytes, room),
                Err(ended) => return ended,
            }
            // No second such piece waits in memory.
            if entrance.is_filled_by(length)
                && let Err(ended) = self.wait_for_room(length, entrance).await
            {
                return ended;
            }
        }
    }

    async fn read(&mut self) -> Result<Bytes, Ended> {
        loop {
            tokio::select! {
                biased;
                error = self.held.lost() => return Err(Ended::Error(error)),
                () = self.monotonic.sleep_until(self.pace.next_step) => {
                    if !self.pace.step() {
                        return Err(Ended::Slow);
                    }
                }
                piece = self.body.next() => return match piece {
                    Some(piece) => piece.map_err(Ended::Error),
                    None => Err(Ended::Whole),
                },
            }
        }
    }

    /// Waits until the buffer has room for this number of bytes.
    async fn wait_for_room(&mut self, bytes: usize, entrance: &Entrance) -> Result<Room, Ended> {
        loop {
            tokio::select! {
                biased;
                room = entrance.room(bytes) => return Ok(room),
                error = self.held.wait_for_reader() => return Err(Ended::Error(error)),
                () = self.monotonic.sleep_until(self.pace.next_step) => {
                    if !self.pace.step() {
                        return Err(Ended::Slow);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
