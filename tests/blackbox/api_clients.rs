//! API clients: their keys, the exchange of refresh tokens as Mail360 has it, and what administrators do with them.

mod secrets;

use axum::{Extension, body::Body};
use mail360::{
    api::envelope::Envelope,
    clients::{
        model::{ApiClientId, CredentialKind, TypedClient},
        service::{ApiClient, NewClient, NewSecret, NotMade, Revoked},
    },
    log_in::guard::RouteAccess,
    people::access::{Admin, Reauthenticated, Scope, Scopes},
    platform::failure::Failure,
    router::{get, router_of, table},
};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{Answer, Browser, Kind, World, assert_refusal, clock::TestMonotonic, data};

/// A call that needs the scope to read messages.
pub const MESSAGES: &str = "/api/test/messages";
/// A call that needs the scope to read folders.
pub const FOLDERS: &str = "/api/test/folders";

async fn name_client(Extension(client): Extension<ApiClient>) -> Envelope<Value> {
    Envelope::success(json!({ "client": client.name(), "scopes": client.scopes().to_string() }))
}

/// Contoso with Ada, and the two calls.
pub async fn world(kind: Kind) -> World {
    let mut world = World::new(kind).await;
    world.set_up().await;
    let mut lines = table();
    lines.extend([
        get(MESSAGES, RouteAccess::ApiClient(Scope::MessagesRead), name_client),
        get(FOLDERS, RouteAccess::ApiClient(Scope::FoldersRead), name_client),
    ]);
    world.router = router_of(&world.program, lines);
    world
}

/// A client that reads messages of all accounts.
pub fn typed(name: &str) -> TypedClient {
    TypedClient {
        name: name.to_owned(),
        scopes: vec![Scope::MessagesRead.name().to_owned()],
        reach: "all".to_owned(),
        ..TypedClient::default()
    }
}

pub async fn ada(world: &World) -> Reauthenticated<Admin> {
    world.admin().await.reauthenticated().expect("a recent password")
}

pub async fn add(world: &World, typed: &TypedClient) -> NewClient {
    let added = world.program.clients.add(&ada(world).await, typed).await;
    added.expect("an answer").expect("a client")
}

async fn make(world: &World, client: ApiClientId, kind: CredentialKind) -> NewSecret {
    try_make(world, client, kind, None).await.expect("a secret")
}

async fn try_make(
    world: &World,
    client: ApiClientId,
    kind: CredentialKind,
    scopes: Option<Scopes>,
) -> Result<NewSecret, &'static str> {
    let made = world.program.clients.make_credential(&ada(world).await, client, kind, scopes).await;
    made.expect("an answer").map_err(|not_made| match not_made {
        NotMade::Words(words) => words,
        NotMade::Outdated => "outdated",
    })
}

fn text(secret: &NewSecret) -> &str {
    secret.secret.expose_secret()
}

/// A call with this `Authorization`.
pub async fn call(client: &Browser, path: &str, authorization: &str) -> Answer {
    let request = client.request("GET", path).header("authorization", authorization);
    client.clone().send(request.body(Body::empty()).expect("a request")).await
}

async fn call_with(client: &Browser, path: &str, key: &NewSecret) -> Answer {
    call(client, path, &format!("Bearer {}", text(key))).await
}

/// Posts this body for an access token.
async fn post(client: &Browser, content_type: &str, body: String) -> Answer {
    let request = client.request("POST", "/api/access-token").header("content-type", content_type);
    client.clone().send(request.body(Body::from(body)).expect("a request")).await
}

async fn exchange(client: &Browser, id: &str, secret: &str, token: &str) -> Answer {
    let body = json!({ "client_id": id, "client_secret": secret, "refresh_token": token });
    post(client, "application/json", body.to_string()).await
}

#[rstest]
#[tokio::test]
async fn an_api_key_lets_its_client_in_for_the_scopes_that_it_has(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let client = world.browser();
    let NewClient { key, .. } = add(&world, &typed("CRM")).await;
    assert!(text(&key).starts_with("m360_"));
    for scheme in ["Bearer", "bearer", "Zoho-oauthtoken"] {
        let answer = call(&client, MESSAGES, &format!("{scheme} {}", text(&key))).await;
        let wanted = json!({ "client": "CRM", "scopes": "MailApps.messages.READ" });
        assert_eq!(data(answer.assert_status(200)), wanted, "{scheme}");
        assert_eq!(answer.header("ratelimit-limit"), "100");
    }
    let refused = assert_refusal(&call_with(&client, FOLDERS, &key).await, 403, "MISSING_SCOPE");
    assert_eq!(refused["moreInfo"], "The credential lacks the scope MailApps.folders.READ.");
    let mut wrong = text(&key).to_owned();
    wrong.pop();
    for wrong in [wrong.as_str(), "m360_", "1000.abc", &text(&key).replace("m360_", "m360r_")] {
        let answer = call(&client, MESSAGES, &format!("Bearer {wrong}")).await;
        assert_refusal(&answer, 401, "INVALID_OAUTHTOKEN");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
        assert_eq!(answer.header("ratelimit-limit"), "", "the client is not known");
    }
}

