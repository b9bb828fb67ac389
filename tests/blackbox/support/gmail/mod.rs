//! A mailbox at Google with state: the Gmail API and the People API as their discovery documents and guides describe them,
//! and stricter than they promise. What it does not understand, it refuses with the status 400, so that a test notices.
//!
//! `state` has the messages; `drafts`, `labels` and `history` have further calls, and `people` has the contacts. `q` reads
//! searches, `mime` makes parts from a message, and `mask` answers only the fields that were asked for.

mod drafts;
mod history;
mod labels;
mod mask;
mod mime;
mod people;
mod q;
mod state;

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, StatusCode};
use mail360::providers::mailbox::{
    Bytes, MailBody, MailError, MailHttp, MailRequest, MailResponse, read_whole,
};
use serde_json::{Value, json};
use url::Url;

use self::{people::People, state::State};

pub const GMAIL: &str = "https://gmail.example";
pub const PEOPLE: &str = "https://people.example";
/// The access token that the APIs take.
pub const TOKEN: &str = "canary-access-of-google";
/// The address of the mailbox.
pub const OWN: &str = "grace@example.test";

/// Maximum number of bytes of a request.
const MAX_BODY: usize = 40_000_000;

/// The status and the body of an answer.
pub type Reply = (u16, Value);

/// A request, as a route sees it.
struct Asked {
    method: String,
    /// The segments of the path behind the mailbox, or behind the version of the People API.
    path: Vec<String>,
    query: Vec<(String, String)>,
    content_type: String,
    body: Vec<u8>,
    is_upload: bool,
}

impl Asked {
    fn all(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A part of a list, whose token is the number of items before it.
    fn page(&self, name: &str, items: Vec<Value>, (size, usual, max): (&str, usize, usize)) -> Reply {
        let Ok(size) = self.one(size).map_or(Ok(usual), str::parse) else {
            return wrong("Invalid page size");
        };
        let begin = self.one("pageToken").map_or(Some(0), |token| token.strip_prefix('p')?.parse().ok());
        let Some(begin) = begin.filter(|begin| *begin == 0 || *begin < items.len()) else {
            return wrong("Invalid pageToken");
        };
        if !(1..=max).contains(&size) {
            return wrong("Invalid page size");
        }
        let end = items.len().min(begin + size);
        let mut answer = json!({});
        // A list that is empty is left out.
        if begin < end {
            answer[name] = items[begin..end].to_vec().into();
        }
        if end < items.len() {
            answer["nextPageToken"] = format!("p{end}").into();
        }
        (200, answer)
    }
}

/// An error in Google's form.
pub fn refusal(code: u16, reason: &str, status: &str, message: &str) -> Reply {
    let one = json!({ "message": message, "domain": "global", "reason": reason });
    (code, json!({ "error": { "code": code, "message": message, "errors": [one], "status": status } }))
}

fn wrong(message: &str) -> Reply {
    refusal(400, "invalidArgument", "INVALID_ARGUMENT", message)
}

fn missing() -> Reply {
    refusal(404, "notFound", "NOT_FOUND", "Requested entity was not found.")
}

fn done() -> Reply {
    (204, Value::Null)
}

/// The mailbox.
#[derive(Default)]
pub struct Gmail {
    state: Mutex<State>,
    people: Mutex<People>,
}

impl Gmail {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked")
    }

