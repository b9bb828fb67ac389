//! What the list says about a search: how many accounts match, and why a page has no row.

use crate::{
    platform::search::Found,
    ui::search_result::{EmptyPage, ListWords},
};

/// Accounts, as the sentence about a search names them.
pub(super) const ACCOUNTS: ListWords =
    ListWords { one: "account", many: "accounts", searched: "emails and names" };

/// Why a page has no row. `None` if the sentence about the search has said so.
pub(super) fn explain_empty_page(
    found: Option<Found>,
    is_first: bool,
    has_next: bool,
) -> Option<&'static str> {
    EmptyPage::of(found, is_first, has_next).map(|why| match why {
        EmptyPage::Changed => "The accounts of this page have just changed or were deleted.",
        EmptyPage::NoneMatches => "No account matches the chosen filters.",
        EmptyPage::NoMore => "There are no more accounts.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::search_result::found_words;

    #[test]
    fn a_search_that_did_not_check_every_account_does_not_claim_to_have_found_all() {
        let words = |found| found_words(found, "alice", ACCOUNTS);
        assert_eq!(words(Found::Exactly(0)), "No account matches “alice”.");
        assert_eq!(words(Found::Exactly(1)), "1 account matches “alice”.");
        assert_eq!(words(Found::Exactly(1_000)), "1,000 accounts match “alice”.");
        assert_eq!(words(Found::MoreThan(1_000)), "More than 1,000 accounts match. Type more letters.");
        for (number, begins) in [
            (0, "Too many emails and names have some of these words."),
            (1, "At least 1 account matches."),
            (1_000, "At least 1,000 accounts match."),
        ] {
            let words = words(Found::AtLeast(number));
            assert!(words.starts_with(begins) && words.ends_with("Type more letters."), "{words}");
        }
    }

    #[test]
    fn a_page_without_rows_says_why() {
        let explain = explain_empty_page;
        assert_eq!(explain(None, true, false), Some("No account matches the chosen filters."));
        assert_eq!(explain(None, false, false), Some("There are no more accounts."));
        assert_eq!(explain(Some(Found::Exactly(0)), true, false), None, "the sentence above says it");
        assert_eq!(
            explain(Some(Found::Exactly(3)), true, false),
            Some("The accounts of this page have just changed or were deleted.")
        );
        assert_eq!(explain(Some(Found::Exactly(3)), false, false), Some("There are no more accounts."));
    }
}
