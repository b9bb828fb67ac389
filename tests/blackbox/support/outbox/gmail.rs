//! What Gmail does: its answer has the message that was sent, which has another id than the draft. For some seconds the
//! draft still shows that message, and no search finds it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Fault, Habits, Post};
use crate::support::{
    MailAnswer, MailSeen,
    gmail::{Gmail, refusal},
};

/// A draft of the user.
const OWN: &[u8] = b"From: Grace <grace@contoso.test>\r\nTo: to@contoso.test\r\nSubject: Hello\r\n\
                     Message-ID: <own@contoso.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello.\r\n";

#[derive(Default)]
pub struct AtGmail {
    gmail: Gmail,
    delivered: Vec<String>,
    drafts_made: usize,
    /// The drafts that were sent, what was sent, and until when they show it.
    leaving: Vec<(String, String, Instant)>,
    /// The messages that no search finds before its time.
    unindexed: Vec<(String, Instant)>,
}

impl Post for AtGmail {
    fn settle(&mut self, now: Instant, _habits: Habits) {
        self.leaving.retain(|(_, _, until)| now < *until);
        self.unindexed.retain(|(_, until)| now < *until);
    }

    fn read(&mut self, seen: &MailSeen, _now: Instant) -> MailAnswer {
        let path = path_of(seen);
        if let [.., "drafts", id] = path.as_slice()
            && let Some((id, message, _)) = self.leaving.iter().find(|(draft, ..)| draft == id)
        {
            let message = json!({ "id": message, "threadId": message, "labelIds": ["SENT"] });
            return MailAnswer::Json(200, json!({ "id": id, "message": message }));
        }
        let (status, mut body) = self.ask(seen);
        match path.as_slice() {
            [.., "drafts"] => self.leave_out(&mut body, "drafts", |draft| &draft["message"]["id"]),
            [.., "messages"] => self.leave_out(&mut body, "messages", |message| &message["id"]),
            _ => {}
        }
        answer((status, body))
    }

    fn write(&mut self, seen: &MailSeen, now: Instant, habits: Habits) -> MailAnswer {
        let (status, body) = self.ask(seen);
        if status == 200 {
            match path_of(seen).as_slice() {
                [.., "me", "drafts"] => {
                    self.drafts_made += 1;
                    self.unindexed.push((text(&body["message"]["id"]), indexed_at(now, habits)));
                }
                [.., "me", "messages", "send"] => self.note_sent(&text(&body["id"]), now, habits),
                [.., "me", "drafts", "send"] => {
                    let asked: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
                    let (draft, sent) = (text(&asked["id"]), text(&body["id"]));
                    self.note_sent(&sent, now, habits);
                    if habits.keeps_sent {
                        self.leaving.push((draft, sent, now + Duration::from_secs(habits.delays.0)));
                    }
                }
                _ => {}
            }
        }
        answer((status, body))
    }

    fn refuse(&self, fault: Fault) -> MailAnswer {
        answer(match fault {
            Fault::Late(_) => refusal(504, "backendError", "DEADLINE_EXCEEDED", "The backend was too slow."),
            Fault::Throttled => {
                refusal(429, "rateLimitExceeded", "RESOURCE_EXHAUSTED", "User-rate limit exceeded.")
            }
            Fault::TokenRefused => refusal(401, "authError", "UNAUTHENTICATED", "Invalid credentials."),
            _ => refusal(400, "invalidArgument", "INVALID_ARGUMENT", "Invalid To header"),
        })
    }

    fn add_draft(&mut self) -> String {
        self.gmail.add_draft(OWN)
    }

    fn delete_drafts(&mut self) {
        self.gmail.delete_drafts();
    }

    fn delivered(&self) -> Vec<String> {
        self.delivered.clone()
    }

    fn drafts(&self) -> usize {
        self.gmail.count_drafts()
    }

    fn drafts_made(&self) -> usize {
        self.drafts_made
    }

    fn files(&self) -> usize {
        self.gmail.count_files()
    }

    fn has_sent(&self, id: &str) -> bool {
        self.gmail.is_sent(id)
    }
}

impl AtGmail {
    fn ask(&self, seen: &MailSeen) -> (u16, Value) {
        let method = seen.method.as_str();
        self.gmail.reply(method, &seen.url, seen.header("content-type"), seen.body.clone())
    }

    fn note_sent(&mut self, message: &str, now: Instant, habits: Habits) {
        self.delivered.push(self.gmail.message_id(message));
        if habits.keeps_sent {
            self.unindexed.push((message.to_owned(), indexed_at(now, habits)));
        } else {
            self.gmail.erase(message);
        }
    }

    /// Takes the messages out of an answer that searches do not find yet.
    fn leave_out(&self, body: &mut Value, list: &str, id: impl Fn(&Value) -> &Value) {
        let Some(items) = body.get_mut(list).and_then(Value::as_array_mut) else { return };
        items.retain(|item| !self.unindexed.iter().any(|(unindexed, _)| id(item) == unindexed));
        if items.is_empty() {
            *body = json!({});
        }
    }
}

fn indexed_at(now: Instant, habits: Habits) -> Instant {
    now + Duration::from_secs(habits.delays.0 + habits.delays.1)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn path_of(seen: &MailSeen) -> Vec<&str> {
    seen.url.path_segments().into_iter().flatten().collect()
}

fn answer((status, body): (u16, Value)) -> MailAnswer {
    if body.is_null() { MailAnswer::Bytes("text/plain", Vec::new()) } else { MailAnswer::Json(status, body) }
}
