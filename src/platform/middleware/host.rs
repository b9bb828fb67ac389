//! Refuses requests under any other name than the public URL's, because cookies, links and the Redirect URI
//! depend on it. DNS rebinding: the other name may be an attacker's.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Uri, header, uri::Authority};
use url::Url;

use crate::platform::{config::Config, origin::Origin};

/// A request under another name than ours. The layer that renders pages makes the 421 page from it.
#[derive(Clone, Debug)]
pub struct Misdirected {
    /// The `Host` header, shortened. Only shown as text.
    pub asked: String,
    /// Whether its host is ours and only the port differs.
    pub other_port: bool,
    /// Whether browser or proxy say that the browser is at our URL. Then the proxy has changed the name in
    /// the request.
    pub proxy_renames: bool,
}

/// Middleware: refuses a request under another host or port than the public URL's.
pub async fn require_public(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    let own = config.public_url.parts();
    let asked = asked_host(request.headers(), request.uri());
    let parsed = asked.as_deref().and_then(|asked| Origin::of_authority(own.is_https(), asked));
    if parsed.as_ref() == Some(own) {
        return next.run(request).await;
    }
    let misdirected = Misdirected {
        asked: asked.unwrap_or_default().chars().filter(|c| !c.is_control()).take(255).collect(),
        other_port: parsed.is_some_and(|parsed| parsed.host() == own.host()),
        proxy_renames: browser_is_at(own, request.headers()),
    };
    let mut response = http::StatusCode::MISDIRECTED_REQUEST.into_response();
    response.extensions_mut().insert(misdirected);
    response
}

/// The host in HTTP/2 (authority) or HTTP/1.1 (`Host`).
fn asked_host(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let host = || std::str::from_utf8(headers.get(header::HOST)?.as_bytes()).ok();
    uri.authority().map(Authority::as_str).or_else(host).map(str::to_owned)
}

/// Whether the browser or a proxy says that the browser is at our URL. It only chooses the words of a page,
/// so a forged header does no harm.
fn browser_is_at(own: &Origin, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let came_from = text("referer").and_then(|referer| Origin::of_url(&Url::parse(referer).ok()?));
    let sent_from = text("origin").and_then(Origin::parse);
    let forwarded = text("x-forwarded-host").and_then(|hosts| {
        Origin::of_authority(own.is_https(), hosts.split(',').next().unwrap_or_default().trim())
    });
    [came_from, sent_from, forwarded].iter().flatten().any(|origin| origin == own)
}
