//! Where the chunks of uploads are stored. With SQLite it is a file beside the database, so that uploads do not wait for
//! other writers, nor others for them. On PostgreSQL it is a table beside the others.
//!
//! One task at a time writes, several chunks in each transaction: those that came during the last one. Hundreds of
//! uploads at once need one connection and few commits, and each upload has at most one chunk in memory.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OnceCell, oneshot};

use super::UploadId;
use crate::{
    jobs::service::Lease,
    mail::store::{
        chunks::{self, StoredChunk},
        uploads,
    },
    platform::{
        database::{Database, DatabaseError, DatabaseUrl},
        failure::Failure,
    },
};

/// Maximum number of chunks in one transaction: 2 MiB.
const BATCH: usize = 32;
/// The end of the name of the file, which is beside the database.
const FILE: &str = "-uploads.db";
/// Number of uploads whose chunks are erased at once, so that others need not wait for long.
const ERASED_AT_ONCE: usize = 3;
/// Number of uploads that a look for orphans reads at once.
const LOOKED_AT: u64 = 500;
/// Number of free pages that one transaction gives back to the file system: 16 MiB.
const PAGES_AT_ONCE: u32 = 512;
/// Number of such transactions of a sweep.
const TIMES: u32 = 8;

/// The chunks of all uploads. A clone shares the queue.
#[derive(Clone, Debug)]
pub(super) struct Chunks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    main: Database,
    url: DatabaseUrl,
    /// With SQLite, the file once it was opened.
    beside: OnceCell<Database>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Whether a task writes what waits.
    has_writer: bool,
}

/// A chunk that is to be written.
#[derive(Debug)]
struct Waiting {
    chunk: StoredChunk,
    written: oneshot::Sender<Result<(), Failure>>,
}

impl Chunks {
    /// Beside this database, or in it.
    pub fn new(main: Database, url: DatabaseUrl) -> Self {
        let (beside, queue) = (OnceCell::new(), Mutex::default());
        Self(Arc::new(Inner { main, url, beside, queue }))
    }

    async fn database(&self) -> Result<&Database, DatabaseError> {
        match &self.0.url {
            DatabaseUrl::Postgres(_) => Ok(&self.0.main),
            DatabaseUrl::Sqlite(path) => {
                let open = || Database::open_beside(path, FILE, chunks::CREATE_TABLE);
                self.0.beside.get_or_try_init(open).await
            }
        }
    }

    /// Whether the chunks are in a file of their own.
    fn is_apart(&self) -> bool {
        matches!(self.0.url, DatabaseUrl::Sqlite(_))
    }

    pub async fn open(&self) -> Result<(), DatabaseError> {
        self.database().await.map(|_| ())
    }

    pub async fn close(&self) -> Result<(), DatabaseError> {
        match self.0.beside.get() {
            Some(beside) => beside.close().await,
            None => Ok(()),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No holder of the lock can panic halfway through a change.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a chunk, and returns when it is stored.
    pub async fn write(&self, chunk: StoredChunk) -> Result<(), Failure> {
        let (written, result) = oneshot::channel();
        {
            let mut queue = self.queue();
            queue.waiting.push_back(Waiting { chunk, written });
            if !queue.has_writer {
                queue.has_writer = true;
                // A task, because the upload that began it may end before the chunks of others are written.
                tokio::spawn(Writing { chunks: self.clone(), has_ended: false }.run());
            }
        }
        result.await.unwrap_or_else(|_| Err(Failure::Unexpected("a chunk was not written".to_owned())))
    }

    /// Stores chunks. If one of them cannot be stored, the others still are.
    async fn write_batch(&self, batch: Vec<Waiting>) {
        let (waiting, written): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|Waiting { chunk, written }| (chunk, written)).unzip();
        let is_one = waiting.len() == 1;
        let Err(failure) = self.write_at_once(&waiting).await else {
            for written in written {
                // Its upload may have ended.
                let _ = written.send(Ok(()));
            }
            return;
        };
        let fails_for_all = is_one || matches!(failure, Failure::Unavailable(_));
        for (chunk, written) in waiting.into_iter().zip(written) {
            let result = if fails_for_all {
                Err(failure.clone())
            } else {
                // The row of one upload may be gone, because its account was deleted.
                self.write_at_once(std::slice::from_ref(&chunk)).await
            };
            let _ = written.send(result);
        }
    }

    async fn write_at_once(&self, waiting: &[StoredChunk]) -> Result<(), Failure> {
        let database = self.database().await?;
        let written = database
            .write::<_, DatabaseError, _>(async |tx| {
                chunks::do_not_wait_for_disk(&tx).await?;
                for chunk in waiting {
                    chunks::add(&tx, chunk.clone()).await?;
                }
                Ok(())
            })
            .await;
        written.map_err(|error| if error.is_missing_reference() { Failure::NotFound } else { error.into() })
    }

    /// The encrypted bytes of a chunk.
    pub async fn find(&self, upload: UploadId, number: u32) -> Result<Option<Vec<u8>>, DatabaseError> {
        chunks::find(&self.database().await?.read(), upload, number).await
    }

    /// The number of chunks of an upload.
    pub async fn count(&self, upload: UploadId) -> Result<usize, DatabaseError> {
        chunks::count(&self.database().await?.read(), upload).await
    }

    /// Erases the chunks of uploads whose rows are gone. On PostgreSQL they went with their rows.
    pub async fn erase(&self, uploads: &[UploadId]) -> Result<(), Failure> {
        if !self.is_apart() {
            return Ok(());
        }
        let database = self.database().await?;
        for some in uploads.chunks(ERASED_AT_ONCE) {
            database.write::<_, Failure, _>(async |tx| Ok(chunks::erase(&tx, some).await?)).await?;
        }
        Ok(())
    }

    /// Erases chunks without an upload, and makes the file smaller.
    pub async fn erase_orphans(&self, lease: &Lease) -> Result<(), Failure> {
        if !self.is_apart() {
            return Ok(());
        }
        let database = self.database().await?;
        let mut after = None;
        while !lease.is_lost() {
            let stored = chunks::uploads_after(&database.read(), after, LOOKED_AT).await?;
            let Some(last) = stored.last() else { break };
            after = Some(*last);
            // The row of an upload is stored before its first chunk, so one without a row is gone for good.
            let existing = uploads::existing(&self.0.main.read(), &stored).await?;
            let orphans: Vec<_> = stored.into_iter().filter(|upload| !existing.contains(upload)).collect();
            self.erase(&orphans).await?;
        }
        for _ in 0..TIMES {
            database
                .write::<_, DatabaseError, _>(async |tx| chunks::give_back_pages(&tx, PAGES_AT_ONCE).await)
                .await?;
        }
        Ok(())
    }
}

/// The task that writes what waits.
struct Writing {
    chunks: Chunks,
    has_ended: bool,
}

impl Writing {
    async fn run(mut self) {
        loop {
            let batch: Vec<_> = {
                let mut queue = self.chunks.queue();
                let number = queue.waiting.len().min(BATCH);
                if number == 0 {
                    queue.has_writer = false;
                    self.has_ended = true;
                    return;
                }
                queue.waiting.drain(..number).collect()
            };
            self.chunks.write_batch(batch).await;
        }
    }
}

impl Drop for Writing {
    /// Does not leave others waiting for a task that has panicked.
    fn drop(&mut self) {
        if !self.has_ended {
            let mut queue = self.chunks.queue();
            queue.has_writer = false;
            queue.waiting.clear();
        }
    }
}
