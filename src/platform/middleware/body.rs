//! Reads a whole request body before a handler runs, within a size and a time limit.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use http_body_util::BodyExt;

/// Time limit for a whole body. A form of the largest size takes some seconds over a slow line. Without a limit, an
/// attacker who sends one byte at a time would hold a connection forever (slow POST).
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// Limits of a request body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Maximum length in bytes.
    pub max_bytes: usize,
    /// Time within which the whole body must arrive.
    pub patience: Duration,
}

impl BodyLimits {
    /// At most this many bytes, within 20 seconds.
    pub const fn new(max_bytes: usize) -> Self {
        Self { max_bytes, patience: BODY_TIMEOUT }
    }
}

/// Middleware: reads a body within its limits. A body that is too long gets 413, and a body that takes too long gets
/// 408. Runs before authentication, because the session may expire while a slow body is still arriving.
pub async fn read_whole(State(limits): State<BodyLimits>, request: Request, next: Next) -> Response {
    let BodyLimits { max_bytes, patience } = limits;
    let (parts, body) = request.into_parts();
    let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if declared.is_some_and(|bytes: usize| bytes > max_bytes) {
        // Refuse at once, without reading the body.
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    match tokio::time::timeout(patience, collect(body, declared.unwrap_or_default(), max_bytes)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(status)) => status.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// Copies each chunk and frees it. An attacker who sends chunks of one byte (RFC 9112, 7.1) would otherwise use forty
/// times the body's length in memory until the body ends.
///
/// Reserves memory for the declared length, but never more than `max_bytes`, because a vector that doubles its capacity
/// would reserve up to twice that.
async fn collect(mut body: Body, declared: usize, max_bytes: usize) -> Result<Vec<u8>, StatusCode> {
    let mut whole = Vec::with_capacity(declared.min(max_bytes));
    while let Some(frame) = body.frame().await {
        // An error means that the body was cut off.
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        let Some(data) = frame.data_ref() else { continue };
        if whole.len() + data.len() > max_bytes {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        if whole.capacity() - whole.len() < data.len() {
            let wanted = (whole.len() + data.len()).max(whole.capacity() * 2).min(max_bytes);
            whole.reserve_exact(wanted - whole.len());
        }
        whole.extend_from_slice(data);
    }
    whole.shrink_to_fit();
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use axum::body::Bytes;

    use super::*;

    struct Piece(#[expect(dead_code, reason = "its reference count is the test")] Arc<()>);

    impl AsRef<[u8]> for Piece {
        fn as_ref(&self) -> &[u8] {
            b"x"
        }
    }

    #[tokio::test]
    async fn i1_chunks_of_a_body_are_freed_once_they_are_copied() {
        let (piece, held) = (Arc::new(()), Arc::new(AtomicUsize::new(0)));
        let seen = held.clone();
        let pieces = (0..1_000).map(move |_| {
            seen.fetch_max(Arc::strong_count(&piece), Ordering::SeqCst);
            Ok::<_, Infallible>(Bytes::from_owner(Piece(piece.clone())))
        });
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        assert_eq!(collect(body, 0, 1_000).await.expect("a body").len(), 1_000);
        assert!(held.load(Ordering::SeqCst) <= 2, "{held:?} at once");
    }

    #[tokio::test]
    async fn n21_a_body_takes_no_more_memory_than_its_length_and_never_more_than_the_limit() {
        const LIMIT: usize = 64 * 1024;
        for (length, declared, piece) in [
            (65_000, 65_000, 8_192),
            (65_000, 0, 8_192),
            (LIMIT, LIMIT, 1_000),
            (LIMIT, 0, LIMIT),
            (33_000, 0, 1),
            (10, LIMIT, 10),
            (0, 0, 1),
        ] {
            let pieces: Vec<_> = vec![7_u8; length].chunks(piece).map(<[u8]>::to_vec).collect();
            let body =
                Body::from_stream(futures_util::stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
            let whole = collect(body, declared, LIMIT).await.expect("a body");
            assert_eq!(whole.len(), length);
            assert!(whole.capacity() <= length, "{length} {declared}: {} are held", whole.capacity());
        }
    }
}
