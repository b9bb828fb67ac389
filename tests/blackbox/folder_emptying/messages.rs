//! A folder at the provider whose messages can be deleted.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use http::Method;
use serde_json::{Value, json};

use crate::{
    api_reading::mailbox,
    support::{MailAnswer, MailSeen},
};

/// The messages of a folder at the provider.
#[derive(Clone, Default)]
pub struct Messages {
    left: Arc<Mutex<Vec<String>>>,
    /// Those that cannot be deleted, and the code of the refusal.
    refused: Arc<Mutex<(BTreeSet<String>, &'static str)>>,
    /// The endings of the requests that have deleted a message.
    ways: Arc<Mutex<BTreeSet<String>>>,
}

impl Messages {
    pub fn new(count: usize) -> Self {
        let messages = Self::default();
        *messages.left.lock().expect("no panic") = (0..count).map(|number| format!("m{number}")).collect();
        messages
    }

    pub fn refuse(&self, ids: &[&str], code: &'static str) {
        *self.refused.lock().expect("no panic") = (ids.iter().map(|id| (*id).to_owned()).collect(), code);
    }

    pub fn count(&self) -> usize {
        self.left.lock().expect("no panic").len()
    }

    pub fn ways(&self) -> Vec<String> {
        self.ways.lock().expect("no panic").iter().cloned().collect()
    }

    /// The status and the body of a request that deletes a message.
    fn delete(&self, path: &str) -> (u16, Value) {
        let (id, way) = path.rsplit_once('/').expect("a path");
        let id = id.rsplit('/').next().expect("an id");
        let refused = self.refused.lock().expect("no panic");
        if refused.0.contains(id) {
            let status = if refused.1 == "ErrorAccessDenied" { 403 } else { 400 };
            return (status, json!({ "error": { "code": refused.1, "message": "No." } }));
        }
        let mut left = self.left.lock().expect("no panic");
        let Some(at) = left.iter().position(|known| known == id) else {
            return (404, json!({ "error": { "code": "ErrorItemNotFound", "message": "No." } }));
        };
        left.remove(at);
        self.ways.lock().expect("no panic").insert(way.to_owned());
        (201, json!({ "id": id }))
    }

    pub fn answer(&self, seen: &MailSeen) -> MailAnswer {
        let path = seen.path().to_owned();
        if seen.method == Method::GET && path.starts_with("/me/mailFolders/") && path.ends_with("/messages") {
            assert!(seen.query("$filter").starts_with("receivedDateTime lt 2026-"), "{}", seen.url);
            let top: usize = seen.query("$top").parse().expect("a number");
            let left = self.left.lock().expect("no panic");
            let page: Vec<_> = left.iter().take(top).map(|id| json!({ "id": id })).collect();
            return MailAnswer::Json(200, json!({ "value": page }));
        }
        if path == "/$batch" {
            return self.batch(seen);
        }
        if seen.method == Method::POST && path.starts_with("/me/messages/") {
            let (status, body) = self.delete(&path);
            return MailAnswer::Json(status, body);
        }
        mailbox(seen)
    }

    /// Deletes all messages of a batch; one for folders of the system is answered as in a small mailbox.
    fn batch(&self, seen: &MailSeen) -> MailAnswer {
        let asked: Value = serde_json::from_slice(&seen.body).expect("JSON");
        let requests = asked["requests"].as_array().expect("requests");
        if requests.iter().any(|request| request["method"] == "GET") {
            return mailbox(seen);
        }
        assert!(requests.len() <= 20, "{} requests", requests.len());
        let answer = |request: &Value| {
            let (status, body) = self.delete(request["url"].as_str().expect("an address"));
            json!({ "id": request["id"], "status": status, "body": body })
        };
        MailAnswer::Json(200, json!({ "responses": requests.iter().map(answer).collect::<Vec<_>>() }))
    }
}
