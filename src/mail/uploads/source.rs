//! Reads an upload: one chunk at a time, decrypted while it is read.

use async_trait::async_trait;
use futures_util::stream;

use super::{
    Upload, UploadId,
    chunk::{CHUNK, ChunkKey, Refused},
    chunks::Chunks,
};
use crate::{
    platform::failure::Failure,
    providers::mailbox::{Bytes, FileSource, MailError, MailProblem, MailStream, empty_stream},
};

const CHUNK_SIZE: u64 = CHUNK as u64;

/// The number of chunks of an upload of this size. An empty one has one too.
pub(super) fn chunks_of(size: u64) -> u64 {
    size.div_ceil(CHUNK_SIZE).max(1)
}

/// The content of an upload.
#[derive(Clone, Debug)]
pub(super) struct UploadedFile {
    chunks: Chunks,
    id: UploadId,
    size: u64,
    key: ChunkKey,
}

impl UploadedFile {
    pub fn new(chunks: Chunks, upload: &Upload) -> Self {
        Self { chunks, id: upload.id, size: upload.size, key: upload.key.clone() }
    }

    /// The content of a chunk.
    ///
    /// # Errors
    /// [`MailProblem::Unavailable`] if the database cannot be used, [`MailProblem::Garbled`] if the chunk is not there, or
    /// not the one that was stored.
    async fn read(&self, number: u32) -> Result<Vec<u8>, MailError> {
        let found = self.chunks.find(self.id, number).await.map_err(|error| {
            let failure = Failure::from(error);
            failure.log();
            MailProblem::Unavailable
        })?;
        let begin = u64::from(number).saturating_mul(CHUNK_SIZE);
        let end = begin.saturating_add(CHUNK_SIZE).min(self.size);
        let is_last = end == self.size;
        let opened = found.ok_or(Refused).and_then(|sealed| self.key.open(self.id, number, is_last, sealed));
        match opened {
            Ok(content) if content.len() as u64 == end.saturating_sub(begin) => Ok(content),
            _ => {
                tracing::error!(upload = %self.id, number, "a chunk of an upload is missing or was changed");
                Err(MailProblem::Garbled.into())
            }
        }
    }
}

#[async_trait]
impl FileSource for UploadedFile {
    async fn open(&self, from: u64) -> Result<MailStream, MailError> {
        if from >= self.size {
            return Ok(empty_stream());
        }
        let number = u32::try_from(from / CHUNK_SIZE).map_err(|_| MailProblem::Garbled)?;
        let skipped = usize::try_from(from % CHUNK_SIZE).map_err(|_| MailProblem::Garbled)?;
        let begin = (self.clone(), number, skipped);
        Ok(Box::pin(stream::try_unfold(begin, |(file, number, skipped)| async move {
            if u64::from(number).saturating_mul(CHUNK_SIZE) >= file.size {
                return Ok::<_, MailError>(None);
            }
            let content = Bytes::from(file.read(number).await?);
            // The length was checked, so the beginning is within it.
            let piece = content.slice(skipped.min(content.len())..);
            Ok(Some((piece, (file, number.saturating_add(1), 0))))
        })))
    }
}
