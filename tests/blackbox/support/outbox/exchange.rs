//! What Exchange does: after its answer a message stays a draft for some seconds, is then gone, and appears in Sent.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Fault, Habits, Post};
use crate::support::{MailAnswer, MailSeen};

/// A message that was asked to be sent.
#[derive(Clone, Copy, Debug)]
struct OnItsWay {
    /// When it is no draft any more, and is delivered.
    leaves: Instant,
    /// When it is in Sent.
    arrives: Instant,
}

#[derive(Clone, Debug)]
struct Letter {
    id: String,
    message_id: String,
    on_its_way: Option<OnItsWay>,
    is_delivered: bool,
    /// Attachments.
    files: Vec<Value>,
}

#[derive(Default)]
pub struct Exchange {
    letters: Vec<Letter>,
    delivered: Vec<String>,
    drafts_made: usize,
    next: usize,
}

impl Post for Exchange {
    fn settle(&mut self, now: Instant, habits: Habits) {
        for letter in &mut self.letters {
            if !letter.is_delivered && letter.on_its_way.is_some_and(|way| way.leaves <= now) {
                letter.is_delivered = true;
                self.delivered.push(letter.message_id.clone());
            }
        }
        if !habits.keeps_sent {
            self.letters.retain(|letter| !letter.is_delivered);
        }
    }

    fn read(&mut self, seen: &MailSeen, now: Instant) -> MailAnswer {
        let (path, filter) = (seen.path(), seen.query("$filter"));
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let of = |letter: &Letter, is_draft: bool| {
            json!({
                "id": letter.id, "isDraft": is_draft, "internetMessageId": letter.message_id, "subject": "Hello",
                "toRecipients": [{ "emailAddress": { "address": "to@contoso.test" } }],
                "from": { "emailAddress": { "address": "grace@contoso.test" } },
            })
        };
        match parts.as_slice() {
            ["me"] => MailAnswer::Json(
                200,
                json!({ "mail": "grace@contoso.test", "proxyAddresses": ["smtp:alias@contoso.test"] }),
            ),
            ["me", "messages", id, "attachments"] => {
                let files = self.letters.iter().find(|letter| letter.id == *id).map(|letter| &letter.files);
                let files: Vec<&Value> = files.into_iter().flatten().collect();
                MailAnswer::Json(200, json!({ "value": files }))
            }
            ["me", "messages", id] => match self.shown(now).find(|(letter, _)| letter.id == *id) {
                Some((letter, is_draft)) => MailAnswer::Json(200, of(letter, is_draft)),
                None => MailAnswer::refusal(404, "ErrorItemNotFound"),
            },
            ["me", "messages"] => {
                let wanted = filter.split('\'').nth(1).unwrap_or_default();
                let found = self.shown(now).filter(|(letter, _)| letter.message_id == wanted);
                let found: Vec<_> = found.map(|(letter, is_draft)| of(letter, is_draft)).collect();
                MailAnswer::Json(200, json!({ "value": found }))
            }
            _ => MailAnswer::refusal(404, "ErrorItemNotFound"),
        }
    }

