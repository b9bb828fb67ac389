//! Security headers of pages and assets. The API has headers of its own.

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

/// Browsers use only https for two years (RFC 6797).
pub const HSTS: &str = "max-age=63072000";

/// The beginnings of the paths of pages for people without a user.
const GUESTS: [&str; 2] = ["/connect/", "/consent/"];

/// The nonce of this response's Content-Security-Policy. Only scripts with this nonce run.
#[derive(Clone, Debug)]
pub struct ScriptNonce(pub Arc<str>);

/// Middleware: draws the nonce, and sets the headers that no handler has set.
pub async fn add_security_headers(
    State((config, randomness)): State<(Arc<Config>, SharedRandomness)>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut bytes = [0; 16];
    randomness.fill(&mut bytes);
    let nonce: Arc<str> = STANDARD.encode(bytes).into();
    request.extensions_mut().insert(ScriptNonce(nonce.clone()));

    // The URL of a callback contains a code and a state. Do not send it as a referrer to any other page.
    let path = request.uri().path();
    let is_callback = path == REDIRECT_PATH;
    let is_for_guests = GUESTS.iter().any(|beginning| path.starts_with(beginning));
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
    if is_for_guests {
        // Links are capabilities. A search engine that finds one on a public page must not list it.
        set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    }
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    );
    // Assets have set their own value. Every other response may be private to this user. `no-transform`:
    // Cloudflare would replace e-mail addresses with markup that needs a script, which our policy blocks.
    set(header::CACHE_CONTROL, "no-store, no-transform");
    if config.public_url.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}
