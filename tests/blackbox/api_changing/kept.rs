//! A mailbox that keeps what is changed, and refuses what a test wants.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::{
    api_reading::{decoded, message},
    support::{MailAnswer, MailSeen},
};

/// Folders that every mailbox has. Their ids are `id-of-` and the name.
const SYSTEM: [&str; 8] =
    ["inbox", "sentitems", "drafts", "deleteditems", "junkemail", "archive", "outbox", "msgfolderroot"];
/// A folder of the user.
pub const OWN: &str = "own";
/// The id of the trash.
pub const TRASH: &str = "id-of-deleteditems";

/// What a test lets fail.
struct Refusal {
    /// A part of the path of the request.
    path: String,
    status: u16,
    code: &'static str,
    /// The seconds of `Retry-After`.
    wait: Option<u32>,
    /// How often.
    times: usize,
}

/// What the provider says to one request: the status, the seconds of `Retry-After`, and the body.
type Said = (u16, Option<u32>, Value);

#[derive(Default)]
pub struct Kept {
    messages: BTreeMap<String, Value>,
    refusals: Vec<Refusal>,
    /// Number of changes, for the versions of messages.
    changes: u32,
}

fn error(code: &str) -> Value {
    json!({ "error": { "code": code, "message": "what-the-provider-says" } })
}

fn gone() -> Said {
    (404, None, error("ErrorItemNotFound"))
}

/// The id of a folder that is there.
fn folder(name: &str) -> Option<String> {
    let is_known = name == OWN || name.strip_prefix("id-of-").is_some_and(|name| SYSTEM.contains(&name));
    match name {
        name if SYSTEM.contains(&name) => Some(format!("id-of-{name}")),
        name => is_known.then(|| name.to_owned()),
    }
}

/// A request of a batch, as if it had come alone.
fn part(batch: &MailSeen, request: &Value) -> MailSeen {
    let text = |name: &str| request[name].as_str().expect("a text").to_owned();
    let headers = request["headers"].as_object().into_iter().flatten().map(|(name, value)| {
        let name: HeaderName = name.parse().expect("a name");
        let value: HeaderValue = value.as_str().expect("a text").parse().expect("a value");
        (name, value)
    });
    let url = format!("{}://{}/v1.0{}", batch.url.scheme(), batch.url.authority(), text("url"));
    MailSeen {
        method: text("method").parse().expect("a method"),
        url: url.parse().expect("an address"),
        headers: headers.collect::<HeaderMap>(),
        body: request.get("body").map(|body| body.to_string().into_bytes()).unwrap_or_default(),
    }
}

impl Kept {
    /// A thread `t1` in four folders, a thread `t2` of one message, and `n0` to `n199`, which are read.
    pub fn new() -> Self {
        let mut kept = Self::default();
        for (id, thread, folder) in [
            ("m1", "t1", "id-of-inbox"),
            ("m2", "t1", "id-of-sentitems"),
            ("m3", "t1", "id-of-drafts"),
            ("m4", "t1", OWN),
            ("m5", "t2", "id-of-inbox"),
        ] {
            kept.add(id, thread, folder);
        }
        for number in 0..200 {
            kept.add(&format!("n{number}"), &format!("of-n{number}"), "id-of-inbox");
        }
        kept
    }

    pub fn add(&mut self, id: &str, thread: &str, folder: &str) {
        let mut message = message(id, 1);
        message["@odata.etag"] = json!(format!("W/\"{id}\""));
        message["conversationId"] = json!(thread);
        message["parentFolderId"] = json!(folder);
        message["isDraft"] = json!(folder == "id-of-drafts");
        message["flag"]["flagStatus"] = json!("notFlagged");
        self.messages.insert(id.to_owned(), message);
    }

    /// A message; `Null` if it is gone.
    pub fn message(&self, id: &str) -> Value {
        self.messages.get(id).cloned().unwrap_or_default()
    }

