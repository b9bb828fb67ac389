//! A mailbox at Microsoft with state: Microsoft Graph as its pages describe it, and stricter than they promise. What it does
//! not understand, it refuses with the status 400, so that a test notices. Its folders have German names.
//!
//! `state` has the routes; `messages`, `folders`, `drafts`, `attachments`, `categories` and `contacts` have the calls of a
//! subject. `query` and `filter` read lists, `search` reads searches, and `mime` reads a message that was received.

mod attachments;
mod batch;
mod categories;
mod contact_changes;
mod contact_fields;
mod contacts;
mod drafts;
mod fields;
mod filter;
mod folders;
mod ids;
mod letter;
mod messages;
mod mime;
mod query;
mod search;
mod state;
mod uploads;

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, StatusCode};
use mail360::providers::mailbox::{
    Bytes, MailBody, MailError, MailHttp, MailRequest, MailResponse, read_whole,
};
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use self::state::State;

pub const GRAPH: &str = "https://graph.example/v1.0";
/// The access token that Graph takes.
pub const TOKEN: &str = "canary-access-of-microsoft";
/// The address of the mailbox.
pub const OWN: &str = "grace@example.test";
/// An id of a message in Graph's form that no message has.
pub const UNKNOWN: &str = "AAkALgAAM00000000ffffffff00000000/+AAA=";

/// The host for the pieces of large files.
const UPLOADS: &str = "https://outlook.example";
/// Maximum number of bytes of a request.
const MAX_BODY: usize = 4_000_000;
const JSON: &str = "application/json; odata.metadata=minimal; charset=utf-8";

/// The status and Graph's code of an error.
#[derive(Clone, Copy, Debug)]
struct Refusal(u16, &'static str);

const NOT_FOUND: Refusal = Refusal(404, "ErrorItemNotFound");
const MALFORMED_ID: Refusal = Refusal(400, "ErrorInvalidIdMalformed");
/// For a query that is not understood.
const WRONG_QUERY: Refusal = Refusal(400, "RequestBroker--ParseUri");
/// For a path or a body that is not understood.
const WRONG: Refusal = Refusal(400, "BadRequest");
/// For an item that has another version than the one of the request.
const OTHER_VERSION: Refusal = Refusal(412, "ErrorIrresolvableConflict");
const TOO_LARGE: Refusal = Refusal(413, "ErrorMessageSizeExceeded");

impl Refusal {
    fn body(self) -> Value {
        json!({ "error": { "code": self.1, "message": "what-the-provider-says" } })
    }
}

enum Reply {
    Json(u16, Value),
    /// Content with its type.
    Bytes(String, Vec<u8>),
    Empty(u16),
}

type Answer = Result<Reply, Refusal>;

/// A request, alone or as a part of a batch.
struct Asked {
    method: String,
    /// The segments of the path behind the version, decoded.
    path: Vec<String>,
    url: Url,
    /// The header `Prefer`.
    prefer: String,
    /// The header `If-Match`; empty if there is none.
    version: String,
    /// The header `Content-Range`.
    range: String,
    content_type: String,
    body: Vec<u8>,
}

impl Asked {
    /// A request without a body. `header` gives the value of a header, empty if there is none.
    fn new(method: &str, url: Url, header: &dyn Fn(&str) -> String) -> Self {
        let path = url.path_segments().into_iter().flatten().skip(1).map(decoded).collect();
        Self {
            method: method.to_owned(),
            path,
            url,
            prefer: header("prefer"),
            version: header("if-match"),
            range: header("content-range"),
            content_type: header("content-type"),
            body: Vec::new(),
        }
    }

    /// Whether ids are wanted that survive a move.
    fn is_immutable(&self) -> bool {
        self.prefer.split(", ").any(|preference| preference == r#"IdType="ImmutableId""#)
    }

    /// The object in the body; empty without a body.
    fn json(&self) -> Result<Map<String, Value>, Refusal> {
        if self.body.is_empty() {
            return Ok(Map::new());
        }
        if !self.content_type.starts_with("application/json") {
            return Err(Refusal(415, "UnsupportedMediaType"));
        }
        serde_json::from_slice(&self.body).map_err(|_| WRONG)
    }

    /// Refuses the request if it wants another version of an item.
    fn check_version(&self, etag: &str) -> Result<(), Refusal> {
        if self.version.is_empty() || self.version == etag { Ok(()) } else { Err(OTHER_VERSION) }
    }
}

fn decoded(segment: &str) -> String {
    let pair = format!("segment={segment}");
    let value = form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned());
    value.unwrap_or_default()
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The mailbox.
#[derive(Default)]
pub struct Graph(Mutex<State>);

impl Graph {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panicked")
    }

    /// Puts a message into the folder with this name of Graph's, and gives its id, which survives a move.
    pub fn deliver(
        &self,
        raw: &[u8],
        folder: &str,
        (is_read, is_flagged): (bool, bool),
        second: i64,
    ) -> String {
        self.state().deliver(raw, folder, (is_read, is_flagged), second)
    }

    /// Puts a contact with these properties into the default folder, and gives its id.
    pub fn add_contact(&self, contact: Value) -> String {
        self.state().contacts.add_default(contact)
    }

    /// Makes a folder of contacts, and gives its id.
    pub fn add_contact_folder(&self, name: &str) -> String {
        self.state().contacts.add_folder(name)
    }

    /// Changes a contact as another program does.
    pub fn touch_contact(&self, id: &str) {
        self.state().contacts.touch(id);
    }

    /// Lets the tokens of changes expire that were given out so far.
    pub fn forget_changes(&self) {
        self.state().contacts.forget_changes();
    }

    fn answer(&self, url: &str, token: &str, asked: &Asked) -> Answer {
        if asked.body.len() > MAX_BODY {
            return Err(Refusal(413, "RequestEntityTooLarge"));
        }
        if url.starts_with(&format!("{UPLOADS}/")) {
            // The address is authorised by itself: a token that is sent there is given away.
            assert!(token.is_empty(), "an access token for another host");
            return self.state().answer_upload(asked);
        }
        assert!(url.starts_with(&format!("{GRAPH}/")), "{url}");
        if token != format!("Bearer {TOKEN}") {
            return Err(Refusal(401, "InvalidAuthenticationToken"));
        }
        self.state().answer(asked)
    }
}

#[async_trait]
impl MailHttp for Graph {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let url = Url::parse(&request.url).expect("an address");
        let token = header(&request.headers, "authorization");
        let mut asked =
            Asked::new(request.method.as_str(), url, &|name: &str| header(&request.headers, name));
        asked.body = match request.body {
            MailBody::Empty => Vec::new(),
            MailBody::Whole(body) => body.to_vec(),
            MailBody::Stream(body) => read_whole(body, usize::MAX).await?,
        };
        let (status, kind, body) = match self.answer(&request.url, &token, &asked) {
            Ok(Reply::Json(status, body)) => (status, JSON.to_owned(), body.to_string().into_bytes()),
            Ok(Reply::Bytes(kind, body)) => (200, kind, body),
            Ok(Reply::Empty(status)) => (status, JSON.to_owned(), Vec::new()),
            Err(refusal) => (refusal.0, JSON.to_owned(), refusal.body().to_string().into_bytes()),
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_str(&kind).expect("a type"));
        // In small pieces, as a network may bring it.
        let pieces: Vec<_> =
            body.chunks(701).map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece))).collect();
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(MailResponse { status, headers, body: Box::pin(futures_util::stream::iter(pieces)) })
    }
}
