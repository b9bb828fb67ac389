//! Parses and compares return addresses. An address of the list allows itself and the addresses below it: scheme, host
//! and port must be equal, and the segments of its path must be the first segments of the other path.
//!
//! Browsers and servers read addresses in different ways. What they may read differently is refused here: dot segments
//! and slashes in any encoding, backslashes, user information, fragments, and control characters.

use url::{Url, form_urlencoded};

use crate::platform::text;

/// Maximum number of bytes of an address.
pub const MAX_LENGTH: usize = 2_048;

/// The parameters that we add to a return address.
pub const OURS: [&str; 9] =
    ["status", "account_key", "error", "state", "link", "ts", "kid", "signature", "confirm"];

/// Hosts that people reach on their own computer, where no certificate is possible.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressProblem {
    /// It is no complete address, or has another scheme than https.
    Incomplete,
    /// It is longer than [`MAX_LENGTH`].
    TooLong,
    /// It has http and another host than localhost.
    NotSecure,
    /// It has a user name or a password.
    UserInformation,
    Fragment,
    /// It has a backslash, a blank, or a character that cannot be seen.
    Characters,
    /// A segment of its path is `.` or `..`, or contains an encoded slash or control character.
    Path,
    /// Its query has one of [`OURS`].
    OurName,
    /// An address of the list has a query.
    Query,
}

impl AddressProblem {
    /// What to change.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Incomplete => "Enter a complete address, such as https://crm.example.com/mailboxes.",
            Self::TooLong => "Enter an address of at most 2,048 bytes.",
            Self::NotSecure => "Enter an address that begins with https. Only localhost may have http.",
            Self::UserInformation => "Enter the address without a user name and a password.",
            Self::Fragment => "Enter the address without the # and what follows it.",
            Self::Characters => "Enter the address without backslashes, blanks and invisible characters.",
            Self::Path => "Enter the address without . and .. between slashes, and without encoded slashes.",
            Self::OurName => {
                "Enter the address without these parameters, which are added to it: status, account_key, error, state, \
                 link, ts, kid, signature and confirm."
            }
            Self::Query => "Enter the address without the question mark and what follows it.",
        }
    }
}

/// A parsed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    url: Url,
    /// The segments of the path, without an empty one at the end.
    segments: Vec<String>,
}

impl Address {
    /// Parses an address that a link names. It may have a query.
    ///
    /// # Errors
    /// [`AddressProblem`].
    pub fn parse(text: &str) -> Result<Self, AddressProblem> {
        if text.len() > MAX_LENGTH {
            return Err(AddressProblem::TooLong);
        }
        // The parser of addresses removes some of them without an error, and reads a backslash as a slash.
        let is_refused = |c: char| c == '\\' || c.is_control() || text::is_blank(c) || text::is_hidden(c);
        if text.contains(is_refused) {
            return Err(AddressProblem::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressProblem::Incomplete)?;
        let url = Url::parse(text).map_err(|_| AddressProblem::Incomplete)?;
        if !["https", "http"].contains(&url.scheme()) || !scheme.eq_ignore_ascii_case(url.scheme()) {
            return Err(AddressProblem::Incomplete);
        }
        if text.contains('#') {
            return Err(AddressProblem::Fragment);
        }
        let (before_query, _) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = before_query.split_once('/').unwrap_or((before_query, ""));
        if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
            return Err(AddressProblem::UserInformation);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(AddressProblem::Incomplete)?;
        if url.scheme() == "http" && !LOCAL.contains(&host) {
            return Err(AddressProblem::NotSecure);
        }
        if path.split('/').any(is_refused_segment) {
            return Err(AddressProblem::Path);
        }
        let query = url.query().unwrap_or_default();
        let is_ours = |name: &str| OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name));
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_ours(&name)) {
            return Err(AddressProblem::OurName);
        }
        let segments = url.path_segments().into_iter().flatten().map(str::to_owned);
        let mut segments: Vec<_> = segments.collect();
        if segments.last().is_some_and(String::is_empty) {
            segments.pop();
        }
        Ok(Self { url, segments })
    }

    /// Parses an address of the list. It has no query.
    ///
    /// # Errors
    /// [`AddressProblem`].
    pub fn parse_entry(text: &str) -> Result<Self, AddressProblem> {
        let address = Self::parse(text)?;
        if address.url.query().is_some() { Err(AddressProblem::Query) } else { Ok(address) }
    }

    /// Whether a link may name the other address, if this one is in the list.
    pub fn allows(&self, other: &Self) -> bool {
        self.url.scheme() == other.url.scheme()
            && self.url.host_str() == other.url.host_str()
            && self.url.port_or_known_default() == other.url.port_or_known_default()
            && other.segments.starts_with(&self.segments)
    }

    /// Number of segments of its path.
    pub fn depth(&self) -> usize {
        self.segments.len()
    }

    /// The host, with its port unless it is the default one.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The address with these parameters after its own.
    pub fn with_parameters(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }
}

