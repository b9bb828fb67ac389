//! Which parts of a provider's API raw calls may reach: addresses that the provider's module gives, and nothing that a
//! caller sends.

/// What raw calls to a provider may reach, and where its answers name further pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// The parts of the API. None of them begins with another one.
    pub parts: Vec<PassagePart>,
    /// The ends of the keys in JSON answers whose values are addresses of further pages.
    pub link_keys: &'static [&'static str],
    /// The last segments of paths whose answers are content of any length.
    pub downloads: &'static [&'static str],
    /// The last segments of paths at which one request holds several.
    pub batches: &'static [&'static str],
    /// Maximum number of requests that one of them holds.
    pub max_in_batch: u8,
}

/// A part of a provider's API that raw calls may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassagePart {
    /// How the path of a raw call begins. It ends with a slash.
    pub prefix: &'static str,
    /// The address that replaces this beginning. It has no query, and ends with a slash.
    pub address: String,
}

impl Passage {
    /// The base of the provider's API, without a slash at its end; `None` if raw calls reach nothing.
    pub fn api_base(&self) -> Option<&str> {
        self.parts.first().map(|part| part.address.trim_end_matches('/'))
    }
}
