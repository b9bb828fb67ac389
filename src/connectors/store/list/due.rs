//! Rows of the list together with the numbers of secrets that have expired or expire soon, in one statement: a round
//! trip to the database costs more than either.

use sea_orm::{
    FromQueryResult, PartialModelTrait, QueryResult, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Asterisk, Expr, ExprTrait, Func, JoinType, Query, SelectStatement},
};

use super::{Connectors, Listed, ListedRow, as_limit, row};
use crate::{
    connectors::model::{
        ExpiryDate,
        list::{Count, Expiring, MAX_COUNTED, Order},
    },
    platform::database::{DatabaseError, Queries},
};

/// The columns of the two numbers.
const EXPIRED: &str = "expired";
const SOON: &str = "soon";

impl Connectors<'_> {
    /// The connectors of a query, in no order. With `days`, also the numbers of secrets that expire before the first of
    /// these days, and from then until the second one.
    pub(super) async fn read_with_due(
        self,
        on: &impl Queries,
        rows: Select<row::Entity>,
        days: Option<(ExpiryDate, ExpiryDate)>,
    ) -> Result<(Vec<Listed>, Expiring), DatabaseError> {
        let (mut connectors, mut expiring) = (Vec::new(), Expiring::default());
        let Some(days) = days else {
            for row in rows.into_partial_model::<ListedRow>().all(on.connection()).await? {
                connectors.push(row.read(self.providers)?);
            }
            return Ok((connectors, expiring));
        };
        for row in on.connection().query_all(&self.with_due(rows, days)).await? {
            expiring = Expiring { expired: count(&row, EXPIRED)?, soon: count(&row, SOON)? };
            // If there is no connector, one row has the numbers alone.
            if row.try_get::<Option<Uuid>>("", "id")?.is_some() {
                connectors.push(ListedRow::from_query_result(&row, "")?.read(self.providers)?);
            }
        }
        Ok((connectors, expiring))
    }

    /// The numbers, joined to each row of the query.
    pub(super) fn with_due(
        self,
        rows: Select<row::Entity>,
        (today, last): (ExpiryDate, ExpiryDate),
    ) -> SelectStatement {
        let key = || Expr::col(row::Column::ExpiryKey);
        let expired = self.count_due(key().lt(today.to_string()));
        let soon = self.count_due(key().gte(today.to_string()).and(key().lte(last.to_string())));
        let numbers =
            Query::select().expr_as(Expr::from(expired), EXPIRED).expr_as(Expr::from(soon), SOON).take();
        let rows = ListedRow::select_cols(rows.select_only()).into_query();
        Query::select()
            .column(Asterisk)
            .from_subquery(numbers, "numbers")
            .join_subquery(JoinType::LeftJoin, rows, "rows", Expr::cust("1 = 1"))
            .take()
    }

    /// Counts the connectors with such a day, up to one more than [`MAX_COUNTED`].
    fn count_due(self, condition: Expr) -> SelectStatement {
        // In order, so that PostgreSQL walks along the index.
        let mut counted = self.rows_after(Order::Expiry, None).filter(condition).select_only().into_query();
        counted.expr_as(Expr::cust("1"), "one").limit(as_limit(MAX_COUNTED + 1));
        Query::select()
            .expr_as(Func::count(Expr::col(Asterisk)), "number")
            .from_subquery(counted, "counted")
            .take()
    }
}

fn count(row: &QueryResult, column: &str) -> Result<Count, DbErr> {
    let number = usize::try_from(row.try_get::<i64>("", column)?).unwrap_or(0);
    Ok(Count { number: number.min(MAX_COUNTED), more: number > MAX_COUNTED })
}
