//! The list of connectors: in four orders, whole or by a beginning, page by page.

use std::collections::HashMap;

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{BinOper, Expr, ExprTrait, SimpleExpr},
};

use super::{Connector, Connectors, row};
use crate::{
    connectors::model::{
        ExpiryDate,
        list::{Order, Position, SortKey},
    },
    platform::database::{DatabaseError, Queries},
};

/// A search that finds no more than these is answered from what it finds, of which only the keys are read; one
/// that finds more, by walking through the list in its order, where the next page is then rarely far.
const FEW: usize = 10_000;

/// The beginning of a text that is searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// Of the name as it is compared.
    Name(String),
    /// Of the client ID.
    ClientId(String),
}

impl Prefix {
    const fn column(&self) -> row::Column {
        match self {
            Self::Name(_) => row::Column::NameKey,
            Self::ClientId(_) => row::Column::ClientId,
        }
    }

    /// The range that holds exactly what begins so: from itself up to what follows the last of them.
    fn range(&self) -> (&str, Option<String>) {
        let (Self::Name(text) | Self::ClientId(text)) = self;
        (text, after_all(text))
    }

    /// The condition, on the column or on something that equals it.
    fn holds(&self, value: &SimpleExpr) -> SimpleExpr {
        let (from, to) = self.range();
        let from = value.clone().gte(from);
        match to {
            Some(to) => from.and(value.clone().lt(to)),
            None => from,
        }
    }
}

