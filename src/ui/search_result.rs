//! What a list says about a search: how many rows match, and why a page has no row.

use leptos::prelude::*;

use crate::{
    platform::{search::Found, text},
    ui::numbers::grouped,
};

/// The rows of a list, in words.
#[derive(Clone, Copy, Debug)]
pub struct ListWords {
    /// Such as `account`.
    pub one: &'static str,
    /// Such as `accounts`.
    pub many: &'static str,
    /// The texts in which the search looks, such as `emails and names`.
    pub searched: &'static str,
}

/// The sentence about the rows that match this text.
pub fn found_words(found: Found, search: &str, list: ListWords) -> String {
    let ListWords { one, many, searched } = list;
    match found {
        Found::Exactly(0) => format!("No {one} matches “{search}”."),
        Found::Exactly(1) => format!("1 {one} matches “{search}”."),
        Found::Exactly(number) => format!("{} {many} match “{search}”.", grouped(number)),
        Found::AtLeast(0) => format!("Too many {searched} have some of these words. Type more letters."),
        Found::AtLeast(number) => {
            let rows = if number == 1 { format!("{one} matches") } else { format!("{many} match") };
            let number = grouped(number);
            format!(
                "At least {number} {rows}. Too many {searched} have some of these words. Type more letters."
            )
        }
        Found::MoreThan(number) => format!("More than {} {many} match. Type more letters.", grouped(number)),
    }
}

/// Why a page has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyPage {
    /// The search has found rows for this page, which have changed or are gone since then.
    Changed,
    /// The first page without a search: no row passes the filters.
    NoneMatches,
    /// A page after the last row.
    NoMore,
}

impl EmptyPage {
    /// `None` if the sentence about the search has said so.
    pub const fn of(found: Option<Found>, is_first: bool, has_next: bool) -> Option<Self> {
        match found {
            Some(Found::Exactly(0) | Found::AtLeast(0)) if is_first => None,
            Some(_) if is_first || has_next => Some(Self::Changed),
            None if is_first => Some(Self::NoneMatches),
            _ => Some(Self::NoMore),
        }
    }
}

/// The number of rows that match the search, and the link that clears the search.
#[component]
pub fn SearchResult(
    found: Found,
    search: String,
    list: ListWords,
    /// The address of the list without the search.
    all: String,
) -> impl IntoView {
    let words = found_words(found, &text::line(&search), list);
    view! {
        <p class="found">
            <bdi>{words}</bdi> " " <a href=all>"Clear the search"</a>
        </p>
    }
}
