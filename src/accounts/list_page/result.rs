//! What the list says about a search: how many accounts match, and why a page has no row.

use leptos::prelude::*;

use super::asked::Asked;
use crate::{
    platform::{search::Found, text},
    ui::numbers::grouped,
};

/// The sentence about the accounts that match this text.
fn words(found: Found, search: &str) -> String {
    match found {
        Found::Exactly(0) => format!("No account matches “{search}”."),
        Found::Exactly(1) => format!("1 account matches “{search}”."),
        Found::Exactly(number) => format!("{} accounts match “{search}”.", grouped(number)),
        Found::AtLeast(0) => {
            "Too many emails and names have some of these words. Type more letters.".to_owned()
        }
        Found::AtLeast(number) => {
            let accounts = if number == 1 { "account matches" } else { "accounts match" };
            let number = grouped(number);
            format!(
                "At least {number} {accounts}. Too many emails and names have some of these words. Type more letters."
            )
        }
        Found::MoreThan(number) => {
            format!("More than {} accounts match. Type more letters.", grouped(number))
        }
    }
}

/// Why a page has no row. `None` if the sentence about the search has said so.
pub(super) const fn explain_empty_page(
    found: Option<Found>,
    is_first: bool,
    has_next: bool,
) -> Option<&'static str> {
    match found {
        Some(Found::Exactly(0) | Found::AtLeast(0)) if is_first => None,
        // The search has found accounts for this page, which are gone since.
        Some(_) if is_first || has_next => {
            Some("The accounts of this page have just changed or were deleted.")
        }
        None if is_first => Some("No account matches the chosen filters."),
        _ => Some("There are no more accounts."),
    }
}

/// The number of accounts that match the search, and the link that clears the search.
#[component]
pub(super) fn SearchResult(found: Found, asked: Asked) -> impl IntoView {
    let words = words(found, &text::line(&asked.search));
    let all = Asked { search: String::new(), ..asked }.address();
    view! {
        <p class="found">
            <bdi>{words}</bdi> " " <a href=all>"Clear the search"</a>
        </p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_did_not_check_every_account_does_not_claim_to_have_found_all() {
        let words = |found| words(found, "alice");
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
