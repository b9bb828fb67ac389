//! Pages are shown under the public address and under no other name: cookies, links and the Redirect
//! URI all depend on it, and a foreign name may be an attacker's (DNS rebinding).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Uri, header};

use crate::platform::config::Config;

/// The name that the browser asked under, where it was not ours. The layer that renders pages makes the
/// 421 page from it.
#[derive(Clone, Debug)]
pub struct Misdirected {
    /// The `Host` header, cut; shown as text only.
    pub asked: String,
}

/// Refuses a request under another host than the public URL's.
pub async fn require_public(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    let asked = asked_host(request.headers(), request.uri());
    if asked.as_deref().is_some_and(|asked| asked.eq_ignore_ascii_case(config.public_url.authority())) {
        return next.run(request).await;
    }
    let asked = asked.unwrap_or_default().chars().filter(|c| !c.is_control()).take(255).collect();
    let mut response = http::StatusCode::MISDIRECTED_REQUEST.into_response();
    response.extensions_mut().insert(Misdirected { asked });
    response
}

/// The host as HTTP/2 (authority) or HTTP/1.1 (`Host`) carries it.
fn asked_host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    uri.authority()
        .map(|authority| authority.as_str().to_owned())
        .or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned))
}
