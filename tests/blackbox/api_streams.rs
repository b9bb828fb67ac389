//! Bodies that stream between a client and the provider. One whose other side stops is let go in time, and leaves no
//! task behind. A mailbox has few of them at once, and a call that waits for one waits for a bounded time.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Response;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{
    Kind, MailAnswer, OpenBodies, TestMonotonic, World,
    api_clients::{KeyedClient, everything},
    jobs::until,
    refreshing::Scene,
};

const ADA: &str = "ada@contoso.test";
/// The calls that stream.
const DOWNLOADS: [&str; 2] = ["messages/1/raw", "proxy/v1.0/me/messages/1/$value"];

/// A mailbox whose downloads do not end, in a process whose clock the test moves.
struct Streaming {
    world: World,
    monotonic: Arc<TestMonotonic>,
    client: KeyedClient,
    account: String,
    bodies: OpenBodies,
}

impl Streaming {
    /// `pieces`: what the provider sends before it stops.
    async fn new(pieces: usize) -> Self {
        let scene = Scene::new(Kind::Sqlite).await;
        let account = scene.connect("grace").await.to_string();
        let client = scene.world.add_api_client(ADA, &everything("Reader")).await;
        let (monotonic, bodies) = (TestMonotonic::new(), OpenBodies::default());
        let world = scene.world.with_monotonic(&monotonic).await;
        let given = bodies.clone();
        world.mail.answer(move |seen| {
            if seen.path().ends_with("/$value") {
                MailAnswer::Unending(pieces, given.clone())
            } else {
                MailAnswer::Json(200, json!({ "value": [] }))
            }
        });
        let streaming = Self { world, monotonic, client, account, bodies };
        // What first calls start stays, such as the connections to the database that calls at the same time need.
        let calls = (0..8).map(|_| streaming.begin("proxy/v1.0/me/messages"));
        for response in futures_util::future::join_all(calls).await {
            assert_eq!(response.status(), 200);
        }
        streaming
    }

    /// Makes a call whose answer is not read.
    async fn begin(&self, path: &str) -> Response<Body> {
        self.send("GET", path, Body::empty()).await
    }

    async fn send(&self, method: &str, path: &str, body: Body) -> Response<Body> {
        let path = format!("/api/accounts/{}/{path}", self.account);
        let request = self.world.browser().request(method, &path);
        let request = request.header("authorization", format!("Bearer {}", self.client.key));
        let request = request.body(body).expect("a request");
        self.world.router.clone().oneshot(request).await.expect("an answer")
    }

    /// Lets time pass, ten seconds at a time.
    async fn pass(&self, steps: usize) {
        for _ in 0..steps {
            settle().await;
            self.monotonic.advance(10.0);
        }
        settle().await;
    }

    /// Lets time pass in steps of this number of seconds until a call is answered. Returns the number of steps.
    async fn pass_until(
        &self,
        call: impl Future<Output = Response<Body>>,
        seconds: f64,
    ) -> (Response<Body>, usize) {
        let mut call = std::pin::pin!(call);
        for steps in 0_usize.. {
            tokio::select! {
                response = &mut call => return (response, steps),
                () = tokio::time::sleep(Duration::from_millis(20)) => self.monotonic.advance(seconds),
            }
        }
        unreachable!("the steps do not end")
    }
}

/// Lets the other tasks run as far as they can.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// The number of tasks while no call is under way.
async fn tasks_at_rest() -> usize {
    let mut least = tasks();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        least = least.min(tasks());
    }
    least
}

#[tokio::test]
async fn a_provider_that_stops_sending_is_let_go_within_seventy_seconds_and_no_task_is_left() {
    for path in DOWNLOADS {
        let streaming = Streaming::new(1).await;
        let rest = tasks_at_rest().await;
        let response = streaming.begin(path).await;
        assert_eq!(response.status(), 200, "{path}");
        let mut body = response.into_body();
        let first = body.frame().await.expect("a piece").expect("bytes").into_data().expect("bytes");
        assert!(!first.is_empty(), "{path}");
        streaming.pass(5).await;
        assert_eq!(streaming.bodies.count(), 1, "{path}: it has a minute");
        assert!(tasks() > rest, "{path}: a task passes the body on");
        streaming.pass(2).await;
        assert_eq!(streaming.bodies.count(), 0, "{path}");
        assert!(body.frame().await.expect("an end").is_err(), "{path}: the part is not the whole");
        drop(body);
        until(|| tasks() <= rest).await;
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_is_let_go_within_seventy_seconds_and_no_task_is_left() {
    for path in DOWNLOADS {
        let streaming = Streaming::new(usize::MAX).await;
        let rest = tasks_at_rest().await;
        let response = streaming.begin(path).await;
        assert_eq!(response.status(), 200, "{path}");
        streaming.pass(5).await;
        assert_eq!(streaming.bodies.count(), 1, "{path}: it has a minute");
        streaming.pass(2).await;
        assert_eq!(streaming.bodies.count(), 0, "{path}: it ends, although no reader polls it");
        assert!(response.into_body().collect().await.is_err(), "{path}: the part is not the whole");
        // The response had one that looks whether the client may still read it.
        until(|| tasks() <= rest).await;
    }
}

#[tokio::test]
async fn a_client_that_closes_its_connection_ends_the_request_to_the_provider_at_once() {
    for path in DOWNLOADS {
        let streaming = Streaming::new(usize::MAX).await;
        let rest = tasks_at_rest().await;
        let response = streaming.begin(path).await;
        until(|| streaming.bodies.count() == 1).await;
        drop(response);
        until(|| streaming.bodies.count() == 0 && tasks() <= rest).await;
    }
}

#[tokio::test]
async fn a_client_that_stops_sending_is_let_go_and_no_task_is_left() {
    let streaming = Streaming::new(1).await;
    let rest = tasks_at_rest().await;
    let upload = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let call = streaming.send("POST", "proxy/v1.0/me/messages", upload);
    let (response, _) = streaming.pass_until(call, 2.0).await;
    assert!(response.status().is_server_error(), "{}", response.status());
    drop(response);
    until(|| tasks() <= rest).await;
}

#[tokio::test]
async fn two_downloads_of_a_mailbox_are_under_way_and_a_third_is_refused_after_five_seconds() {
    let streaming = Streaming::new(usize::MAX).await;
    let first = streaming.begin(DOWNLOADS[0]).await;
    let second = streaming.begin(DOWNLOADS[1]).await;
    until(|| streaming.bodies.count() == 2).await;
    // A call that reads no stream does not wait for them.
    let list = streaming.begin("proxy/v1.0/me/messages").await;
    assert_eq!(list.status(), 200);

    let (third, steps) = streaming.pass_until(streaming.begin(DOWNLOADS[0]), 0.5).await;
    assert_eq!(third.status(), 429);
    assert!(steps >= 10, "it waited for {steps} half seconds");
    assert_eq!(streaming.bodies.count(), 2);
    assert_eq!(third.headers()["retry-after"], "1");
    let body = third.into_body().collect().await.expect("a body").to_bytes();
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["data"]["errorCode"], "TOO_MANY_REQUESTS");
    assert_eq!(body["data"]["limit"], "mailbox");

    drop(first);
    assert_eq!(streaming.begin(DOWNLOADS[0]).await.status(), 200);
    drop(second);
}
