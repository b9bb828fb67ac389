use rstest::rstest;
use sea_orm::{ConnectionTrait, QueryTrait};
use time::Duration;

use super::*;
use crate::{
    jobs::model::BackOff,
    platform::database::{
        Database,
        plan::{assert_reads_along, plan},
    },
    test_database::{Kind as On, Place},
};

static KIND: Kind = Kind {
    name: "busy",
    at_once: 4,
    back_off: BackOff { first: Duration::seconds(1), longest: Duration::hours(1) },
    every: None,
};

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
        assert_reads_along(&plan(&read, &query.limit(4).into_query()).await, "jobs", "jobs_by_due");
    }
    // 1 to 100 without the fifths.
    assert_eq!(find_due_jobs(&read, &KIND, now, 1_000).await.expect("jobs").len(), 80);
    assert_eq!(find_leased_jobs(&read, &["busy"], 1_000).await.expect("jobs").len(), 0);
    assert_eq!(find_leased_jobs(&read, &["busy", "other"], 1_000).await.expect("jobs").len(), 50);
}
