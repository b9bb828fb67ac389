//! Parts of addresses of requests that all providers share: encoded texts, and queries.

use std::fmt::Write;

/// Percent-encodes everything but the unreserved characters (RFC 3986, 2.3).
pub fn encoded(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(written, "%{byte:02X}");
        }
    }
    written
}

/// The query of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(String);

impl Query {
    /// The query with this parameter, which may be there several times. `name` needs no encoding.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&encoded(value));
        self
    }

    /// The path followed by the query.
    pub fn on(&self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    proptest! {
        #[test]
        fn a_value_of_a_query_stays_one_value(value in "\\PC{0,40}", other in "\\PC{0,40}") {
            let path = Query::default().with("q", &value).with("labelIds", &other).on("/messages");
            let url = Url::parse(&format!("https://gmail.example{path}")).expect("a URL");
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, [("q".to_owned(), value), ("labelIds".to_owned(), other)]);
        }
    }
}