/// The first text after all that begin with `prefix`, character by character; none where there is none.
fn after_all(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The next character, over the gap of the surrogates.
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

/// What a row says that an order may compare.
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

impl Connector {
    /// Where it stands in an order.
    pub fn position(&self, order: Order) -> Position {
        let state = self.state.name().to_owned();
        let keys = (self.id.0, self.name_key.clone(), state, self.expiry_key(), self.created_at.micros());
        position(order, keys)
    }
}

impl Connectors {
    /// All of them, in this order, after this position: along an index, for it may be cut anywhere.
    fn walk(self, order: Order, after: Option<&Position>) -> Select<row::Entity> {
        let key = column(order);
        let query = self.find();
        let query = match order {
            // No two have the same.
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

    /// Those with this beginning, in this order, after this position.
    fn walk_through(self, prefix: &Prefix, order: Order, after: Option<&Position>) -> Select<row::Entity> {
        let column = prefix.column();
        let value = if matches!((prefix, order), (Prefix::Name(_), Order::Name)) {
            Expr::col(column)
        } else {
            // Not the column itself: the index on it would bring all that fits, which are many, to be sorted.
            Expr::col(column).binary(BinOper::Custom("||"), "")
        };
        self.walk(order, after).filter(prefix.holds(&value))
    }

    /// What the order compares of those with this beginning: at most one more than [`FEW`].
    fn probe(self, prefix: &Prefix) -> Select<row::Entity> {
        use row::Column::{CreatedAt, ExpiryKey, Id, NameKey, State};
        self.find()
            .select_only()
            .columns([Id, NameKey, State, ExpiryKey, CreatedAt])
            .filter(prefix.holds(&Expr::col(prefix.column())))
            .order_by_asc(prefix.column())
            .limit(u64::try_from(FEW + 1).unwrap_or(u64::MAX))
    }

    /// The first `limit` in this order, after this position; of a search, those that begin with any of these.
    pub async fn list(
        self,
        on: &impl Queries,
        search: Option<&[Prefix]>,
        order: Order,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Connector>, DatabaseError> {
        let Some(prefixes) = search else {
            return read(on, self.walk(order, after), limit).await;
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

    /// Those whose secret expires on this day or before, the soonest first, at most so many.
    pub async fn expiring(
        self,
        on: &impl Queries,
        last: ExpiryDate,
        limit: usize,
    ) -> Result<Vec<Connector>, DatabaseError> {
        let due = Expr::col(row::Column::ExpiryKey).lte(last.to_string());
        read(on, self.walk(Order::Expiry, None).filter(due), limit).await
    }

    async fn search(
        self,
        on: &impl Queries,
        prefix: &Prefix,
        order: Order,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Connector>, DatabaseError> {
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
        read(on, self.walk_through(prefix, order, after), limit).await
    }

    /// Those of these ids that are still there, in their order.
    async fn by_ids(self, on: &impl Queries, ids: &[Uuid]) -> Result<Vec<Connector>, DatabaseError> {
        let rows =
            self.find().filter(row::Column::Id.is_in(ids.iter().copied())).all(on.connection()).await?;
        let mut rows: HashMap<Uuid, row::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        let found = ids.iter().filter_map(|id| rows.remove(id)).map(Connector::try_from);
        Ok(found.collect::<Result<_, _>>()?)
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

async fn read(
    on: &impl Queries,
    query: Select<row::Entity>,
    limit: usize,
) -> Result<Vec<Connector>, DatabaseError> {
    let rows = query.limit(u64::try_from(limit).unwrap_or(u64::MAX)).all(on.connection()).await?;
    Ok(rows.into_iter().map(Connector::try_from).collect::<Result<_, _>>()?)
}

#[cfg(test)]
#[path = "../../../tests/blackbox/support/database.rs"]
#[expect(dead_code, reason = "of what the black-box tests share these need a part")]
mod support;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use sea_orm::{ConnectionTrait, DatabaseBackend, QueryTrait, Statement};

    use super::{support::Kind, *};
    use crate::platform::{
        database::{Database, DatabaseError, Read},
        id::OrganisationId,
    };

    const MANY: usize = 100_000;
    const OURS: OrganisationId = OrganisationId(Uuid::from_u128(1));

    /// A database with 100,000 connectors of ours, and as many of somebody else's.
    async fn many(kind: Kind, folder: &std::path::Path) -> Database {
        let url = kind.new_database(folder).await;
        let url = match url.strip_prefix("sqlite:") {
            Some(path) => crate::platform::database::DatabaseUrl::Sqlite(path.into()),
            None => crate::platform::database::DatabaseUrl::Postgres(crate::platform::database::Secret(url)),
        };
        let database = Database::open(&url).await.expect("a database");
        database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
        database
            .write::<_, DatabaseError, _>(async |tx| {
                for statement in statements(kind) {
                    tx.connection().execute_unprepared(&statement).await?;
                }
                Ok(())
            })
            .await
            .expect("filled");
        database
    }

    fn statements(kind: Kind) -> Vec<String> {
        let (uuid, hex, bytes, numbers) = match kind {
            Kind::Sqlite => (
                // Two numbers make the sixteen bytes of an id.
                "unhex(printf('%016x%016x', {a}, {b}))",
                "printf('%08x-0000-4000-8000-000000000000', (n * 2654435761) % 4294967296)",
                "x''",
                "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})",
            ),
            Kind::Postgres => (
                "(lpad(to_hex({a}::bigint), 16, '0') || lpad(to_hex({b}::bigint), 16, '0'))::uuid",
                "lpad(to_hex((n * 2654435761) % 4294967296), 8, '0') || '-0000-4000-8000-000000000000'",
                "''::bytea",
                "WITH numbers(n) AS (SELECT generate_series(0::bigint, {last}))",
            ),
        };
        let id = |a: &str, b: &str| uuid.replace("{a}", a).replace("{b}", b);
        let numbers = numbers.replace("{last}", &(MANY - 1).to_string());
        let mut statements = Vec::new();
        let day = "'2027-0' || (n % 9 + 1) || '-01'";
        for organisation in ["1", "2"] {
            statements.push(format!(
                "INSERT INTO organisations (id, name, created_at) VALUES ({}, 'Org {organisation}', 0)",
                id("0", organisation)
            ));
            statements.push(format!(
                "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, form_id, client_id, \
                 client_secret, client_secret_hint, secret_expires_on, expiry_key, cloud, account_type, scopes, state, version, \
                 created_at, changed_at) {numbers} SELECT {}, {}, 'outlook', 'Mail ' || n, 'mail ' || n, {}, {hex}, \
                 {bytes}, '', {day}, {day}, 'global', 'tenants_and_personal', 'User.Read', \
                 CASE n % 3 WHEN 0 THEN 'not_verified' ELSE 'verified' END, 1, n / 7, 0 FROM numbers",
                id("n", organisation),
                id("0", organisation),
                id("n", organisation),
            ));
        }
        statements.push("ANALYZE".to_owned());
        statements
    }

    async fn plan(read: &Read, query: Select<row::Entity>) -> String {
        let connection = read.connection();
        let backend = connection.get_database_backend();
        let sql = query.limit(26).build(backend);
        let explain = if backend == DatabaseBackend::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
        let values = sql.values.unwrap_or(sea_orm::Values(Vec::new()));
        let statement = Statement::from_sql_and_values(backend, format!("{explain} {}", sql.sql), values);
        let rows = connection.query_all_raw(statement).await.expect("a plan");
        let column = if backend == DatabaseBackend::Sqlite { 3 } else { 0 };
        let lines: Vec<String> =
            rows.iter().map(|row| row.try_get_by_index(column).expect("a line")).collect();
        lines.join("\n")
    }

    #[track_caller]
    fn assert_uses(plan: &str, index: &str, sorted: bool) {
        assert!(plan.contains(index), "{index} is not used: {plan}");
        let scan = plan.contains("Seq Scan") || plan.contains("SCAN connectors");
        assert!(!scan, "everything is read: {plan}");
        let sorts = plan.contains("Sort Key") || plan.contains("TEMP B-TREE");
        assert!(!sorted || !sorts, "everything is sorted: {plan}");
    }

    #[rstest]
    #[tokio::test]
    async fn every_order_and_search_walks_along_an_index_among_100_000_connectors(
        #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let database = many(kind, folder.path()).await;
        let (read, ours) = (database.read(), Connectors::of(OURS));
        let of = |order| match order {
            Order::Name => "connectors_by_name",
            Order::State => "connectors_by_state",
            Order::Expiry => "connectors_by_expiry",
            Order::Added => "connectors_by_age",
        };
        for order in Order::ALL {
            assert_uses(&plan(&read, ours.walk(order, None)).await, of(order), true);
            let first = ours.list(&read, None, order, None, 26).await.expect("a page");
            let after = first.last().expect("a connector").position(order);
            assert_uses(&plan(&read, ours.walk(order, Some(&after))).await, of(order), true);
            // Of a search that finds very many, too.
            let all = Prefix::Name("mail".to_owned());
            assert_uses(&plan(&read, ours.walk_through(&all, order, Some(&after))).await, of(order), true);
        }
        let name = Prefix::Name("mail 4711".to_owned());
        assert_uses(&plan(&read, ours.probe(&name)).await, "connectors_by_name", false);
        let id = Prefix::ClientId("0abc".to_owned());
        assert_uses(&plan(&read, ours.probe(&id)).await, "connectors_by_client_id", false);
    }

    #[rstest]
    #[tokio::test]
    async fn pages_follow_each_other_without_gap_or_repetition_whatever_is_searched(
        #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let database = many(kind, folder.path()).await;
        let (read, ours) = (database.read(), Connectors::of(OURS));
        // 11, 111, 11,111 and all of them begin so.
        for (search, found) in
            [("mail 4711", 11), ("mail 471", 111), ("mail 4", 11_111), ("mail", MANY), ("nothing", 0)]
        {
            for order in Order::ALL {
                let prefixes = [Prefix::Name(search.to_owned())];
                let (mut seen, mut after) = (Vec::new(), None);
                // Of very many a few pages tell enough.
                while seen.len() < 2_000 {
                    let page =
                        ours.list(&read, Some(&prefixes), order, after.as_ref(), 250).await.expect("a page");
                    let Some(last) = page.last() else { break };
                    after = Some(last.position(order));
                    seen.extend(page.iter().map(|connector| connector.position(order)));
                }
                assert_eq!(seen.len(), found.min(2_000), "{search} by {order:?}");
                let mut sorted = seen.clone();
                sort(&mut sorted, order, Clone::clone);
                sorted.dedup();
                assert_eq!(seen, sorted, "{search} by {order:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_exactly_what_begins_so(prefix in "\\PC{1,6}", text in "\\PC{0,8}") {
            let end = after_all(&prefix);
            for text in [text.clone(), format!("{prefix}{text}")] {
                let within = text >= prefix && end.as_ref().is_none_or(|end| text < *end);
                prop_assert_eq!(within, text.starts_with(&prefix), "{:?} {:?}", prefix, text);
            }
        }
    }
}
