//! Turns the text of a search into prefixes of the columns that the list compares.

use super::super::store::Prefix;
use crate::platform::text;

/// The prefixes to search for: of a name, and also of a client ID if the text has only characters of GUIDs. `None`
/// if the text is empty.
pub fn prefixes(text: &str) -> Option<Vec<Prefix>> {
    // `line` removes NUL, which PostgreSQL would refuse. No name has more than 100 characters.
    let text: String = text::line(text).chars().take(100).collect();
    if text.is_empty() {
        return None;
    }
    let mut prefixes = vec![Prefix::Name(text::fold(&text))];
    let plain = text::ascii(&text);
    // An id may be copied with a bracket or quotation mark at only one end.
    let id =
        plain.trim_matches(|c| text::is_quotation_mark(c) || "{}<>()[],; ".contains(c)).to_ascii_lowercase();
    if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        prefixes.push(Prefix::ClientId(id));
    }
    Some(prefixes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_the_beginning_of_a_name_or_of_a_client_id() {
        let name = |text: &str| Prefix::Name(text.to_owned());
        let id = |text: &str| Prefix::ClientId(text.to_owned());
        assert_eq!(prefixes("  "), None);
        assert_eq!(prefixes(" Mail"), Some(vec![name("mail")]));
        assert_eq!(prefixes("{1B4E"), Some(vec![name("{1b4e"), id("1b4e")]));
        assert_eq!(prefixes("face"), Some(vec![name("face"), id("face")]));
        assert_eq!(prefixes("Ｓtraße"), Some(vec![name("strasse")]), "as names are compared");
        assert_eq!(prefixes("a\0b"), Some(vec![name("ab"), id("ab")]));
        assert_eq!(prefixes("\u{200b}\u{a0}"), None);
        assert_eq!(
            prefixes("\u{feff}Mail\u{ad}\u{a0} \u{3000}archive\u{200b}"),
            Some(vec![name("mail archive")])
        );
        assert_eq!(prefixes("re\u{301}sume"), prefixes("R\u{c9}SUME"), "however it is composed");
        assert_eq!(prefixes("“1Ｂ4e–"), Some(vec![name("“1b4e–"), id("1b4e-")]));
    }
}
