//! Sign-ins that are under way, and the addresses with which they come back.

use std::sync::Arc;

use tokio::{sync::Notify, task::JoinHandle};
use url::Url;

use super::{
    browser::{Answer, Browser},
    database::Kind,
    provider::{Canned, tokens},
    world::{NewConnector, World},
};

/// A connector of Ada's, and an open sign-in.
pub async fn under_way(kind: Kind) -> (World, Browser, String, Url) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let authorize = world.start(&mut ada, &connector).await;
    (world, ada, connector, authorize)
}

/// A callback whose exchange waits at the provider until the gate opens, and then succeeds.
pub async fn held(world: &World, browser: &Browser, authorize: &Url) -> (Arc<Notify>, JoinHandle<Answer>) {
    let gate = Arc::new(Notify::new());
    let grant = Canned::Json(200, tokens(&world.claims(authorize)));
    world.provider.answer_token(Canned::After(gate.clone(), Box::new(grant)));
    world.say_who();
    let (mut browser, back) = (browser.clone(), callback(authorize, "code=abc"));
    let request = tokio::spawn(async move { browser.get(&back).await });
    while world.provider.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    (gate, request)
}

/// The path of the page of the only attempt.
pub async fn sign_in_path(world: &World) -> String {
    format!("/sign-ins/{}", world.raw.one::<uuid::Uuid>("SELECT id FROM attempts").await)
}

/// The callback for this redirect to the provider.
pub fn callback(authorize: &Url, rest: &str) -> String {
    format!("/api/connectors?state={}&{rest}", parameter(authorize, "state"))
}

/// A parameter of an address.
#[track_caller]
pub fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).expect("the parameter").1.into_owned()
}