    fn write(&mut self, seen: &MailSeen, now: Instant, habits: Habits) -> MailAnswer {
        let (method, path) = (seen.method.as_str(), seen.path());
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or(Value::Null);
        let done = || MailAnswer::Bytes("text/plain", Vec::new());
        let missing = || MailAnswer::refusal(404, "ErrorItemNotFound");
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let message_id =
            |message: &Value| message["internetMessageId"].as_str().unwrap_or_default().to_owned();
        match (method, parts.as_slice()) {
            ("POST", ["me", "messages"]) => {
                let id = self.create(&message_id(&body));
                MailAnswer::Json(201, json!({ "id": id, "isDraft": true }))
            }
            ("POST", ["me", "messages", _, "createReply" | "createReplyAll" | "createForward"]) => {
                let id = self.create(&message_id(&body["message"]));
                MailAnswer::Json(201, json!({ "id": id, "isDraft": true }))
            }
            ("POST", ["me", "messages", id, "send"]) => {
                let is_there = self.is_shown(id, now);
                if is_there && self.send(id, now, habits) { done() } else { missing() }
            }
            ("POST", ["me", "sendMail"]) => {
                let id = self.create(&message_id(&body["message"]));
                self.drafts_made -= 1;
                self.send(&id, now, habits);
                done()
            }
            ("POST", ["me", "messages", id, "attachments"]) => {
                let file = json!({
                    "@odata.type": "#microsoft.graph.fileAttachment", "id": format!("file-{}", self.next),
                    "name": body["name"], "contentId": body["contentId"], "contentType": body["contentType"],
                    "size": 10, "isInline": false,
                });
                let Some(letter) = self.letters.iter_mut().find(|letter| letter.id == *id) else {
                    return missing();
                };
                letter.files.push(file.clone());
                MailAnswer::Json(201, file)
            }
            ("POST", ["me", "messages", id, "permanentDelete"]) | ("DELETE", ["me", "messages", id]) => {
                let before = self.letters.len();
                self.letters.retain(|letter| letter.id != *id);
                if self.letters.len() < before { done() } else { missing() }
            }
            _ => MailAnswer::refusal(400, "UnknownRequest"),
        }
    }

    fn refuse(&self, fault: Fault) -> MailAnswer {
        match fault {
            Fault::Late(_) => MailAnswer::refusal(504, "UnknownError"),
            Fault::Throttled => MailAnswer::refusal(429, "ApplicationThrottled"),
            Fault::TokenRefused => MailAnswer::refusal(401, "InvalidAuthenticationToken"),
            _ => MailAnswer::refusal(400, "ErrorInvalidRecipients"),
        }
    }

    fn add_draft(&mut self) -> String {
        self.create("<own@contoso.test>")
    }

    fn delete_drafts(&mut self) {
        self.letters.retain(|letter| letter.on_its_way.is_some());
    }

    fn delivered(&self) -> Vec<String> {
        self.delivered.clone()
    }

    fn drafts(&self) -> usize {
        self.letters.iter().filter(|letter| letter.on_its_way.is_none()).count()
    }

    fn drafts_made(&self) -> usize {
        self.drafts_made
    }

    fn files(&self) -> usize {
        self.letters.iter().map(|letter| letter.files.len()).sum()
    }

    fn has_sent(&self, id: &str) -> bool {
        self.letters.iter().any(|letter| letter.id == id && letter.is_delivered)
    }
}

impl Exchange {
    fn create(&mut self, message_id: &str) -> String {
        self.next += 1;
        self.drafts_made += 1;
        let id = format!("letter-{}", self.next);
        self.letters.push(Letter {
            id: id.clone(),
            message_id: message_id.to_owned(),
            on_its_way: None,
            is_delivered: false,
            files: Vec::new(),
        });
        id
    }

    /// Sends a message. One that is on its way already is not sent again.
    fn send(&mut self, id: &str, now: Instant, habits: Habits) -> bool {
        let (draft, nowhere) = habits.delays;
        let leaves = now + Duration::from_secs(draft);
        let arrives = leaves + Duration::from_secs(nowhere);
        let Some(letter) = self.letters.iter_mut().find(|letter| letter.id == id) else { return false };
        letter.on_its_way.get_or_insert(OnItsWay { leaves, arrives });
        self.settle(now, habits);
        true
    }

    /// Whether a message with this id is found: not while it is between the drafts and Sent.
    fn is_shown(&self, id: &str, now: Instant) -> bool {
        self.shown(now).any(|(letter, _)| letter.id == id)
    }

    /// The messages that are found, each with whether it is a draft.
    fn shown(&self, now: Instant) -> impl Iterator<Item = (&Letter, bool)> {
        self.letters.iter().filter_map(move |letter| match letter.on_its_way {
            None => Some((letter, true)),
            Some(way) if now < way.leaves => Some((letter, true)),
            Some(way) if now < way.arrives => None,
            Some(_) => Some((letter, false)),
        })
    }
}
