//! Assigns an id to every request, and logs its end.

use crate::platform::{
    clock::SharedClock, id::new_uuid, randomness::SharedRandomness, request_id::RequestId,
};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

/// Middleware: assigns the id. Logs the route and never the path, because paths of links and of the callback
/// contain secrets.
pub async fn assign_request_id(
    State((clock, randomness)): State<(SharedClock, SharedRandomness)>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = RequestId(new_uuid(&*clock, &*randomness));
    request.extensions_mut().insert(request_id);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "no route".to_owned(), |route| route.as_str().to_owned());
    let span = tracing::info_span!("request", %request_id, %method, %route);
    async move {
        let started = clock.now();
        let response = next.run(request).await;
        let micros = clock.now().since(started).whole_microseconds();
        tracing::debug!(status = response.status().as_u16(), micros, "answered");
        response
    }
    .instrument(span)
    .await
}
