//! Turns the text of a search into what the list looks for. Also writes the words of names that a program of an earlier
//! version has left out.

use super::{super::store::Search, ConnectorService};
use crate::{
    jobs::service::Lease,
    platform::{database::Unscoped, failure::Failure, search::Terms, text},
};

/// Number of connectors whose words one transaction writes.
const AT_ONCE: u64 = 200;

impl ConnectorService {
    /// Writes the words of all connectors whose names a program of an earlier version has written. Each transaction
    /// writes those of some connectors, so others can write in between.
    pub async fn write_missing_words(&self, lease: &Lease) -> Result<(), Failure> {
        // Nearly always there is no such connector. So this looks first, without a transaction.
        let read = self.database.read();
        let mut last = None;
        while let Some(organisation) = Unscoped.next_organisation_without_words(&read, last).await? {
            let store = self.store(organisation);
            loop {
                let written = self
                    .database
                    .write::<_, Failure, _>(async |tx| {
                        lease.hold(&tx).await?;
                        Ok(store.write_missing_words(&tx, AT_ONCE).await?)
                    })
                    .await?;
                if written < AT_ONCE {
                    break;
                }
            }
            last = Some(organisation);
        }
        Ok(())
    }
}

/// Parses a search: names with words that begin with the typed ones, and also client IDs that begin with the text if
/// it has no blank. `None` if the text is empty.
pub fn parse(text: &str) -> Option<Search> {
    // `line` removes NUL, which PostgreSQL would refuse. No name has more than 100 characters.
    let text: String = text::line(text).chars().take(100).collect();
    if text.is_empty() {
        return None;
    }
    let name = text::fold(&text);
    let terms = Terms::parse(&name);
    let plain = text::ascii(&text);
    // An id may be copied with a bracket or quotation mark at only one end.
    let id =
        plain.trim_matches(|c| text::is_quotation_mark(c) || "{}<>()[],; ".contains(c)).to_ascii_lowercase();
    let client_id = (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic())).then_some(id);
    Some(Search { name, terms, client_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words and the beginning of a client ID.
    fn read(text: &str) -> Option<(Vec<String>, Option<String>)> {
        let Search { terms, client_id, .. } = parse(text)?;
        Some((terms.map_or(Vec::new(), |terms| terms.as_slice().to_vec()), client_id))
    }

    #[test]
    fn a_search_is_the_beginnings_of_words_or_that_of_a_client_id() {
        let found = |words: &[&str], id: Option<&str>| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            Some((words, id.map(str::to_owned)))
        };
        assert_eq!(read("  "), None);
        assert_eq!(read("\u{200b}\u{a0}"), None);
        assert_eq!(read(" Mail"), found(&["mail"], Some("mail")));
        assert_eq!(read("Mail arch"), found(&["mail", "arch"], None), "no client ID has a blank");
        assert_eq!(read("{1B4E"), found(&["1b4e"], Some("1b4e")));
        assert_eq!(read("1b4e28ba-2fa1"), found(&["1b4e28ba", "2fa1"], Some("1b4e28ba-2fa1")));
        assert_eq!(
            read("12-ab.apps.example"),
            found(&["example", "apps", "12", "ab"], Some("12-ab.apps.example"))
        );
        assert_eq!(read("Ｓtraße"), found(&["strasse"], None), "as names are compared");
        assert_eq!(read("a\0b"), found(&["ab"], Some("ab")));
        assert_eq!(
            read("\u{feff}Mail\u{ad}\u{a0} \u{3000}archive\u{200b}"),
            found(&["archive", "mail"], None)
        );
        assert_eq!(parse("re\u{301}sume").map(|it| it.name), parse("R\u{c9}SUME").map(|it| it.name));
        assert_eq!(read("“1Ｂ4e–"), found(&["1b4e"], Some("1b4e-")));
        assert_eq!(read("& Co."), found(&["co"], None));
        assert_eq!(read("—"), found(&[], Some("-")));
        assert_eq!(parse("— 📧").map(|it| (it.name, it.terms)), Some(("— 📧".to_owned(), None)));
    }
}
