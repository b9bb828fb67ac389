//! An application that calls the API with a key.

use axum::body::Body;
use mail360::{clients::model::TypedClient, people::access::Scopes};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    browser::{Answer, Browser},
    world::World,
};

/// An application with an API key.
#[derive(Clone)]
pub struct Application {
    browser: Browser,
    key: String,
}

impl Application {
    /// An application that reaches all accounts of Ada's organisation, with these scopes.
    pub async fn new(world: &World, scopes: &str) -> Self {
        // The names of clients differ.
        let number = world.raw.count("api_clients").await;
        let typed = TypedClient {
            name: if number == 0 { "CRM".to_owned() } else { format!("CRM {number}") },
            scopes: vec![scopes.to_owned()],
            reach: "all".to_owned(),
            // Tests call faster than a client usually may.
            rate: "1000".to_owned(),
            ..TypedClient::default()
        };
        Self::of(world, typed).await
    }

    /// One that may do everything that needs no consent of its own.
    pub async fn with_everything(world: &World) -> Self {
        Self::new(world, &Scopes::ordinary().to_string()).await
    }

    pub async fn of(world: &World, typed: TypedClient) -> Self {
        let admin = world.admin().await.reauthenticated().expect("a recent password");
        let added = world.program.clients.add(&admin, &typed).await.expect("an answer");
        let new = added.expect("a client");
        Self { browser: world.browser(), key: new.key.secret.expose_secret().to_owned() }
    }

    /// The same application at another process.
    pub fn at(&self, world: &World) -> Self {
        Self { browser: world.browser(), key: self.key.clone() }
    }

    /// Calls with a JSON body; `Value::Null` for none.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send_headed(method, path, &[], body).await
    }

    /// The same with further headers.
    pub async fn send_headed(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut browser = self.browser.clone();
        let mut request = browser
            .request(method, path)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        browser.send(request.body(body).expect("a request")).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null).await
    }

    /// The `data` of a call that succeeds.
    pub async fn read(&self, path: &str) -> Value {
        data(self.get(path).await.assert_status(200))
    }
}

/// The `data` of an answer.
#[track_caller]
pub fn data(answer: &Answer) -> Value {
    let envelope: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(envelope["status"]["code"], answer.status.as_u16(), "{}", answer.body);
    envelope["data"].clone()
}

/// Asserts a refusal, and returns its `data`.
#[track_caller]
pub fn assert_refusal(answer: &Answer, status: u16, code: &str) -> Value {
    let data = data(answer.assert_status(status));
    assert_eq!(data["errorCode"], code, "{}", answer.body);
    assert!(!answer.body.contains("what-the-provider-says"), "{}", answer.body);
    data
}
