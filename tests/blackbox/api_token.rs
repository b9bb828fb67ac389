//! The provider's own token of an account: given with a scope that was granted by hand, and never without a record.

use mail360::people::access::{Scope, Scopes};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{
    Kind,
    api_clients::{code, data, everything, only},
    refreshing::Scene,
    rotate,
};

const ADA: &str = "ada@contoso.test";

async fn handed_out(scene: &Scene) -> i64 {
    scene.world.raw.one("SELECT COUNT(*) FROM activity WHERE action = 'account.token_read'").await
}

#[rstest]
#[tokio::test]
async fn a_token_is_given_with_the_base_of_the_providers_api_its_end_and_its_permissions(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let client = scene.world.add_api_client(ADA, &only("Reader", &[Scope::TokensRead])).await;
    let path = format!("/api/accounts/{account}/token");
    let answer = scene.world.call_with(&client.key, "GET", &path).await;
    let given = data(answer.assert_status(200));
    assert_eq!(given["provider"], "outlook");
    assert_eq!(given["apiBase"], "https://graph.microsoft.com/v1.0");
    assert_eq!(given["token"], "canary-access-grace");
    let ends: i64 = given["expiresAt"].as_str().expect("a text").parse().expect("a number");
    let in_an_hour = scene.world.program.clock.now().plus(Duration::hours(1)).micros() / 1_000;
    assert_eq!(ends, in_an_hour);
    let scopes = given["scopes"].as_array().expect("a list");
    assert!(scopes.contains(&json!("Mail.Read")), "{scopes:?}");
    assert_eq!(answer.header("cache-control"), "no-store");

    // One that has ended is refreshed first.
    scene.world.provider.answer_refreshes(rotate);
    scene.expire();
    let answer = scene.world.call_with(&client.key, "GET", &path).await;
    assert_eq!(data(answer.assert_status(200))["token"], "canary-access-grace+");
}

#[rstest]
#[tokio::test]
async fn s8_the_first_token_of_a_client_account_and_day_is_recorded_before_it_is_given(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let (grace, alan) = (scene.connect("grace").await, scene.connect("alan").await);
    let first = scene.world.add_api_client(ADA, &only("First", &[Scope::TokensRead])).await;
    let second = scene.world.add_api_client(ADA, &only("Second", &[Scope::TokensRead])).await;
    let other = scene.world.another_process(&[]).await;
    for (world, client, account, recorded) in [
        (&scene.world, &first, grace, 1),
        (&scene.world, &first, grace, 1),
        (&other, &first, grace, 1),
        (&scene.world, &first, alan, 2),
        (&other, &second, alan, 3),
        (&scene.world, &second, alan, 3),
    ] {
        let path = format!("/api/accounts/{account}/token");
        world.call_with(&client.key, "GET", &path).await.assert_status(200);
        assert_eq!(handed_out(&scene).await, recorded);
    }
    let entry = "SELECT entity || ' ' || outcome FROM activity WHERE action = 'account.token_read' ORDER BY at LIMIT 1";
    assert_eq!(scene.world.raw.one::<String>(entry).await, "grace@contoso.test done");
    let id = scene.world.raw.id(first.id);
    let of_first =
        format!("SELECT COUNT(*) FROM activity WHERE action = 'account.token_read' AND client_id = {id}");
    assert_eq!(scene.world.raw.one::<i64>(&of_first).await, 2);

    scene.world.provider.answer_refreshes(rotate);
    scene.world.clock.advance(Duration::days(1));
    let path = format!("/api/accounts/{grace}/token");
    scene.world.call_with(&first.key, "GET", &path).await.assert_status(200);
    assert_eq!(handed_out(&scene).await, 4);
}

#[rstest]
#[tokio::test]
async fn s8_without_a_record_no_token_is_given(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let client = scene.world.add_api_client(ADA, &only("Reader", &[Scope::TokensRead])).await;
    scene.world.raw.run("ALTER TABLE activity RENAME TO activity_away").await.expect("renamed");
    let answer = scene.world.call_with(&client.key, "GET", &format!("/api/accounts/{account}/token")).await;
    assert!(answer.status.is_server_error(), "{}", answer.body);
    assert!(!answer.body.contains("canary-access"), "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn a_token_is_given_to_no_client_without_the_scope_and_for_no_account_that_does_not_work(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let path = format!("/api/accounts/{account}/token");
    let ordinary: Vec<Scope> = Scopes::ordinary().iter().collect();
    let without = scene.world.add_api_client(ADA, &only("Without", &ordinary)).await;
    let answer = scene.world.call_with(&without.key, "GET", &path).await;
    assert_eq!(code(answer.assert_status(403)), "MISSING_SCOPE");
    assert!(answer.body.contains("MailApps.tokens.READ"), "{}", answer.body);

    let client = scene.world.add_api_client(ADA, &everything("All")).await;
    let paused = format!("UPDATE accounts SET paused_at = {}", scene.world.program.clock.now().micros());
    scene.world.raw.run(&paused).await.expect("paused");
    let answer = scene.world.call_with(&client.key, "GET", &path).await;
    assert_eq!(code(answer.assert_status(409)), "ACCOUNT_PAUSED");
    scene
        .world
        .raw
        .run("UPDATE accounts SET paused_at = NULL, state = 'needs_sign_in'")
        .await
        .expect("ended");
    let answer = scene.world.call_with(&client.key, "GET", &path).await;
    assert_eq!(code(answer.assert_status(409)), "ACCOUNT_NEEDS_SIGN_IN");
    assert_eq!(handed_out(&scene).await, 0);
}