    /// Refuses the next requests whose path has this part.
    pub fn refuse(
        &mut self,
        path: &str,
        (status, code): (u16, &'static str),
        wait: Option<u32>,
        times: usize,
    ) {
        self.refusals.push(Refusal { path: path.to_owned(), status, code, wait, times });
    }

    /// Refuses nothing more.
    pub fn forgive(&mut self) {
        self.refusals.clear();
    }

    pub fn answer(&mut self, seen: &MailSeen) -> MailAnswer {
        let (status, wait, body) =
            if seen.path() == "/$batch" { (200, None, self.batch(seen)) } else { self.one(seen) };
        match wait {
            Some(seconds) => MailAnswer::Headed(status, ("retry-after", seconds.to_string()), body),
            None => MailAnswer::Json(status, body),
        }
    }

    fn batch(&mut self, seen: &MailSeen) -> Value {
        let asked: Value = serde_json::from_slice(&seen.body).expect("JSON");
        let requests = asked["requests"].as_array().expect("requests");
        assert!((2..=20).contains(&requests.len()), "{}", requests.len());
        let mut responses = Vec::new();
        for request in requests {
            let (status, wait, body) = self.one(&part(seen, request));
            let headers = match wait {
                Some(seconds) => json!({ "Retry-After": seconds.to_string() }),
                None => json!({}),
            };
            responses
                .push(json!({ "id": request["id"], "status": status, "headers": headers, "body": body }));
        }
        responses.reverse();
        json!({ "responses": responses })
    }

    fn one(&mut self, seen: &MailSeen) -> Said {
        assert!(seen.header("prefer").contains("ImmutableId"), "{} {}", seen.method, seen.url);
        let path = seen.path();
        let refusal = self.refusals.iter_mut().find(|it| it.times > 0 && path.contains(&it.path));
        if let Some(refusal) = refusal {
            refusal.times -= 1;
            return (refusal.status, refusal.wait, error(refusal.code));
        }
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (seen.method.as_str(), parts.as_slice()) {
            ("GET", ["me", "mailFolders", name]) => match folder(&decoded(name)) {
                Some(id) => (200, None, json!({ "id": id })),
                None => gone(),
            },
            ("GET", ["me", "messages"]) => {
                let filter = seen.query("$filter");
                let thread = filter.trim_start_matches("conversationId eq ").trim_matches('\'').to_owned();
                let found = self.messages.values().filter(|message| message["conversationId"] == thread);
                (200, None, json!({ "value": found.collect::<Vec<_>>() }))
            }
            (method, ["me", "messages", id, rest @ ..]) => {
                self.of_message((method, rest), &decoded(id), seen.header("if-match"), &body)
            }
            _ => gone(),
        }
    }

    fn of_message(&mut self, call: (&str, &[&str]), id: &str, if_match: &str, body: &Value) -> Said {
        self.changes += 1;
        let version = format!("W/\"{}\"", self.changes);
        let Some(message) = self.messages.get_mut(id) else { return gone() };
        match call {
            ("GET", []) => (200, None, message.clone()),
            ("PATCH", []) if !if_match.is_empty() && message["@odata.etag"] != if_match => {
                (412, None, error("ErrorIrresolvableConflict"))
            }
            ("PATCH", []) => {
                for (name, value) in body.as_object().expect("fields") {
                    message[name] = value.clone();
                }
                message["@odata.etag"] = json!(version);
                (200, None, message.clone())
            }
            ("POST", ["move"]) => match folder(body["destinationId"].as_str().expect("a folder")) {
                Some(to) => {
                    message["parentFolderId"] = json!(to);
                    (201, None, message.clone())
                }
                None => gone(),
            },
            ("POST", ["permanentDelete"]) | ("DELETE", []) => {
                self.messages.remove(id);
                (204, None, Value::Null)
            }
            other => unreachable!("{other:?}"),
        }
    }
}
