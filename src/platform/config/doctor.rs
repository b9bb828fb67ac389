//! Checks the configured public URL before a user signs in. Microsoft compares the Redirect URI character by
//! character (AADSTS50011), and its own error page says only that it does not match.

use http::HeaderMap;

use super::PublicUrl;

/// The longest redirect URI that Microsoft accepts (reply-url).
const LONGEST: usize = 256;
/// Characters that Microsoft refuses in a redirect URI (reply-url).
const REFUSED: &str = "!$'(),;";

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
    /// another page would answer (see [`crate::platform::middleware::host`]).
    ///
    /// `X-Forwarded-Proto` is trusted from any sender here, because it only chooses the words of a warning.
    pub fn new(public_url: &PublicUrl, headers: &HeaderMap) -> Self {
        let mut findings = Vec::new();
        let forwarded = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        let scheme = forwarded.and_then(|value| value.split(',').next()).map(str::trim);
        let configured = if public_url.is_https() { "https" } else { "http" };
        let scheme = scheme.filter(|scheme| ["http", "https"].contains(scheme) && *scheme != configured);
        let redirect_uri = public_url.redirect_uri();
        if redirect_uri.len() > LONGEST {
            findings.push(format!(
                "The Redirect URI has {} characters, and Microsoft accepts {LONGEST}: set MAIL360_PUBLIC_URL to a \
                 shorter name.",
                redirect_uri.len()
            ));
        }
        if let Some(sign) = redirect_uri.chars().find(|sign| REFUSED.contains(*sign)) {
            findings.push(format!(
                "Microsoft refuses a Redirect URI with the character {sign} in it: set MAIL360_PUBLIC_URL to a name \
                 without it."
            ));
        }
        if public_url.parts().is_ipv6() {
            findings.push(
                "Microsoft does not accept an IPv6 address in a Redirect URI: set MAIL360_PUBLIC_URL to a name."
                    .to_owned(),
            );
        }
        Self {
            origin: public_url.origin().to_owned(),
            scheme: scheme.map(|scheme| wrong_scheme(public_url, scheme)),
            findings,
        }
    }
}

/// The warning for a browser that uses another scheme than the configured one.
pub fn wrong_scheme(public_url: &PublicUrl, scheme: &str) -> String {
    let own = public_url.origin();
    let what = format!(
        "You opened this page with {scheme}, but the program's address is set to {own}. Forms sent from here are \
         refused, and Microsoft would send people to the wrong place."
    );
    if public_url.is_https() {
        // In the other direction there is no setting to change, because Microsoft accepts no http.
        format!("{what} Open {own} instead. The operator can make the proxy redirect http to it.")
    } else {
        let authority = public_url.authority();
        format!("{what} The operator has to set MAIL360_PUBLIC_URL to {scheme}://{authority}.")
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
        let doctor = Doctor::new(&public_url.parse().expect("a public URL"), &headers);
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
    fn an_address_that_microsoft_does_not_take_is_named_before_microsoft_does() {
        let long = format!("https://{}.example.com", vec!["a".repeat(60); 4].join("."));
        assert!(findings(&long, None)[0].contains("characters"), "{:?}", findings(&long, None));
        assert!(findings("https://mail(1).example.com", None)[0].contains("the character ("));
        assert!(findings("https://[::1]:3000", None)[0].contains("IPv6"));
    }
}
