//! A People API that answers from a script, request by request.

use std::{collections::VecDeque, sync::Mutex};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode};
use async_trait::async_trait;
use futures_util::stream;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use crate::{
    platform::clock::Timestamp,
    providers::{
        google::mail::request::Google,
        mailbox::{
            Bytes, MailBody, MailCall, MailError, MailHttp, MailProblem, MailRequest, MailResponse,
            MailboxMemory,
        },
    },
};

const GMAIL: &str = "https://gmail.example";
const PEOPLE: &str = "https://people.example";

/// A request that was sent: its address without the base, decoded, and without the fields that every question has.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
}

/// What a request gets.
pub enum Reply {
    Answer(u16, Value),
    /// No answer.
    Failure(MailProblem),
}

/// The answers that are left, and the requests so far.
pub struct Script {
    answers: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
    token: SecretString,
    memory: MailboxMemory,
}

pub fn found(value: Value) -> Reply {
    Reply::Answer(200, value)
}

/// An error in the form of the People API.
pub fn refusal(code: u16, status: &str, message: &str) -> Reply {
    Reply::Answer(code, json!({ "error": { "code": code, "message": message, "status": status } }))
}

pub fn not_found() -> Reply {
    refusal(404, "NOT_FOUND", "Requested entity was not found.")
}

/// A contact with a name and its version.
pub fn person(id: &str, name: &str, etag: &str) -> Value {
    json!({
        "resourceName": format!("people/{id}"), "etag": "%person",
        "metadata": { "sources": [{ "type": "CONTACT", "id": id, "etag": etag }] },
        "names": [{ "displayName": name, "givenName": name }],
        "memberships": [{ "contactGroupMembership": { "contactGroupResourceName": "contactGroups/myContacts" } }],
    })
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
            token: SecretString::from("canary-access"),
            memory: MailboxMemory::default(),
        }
    }

    pub(in crate::providers::google::mail) fn google(&self) -> Google<'_> {
        let now = Timestamp::from_micros(1_795_858_200_000_000);
        let call = MailCall { http: self, token: &self.token, memory: &self.memory, now, request_id: None };
        Google::new(GMAIL, PEOPLE, call)
    }

    /// The requests so far. All answers must be used up.
    pub fn asked(&self) -> Vec<Asked> {
        assert!(self.answers.lock().expect("answers").is_empty(), "not all answers were asked for");
        std::mem::take(&mut *self.asked.lock().expect("requests"))
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }
}

#[async_trait]
impl MailHttp for Script {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let bearer = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        assert_eq!(bearer, Some("Bearer canary-access"));
        let path =
            request.url.strip_prefix(PEOPLE).and_then(|rest| rest.strip_prefix("/v1")).expect("the base");
        let url = Url::parse(&format!("https://people.example{path}")).expect("a URL");
        let pairs = url
            .query_pairs()
            .filter(|(name, _)| !["personFields", "readMask", "sources"].contains(&name.as_ref()))
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>();
        let path = if pairs.is_empty() {
            url.path().to_owned()
        } else {
            format!("{}?{}", url.path(), pairs.join("&"))
        };
        let body = match &request.body {
            MailBody::Whole(body) => Some(serde_json::from_slice(body).expect("JSON")),
            _ => None,
        };
        self.asked.lock().expect("requests").push(Asked { method: request.method, path, body });
        let reply = self.answers.lock().expect("answers").pop_front().expect("an answer");
        let (status, body) = match reply {
            Reply::Answer(status, body) => (status, body),
            Reply::Failure(problem) => return Err(problem.into()),
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let pieces = vec![Ok::<_, MailError>(Bytes::from(body.to_string()))];
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(MailResponse { status, headers, body: Box::pin(stream::iter(pieces)) })
    }
}
