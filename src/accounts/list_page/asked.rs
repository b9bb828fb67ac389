//! The search, the filters and the page that an address of the list asks for.

use serde::Deserialize;

use crate::{
    accounts::{model::StateFilter, service::AccountFilter},
    connectors::{
        model::list::{Position, SortKey},
        service::ConnectorId,
    },
    platform::{database::word_index::Hit, text},
};

pub(super) const HERE: &str = "/accounts";

/// Maximum number of characters of a search. The page shows no more of a longer text in an address.
pub(super) const LONGEST_SEARCH: usize = 100;

/// The greatest row number that is accepted from an address. No list is that long.
const LAST_ROW: usize = 9_999_999;

/// The query of the page, unchecked.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AccountsQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    connector: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
    /// The number of the page's first row. It is only shown: `after` decides which rows the page has.
    #[serde(default)]
    from: String,
}

/// What the address asks for. Invalid values count as not set.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub search: String,
    pub connector: Option<ConnectorId>,
    pub state: Option<StateFilter>,
    /// The position after which the page begins; `None` for the first page.
    pub after: Option<Hit>,
    pub from: Option<usize>,
}

/// A position as it is in an address.
pub(super) fn position_of(hit: &Hit) -> String {
    Position { key: SortKey::Text(hit.sort_key.clone()), id: hit.id }.to_string()
}

impl Asked {
    pub(super) fn of(query: AccountsQuery) -> Self {
        let after = match query.after.parse() {
            Ok(Position { key: SortKey::Text(sort_key), id }) => Some(Hit { sort_key, id }),
            _ => None,
        };
        Self {
            search: query.search.chars().take(LONGEST_SEARCH).collect(),
            connector: query.connector.parse().ok(),
            state: StateFilter::from_name(&query.state),
            after,
            from: query.from.parse().ok().filter(|from| (2..=LAST_ROW).contains(from)),
        }
    }

    pub(super) const fn filter(&self) -> AccountFilter {
        AccountFilter { connector: self.connector, state: self.state }
    }

    pub(super) fn is_searched(&self) -> bool {
        !text::line(&self.search).is_empty()
    }

    /// Whether it asks for the whole list.
    pub(super) fn is_plain(&self) -> bool {
        !self.is_searched() && self.filter() == AccountFilter::default()
    }

    /// The number of the page's first row, if it is known.
    pub(super) fn first_row(&self) -> Option<usize> {
        if self.after.is_none() { Some(1) } else { self.from }
    }

    /// The address of the first page with this search and these filters.
    pub(super) fn address(&self) -> String {
        self.page_address(None, None)
    }

    /// The address of the page after this one, which has this number of rows.
    pub(super) fn next_address(&self, after: &str, rows: usize) -> String {
        self.page_address(Some(after), self.first_row().map(|from| from + rows))
    }

    fn page_address(&self, after: Option<&str>, from: Option<usize>) -> String {
        let mut address = url::form_urlencoded::Serializer::new(String::new());
        if self.is_searched() {
            address.append_pair("search", &self.search);
        }
        if let Some(connector) = self.connector {
            address.append_pair("connector", &connector.to_string());
        }
        if let Some(state) = self.state {
            address.append_pair("state", state.name());
        }
        if let Some(after) = after {
            address.append_pair("after", after);
        }
        if let Some(from) = from {
            address.append_pair("from", &from.to_string());
        }
        match address.finish() {
            query if query.is_empty() => HERE.to_owned(),
            query => format!("{HERE}?{query}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Asked {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        let mut query = AccountsQuery::default();
        for (name, value) in pairs {
            match &*name {
                "search" => query.search = value.into_owned(),
                "connector" => query.connector = value.into_owned(),
                "state" => query.state = value.into_owned(),
                "after" => query.after = value.into_owned(),
                _ => query.from = value.into_owned(),
            }
        }
        Asked::of(query)
    }

    #[test]
    fn an_address_asks_for_the_same_list_again() {
        let id = "01932b5e-0000-7000-8000-000000000001";
        let asked =
            query(&format!("search=ali&connector={id}&state=needs_sign_in&after={id}-talice&from=26"));
        assert_eq!(asked.address(), format!("/accounts?search=ali&connector={id}&state=needs_sign_in"));
        assert_eq!((asked.first_row(), asked.is_plain()), (Some(26), false));
        let after = position_of(asked.after.as_ref().expect("a position"));
        let next = asked.next_address(&after, 25);
        assert!(next.ends_with(&format!("&after={id}-talice&from=51")), "{next}");
        assert_eq!(query("").address(), "/accounts");
        assert_eq!(query("state=paused").address(), "/accounts?state=paused");
    }

    #[test]
    fn a_value_that_is_none_counts_as_not_set() {
        for wrong in ["state=gone", "connector=1", "after=x", "from=0", "search=+", "after=1-n7"] {
            let asked = query(wrong);
            assert!(asked.is_plain() && asked.after.is_none(), "{wrong}");
            assert_eq!((asked.first_row(), asked.address()), (Some(1), "/accounts".to_owned()), "{wrong}");
        }
        assert_eq!(query(&format!("search={}", "x".repeat(200))).search.len(), LONGEST_SEARCH);
    }
}
