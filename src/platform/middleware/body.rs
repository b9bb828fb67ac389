//! Reading what was sent, whole, before anybody works with it: within a size and a time.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

/// Over a slow line the largest form needs some seconds. One sign at a time, it would keep its connection and
/// whatever waits for it as long as it likes (slow POST).
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads a body of at most so many bytes; one that is longer is refused with 413, one that takes too long with 408. It
/// goes before it is found out who asks: whoever sends it drop by drop could be somebody else at its end, such as
/// nobody any more.
pub async fn read_whole(State(most): State<usize>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if declared.is_some_and(|bytes: usize| bytes > most) {
        // At once, and without reading any of it.
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    match tokio::time::timeout(PATIENCE, to_bytes(body, most)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(error)) if is_too_large(&error) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        // It broke off.
        Ok(Err(_)) => StatusCode::BAD_REQUEST.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}
