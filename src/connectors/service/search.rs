//! What is searched, as beginnings of what is compared.

use super::super::store::Prefix;
use crate::platform::text;

/// What a text may be the beginning of: a name, and a client ID where it holds nothing that those do not.
/// None where nothing is searched.
pub fn prefixes(text: &str) -> Option<Vec<Prefix>> {
    // PostgreSQL would refuse a NUL; no name is longer.
    let text: String = text::line(text).chars().take(100).collect();
    if text.is_empty() {
        return None;
    }
    let mut prefixes = vec![Prefix::Name(text::fold(&text))];
    let plain = text::ascii(&text);
    // Of what is copied round an id, only the beginning may be there.
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
