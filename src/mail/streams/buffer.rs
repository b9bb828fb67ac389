//! The buffer between a task that reads a body and the reader of the body.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use crate::providers::mailbox::{Bytes, MailError, MailProblem, MailStream};

/// What a piece takes of the buffer at least: it costs memory besides its bytes.
const LEAST: usize = 512;
/// The parts of a piece that is larger than the buffer.
const PART: usize = 32 * 1024;

/// Room in the buffer. It is free again once this is dropped.
pub(super) type Room = Option<OwnedSemaphorePermit>;

/// The end of the buffer into which a task puts the pieces of a body.
pub(super) struct Entrance {
    sender: mpsc::UnboundedSender<(Result<Bytes, MailError>, Room)>,
    space: Arc<Semaphore>,
    max: usize,
    is_whole: Arc<AtomicBool>,
}

impl Entrance {
    /// Waits until a piece of this length fits in. A piece that is larger than the buffer fits when it is empty.
    pub async fn room(&self, bytes: usize) -> Room {
        let wanted = bytes.clamp(LEAST.min(self.max), self.max);
        // The semaphore is never closed.
        self.space.clone().acquire_many_owned(u32::try_from(wanted).unwrap_or(u32::MAX)).await.ok()
    }

    /// Whether a piece of this length leaves no room for another one until it was read.
    pub const fn is_filled_by(&self, bytes: usize) -> bool {
        bytes > self.max
    }

    /// Puts a piece in. A piece keeps the whole memory into which it was read: up to 400 kB over a connection without TLS,
    /// even for one byte. So the buffer has a copy, or parts of a piece that is larger than the buffer.
    pub fn put(&self, mut bytes: Bytes, room: Room) {
        if !self.is_filled_by(bytes.len()) {
            return self.send(Bytes::copy_from_slice(&bytes), room);
        }
        // In parts, because the connection to the reader takes several pieces, of any size.
        while bytes.len() > PART {
            self.send(bytes.split_to(PART), None);
        }
        // The room is free once all of them were taken.
        self.send(bytes, room);
    }

    fn send(&self, bytes: Bytes, room: Room) {
        // Without a reader the task is about to end.
        drop(self.sender.send((Ok(bytes), room)));
    }

    /// Marks that the body has come whole. Without this, its reader gets an error at its end.
    pub fn end(self) {
        self.is_whole.store(true, Ordering::Release);
    }

    /// Gives the reader this error as the last piece.
    pub fn end_with(self, error: MailError) {
        self.is_whole.store(true, Ordering::Release);
        drop(self.sender.send((Err(error), None)));
    }
}

/// A body that a task puts into a buffer of this many bytes. Dropping the body ends the task.
pub(super) fn buffered<F>(max: usize, task: impl FnOnce(Entrance) -> F) -> MailStream
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::unbounded_channel();
    let is_whole = Arc::new(AtomicBool::new(false));
    let entrance = Entrance { sender, space: Arc::new(Semaphore::new(max)), max, is_whole: is_whole.clone() };
    let task = AbortOnDropHandle::new(tokio::spawn(task(entrance)));
    Box::pin(stream::unfold(Some((receiver, task, is_whole)), |state| async move {
        let (mut receiver, task, is_whole) = state?;
        match receiver.recv().await {
            // Its room is free with this.
            Some((piece, _)) => Some((piece, Some((receiver, task, is_whole)))),
            // Without the error, the reader would take what has come for the whole content.
            None if !is_whole.load(Ordering::Acquire) => Some((Err(MailProblem::Slow.into()), None)),
            None => None,
        }
    }))
}
