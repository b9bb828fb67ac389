//! The headers of pages and assets. The API's are its own.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};

use crate::platform::{
    config::{Config, REDIRECT_PATH},
    randomness::SharedRandomness,
};

/// For two years browsers ask by https alone (RFC 6797).
pub const HSTS: &str = "max-age=63072000";

/// The nonce of this answer's Content-Security-Policy: scripts that carry it run, no others.
#[derive(Clone, Debug)]
pub struct ScriptNonce(pub Arc<str>);

/// Draws the nonce and sets the headers that no handler has set.
pub async fn add_security_headers(
    State((config, randomness)): State<(Arc<Config>, SharedRandomness)>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut bytes = [0; 16];
    randomness.fill(&mut bytes);
    let nonce: Arc<str> = STANDARD.encode(bytes).into();
    request.extensions_mut().insert(ScriptNonce(nonce.clone()));

    // A callback's address holds a code and a state; nobody after us is to see it, whoever of us answers.
    let is_callback = request.uri().path() == REDIRECT_PATH;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; \
         object-src 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::REFERRER_POLICY, if is_callback { "no-referrer" } else { "same-origin" });
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    // Assets have set their own; everything else may hold what only this person may see.
    // No proxy may rewrite it: what Cloudflare puts in place of an e-mail address needs a script that our policy blocks.
    set(header::CACHE_CONTROL, "no-store, no-transform");
    if config.public_url.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}
