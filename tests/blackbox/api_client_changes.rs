//! Changes of API clients: what becomes of their refresh tokens, what a clock that is ahead does to them, forms that are
//! sent twice, and calls under way while a client loses an account.

use mail360::{
    accounts::service::AccountId,
    clients::{
        model::{ApiClientId, CredentialKind, ReachKind, TypedClient},
        service::{CallOrigin, GivenCredentials, NewSecret, NotMade},
    },
    connectors::service::ConnectorId,
    people::access::{Scope, Scopes},
    platform::failure::Failure,
};
use rstest::rstest;
use time::Duration;

use crate::{
    api_client_reach::Scene,
    support::{
        Kind, Raw, World,
        api_clients::{everything, only},
        clock::TestMonotonic,
    },
};

const ADA: &str = "ada@contoso.test";

/// A secret or a refresh token with these scopes.
async fn make(
    world: &World,
    client: ApiClientId,
    kind: CredentialKind,
    scopes: Option<&[Scope]>,
) -> NewSecret {
    let admin = world.reauthenticated(ADA).await;
    let scopes = scopes.map(|scopes| scopes.iter().copied().collect::<Scopes>());
    let made = world.program.clients.make_credential(&admin, client, kind, scopes).await;
    made.expect("an answer").expect("a credential")
}

/// Changes a client to this, as its form does.
async fn change(world: &World, client: ApiClientId, typed: &TypedClient) {
    let admin = world.reauthenticated(ADA).await;
    let version = world.program.clients.get(&admin, client).await.expect("a client").client.version;
    let changed = world.program.clients.change(&admin, client, version, typed).await;
    changed.expect("an answer").expect("changed");
}

/// The scopes of the refresh tokens of a client, oldest first; `-` for those that have all of their client.
async fn scopes(world: &World, client: ApiClientId) -> Vec<String> {
    let details = world.program.clients.get(&world.admin().await, client).await.expect("a client");
    let tokens = details.credentials.into_iter().filter(|found| found.kind == CredentialKind::RefreshToken);
    tokens.map(|token| token.scopes.map_or_else(|| "-".to_owned(), |scopes| scopes.to_string())).collect()
}

#[rstest]
#[tokio::test]
async fn scopes_that_a_client_gets_again_do_not_come_back_to_older_refresh_tokens(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let both = only("CRM", &[Scope::MessagesRead, Scope::FoldersRead]);
    let client = world.add_api_client(ADA, &both).await.id;
    let token = CredentialKind::RefreshToken;
    make(&world, client, token, Some(&[Scope::MessagesRead, Scope::FoldersRead])).await;
    make(&world, client, token, Some(&[Scope::FoldersRead])).await;
    make(&world, client, token, None).await;
    let messages = Scope::MessagesRead.name();
    change(&world, client, &both).await;
    assert_eq!(scopes(&world, client).await.len(), 3, "nothing is taken away");

    change(&world, client, &only("CRM", &[Scope::MessagesRead])).await;
    assert_eq!(scopes(&world, client).await, [messages, "-"]);
    change(&world, client, &both).await;
    assert_eq!(scopes(&world, client).await, [messages, "-"]);
    change(&world, client, &only("CRM", &[Scope::FoldersRead])).await;
    assert_eq!(scopes(&world, client).await, ["-"]);
    let removed = "SELECT COUNT(*) FROM activity WHERE action = 'api_client.credential_removed'";
    assert_eq!(world.raw.one::<i64>(removed).await, 2);
}

#[rstest]
#[tokio::test]
async fn a_clock_that_is_ahead_for_some_hours_ends_no_refresh_token(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let client = world.add_api_client(ADA, &everything("CRM")).await.id;
    let client_secret = make(&world, client, CredentialKind::ClientSecret, None).await.secret;
    let refresh_token = make(&world, client, CredentialKind::RefreshToken, None).await.secret;
    let given = GivenCredentials { client_id: client.to_string(), client_secret, refresh_token };
    let is_accepted = async || world.program.clients.exchange(&given, CallOrigin::default()).await.is_ok();
    let monotonic = TestMonotonic::new();
    let sweep = async |hours: f64| {
        monotonic.advance(hours * 3_600.0);
        world.run_sweep_at(monotonic.clone()).await;
    };
    sweep(0.0).await;
    world.clock.advance(Duration::days(400));
    assert!(!is_accepted().await, "it has ended");
    sweep(1.0).await;
    sweep(5.0).await;
    world.clock.advance(-Duration::days(400));
    sweep(0.5).await;
    assert!(is_accepted().await);
    sweep(6.0).await;
    assert!(is_accepted().await);
}

