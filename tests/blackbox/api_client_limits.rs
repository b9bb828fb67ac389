//! The limits of API clients: addresses, rates, calls at once, wrong credentials, and how long a revocation takes.

use std::{convert::Infallible, net::IpAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::Response;
use mail360::{
    activity::service::Activity,
    api::{
        credentials::ClientAccess,
        layers::{Limits, route, router},
    },
    clients::{
        model::{API_KEY, CLIENT_SECRET, CredentialKind, REFRESH_TOKEN, Secret, TypedClient},
        service::{
            ApiClient, CallOrigin, ClientDependencies, ClientService, ExchangeProblem, GivenCredentials,
            NewClient, NotAuthenticated,
        },
    },
    log_in::guard::RouteAccess,
    people::access::Scope,
    platform::randomness::SystemRandomness,
    router::{get, router_of, table},
};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use tower::ServiceExt;

use crate::{
    api_clients::{FOLDERS, MESSAGES, add, call, typed, world},
    support::{Browser, Kind, TestMonotonic, World, assert_refusal},
};

/// The clients of another process of this installation, on a clock that the test moves.
fn another_process(world: &World) -> (ClientService, Arc<TestMonotonic>) {
    let (program, monotonic) = (&world.program, TestMonotonic::new());
    let clients = ClientService::new(ClientDependencies {
        database: program.database.clone(),
        vault: program.vault.clone(),
        people: program.people.clone(),
        connectors: program.connectors.clone(),
        links: program.links.clone(),
        activity: Activity::new(program.clock.clone(), program.randomness.clone()),
        clock: program.clock.clone(),
        randomness: program.randomness.clone(),
        monotonic: monotonic.clone(),
    });
    (clients, monotonic)
}

fn from(address: &str) -> CallOrigin {
    let address: IpAddr = address.parse().expect("an address");
    CallOrigin { address: Some(address), request_id: None }
}

fn is_too_many(refused: &Result<ApiClient, NotAuthenticated>) -> bool {
    matches!(refused, Err(NotAuthenticated::TooMany(_)))
}

fn key_of(client: &NewClient) -> &str {
    client.key.secret.expose_secret()
}

#[rstest]
#[tokio::test]
async fn a_revocation_holds_in_every_process_within_ten_seconds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let (other, monotonic) = another_process(&world);
    let client = add(&world, &typed("CRM")).await;
    let check = async || other.authenticate(key_of(&client), CallOrigin::default()).await;
    assert!(check().await.is_ok());
    monotonic.advance(8.0);
    assert!(check().await.is_ok());
    world.program.clients.revoke_everything(&world.admin().await, client.id).await.expect("revoked");
    let browser = world.browser();
    let answer = call(&browser, MESSAGES, &format!("Bearer {}", key_of(&client))).await;
    assert_refusal(&answer, 401, "INVALID_OAUTHTOKEN");
    monotonic.advance(2.0);
    assert!(matches!(check().await, Err(NotAuthenticated::Unknown)), "the check did not count for longer");
    monotonic.advance(60.0);
    assert!(matches!(check().await, Err(NotAuthenticated::Unknown)));
}

