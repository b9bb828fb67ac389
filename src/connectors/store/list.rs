//! The queries of the list of connectors, page by page: the whole list in one of four orders, or the results of a
//! search.

mod due;

use std::collections::{HashMap, HashSet};

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use super::{
    Connectors,
    listed::{Listed, ListedRow},
    row,
    words::WORDS,
};
use crate::{
    connectors::model::{
        ConnectorState, ExpiryDate, FailureReason,
        list::{Expiring, Found, Order, Position, SortKey},
    },
    platform::{
        database::{
            DatabaseError, Queries,
            word_index::{Hit, Matches},
        },
        search::{MAX_FOUND, Terms, after_all},
    },
};

/// The parsed text of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The whole text, in the form in which names are compared. If it contains no words, the search finds names that
    /// begin with it.
    pub name: String,
    /// The words of the text.
    pub terms: Option<Terms>,
    /// The text as the beginning of a client ID; `None` if no client ID can begin with it.
    pub client_id: Option<String>,
}

/// The part of the list that a page shows.
#[derive(Clone, Copy, Debug)]
pub struct ListRequest<'a> {
    /// `None` for the whole list.
    pub search: Option<&'a Search>,
    /// The order of the whole list. The results of a search are always ordered by name.
    pub order: Order,
    /// The position after which the page begins.
    pub after: Option<&'a Position>,
    /// Maximum number of connectors on the page.
    pub limit: usize,
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Page {
    pub connectors: Vec<Listed>,
    /// The position at which the next page begins, if there is one. A search may have found its last connector under an
    /// earlier name, which the connector no longer has.
    pub next: Option<Position>,
    /// The number of connectors that the search has found; `None` for the whole list.
    pub found: Option<Found>,
    /// The numbers of secrets that have expired or expire soon, if the caller asked for them.
    pub expiring: Expiring,
}

const fn column(order: Order) -> row::Column {
    match order {
        Order::Name => row::Column::NameKey,
        Order::State => row::Column::State,
        Order::Expiry => row::Column::ExpiryKey,
        Order::Added => row::Column::CreatedAt,
    }
}

fn value(key: &SortKey) -> Value {
    match key {
        SortKey::Text(text) => text.as_str().into(),
        SortKey::Time(time) => (*time).into(),
    }
}

impl Listed {
    pub fn position(&self, order: Order) -> Position {
        let key = match order {
            Order::Name => SortKey::Text(self.name_key.clone()),
            Order::State => SortKey::Text(self.state.name().to_owned()),
            Order::Expiry => SortKey::Text(self.expiry_key()),
            Order::Added => SortKey::Time(self.created_at.micros()),
        };
        Position { key, id: self.id.0 }
    }
}

