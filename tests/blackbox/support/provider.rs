//! The provider with prepared answers, in place of the network.
//!
//! How to prepare an answer:
//! - **Sign-in**: `answer_token(Canned::Json(200, tokens(&claims)))` and `answer_me(…)`; `World::grant_everything`
//!   does both. `Claims::oid` tells accounts apart; `tokens_of(&claims, "ada")` has tokens of that name.
//! - **Refresh** (`grant_type=refresh_token`): `answer_refresh(Canned::Json(200, refreshed("2")))` prepares one
//!   answer. `answer_refreshes(|seen| …)` answers all refreshes for which no answer is prepared:
//!   `seen.field("refresh_token")` tells whose it is. `rotate` is such a function: every refresh succeeds and
//!   rotates. Without either, the connection is refused. A refresh never takes an answer of `answer_token`.
//!   `refreshes()` lists the refreshes so far.
//! - **Mailbox**: `answer_inbox`, `answer_messages` and `answer_contacts` prepare one answer each. Without one the
//!   inbox exists, its newest message is of `NEWEST_MESSAGE`, and there are twelve contacts. The made-up provider
//!   tells all of it in one answer: `answer_inbox`.
//! - **Revocation** (RFC 7009, only the made-up provider): `answer_revoke`; without one it succeeds.
//! - **Slow and broken**: `Canned::After(gate, …)` waits until the gate opens (`gate.notify_one()`),
//!   `Canned::Failure(HttpFailure::TimedOut)` is a time-out, `Canned::Text(200, "<html>".into())` no answer of the
//!   provider, `Canned::Headed(429, ("retry-after", "30"), json!({}))` a throttle.

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

    fn is_refresh(&self) -> bool {
        self.field("grant_type") == Some("refresh_token")
    }
}

/// The time of the newest message, if a test prepares none.
pub const NEWEST_MESSAGE: &str = "2026-11-28T09:30:00Z";

type Queue = Mutex<VecDeque<Canned>>;
type Refresher = Arc<dyn Fn(&Seen) -> Canned + Send + Sync>;

/// The provider: queues of responses by the kind of the request.
#[derive(Default)]
pub struct Provider {
    token: Queue,
    refresh: Queue,
    /// Answers the refreshes for which no response is queued.
    refresher: Mutex<Option<Refresher>>,
    me: Queue,
    metadata: Queue,
    inbox: Queue,
    messages: Queue,
    contacts: Queue,
    revoke: Queue,
    profile: Queue,
    /// What each refresh grants, at a provider that gives no new refresh token.
    unrotated: Mutex<Option<String>>,
    seen: Mutex<Vec<Seen>>,
}

impl Provider {
    pub fn answer_token(&self, canned: Canned) {
        push(&self.token, canned);
    }

    pub fn answer_me(&self, canned: Canned) {
        push(&self.me, canned);
    }

    pub fn answer_metadata(&self, canned: Canned) {
        push(&self.metadata, canned);
    }

    /// The answer to the next refresh.
    pub fn answer_refresh(&self, canned: Canned) {
        push(&self.refresh, canned);
    }

    /// Answers all refreshes for which no answer is prepared.
    pub fn answer_refreshes(&self, answer: impl Fn(&Seen) -> Canned + Send + Sync + 'static) {
        *self.refresher.lock().expect("a function") = Some(Arc::new(answer));
    }

    /// Takes the new refresh token out of each answer to a refresh, as Google has none. It then grants these permissions.
    pub fn give_no_refresh_tokens(&self, granted: &str) {
        *self.unrotated.lock().expect("permissions") = Some(granted.to_owned());
    }

    /// The answer to the next question for the inbox.
    pub fn answer_inbox(&self, canned: Canned) {
        push(&self.inbox, canned);
    }

    /// The answer to the next question for the newest message.
    pub fn answer_messages(&self, canned: Canned) {
        push(&self.messages, canned);
    }

    /// The answer to the next question for the number of contacts.
    pub fn answer_contacts(&self, canned: Canned) {
        push(&self.contacts, canned);
    }

    /// The answer to the next revocation.
    pub fn answer_revoke(&self, canned: Canned) {
        push(&self.revoke, canned);
    }