#[rstest]
#[tokio::test]
async fn an_expired_client_is_refused_in_every_process_within_ten_seconds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let processes = [another_process(&world), another_process(&world)];
    // The clock begins on 23 November.
    let client = add(&world, &TypedClient { expires: "2026-11-24".to_owned(), ..typed("Trial") }).await;
    for (clients, _) in &processes {
        assert!(clients.authenticate(key_of(&client), CallOrigin::default()).await.is_ok());
    }
    world.clock.advance(time::Duration::days(2));
    for (clients, monotonic) in &processes {
        monotonic.advance(10.0);
        let refused = clients.authenticate(key_of(&client), CallOrigin::default()).await;
        assert!(matches!(refused, Err(NotAuthenticated::Expired(_))), "{refused:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_call_that_goes_on_ends_in_every_process_within_ten_seconds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let (other, monotonic) = another_process(&world);
    let client = add(&world, &typed("CRM")).await;
    let known = other.authenticate(key_of(&client), CallOrigin::default()).await.expect("a client");
    let call = tokio::spawn({
        let (other, known) = (other.clone(), known.clone());
        async move { other.wait_until_invalid(&known, Scope::MessagesRead).await }
    });
    let pass = async |seconds: u32| {
        for _ in 0..seconds {
            monotonic.advance(1.0);
            // It reads the database.
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    pass(20).await;
    assert!(!call.is_finished(), "the credential is valid");
    let lacking = other.wait_until_invalid(&known, Scope::FoldersRead);
    let (ended, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(20), lacking), pass(2));
    ended.expect("a call ends too whose scope is gone").expect("a check");
    world.program.clients.revoke_everything(&world.admin().await, client.id).await.expect("revoked");
    pass(10).await;
    assert!(call.is_finished(), "it ends without another call");
}

#[rstest]
#[tokio::test]
async fn a_credential_is_checked_with_at_most_one_read_in_nine_seconds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let (other, monotonic) = another_process(&world);
    let client = add(&world, &typed("CRM")).await;
    assert!(other.authenticate(key_of(&client), CallOrigin::default()).await.is_ok());
    // Without the database, the earlier check counts and no wrong checksum needs a read.
    world.program.database.clone().close().await.expect("closed");
    monotonic.advance(8.9);
    assert!(other.authenticate(key_of(&client), CallOrigin::default()).await.is_ok());
    let wrong = format!("{}x", key_of(&client));
    let refused = other.authenticate(&wrong, CallOrigin::default()).await;
    assert!(matches!(refused, Err(NotAuthenticated::Unknown)), "{refused:?}");
    monotonic.advance(0.2);
    let unread = other.authenticate(key_of(&client), CallOrigin::default()).await;
    assert!(matches!(unread, Err(NotAuthenticated::Failure(_))), "{unread:?}");
}

#[rstest]
#[tokio::test]
async fn a_client_calls_only_from_its_addresses(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = world(kind).await;
    let networks = "198.51.100.0/24\n2001:db8::/32".to_owned();
    let limited = add(&world, &TypedClient { networks, ..typed("CRM") }).await;
    let mut browser = world.browser();
    for (address, allowed) in [
        ("198.51.100.7", true),
        ("::ffff:198.51.100.7", true),
        ("2001:db8::9", true),
        ("192.0.2.7", false),
        ("2001:db9::9", false),
    ] {
        browser.address = address.parse().expect("an address");
        // No proxy is trusted, so the header counts for nothing.
        browser.forwarded_for = Some("198.51.100.7".to_owned());
        let answer = call(&browser, MESSAGES, &format!("Bearer {}", key_of(&limited))).await;
        if allowed {
            answer.assert_status(200);
        } else {
            assert_refusal(&answer, 403, "7027");
        }
        assert_eq!(answer.header("ratelimit-limit"), "100");
        assert_eq!(answer.header("ratelimit-reset"), "1");
    }
    // Calls that are not let in take nothing away from the client.
    let networks = "198.51.100.0/24".to_owned();
    let slow = add(&world, &TypedClient { networks, rate: "1".to_owned(), ..typed("Slow") }).await;
    for (address, status) in [("192.0.2.7", 403), ("192.0.2.7", 403), ("198.51.100.7", 200)] {
        browser.address = address.parse().expect("an address");
        let answer = call(&browser, MESSAGES, &format!("Bearer {}", key_of(&slow))).await;
        answer.assert_status(status);
        let remaining = if status == 403 { "1" } else { "0" };
        assert_eq!(answer.header("ratelimit-remaining"), remaining);
    }
    let unknown = world.program.clients.authenticate(key_of(&limited), CallOrigin::default()).await;
    assert!(matches!(unknown, Err(NotAuthenticated::AddressNotAllowed(Some(_)))), "{unknown:?}");
}

#[tokio::test]
async fn a_client_has_a_rate_which_every_answer_tells() {
    let world = world(Kind::Sqlite).await;
    let slow = add(&world, &TypedClient { rate: "2".to_owned(), ..typed("Slow") }).await;
    let (browser, authorization) = (world.browser(), format!("Bearer {}", key_of(&slow)));
    // A call without the scope counts too. If a second begins in between, no call is refused, and the test tries again.
    for _ in 0..20 {
        let [first, second, third] =
            [FOLDERS, MESSAGES, MESSAGES].map(|path| call(&browser, path, &authorization));
        let (first, second, third) = (first.await, second.await, third.await);
        if third.status != 429 {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            continue;
        }
        assert_refusal(&first, 403, "MISSING_SCOPE");
        second.assert_status(200);
        let refused = assert_refusal(&third, 429, "TOO_MANY_REQUESTS");
        assert_eq!(refused["limit"], "client");
        assert_eq!(third.header("retry-after"), "1");
        for (answer, remaining) in [(&first, "1"), (&second, "0"), (&third, "0")] {
            let told =
                ["limit", "remaining", "reset"].map(|name| answer.header(&format!("ratelimit-{name}")));
            assert_eq!(told, ["2", remaining, "1"]);
        }
        return;
    }
    unreachable!("no call was refused");
}

async fn never_answer() -> Response<Body> {
    std::future::pending().await
}

async fn break_off() -> Response<Body> {
    unreachable!("a panic")
}

#[tokio::test]
async fn a_client_is_told_of_its_rate_however_its_call_ends() {
    let world = world(Kind::Sqlite).await;
    let client = add(&world, &TypedClient { rate: "50".to_owned(), ..typed("CRM") }).await;
    let (clients, config) = (world.program.clients.clone(), world.program.config.clone());
    let access = ClientAccess { clients, config: config.clone(), scope: Scope::MessagesRead };
    let limits = Limits { call: Duration::from_secs(1), ..Limits::default() };
    let of = |handler| route::<()>(handler, Some(access.clone()), limits);
    let routes = Router::new()
        .route("/api/test/never", of(axum::routing::get(never_answer)))
        .route("/api/test/panic", of(axum::routing::get(break_off)));
    let browser = Browser::new(router(routes, &config, limits), "http://localhost:3000");
    for (path, status, code) in
        [("/api/test/never", 503, "TIMED_OUT"), ("/api/test/panic", 500, "INTERNAL_ERROR")]
    {
        let answer = call(&browser, path, &format!("Bearer {}", key_of(&client))).await;
        assert_refusal(&answer, status, code);
        assert_eq!(answer.header("ratelimit-limit"), "50", "{code}");
        assert_ne!(answer.header("ratelimit-remaining"), "", "{code}");
        assert_eq!(answer.header("ratelimit-reset"), "1", "{code}");
    }
}

#[tokio::test]
async fn too_many_wrong_credentials_are_a_limit_of_the_client() {
    let world = world(Kind::Sqlite).await;
    let browser = world.browser();
    for number in 0..31 {
        let answer = call(&browser, MESSAGES, "Bearer m360_wrong").await;
        if number < 30 {
            assert_refusal(&answer, 401, "INVALID_OAUTHTOKEN");
        } else {
            assert_eq!(assert_refusal(&answer, 429, "TOO_MANY_REQUESTS")["limit"], "client");
            let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!((1..=60).contains(&seconds), "{seconds}");
        }
    }
}

async fn never_end() -> Response<Body> {
    Response::new(Body::from_stream(futures_util::stream::pending::<Result<&str, Infallible>>()))
}

#[tokio::test]
async fn a_call_is_under_way_until_its_answer_was_read_or_given_up() {
    let mut world = world(Kind::Sqlite).await;
    let mut lines = table();
    lines.push(get("/api/test/endless", RouteAccess::ApiClient(Scope::MessagesRead), never_end));
    world.router = router_of(&world.program, lines);
    let two = add(&world, &TypedClient { at_once: "2".to_owned(), ..typed("Two") }).await;
    let endless = || {
        let browser = world.browser();
        let request = browser.request("GET", "/api/test/endless");
        let request = request.header("authorization", format!("Bearer {}", key_of(&two)));
        world.router.clone().oneshot(request.body(Body::empty()).expect("a request"))
    };
    let first = endless().await.expect("an answer");
    let second = endless().await.expect("an answer");
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    let third = endless().await.expect("an answer");
    assert_eq!(third.status().as_u16(), 429);
    assert_eq!(third.headers()["retry-after"], "1");
    drop(first);
    assert_eq!(endless().await.expect("an answer").status().as_u16(), 200);
}

#[rstest]
#[tokio::test]
async fn a_hundred_thousand_wrong_keys_from_the_address_of_a_good_client_do_not_refuse_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let (clients, monotonic) = another_process(&world);
    let client = add(&world, &typed("CRM")).await;
    let stranger = from("198.51.100.7");
    let throttles = world.raw.count("throttles").await;
    for number in 0..100_000 {
        let refused = clients.authenticate(&format!("m360_{number:049}"), stranger).await;
        assert_eq!(is_too_many(&refused), number >= 30, "{number}");
    }
    // Those with a right checksum read the database.
    for _ in 0..200 {
        let wrong = Secret::random(API_KEY, &SystemRandomness);
        let refused = clients.authenticate(wrong.reveal().expose_secret(), stranger).await;
        assert!(is_too_many(&refused));
    }
    assert!(clients.authenticate(key_of(&client), stranger).await.is_ok(), "the right key is let in");
    let other = clients.authenticate("m360_x", from("198.51.100.8")).await;
    assert!(matches!(other, Err(NotAuthenticated::Unknown)), "another address is not counted with it");
    // An IPv6 network counts as one.
    for number in 0..31 {
        let refused = clients.authenticate("m360_x", from(&format!("2001:db8:1:2::{number:x}"))).await;
        assert_eq!(is_too_many(&refused), number == 30);
    }
    monotonic.advance(60.0);
    let later = clients.authenticate("m360_x", stranger).await;
    assert!(matches!(later, Err(NotAuthenticated::Unknown)), "the next minute");
    assert_eq!(world.raw.count("throttles").await, throttles, "wrong keys write nothing");
}

