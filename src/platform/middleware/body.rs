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

/// Why a body was not taken.
#[derive(Clone, Copy, Debug)]
struct Refused(StatusCode);

/// Reads a body of at most so many bytes. It goes before it is found out who asks: whoever sends it drop by drop could
/// be somebody else at its end, such as nobody any more. [`refuse`] answers what is not taken.
pub async fn read_whole(State(most): State<usize>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    let read = if declared.is_some_and(|bytes: usize| bytes > most) {
        // At once, and without reading any of it.
        Err(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        match tokio::time::timeout(PATIENCE, to_bytes(body, most)).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) if is_too_large(&error) => Err(StatusCode::PAYLOAD_TOO_LARGE),
            // It broke off.
            Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    };
    let body = match read {
        Ok(bytes) => Body::from(bytes),
        Err(status) => {
            parts.extensions.insert(Refused(status));
            Body::empty()
        }
    };
    next.run(Request::from_parts(parts, body)).await
}

/// Refuses what [`read_whole`] has not taken: 413 where it is longer, 408 where it took too long, 400 where it broke
/// off. It goes where it is known who asks, for whom the page is made.
pub async fn refuse(request: Request, next: Next) -> Response {
    match request.extensions().get() {
        Some(Refused(status)) => status.into_response(),
        None => next.run(request).await,
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
