//! The layers that every request to the API passes, and the headers of every answer.
//!
//! No cookie is read or set, no session is loaded, no page is rendered, and no other origin is let in (no CORS). A
//! call is authorised by its credential alone, so there is no check against cross-site request forgery.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::HttpBody,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    calls::{SENDING, UPLOADS_PATH},
    credentials::{ClientAccess, KnownRate, admit_client, refuse_ambiguous, require_client},
    errors::ApiError,
    proxy, records,
};
use crate::platform::{
    config::{Config, REDIRECT_PATH},
    failure::Failure,
    middleware::{
        body::{self, BodyLimits},
        head,
        headers::HSTS,
        host::{self, Misdirected},
    },
    request_id::RequestId,
};

/// Names the request in the log of the operator. Errors name it as `data.reference` too.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest address: that of a search with many clauses.
const MAX_ADDRESS: usize = 16 * 1024;

/// How much of a client's and of the program's resources a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The size of a JSON body, and the time within which it must have arrived.
    pub body: BodyLimits,
    /// The time of a whole call.
    pub call: Duration,
    /// That of a call that waits until the provider has a message. The message is sent also after that time.
    pub sending: Duration,
    /// Whether a body may say that it is something else than JSON: the handler explains what it cannot read.
    pub any_type: bool,
    /// Whether a body of any type streams to the handler, which limits it.
    pub streams: bool,
}

impl Default for Limits {
    fn default() -> Self {
        // A program that calls waits about 30 seconds for an answer.
        Self {
            body: BodyLimits::new(1024 * 1024),
            call: Duration::from_secs(25),
            sending: Duration::from_secs(30),
            any_type: false,
            streams: false,
        }
    }
}

/// Marks an answer that the provider wrote. Its status and its body pass as they are, an error too.
#[derive(Clone, Copy, Debug)]
pub(super) struct FromProvider;

/// The policy of answers. They may be mail with any page or script, so a browser that is led to one shows and runs
/// nothing of it.
pub const POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// A handler of the API behind what only a route that exists asks for: the credential, the limits of its client and its
/// scope, then the body, then its type. `access` is `None` for a call that needs no API client. The body of a caller
/// without a credential is not read.
pub fn route<S: Clone + Send + Sync + 'static>(
    handler: MethodRouter<S>,
    access: Option<ClientAccess>,
    limits: Limits,
) -> MethodRouter<S> {
    let handler =
        if limits.any_type || limits.streams { handler } else { handler.route_layer(from_fn(require_json)) };
    let handler = if limits.streams {
        handler
    } else {
        handler.route_layer(from_fn_with_state(limits.body, body::read_whole))
    };
    let Some(access) = access else { return handler };
    handler
        .route_layer(from_fn_with_state(access.clone(), admit_client))
        .route_layer(from_fn(records::name_caller))
        .route_layer(from_fn_with_state(access, require_client))
}

/// Routes of the API behind its layers, with everything else below `/api/`: 404, and 405 beside the callback.
pub fn router<S: Clone + Send + Sync + 'static>(
    routes: Router<S>,
    config: &Arc<Config>,
    limits: Limits,
) -> Router<S> {
    let not_found = || async { Failure::NotFound };
    routes
        .route("/api/", any(not_found))
        .route("/api/{*rest}", any(not_found))
        // The callback itself is merged with this one. For any other method it is an address of the API.
        .route(REDIRECT_PATH, MethodRouter::new().fallback(async || StatusCode::METHOD_NOT_ALLOWED))
        .layer(from_fn(refuse_ambiguous))
        .layer(from_fn_with_state(limits, limit_time))
        .layer(from_fn_with_state(config.clone(), host::require_public))
        .layer(from_fn_with_state(MAX_ADDRESS, head::limit))
        .layer(CatchPanicLayer::custom(Failure::of_panic))
        .layer(from_fn_with_state(config.clone(), answer))
}

