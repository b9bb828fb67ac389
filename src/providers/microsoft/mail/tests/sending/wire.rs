//! A Graph and a host for uploads that answer from a script, request by request. Bodies are read as a network would.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
};

use ::http::{HeaderMap, Method, StatusCode};
use async_trait::async_trait;
use futures_util::stream;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;

use super::NOW;
use crate::providers::{
    mailbox::{
        Bytes, FileSource, Limit, MailBody, MailCall, MailError, MailHttp, MailProblem, MailRequest,
        MailResponse, MailStream, MailboxMemory, OutgoingFile, Room, read_whole,
    },
    microsoft::mail::{GraphMailbox, tests::fake::BASE},
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

/// An error in the form of Graph.
pub fn error(status: u16, code: &str) -> Reply {
    answer(status, json!({ "error": { "code": code, "message": "No." } }))
}

pub fn failure(problem: MailProblem) -> Reply {
    Reply::Failure(problem)
}

/// A request that was sent.
pub struct Sent {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub is_download: bool,
    /// The room in memory that was taken when it was sent.
    pub room: usize,
}

impl Sent {
    /// Its method and its address, decoded; of Graph without the base.
    pub fn line(&self) -> String {
        let url = Url::parse(&self.url).expect("a URL");
        let pairs: Vec<_> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        let address = format!("{}{}", url.origin().ascii_serialization(), url.path());
        let address = self
            .url
            .strip_prefix(BASE)
            .map_or(address.as_str(), |_| url.path().strip_prefix("/v1.0").expect("the base"));
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{} {address}{query}", self.method)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The room in memory, in bytes, if a test says nothing else.
const ROOM: usize = 64 * 1024 * 1024;

/// The answers that are left, and the requests so far.
pub struct Wire {
    replies: Mutex<VecDeque<Reply>>,
    sent: Mutex<Vec<Sent>>,
    token: SecretString,
    memory: MailboxMemory,
    /// All the room in memory, and what of it is free.
    all_room: usize,
    room: Arc<Semaphore>,
    pub mailbox: GraphMailbox,
}

impl Wire {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_room(ROOM, replies)
    }

    /// The same with this room in memory, in bytes.
    pub fn with_room(all_room: usize, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            all_room,
            room: Arc::new(Semaphore::new(all_room)),
            replies: Mutex::new(replies.into_iter().collect()),
            sent: Mutex::default(),
            token: SecretString::from("canary-access"),
            memory: MailboxMemory::default(),
            mailbox: GraphMailbox::new(BASE),
        }
    }

    /// The same with a mailbox of which this is the main address.
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
        let MailRequest { method, url, headers, body, weight, units, is_download } = request;
        assert_eq!((weight, units), (1, 1));
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
        let is_of_graph = url.starts_with(BASE);
        let token = headers.get("authorization").map(|token| token.to_str().expect("ASCII"));
        assert_eq!(token, is_of_graph.then_some("Bearer canary-access"));
        assert_eq!(headers.contains_key("prefer"), is_of_graph);
        let room = self.all_room - self.room.available_permits();
        self.sent.lock().expect("requests").push(Sent { method, url, headers, body, is_download, room });
        match self.replies.lock().expect("replies").pop_front().expect("an answer") {
            Reply::Failure(problem) => Err(problem.into()),
            Reply::Answer(status, body) => Ok(MailResponse {
                status: StatusCode::from_u16(status).expect("a status"),
                headers: HeaderMap::new(),
                body: Box::pin(stream::iter([Ok::<_, MailError>(Bytes::from(body))])),
            }),
        }
    }

    async fn room(&self, bytes: usize) -> Result<Room, MailError> {
        let permit = self.room.clone().try_acquire_many_owned(u32::try_from(bytes).expect("few"));
        let full = MailProblem::Throttled { limit: Limit::Mailbox, retry_after: None };
        permit.map(Room::of).map_err(|_| full.into())
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

pub fn unreadable() -> OutgoingFile {
    OutgoingFile { source: Arc::new(Held(None)), ..file("unreadable.pdf", vec![7; 10]) }
}