impl Connectors<'_> {
    /// All connectors in this order after this position. The query follows an index, so with a limit it reads only
    /// the rows of the page.
    fn rows_after(self, order: Order, after: Option<&Position>) -> Select<row::Entity> {
        let key = column(order);
        let query = self.find();
        let query = match order {
            // Name keys are unique, so no second column is needed.
            Order::Name => query.order_by_asc(key),
            Order::Added => query.order_by_desc(key).order_by_desc(row::Column::Id),
            _ => query.order_by_asc(key).order_by_asc(row::Column::Id),
        };
        let Some(after) = after else { return query };
        let here = Expr::tuple([Expr::col(key), Expr::col(row::Column::Id)]);
        let there = Expr::tuple([Expr::value(value(&after.key)), Expr::value(after.id)]);
        query.filter(match order {
            Order::Name => Expr::col(key).gt(value(&after.key)),
            Order::Added => here.lt(there),
            _ => here.gt(there),
        })
    }

    /// Reads a page of the list. If `days` has today and the last day of the warning period, it also counts the
    /// secrets that have expired or expire by that day.
    pub async fn list(
        self,
        on: &impl Queries,
        request: ListRequest<'_>,
        days: Option<(ExpiryDate, ExpiryDate)>,
    ) -> Result<Page, DatabaseError> {
        let ListRequest { search, order, after, limit } = request;
        let Some(search) = search else {
            // One more than the page shows, to know whether there is a next page.
            let rows = self.rows_after(order, after).limit(as_limit(limit + 1));
            let (mut connectors, expiring) = self.read_with_due(on, rows, days).await?;
            sort(&mut connectors, order);
            let more = connectors.len() > limit;
            connectors.truncate(limit);
            let next = connectors.last().filter(|_| more).map(|last| last.position(order));
            return Ok(Page { connectors, next, found: None, expiring });
        };
        let after = after.and_then(|position| match &position.key {
            SortKey::Text(key) => Some(Hit { sort_key: key.clone(), id: position.id }),
            SortKey::Time(_) => None,
        });
        let (found, mut hits) = self.search(on, search, after.as_ref(), limit + 1).await?;
        let more = hits.len() > limit;
        hits.truncate(limit);
        // The next page follows from the hits, because not each of them may become a row.
        let next = hits.last().filter(|_| more);
        let next = next.map(|hit| Position { key: SortKey::Text(hit.sort_key.clone()), id: hit.id });
        let hits: HashMap<Uuid, String> = hits.into_iter().map(|hit| (hit.id, hit.sort_key)).collect();
        let rows = self.find().filter(row::Column::Id.is_in(hits.keys().copied()));
        let (mut connectors, expiring) = self.read_with_due(on, rows, days).await?;
        // A connector may have been renamed since the search, or an earlier version of the program has renamed it
        // without updating its words.
        connectors.retain(|connector| hits.get(&connector.id.0) == Some(&connector.name_key));
        sort(&mut connectors, Order::Name);
        Ok(Page { connectors, next, found: Some(found), expiring })
    }

    /// The number of connectors that a search finds, and its first `limit` results after `after`, ordered by name.
    async fn search(
        self,
        on: &impl Queries,
        search: &Search,
        after: Option<&Hit>,
        limit: usize,
    ) -> Result<(Found, Vec<Hit>), DatabaseError> {
        // From the connectors themselves, so with their present names.
        let mut present = match &search.client_id {
            Some(id) => self.read_beginning(on, row::Column::ClientId, id).await?,
            None => Vec::new(),
        };
        // Until the sweep has written the words of a connector, the beginning of its whole name finds it. Connectors
        // with words that have such a name match as well.
        if search.terms.is_none() || self.has_missing_words(on).await? {
            present.extend(self.read_beginning(on, row::Column::NameKey, &search.name).await?);
            present.sort_unstable();
            present.dedup();
        }
        let mut matches = match &search.terms {
            Some(terms) if present.is_empty() => {
                return WORDS.find(on, self.organisation, terms, after, limit).await;
            }
            Some(terms) => WORDS.read_matches(on, self.organisation, terms).await?,
            None => Matches { hits: Vec::new(), all_checked: true },
        };
        // They replace what the words have found, which may have an earlier name.
        let ids: HashSet<Uuid> = present.iter().map(|hit| hit.id).collect();
        matches.hits.retain(|hit| !ids.contains(&hit.id));
        matches.hits.extend(present);
        Ok(matches.into_page(after, limit))
    }

    /// The connectors whose value in this column begins with `text`, in the order of the column. Reads at most one
    /// more than a search may find, to know whether there are more.
    async fn read_beginning(
        self,
        on: &impl Queries,
        column: row::Column,
        text: &str,
    ) -> Result<Vec<Hit>, DatabaseError> {
        let rows = self.beginning(column, text).into_tuple::<(String, Uuid)>().all(on.connection()).await?;
        Ok(rows.into_iter().map(|(sort_key, id)| Hit { sort_key, id }).collect())
    }

    fn beginning(self, column: row::Column, text: &str) -> Select<row::Entity> {
        let mut query = self
            .find()
            .select_only()
            .columns([row::Column::NameKey, row::Column::Id])
            .filter(Expr::col(column).gte(text))
            .order_by_asc(column)
            .order_by_asc(row::Column::Id);
        if let Some(end) = after_all(text) {
            query = query.filter(Expr::col(column).lt(end));
        }
        query.limit(as_limit(MAX_FOUND + 1))
    }

    /// At most `limit` connectors whose secret expires on or before this day, earliest first.
    pub async fn find_expiring(
        self,
        on: &impl Queries,
        last: ExpiryDate,
        limit: usize,
    ) -> Result<Vec<Listed>, DatabaseError> {
        let due = Expr::col(row::Column::ExpiryKey).lte(last.to_string());
        let query = self.rows_after(Order::Expiry, None).filter(due).limit(as_limit(limit));
        let rows = query.into_partial_model::<ListedRow>().all(on.connection()).await?;
        Ok(rows.into_iter().map(|row| row.read(self.providers)).collect::<Result<_, _>>()?)
    }

    /// At most `limit` connectors that the provider refuses, without those that are being deleted.
    pub async fn find_failing(self, on: &impl Queries, limit: usize) -> Result<Vec<Listed>, DatabaseError> {
        let failing = ConnectorState::Failing(FailureReason::CredentialsRejected).name();
        let query = self
            .rows_after(Order::State, None)
            .filter(row::Column::State.eq(failing))
            .filter(row::Column::DeletedAt.is_null())
            .limit(as_limit(limit));
        let rows = query.into_partial_model::<ListedRow>().all(on.connection()).await?;
        Ok(rows.into_iter().map(|row| row.read(self.providers)).collect::<Result<_, _>>()?)
    }
}

fn as_limit(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn sort(connectors: &mut [Listed], order: Order) {
    connectors.sort_by(|a, b| {
        let (a, b) = (a.position(order), b.position(order));
        if order == Order::Added { b.cmp(&a) } else { a.cmp(&b) }
    });
}

#[cfg(test)]
mod tests;
