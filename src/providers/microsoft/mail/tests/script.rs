//! A Graph that answers from a script, request by request.

use std::{collections::VecDeque, sync::Mutex};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode};
use async_trait::async_trait;
use futures_util::stream;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::{NOW, fake::BASE};
use crate::providers::{
    mailbox::{Bytes, MailBody, MailCall, MailError, MailHttp, MailRequest, MailResponse, MailboxMemory},
    microsoft::mail::GraphMailbox,
};

/// A request that was sent: its address without the base, decoded, and its parts that tests look at.
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub prefer: String,
    /// The version on which a change depends; empty without one.
    pub if_match: String,
    pub body: Option<Value>,
    pub weight: u8,
    pub is_download: bool,
}

/// What a request gets.
pub enum Reply {
    Answer(u16, Value),
    /// No answer.
    Failure(MailError),
}

/// The answers that are left, and the requests so far.
pub struct Script {
    answers: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
    token: SecretString,
    memory: MailboxMemory,
    pub mailbox: GraphMailbox,
}

/// An error in the form of Graph.
pub fn refusal(status: u16, code: &str) -> Reply {
    Reply::Answer(status, json!({ "error": { "code": code, "message": "No." } }))
}

/// The answer to a change that has none.
pub fn done() -> Reply {
    Reply::Answer(204, Value::Null)
}

pub fn found(value: Value) -> Reply {
    Reply::Answer(200, value)
}

/// A list with the link to its next part.
pub fn part(items: Value, next: &str) -> Reply {
    found(json!({ "value": items, "@odata.nextLink": format!("{BASE}{next}") }))
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
            token: SecretString::from("canary-access"),
            memory: MailboxMemory::default(),
            mailbox: GraphMailbox::new(BASE),
        }
    }

    pub fn call(&self) -> MailCall<'_> {
        MailCall { http: self, token: &self.token, memory: &self.memory, now: NOW, request_id: None }
    }

    /// The requests so far. All answers must be used up.
    pub fn asked(&self) -> Vec<Asked> {
        assert!(self.answers.lock().expect("answers").is_empty(), "not all answers were asked for");
        std::mem::take(&mut *self.asked.lock().expect("requests"))
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }
}

#[async_trait]
impl MailHttp for Script {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let url = Url::parse(&request.url).expect("a URL");
        let pairs: Vec<_> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        let path = url.path().strip_prefix("/v1.0").expect("the base");
        let path = if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) };
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("authorization"), Some("Bearer canary-access"));
        let body = match &request.body {
            MailBody::Whole(body) => Some(serde_json::from_slice(body).expect("JSON")),
            _ => None,
        };
        let [prefer, if_match] =
            ["prefer", "if-match"].map(|name| header(name).unwrap_or_default().to_owned());
        assert_eq!(request.units, u32::from(request.weight));
        let (method, weight, is_download) = (request.method.clone(), request.weight, request.is_download);
        let asked = Asked { method, path, prefer, if_match, body, weight, is_download };
        self.asked.lock().expect("requests").push(asked);
        let reply = self.answers.lock().expect("answers").pop_front().expect("an answer");
        let (status, body) = match reply {
            Reply::Answer(status, body) => (status, body),
            Reply::Failure(error) => return Err(error),
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let pieces = vec![Ok::<_, MailError>(Bytes::from(body.to_string()))];
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(MailResponse { status, headers, body: Box::pin(stream::iter(pieces)) })
    }
}
