//! Generic access to a column of bytes in any table, for passes over all sealed values.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ConnectionTrait, DbErr, Order, QueryResult,
    sea_query::{Alias, Expr, ExprTrait, Func, Query},
};
use uuid::Uuid;

use super::{DatabaseError, Queries, Tx};

/// A column of bytes in a table that has an `organisation_id`, and an `id` or another column with the id of the row
/// ([`ContextPart::Row`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
}

/// The context to which a value is bound besides its place. It is stored unencrypted in the same row, or fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The column that counts the sealed values of the row.
    pub version: &'static str,
    /// The texts that the value belongs to, in a fixed order.
    pub context: &'static [ContextPart],
}

/// A part of the context: one text or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextPart {
    /// The text of this column.
    Column(&'static str),
    /// The bytes of this column, as base64.
    Bytes(&'static str),
    /// The UUID of this column, as text.
    Id(&'static str),
    /// The id of the row, as text, in a table in which this column has it instead of `id`.
    Row(&'static str),
    /// The integer of this column, as text.
    Integer(&'static str),
    /// Each value of the JSON object in this column, in the order of the keys ([`object_values`]).
    Object(&'static str),
    /// The text of this column. If it is the first of the two texts, the second one is bound in its place.
    Renamed(&'static str, (&'static str, &'static str)),
}

impl ContextPart {
    const fn column(self) -> &'static str {
        match self {
            Self::Column(column)
            | Self::Bytes(column)
            | Self::Id(column)
            | Self::Row(column)
            | Self::Integer(column)
            | Self::Object(column)
            | Self::Renamed(column, _) => column,
        }
    }

    fn read(self, row: &QueryResult) -> Result<Vec<Option<String>>, DbErr> {
        match self {
            Self::Column(column) => Ok(vec![row.try_get("", column)?]),
            Self::Bytes(column) => {
                let bytes = row.try_get::<Option<Vec<u8>>>("", column)?;
                Ok(vec![bytes.map(|bytes| bytes_as_text(&bytes))])
            }
            Self::Id(column) | Self::Row(column) => {
                let id = row.try_get::<Option<Uuid>>("", column)?;
                Ok(vec![id.map(|id| id.to_string())])
            }
            Self::Integer(column) => {
                let number = row.try_get::<Option<i64>>("", column)?;
                Ok(vec![number.map(|number| number.to_string())])
            }
            Self::Object(column) => Ok(object_values(&row.try_get::<String>("", column)?)),
            Self::Renamed(column, (from, to)) => {
                let text = row.try_get::<Option<String>>("", column)?;
                Ok(vec![text.map(|text| if text == from { to.to_owned() } else { text })])
            }
        }
    }
}

/// The column with the id of the row.
fn id_column(bound: Option<Bound>) -> &'static str {
    let context = bound.map_or(&[][..], |bound| bound.context);
    let named = context.iter().find_map(|part| match part {
        ContextPart::Row(column) => Some(*column),
        _ => None,
    });
    named.unwrap_or("id")
}

/// Bytes as the text that a value is bound to ([`ContextPart::Bytes`]).
pub fn bytes_as_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The values of a JSON object, in the order of its keys sorted by name. `None` is null. A value that is not a text
/// is given as JSON. Any text that is not an object is one value: nothing was sealed for it, so nothing opens with
/// it.
pub fn object_values(text: &str) -> Vec<Option<String>> {
    let Ok(object) = serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text) else {
        return vec![Some(text.to_owned())];
    };
    let values = object.into_values().map(|value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    });
    values.collect()
}

/// A sealed value with its row.
#[derive(Clone, Debug)]
pub struct Value {
    /// Id of the row.
    pub id: Uuid,
    /// Organisation of the row.
    pub organisation_id: Uuid,
    /// The sealed bytes.
    pub value: Vec<u8>,
    /// The version; 0 if the column has none.
    pub version: i64,
    /// The texts of the context.
    pub context: Vec<Option<String>>,
}

impl Value {
    /// The version that the value is bound to when it is sealed again: its own, so that other values of the row with
    /// the same version stay bound to it. A value without a version gets the first one.
    pub fn version_when_resealed(&self) -> i64 {
        Ord::max(self.version, 1)
    }

    fn read(row: &QueryResult, bound: Option<Bound>) -> Result<Self, DbErr> {
        let parts = bound.map_or(&[][..], |bound| bound.context);
        let context = parts.iter().map(|part| part.read(row)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            id: row.try_get("", id_column(bound))?,
            organisation_id: row.try_get("", "organisation_id")?,
            value: row.try_get("", "value")?,
            version: bound.map(|bound| row.try_get("", bound.version)).transpose()?.unwrap_or_default(),
            context: context.concat(),
        })
    }
}

impl Column {
    /// At most `limit` values of all organisations, with row ids after `after`, in the order of row ids. Each
    /// value comes with its binding; NULL values are skipped.
    pub async fn page(
        self,
        on: &impl Queries,
        bound: Option<Bound>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Value>, DatabaseError> {
        let column = || Expr::col(Alias::new(self.column));
        let mut query = Query::select();
        let id = id_column(bound);
        query
            .column(Alias::new(id))
            .column(Alias::new("organisation_id"))
            .expr_as(column(), Alias::new("value"))
            .from(Alias::new(self.table))
            .and_where(column().is_not_null())
            .order_by(Alias::new(id), Order::Asc)
            .limit(limit);
        if let Some(bound) = bound {
            let context = bound.context.iter().map(|part| part.column()).filter(|column| *column != id);
            query.column(Alias::new(bound.version)).columns(context.map(Alias::new));
        }
        if let Some(after) = after {
            query.and_where(Expr::col(Alias::new(id)).gt(after));
        }
        let rows = on.connection().query_all(&query).await?;
        Ok(rows.iter().map(|row| Value::read(row, bound)).collect::<Result<_, _>>()?)
    }

    /// Whether any organisation has a value that does not begin with these bytes. It opens no value and scans
    /// the table once, so it is short enough for a transaction that others wait for.
    pub async fn any_without_prefix(self, on: &impl Queries, prefix: &[u8]) -> Result<bool, DatabaseError> {
        let length = i32::try_from(prefix.len()).unwrap_or(i32::MAX);
        let column = Expr::col(Alias::new(self.column));
        // SQLite's `substr` of an empty value is NULL.
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

    /// Replaces a value that was sealed again ([`Value::version_when_resealed`]), if the row still has the old value
    /// and version. A concurrent change is kept.
    ///
    /// # Returns
    /// Whether the value was replaced.
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
            .and_where(column(id_column(bound)).eq(old.id))
            .and_where(column("organisation_id").eq(old.organisation_id))
            .and_where(column(self.column).eq(old.value.clone()));
        if let Some(bound) = bound {
            update
                .value(Alias::new(bound.version), old.version_when_resealed())
                .and_where(column(bound.version).eq(old.version));
        }
        Ok(tx.connection().execute(&update).await?.rows_affected() == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_an_object_come_in_the_order_of_its_keys() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(object_values(r#"{"b":"two","a":null,"c":""}"#), [None, some("two"), some("")]);
        assert_eq!(object_values(r#"{"a":["x"],"b":1}"#), [some(r#"["x"]"#), some("1")]);
        assert_eq!(object_values("{}"), Vec::<Option<String>>::new());
        for text in ["", "null", r#"["a"]"#, r#"{"a":"#, "two"] {
            assert_eq!(object_values(text), [some(text)], "{text}");
        }
    }
}
