//! The indexes along which the queries read.

use sea_orm::QueryTrait;

use super::*;
use crate::platform::database::plan::{assert_reads_along, plan};

#[rstest]
#[tokio::test]
async fn each_look_at_20_000_records_reads_along_an_index(#[values(On::Sqlite, On::Postgres)] on: On) {
    let (_place, database) = database(on).await;
    let (numbers, row_id) = match on {
        On::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)",
            "unhex(printf('%032x', n + 1000))",
        ),
        On::Postgres => {
            ("WITH numbers(n) AS (SELECT generate_series(1, 20000))", "lpad(to_hex(n + 1000), 32, '0')::uuid")
        }
    };
    let [organisation, account] = [1, 3].map(|number| id(on, number));
    // Most have ended; each thousandth has an owner, and each hundredth waits.
    let fill = format!(
        "INSERT INTO sends (id, organisation_id, account_id, holder_id, holder_kind, kind, state, way, message_id, \
         attached, doubts, recipients, is_untold, lease_owner, lease_counter, tries, next_at, lost_drafts, clean_at, \
         created_at, ended_at) \
         {numbers} SELECT {row_id}, {organisation}, {account}, CASE WHEN n % 2 = 0 THEN {row_id} ELSE {account} END, \
         'client', 'send', CASE WHEN n % 100 = 0 THEN 'accepted' ELSE 'done' END, 'draft', '', 0, 0, 1, false, \
         CASE WHEN n % 1000 = 0 THEN {row_id} END, 1, 0, CASE WHEN n % 100 = 0 AND n % 1000 <> 0 THEN n END, 0, \
         CASE WHEN n % 100 = 1 THEN n END, n, \
         CASE WHEN n % 100 <> 0 THEN n END FROM numbers"
    );
    run(&database, &[fill, "ANALYZE".to_owned()]).await;
    let (read, now) = (database.read(), Timestamp::from_micros(5_000));
    let none = Without::default();
    let identity = row::Entity::find().filter(row::Column::IdentityHash.eq(vec![1_u8]));
    for (query, index) in [
        (open::query_due(now, &none), "sends_by_next"),
        (open::query_too_far_ahead(now, Duration::ZERO, &none), "sends_by_next"),
        (open::query_leased(), "sends_by_owner"),
        (open::query_of_holder(ORGANISATION, ACCOUNT.0), "sends_of_holder"),
        (query_of_holder(ORGANISATION, Uuid::from_u128(1_002)), "sends_of_holder"),
        (cleaning::query_due(now), "sends_by_clean_up"),
        (cleaning::query_too_far_ahead(now, Duration::ZERO), "sends_by_clean_up"),
        (query_ended(Stage::Done, Timestamp::from_micros(500)), "sends_by_end"),
        (identity, "sends_by_identity"),
    ] {
        assert_reads_along(&plan(&read, &query.limit(4).into_query()).await, "sends", index);
    }
    assert_eq!(
        open::find_due(&read, now, Duration::hours(1), &none, 1_000).await.expect("records").len(),
        45
    );
    assert_eq!(open::find_leased(&read, 1_000).await.expect("records").len(), 20);
}
