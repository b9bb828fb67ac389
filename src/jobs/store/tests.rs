use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryTrait, Statement, Values};
use time::Duration;

use super::*;
use crate::{
    jobs::model::BackOff,
    platform::database::{Database, Read},
    test_database::{Kind as On, Place},
};

static KIND: Kind = Kind {
    name: "busy",
    at_once: 4,
    back_off: BackOff { first: Duration::seconds(1), longest: Duration::hours(1) },
    every: None,
};

async fn plan(read: &Read, query: Select<row::Entity>) -> String {
    let connection = read.connection();
    let backend = connection.get_database_backend();
    let sql = query.limit(4).build(backend);
    let explain = if backend == DatabaseBackend::Sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    let values = sql.values.unwrap_or(Values(Vec::new()));
    let statement = Statement::from_sql_and_values(backend, format!("{explain} {}", sql.sql), values);
    let rows = connection.query_all_raw(statement).await.expect("a plan");
    let column = if backend == DatabaseBackend::Sqlite { 3 } else { 0 };
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(column).expect("a line")).collect();
    lines.join("\n")
}

#[rstest]
#[tokio::test]
async fn a_look_at_50_000_waiting_jobs_reads_along_the_index(#[values(On::Sqlite, On::Postgres)] on: On) {
    let place = Place::new(on).await;
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    let (numbers, id) = match on {
        On::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000)",
            "unhex(printf('%032x', n))",
        ),
        On::Postgres => {
            ("WITH numbers(n) AS (SELECT generate_series(1, 50000))", "lpad(to_hex(n), 32, '0')::uuid")
        }
    };
    let fill = format!(
        "INSERT INTO jobs (id, kind, payload, due_at, attempts, lease_owner, lease_counter) {numbers} \
         SELECT {id}, CASE n % 5 WHEN 0 THEN 'other' ELSE 'busy' END, 'null', n, 0, \
         CASE WHEN n % 1000 = 0 THEN {id} END, 0 FROM numbers"
    );
    database
        .write::<_, DatabaseError, _>(async |tx| {
            tx.connection().execute_unprepared(&fill).await?;
            tx.connection().execute_unprepared("ANALYZE").await?;
            Ok(())
        })
        .await
        .expect("filled");
    let (read, now) = (database.read(), Timestamp::from_micros(100));
    for query in [query_due(&KIND, now), query_too_far_ahead(&KIND, now), query_leased(&["busy", "other"])] {
        let plan = plan(&read, query).await;
        assert!(plan.contains("jobs_by_due"), "{plan}");
        let wasteful = ["Seq Scan", "SCAN jobs", "Sort Key", "TEMP B-TREE"];
        assert!(!wasteful.iter().any(|part| plan.contains(part)), "{plan}");
    }
    // 1 to 100 without the fifths.
    assert_eq!(find_due_jobs(&read, &KIND, now, 1_000).await.expect("jobs").len(), 80);
    assert_eq!(find_leased_jobs(&read, &["busy"], 1_000).await.expect("jobs").len(), 0);
    assert_eq!(find_leased_jobs(&read, &["busy", "other"], 1_000).await.expect("jobs").len(), 50);
}
