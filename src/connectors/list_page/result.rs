//! The text of the list about a search: how many connectors match, and why a page has no row.

use crate::{
    connectors::model::list::Found,
    ui::search_result::{EmptyPage, ListWords},
};

/// Connectors, as the sentence about a search names them.
pub(super) const CONNECTORS: ListWords =
    ListWords { one: "connector", many: "connectors", searched: "names" };

/// Why a page has no row. `None` if the sentence about the search has said so.
pub(super) fn explain_empty_page(
    found: Option<Found>,
    is_first: bool,
    has_next: bool,
) -> Option<&'static str> {
    EmptyPage::of(found, is_first, has_next).map(|why| match why {
        EmptyPage::Changed => "The connectors of this page have just been renamed or deleted.",
        EmptyPage::NoneMatches | EmptyPage::NoMore => "There are no more connectors.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::search_result::found_words;

    #[test]
    fn a_search_that_did_not_check_every_name_does_not_claim_to_have_found_all() {
        let words = |found| found_words(found, "mail eu", CONNECTORS);
        assert_eq!(words(Found::Exactly(0)), "No connector matches “mail eu”.");
        assert_eq!(words(Found::Exactly(1)), "1 connector matches “mail eu”.");
        assert_eq!(words(Found::Exactly(1_000)), "1,000 connectors match “mail eu”.");
        assert_eq!(words(Found::MoreThan(1_000)), "More than 1,000 connectors match. Type more letters.");
        for (number, begins) in [
            (0, "Too many names have some of these words."),
            (1, "At least 1 connector matches."),
            (1_000, "At least 1,000 connectors match."),
        ] {
            let words = words(Found::AtLeast(number));
            assert!(words.starts_with(begins), "{words}");
            assert!(words.ends_with("Type more letters.") && !words.contains("More than"), "{words}");
        }
    }

    #[test]
    fn a_page_without_rows_says_whether_there_are_more() {
        let renamed = Some("The connectors of this page have just been renamed or deleted.");
        let no_more = Some("There are no more connectors.");
        let explain = explain_empty_page;
        for nothing in [Found::Exactly(0), Found::AtLeast(0)] {
            assert_eq!(explain(Some(nothing), true, false), None, "the sentence above says it");
            assert_eq!(explain(Some(nothing), false, false), no_more);
        }
        for found in [Found::Exactly(400), Found::AtLeast(1), Found::MoreThan(1_000)] {
            assert_eq!(explain(Some(found), true, true), renamed);
            assert_eq!(explain(Some(found), true, false), renamed);
            assert_eq!(explain(Some(found), false, true), renamed);
            assert_eq!(explain(Some(found), false, false), no_more);
        }
        assert_eq!(explain(None, false, false), no_more);
    }
}
