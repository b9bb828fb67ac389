//! The path that the browser goes to after a log-in or a re-authentication.

use serde::Deserialize;

/// The `next` parameter of a query or a form.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    /// The path, not checked yet.
    #[serde(default)]
    pub next: String,
}

/// The text as a path of this program. Open redirect: it refuses everything that a browser could take for
/// another site, such as a scheme, a second slash or backslash at the beginning, or an encoding in the path.
pub fn own_path(text: &str) -> Option<&str> {
    let in_path = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    let in_query = |c: char| in_path(c) || "%=&+*".contains(c);
    let rest = text.strip_prefix('/').filter(|rest| !rest.starts_with('/'))?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (path.chars().all(in_path) && query.chars().all(in_query) && text.len() <= 500).then_some(text)
}

/// Appends the parameter `next` to the path of a page, if `next` is a path of this program.
pub fn append_next(page: &str, next: &str) -> String {
    let Some(next) = own_path(next) else { return page.to_owned() };
    if !next.contains('?') {
        // Unencoded, because people read URLs too.
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
    fn o9_the_browser_only_returns_to_a_path_of_this_program() {
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
    fn a_path_with_a_query_survives_as_a_query_parameter() {
        let next = "/connectors?search=a%20b&sort=expiry";
        let login =
            url::Url::parse("https://mail.example.com").expect("a base").join(&append_next("/login", next));
        let pairs: Vec<_> = login.expect("an address").query_pairs().into_owned().collect();
        assert_eq!(pairs, [("next".to_owned(), next.to_owned())]);
        assert_eq!(append_next("/login", "/profile"), "/login?next=/profile");
        assert_eq!(append_next("/login", "//evil.example"), "/login");
    }
}
