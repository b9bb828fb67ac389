//! Where to go after a log-in or a confirmation.

use serde::Deserialize;

/// Where that is, as an address or a form says it.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    /// The address.
    #[serde(default)]
    pub next: String,
}

/// An address of ours, and nothing that a browser could take for another place (an open redirect): no scheme,
/// no second slash or backslash at its beginning, no encoding in the path.
pub fn own_path(text: &str) -> Option<&str> {
    let in_path = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    let in_query = |c: char| in_path(c) || "%=&+*".contains(c);
    let rest = text.strip_prefix('/').filter(|rest| !rest.starts_with('/'))?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (path.chars().all(in_path) && query.chars().all(in_query) && text.len() <= 500).then_some(text)
}

/// A page of ours that goes on to `next`, if that is an address of ours.
pub fn with_next(page: &str, next: &str) -> String {
    let Some(next) = own_path(next) else { return page.to_owned() };
    if !next.contains('?') {
        // As it is, for people read addresses too.
        return format!("{page}?next={next}");
    }
    let mut query = url::form_urlencoded::Serializer::for_suffix(format!("{page}?"), page.len() + 1);
    query.append_pair("next", next);
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o9_only_an_address_of_ours_is_come_back_to() {
        for own in ["/sign-ins/01932", "/connectors?search=a%20b&sort=expiry", "/"] {
            assert_eq!(own_path(own), Some(own));
        }
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https:evil.example",
            "/%09/evil.example",
            "/a@evil.example",
            "/a\r\nSet-Cookie: a=b",
            "evil",
            "/a?b=https://evil.example",
            "/a?b=c\r\nd",
            "/a b",
            "/a#b",
        ] {
            assert_eq!(own_path(foreign), None, "{foreign:?} was accepted");
        }
    }

    #[test]
    fn an_address_with_a_query_comes_whole_through_another_ones_query() {
        let next = "/connectors?search=a%20b&sort=expiry";
        let login =
            url::Url::parse("https://mail.example.com").expect("a base").join(&with_next("/login", next));
        let pairs: Vec<_> = login.expect("an address").query_pairs().into_owned().collect();
        assert_eq!(pairs, [("next".to_owned(), next.to_owned())]);
        assert_eq!(with_next("/login", "/profile"), "/login?next=/profile");
        assert_eq!(with_next("/login", "//evil.example"), "/login");
    }
}
