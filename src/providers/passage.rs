//! Which parts of a provider's API raw calls may reach: addresses that the provider's module gives, and nothing that a
//! caller sends.

/// What raw calls to a provider may reach, and where its answers name further pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// The base of the API for programs that get the access token, without a slash at its end; `None` if raw calls reach
    /// nothing.
    pub api_base: Option<String>,
    /// The parts of the API. None of them begins with another one.
    pub parts: Vec<PassagePart>,
    /// The ends of the keys in JSON answers whose values are addresses of further pages.
    pub link_keys: &'static [&'static str],
    /// The last segments of paths whose answers are content of any length.
    pub downloads: &'static [&'static str],
    /// The last but one segments of paths whose answers are long, although they are no content: JSON that holds an
    /// attachment. The last segment is an id.
    pub long_answers: &'static [&'static str],
    /// The last segments of paths at which one request holds several.
    pub batches: &'static [&'static str],
    /// Maximum number of requests that one of them holds.
    pub max_in_batch: u8,
}

/// A part of a provider's API that raw calls may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassagePart {
    /// How the path of a raw call begins: whole segments with a slash at the end, or segments without it. Those may be
    /// followed by a slash, or by a colon and the name of a custom method, such as `:batchGet`.
    pub prefix: &'static str,
    /// The address that replaces this beginning. It has no query, and ends with a slash if the beginning does.
    pub address: String,
}

impl PassagePart {
    /// What follows the beginning of this part in the path of a raw call; `None` if the path is not of this part.
    pub fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let below = path.strip_prefix(self.prefix)?;
        let is_whole = self.prefix.ends_with('/') || below.is_empty() || below.starts_with(['/', ':']);
        is_whole.then_some(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_begins_at_a_whole_segment_or_at_a_custom_method() {
        let part = |prefix| PassagePart { prefix, address: String::new() };
        for (prefix, path, below) in [
            ("v1.0/", "v1.0/me", Some("me")),
            ("v1.0/", "v1.0", None),
            ("v1/people", "v1/people:batchGet", Some(":batchGet")),
            ("v1/people", "v1/people/me/connections", Some("/me/connections")),
            ("v1/people", "v1/people", Some("")),
            ("v1/people", "v1/peopleX/me", None),
            ("v1/people", "v1/people%3AbatchGet", None),
            ("v1/people", "v1/people@evil.example", None),
            ("v1/people", "x/v1/people", None),
        ] {
            assert_eq!(part(prefix).below(path), below, "{prefix} {path}");
        }
    }
}