    /// The answer to the next question for the profile of a mailbox at Gmail.
    pub fn answer_profile(&self, canned: Canned) {
        push(&self.profile, canned);
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

    /// The requests that refresh a grant.
    pub fn refreshes(&self) -> Vec<Seen> {
        self.requests().into_iter().filter(Seen::is_refresh).collect()
    }

    pub fn token_requests(&self) -> Vec<Seen> {
        self.requests().into_iter().filter(|seen| seen.url.ends_with("/token")).collect()
    }

    /// The prepared response for this request.
    fn canned(&self, seen: &Seen) -> Option<Canned> {
        let path = seen.url.split('?').next().unwrap_or_default();
        if seen.is_refresh() {
            let refresher = self.refresher.lock().expect("a function").clone();
            let canned = pop(&self.refresh).or_else(|| refresher.map(|answer| answer(seen)));
            let unrotated = self.unrotated.lock().expect("permissions").clone();
            return match unrotated {
                Some(granted) => canned.map(|canned| without_refresh_token(canned, &granted)),
                None => canned,
            };
        }
        let found = |queue, otherwise| pop(queue).or(Some(Canned::Json(200, otherwise)));
        match path {
            _ if path.ends_with("/me") => pop(&self.me),
            _ if path.ends_with("/.well-known/openid-configuration") => pop(&self.metadata),
            _ if path.contains("/mailFolders/") => found(&self.inbox, json!({ "id": "AAMk-inbox" })),
            _ if path.ends_with("/messages") => {
                found(&self.messages, json!({ "value": [{ "receivedDateTime": NEWEST_MESSAGE }] }))
            }
            _ if path.ends_with("/contacts") => {
                found(&self.contacts, json!({ "@odata.count": 12, "value": [{ "id": "contact-0" }] }))
            }
            _ if path.ends_with("/mailbox") => found(
                &self.inbox,
                json!({ "inbox": "contoso-inbox", "newest": 1_795_858_200, "contacts": 12 }),
            ),
            _ if path.ends_with("/profile") => {
                found(&self.profile, json!({ "emailAddress": "grace@contoso.test" }))
            }
            _ if path.ends_with("/connections") => found(&self.contacts, json!({ "totalItems": 12 })),
            _ if path.ends_with("/revoke") => found(&self.revoke, json!({})),
            _ => pop(&self.token),
        }
    }
}

/// An answer with tokens without the refresh token, and with these permissions.
fn without_refresh_token(canned: Canned, granted: &str) -> Canned {
    match canned {
        Canned::Json(200, Value::Object(mut answer)) => {
            answer.remove("refresh_token");
            if let Some(scope) = answer.get_mut("scope") {
                *scope = granted.into();
            }
            Canned::Json(200, answer.into())
        }
        Canned::After(gate, then) => Canned::After(gate, Box::new(without_refresh_token(*then, granted))),
        other => other,
    }
}

fn push(queue: &Queue, canned: Canned) {
    queue.lock().expect("a queue").push_back(canned);
}

fn pop(queue: &Queue) -> Option<Canned> {
    queue.lock().expect("a queue").pop_front()
}

#[async_trait]
impl ProviderHttp for Provider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let seen = Seen {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: request.headers().clone(),
            form: url::form_urlencoded::parse(request.body()).into_owned().collect(),
        };
        self.seen.lock().expect("a list").push(seen.clone());
        let mut canned = self.canned(&seen);
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
                        ["client_secret", "code", "code_verifier", "refresh_token"].contains(&name.as_str())
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
    /// The id of the account in its tenant.
    pub oid: String,
    pub issuer: String,
    pub expires: i64,
}

impl Claims {
    pub fn token(&self) -> String {
        let claims = json!({
            "aud": self.client_id, "nonce": self.nonce, "tid": self.tenant, "oid": self.oid,
            "iss": self.issuer, "exp": self.expires, "preferred_username": "grace@contoso.test",
        });
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }
}

/// A token response that grants everything.
pub fn tokens(claims: &Claims) -> Value {
    tokens_of(claims, "token")
}

/// The same, with the tokens `canary-access-{name}` and `canary-refresh-{name}`.
pub fn tokens_of(claims: &Claims, name: &str) -> Value {
    let mut answer = refreshed(name);
    answer["id_token"] = claims.token().into();
    answer
}

/// The answer to a refresh: it rotates, and grants everything.
pub fn refreshed(name: &str) -> Value {
    json!({
        "token_type": "Bearer", "expires_in": 3600,
        "scope": "User.Read Mail.Read Mail.Send Contacts.Read",
        "access_token": format!("canary-access-{name}"), "refresh_token": format!("canary-refresh-{name}"),
    })
}

/// Answers each refresh with new tokens, whose name is that of the sent refresh token with a `+` more. It grants the scopes
/// that were asked for.
pub fn rotate(seen: &Seen) -> Canned {
    let sent = seen.field("refresh_token").unwrap_or_default();
    let mut answer = refreshed(&format!("{}+", sent.trim_start_matches("canary-refresh-")));
    if let Some(asked) = seen.field("scope") {
        answer["scope"] = asked.into();
    }
    Canned::Json(200, answer)
}
