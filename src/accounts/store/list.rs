//! The queries of the list of accounts: page by page in the order of the email, with filters, or the results of a
//! search; and bounded counts by state.

use std::collections::{HashMap, HashSet};

use super::{Account, Accounts, row, words::WORDS};
use crate::{
    accounts::model::{AccountState, StateFilter},
    connectors::service::ConnectorId,
    people::access::Reach,
    platform::{
        database::{
            DatabaseError, Queries,
            word_index::{Hit, Matches},
        },
        search::{Found, MAX_FOUND, Terms, after_all},
    },
};
use sea_orm::{
    QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Asterisk, Expr, ExprTrait, Func, Query, SelectStatement},
};

/// Counts go up to this number.
pub const MAX_COUNTED: u64 = 1_000;

/// Which accounts a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    pub connector: Option<ConnectorId>,
    pub state: Option<StateFilter>,
}

/// The parsed text of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// The folded beginning of an email: a text with an `@`.
    Email(String),
    /// The beginnings of words of the email and of the name.
    Words(Terms),
    /// A text without a word. It finds nothing.
    Nothing,
}

/// The part of the list that a page shows.
#[derive(Clone, Copy, Debug)]
pub struct ListRequest<'a> {
    /// `None` for the whole list. The filter is applied to the results of a search, too.
    pub search: Option<&'a Search>,
    pub filter: AccountFilter,
    /// The sort key and the id after which the page begins.
    pub after: Option<&'a Hit>,
    /// Maximum number of accounts on the page.
    pub limit: usize,
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct AccountPage {
    pub accounts: Vec<Account>,
    /// The position after which the next page begins, if there is one.
    pub next: Option<Hit>,
    /// The number of accounts that the search has found; `None` for the whole list.
    pub found: Option<Found>,
}

