//! Compares origins and authorities by meaning, not by spelling: RFC 6454 (4 and 5), RFC 9110 (4.2.3). A
//! default port, upper case, Unicode, the spelling of an IP address and a trailing dot make no difference;
//! scheme and port do.
//! difference; scheme and port do.

use std::{fmt, net::Ipv6Addr};

use url::{Host, Url};

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    /// As a browser writes it: lower case, Punycode, IPv6 in brackets, without a trailing dot.
    host: String,
    port: u16,
}

impl Origin {
    /// Parses an `Origin` header: scheme, host and port only. `None` for `null`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        Self::of_authority(is_https(scheme)?, authority)
    }

    /// Parses a `Host` header, or the authority of a request target, for a request with this scheme.
    pub fn of_authority(https: bool, authority: &str) -> Option<Self> {
        // Characters that would end the authority, or precede the host in it.
        let strange = |c: char| c.is_control() || c.is_whitespace() || "/\\?#@{}".contains(c);
        if authority.is_empty() || authority.contains(strange) {
            return None;
        }
        let scheme = if https { "https" } else { "http" };
        Self::of_url(&Url::parse(&format!("{scheme}://{authority}")).ok()?)
    }

    /// The origin of a URL. The path is ignored.
    pub fn of_url(url: &Url) -> Option<Self> {
        let https = is_https(url.scheme())?;
        let host = match url.host()? {
            Host::Domain(name) => name.strip_suffix('.').unwrap_or(name).to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => format!("[{address}]"),
        };
        let port = url.port_or_known_default()?;
        (!host.is_empty()).then_some(Self { https, host, port })
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host, as a browser writes it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the host is an IPv6 address.
    pub fn is_ipv6(&self) -> bool {
        self.host.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok()
    }

    /// The port; `None` if it is the scheme's default.
    pub fn unusual_port(&self) -> Option<u16> {
        (self.port != if self.https { 443 } else { 80 }).then_some(self.port)
    }

    /// Host and port, as a browser writes them in a `Host` header.
    pub fn authority(&self) -> String {
        self.unusual_port().map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority())
    }
}

fn is_https(scheme: &str) -> Option<bool> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(one: &str, other: &str) -> bool {
        let [one, other] = [one, other].map(|text| Origin::parse(text).expect(text));
        one == other
    }

    #[test]
    fn c36_origins_in_different_spellings_are_equal() {
        let own = "https://mail.contoso.example";
        for written in [
            "https://mail.contoso.example:443",
            "https://mail.contoso.example:",
            "https://mail.contoso.example:0443",
            "HTTPS://MAIL.Contoso.Example",
            "https://mail.contoso.example.",
            "https://mail.contoso.example.:443",
            "https://m%61il.contoso.example",
            "https://mail\u{3002}contoso\u{ff0e}example",
        ] {
            assert!(same(own, written), "{written}");
        }
        for other in [
            "http://mail.contoso.example",
            "https://mail.contoso.example:80",
            "https://mail.contoso.example:4433",
            "http://mail.contoso.example:443",
            "https://contoso.example",
            "https://mail.contoso.example.evil.example",
            "https://mail-contoso.example",
        ] {
            assert!(!same(own, other), "{other}");
        }
        assert!(same("http://localhost", "http://LOCALHOST.:80"));
        assert!(same("https://büro.example", "https://xn--bro-hoa.example"));
        assert!(same("https://BÜRO.example", "https://büro.EXAMPLE."));
        assert!(same("https://[2001:db8::1]", "https://[2001:0DB8:0:0:0:0:0:1]:443"));
        assert!(same("https://192.0.2.1:8443", "https://192.0.2.1:08443"));
    }

    #[test]
    fn c36_a_text_with_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "null",
            "https://",
            "https://:443",
            "mail.example.com",
            "//mail.example.com",
            "https:mail.example.com",
            "ftp://mail.example.com",
            "https://mail.example.com/",
            "https://mail.example.com?",
            "https://a@mail.example.com",
            "https://mail.example.com#",
            "https://mail.example.com\\",
            "https:///mail.example.com",
            "https://mail.example.com:x",
            "https://mail.example.com:65536",
            "https://mail .example.com",
            " https://mail.example.com",
            "https://.",
            "https://mail.example.com\t",
            "https://{name}.example.com",
            "https://a.example, https://b.example",
        ] {
            assert_eq!(Origin::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn c36_any_spelling_of_a_host_and_port_is_the_same_and_any_other_is_not(
            https: bool,
            host in "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9]{0,8}){0,3}",
            port in prop_oneof![Just(80_u16), Just(443_u16), 1..=u16::MAX],
            upper in proptest::collection::vec(any::<bool>(), 40),
            dot: bool,
            explicit: bool,
        ) {
            let origin = Origin::of_authority(https, &format!("{host}:{port}")).expect("an origin");
            let mut written: String = host.chars().zip(upper.iter().cycle())
                .map(|(c, upper)| if *upper { c.to_ascii_uppercase() } else { c })
                .collect();
            if dot {
                written.push('.');
            }
            if explicit || origin.unusual_port().is_some() {
                written = format!("{written}:{port}");
            }
            prop_assert_eq!(Origin::of_authority(https, &written), Some(origin.clone()));
            // Our own spelling can be parsed again.
            prop_assert_eq!(Origin::parse(&origin.to_string()), Some(origin.clone()));
            prop_assert_eq!(Origin::of_authority(https, &origin.authority()), Some(origin.clone()));
            prop_assert_ne!(Origin::of_authority(!https, &format!("{host}:{port}")), Some(origin.clone()));
            prop_assert_ne!(Origin::of_authority(https, &format!("{host}:{}", port ^ 1)), Some(origin.clone()));
            prop_assert_ne!(Origin::of_authority(https, &format!("x{host}:{port}")), Some(origin));
        }

        #[test]
        fn c36_parsing_any_text_of_a_client_does_not_panic(text in "\\PC{0,40}") {
            let _ = Origin::parse(&text);
            let _ = Origin::of_authority(true, &text);
        }
    }
}
