//! What is wrong with the configured address, as far as can be seen before anybody signs in: Microsoft compares
//! the Redirect URI sign by sign (AADSTS50011), and its own page says only that it does not match.

use http::HeaderMap;

use super::PublicUrl;

/// Microsoft's limit (reply-url).
const LONGEST: usize = 256;
/// Signs that Microsoft refuses in a redirect URI (reply-url).
const REFUSED: &str = "!$'(),;";

/// A look at the address, as one browser asks for it.
#[derive(Clone, Debug)]
pub struct Doctor {
    /// The configured address.
    pub origin: String,
    /// That the browser seems to come by another scheme, as a proxy says. The browser itself knows better.
    pub scheme: Option<String>,
    /// What else is wrong, each with the setting to change.
    pub findings: Vec<String>,
}

impl Doctor {
    /// Compares the configured address with what the browser uses, as far as its request tells: the host is the
    /// same, or there would be another page (see [`crate::platform::middleware::host`]).
    ///
    /// `X-Forwarded-Proto` is believed here whoever sends it: it chooses words and nothing else.
    pub fn new(public_url: &PublicUrl, headers: &HeaderMap) -> Self {
        let mut findings = Vec::new();
        let forwarded = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
        let scheme = forwarded.and_then(|value| value.split(',').next()).map(str::trim);
        let configured = if public_url.is_https() { "https" } else { "http" };
        let scheme = scheme.filter(|scheme| ["http", "https"].contains(scheme) && *scheme != configured);
        let redirect_uri = public_url.redirect_uri();
        if redirect_uri.len() > LONGEST {
            findings.push(format!(
                "The Redirect URI has {} characters, and Microsoft takes {LONGEST}: set MAIL360_PUBLIC_URL to a \
                 shorter name.",
                redirect_uri.len()
            ));
        }
        if let Some(sign) = redirect_uri.chars().find(|sign| REFUSED.contains(*sign)) {
            findings.push(format!(
                "Microsoft refuses a Redirect URI with the sign {sign} in it: set MAIL360_PUBLIC_URL to a name \
                 without it."
            ));
        }
        if public_url.parts().is_ipv6() {
            findings.push(
                "Microsoft does not take an IPv6 address in a Redirect URI: set MAIL360_PUBLIC_URL to a name."
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

/// What to say where somebody is here by another scheme than the configured one.
pub fn wrong_scheme(public_url: &PublicUrl, scheme: &str) -> String {
    let own = public_url.origin();
    let what = format!(
        "You are here by {scheme}, but the program thinks that its address is {own}. Forms sent from here are \
         refused, and Microsoft would send people to the wrong place."
    );
    if public_url.is_https() {
        // The other way round there is nothing to set: Microsoft takes no http.
        format!("{what} Open {own} instead; whoever runs the program lets the proxy lead http there.")
    } else {
        let authority = public_url.authority();
        format!("{what} Whoever runs the program sets MAIL360_PUBLIC_URL to {scheme}://{authority}.")
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
        // What the configuration would refuse is not advised.
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
        assert!(findings("https://mail(1).example.com", None)[0].contains("the sign ("));
        assert!(findings("https://[::1]:3000", None)[0].contains("IPv6"));
    }
}
