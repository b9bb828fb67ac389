//! A small Gmail in memory: ids in pages, messages with their parts, drafts, labels and threads. It takes only the
//! queries that this program sends.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode};
use async_trait::async_trait;
use futures_util::stream;
use serde_json::{Value, json};
use url::Url;

use crate::providers::mailbox::{Bytes, MailError, MailHttp, MailRequest, MailResponse, Reserved};

pub const GMAIL: &str = "https://gmail.example";
pub const PEOPLE: &str = "https://people.example";

/// A message in the JSON of Gmail.
pub fn mail(id: &str, second: i64, labels: &[&str], thread: &str) -> Value {
    json!({
        "id": id, "threadId": thread, "labelIds": labels, "snippet": format!("Snippet of {id}"),
        "internalDate": (second * 1_000).to_string(), "sizeEstimate": 1_000,
        "payload": {
            "partId": "", "mimeType": "text/plain", "filename": "",
            "headers": [
                { "name": "From", "value": "Ada <ada@contoso.test>" },
                { "name": "Subject", "value": format!("Subject of {id}") },
            ],
            "body": { "size": 2, "data": "SGk" },
        },
    })
}

/// A label in the JSON of Gmail.
pub fn label(id: &str, name: &str, kind: &str) -> Value {
    json!({ "id": id, "name": name, "type": kind })
}

/// The labels of the system, and some of the user's.
pub fn labels(users: &[(&str, &str)]) -> Vec<Value> {
    let system =
        ["INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "CATEGORY_FORUMS"];
    let system = system.iter().map(|id| label(id, id, "system"));
    system.chain(users.iter().map(|(id, name)| label(id, name, "user"))).collect()
}

/// The small Gmail, and the requests that it got.
#[derive(Default)]
pub struct Fake {
    pub messages: Mutex<Vec<Value>>,
    /// The id of each draft, and that of its message.
    pub drafts: Vec<(&'static str, &'static str)>,
    pub labels: Vec<Value>,
    /// The records of changes. The state before the first one is 1; one that is forgotten is null.
    pub history: Mutex<Vec<Value>>,
    /// Answers for other paths: the status and the body.
    pub others: Vec<(&'static str, u16, String)>,
    pub asked: Mutex<Vec<(String, HeaderMap)>>,
    /// The units that are left of the quota; `None` for all.
    pub left: Option<u32>,
    pub spent: AtomicU32,
}

impl Fake {
    pub fn with(messages: Vec<Value>) -> Self {
        Self { messages: Mutex::new(messages), labels: labels(&[]), ..Self::default() }
    }

    pub fn add(&self, message: Value) {
        self.messages.lock().expect("messages").push(message);
    }

    /// The addresses of the requests so far, decoded, without the base.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("requests");
        let decoded = |url: &str| {
            let url = Url::parse(url).expect("a URL");
            let pairs: Vec<_> = url
                .query_pairs()
                .filter(|(name, _)| name != "fields")
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let path = url.path().strip_prefix("/gmail/v1/users/me").unwrap_or(url.path()).to_owned();
            if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
        };
        asked.iter().map(|(url, _)| decoded(url)).collect()
    }

    /// The units of quota that the requests so far have cost.
    pub fn units(&self) -> u32 {
        self.spent.load(Ordering::Relaxed)
    }

    fn answer(&self, url: &str) -> (u16, String) {
        let url = Url::parse(url).expect("a URL");
        let path = url.path().strip_prefix("/gmail/v1/users/me").expect("the mailbox");
        let values = |name: &str| {
            let pairs = url.query_pairs().filter(|(key, _)| key == name);
            pairs.map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
        };
        let json = |value: &Value| (200, value.to_string());
        let none = || error(404, "notFound");
        if let Some((_, status, body)) = self.others.iter().find(|(other, ..)| *other == path) {
            return (*status, body.clone());
        }
        let all = self.messages.lock().expect("messages");
        let time =
            |message: &Value| message["internalDate"].as_str().and_then(|time| time.parse::<i64>().ok());
        let sorted = || {
            let mut sorted: Vec<&Value> = all.iter().collect();
            sorted.sort_by_cached_key(|message| std::cmp::Reverse(time(message)));
            sorted
        };
        let one = |id: &str| all.iter().find(|message| message["id"] == *id);
        let segments: Vec<_> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["messages"] => {
                let q = values("q").concat();
                let wanted = values("labelIds");
                let is_hidden = |message: &Value| has(message, "TRASH") || has(message, "SPAM");
                let shows_all = values("includeSpamTrash") == ["true"];
                let found = sorted().into_iter().filter(|message| {
                    (shows_all || !is_hidden(message))
                        && wanted.iter().all(|label| has(message, label))
                        && fits(message, &q)
                });
                let found = found.map(|found| json!({ "id": found["id"], "threadId": found["threadId"] }));
                page(found.collect(), "messages", &values("pageToken"), &values("maxResults"))
            }
            ["messages", id] => one(id).map_or_else(none, json),
            ["threads", id] => {
                let found: Vec<_> =
                    sorted().into_iter().filter(|message| message["threadId"] == *id).collect();
                if found.is_empty() { none() } else { json(&json!({ "id": id, "messages": found })) }
            }
            ["drafts"] => {
                let found =
                    self.drafts.iter().map(|(id, message)| json!({ "id": id, "message": { "id": message } }));
                page(found.collect(), "drafts", &values("pageToken"), &values("maxResults"))
            }
            ["drafts", id] => {
                let draft = self.drafts.iter().find(|(draft, _)| draft == id);
                let message = draft.and_then(|(_, message)| one(message));
                message.map_or_else(none, |message| json(&json!({ "id": id, "message": message })))
            }
            ["profile"] => {
                let state = self.history.lock().expect("history").len() + 1;
                json(&json!({ "historyId": state.to_string() }))
            }
            ["history"] => {
                let history = self.history.lock().expect("history");
                let from: usize = values("startHistoryId").concat().parse().expect("a state");
                let records: Vec<_> = history.iter().skip(from - 1).cloned().collect();
                if records.contains(&Value::Null) {
                    return none();
                }
                json(&json!({ "history": records, "historyId": (history.len() + 1).to_string() }))
            }
            ["labels"] => json(&json!({ "labels": self.labels })),
            ["labels", id] => self.labels.iter().find(|label| label["id"] == *id).map_or_else(none, json),
            _ => none(),
        }
    }
}

