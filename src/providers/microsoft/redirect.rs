//! Microsoft's rules for Redirect URIs: how it compares them, and which it accepts. Microsoft compares them character
//! by character (reply-url), and its own error page says only that they do not match (AADSTS50011).

use std::borrow::Cow;

use url::Url;

use crate::providers::redirect::{self, Difference};

/// The longest Redirect URI that Microsoft accepts (reply-url).
const LONGEST: usize = 256;
/// Characters that Microsoft refuses in a Redirect URI (reply-url).
const REFUSED: &str = "!$'(),;";

/// The first difference of our Redirect URI and another one; `None` if both are identical.
pub fn difference(ours: &str, theirs: &str) -> Option<Difference> {
    let difference = redirect::difference(ours, theirs)?;
    let (Ok(a), Ok(b)) = (Url::parse(ours), Url::parse(theirs)) else {
        return Some(difference);
    };
    let same_host = a.scheme() == b.scheme() && a.host_str() == b.host_str();
    let same_port = a.port_or_known_default() == b.port_or_known_default();
    let is_local = a.scheme() == "http" && a.host_str() == Some("localhost");
    let words: Cow<'static, str> = if same_host && !same_port && is_local && a.path() == b.path() {
        "Only the port differs. For localhost Microsoft ignores the port, so the port is not the cause."
            .into()
    } else if same_host && same_port && a.path() != b.path() && a.path().eq_ignore_ascii_case(b.path()) {
        "Capital and small letters differ, and to Microsoft they are different.".into()
    } else {
        difference.words
    };
    Some(Difference { words, ..difference })
}

/// Warnings about a Redirect URI that Microsoft would not accept, each with the setting to change.
pub fn warnings(redirect_uri: &str, is_ipv6: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if redirect_uri.len() > LONGEST {
        warnings.push(format!(
            "The Redirect URI has {} characters, and Microsoft accepts {LONGEST}: set MAIL360_PUBLIC_URL to a \
             shorter name.",
            redirect_uri.len()
        ));
    }
    if let Some(sign) = redirect_uri.chars().find(|sign| REFUSED.contains(*sign)) {
        warnings.push(format!(
            "Microsoft refuses a Redirect URI with the character {sign} in it: set MAIL360_PUBLIC_URL to a name \
             without it."
        ));
    }
    if is_ipv6 {
        warnings.push(
            "Microsoft does not accept an IPv6 address in a Redirect URI: set MAIL360_PUBLIC_URL to a name."
                .to_owned(),
        );
    }
    warnings
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
            ("https://mail.example.com/api/Connectors", "small letters differ, and to Microsoft"),
            ("https://mail.example.com:8443/api/connectors", "port"),
            ("https://www.example.com/api/connectors", "host"),
            ("https://mail.example.com/auth/connectors", "The part after mail.example.com is different"),
            ("https://mail.example.com/api/connectors ", "space"),
            ("https://mail.example.com/api/connectors?x=1", "follows the path"),
            ("mail.example.com", "not a whole address"),
        ] {
            let difference = difference(OURS, theirs).expect("a difference");
            assert!(difference.words.contains(words), "{theirs}: {}", difference.words);
        }
        assert_eq!(difference(OURS, OURS), None);
        let localhost = difference("http://localhost:3000/api/connectors", "http://localhost/api/connectors");
        assert!(localhost.expect("a difference").words.contains("so the port is not the cause"));
    }

    #[test]
    fn a_redirect_uri_that_microsoft_does_not_take_is_named_before_microsoft_does() {
        let long = format!("https://{}.example.com/api/connectors", vec!["a".repeat(60); 4].join("."));
        assert!(warnings(&long, false)[0].contains("characters"), "{:?}", warnings(&long, false));
        let sign = warnings("https://mail(1).example.com/api/connectors", false);
        assert!(sign[0].contains("the character ("), "{sign:?}");
        assert!(warnings("https://[::1]:3000/api/connectors", true)[0].contains("IPv6"));
        assert_eq!(warnings(OURS, false), Vec::<String>::new());
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
    }
}
