//! The transport of mail: one request, the head of its answer, and its body piece by piece.

use std::pin::Pin;

use ::http::{HeaderMap, Method, StatusCode};
use async_trait::async_trait;
use futures_util::{Stream, StreamExt, stream};
pub use hyper::body::Bytes;

use super::{MailError, MailProblem, Reserved, Room};

/// A body that arrives piece by piece. Dropping it ends the request.
pub type MailStream = Pin<Box<dyn Stream<Item = Result<Bytes, MailError>> + Send + 'static>>;

/// The body of a request.
pub enum MailBody {
    Empty,
    Whole(Bytes),
    Stream(MailStream),
}

/// A request to the provider.
pub struct MailRequest {
    pub method: Method,
    /// The whole address. The transport sends it as it is.
    pub url: String,
    /// All headers, with the access token. The transport adds only Host, User-Agent and the length of the body.
    pub headers: HeaderMap,
    pub body: MailBody,
    /// The number of requests that it is for the provider: a batch is as many as it contains. One with more than one
    /// takes all slots of the mailbox.
    pub weight: u8,
    /// The units of the mailbox's limit ([`super::MailboxLimits::units`]) that the request costs. It is 0 if the provider
    /// counts the request elsewhere.
    pub units: u32,
    /// Whether the body of the answer may take as long as the reader wants. Otherwise the whole answer must come within
    /// the transport's time limit.
    pub is_download: bool,
}

/// The head of an answer, and its body.
pub struct MailResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: MailStream,
}

/// Sends requests to a provider. It does not follow redirects, and never repeats a request. It is a trait so that a
/// mailbox's limits can be put around the client, and so that tests can return prepared answers.
#[async_trait]
pub trait MailHttp: Send + Sync {
    /// Sends one request, and returns when the head of the answer is there, whatever its status.
    ///
    /// # Errors
    /// [`MailProblem::NotSent`] if the provider got nothing of the request, [`MailProblem::Unavailable`],
    /// [`MailProblem::Slow`], or [`MailProblem::Throttled`] by our own limits.
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError>;

    /// Waits for room in memory for this many bytes of an answer or a request that is in memory whole. A client without
    /// such a limit has room at once.
    ///
    /// # Errors
    /// [`MailProblem::Throttled`] if there is none in time.
    async fn room(&self, _bytes: usize) -> Result<Room, MailError> {
        Ok(Room::default())
    }

    /// Makes sure that the next requests of this call have this many units of the mailbox's limit, so that a call with many
    /// requests fails before the first or not for this reason. Units that were set aside before and are not used yet count.
    /// Those that the call does not use are free again when the client is dropped. A client without such a limit has
    /// all.
    ///
    /// # Errors
    /// [`MailProblem::NotSent`] if the count cannot be read.
    async fn reserve(&self, _units: u32) -> Result<Reserved, MailError> {
        Ok(Reserved::All)
    }
}

/// A stream without content.
pub fn empty_stream() -> MailStream {
    Box::pin(stream::empty())
}

/// Reads a whole body of at most `max` bytes.
///
/// # Errors
/// [`MailProblem::TooLarge`], or the error of the stream.
pub async fn read_whole(mut body: MailStream, max: usize) -> Result<Vec<u8>, MailError> {
    let mut whole = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = piece?;
        if whole.len().saturating_add(piece.len()) > max {
            return Err(MailProblem::TooLarge.into());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}
