//! The records of calls whose credential is right and is refused, and of calls for an access token.

use mail360::clients::model::TypedClient;
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    Answer, Kind, World,
    api_clients::{AsMail360, KeyedClient, code, everything},
};

const ADA: &str = "ada@contoso.test";
const ACCOUNTS: &str = "/api/accounts";
/// A network from which no test calls.
const ELSEWHERE: &str = "198.51.100.7/32";

/// The recorded calls, oldest first.
async fn recorded(world: &World) -> Vec<String> {
    world.flush().await;
    let calls = "SELECT method || ' ' || route || ' ' || status || ' ' || COALESCE(error_code, '-') FROM api_calls \
                 ORDER BY at, id";
    world.raw.column(calls).await
}

async fn exchange(world: &World, client: &KeyedClient, secret: &str, token: &str) -> Answer {
    let body: Value =
        json!({ "client_id": client.id.to_string(), "client_secret": secret, "refresh_token": token });
    world.clock.advance(Duration::milliseconds(1));
    world.call_as(None, "POST", "/api/access-token", &body.to_string()).await
}

async fn call(world: &World, key: &str) -> Answer {
    world.clock.advance(Duration::milliseconds(1));
    world.call_with(key, "GET", ACCOUNTS).await
}

#[rstest]
#[tokio::test]
async fn a_call_from_a_wrong_address_or_with_an_expired_key_is_recorded_and_one_with_an_unknown_key_is_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let elsewhere = TypedClient { networks: ELSEWHERE.to_owned(), ..everything("Elsewhere") };
    let elsewhere = world.add_api_client(ADA, &elsewhere).await;
    let short = TypedClient { expires: "2026-12-01".to_owned(), ..everything("Short") };
    let short = world.add_api_client(ADA, &short).await;
    assert_eq!(code(call(&world, &elsewhere.key).await.assert_status(403)), "7027");
    call(&world, "m360_wrong").await.assert_status(401);
    call(&world, &short.key).await.assert_status(200);
    assert_eq!(recorded(&world).await, ["GET /api/accounts 403 7027", "GET /api/accounts 200 -"]);
    ada.get("/logs/api").await.assert_says("Elsewhere").assert_says("Address not allowed");

    world.clock.advance(Duration::days(9));
    assert_eq!(code(call(&world, &short.key).await.assert_status(401)), "INVALID_OAUTHTOKEN");
    let last = recorded(&world).await.pop();
    assert_eq!(last.as_deref(), Some("GET /api/accounts 401 INVALID_OAUTHTOKEN"));
}

#[rstest]
#[tokio::test]
async fn calls_for_an_access_token_are_recorded_if_the_credentials_are_right(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let client = world.add_api_client(ADA, &everything("CRM")).await;
    let AsMail360 { client_secret, refresh_token, .. } = world.as_mail360(ADA, client.id).await;
    exchange(&world, &client, &client_secret, &refresh_token).await.assert_status(200);
    exchange(&world, &client, &refresh_token, &refresh_token).await.assert_status(401);
    let other = world.add_api_client(ADA, &everything("Other")).await;
    exchange(&world, &other, &client_secret, &refresh_token).await.assert_status(401);
    assert_eq!(recorded(&world).await, ["POST /api/access-token 200 -"]);
    world.raw.run(&format!("UPDATE api_clients SET networks = '{ELSEWHERE}'")).await.expect("changed");
    let refused = exchange(&world, &client, &client_secret, &refresh_token).await;
    assert_eq!(code(refused.assert_status(403)), "7027");
    let last = recorded(&world).await.pop();
    assert_eq!(last.as_deref(), Some("POST /api/access-token 403 7027"));
    let lines = world.raw.dump(&[]).await;
    assert!(!lines.iter().any(|line| line.contains(&client_secret)), "the body is stored");
}

#[rstest]
#[tokio::test]
async fn refused_calls_of_a_client_make_a_bounded_number_of_records(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let typed = TypedClient { networks: ELSEWHERE.to_owned(), ..everything("Elsewhere") };
    let client = world.add_api_client(ADA, &typed).await;
    for _ in 0..80 {
        call(&world, &client.key).await.assert_status(403);
    }
    assert_eq!(recorded(&world).await.len(), 60, "a minute has room for 60");
}
