//! An upload while its bytes arrive: from the space that it takes to the row of the whole upload.

use std::time::Duration as Elapsed;

use futures_util::StreamExt;
use time::Duration;
use tokio::{runtime::Handle, time::Instant};

use super::{
    LEAST_COUNTED, MAX_UPLOAD, NewUpload, SPACE_OF_CLIENT, UPLOAD_LIFE, Upload, UploadFailure, UploadId,
    UploadOwner, Uploads,
    chunk::{CHUNK, ChunkKey, OpenChunk, Refused},
    details::Details,
    places::Place,
};
use crate::{
    mail::{
        store::{
            chunks::StoredChunk,
            uploads::{self as store, ArrivingUpload},
        },
        streams::Pace,
    },
    platform::{
        database::{DatabaseError, Tx},
        failure::{Failure, Undone},
    },
    providers::mailbox::MailStream,
};

/// How long an upload lives that does not go on: its process was killed.
const ARRIVING_LIFE: Duration = Duration::minutes(5);
/// How often the row of an upload that goes on says so.
const EXTENDED_EVERY: Elapsed = Elapsed::from_mins(1);
/// How much space a body of unknown length takes at a time.
const SPACE_STEP: u64 = 1024 * 1024;
/// After how many seconds to try again if too many uploads of all or of the client arrive at once.
const RETRY_AFTER: u32 = 5;

/// An upload that arrives. Dropping it before its end erases it.
pub(super) struct Arriving {
    uploads: Uploads,
    owner: UploadOwner,
    id: UploadId,
    details: Details,
    /// The number of bytes that are to come, if it is known.
    length: Option<u64>,
    received: u64,
    /// The bytes that it counts in the space.
    counted: u64,
    /// When its row last said that it goes on.
    extended_at: Instant,
    /// The number of the next chunk.
    number: u32,
    /// Whether it is whole or erased.
    is_settled: bool,
    _place: Place,
}

fn not_there(undone: Undone) -> Failure {
    match undone {
        // The account or the client was deleted since the check.
        Undone::Database(error) if error.is_missing_reference() => Failure::NotFound,
        undone => undone.into(),
    }
}

impl Arriving {
    /// Takes the space of an upload, and adds its row.
    pub async fn begin(uploads: &Uploads, owner: UploadOwner, new: NewUpload) -> Result<Self, UploadFailure> {
        let inner = &uploads.0;
        let place = inner.places.take(owner.client).ok_or(Failure::Busy(RETRY_AFTER))?;
        let NewUpload { name, content_type, length } = new;
        let id = UploadId::new(&*inner.clock, &*inner.randomness);
        let key = ChunkKey::random(&*inner.randomness);
        let details = Details { name: name.as_str().to_owned(), content_type, key };
        let arriving = Self {
            uploads: uploads.clone(),
            owner,
            id,
            details,
            length,
            received: 0,
            counted: length.unwrap_or(SPACE_STEP).max(LEAST_COUNTED),
            extended_at: inner.monotonic.now(),
            number: 0,
            // Nothing is stored yet.
            is_settled: true,
            _place: place,
        };
        arriving.add_row().await
    }

    async fn add_row(mut self) -> Result<Self, UploadFailure> {
        let inner = self.uploads.0.clone();
        let row = ArrivingUpload {
            id: self.id,
            owner: self.owner,
            details: self.details.seal(&inner.vault, self.owner.organisation, self.id)?,
            counted: self.counted,
            expires_at: inner.clock.now().plus(ARRIVING_LIFE),
        };
        // If the answer of the database is lost, the row may be there.
        self.is_settled = false;
        let (owner, counted) = (self.owner, self.counted);
        let added = inner
            .database
            .write::<_, Undone, _>(async |tx| {
                if !has_space(&tx, owner, counted, inner.space).await? {
                    return Ok(false);
                }
                store::add(&tx, row).await?;
                Ok(true)
            })
            .await;
        if added.map_err(not_there)? {
            return Ok(self);
        }
        self.is_settled = true;
        Err(UploadFailure::SpaceFull)
    }

    /// Stores the body.
    pub async fn receive(mut self, body: MailStream) -> Result<Upload, UploadFailure> {
        let received = self.take_in(body).await;
        if received.is_err() {
            // If this fails too, the sweep does it later.
            if let Err(failure) = self.uploads.erase(self.owner, self.id).await {
                failure.log();
            }
        }
        self.is_settled = true;
        received?;
        let Details { name, content_type, key } = self.details.clone();
        Ok(Upload { id: self.id, name, content_type, size: self.received, key })
    }

