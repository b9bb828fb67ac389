//! The program's cookies. All have the same attributes: only for this host, not readable by scripts, `Lax`
//! (the provider's redirect must carry them), and `Secure` with https.

use http::{HeaderMap, HeaderValue, header};
use time::Duration;
use tower_sessions::cookie::{Cookie, SameSite};

use super::{config::PublicUrl, failure::Failure};

/// Name of the session cookie.
pub const SESSION: &str = "session";
/// Name of the cookie that binds sign-ins to the browser in which they started.
pub const SIGN_IN: &str = "sign_in";
/// Name of the cookie with a form that was sent after the session had ended.
pub const DRAFT: &str = "draft";
/// Name of the cookie with the language that a reader of a page for people without a user has chosen.
pub const LANGUAGE: &str = "language";
/// The cookies that the log-out removes.
pub const FORGOTTEN_AT_LOG_OUT: [&str; 3] = [SESSION, SIGN_IN, DRAFT];

/// The full name of a cookie. With https it has the prefix `__Host-`, so that neither another host nor a page
/// without https can set it. A port other than the default is part of the name: browsers send cookies to all
/// ports of a host, so two programs on one host would otherwise replace each other's cookies.
pub fn full_name(public_url: &PublicUrl, name: &str) -> String {
    let prefix = if public_url.is_https() { "__Host-" } else { "" };
    match public_url.parts().unusual_port() {
        Some(port) => format!("{prefix}mail360_{port}_{name}"),
        None => format!("{prefix}mail360_{name}"),
    }
}

/// The value of this cookie in the request.
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

/// The header that sets this cookie for `age`; an age of zero removes the cookie.
///
/// # Errors
/// If the value has characters that a header may not have.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name_at(public_url: &str, name: &str) -> String {
        full_name(&public_url.parse().expect("a public URL"), name)
    }

    #[test]
    fn c50_a_port_that_is_not_the_default_is_part_of_a_cookies_name() {
        for (public_url, name) in [
            ("https://mail.example.com", "__Host-mail360_session"),
            ("https://mail.example.com:443", "__Host-mail360_session"),
            ("https://mail.example.com:8443", "__Host-mail360_8443_session"),
            ("http://localhost:3310", "mail360_3310_session"),
            ("http://localhost:3312", "mail360_3312_session"),
            ("http://localhost:80", "mail360_session"),
            ("http://localhost:443", "mail360_443_session"),
        ] {
            assert_eq!(name_at(public_url, "session"), name, "{public_url}");
        }
    }

    proptest! {
        #[test]
        fn c50_two_public_urls_on_one_host_share_no_cookie_and_https_keeps_its_prefix(
            (one, other) in ((any::<bool>(), 1..=u16::MAX), (any::<bool>(), 1..=u16::MAX)),
            names in proptest::sample::select(vec![("session", "session"), ("session", "sign_in"), ("draft", "draft")]),
        ) {
            let [(first, is_https), (second, _)] = [one, other].map(|(https, port)| {
                let scheme = if https { "https" } else { "http" };
                (format!("{scheme}://localhost:{port}").parse::<PublicUrl>().expect("a public URL"), https)
            });
            let [one, other] = [full_name(&first, names.0), full_name(&second, names.1)];
            prop_assert_eq!(one == other, first == second && names.0 == names.1);
            prop_assert_eq!(one.starts_with("__Host-"), is_https);
        }
    }
}