#[rstest]
#[tokio::test]
async fn an_application_of_mail360_gets_an_access_token_for_an_hour(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let client = world.browser();
    let everything = TypedClient { scopes: vec![Scopes::ordinary().to_string()], ..typed("CRM") };
    let NewClient { id, .. } = add(&world, &everything).await;
    let secret = make(&world, id, CredentialKind::ClientSecret).await;
    let only_messages: Scopes = [Scope::MessagesRead].into_iter().collect();
    let token = try_make(&world, id, CredentialKind::RefreshToken, Some(only_messages)).await;
    let token = token.expect("a token");
    let (id, secret, token) = (id.to_string(), text(&secret), text(&token));
    let id = id.as_str();

    let answer = exchange(&client, id, secret, token).await;
    let given = data(answer.assert_status(200));
    assert_eq!(given["expires_in_sec"], 3600);
    let told = ["limit", "remaining", "reset"].map(|name| answer.header(&format!("ratelimit-{name}")));
    assert_eq!(told, ["100", "100", "1"], "it is no call of the rate");
    let access = given["access_token"].as_str().expect("a token").to_owned();
    assert!(access.starts_with("m360a_"), "{access}");
    let authorization = format!("Zoho-oauthtoken {access}");
    call(&client, MESSAGES, &authorization).await.assert_status(200);
    assert_refusal(&call(&client, FOLDERS, &authorization).await, 403, "MISSING_SCOPE");

    // OAuth's parameter, which such clients send.
    let body = json!({ "client_id": id, "client_secret": secret, "refresh_token": token,
                       "grant_type": "refresh_token" });
    post(&client, "application/json", body.to_string()).await.assert_status(200);
    let form = format!("client_id={id}&client_secret={secret}&refresh_token={token}");
    let answer = post(&client, "application/x-www-form-urlencoded", form).await;
    assert_refusal(&answer, 400, "JSON_PARSE_ERROR");
    let body = json!({ "client_id": id, "client_secret": secret, "refresh_token": token, "scope": "x" });
    let answer = post(&client, "application/json", body.to_string()).await;
    assert_eq!(assert_refusal(&answer, 400, "EXTRA_PARAM_FOUND")["moreInfo"], "MA_9018 scope");

    let other = add(&world, &typed("Other")).await;
    let secret_of_other = make(&world, other.id, CredentialKind::ClientSecret).await;
    let token_of_other = make(&world, other.id, CredentialKind::RefreshToken).await;
    let other_id = other.id.to_string();
    for (id, secret, token) in [
        (other_id.as_str(), secret, token),
        (id, text(&secret_of_other), token),
        (id, secret, text(&token_of_other)),
        (id, token, secret),
        (id, secret, access.as_str()),
        (id, secret, text(&other.key)),
        ("CRM", secret, token),
    ] {
        let answer = exchange(&client, id, secret, token).await;
        assert_refusal(&answer, 401, "INVALID_CLIENT_OR_TOKEN");
        assert_eq!(answer.header("ratelimit-limit"), "", "the client is not known");
    }

    world.clock.advance(Duration::minutes(59));
    call(&client, MESSAGES, &authorization).await.assert_status(200);
    world.clock.advance(Duration::minutes(1));
    assert_refusal(&call(&client, MESSAGES, &authorization).await, 401, "INVALID_OAUTHTOKEN");
}

#[rstest]
#[tokio::test]
async fn a_client_gets_access_tokens_from_its_addresses_only_and_sixty_a_minute(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let limited = TypedClient { networks: "198.51.100.0/24".to_owned(), ..typed("CRM") };
    let NewClient { id, .. } = add(&world, &limited).await;
    let secret = make(&world, id, CredentialKind::ClientSecret).await;
    let token = make(&world, id, CredentialKind::RefreshToken).await;
    let (mut client, id) = (world.browser(), id.to_string());
    let elsewhere = exchange(&client, &id, text(&secret), text(&token)).await;
    assert_refusal(&elsewhere, 403, "7027");
    assert_eq!(elsewhere.header("ratelimit-limit"), "100", "the credentials are right");

    client.address = "198.51.100.7".parse().expect("an address");
    for _ in 0..60 {
        exchange(&client, &id, text(&secret), text(&token)).await.assert_status(200);
    }
    let refused = exchange(&client, &id, text(&secret), text(&token)).await;
    assert_eq!(assert_refusal(&refused, 429, "TOO_MANY_REQUESTS")["limit"], "client");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(refused.header("ratelimit-limit"), "100");
    world.flush().await;
    let statuses: Vec<i64> = world.raw.column("SELECT DISTINCT status FROM api_calls ORDER BY status").await;
    assert_eq!(statuses, [200, 403, 429], "the calls are recorded for their client");
}

