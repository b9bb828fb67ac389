//! The queries of the list of connectors: in four orders, the whole list or a search by prefix, page by page.

mod due;

use std::collections::HashMap;

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{BinOper, Expr, ExprTrait, SimpleExpr},
};

use super::{
    Connectors,
    listed::{Listed, ListedRow},
    row,
};
use crate::{
    connectors::model::{
        ExpiryDate,
        list::{Order, Position, SortKey},
    },
    platform::database::{DatabaseError, Queries},
};

/// Limit between two ways to search. With at most this many matches, the keys of all matches are read and sorted. With
/// more matches, the list is walked in its order; matches are then frequent, so a page is soon full.
const FEW: usize = 10_000;

/// A prefix to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// Of the name key.
    Name(String),
    ClientId(String),
}

impl Prefix {
    const fn column(&self) -> row::Column {
        match self {
            Self::Name(_) => row::Column::NameKey,
            Self::ClientId(_) => row::Column::ClientId,
        }
    }

    /// The range of exactly the texts with this prefix: from the prefix itself to the first text after all of them.
    fn range(&self) -> (&str, Option<String>) {
        let (Self::Name(text) | Self::ClientId(text)) = self;
        (text, after_all(text))
    }

    /// The condition that `value` has this prefix; `value` is the column or an expression that equals it.
    fn holds(&self, value: &SimpleExpr) -> SimpleExpr {
        let (from, to) = self.range();
        let from = value.clone().gte(from);
        match to {
            Some(to) => from.and(value.clone().lt(to)),
            None => from,
        }
    }
}

/// The first text after all texts that begin with `prefix`, in the order of characters; `None` if there is none.
fn after_all(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The next character; surrogates are skipped.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
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

/// The columns of a row that an order may compare.
type Keys = (Uuid, String, String, String, i64);

fn position(order: Order, (id, name, state, expiry, created): Keys) -> Position {
    let key = match order {
        Order::Name => SortKey::Text(name),
        Order::State => SortKey::Text(state),
        Order::Expiry => SortKey::Text(expiry),
        Order::Added => SortKey::Time(created),
    };
    Position { key, id }
}

impl Listed {
    pub fn position(&self, order: Order) -> Position {
        let state = self.state.name().to_owned();
        let keys = (self.id.0, self.name_key.clone(), state, self.expiry_key(), self.created_at.micros());
        position(order, keys)
    }
}

impl Connectors<'_> {
    /// All connectors in this order after this position. The query follows an index, so a limit may end it anywhere.
    fn walk(self, order: Order, after: Option<&Position>) -> Select<row::Entity> {
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

    /// The connectors with this prefix, in this order, after this position.
    fn walk_through(self, prefix: &Prefix, order: Order, after: Option<&Position>) -> Select<row::Entity> {
        let column = prefix.column();
        let value = if matches!((prefix, order), (Prefix::Name(_), Order::Name)) {
            Expr::col(column)
        } else {
            // An expression in place of the column keeps the database from using the column's index. With that
            // index it would read and sort all matches, which are many.
            Expr::col(column).binary(BinOper::Custom("||"), "")
        };
        self.walk(order, after).filter(prefix.holds(&value))
    }

    /// The keys of the connectors with this prefix: at most one more than [`FEW`].
    fn probe(self, prefix: &Prefix) -> Select<row::Entity> {
        use row::Column::{CreatedAt, ExpiryKey, Id, NameKey, State};
        self.find()
            .select_only()
            .columns([Id, NameKey, State, ExpiryKey, CreatedAt])
            .filter(prefix.holds(&Expr::col(prefix.column())))
            .order_by_asc(prefix.column())
            .limit(u64::try_from(FEW + 1).unwrap_or(u64::MAX))
    }

    /// The first `limit` connectors in this order after this position. A search keeps those with any of the prefixes.
    pub async fn list(
        self,
        on: &impl Queries,
        search: Option<&[Prefix]>,
        order: Order,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Listed>, DatabaseError> {
        let Some(prefixes) = search else {
            return self.read(on, self.walk(order, after), limit).await;
        };
        let mut found = Vec::new();
        for prefix in prefixes {
            found.extend(self.search(on, prefix, order, after, limit).await?);
        }
        sort(&mut found, order, |connector| connector.position(order));
        found.dedup_by_key(|connector| connector.id);
        found.truncate(limit);
        Ok(found)
    }

    /// At most `limit` connectors whose secret expires on this day or before, the soonest first.
    pub async fn find_expiring(
        self,
        on: &impl Queries,
        last: ExpiryDate,
        limit: usize,
    ) -> Result<Vec<Listed>, DatabaseError> {
        self.read(on, self.walk_due(last), limit).await
    }

    fn walk_due(self, last: ExpiryDate) -> Select<row::Entity> {
        let due = Expr::col(row::Column::ExpiryKey).lte(last.to_string());
        self.walk(Order::Expiry, None).filter(due)
    }

    async fn search(
        self,
        on: &impl Queries,
        prefix: &Prefix,
        order: Order,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Listed>, DatabaseError> {
        if !matches!((prefix, order), (Prefix::Name(_), Order::Name)) {
            let keys = self.probe(prefix).into_tuple::<Keys>().all(on.connection()).await?;
            if keys.len() <= FEW {
                let mut positions: Vec<_> = keys.into_iter().map(|keys| position(order, keys)).collect();
                sort(&mut positions, order, Clone::clone);
                let ids = positions.into_iter().filter(|position| is_after(order, position, after));
                let ids: Vec<_> = ids.map(|position| position.id).take(limit).collect();
                return self.by_ids(on, &ids).await;
            }
        }
        self.read(on, self.walk_through(prefix, order, after), limit).await
    }

    /// The connectors with these ids that still exist, in the order of the ids.
    async fn by_ids(self, on: &impl Queries, ids: &[Uuid]) -> Result<Vec<Listed>, DatabaseError> {
        let query = self.find().filter(row::Column::Id.is_in(ids.iter().copied()));
        let rows = query.into_partial_model::<ListedRow>().all(on.connection()).await?;
        let mut rows: HashMap<Uuid, ListedRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        let found = ids.iter().filter_map(|id| rows.remove(id)).map(|row| row.read(self.providers));
        Ok(found.collect::<Result<_, _>>()?)
    }

    async fn read(
        self,
        on: &impl Queries,
        query: Select<row::Entity>,
        limit: usize,
    ) -> Result<Vec<Listed>, DatabaseError> {
        let query = query.limit(u64::try_from(limit).unwrap_or(u64::MAX));
        let rows = query.into_partial_model::<ListedRow>().all(on.connection()).await?;
        Ok(rows.into_iter().map(|row| row.read(self.providers)).collect::<Result<_, _>>()?)
    }
}

fn sort<T>(them: &mut [T], order: Order, position: impl Fn(&T) -> Position) {
    them.sort_by(|a, b| {
        let (a, b) = (position(a), position(b));
        if order == Order::Added { b.cmp(&a) } else { a.cmp(&b) }
    });
}

fn is_after(order: Order, position: &Position, after: Option<&Position>) -> bool {
    match (after, order) {
        (None, _) => true,
        (Some(after), Order::Added) => position < after,
        (Some(after), _) => position > after,
    }
}

#[cfg(test)]
mod tests;
