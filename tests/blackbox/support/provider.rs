use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::providers::http::{HttpFailure, ProviderHttp};
use oauth2::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// The next response of the provider.
#[derive(Clone)]
pub enum Canned {
    Json(u16, Value),
    Text(u16, String),
    /// With a header.
    Headed(u16, (&'static str, &'static str), Value),
    /// An error whose description contains everything that was sent.
    Echo,
    /// An error whose every field contains the sent secrets in this encoding.
    EchoAs(fn(&str) -> String),
    Failure(HttpFailure),
    /// Only after the gate opens.
    After(Arc<Notify>, Box<Canned>),
}

/// A request as the provider saw it.
#[derive(Clone)]
pub struct Seen {
    pub method: String,
    pub url: String,
    pub headers: http::HeaderMap,
    pub form: Vec<(String, String)>,
}

impl Seen {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The provider: queues of responses for the token endpoint, Graph and the metadata. It refuses the connection
/// if no response is queued.
#[derive(Default)]
pub struct Provider {
    token: Mutex<VecDeque<Canned>>,
    me: Mutex<VecDeque<Canned>>,
    metadata: Mutex<VecDeque<Canned>>,
    seen: Mutex<Vec<Seen>>,
}

impl Provider {
    pub fn answer_token(&self, canned: Canned) {
        self.token.lock().expect("a queue").push_back(canned);
    }

    pub fn answer_me(&self, canned: Canned) {
        self.me.lock().expect("a queue").push_back(canned);
    }

    pub fn answer_metadata(&self, canned: Canned) {
        self.metadata.lock().expect("a queue").push_back(canned);
    }

    /// All requests so far, of either kind.
    pub fn requests(&self) -> Vec<Seen> {
        self.seen.lock().expect("a list").clone()
    }

    /// The requests that exchange a code.
    pub fn exchanges(&self) -> Vec<Seen> {
        let of_a_code = |seen: &Seen| seen.field("grant_type") == Some("authorization_code");
        self.requests().into_iter().filter(of_a_code).collect()
    }

    pub fn token_requests(&self) -> Vec<Seen> {
        self.requests().into_iter().filter(|seen| seen.url.ends_with("/token")).collect()
    }
}

#[async_trait]
impl ProviderHttp for Provider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let url = request.uri().to_string();
        self.seen.lock().expect("a list").push(Seen {
            method: request.method().to_string(),
            url: url.clone(),
            headers: request.headers().clone(),
            form: url::form_urlencoded::parse(request.body()).into_owned().collect(),
        });
        let queue = if url.ends_with("/me") {
            &self.me
        } else if url.ends_with("/.well-known/openid-configuration") {
            &self.metadata
        } else {
            &self.token
        };
        let mut canned = queue.lock().expect("a queue").pop_front();
        loop {
            let mut header = ("server", "canned");
            let (status, body) = match canned {
                None => return Err(HttpFailure::Unreachable),
                Some(Canned::After(gate, then)) => {
                    gate.notified().await;
                    canned = Some(*then);
                    continue;
                }
                Some(Canned::Failure(failure)) => return Err(failure),
                Some(Canned::Echo) => {
                    let sent = String::from_utf8_lossy(request.body()).into_owned();
                    let plain = url::form_urlencoded::parse(request.body());
                    let plain: Vec<_> = plain.map(|(name, value)| format!("{name}: {value}")).collect();
                    let description = format!("{sent} {}", plain.join(" "));
                    (400, json!({ "error": "invalid_request", "error_description": description }).to_string())
                }
                Some(Canned::EchoAs(write)) => {
                    let sent = url::form_urlencoded::parse(request.body()).into_owned();
                    let secrets = sent.filter(|(name, _)| {
                        ["client_secret", "code", "code_verifier"].contains(&name.as_str())
                    });
                    let written: Vec<_> = secrets.map(|(_, value)| write(&value)).collect();
                    let all = written.join(" | ");
                    let body = json!({
                        "error": written[0], "error_description": format!("AADSTS9999999: {all}"),
                        "error_codes": written, "trace_id": written[0], "correlation_id": written[1],
                        "error_uri": all, all.clone(): all,
                    });
                    (400, body.to_string())
                }
                Some(Canned::Text(status, body)) => (status, body),
                Some(Canned::Headed(status, with, body)) => {
                    header = with;
                    (status, body.to_string())
                }
                Some(Canned::Json(status, body)) => (status, body.to_string()),
            };
            let response = http::Response::builder()
                .status(status)
                .header("content-type", "application/json")
                .header(header.0, header.1)
                .body(body.into_bytes());
            return Ok(response.expect("a response"));
        }
    }
}

/// The claims of an ID token; by default those of a valid one.
pub struct Claims {
    pub client_id: String,
    pub nonce: String,
    pub tenant: String,
    pub issuer: String,
    pub expires: i64,
}

impl Claims {
    pub fn token(&self) -> String {
        let claims = json!({
            "aud": self.client_id, "nonce": self.nonce, "tid": self.tenant, "iss": self.issuer,
            "exp": self.expires, "preferred_username": "grace@contoso.test",
        });
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }
}

/// A token response that grants everything.
pub fn tokens(claims: &Claims) -> Value {
    json!({
        "token_type": "Bearer", "expires_in": 3600,
        "scope": "User.Read Mail.Read Mail.Send Contacts.Read",
        "access_token": "canary-access-token", "refresh_token": "canary-refresh-token",
        "id_token": claims.token(),
    })
}