#[rstest]
#[tokio::test]
async fn removing_a_client_secret_ends_no_refresh_token_and_removing_that_ends_its_access_tokens(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let client = world.browser();
    let NewClient { id, .. } = add(&world, &typed("CRM")).await;
    let old = make(&world, id, CredentialKind::ClientSecret).await;
    let new = make(&world, id, CredentialKind::ClientSecret).await;
    let token = make(&world, id, CredentialKind::RefreshToken).await;
    let answer = exchange(&client, &id.to_string(), text(&old), text(&token)).await;
    let access = data(answer.assert_status(200))["access_token"].as_str().expect("a token").to_owned();
    let authorization = format!("Bearer {access}");

    let admin = world.admin().await;
    world.program.clients.remove_credential(&admin, id, old.id).await.expect("removed");
    let answer = exchange(&client, &id.to_string(), text(&old), text(&token)).await;
    assert_refusal(&answer, 401, "INVALID_CLIENT_OR_TOKEN");
    exchange(&client, &id.to_string(), text(&new), text(&token)).await.assert_status(200);
    call(&client, MESSAGES, &authorization).await.assert_status(200);

    world.program.clients.remove_credential(&admin, id, token.id).await.expect("removed");
    world.program.clients.remove_credential(&admin, id, token.id).await.expect("no error");
    assert_refusal(&call(&client, MESSAGES, &authorization).await, 401, "INVALID_OAUTHTOKEN");
    let answer = exchange(&client, &id.to_string(), text(&new), text(&token)).await;
    assert_refusal(&answer, 401, "INVALID_CLIENT_OR_TOKEN");
}

#[rstest]
#[tokio::test]
async fn a_client_has_two_keys_two_secrets_and_ten_refresh_tokens_with_its_own_scopes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let client = world.browser();
    let NewClient { id, key, .. } = add(&world, &typed("CRM")).await;
    // The first key was made with the client.
    for (kind, more) in
        [(CredentialKind::ApiKey, 1), (CredentialKind::ClientSecret, 2), (CredentialKind::RefreshToken, 10)]
    {
        for _ in 0..more {
            make(&world, id, kind).await;
        }
        let refused = try_make(&world, id, kind, None).await.expect_err("the most");
        assert!(refused.contains("the most"), "{refused}");
    }
    let details = world.program.clients.get(&world.admin().await, id).await.expect("a client");
    assert_eq!(details.credentials.len(), 14);
    let first = details.credentials.iter().find(|it| it.id == key.id).expect("the first key");
    assert_eq!(first.hint, key.hint);
    assert!(text(&key).ends_with(&first.hint[first.hint.len() - 4..]), "{}", first.hint);

    let more = add(&world, &typed("More")).await;
    let folders: Scopes = [Scope::FoldersRead].into_iter().collect();
    let kind = CredentialKind::RefreshToken;
    let refused = try_make(&world, more.id, kind, Some(folders.clone())).await.expect_err("a scope too many");
    assert!(refused.contains("what its client may do"), "{refused}");
    try_make(&world, more.id, kind, Some(Scopes::default())).await.expect_err("no scope");

    // A token loses the scopes that its client loses.
    let both = TypedClient {
        scopes: vec!["MailApps.messages.READ MailApps.folders.READ".to_owned()],
        ..typed("More")
    };
    let change = async |version, typed: &TypedClient| {
        let admin = ada(&world).await;
        world.program.clients.change(&admin, more.id, version, typed).await.expect("an answer")
    };
    assert_eq!(change(1, &both).await, Ok(()));
    assert_eq!(change(1, &both).await.expect_err("an old version")[0].0, "name");
    let secret = make(&world, more.id, CredentialKind::ClientSecret).await;
    let token = try_make(&world, more.id, kind, Some(folders)).await.expect("a token");
    let answer = exchange(&client, &more.id.to_string(), text(&secret), text(&token)).await;
    let access = data(answer.assert_status(200))["access_token"].as_str().expect("a token").to_owned();
    let authorization = format!("Bearer {access}");
    call(&client, FOLDERS, &authorization).await.assert_status(200);
    assert_eq!(change(2, &typed("More")).await, Ok(()));
    // It has none left, so it is removed.
    assert_refusal(&call(&client, FOLDERS, &authorization).await, 401, "INVALID_OAUTHTOKEN");
}

