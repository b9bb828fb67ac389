//! API clients with their credentials, and the calls that they make.

use std::time::Duration;

use axum::body::Body;
use mail360::{
    clients::{
        model::{ApiClientId, CredentialKind, TypedClient},
        service::{CallOrigin, GivenCredentials},
    },
    people::{
        access::{Admin, Reauthenticated, Scope},
        service::RequestContext,
    },
    platform::clock::Clock,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Answer, World};

/// A client that may do everything with all accounts, as an administrator types it.
pub fn everything(name: &str) -> TypedClient {
    TypedClient {
        name: name.to_owned(),
        scopes: Scope::EVERY.iter().map(|scope| scope.name().to_owned()).collect(),
        reach: "all".to_owned(),
        rate: "1000".to_owned(),
        at_once: "512".to_owned(),
        ..TypedClient::default()
    }
}

/// The same with these scopes only.
pub fn only(name: &str, scopes: &[Scope]) -> TypedClient {
    TypedClient { scopes: scopes.iter().map(|scope| scope.name().to_owned()).collect(), ..everything(name) }
}

/// A client with its first API key.
#[derive(Clone, Debug)]
pub struct KeyedClient {
    pub id: ApiClientId,
    pub key: String,
}

/// The credentials of a client that authenticates as Mail360's do.
#[derive(Clone, Debug)]
pub struct AsMail360 {
    pub client_secret: String,
    pub refresh_token: String,
    pub access_token: String,
}

impl World {
    /// This user, an administrator, as services get one just after the password was entered.
    pub async fn reauthenticated(&self, email: &str) -> Reauthenticated<Admin> {
        let of = |column: &str| format!("SELECT {column} FROM users WHERE email = '{email}'");
        // From the row that a request reads beside its session.
        let standing = serde_json::from_value(json!({
            "id": self.raw.one::<uuid::Uuid>(&of("id")).await,
            "organisation_id": self.raw.one::<uuid::Uuid>(&of("organisation_id")).await,
            "email": email,
            "name": "An administrator",
            "role": "admin",
            "version": self.raw.one::<i64>(&of("version")).await,
            "organisation": { "name": "Theirs", "second_factor_required": false },
        }));
        let reauthenticated_at = Some(self.clock.now());
        let context = RequestContext { address: None, request_id: None, reauthenticated_at };
        let member = self.program.people.member_of_session(standing.expect("a standing"), context);
        let admin = member.expect("an answer").expect("a member").admin().expect("an administrator");
        admin.reauthenticated().expect("just now")
    }

    /// Adds an API client to the organisation of this administrator.
    pub async fn add_api_client(&self, email: &str, typed: &TypedClient) -> KeyedClient {
        let admin = self.reauthenticated(email).await;
        let added = self.program.clients.add(&admin, typed).await.expect("an answer").expect("a client");
        KeyedClient { id: added.id, key: added.key.secret.expose_secret().to_owned() }
    }

    /// Makes the credentials for Mail360's way, and gets an access token with them.
    pub async fn as_mail360(&self, email: &str, client: ApiClientId) -> AsMail360 {
        let admin = self.reauthenticated(email).await;
        let make = async |kind| {
            let made = self.program.clients.make_credential(&admin, client, kind, None).await;
            made.expect("an answer").expect("a credential").secret
        };
        let client_secret = make(CredentialKind::ClientSecret).await;
        let refresh_token = make(CredentialKind::RefreshToken).await;
        let given = GivenCredentials {
            client_id: client.to_string(),
            client_secret: client_secret.clone(),
            refresh_token: refresh_token.clone(),
        };
        let token =
            self.program.clients.exchange(&given, CallOrigin::default()).await.expect("a token").token;
        AsMail360 {
            client_secret: client_secret.expose_secret().to_owned(),
            refresh_token: refresh_token.expose_secret().to_owned(),
            access_token: token.expose_secret().to_owned(),
        }
    }

    /// A call with this value of the header `Authorization`, from an address of its own. A call that the client's rate
    /// does not allow is made again.
    pub async fn call_as(&self, authorization: Option<&str>, method: &str, path: &str, body: &str) -> Answer {
        self.call_headed(authorization, &[], (method, path), body).await
    }

    /// The same with further headers.
    pub async fn call_headed(
        &self,
        authorization: Option<&str>,
        headers: &[(&str, &str)],
        (method, path): (&str, &str),
        body: &str,
    ) -> Answer {
        loop {
            let mut client = self.browser();
            let mut octets = [0; 4];
            self.program.randomness.fill(&mut octets);
            client.address = octets.into();
            let mut request = client.request(method, path);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            if !body.is_empty() {
                request = request.header("content-type", "application/json");
            }
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(Body::from(body.to_owned())).expect("a request");
            let answer = client.send(request).await;
            if answer.status != 429 || !answer.body.contains("\"limit\":\"client\"") {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A call with an API key.
    pub async fn call_with(&self, key: &str, method: &str, path: &str) -> Answer {
        self.call_as(Some(&format!("Bearer {key}")), method, path, "").await
    }
}

/// The `data` of an answer.
#[track_caller]
pub fn data(answer: &Answer) -> Value {
    let envelope: Value = serde_json::from_str(&answer.body).expect("JSON");
    envelope["data"].clone()
}

/// The code of an error.
#[track_caller]
pub fn code(answer: &Answer) -> String {
    data(answer)["errorCode"].as_str().unwrap_or_default().to_owned()
}
