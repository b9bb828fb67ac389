//! Checks the configured public URL before a user signs in. A provider compares the Redirect URI character by
//! character, and its own error page says only that it does not match.

use http::HeaderMap;

use super::PublicUrl;

/// The result of the check, for the browser of one request.
#[derive(Clone, Debug)]
pub struct Doctor {
    /// The configured origin.
    pub origin: String,
    /// A warning if the browser seems to use another scheme, as a proxy says. The browser itself knows
    /// better.
    pub scheme: Option<String>,
    /// Other warnings, each with the setting to change.
    pub findings: Vec<String>,
}

impl Doctor {
    /// Compares the configured URL with the browser's, as far as the request tells. The host is the same, or
    /// another page would answer (see [`crate::platform::middleware::host`]). `findings` are warnings about the
    /// Redirect URI, from the providers (`Providers::redirect_warnings`).
    ///
    /// `X-Forwarded-Proto` is trusted from any sender here, because it only chooses the words of a warning.
    pub fn new(
        public_url: &PublicUrl,
        headers: &HeaderMap,
        findings: impl IntoIterator<Item = String>,
    ) -> Self {
        let forwarded = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        let scheme = forwarded.and_then(|value| value.split(',').next()).map(str::trim);
        let configured = if public_url.is_https() { "https" } else { "http" };
        let scheme = scheme.filter(|scheme| ["http", "https"].contains(scheme) && *scheme != configured);
        Self {
            origin: public_url.origin().to_owned(),
            scheme: scheme.map(|scheme| wrong_scheme(public_url, scheme)),
            findings: findings.into_iter().collect(),
        }
    }
}

/// The warning for a browser that uses another scheme than the configured one.
pub fn wrong_scheme(public_url: &PublicUrl, scheme: &str) -> String {
    let own = public_url.origin();
    let what = format!(
        "You opened this page with {scheme}, but this console is configured as {own}. Forms are refused here, and the \
         provider would send users to the wrong address."
    );
    if public_url.is_https() {
        // In the other direction there is no setting to change, because providers accept no http.
        format!("{what} Open {own} instead. The operator can make the proxy redirect http to it.")
    } else {
        let authority = public_url.authority();
        format!("{what} The operator must set MAIL360_PUBLIC_URL to {scheme}://{authority}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(public_url: &str, forwarded: Option<&str>) -> Vec<String> {
        let mut headers = HeaderMap::new();
        if let Some(forwarded) = forwarded {
            headers.insert("x-forwarded-proto", forwarded.parse().expect("a header"));
        }
        let doctor = Doctor::new(&public_url.parse().expect("a public URL"), &headers, None);
        doctor.scheme.into_iter().chain(doctor.findings).collect()
    }

    #[test]
    fn p7_a_scheme_that_is_not_the_browsers_is_named_with_the_setting() {
        let [finding] =
            findings("http://localhost:3000", Some("https"))[..].to_vec().try_into().expect("one");
        let finding: String = finding;
        assert!(finding.contains("MAIL360_PUBLIC_URL to https://localhost:3000"), "{finding}");
        // A URL that the configuration would refuse is not suggested.
        let other = findings("https://mail.example.com", Some("http"));
        assert!(
            other[0].contains("Open https://mail.example.com") && !other[0].contains("MAIL360"),
            "{other:?}"
        );
        for (url, forwarded) in [
            ("http://localhost:3000", None),
            ("http://localhost:3000", Some("http")),
            ("https://mail.example.com", Some("https, http")),
            ("https://mail.example.com", Some("<script>")),
        ] {
            assert!(findings(url, forwarded).is_empty(), "{url} {forwarded:?}");
        }
    }

    #[test]
    fn findings_of_the_providers_are_shown_beside_the_programs_own() {
        let public_url = "https://mail.example.com".parse().expect("a public URL");
        let doctor = Doctor::new(&public_url, &HeaderMap::new(), ["It is too long.".to_owned()]);
        assert_eq!((doctor.scheme, doctor.findings), (None, vec!["It is too long.".to_owned()]));
    }
}
