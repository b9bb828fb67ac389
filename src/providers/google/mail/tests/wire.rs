//! A Gmail that answers from a script, request by request. Bodies are read as a network would.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
};

use ::http::{HeaderMap, Method, StatusCode};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE};
use futures_util::stream;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::{
    NOW,
    fake::{GMAIL, PEOPLE},
};
use crate::providers::{
    google::mail::GmailMailbox,
    mailbox::{
        Bytes, FileSource, MailBody, MailCall, MailError, MailHttp, MailProblem, MailRequest, MailResponse,
        MailStream, MailboxMemory, OutgoingFile, read_whole,
    },
};

/// What a request gets.
pub enum Reply {
    Answer(u16, Vec<u8>),
    /// No answer. The request has arrived.
    Failure(MailProblem),
}

pub fn answer(status: u16, body: Value) -> Reply {
    Reply::Answer(status, body.to_string().into_bytes())
}

pub fn found(body: Value) -> Reply {
    answer(200, body)
}

/// An answer without a body.
pub fn empty(status: u16) -> Reply {
    Reply::Answer(status, Vec::new())
}

/// An error in the form of Google.
pub fn error(status: u16, reason: &str) -> Reply {
    let errors = json!([{ "domain": "global", "reason": reason, "message": "No." }]);
    answer(status, json!({ "error": { "code": status, "message": "No.", "errors": errors } }))
}

pub fn missing() -> Reply {
    error(404, "notFound")
}

pub fn failure(problem: MailProblem) -> Reply {
    Reply::Failure(problem)
}

/// The source of a message.
pub fn raw(message: &str) -> Reply {
    found(json!({ "id": "1a", "raw": URL_SAFE.encode(message) }))
}

/// A request that was sent.
pub struct Sent {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Sent {
    /// Its method and its path within the mailbox. Of the query only what decides: not which members are wanted.
    pub fn line(&self) -> String {
        let url = Url::parse(&self.url).expect("a URL");
        let pairs: Vec<_> = url
            .query_pairs()
            .filter(|(name, _)| !matches!(name.as_ref(), "fields" | "format" | "metadataHeaders"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let path = url.path().replace("/gmail/v1/users/me", "");
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{} {path}{query}", self.method)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The message that it brings, and the JSON beside it.
    pub fn message(&self) -> (Value, String) {
        let kind = self.header("content-type");
        if kind == "message/rfc822" {
            return (json!({}), String::from_utf8(self.body.clone()).expect("ASCII"));
        }
        let Some((_, boundary)) = kind.split_once("boundary=") else {
            let mut resource = self.json();
            let message =
                if resource.get("message").is_some() { &mut resource["message"] } else { &mut resource };
            let raw = message.as_object_mut().and_then(|message| message.remove("raw")).expect("a message");
            let raw = URL_SAFE.decode(raw.as_str().expect("base64url")).expect("base64url");
            return (resource, String::from_utf8(raw).expect("ASCII"));
        };
        let body = String::from_utf8(self.body.clone()).expect("ASCII");
        let parts: Vec<_> = body.split(&format!("--{boundary}")).collect();
        assert_eq!((parts.len(), parts[0], parts[3]), (4, "", "--\r\n"));
        let of = |part: &str| {
            let part = part.strip_suffix("\r\n").expect("a line end");
            part.split_once("\r\n\r\n").expect("a header").1.to_owned()
        };
        (serde_json::from_str(&of(parts[1])).expect("JSON"), of(parts[2]))
    }
}

/// The answers that are left, and the requests so far.
pub struct Wire {
    replies: Mutex<VecDeque<Reply>>,
    sent: Mutex<Vec<Sent>>,
    token: SecretString,
    pub memory: MailboxMemory,
    pub mailbox: GmailMailbox,
}

impl Wire {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: Mutex::new(replies.into_iter().collect()),
            sent: Mutex::default(),
            token: SecretString::from("canary-access"),
            memory: MailboxMemory::default(),
            mailbox: GmailMailbox::new(GMAIL, PEOPLE),
        }
    }

    /// The same with a mailbox whose addresses are known.
    pub fn of(address: &str, replies: impl IntoIterator<Item = Reply>) -> Self {
        let wire = Self::new(replies);
        wire.memory.remember_own_addresses(vec![address.to_owned(), "alias@contoso.test".to_owned()], NOW);
        wire
    }

    pub fn call(&self) -> MailCall<'_> {
        MailCall { http: self, token: &self.token, memory: &self.memory, now: NOW, request_id: None }
    }

    /// The requests so far. All answers must be used up.
    pub fn sent(&self) -> Vec<Sent> {
        assert!(self.replies.lock().expect("replies").is_empty(), "not all answers were asked for");
        std::mem::take(&mut *self.sent.lock().expect("requests"))
    }

    pub fn lines(&self) -> Vec<String> {
        self.sent().iter().map(Sent::line).collect()
    }
}

#[async_trait]
impl MailHttp for Wire {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let MailRequest { method, url, headers, body, .. } = request;
        let body = match body {
            MailBody::Empty => Vec::new(),
            MailBody::Whole(body) => body.to_vec(),
            MailBody::Stream(body) => {
                let length = headers["content-length"].to_str().expect("ASCII").parse().expect("a length");
                // A body that breaks off ends the request.
                let body = read_whole(body, length).await.map_err(|_| MailProblem::Unavailable)?;
                assert_eq!(body.len(), length);
                body
            }
        };
        assert_eq!(headers["authorization"], "Bearer canary-access");
        self.sent.lock().expect("requests").push(Sent { method, url, headers, body });
        match self.replies.lock().expect("replies").pop_front().expect("an answer") {
            Reply::Failure(problem) => Err(problem.into()),
            Reply::Answer(status, body) => Ok(MailResponse {
                status: StatusCode::from_u16(status).expect("a status"),
                headers: HeaderMap::new(),
                body: Box::pin(stream::iter([Ok::<_, MailError>(Bytes::from(body))])),
            }),
        }
    }
}

/// A file in memory, or one that cannot be read.
struct Held(Option<Vec<u8>>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

#[async_trait]
impl FileSource for Held {
    async fn open(&self, from: u64) -> Result<MailStream, MailError> {
        let content = self.0.as_ref().ok_or_else(|| MailError::from(MailProblem::Slow))?;
        let rest = content.get(usize::try_from(from).expect("a place")..).unwrap_or_default();
        let pieces: Vec<_> =
            rest.chunks(256 * 1024).map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece))).collect();
        Ok(Box::pin(stream::iter(pieces)))
    }
}

pub fn file(name: &str, content: Vec<u8>) -> OutgoingFile {
    OutgoingFile {
        name: name.to_owned(),
        content_type: Some("application/pdf".to_owned()),
        size: content.len() as u64,
        source: Arc::new(Held(Some(content))),
    }
}

/// A file that is too large for JSON, and cannot be read.
pub fn unreadable() -> OutgoingFile {
    OutgoingFile { source: Arc::new(Held(None)), ..file("unreadable.pdf", vec![7; 400_000]) }
}