#[rstest]
#[tokio::test]
async fn revoke_everything_ends_each_credential_and_deleting_the_client_too(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let client = world.browser();
    let NewClient { id, key, .. } = add(&world, &typed("CRM")).await;
    let secret = make(&world, id, CredentialKind::ClientSecret).await;
    let token = make(&world, id, CredentialKind::RefreshToken).await;
    let answer = exchange(&client, &id.to_string(), text(&secret), text(&token)).await;
    let access = data(answer.assert_status(200))["access_token"].as_str().expect("a token").to_owned();
    call_with(&client, MESSAGES, &key).await.assert_status(200);

    let admin = ada(&world).await;
    let revoked = world.program.clients.revoke_everything(&admin, id).await.expect("revoked");
    assert_eq!(revoked, Revoked { credentials: 3, links: 0 });
    for credential in [text(&key), &access] {
        let answer = call(&client, MESSAGES, &format!("Bearer {credential}")).await;
        assert_refusal(&answer, 401, "INVALID_OAUTHTOKEN");
    }
    let answer = exchange(&client, &id.to_string(), text(&secret), text(&token)).await;
    assert_refusal(&answer, 401, "INVALID_CLIENT_OR_TOKEN");
    // The client stays, and can get new credentials.
    let new = make(&world, id, CredentialKind::ApiKey).await;
    call_with(&client, MESSAGES, &new).await.assert_status(200);
    world.program.clients.delete(&admin, id).await.expect("deleted");
    assert_refusal(&call_with(&client, MESSAGES, &new).await, 401, "INVALID_OAUTHTOKEN");
    assert_eq!(world.raw.count("api_credentials").await, 0);
    let gone = [
        world.program.clients.delete(&admin, id).await.expect_err("gone"),
        world.program.clients.revoke_everything(&admin, id).await.expect_err("gone"),
        world.program.clients.get(&admin, id).await.expect_err("gone"),
        world.program.clients.remove_credential(&admin, id, new.id).await.expect_err("gone"),
    ];
    assert!(gone.iter().all(|failure| matches!(failure, Failure::NotFound)), "{gone:?}");
}

#[rstest]
#[tokio::test]
async fn an_expired_client_is_refused_and_so_is_a_refresh_token_that_was_not_used_for_180_days(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let client = world.browser();
    // The clock begins on 23 November.
    let until = TypedClient { expires: "2026-11-24".to_owned(), ..typed("Trial") };
    let NewClient { key, .. } = add(&world, &until).await;
    let NewClient { id, .. } = add(&world, &typed("CRM")).await;
    let secret = make(&world, id, CredentialKind::ClientSecret).await;
    let used = make(&world, id, CredentialKind::RefreshToken).await;
    let unused = make(&world, id, CredentialKind::RefreshToken).await;
    world.clock.advance(Duration::days(1));
    call_with(&client, MESSAGES, &key).await.assert_status(200);
    world.clock.advance(Duration::days(1));
    assert_refusal(&call_with(&client, MESSAGES, &key).await, 401, "INVALID_OAUTHTOKEN");

    world.clock.advance(Duration::days(100));
    exchange(&client, &id.to_string(), text(&secret), text(&used)).await.assert_status(200);
    world.program.clients.flush_uses().await.expect("written");
    world.clock.advance(Duration::days(78));
    exchange(&client, &id.to_string(), text(&secret), text(&used)).await.assert_status(200);
    let answer = exchange(&client, &id.to_string(), text(&secret), text(&unused)).await;
    assert_refusal(&answer, 401, "INVALID_CLIENT_OR_TOKEN");
    let monotonic = TestMonotonic::new();
    world.run_sweep_at(monotonic.clone()).await;
    monotonic.advance(6.0 * 3_600.0);
    world.run_sweep_at(monotonic).await;
    let details = world.program.clients.get(&world.admin().await, id).await.expect("a client");
    let left: Vec<_> = details.credentials.iter().map(|credential| credential.id).collect();
    assert!(left.contains(&used.id) && left.contains(&secret.id) && !left.contains(&unused.id));
    assert_eq!(details.client.used_at, Some(world.program.clock.now()), "the sweep wrote the last use");
}
