//! Protects against cross-site request forgery: an unsafe method must come from a page of this program.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

use crate::platform::{config::Config, failure::Failure, origin::Origin};

/// Middleware: refuses an unsafe method unless the browser confirms that the request comes from this origin.
/// The check reads `Sec-Fetch-Site: same-origin`, or, if an old browser does not send that, an `Origin` equal to
/// the public one. There are no exceptions: the provider's redirect is a GET.
pub async fn require_own(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_own(request.headers(), config.public_url.parts()) {
        next.run(request).await
    } else {
        Failure::ForeignOrigin.into_response()
    }
}

fn is_own(headers: &HeaderMap, own: &Origin) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return sites.all(|site| site == "same-origin");
    }
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    // A browser sends one. If there are several, all must be ours.
    origins.peek().is_some()
        && origins.all(|value| value.to_str().ok().and_then(Origin::parse).as_ref() == Some(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header"));
        }
        is_own(&headers, &Origin::parse("https://mail.example.com").expect("an origin"))
    }

    #[test]
    fn only_a_request_that_the_browser_confirms_is_our_own() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "https://mail.example.com")]));
        assert!(!own(&[]));
        assert!(!own(&[("origin", "null")]));
        assert!(!own(&[("origin", "https://mail.example.com.evil.example")]));
        for site in ["cross-site", "same-site", "none", ""] {
            // If both headers exist, the newer one decides.
            assert!(!own(&[("sec-fetch-site", site), ("origin", "https://mail.example.com")]));
        }
    }

    #[test]
    fn c36_every_spelling_of_our_origin_is_our_own_and_no_other_origin_is() {
        for own_in_other_words in
            ["https://mail.example.com:443", "https://MAIL.example.com", "https://mail.example.com."]
        {
            assert!(own(&[("origin", own_in_other_words)]), "{own_in_other_words}");
        }
        for other in [
            "http://mail.example.com",
            "https://mail.example.com:80",
            "https://mail.example.com:8443",
            "https://mail.example.com/",
            "https://me@mail.example.com",
            "https://example.com",
            "mail.example.com",
        ] {
            assert!(!own(&[("origin", other)]), "{other}");
        }
        assert!(!own(&[("origin", "https://mail.example.com"), ("origin", "https://evil.example")]));
        assert!(!own(&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]));
    }
}
