//! A column of bytes, whichever table it stands in: for what must go over all that is sealed.

use sea_orm::{
    ConnectionTrait, FromQueryResult, Order,
    sea_query::{Alias, Expr, ExprTrait, Func, Query},
};
use uuid::Uuid;

use super::{DatabaseError, Queries, Tx};

/// A column of bytes in a table that has an `id` and an `organisation_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
}

/// One value of a column.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Value {
    /// The row's id.
    pub id: Uuid,
    /// Whose row it is.
    pub organisation_id: Uuid,
    /// The value.
    pub value: Vec<u8>,
}

impl Column {
    /// The values of all organisations in the order of their rows' ids, after this one and at most so many; rows
    /// without one are left out.
    pub async fn page(
        self,
        on: &impl Queries,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Value>, DatabaseError> {
        let column = || Expr::col(Alias::new(self.column));
        let mut query = Query::select();
        query
            .column(Alias::new("id"))
            .column(Alias::new("organisation_id"))
            .expr_as(column(), Alias::new("value"))
            .from(Alias::new(self.table))
            .and_where(column().is_not_null())
            .order_by(Alias::new("id"), Order::Asc)
            .limit(limit);
        if let Some(after) = after {
            query.and_where(Expr::col(Alias::new("id")).gt(after));
        }
        let rows = on.connection().query_all(&query).await?;
        Ok(rows.iter().map(|row| Value::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }

    /// Whether there is a value that does not begin with these bytes, in any organisation. It opens nothing and goes over
    /// the table once: short enough for a transaction that others wait for.
    pub async fn any_without_prefix(self, on: &impl Queries, prefix: &[u8]) -> Result<bool, DatabaseError> {
        let length = i32::try_from(prefix.len()).unwrap_or(i32::MAX);
        let column = Expr::col(Alias::new(self.column));
        // To SQLite the start of nothing is no value at all.
        let start = Func::cust("substr").args([column.clone(), Expr::val(1), Expr::val(length)]);
        let query = Query::select()
            .expr_as(Expr::val(1), Alias::new("one"))
            .from(Alias::new(self.table))
            .and_where(column.is_not_null())
            .and_where(Expr::expr(start.clone()).ne(prefix.to_vec()).or(Expr::expr(start).is_null()))
            .limit(1)
            .to_owned();
        Ok(on.connection().query_one(&query).await?.is_some())
    }

    /// Replaces a value, if it still is this one: what somebody else has written meanwhile stays.
    ///
    /// # Returns
    /// Whether it was.
    pub async fn replace(self, tx: &Tx, old: &Value, new: Vec<u8>) -> Result<bool, DatabaseError> {
        let update = Query::update()
            .table(Alias::new(self.table))
            .value(Alias::new(self.column), new)
            .and_where(Expr::col(Alias::new("id")).eq(old.id))
            .and_where(Expr::col(Alias::new("organisation_id")).eq(old.organisation_id))
            .and_where(Expr::col(Alias::new(self.column)).eq(old.value.clone()))
            .to_owned();
        Ok(tx.connection().execute(&update).await?.rows_affected() == 1)
    }
}