    fn contacts(&self) -> MutexGuard<'_, People> {
        self.people.lock().expect("no test panicked")
    }

    /// Puts a message into the mailbox, and gives its id.
    pub fn deliver(&self, raw: &[u8], labels: &[&str], second: i64) -> String {
        let mut state = self.state();
        let id =
            state.add(raw.to_vec(), labels.iter().map(|label| (*label).to_owned()), second * 1_000, None);
        state::hex(id)
    }

    /// Puts a contact into the contacts, and gives its id.
    pub fn add_contact(&self, person: Value) -> String {
        self.contacts().add(person)
    }

    /// Makes a group of contacts, and gives its id.
    pub fn add_contact_group(&self, name: &str) -> String {
        self.contacts().add_group(name)
    }

    /// Changes a contact as another program does.
    pub fn touch_contact(&self, id: &str) {
        self.contacts().touch(id);
    }

    /// Forgets what has changed before now.
    pub fn forget_changes(&self) {
        self.contacts().forget_changes();
    }

    /// Puts a draft with this message into the mailbox, and gives its id.
    pub fn add_draft(&self, raw: &[u8]) -> String {
        self.state().add_draft(raw.to_vec(), None).0
    }

    /// Deletes all drafts.
    pub fn delete_drafts(&self) {
        let mut state = self.state();
        for (_, message) in std::mem::take(&mut state.drafts) {
            state.remove(message);
        }
    }

    pub fn count_drafts(&self) -> usize {
        self.state().drafts.len()
    }

    /// Number of files of all messages.
    pub fn count_files(&self) -> usize {
        self.state().letters.iter().map(|letter| mime::count_files(&letter.raw)).sum()
    }

    /// Whether a message with this id was sent.
    pub fn is_sent(&self, id: &str) -> bool {
        let number = u64::from_str_radix(id, 16).unwrap_or_default();
        self.state().letter(number).is_some_and(|letter| letter.labels.contains("SENT"))
    }

    /// The Message-ID of the message with this id.
    pub fn message_id(&self, id: &str) -> String {
        let number = u64::from_str_radix(id, 16).expect("an id");
        mime::header(&self.state().letter(number).expect("the message").raw, "Message-ID")
    }

    /// Deletes a message for good.
    pub fn erase(&self, id: &str) {
        self.state().remove(u64::from_str_radix(id, 16).expect("an id"));
    }

    /// Answers a request whose access token is known.
    pub fn reply(&self, method: &str, url: &Url, content_type: &str, body: Vec<u8>) -> Reply {
        let mut path: Vec<String> = url.path_segments().into_iter().flatten().map(str::to_owned).collect();
        let is_upload = path.first().is_some_and(|first| first == "upload");
        if is_upload {
            path.remove(0);
        }
        let query = url.query_pairs().into_owned().collect();
        let (method, content_type) = (method.to_owned(), content_type.to_owned());
        self.answer(Asked { method, path, query, content_type, body, is_upload })
    }

    fn answer(&self, mut asked: Asked) -> Reply {
        let path = asked.path.clone();
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["gmail", "v1", "users", "me", rest @ ..] => {
                asked.path = rest.iter().map(|&segment| segment.to_owned()).collect();
                let (status, body) = self.state().answer(&asked);
                match asked.one("fields") {
                    Some(fields) if status == 200 => match mask::apply(fields, &body) {
                        Some(body) => (200, body),
                        None => wrong("Invalid field selection"),
                    },
                    _ => (status, body),
                }
            }
            ["v1", rest @ ..] => {
                asked.path = rest.iter().map(|&segment| segment.to_owned()).collect();
                self.contacts().answer(&asked)
            }
            _ => missing(),
        }
    }
}

#[async_trait]
impl MailHttp for Gmail {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        let url = Url::parse(&request.url).expect("an address");
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let is_known = header("authorization") == Some(format!("Bearer {TOKEN}").as_str());
        let content_type = header("content-type").unwrap_or_default();
        let body = match request.body {
            MailBody::Empty => Vec::new(),
            MailBody::Whole(body) => body.to_vec(),
            MailBody::Stream(body) => read_whole(body, MAX_BODY).await?,
        };
        let path = url.path().trim_start_matches("/upload");
        let host = if path.starts_with("/gmail/") { GMAIL } else { PEOPLE };
        assert!(request.url.starts_with(&format!("{host}/")), "{}", request.url);
        let (status, body) = if is_known {
            self.reply(request.method.as_str(), &url, content_type, body)
        } else {
            refusal(401, "authError", "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json; charset=UTF-8"));
        let text = if body.is_null() { String::new() } else { body.to_string() };
        // In small pieces, as a network may bring it.
        let pieces: Vec<_> = text
            .as_bytes()
            .chunks(701)
            .map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece)))
            .collect();
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(MailResponse { status, headers, body: Box::pin(futures_util::stream::iter(pieces)) })
    }
}