fn as_limit(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Accounts {
    fn filtered(self, filter: AccountFilter) -> Select<row::Entity> {
        self.find()
            .apply_if(filter.connector, |rows, id| rows.filter(row::Column::ConnectorId.eq(id.0)))
            .apply_if(filter.state, |rows, state| match state {
                StateFilter::In(state) => rows.filter(row::Column::State.eq(state.name())),
                StateFilter::Paused => rows.filter(row::Column::PausedAt.is_not_null()),
            })
    }

    /// The rows after a position, in the order of the email. The query follows the index that begins with the filter.
    pub(super) fn rows_after(self, filter: AccountFilter, after: Option<&Hit>) -> Select<row::Entity> {
        let rows = self.filtered(filter).order_by_asc(row::Column::EmailKey).order_by_asc(row::Column::Id);
        let Some(after) = after else { return rows };
        let here = Expr::tuple([Expr::col(row::Column::EmailKey), Expr::col(row::Column::Id)]);
        rows.filter(here.gt(Expr::tuple([Expr::value(after.sort_key.as_str()), Expr::value(after.id)])))
    }

    /// The same, of emails that begin with `email`.
    pub(super) fn emails_after(
        self,
        filter: AccountFilter,
        email: &str,
        after: Option<&Hit>,
    ) -> Select<row::Entity> {
        let rows = match after {
            // Not also the beginning of the range, because SQLite begins at only one of the two.
            Some(_) => self.rows_after(filter, after),
            None => self.rows_after(filter, None).filter(row::Column::EmailKey.gte(email)),
        };
        rows.apply_if(after_all(email), |rows, end| rows.filter(row::Column::EmailKey.lt(end)))
    }

    /// Reads a page of the list.
    pub async fn list(
        self,
        on: &impl Queries,
        request: ListRequest<'_>,
    ) -> Result<AccountPage, DatabaseError> {
        let ListRequest { search, filter, after, limit } = request;
        match search {
            None => self.read_page(on, self.rows_after(filter, after), limit, None).await,
            Some(Search::Email(email)) => {
                // A position before the range belongs to another search.
                let after = after.filter(|after| after.sort_key.as_str() >= email.as_str());
                let found = self.count_emails(on, filter, email).await?;
                self.read_page(on, self.emails_after(filter, email, after), limit, Some(found)).await
            }
            Some(Search::Words(terms)) => self.find_words(on, terms, request).await,
            Some(Search::Nothing) => {
                Ok(AccountPage { accounts: Vec::new(), next: None, found: Some(Found::Exactly(0)) })
            }
        }
    }

    async fn read_page(
        self,
        on: &impl Queries,
        rows: Select<row::Entity>,
        limit: usize,
        found: Option<Found>,
    ) -> Result<AccountPage, DatabaseError> {
        // One more than the page shows, to know whether there is a next page.
        let mut rows = rows.limit(as_limit(limit + 1)).all(on.connection()).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| Hit { sort_key: row.email_key.clone(), id: row.id });
        let accounts = rows.into_iter().map(Account::try_from).collect::<Result<_, _>>()?;
        Ok(AccountPage { accounts, next, found })
    }

    async fn count_emails(
        self,
        on: &impl Queries,
        filter: AccountFilter,
        email: &str,
    ) -> Result<Found, DatabaseError> {
        let count = count_up_to(self.emails_after(filter, email, None), as_limit(MAX_FOUND + 1));
        let row = on.connection().query_one(&count).await?;
        let number = row.map(|row| row.try_get::<i64>("", "number")).transpose()?.unwrap_or_default();
        Ok(Found::of(usize::try_from(number).unwrap_or_default(), true))
    }

    /// Finds by the words of email and name, sorted by the email.
    async fn find_words(
        self,
        on: &impl Queries,
        terms: &Terms,
        ListRequest { filter, after, limit, .. }: ListRequest<'_>,
    ) -> Result<AccountPage, DatabaseError> {
        let (found, mut hits) = if filter == AccountFilter::default() && self.1 == Reach::All {
            WORDS.find(on, self.0, terms, after, limit + 1).await?
        } else {
            let Matches { mut hits, all_checked } = WORDS.read_matches(on, self.0, terms).await?;
            let fitting: HashSet<Uuid> = self
                .filtered(filter)
                .filter(row::Column::Id.is_in(hits.iter().map(|hit| hit.id)))
                .select_only()
                .column(row::Column::Id)
                .into_tuple::<Uuid>()
                .all(on.connection())
                .await?
                .into_iter()
                .collect();
            hits.retain(|hit| fitting.contains(&hit.id));
            Matches { hits, all_checked }.into_page(after, limit + 1)
        };
        let more = hits.len() > limit;
        hits.truncate(limit);
        // The next page follows from the hits, because not each of them may become a row.
        let next = hits.last().filter(|_| more).cloned();
        let rows = self.find().filter(row::Column::Id.is_in(hits.iter().map(|hit| hit.id)));
        let rows = rows.all(on.connection()).await?;
        let mut rows: HashMap<Uuid, row::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        let present = hits.iter().filter_map(|hit| {
            // A sign-in may have changed the email or the name since the search.
            rows.remove(&hit.id).filter(|row| row.indexed_name.as_ref() == Some(&hit.sort_key))
        });
        let accounts = present.map(Account::try_from).collect::<Result<_, _>>()?;
        Ok(AccountPage { accounts, next, found: Some(found) })
    }

    /// The numbers of accounts by state, and of the paused ones, in one statement; each is at most one more than
    /// [`MAX_COUNTED`].
    pub(super) fn counts(self, connector: Option<ConnectorId>) -> SelectStatement {
        let mut counts = Query::select();
        for state in StateFilter::all() {
            let filter = AccountFilter { connector, state: Some(state) };
            let count = count_up_to(self.rows_after(filter, None), MAX_COUNTED + 1);
            counts.expr_as(Expr::from(count), state.name());
        }
        counts
    }

    /// Counts accounts by state, each up to [`MAX_COUNTED`] and one more. States without accounts are left out.
    pub async fn count_by_state(
        self,
        on: &impl Queries,
        connector: Option<ConnectorId>,
    ) -> Result<Vec<(AccountState, u64)>, DatabaseError> {
        let counts = self.count_by_filter(on, connector).await?;
        Ok(counts.into_iter().filter_map(|(filter, number)| Some((filter.state()?, number))).collect())
    }

    /// The same, and with the number of the paused accounts, which also count in their states.
    pub async fn count_by_filter(
        self,
        on: &impl Queries,
        connector: Option<ConnectorId>,
    ) -> Result<Vec<(StateFilter, u64)>, DatabaseError> {
        let Some(row) = on.connection().query_one(&self.counts(connector)).await? else {
            return Ok(Vec::new());
        };
        let mut counts = Vec::new();
        for state in StateFilter::all() {
            let number = u64::try_from(row.try_get::<i64>("", state.name())?).unwrap_or_default();
            if number > 0 {
                counts.push((state, number));
            }
        }
        Ok(counts)
    }

    /// Counts the accounts that a filter lets through, up to [`MAX_COUNTED`] and one more.
    pub async fn count(self, on: &impl Queries, filter: AccountFilter) -> Result<u64, DatabaseError> {
        let count = count_up_to(self.rows_after(filter, None), MAX_COUNTED + 1);
        let row = on.connection().query_one(&count).await?;
        let number = row.map(|row| row.try_get::<i64>("", "number")).transpose()?.unwrap_or_default();
        Ok(u64::try_from(number).unwrap_or_default())
    }

    /// Counts the accounts of a connector, up to [`MAX_COUNTED`] and one more.
    pub async fn count_of_connector(
        self,
        on: &impl Queries,
        connector: ConnectorId,
    ) -> Result<u64, DatabaseError> {
        self.count(on, AccountFilter { connector: Some(connector), state: None }).await
    }

    /// Whether a connector has an account.
    pub async fn has_any(self, on: &impl Queries, connector: ConnectorId) -> Result<bool, DatabaseError> {
        let filter = AccountFilter { connector: Some(connector), state: None };
        let first = self.filtered(filter).select_only().column(row::Column::Id).limit(1).into_tuple::<Uuid>();
        Ok(first.one(on.connection()).await?.is_some())
    }
}

/// Counts the first `limit` of these rows. They are in the order of an index, so that PostgreSQL walks along it.
pub(super) fn count_up_to<E: EntityTrait>(rows: Select<E>, limit: u64) -> SelectStatement {
    let mut counted = rows.select_only().into_query();
    counted.expr_as(Expr::cust("1"), "one").limit(limit);
    Query::select()
        .expr_as(Func::count(Expr::col(Asterisk)), "number")
        .from_subquery(counted, "counted")
        .take()
}
