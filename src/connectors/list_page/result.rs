//! The text of the list about a search: how many connectors match, and why a page has no row.

use leptos::prelude::*;

use super::ListQuery;
use crate::{connectors::model::list::Found, platform::text, ui::numbers::grouped};

/// The sentence about the connectors that match this text.
fn words(found: Found, search: &str) -> String {
    match found {
        Found::Exactly(0) => format!("No connector matches “{search}”."),
        Found::Exactly(1) => format!("1 connector matches “{search}”."),
        Found::Exactly(number) => format!("{} connectors match “{search}”.", grouped(number)),
        Found::AtLeast(0) => "Too many names have some of these words. Type more letters.".to_owned(),
        Found::AtLeast(1) => {
            "At least 1 connector matches. Too many names have some of these words. Type more letters."
                .to_owned()
        }
        Found::AtLeast(number) => format!(
            "At least {} connectors match. Too many names have some of these words. Type more letters.",
            grouped(number)
        ),
        Found::MoreThan(number) => {
            format!("More than {} connectors match. Type more letters.", grouped(number))
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
        // The search has found connectors for this page, which have another name now or are gone.
        Some(_) if is_first || has_next => {
            Some("The connectors of this page have just been renamed or deleted.")
        }
        _ => Some("There are no more connectors."),
    }
}

/// The number of connectors that match the search, and the link that clears the search.
#[component]
pub(super) fn SearchResult(found: Found, asked: ListQuery) -> impl IntoView {
    let words = words(found, &text::line(&asked.search));
    let all = ListQuery { search: String::new(), ..asked }.address(None);
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
    fn a_search_that_did_not_check_every_name_does_not_claim_to_have_found_all() {
        let words = |found| words(found, "mail eu");
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
