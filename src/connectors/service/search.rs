//! What is searched, as beginnings of what is compared.

use super::{super::store::Prefix, typed::fold};

/// What a text may be the beginning of: a name, and a client ID where it holds nothing that those do not.
/// None where nothing is searched.
pub fn prefixes(text: &str) -> Option<Vec<Prefix>> {
    // PostgreSQL would refuse a NUL; of the rest no name is longer.
    let text: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let mut prefixes = vec![Prefix::Name(fold(text))];
    let id = text.trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
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
    }
}
