//! Checks the head of a request: the length of its address and headers is limited, and it states the length of its
//! body only once.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::StatusCode;

use crate::platform::server::LengthTwice;

/// Maximum number of bytes that all headers may hold together: cookies of ours come nowhere near it.
const MAX_HEADERS: usize = 16 * 1024;

/// Refuses a head that gives two lengths with 400 (a proxy may have believed the other one), an address that is longer
/// than this many bytes with 414, and longer headers than [`MAX_HEADERS`] with 431.
pub async fn limit(State(max_address): State<usize>, request: Request, next: Next) -> Response {
    if request.extensions().get::<LengthTwice>().is_some() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if request.uri().path_and_query().is_some_and(|it| it.as_str().len() > max_address) {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MAX_HEADERS {
        return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
    }
    next.run(request).await
}
