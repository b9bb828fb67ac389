//! A column of bytes, whichever table it stands in: for what must go over all that is sealed.

use sea_orm::{
    ConnectionTrait, DbErr, Order, QueryResult,
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

/// Columns of the same row that a value is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The column that counts the values of this row.
    pub version: &'static str,
    /// Text columns, in a fixed order.
    pub context: &'static [&'static str],
}

/// One value of a column.
#[derive(Clone, Debug)]
pub struct Value {
    /// The row's id.
    pub id: Uuid,
    /// Whose row it is.
    pub organisation_id: Uuid,
    /// The value.
    pub value: Vec<u8>,
    /// The number in the version column; 0 without one.
    pub version: i64,
    /// The texts in the context columns.
    pub context: Vec<Option<String>>,
}

impl Value {
    fn read(row: &QueryResult, bound: Option<Bound>) -> Result<Self, DbErr> {
        let context = bound.map_or(&[][..], |bound| bound.context);
        Ok(Self {
            id: row.try_get("", "id")?,
            organisation_id: row.try_get("", "organisation_id")?,
            value: row.try_get("", "value")?,
            version: bound.map(|bound| row.try_get("", bound.version)).transpose()?.unwrap_or_default(),
            context: context.iter().map(|column| row.try_get("", column)).collect::<Result<_, _>>()?,
        })
    }
}

impl Column {
    /// The values of all organisations in the order of their rows' ids, after this one and at most `limit`, each with
    /// what it is bound to; rows without one are left out.
    pub async fn page(
        self,
        on: &impl Queries,
        bound: Option<Bound>,
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
        if let Some(bound) = bound {
            query.column(Alias::new(bound.version)).columns(bound.context.iter().copied().map(Alias::new));
        }
        if let Some(after) = after {
            query.and_where(Expr::col(Alias::new("id")).gt(after));
        }
        let rows = on.connection().query_all(&query).await?;
        Ok(rows.iter().map(|row| Value::read(row, bound)).collect::<Result<_, _>>()?)
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

    /// Replaces a value and counts the version up, if the row still has this value and version: a concurrent change
    /// stays.
    ///
    /// # Returns
    /// Whether it was replaced.
    pub async fn replace(
        self,
        tx: &Tx,
        bound: Option<Bound>,
        old: &Value,
        new: Vec<u8>,
    ) -> Result<bool, DatabaseError> {
        let column = |name: &'static str| Expr::col(Alias::new(name));
        let mut update = Query::update();
        update
            .table(Alias::new(self.table))
            .value(Alias::new(self.column), new)
            .and_where(column("id").eq(old.id))
            .and_where(column("organisation_id").eq(old.organisation_id))
            .and_where(column(self.column).eq(old.value.clone()));
        if let Some(bound) = bound {
            update
                .value(Alias::new(bound.version), old.version + 1)
                .and_where(column(bound.version).eq(old.version));
        }
        Ok(tx.connection().execute(&update).await?.rows_affected() == 1)
    }
}
