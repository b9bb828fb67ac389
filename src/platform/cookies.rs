//! Our own cookies, all of one kind: for this host alone, unread by scripts, sent along when another site
//! leads here (Lax: Microsoft's redirect does), and `Secure` where https.

use http::{HeaderMap, HeaderValue, header};
use time::Duration;
use tower_sessions::cookie::{Cookie, SameSite};

use super::{config::PublicUrl, failure::Failure};

/// A cookie's full name: with `__Host-` where https, for no other host, and no page without https, can
/// then set it.
pub fn full_name(public_url: &PublicUrl, name: &str) -> String {
    let prefix = if public_url.is_https() { "__Host-" } else { "" };
    format!("{prefix}mail360_{name}")
}

/// What the browser sent of one.
pub fn read(headers: &HeaderMap, public_url: &PublicUrl, name: &str) -> Option<String> {
    let name = full_name(public_url, name);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// The header that sets one for so long; with a length of zero it removes it.
///
/// # Errors
/// Where the value has signs that no header may have.
pub fn set(public_url: &PublicUrl, name: &str, value: &str, age: Duration) -> Result<HeaderValue, Failure> {
    let cookie = Cookie::build((full_name(public_url, name), value))
        .path("/")
        .http_only(true)
        .secure(public_url.is_https())
        .same_site(SameSite::Lax)
        .max_age(age)
        .build();
    HeaderValue::try_from(cookie.to_string()).map_err(|error| Failure::unexpected(&error))
}