#[rstest]
#[tokio::test]
async fn a_refresh_token_gives_sixty_access_tokens_a_minute_and_wrong_ones_are_counted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = world(kind).await;
    let (clients, monotonic) = another_process(&world);
    let NewClient { id, .. } = add(&world, &typed("CRM")).await;
    let admin = world.admin().await.reauthenticated().expect("a recent password");
    let make = async |kind| {
        let made = clients.make_credential(&admin, id, kind, None).await;
        made.expect("an answer").expect("a credential").secret
    };
    let given = GivenCredentials {
        client_id: id.to_string(),
        client_secret: make(CredentialKind::ClientSecret).await,
        refresh_token: make(CredentialKind::RefreshToken).await,
    };
    for number in 0..61 {
        let given = clients.exchange(&given, from("192.0.2.9")).await;
        let too_many = matches!(given, Err(ExchangeProblem::TooMany { .. }));
        assert_eq!((given.is_ok(), too_many), (number < 60, number == 60), "{number}");
    }
    monotonic.advance(60.0);
    assert!(clients.exchange(&given, from("192.0.2.9")).await.is_ok());

    let random = |kind| Secret::random(kind, &SystemRandomness).reveal().clone();
    for number in 0..31 {
        let wrong = GivenCredentials {
            client_id: id.to_string(),
            client_secret: if number % 2 == 0 { random(CLIENT_SECRET) } else { SecretString::from("") },
            refresh_token: random(REFRESH_TOKEN),
        };
        let problem = clients.exchange(&wrong, from("192.0.2.9")).await.expect_err("wrong");
        let too_many = matches!(problem, ExchangeProblem::NotAuthenticated(NotAuthenticated::TooMany(_)));
        assert_eq!(too_many, number == 30, "{problem:?}");
    }
    assert!(clients.exchange(&given, from("192.0.2.9")).await.is_ok(), "the right ones are let in");
}
