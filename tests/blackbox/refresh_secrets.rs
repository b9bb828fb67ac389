//! Tokens of grants are shown, logged and stored nowhere in clear, whatever the provider answers; changed ones are never
//! used; and what an old backup or a database that is away does to grants.

use mail360::accounts::{
    model::{AccountState, StateReason},
    service::grants::NoToken,
};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{
    Canned, Kind, Log, SECRET,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, SECRET_AT_GOOGLE, Site},
    refreshed,
    refreshing::{Scene, refused, strict},
    rotate,
};

/// Each way to spoil a sealed value: a bit of every few bytes, cut off anywhere, empty, of an unknown version, another
/// value.
fn spoiled(sealed: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new(), vec![0], b"plain text".to_vec()];
    for at in (0..sealed.len()).step_by(3) {
        let mut flipped = sealed.to_vec();
        flipped[at] ^= 1 << (at % 8);
        all.push(flipped);
    }
    for length in (1..sealed.len()).step_by(7) {
        all.push(sealed[..length].to_vec());
    }
    let (mut newer, mut longer) = (sealed.to_vec(), sealed.to_vec());
    newer[0] = 255;
    longer.push(0);
    all.extend([newer, longer]);
    all
}

#[rstest]
#[tokio::test]
async fn s3_a_spoiled_refresh_token_is_never_sent_and_the_account_says_so(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    scene.expire();
    let sealed: Vec<u8> = scene.of_grant("refresh_token").await;
    for value in spoiled(&sealed) {
        let stored = scene.world.raw.bytes(&value);
        let store = format!("UPDATE grants SET refresh_token = {stored}");
        scene.world.raw.run(&store).await.expect("stored");
        let answer = scene.token(account).await;
        assert!(matches!(answer, Err(NoToken::State(AccountState::NeedsSignIn))), "{value:?} {answer:?}");
        let expected = (AccountState::NeedsSignIn, Some(StateReason::TokenUnreadable));
        assert_eq!(scene.state(account).await, expected, "{value:?}");
        let again = "UPDATE accounts SET state = 'connected', reason = NULL";
        scene.world.raw.run(again).await.expect("again");
    }
    assert!(scene.world.provider.refreshes().is_empty(), "something was sent");
    let store = format!("UPDATE grants SET refresh_token = {}", scene.world.raw.bytes(&sealed));
    scene.world.raw.run(&store).await.expect("stored");
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
}

#[rstest]
#[tokio::test]
async fn s3_a_spoiled_access_token_is_not_lent_and_the_next_refresh_replaces_it(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(rotate);
    for at in 0..5 {
        assert_eq!(scene.token(account).await.expect("a token"), scene.access_token("grace", at));
        let sealed: Vec<u8> = scene.of_grant("access_token").await;
        let value = &spoiled(&sealed)[at];
        let store = format!("UPDATE grants SET access_token = {}", scene.world.raw.bytes(value));
        scene.world.raw.run(&store).await.expect("stored");
        assert_eq!(scene.token(account).await.expect("a token"), scene.access_token("grace", at + 1));
    }
    assert_eq!(scene.sent().len(), 5);
}

