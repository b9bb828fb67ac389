//! A reference for each request: it stands in the log, and on the page that tells of a failure, so that
//! the one can be found from the other.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

use crate::platform::{clock::SharedClock, id::new_uuid, randomness::SharedRandomness};

/// The request's reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference(pub Uuid);

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Names the request and logs its end. The path as it was asked for is not logged but the route that
/// it matched: links to set up and the redirect carry capabilities in theirs.
pub async fn name(
    State((clock, randomness)): State<(SharedClock, SharedRandomness)>,
    mut request: Request,
    next: Next,
) -> Response {
    let reference = Reference(new_uuid(&*clock, &*randomness));
    request.extensions_mut().insert(reference);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "no route".to_owned(), |route| route.as_str().to_owned());
    let span = tracing::info_span!("request", %reference, %method, %route);
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