/// Whether a segment of a path, as it was written, may be read as something other than one segment.
fn is_refused_segment(segment: &str) -> bool {
    let decoded = text::percent_decode(segment);
    [".", ".."].contains(&decoded.as_str())
        || decoded.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(entry: &str, given: &str) -> bool {
        let entry = Address::parse_entry(entry).expect("an address of the list");
        entry.allows(&Address::parse(given).expect("an address"))
    }

    #[test]
    fn an_address_allows_itself_and_what_is_below_it_by_whole_segments() {
        let entry = "https://crm.example.com/mailboxes";
        for given in [
            entry,
            "https://crm.example.com/mailboxes/",
            "https://CRM.example.com:443/mailboxes",
            "https://crm.example.com/mailboxes/7/done?tab=2",
            "https://crm.example.com/mailboxes?tab=2&status_of=x",
        ] {
            assert!(allows(entry, given), "{given}");
        }
        for given in [
            "https://crm.example.com/",
            "https://crm.example.com/mailboxes2",
            "https://crm.example.com/mailbox",
            "https://crm.example.com/Mailboxes",
            "https://crm.example.com//mailboxes",
            "https://crm.example.com/x/mailboxes",
            "https://crm.example.com:8443/mailboxes",
            "https://crm.example.com.evil.example/mailboxes",
            "https://crm.example.com./mailboxes",
            "https://evil.example/mailboxes",
        ] {
            assert!(!allows(entry, given), "{given}");
        }
        assert!(allows("https://crm.example.com", "https://crm.example.com/any/page"));
        assert!(!allows("http://localhost:3000/a", "http://localhost:3001/a"));
        assert!(!allows("http://localhost/a", "https://localhost/a"));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        use AddressProblem::{
            Characters, Fragment, Incomplete, NotSecure, OurName, Path, TooLong, UserInformation,
        };
        for (given, problem) in [
            ("", Incomplete),
            ("crm.example.com/a", Incomplete),
            ("//crm.example.com/a", Incomplete),
            ("https:/crm.example.com/a", Incomplete),
            ("javascript:alert(1)", Incomplete),
            ("javascript://crm.example.com/%0aalert(1)", Incomplete),
            ("https://", Incomplete),
            ("http://crm.example.com/a", NotSecure),
            ("http://localhost.evil.example/a", NotSecure),
            ("https://crm.example.com@evil.example/a", UserInformation),
            ("https://:@evil.example/a", UserInformation),
            ("https://@evil.example/a", UserInformation),
            ("https://crm.example.com/a#b", Fragment),
            ("https://crm.example.com/a#", Fragment),
            ("https://crm.example.com\\@evil.example/a", Characters),
            ("https://crm.example.com/a\\b", Characters),
            ("https://crm.example.com/a b", Characters),
            ("https://crm.example.com/a\nb", Characters),
            ("https://crm.example.com/a\0b", Characters),
            ("https://crm.example.com/\u{202e}a", Characters),
            ("https://crm.example.com/a/../b", Path),
            ("https://crm.example.com/a/./b", Path),
            ("https://crm.example.com/a/%2e%2E/b", Path),
            ("https://crm.example.com/a/.%2e", Path),
            ("https://crm.example.com/a%2Fb", Path),
            ("https://crm.example.com/a%5cb", Path),
            ("https://crm.example.com/a%00b", Path),
            ("https://crm.example.com/a?state=1", OurName),
            ("https://crm.example.com/a?x=1&Signature=2", OurName),
            ("https://crm.example.com/a?%73tatus=1", OurName),
            (&format!("https://crm.example.com/{}", "a".repeat(MAX_LENGTH)), TooLong),
        ] {
            assert_eq!(Address::parse(given), Err(problem), "{given:.80?}");
        }
        assert_eq!(Address::parse_entry("https://crm.example.com/a?x=1"), Err(AddressProblem::Query));
        for given in
            ["http://localhost:3000/a", "http://127.0.0.1/a", "http://[::1]:8080", "https://a.test?x=.."]
        {
            assert!(Address::parse(given).is_ok(), "{given}");
        }
    }

    #[test]
    fn every_parameter_that_is_added_is_refused_and_named() {
        let words = AddressProblem::OurName.words();
        for name in OURS {
            let given = format!("https://crm.example.com/a?{name}=1");
            assert_eq!(Address::parse(&given), Err(AddressProblem::OurName), "{name}");
            assert!(words.contains(name), "{name}");
        }
    }

    #[test]
    fn parameters_follow_those_of_the_application() {
        let given = Address::parse("https://crm.example.com/a?x=1").expect("an address");
        let with = given.with_parameters(&[("status", "failed"), ("state", "a b&c")]);
        assert_eq!(with, "https://crm.example.com/a?x=1&status=failed&state=a+b%26c");
        assert_eq!(given.host(), "crm.example.com");
    }

    proptest! {
        #[test]
        fn an_allowed_address_has_the_host_and_the_first_segments_of_the_entry(
            rest in "(/|%2e|%2F|\\.|\\\\|@|:|a|b|\\?|#|&| |%|;){0,12}",
        ) {
            let entry = Address::parse_entry("https://crm.example.com/a").expect("an address");
            if let Ok(given) = Address::parse(&format!("https://crm.example.com/a{rest}"))
                && entry.allows(&given)
            {
                prop_assert_eq!(given.url.host_str(), Some("crm.example.com"));
                prop_assert!(given.url.path() == "/a" || given.url.path().starts_with("/a/"), "{}", given.url);
            }
        }
    }
}
