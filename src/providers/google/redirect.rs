//! Google's rules for Redirect URIs: how it compares them, and which it accepts (OAuth 2.0 for web server applications,
//! Redirect URI validation rules). Google compares them character by character, and its error page says only that they
//! do not match (`redirect_uri_mismatch`).

use std::borrow::Cow;

use url::{Host, Url};

use crate::providers::redirect::{self, Difference};

/// Ends of names that are not public. Google accepts only names below a public suffix (publicsuffix.org).
const NOT_PUBLIC: [&str; 12] = [
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "onion",
    "private",
    "workgroup",
];
/// Hosts of Google that it refuses in Redirect URIs.
const GOOGLES_OWN: [&str; 2] = ["googleusercontent.com", "goo.gl"];

/// The first difference of our Redirect URI and another one; `None` if both are identical.
pub fn difference(ours: &str, theirs: &str) -> Option<Difference> {
    let difference = redirect::difference(ours, theirs)?;
    let (Ok(a), Ok(b)) = (Url::parse(ours), Url::parse(theirs)) else {
        return Some(difference);
    };
    let same_scheme = a.scheme() == b.scheme();
    let same_host = a.host_str() == b.host_str();
    let same_port = a.port_or_known_default() == b.port_or_known_default();
    let without_www =
        |url: &Url| url.host_str().map(|host| host.strip_prefix("www.").unwrap_or(host).to_owned());
    let words: Cow<'static, str> = if same_scheme && !same_host && without_www(&a) == without_www(&b) {
        "One begins with www., the other does not, and to Google they are different.".into()
    } else if same_scheme && same_host && !same_port && a.path() == b.path() {
        "The port differs. Google compares it, also for localhost.".into()
    } else if same_scheme
        && same_host
        && same_port
        && a.path() != b.path()
        && a.path().eq_ignore_ascii_case(b.path())
    {
        "Capital and small letters differ, and to Google they are different.".into()
    } else {
        difference.words
    };
    Some(Difference { words, ..difference })
}

/// Warnings about a Redirect URI that Google would not accept, each with the setting to change.
pub fn warnings(redirect_uri: &str, is_ipv6: bool) -> Vec<String> {
    let set = |rule: &str| format!("{rule}: set MAIL360_PUBLIC_URL to an https address with a public name.");
    let Ok(url) = Url::parse(redirect_uri) else {
        return vec![set("Google does not accept this Redirect URI, because it is not a whole address")];
    };
    let mut warnings = Vec::new();
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !is_local {
        warnings
            .push(set("Google does not accept a Redirect URI that begins with http, except for localhost"));
    }
    match url.host() {
        Some(Host::Domain(name)) if !is_local && !is_public(name) => {
            warnings.push(set("Google does not accept a Redirect URI with a name that is not public"));
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) if !is_local => {
            let kind = if is_ipv6 { "an IPv6 address" } else { "an IP address" };
            warnings.push(set(&format!("Google does not accept {kind} in a Redirect URI")));
        }
        _ => {}
    }
    if url.fragment().is_some() {
        warnings.push(set("Google does not accept a Redirect URI with # in it"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        warnings.push(set("Google does not accept a Redirect URI with a user name in it"));
    }
    if redirect_uri.contains('*') {
        warnings.push(set("Google does not accept a Redirect URI with * in it"));
    }
    if redirect_uri.contains('\\') || redirect_uri.contains("/..") {
        warnings.push(set("Google does not accept a Redirect URI with .. or \\ in its path"));
    }
    warnings
}

/// Whether a name may be public: it has a dot, and none of the ends that local networks use.
fn is_public(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let ends_with =
        |end: &str| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    name.contains('.')
        && !NOT_PUBLIC.into_iter().any(ends_with)
        && !GOOGLES_OWN.into_iter().any(ends_with)
        && !ends_with("localhost")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OURS: &str = "https://mail.example.com/api/connectors";

    #[test]
    fn the_kind_of_difference_is_named() {
        for (theirs, words) in [
            ("http://mail.example.com/api/connectors", "http"),
            ("https://mail.example.com/api/connectors/", "slash at the end"),
            ("https://mail.example.com/api/Connectors", "small letters differ, and to Google"),
            ("https://mail.example.com:8443/api/connectors", "port"),
            ("https://www.mail.example.com/api/connectors", "www."),
            ("https://mail.example.org/api/connectors", "host"),
            ("https://mail.example.com/auth/connectors", "The part after mail.example.com is different"),
            ("https://mail.example.com/api/connectors ", "space"),
            ("https://mail.example.com/api/connectors?x=1", "follows the path"),
            ("mail.example.com", "not a whole address"),
        ] {
            let difference = difference(OURS, theirs).expect("a difference");
            assert!(difference.words.contains(words), "{theirs}: {}", difference.words);
        }
        assert_eq!(difference(OURS, OURS), None);
    }

    /// Unlike Microsoft, Google compares the port of localhost.
    #[test]
    fn the_port_of_localhost_counts() {
        let localhost = difference("http://localhost:3000/api/connectors", "http://localhost/api/connectors");
        assert!(localhost.expect("a difference").words.contains("also for localhost"));
    }

    #[test]
    fn a_redirect_uri_that_google_does_not_take_is_named_before_google_does() {
        for (uri, words) in [
            ("http://mail.example.com/api/connectors", "begins with http"),
            ("https://192.0.2.7/api/connectors", "an IP address"),
            ("https://[2001:db8::7]/api/connectors", "an IPv6 address"),
            ("https://mail/api/connectors", "not public"),
            ("https://mail.contoso.local/api/connectors", "not public"),
            ("https://mail.internal./api/connectors", "not public"),
            ("https://mail.googleusercontent.com/api/connectors", "not public"),
            ("https://mail.example.com/api/connectors#x", "#"),
            ("https://ada@mail.example.com/api/connectors", "user name"),
            ("https://mail.example.com/api/*", "*"),
            ("https://mail.example.com/api/../connectors", ".."),
            ("mail.example.com", "not a whole address"),
        ] {
            let found = warnings(uri, uri.contains('['));
            assert_eq!(found.len(), 1, "{uri}: {found:?}");
            assert!(found[0].contains(words) && found[0].contains("MAIL360_PUBLIC_URL"), "{uri}: {found:?}");
        }
    }

    #[test]
    fn a_public_name_and_this_computer_are_accepted() {
        for uri in [
            OURS,
            "https://mail.example.com:8443/api/connectors",
            "http://localhost:3000/api/connectors",
            "http://127.0.0.1:3000/api/connectors",
            "http://[::1]:3000/api/connectors",
            "https://mylocal.example.com/api/connectors",
        ] {
            assert_eq!(warnings(uri, uri.contains('[')), Vec::<String>::new(), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn up_to_the_difference_both_are_the_same(ours in "[a-c]{0,6}", theirs in "[a-c]{0,6}") {
            match difference(&ours, &theirs) {
                None => prop_assert_eq!(ours, theirs),
                Some(Difference { at, .. }) => {
                    prop_assert_eq!(&ours[..at], &theirs[..at]);
                    prop_assert_ne!(ours.chars().nth(at), theirs.chars().nth(at));
                }
            }
        }

        #[test]
        fn no_address_makes_the_check_panic(uri in "(https?://|\\PC){0,20}") {
            let _ = warnings(&uri, false);
        }
    }
}