#[rstest]
#[tokio::test]
async fn s7_no_answer_to_a_refresh_brings_a_token_into_the_log_or_breaks_a_line_of_it(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let log = Log::start();
    let account = scene.connect("grace").await;
    let nasty = "invalid_grant\r\n{\"level\":\"INFO\"}\u{1b}[2J\u{0}";
    for answer in [
        Canned::Echo,
        Canned::EchoAs(|secret| format!("{secret}\r\nlevel=INFO {secret}")),
        refused(nasty),
        Canned::Json(400, json!({ "error": "invalid_scope", "error_description": nasty })),
        Canned::Text(200, "canary-access-grace\r\ncanary-refresh-grace".to_owned()),
        Canned::Json(200, refreshed("second")),
        refused("invalid_grant"),
    ] {
        scene.world.provider.answer_refresh(answer);
        scene.make_due().await;
        scene.process.refresh_due().await;
    }
    assert_eq!(scene.state(account).await.0, AccountState::NeedsSignIn);
    assert!(!log.lines("a refresh was refused").is_empty());
    for line in log.text().lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok(), "not one event: {line}");
        for canary in ["canary-access", "canary-refresh", SECRET, SECRET_AT_GOOGLE] {
            assert!(!line.contains(canary), "{line}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn s7_a_lent_token_prints_a_placeholder(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let lent = scene.process.grants.valid_access_token(scene.organisation, account).await;
    let printed = format!("{lent:?}");
    assert!(printed.contains("REDACTED") && !printed.contains("canary"), "{printed}");
}

#[rstest]
#[tokio::test]
async fn s6_no_page_about_accounts_has_a_token(#[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    for answer in [Canned::Echo, Canned::Json(200, refreshed("second"))] {
        scene.world.provider.answer_refresh(answer);
        scene.make_due().await;
        scene.process.refresh_due().await;
    }
    for path in [
        "/accounts".to_owned(),
        "/accounts?search=grace".to_owned(),
        "/accounts/new".to_owned(),
        format!("/accounts/{account}"),
        scene.connector.clone(),
        format!("{}/links", scene.connector),
        "/settings/activity".to_owned(),
        "/settings/return-addresses".to_owned(),
    ] {
        let page = scene.ada.get(&path).await;
        assert!(!page.body.contains("canary"), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn d5_stale_refresh_tokens_of_a_restored_backup_need_a_sign_in_where_they_rotate_and_make_no_loop(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let accounts = scene.connect_many(20).await;
    scene.world.provider.answer_refreshes(strict(site.company));
    scene.world.raw.run("CREATE TABLE backup AS SELECT * FROM grants").await.expect("a backup");
    for _ in 0..2 {
        scene.world.clock.advance(Duration::days(1));
        assert_eq!(scene.process.refresh_due().await, 20);
    }
    scene.world.raw.run("DELETE FROM grants").await.expect("gone");
    scene.world.raw.run("INSERT INTO grants SELECT * FROM backup").await.expect("restored");
    let sent = scene.sent().len();
    assert_eq!(scene.process.refresh_due().await, 20);
    // Without rotation no refresh token is ever stale.
    let is_stale = site.company.facts().rotates;
    let refused = (AccountState::NeedsSignIn, Some(StateReason::GrantRefused));
    let expected = if is_stale { refused } else { (AccountState::Connected, None) };
    for account in &accounts {
        assert_eq!(scene.state(*account).await, expected);
    }
    if !is_stale {
        assert_eq!(scene.sent().len(), sent + 20);
        return;
    }
    for _ in 0..30 {
        scene.world.clock.advance(Duration::days(1));
        assert_eq!(scene.process.refresh_due().await, 0);
    }
    assert_eq!(scene.sent().len(), sent + 20, "each stale token was sent once");
    assert_eq!(scene.connect("m0").await, accounts[0], "the key stays");
    assert_eq!(scene.state(accounts[0]).await, (AccountState::Connected, None));
}

#[rstest]
#[tokio::test]
async fn d4_nothing_is_sent_while_the_start_of_a_refresh_cannot_be_stored(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let mut scene = Scene::new(site).await;
    let account = scene.connect("grace").await;
    scene.world.provider.answer_refreshes(strict(site.company));
    scene.expire();
    scene.make_due().await;
    scene.world.raw.run("ALTER TABLE grants RENAME TO away").await.expect("away");
    assert!(matches!(scene.token(account).await, Err(NoToken::Failure(_))));
    assert!(scene.process.refresher.refresh_due().await.is_err());
    assert!(!scene.process.is_refreshing().await, "a reservation is left");
    assert!(scene.sent().is_empty());
    scene.world.raw.run("ALTER TABLE away RENAME TO grants").await.expect("back");
    assert_eq!(scene.process.refresh_due().await, 1);
    assert_eq!(scene.token(account).await.expect("a token"), "grace+");
    assert_eq!(scene.sent(), ["grace"]);
}
