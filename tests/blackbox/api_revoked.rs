//! Calls that are under way when their client loses its credentials.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::ConnectInfo,
};
use futures_util::{StreamExt, stream};
use http::Request;
use http_body_util::BodyExt;
use mail360::people::access::Scope;
use rstest::rstest;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::support::{
    Kind, MailAnswer,
    api_clients::{KeyedClient, only},
    refreshing::Scene,
};

const ADA: &str = "ada@contoso.test";
/// How long a call may go on.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A mailbox whose downloads never end, and a client with the raw passage alone.
async fn scene(kind: Kind) -> (Scene, String, KeyedClient) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let client = scene.world.add_api_client(ADA, &only("Raw", &[Scope::ProxyAll])).await;
    scene.world.mail.answer(|_| MailAnswer::Endless);
    (scene, format!("/api/accounts/{account}/proxy/v1.0/me/messages/1/$value"), client)
}

fn request(scene: &Scene, client: &KeyedClient, method: &str, path: &str, body: Body) -> Request<Body> {
    let browser = scene.world.browser();
    let request = browser.request(method, path).header("authorization", format!("Bearer {}", client.key));
    let mut request = request.body(body).expect("a request");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(browser.address, 50_000)));
    request
}

async fn revoke(scene: &Scene, client: &KeyedClient) {
    let admin = scene.world.admin().await;
    scene.world.program.clients.revoke_everything(&admin, client.id).await.expect("revoked");
}

#[rstest]
#[tokio::test]
async fn a_download_breaks_off_when_its_credential_is_revoked(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (scene, path, client) = scene(kind).await;
    let call = request(&scene, &client, "GET", &path, Body::empty());
    let response = scene.world.router.clone().oneshot(call).await.expect("an answer");
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    // Longer than the time of the first check.
    for _ in 0..60 {
        body.frame().await.expect("a piece").expect("bytes");
    }
    revoke(&scene, &client).await;
    let ended = async { while body.frame().await.expect("no end as if it were whole").is_ok() {} };
    timeout(TIME_LIMIT, ended).await.expect("an end in time");
}

#[rstest]
#[tokio::test]
async fn an_upload_is_refused_when_its_credential_is_revoked(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (scene, path, client) = scene(kind).await;
    let pieces = stream::repeat_with(|| Bytes::from_static(b"x")).then(|piece| async {
        sleep(Duration::from_millis(10)).await;
        Ok::<_, Infallible>(piece)
    });
    let call = request(&scene, &client, "PUT", &path, Body::from_stream(pieces));
    let call = tokio::spawn(scene.world.router.clone().oneshot(call));
    sleep(Duration::from_millis(700)).await;
    assert!(!call.is_finished());
    revoke(&scene, &client).await;
    let response = timeout(TIME_LIMIT, call).await.expect("in time").expect("a task").expect("an answer");
    assert_eq!(response.status(), 401);
}