    async fn take_in(&mut self, mut body: MailStream) -> Result<(), UploadFailure> {
        let monotonic = self.uploads.0.monotonic.clone();
        let mut pace = Pace::new(monotonic.now());
        let mut chunk = self.next_chunk();
        loop {
            let piece = tokio::select! {
                biased;
                () = monotonic.sleep_until(pace.next_step) => {
                    if pace.step() {
                        continue;
                    }
                    return Err(UploadFailure::Slow);
                }
                piece = body.next() => piece,
            };
            let Some(piece) = piece else { break };
            let piece = piece.map_err(|_| UploadFailure::BrokenOff)?;
            pace.add(piece.len());
            self.count(piece.len()).await?;
            let mut rest = &piece[..];
            while !rest.is_empty() {
                if chunk.room() == 0 {
                    self.store(chunk, false).await?;
                    chunk = self.next_chunk();
                }
                rest = chunk.fill(rest);
            }
        }
        if self.length.is_some_and(|length| length != self.received) {
            return Err(UploadFailure::BrokenOff);
        }
        self.store(chunk, true).await?;
        self.finish().await
    }

    fn next_chunk(&self) -> OpenChunk {
        // A short upload needs less memory.
        let length = self.length.and_then(|length| usize::try_from(length).ok());
        OpenChunk::new(length.unwrap_or(CHUNK), &*self.uploads.0.randomness)
    }

    /// Counts bytes that came, and takes space for them if there is none left.
    async fn count(&mut self, bytes: usize) -> Result<(), UploadFailure> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(bytes);
        if self.received > MAX_UPLOAD {
            return Err(UploadFailure::TooLarge);
        }
        if self.length.is_some_and(|length| self.received > length) {
            return Err(UploadFailure::BrokenOff);
        }
        let now = self.uploads.0.monotonic.now();
        let is_over = self.received > self.counted;
        if !is_over && now.saturating_duration_since(self.extended_at) < EXTENDED_EVERY {
            return Ok(());
        }
        let counted = if is_over { self.received.saturating_add(SPACE_STEP) } else { self.counted };
        self.extend(counted).await?;
        self.extended_at = now;
        Ok(())
    }

    async fn extend(&mut self, counted: u64) -> Result<(), UploadFailure> {
        let inner = &self.uploads.0;
        let (owner, id, more) = (self.owner, self.id, counted.saturating_sub(self.counted));
        let expires_at = inner.clock.now().plus(ARRIVING_LIFE);
        let has_space = inner
            .database
            .write::<_, Failure, _>(async |tx| {
                if more > 0 && !has_space(&tx, owner, more, inner.space).await? {
                    return Ok(false);
                }
                if store::extend(&tx, id, counted, expires_at).await? {
                    Ok(true)
                } else {
                    Err(Failure::NotFound)
                }
            })
            .await?;
        if !has_space {
            return Err(UploadFailure::SpaceFull);
        }
        self.counted = counted;
        Ok(())
    }

    async fn store(&mut self, chunk: OpenChunk, is_last: bool) -> Result<(), UploadFailure> {
        let sealed = chunk.seal(&self.details.key, self.id, self.number, is_last);
        let bytes = sealed.map_err(|Refused| Failure::Unexpected("a chunk was not encrypted".to_owned()))?;
        let (organisation, upload, number) = (self.owner.organisation, self.id, self.number);
        self.uploads.0.chunks.write(StoredChunk { organisation, upload, number, bytes }).await?;
        self.number = self.number.saturating_add(1);
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), UploadFailure> {
        let (id, size, counted) = (self.id, self.received, self.received.max(LEAST_COUNTED));
        let now = self.uploads.0.clock.now();
        let is_there = self
            .uploads
            .0
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                store::finish(&tx, id, size, counted, now, now.plus(UPLOAD_LIFE)).await
            })
            .await?;
        // Its account or its client was deleted, or this process stood still for minutes.
        if is_there { Ok(()) } else { Err(Failure::NotFound.into()) }
    }
}

/// Whether the space has room for this many bytes more. Until the end of the transaction, no other one takes space.
async fn has_space(tx: &Tx, owner: UploadOwner, more: u64, space: u64) -> Result<bool, DatabaseError> {
    store::lock_space(tx).await?;
    let of_all = store::count_space(tx, None).await?;
    let of_client = store::count_space(tx, Some((owner.organisation, owner.client))).await?;
    Ok(of_all.saturating_add(more) <= space && of_client.saturating_add(more) <= SPACE_OF_CLIENT)
}

impl Uploads {
    /// Erases an upload that broke off. Its space is free again.
    async fn erase(&self, owner: UploadOwner, id: UploadId) -> Result<(), Failure> {
        self.0
            .database
            .write::<_, DatabaseError, _>(async |tx| store::delete(&tx, owner.organisation, id).await)
            .await?;
        self.0.chunks.erase(&[id]).await
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let (uploads, owner, id) = (self.uploads.clone(), self.owner, self.id);
        // Without a runtime the program ends: the sweep of the next one erases it.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(failure) = uploads.erase(owner, id).await {
                failure.log();
            }
        });
    }
}
