//! Cursors and tokens for changes: whose they are, how long they live, and what becomes of long ones.

use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    api_reading::Reading,
    support::{Application, Kind, MailAnswer, MailSeen, assert_refusal, data, rotate, write_keys},
};

/// Contacts without an end, whose links have this length.
fn contacts(length: usize) -> impl Fn(&MailSeen) -> MailAnswer + Send + Sync + 'static {
    move |seen| {
        let base = format!("{}://{}/v1.0", seen.url.scheme(), seen.url.authority());
        let is_first = seen.query("$skiptoken").is_empty();
        let id = if is_first { "first" } else { "next" };
        let mut answer = json!({ "value": [{ "id": id }] });
        let token = "t".repeat(length);
        if seen.path().ends_with("delta") {
            answer["@odata.deltaLink"] = json!(format!("{base}/me/contacts/delta?$skiptoken={token}"));
        } else {
            answer["@odata.nextLink"] = json!(format!("{base}/me/contacts?$skiptoken={token}"));
        }
        MailAnswer::Json(200, answer)
    }
}

async fn reading(kind: Kind, length: usize) -> Reading {
    let reading = Reading::new(kind).await;
    reading.scene.world.mail.answer(contacts(length));
    reading.scene.world.provider.answer_refreshes(rotate);
    reading
}

/// The first contact of a part of the list, and the cursor of the next part.
async fn part(application: &Application, path: &str) -> (Value, String) {
    let answer = application.get(path).await;
    let items = data(answer.assert_status(200));
    (items[0]["contactId"].clone(), answer.header("next-cursor").to_owned())
}

#[rstest]
#[tokio::test]
async fn a_long_cursor_is_a_row_that_only_its_own_client_account_and_query_reach(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(20, 3_000)] length: usize,
) {
    let reading = reading(kind, length).await;
    let raw = &reading.scene.world.raw;
    let path = reading.at("contacts?limit=2");
    let (first, cursor) = part(&reading.application, &path).await;
    assert_eq!((first.as_str(), raw.count("cursors").await), (Some("first"), i64::from(length == 3_000)));
    assert!(cursor.len() <= 2_048, "{}", cursor.len());
    let (next, _) = part(&reading.application, &format!("{path}&cursor={cursor}")).await;
    assert_eq!(next, "next");

    let stranger = Application::with_everything(&reading.scene.world).await;
    let another = reading.scene.connect("another").await;
    for (application, path) in [
        (&stranger, format!("{path}&cursor={cursor}")),
        (&reading.application, format!("/api/accounts/{another}/contacts?limit=2&cursor={cursor}")),
        (&reading.application, format!("{}&cursor={cursor}", reading.at("contacts?limit=3"))),
        (&reading.application, format!("{path}&cursor={cursor}x")),
    ] {
        let answer = application.get(&path).await;
        assert_refusal(&answer, 400, "INVALID_VALUE");
    }
}

#[rstest]
#[tokio::test]
async fn a_cursor_ends_after_a_day_and_its_row_is_erased(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(20, 3_000)] length: usize,
) {
    let reading = reading(kind, length).await;
    let path = reading.at("contacts?limit=2");
    let (_, cursor) = part(&reading.application, &path).await;
    let world = &reading.scene.world;
    world.clock.advance(Duration::hours(23));
    part(&reading.application, &format!("{path}&cursor={cursor}")).await;
    world.clock.advance(Duration::hours(1));
    let late = reading.application.get(&format!("{path}&cursor={cursor}")).await;
    assert_refusal(&late, 400, "INVALID_VALUE");
    world.clock.advance(Duration::hours(24));
    world.run_sweep().await;
    assert_eq!(world.raw.count("cursors").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_token_for_changes_ends_after_seven_days_by_its_own_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(20, 3_000)] length: usize,
) {
    let reading = reading(kind, length).await;
    let changes = reading.application.read(&reading.at("contacts/changes")).await;
    let token = changes["token"].as_str().expect("a token");
    assert!(!token.contains("delta"), "{token}");
    let path = reading.at(&format!("contacts/changes?token={token}"));
    let world = &reading.scene.world;
    world.clock.advance(Duration::days(6));
    reading.application.read(&path).await;
    world.clock.advance(Duration::days(1));
    assert_refusal(&reading.application.get(&path).await, 410, "SYNC_TOKEN_EXPIRED");
    world.run_sweep().await;
    assert_refusal(&reading.application.get(&path).await, 410, "SYNC_TOKEN_EXPIRED");
    let wrong = reading.at("contacts/changes?token=abc");
    assert_refusal(&reading.application.get(&wrong).await, 400, "INVALID_VALUE");
}

#[rstest]
#[tokio::test]
async fn a_client_has_a_bounded_number_of_rows(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let reading = reading(kind, 3_000).await;
    let raw = &reading.scene.world.raw;
    let path = reading.at("contacts?limit=2");
    let (_, oldest) = part(&reading.application, &path).await;
    let (numbers, hash) = match kind {
        Kind::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 999)",
            "unhex(printf('%064x', n))",
        ),
        Kind::Postgres => {
            ("WITH numbers(n) AS (SELECT generate_series(1, 999))", "decode(lpad(to_hex(n), 64, '0'), 'hex')")
        }
    };
    let copies = format!(
        "INSERT INTO cursors (token_hash, organisation_id, holder_id, account_id, position, created_at, expires_at) \
         {numbers} SELECT {hash}, organisation_id, holder_id, account_id, position, created_at + n, expires_at \
         FROM numbers, cursors"
    );
    raw.run(&copies).await.expect("copied");
    assert_eq!(raw.count("cursors").await, 1_000);
    reading.scene.world.clock.advance(Duration::seconds(1));
    let (_, newest) = part(&reading.application, &path).await;
    assert_eq!(raw.count("cursors").await, 1_000, "the oldest one made room");
    part(&reading.application, &format!("{path}&cursor={newest}")).await;
    let gone = reading.application.get(&format!("{path}&cursor={oldest}")).await;
    assert_refusal(&gone, 400, "INVALID_VALUE");
}

#[rstest]
#[tokio::test]
async fn s4_cursors_and_tokens_work_after_resealing_and_have_expired_once_the_old_key_is_removed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(20, 3_000)] length: usize,
) {
    let reading = reading(kind, length).await;
    let path = reading.at("contacts?limit=2");
    let (_, cursor) = part(&reading.application, &path).await;
    let changes = reading.application.read(&reading.at("contacts/changes")).await;
    let token = changes["token"].as_str().expect("a token");
    let list = format!("{path}&cursor={cursor}");
    let changed = reading.at(&format!("contacts/changes?token={token}"));
    let world = &reading.scene.world;
    world.clear_expiry_of_secrets().await;
    let keys = &world.program.config.encryption_key_file;
    write_keys(keys, &[("new", 9), ("test", 7)]);
    let resealing = world.another_process(&[]).await;
    let said = resealing.run("reseal").expect("done");
    assert!(said.contains("you can remove the old lines"), "{said}");
    let application = reading.application.at(&resealing);
    part(&application, &list).await;
    application.read(&changed).await;

    write_keys(keys, &[("new", 9)]);
    let resealed = world.another_process(&[]).await;
    resealed.run("check").expect("sound");
    let application = reading.application.at(&resealed);
    assert_refusal(&application.get(&list).await, 400, "INVALID_VALUE");
    assert_refusal(&application.get(&changed).await, 410, "SYNC_TOKEN_EXPIRED");
    // The application begins again.
    let (first, _) = part(&application, &path).await;
    assert_eq!(first, "first");
    application.read(&reading.at("contacts/changes")).await;
}
