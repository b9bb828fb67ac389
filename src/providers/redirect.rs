//! Compares the Redirect URI of this program with another one, character by character, as providers do.

/// The first difference of two Redirect URIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of characters at the beginning that both have in common.
    pub at: usize,
    /// The difference in words.
    pub words: &'static str,
}

/// The first difference of our Redirect URI and another one; `None` if both are identical.
pub fn difference(ours: &str, theirs: &str) -> Option<Difference> {
    if ours == theirs {
        return None;
    }
    let at = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let words = match (url::Url::parse(ours), url::Url::parse(theirs)) {
        _ if theirs.trim() == ours => "There is a space too many.",
        _ if theirs.strip_suffix('/') == Some(ours) => {
            "There is a slash at the end which this program does not send."
        }
        (Ok(a), Ok(b)) if a.scheme() != b.scheme() => "One begins with https, the other with http.",
        (Ok(a), Ok(b)) if a.host_str() != b.host_str() => "The host differs.",
        (Ok(a), Ok(b)) if a.port_or_known_default() != b.port_or_known_default() => "The port differs.",
        (Ok(a), Ok(b)) if a.path() != b.path() && a.path().eq_ignore_ascii_case(b.path()) => {
            "Capital and small letters differ, and to providers they are different."
        }
        (Ok(a), Ok(b)) if a.path() != b.path() => "What follows the host is another path.",
        (Ok(_), Ok(_)) => "Something is written in another way, or follows the path.",
        _ => "The Redirect URI is not a whole address.",
    };
    Some(Difference { at, words })
}