fn has(message: &Value, label: &str) -> bool {
    message["labelIds"].as_array().is_some_and(|labels| labels.iter().any(|known| known == label))
}

/// An error in the form of Google.
pub fn error(status: u16, reason: &str) -> (u16, String) {
    let errors = json!([{ "domain": "global", "reason": reason, "message": "No." }]);
    (status, json!({ "error": { "code": status, "message": "No.", "errors": errors } }).to_string())
}

/// Whether a message fits a query of this program.
fn fits(message: &Value, q: &str) -> bool {
    let label_of = |word: &str| match word {
        "in:inbox" => "INBOX",
        "in:sent" => "SENT",
        "in:draft" => "DRAFT",
        "in:trash" => "TRASH",
        "in:spam" => "SPAM",
        "is:unread" => "UNREAD",
        "is:starred" => "STARRED",
        other => panic!("{other}"),
    };
    let second =
        message["internalDate"].as_str().and_then(|time| time.parse::<i64>().ok()).unwrap_or_default()
            / 1_000;
    if let Some((choice, rest)) = q.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return choice.split(' ').any(|word| has(message, label_of(word))) && fits(message, rest.trim());
    }
    q.split(' ').filter(|word| !word.is_empty()).all(|word| match word.split_once(':') {
        Some(("subject", text)) => message.to_string().contains(text.trim_matches('"')),
        Some(("after", time)) => second > time.parse().expect("a second"),
        Some(("before", time)) => second < time.parse().expect("a second"),
        Some(("has", "attachment")) => message["payload"]["filename"] != "",
        _ => match word.strip_prefix('-') {
            Some("has:attachment") => message["payload"]["filename"] == "",
            Some(word) => !has(message, label_of(word)),
            None => has(message, label_of(word)),
        },
    })
}

/// One page. Google leaves out a list that is empty.
fn page(found: Vec<Value>, name: &str, token: &[String], max: &[String]) -> (u16, String) {
    let from = match token {
        [] => 0,
        [token] => match token.strip_prefix("page").and_then(|from| from.parse().ok()) {
            Some(from) => from,
            None => return error(400, "invalidArgument"),
        },
        _ => panic!("{token:?}"),
    };
    let max: usize = max.concat().parse().expect("a number");
    assert!((1..=500).contains(&max), "{max}");
    let more = from + max < found.len();
    let mut answer = json!({ "resultSizeEstimate": found.len() });
    let part: Vec<_> = found.into_iter().skip(from).take(max).collect();
    if !part.is_empty() {
        answer[name] = json!(part);
    }
    if more {
        answer["nextPageToken"] = json!(format!("page{}", from + max));
    }
    (200, answer.to_string())
}

#[async_trait]
impl MailHttp for Fake {
    async fn send(&self, request: MailRequest) -> Result<MailResponse, MailError> {
        assert_eq!(request.method, Method::GET);
        self.spent.fetch_add(request.units, Ordering::Relaxed);
        self.asked.lock().expect("requests").push((request.url.clone(), request.headers));
        let (status, body) = self.answer(&request.url);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        // In small pieces, as a network may bring it.
        let pieces: Vec<_> = body
            .into_bytes()
            .chunks(97)
            .map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece)))
            .collect();
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(MailResponse { status, headers, body: Box::pin(stream::iter(pieces)) })
    }
    async fn reserve(&self, units: u32) -> Result<Reserved, MailError> {
        let too_few = |left| Reserved::TooFew { left, retry_after: Duration::from_secs(30) };
        Ok(self.left.filter(|left| *left < units).map_or(Reserved::All, too_few))
    }
}
