//! What a person with a link, and an attacker, may not do: guards of the button and of the callback, and limits.

use axum::body::Body;
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{Canned, Kind, Linked, callback};

/// The id of another account of the same directory.
const OTHER_OID: &str = "acc00000-7e57-4000-8000-000000000002";

async fn count(linked: &Linked, table: &str) -> i64 {
    linked.world.raw.count(table).await
}

#[rstest]
#[tokio::test]
async fn o22_a_foreign_page_cannot_press_the_button(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    for headers in [vec![], vec![("sec-fetch-site", "cross-site")], vec![("origin", "https://evil.example")]]
    {
        let mut request = grace.request("POST", &path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        grace.send(request.body(Body::empty()).expect("a request")).await.assert_status(403);
    }
    assert_eq!(count(&linked, "attempts").await, 0);
}

#[rstest]
#[tokio::test]
async fn o2_a_callback_in_another_browser_connects_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let (mut grace, mut mallory) = (linked.world.browser(), linked.world.browser());
    let authorize = linked.follow(&mut grace, &path).await;
    linked.follow(&mut mallory, &path).await;
    let answer = mallory.get(&callback(&authorize, "code=abc")).await;
    answer.assert_status(400).assert_says("open it again in your usual browser");
    assert!(linked.world.provider.requests().is_empty());
    // In another language the page is short, and the same for every state.
    let german = mallory.request("GET", &callback(&authorize, "code=abc")).header("accept-language", "de");
    let german = mallory.send(german.body(Body::empty()).expect("a request")).await;
    german.assert_status(400).assert_says("gewohnten Browser");
    linked.world.grant_everything(&authorize);
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    page.assert_says("Your mailbox is connected");
}

#[rstest]
#[tokio::test]
async fn o3_a_callback_that_comes_twice_redeems_one_code(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    linked.world.grant_everything(&authorize);
    let (_, first) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    let (page, second) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    assert_eq!(first, second);
    page.assert_says("Your mailbox is connected");
    assert_eq!(linked.world.provider.exchanges().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_person_cannot_make_a_connector_fail_with_an_address_of_their_own(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut mallory = linked.world.browser();
    for error in ["unauthorized_client", "invalid_scope", "invalid_client"] {
        let authorize = linked.follow(&mut mallory, &path).await;
        linked.come_back(&mut mallory, &authorize, &format!("error={error}")).await;
        assert_eq!(linked.world.state(&linked.connector).await, "verified", "{error}");
    }
    // The token endpoint is asked by us, so its answer counts.
    let authorize = linked.follow(&mut mallory, &path).await;
    let refused = json!({ "error": "invalid_client", "error_description": "AADSTS7000215" });
    linked.world.provider.answer_token(Canned::Json(401, refused));
    linked.come_back(&mut mallory, &authorize, "code=abc").await;
    assert_eq!(linked.world.state(&linked.connector).await, "failing: credentials_rejected");
    mallory.get(&path).await.assert_status(410).assert_says("This link cannot be used now");
}

#[rstest]
#[tokio::test]
async fn a_link_starts_five_sign_ins_at_once_and_50_in_all(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut mallory = linked.world.browser();
    for _ in 0..5 {
        linked.world.browser().post(&path, &[]).await.assert_status(200);
    }
    let refused = mallory.post(&path, &[]).await;
    refused.assert_status(429).assert_says("Wait a few minutes");
    assert_eq!(count(&linked, "attempts").await, 5);
    linked.world.clock.advance(Duration::minutes(10));
    // One browser that goes back and forth ends its own sign-ins.
    for _ in 0..45 {
        mallory.post(&path, &[]).await.assert_status(200);
    }
    let open = "SELECT COUNT(*) FROM attempts WHERE consumed_at IS NULL";
    assert_eq!(linked.world.raw.one::<i64>(open).await, 10, "five that are too old, and five");
    let refused = mallory.post(&path, &[]).await;
    refused.assert_status(410).assert_says("This link was tried too often");
    mallory.get(&path).await.assert_status(410);
    assert_eq!(count(&linked, "attempts").await, 50);
}

#[rstest]
#[tokio::test]
async fn starts_are_counted_by_address_before_a_row_is_made(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut mallory = linked.world.browser();
    mallory.post(&path, &[]).await.assert_status(200);
    linked.world.raw.run("UPDATE throttles SET count = 300").await.expect("changed");
    mallory.post(&path, &[]).await.assert_status(429);
    assert_eq!(count(&linked, "attempts").await, 1);
    // Another address is not affected.
    let mut grace = linked.world.browser();
    grace.address = [198, 51, 100, 7].into();
    grace.post(&path, &[]).await.assert_status(200);
}

#[rstest]
#[case::link("connect_link_id")]
#[case::account("account_id")]
#[tokio::test]
async fn s3_an_attempt_that_was_given_to_another_link_in_the_database_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] column: &str,
) {
    let linked = Linked::new(kind).await;
    let first = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &first).await.assert_says("Your mailbox is connected");
    let path = linked.make(linked.plain()).await;
    let other = linked.try_make(linked.plain()).await.expect("a link");
    let mut mallory = linked.world.browser();
    let authorize = linked.follow(&mut mallory, &path).await;
    let value = match column {
        "account_id" => linked.world.raw.id(linked.account().await),
        _ => linked.world.raw.id(other.id),
    };
    let change = format!("UPDATE attempts SET {column} = {value} WHERE consumed_at IS NULL");
    assert_eq!(linked.world.raw.run(&change).await, Ok(1));
    linked.grant_to(&authorize, OTHER_OID, "mallory@contoso.test");
    let (page, _) = linked.come_back(&mut mallory, &authorize, "code=abc").await;
    page.assert_says("Your mailbox could not be connected");
    assert_eq!(linked.world.provider.exchanges().len(), 1, "only the first sign-in was redeemed");
    assert_eq!(count(&linked, "accounts").await, 1);
}
