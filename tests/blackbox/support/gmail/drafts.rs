//! The calls of drafts. A draft has another id than its message, and a changed draft has another message.

use serde_json::json;

use super::{
    Asked, Reply, done, missing,
    state::{State, hex},
    wrong,
};

/// The size of a page of drafts: its name, the usual one, and the largest.
const PAGE: (&str, usize, usize) = ("maxResults", 100, 500);

impl State {
    pub fn answer_drafts(&mut self, asked: &Asked) -> Reply {
        let path: Vec<&str> = asked.path.iter().skip(1).map(String::as_str).collect();
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", []) => self.list_drafts(asked),
            ("POST", []) => self.create_draft(asked),
            ("POST", ["send"]) => self.send_draft(asked),
            (method, [id]) => match self.drafts.iter().find(|(draft, _)| draft == id).cloned() {
                Some((id, message)) => self.one_draft(asked, method, &id, message),
                None => missing(),
            },
            _ => missing(),
        }
    }

    fn list_drafts(&self, asked: &Asked) -> Reply {
        let Some(found) = self.found(asked) else { return wrong("Invalid query") };
        let drafts = found.iter().filter_map(|letter| {
            let (id, _) = self.drafts.iter().find(|(_, message)| *message == letter.id)?;
            Some(json!({ "id": id, "message": { "id": hex(letter.id), "threadId": hex(letter.thread) } }))
        });
        asked.page("drafts", drafts.collect(), PAGE)
    }

    /// Files the message of a draft.
    fn file_draft(&mut self, raw: Vec<u8>, thread: Option<u64>) -> u64 {
        let (now, draft) = (self.now(), ["DRAFT".to_owned()]);
        self.add(raw, draft.into_iter(), now, thread)
    }

    fn create_draft(&mut self, asked: &Asked) -> Reply {
        let (raw, thread) = match self.given(asked, &Self::resource(asked)["message"]) {
            Ok(given) => given,
            Err(reply) => return reply,
        };
        let (id, message) = self.add_draft(raw, thread);
        self.shown_draft(&id, message)
    }

    /// Makes a draft, and gives its id and that of its message.
    pub fn add_draft(&mut self, raw: Vec<u8>, thread: Option<u64>) -> (String, u64) {
        let message = self.file_draft(raw, thread);
        let id = format!("r-{}", message % 1_000_000_007);
        self.drafts.push((id.clone(), message));
        (id, message)
    }

    fn shown_draft(&mut self, id: &str, message: u64) -> Reply {
        let letter = self.letter(message).expect("the message of a draft");
        let message =
            json!({ "id": hex(letter.id), "threadId": hex(letter.thread), "labelIds": letter.labels });
        (200, json!({ "id": id, "message": message }))
    }

    fn one_draft(&mut self, asked: &Asked, method: &str, id: &str, message: u64) -> Reply {
        match method {
            "GET" => match self.shown(asked, message) {
                Some(shown) => (200, json!({ "id": id, "message": shown })),
                None => wrong("Invalid value at 'format'"),
            },
            "PUT" => {
                let (raw, thread) = match self.given(asked, &Self::resource(asked)["message"]) {
                    Ok(given) => given,
                    Err(reply) => return reply,
                };
                let before = self.letter(message).map(|letter| letter.thread);
                self.remove(message);
                let replaced = self.file_draft(raw, thread.or(before));
                for (known, message) in &mut self.drafts {
                    if known == id {
                        *message = replaced;
                    }
                }
                self.shown_draft(id, replaced)
            }
            "DELETE" => {
                self.drafts.retain(|(known, _)| known != id);
                self.remove(message);
                done()
            }
            _ => missing(),
        }
    }

    fn send_draft(&mut self, asked: &Asked) -> Reply {
        let body = asked.json();
        let id = body["id"].as_str().unwrap_or_default();
        let Some((_, message)) = self.drafts.iter().find(|(draft, _)| draft == id).cloned() else {
            return missing();
        };
        let letter = self.letter(message).expect("the message of a draft");
        let (raw, thread) = (letter.raw.clone(), letter.thread);
        let reply = self.deliver(raw, Some(thread));
        if reply.0 == 200 {
            self.drafts.retain(|(_, known)| *known != message);
            self.remove(message);
        }
        reply
    }
}