#[rstest]
#[tokio::test]
async fn a_use_that_a_clock_ahead_has_noted_is_replaced_by_the_next_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let client = world.add_api_client(ADA, &everything("CRM")).await;
    let used_at = "SELECT used_at FROM api_credentials WHERE used_at IS NOT NULL";
    let of_client = "SELECT used_at FROM api_clients";
    let call = async |ahead: Duration| {
        world.clock.advance(ahead);
        world.call_with(&client.key, "GET", "/api/accounts").await.assert_status(200);
        world.program.clients.flush_uses().await.expect("written");
        (world.raw.one::<i64>(used_at).await, world.raw.one::<i64>(of_client).await)
    };
    let first = call(Duration::ZERO).await;
    let ahead = call(Duration::days(100)).await;
    assert!(ahead > first);
    assert_eq!(call(-Duration::days(100)).await, first);
    assert_eq!(call(-Duration::seconds(30)).await, first, "clocks of two machines differ by seconds");
}

/// Moves an account from the first connector to the second one while `act` is under way, which has to wait for that.
async fn move_during<T>(
    scene: &Scene,
    kind: Kind,
    account: AccountId,
    act: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let raw = &scene.world().raw;
    let other = Raw::open(kind, &scene.world().program.config.database).await;
    other.run(if kind == Kind::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" }).await.expect("begun");
    let to = |connector: ConnectorId| {
        format!("UPDATE accounts SET connector_id = {} WHERE id = {}", raw.id(connector), raw.id(account))
    };
    assert_eq!(other.run(&to(scene.second)).await, Ok(1));
    let commit = async {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for _ in 0..40 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            if kind == Kind::Postgres && raw.one::<i64>(waiting).await > 0 {
                break;
            }
        }
        other.run("COMMIT").await.expect("committed");
    };
    let (done, ()) = tokio::join!(act, commit);
    assert_eq!(raw.run(&to(scene.first)).await, Ok(1), "the account is still there");
    done
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_leaves_the_reach_of_a_client_is_not_changed_by_a_call_under_way(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let grace = scene.account(scene.first, "grace@contoso.test").await;
    let (_, caller) = scene.client(ReachKind::Connectors, &[scene.first]).await;
    let accounts = &scene.world().program.accounts;
    let deleted = Box::pin(move_during(&scene, kind, grace, accounts.delete_as_client(&caller, grace))).await;
    assert!(matches!(deleted, Err(Failure::NotFound)), "{deleted:?}");
    let paused = accounts.set_paused_as_client(&caller, grace, true);
    let paused = Box::pin(move_during(&scene, kind, grace, paused)).await;
    assert!(matches!(paused, Err(Failure::NotFound)), "{paused:?}");
    let running = "SELECT COUNT(*) FROM accounts WHERE paused_at IS NULL";
    assert_eq!(scene.world().raw.one::<i64>(running).await, 1);
    assert!(accounts.set_paused_as_client(&caller, grace, true).await.expect("within its reach"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_at_once_makes_one_client_and_one_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let (admin, clients) = (world.reauthenticated(ADA).await, &world.program.clients);
    let typed = everything("CRM");
    let (one, other) = tokio::join!(clients.add(&admin, &typed), clients.add(&admin, &typed));
    let (one, other) = (one.expect("an answer"), other.expect("an answer"));
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
    for errors in [&one, &other].into_iter().filter_map(|added| added.as_ref().err()) {
        assert!(errors[0].1.starts_with("An API client has this name already."), "{errors:?}");
    }
    let id = one.or(other).expect("a client").id;

    let (kind, mut seen) = (CredentialKind::RefreshToken, Vec::new());
    for number in 1..3 {
        let make = || clients.make_credential_of_form(&admin, id, kind, None, &seen);
        let (one, other) = tokio::join!(make(), make());
        let (one, other) = (one.expect("an answer"), other.expect("an answer"));
        let outdated = [&one, &other].map(|made| matches!(made, Err(NotMade::Outdated)));
        assert_eq!(outdated.iter().filter(|outdated| **outdated).count(), 1);
        seen.push(one.or(other).expect("a token").id);
        assert_eq!(scopes(&world, id).await.len(), number);
    }
}