/// Makes envelopes of errors, and sets the headers that every answer has.
async fn answer(State(config): State<Arc<Config>>, mut request: Request, next: Next) -> Response {
    // No layer and no handler behind this can mistake a session for a credential.
    request.headers_mut().remove(header::COOKIE);
    let request_id = request.extensions().get::<RequestId>().copied();
    let rate = KnownRate::default();
    request.extensions_mut().insert(rate.clone());
    let mut response = next.run(request).await;
    let is_from_provider = response.extensions().get::<FromProvider>().is_some();
    if !is_from_provider && let Some(error) = error_of(&mut response, &config) {
        response = error.render(response, request_id);
    }
    let headers = response.headers_mut();
    rate.tell(headers);
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if config.public_url.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if let Some(id) = request_id.and_then(|id| HeaderValue::try_from(id.to_string()).ok()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// The error that a handler or a layer left behind, logged here and nowhere else.
fn error_of(response: &mut Response, config: &Config) -> Option<ApiError> {
    let status = response.status();
    let extensions = response.extensions_mut();
    if let Some(error) = extensions.remove::<ApiError>() {
        return Some(error);
    }
    if let Some(failure) = extensions.remove::<Failure>() {
        failure.log();
        return Some(ApiError::from(&failure));
    }
    if extensions.remove::<Misdirected>().is_some() {
        let more_info = format!("This program's address is {}.", config.public_url.origin());
        return Some(ApiError::new(status, "MISDIRECTED_REQUEST", more_info));
    }
    if status.is_server_error() {
        tracing::error!(status = status.as_u16(), "a request failed");
    }
    (status.is_client_error() || status.is_server_error()).then(|| ApiError::of_status(status))
}

/// Whether the bodies of a route's calls stream, and are limited by their handler: those of raw calls, and uploads.
pub fn is_stream(method: &Method, path: &str) -> bool {
    path == proxy::PATH || (path == UPLOADS_PATH && *method == Method::POST)
}

/// The time of a whole call of this route.
pub fn time_of(method: &Method, path: &str, limits: Limits) -> Duration {
    let is_sending = SENDING.iter().any(|call| call.method == *method && call.path == path);
    if is_sending { limits.sending } else { limits.call }
}

/// Ends a call that takes too long. One that streams may take long, within limits of its own: those of a raw call are in
/// [`proxy`].
async fn limit_time(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    if matched.is_some_and(|path| is_stream(request.method(), path.as_str())) {
        return next.run(request).await;
    }
    let max = time_of(request.method(), matched.map(MatchedPath::as_str).unwrap_or_default(), limits);
    let is_safe = request.method().is_safe();
    tokio::time::timeout(max, next.run(request)).await.unwrap_or_else(|_| timed_out(is_safe))
}

/// The answer in place of one that has taken too long. A call that is safe cannot have changed anything.
pub(super) fn timed_out(is_safe: bool) -> Response {
    tracing::warn!("an API call took too long");
    let more_info = if is_safe {
        "The call took too long, and nothing was changed. Try again later, or ask for less at a time."
    } else {
        "The call took too long. Check whether the change was made before you repeat the call."
    };
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TIMED_OUT", more_info).into_response()
}

/// Refuses a body that says that it is something else than JSON. A `Content-Type` without a body is ignored.
async fn require_json(request: Request, next: Next) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if request.body().is_end_stream() || content_type.is_none_or(is_json) {
        next.run(request).await
    } else {
        StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()
    }
}

/// `application/json`, or a type that is written in JSON (RFC 6839, 3.1), with any parameters.
fn is_json(content_type: &HeaderValue) -> bool {
    let whole = content_type.to_str().unwrap_or_default();
    let essence = whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{access::TOKEN_WAIT, sending::CALL_WAIT, service::CALL_TIME};

    #[test]
    fn a_slow_provider_is_named_before_the_whole_call_ends() {
        // The rest is for the database, and for the body of a message, which is made harmless.
        let margin = Duration::from_secs(3);
        let Limits { call, sending, .. } = Limits::default();
        assert!(CALL_TIME + margin <= call && TOKEN_WAIT + margin <= call, "{call:?}");
        assert!(CALL_WAIT + margin <= sending, "{sending:?}");
    }

    #[test]
    fn only_calls_that_send_or_write_drafts_have_their_time() {
        let limits = Limits::default();
        let time = |method: Method, path: &str| time_of(&method, path, limits);
        let messages = "/api/accounts/{account_key}/messages";
        assert_eq!(time(Method::POST, messages), limits.sending);
        assert_eq!(time(Method::GET, messages), limits.call);
        assert_eq!(time(Method::PUT, "/api/accounts/{account_key}/drafts/{draftId}"), limits.sending);
        assert_eq!(time(Method::POST, "/api/accounts/oauth"), limits.call);
        assert_eq!(time(Method::GET, ""), limits.call);
    }
}
