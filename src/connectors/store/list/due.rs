//! A page of the list together with the connectors whose secret expires soon, in one statement: a round trip to the
//! database costs more than either of them.

use sea_orm::{
    FromQueryResult, PartialModelTrait, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Asterisk, Expr, Query, SelectStatement, UnionType},
};

use super::{Connectors, Listed, ListedRow, Prefix, row, sort};
use crate::{
    connectors::model::{
        ExpiryDate,
        list::{Order, Position},
    },
    platform::database::{DatabaseError, Queries},
};

/// The column that says to which of the two a row belongs, and its values.
const PART: &str = "part";
const PAGE: i32 = 0;
const DUE: i32 = 1;

impl Connectors<'_> {
    /// What [`Connectors::list`] and [`Connectors::expiring`] return, each with at most `limit` and `due_limit` rows.
    /// Without a search it is one statement.
    pub async fn list_with_due(
        self,
        on: &impl Queries,
        search: Option<&[Prefix]>,
        (order, after): (Order, Option<&Position>),
        limit: usize,
        (last, due_limit): (ExpiryDate, usize),
    ) -> Result<(Vec<Listed>, Vec<Listed>), DatabaseError> {
        if search.is_some() {
            let page = self.list(on, search, order, after, limit).await?;
            return Ok((page, self.find_expiring(on, last, due_limit).await?));
        }
        let both = both(self.walk(order, after), limit, self.walk_due(last), due_limit);
        let (mut page, mut due) = (Vec::with_capacity(limit), Vec::new());
        for row in on.connection().query_all(&both).await? {
            let listed = ListedRow::from_query_result(&row, "")?.read(self.providers)?;
            match row.try_get::<i32>("", PART)? {
                PAGE => page.push(listed),
                _ => due.push(listed),
            }
        }
        // A union promises no order, even if its parts have one.
        sort(&mut page, order, |connector| connector.position(order));
        sort(&mut due, Order::Expiry, |connector| connector.position(Order::Expiry));
        Ok((page, due))
    }
}

/// The first rows of both queries. Each is a subquery, because a part of a union cannot have an order and a limit.
pub(super) fn both(
    page: Select<row::Entity>,
    limit: usize,
    due: Select<row::Entity>,
    due_limit: usize,
) -> SelectStatement {
    let mut both = part(PAGE, page, limit);
    both.union(UnionType::All, part(DUE, due, due_limit));
    both
}

fn part(number: i32, query: Select<row::Entity>, limit: usize) -> SelectStatement {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let rows = ListedRow::select_cols(query.select_only()).limit(limit).into_query();
    let number = Expr::cust(number.to_string());
    Query::select().expr_as(number, PART).column(Asterisk).from_subquery(rows, "rows").take()
}
