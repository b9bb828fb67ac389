//! Against cross-site request forgery: what changes something must come from a page of ours.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

use crate::platform::{config::Config, failure::Failure};

/// Refuses an unsafe method unless the browser says that the request comes from this very origin:
/// `Sec-Fetch-Site: same-origin`, or, from a browser too old to send that, an `Origin` equal to the
/// public one. There are no exceptions; the redirect from the provider is a GET.
pub async fn require_own(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_own(request.headers(), config.public_url.origin()) {
        next.run(request).await
    } else {
        Failure::ForeignOrigin.into_response()
    }
}

fn is_own(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get(header::ORIGIN).is_some_and(|value| value == origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a header"));
        }
        is_own(&headers, "https://mail.example.com")
    }

    #[test]
    fn only_what_the_browser_vouches_for_is_our_own() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "https://mail.example.com")]));
        assert!(!own(&[]));
        assert!(!own(&[("origin", "null")]));
        assert!(!own(&[("origin", "https://mail.example.com.evil.example")]));
        for site in ["cross-site", "same-site", "none", ""] {
            // The newer header decides where both are there.
            assert!(!own(&[("sec-fetch-site", site), ("origin", "https://mail.example.com")]));
        }
    }
}
