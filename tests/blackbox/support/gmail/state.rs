//! The messages of the mailbox, and their calls.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    Asked, OWN, Reply, done,
    history::Change,
    labels::{Label, is_systems},
    mime, missing,
    q::Search,
    refusal, wrong,
};

/// The id of the first message; ids are hexadecimal on the wire.
const FIRST: u64 = 0x18c0_5f2e_11a0_0000;
/// The size of a page of messages: its name, the usual one, and the largest.
const PAGE: (&str, usize, usize) = ("maxResults", 100, 500);

pub struct Letter {
    pub id: u64,
    pub thread: u64,
    pub labels: BTreeSet<String>,
    /// Milliseconds since 1970.
    pub at: i64,
    pub raw: Vec<u8>,
}

impl Letter {
    pub fn has_own_label(&self) -> bool {
        self.labels.iter().any(|label| !is_systems(label))
    }
}

#[derive(Default)]
pub struct State {
    pub letters: Vec<Letter>,
    /// The id of each draft, and that of its message.
    pub drafts: Vec<(String, u64)>,
    /// The labels of the user.
    pub labels: Vec<Label>,
    /// How many things were made so far.
    pub made: u64,
    /// The changes so far.
    pub journal: Vec<Change>,
    /// How often messages were read so far.
    reads: u64,
}

pub fn hex(id: u64) -> String {
    format!("{id:x}")
}

/// The names in a list of a request.
fn names(body: &Value, list: &str) -> Vec<String> {
    let names = body[list].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

impl State {
    /// Files a message, and gives its id.
    pub fn add(
        &mut self,
        raw: Vec<u8>,
        labels: impl Iterator<Item = String>,
        at: i64,
        thread: Option<u64>,
    ) -> u64 {
        self.made += 1;
        let id = FIRST + self.made * 0x101;
        // An answer belongs to the thread of what it answers.
        let answered = mime::header(&raw, "In-Reply-To");
        let original = self
            .letters
            .iter()
            .find(|letter| !answered.is_empty() && mime::header(&letter.raw, "Message-ID") == answered);
        let thread = thread.or(original.map(|letter| letter.thread)).unwrap_or(id);
        self.letters.push(Letter { id, thread, labels: labels.collect(), at, raw });
        self.note("messagesAdded", id, &[]);
        id
    }

    /// The time of what is made now, in milliseconds: later than all before.
    pub fn now(&self) -> i64 {
        self.letters.iter().map(|letter| letter.at).max().unwrap_or(1_795_858_200_000) + 1_000
    }

    pub fn letter(&mut self, id: u64) -> Option<&mut Letter> {
        self.letters.iter_mut().find(|letter| letter.id == id)
    }

    /// The message that a segment of a path names.
    fn find(&self, id: &str) -> Result<u64, Reply> {
        let Ok(number) = u64::from_str_radix(id, 16) else { return Err(wrong("Invalid id value")) };
        let is_there = self.letters.iter().any(|letter| letter.id == number);
        if is_there { Ok(number) } else { Err(missing()) }
    }

    pub fn answer(&mut self, asked: &Asked) -> Reply {
        let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        match (asked.method.as_str(), path.as_slice()) {
            ("GET", ["profile"]) => {
                let messages = self.letters.len();
                let profile =
                    json!({ "emailAddress": OWN, "messagesTotal": messages, "historyId": self.history_id() });
                (200, profile)
            }
            ("GET", ["settings", "sendAs"]) => {
                let main =
                    json!({ "sendAsEmail": OWN, "displayName": "", "isPrimary": true, "isDefault": true });
                (200, json!({ "sendAs": [main] }))
            }
            ("GET", ["messages"]) => self.list(asked),
            ("GET", ["history"]) => self.answer_history(asked),
            ("GET", ["threads", id]) => self.thread(asked, id),
            (_, ["drafts", ..]) => self.answer_drafts(asked),
            (_, ["labels", ..]) => self.answer_labels(asked),
            ("POST", ["messages", "send"]) => self.send(asked),
            (method, ["messages", id, rest @ ..]) => match self.find(id) {
                Ok(id) => self.one(asked, method, id, rest),
                Err(reply) => reply,
            },
            _ => missing(),
        }
    }

    /// The messages that a list or a list of drafts asks for, newest first.
    pub fn found(&self, asked: &Asked) -> Option<Vec<&Letter>> {
        let search = Search::read(asked.one("q").unwrap_or_default())?;
        let labels = asked.all("labelIds");
        let shows_all = asked.one("includeSpamTrash") == Some("true");
        let is_hidden = |letter: &Letter| {
            ["TRASH", "SPAM"].iter().any(|label| letter.labels.contains(*label) && !labels.contains(label))
        };
        let mut found: Vec<&Letter> = self
            .letters
            .iter()
            .filter(|letter| shows_all || !is_hidden(letter))
            .filter(|letter| labels.iter().all(|label| letter.labels.contains(*label)))
            .filter(|letter| search.finds(letter))
            .collect();
        found.sort_by_key(|letter| std::cmp::Reverse((letter.at, letter.id)));
        Some(found)
    }

    fn list(&self, asked: &Asked) -> Reply {
        if let Some(unknown) = asked.all("labelIds").iter().find(|label| !self.has_label(label)) {
            return wrong(&format!("Invalid label: {unknown}"));
        }
        let Some(found) = self.found(asked) else { return wrong("Invalid query") };
        let item = |letter: &&Letter| json!({ "id": hex(letter.id), "threadId": hex(letter.thread) });
        asked.page("messages", found.iter().map(item).collect(), PAGE)
    }

    /// A message in the wanted format; `None` if there is no such format.
    pub fn shown(&mut self, asked: &Asked, id: u64) -> Option<Value> {
        self.reads += 1;
        let (reads, history) = (self.reads, self.history_id());
        let letter = self.letter(id)?;
        let mut shown = json!({
            "id": hex(letter.id), "threadId": hex(letter.thread), "snippet": mime::snippet(&letter.raw),
            "historyId": history, "internalDate": letter.at.to_string(), "sizeEstimate": letter.raw.len(),
        });
        if !letter.labels.is_empty() {
            shown["labelIds"] = letter.labels.iter().cloned().collect();
        }
        match asked.one("format").unwrap_or("full") {
            "minimal" => {}
            "raw" => shown["raw"] = URL_SAFE_NO_PAD.encode(&letter.raw).into(),
            "full" => shown["payload"] = mime::payload(&letter.raw, reads),
            "metadata" => {
                let headers = mime::headers(&letter.raw, &asked.all("metadataHeaders"));
                let kind = mime::payload(&letter.raw, reads)["mimeType"].take();
                shown["payload"] = json!({ "mimeType": kind, "headers": headers });
            }
            _ => return None,
        }
        Some(shown)
    }

    fn thread(&mut self, asked: &Asked, id: &str) -> Reply {
        let Ok(thread) = u64::from_str_radix(id, 16) else { return wrong("Invalid id value") };
        let mut ids: Vec<(i64, u64)> = self
            .letters
            .iter()
            .filter(|letter| letter.thread == thread)
            .map(|letter| (letter.at, letter.id))
            .collect();
        ids.sort_unstable();
        let messages: Option<Vec<Value>> = ids.into_iter().map(|(_, id)| self.shown(asked, id)).collect();
        match messages {
            None => wrong("Invalid value at 'format'"),
            Some(messages) if messages.is_empty() => missing(),
            Some(messages) => (200, json!({ "id": id, "historyId": "1", "messages": messages })),
        }
    }

    fn one(&mut self, asked: &Asked, method: &str, id: u64, rest: &[&str]) -> Reply {
        match (method, rest) {
            ("GET", []) => match self.shown(asked, id) {
                Some(shown) => (200, shown),
                None => wrong("Invalid value at 'format'"),
            },
            ("GET", ["attachments", attachment]) => {
                let letter = self.letter(id).expect("it was found");
                let Some(bytes) = mime::attachment(&letter.raw, attachment) else {
                    return wrong("Invalid attachment token");
                };
                (200, json!({ "size": bytes.len(), "data": URL_SAFE_NO_PAD.encode(bytes) }))
            }
            ("POST", ["modify"]) => {
                let body = asked.json();
                self.modify(id, &names(&body, "addLabelIds"), &names(&body, "removeLabelIds"))
            }
            ("POST", ["trash"]) => {
                self.modify(id, &["TRASH".to_owned()], &["INBOX".to_owned(), "SPAM".to_owned()])
            }
            ("POST", ["untrash"]) => self.modify(id, &[], &["TRASH".to_owned()]),
            ("DELETE", []) => {
                self.remove(id);
                self.drafts.retain(|(_, message)| *message != id);
                done()
            }
            _ => missing(),
        }
    }

    fn modify(&mut self, id: u64, added: &[String], removed: &[String]) -> Reply {
        let mut named = added.iter().chain(removed);
        let is_fixed = |label: &String| ["SENT", "DRAFT"].contains(&label.as_str());
        if let Some(unknown) = named.clone().find(|label| !self.has_label(label)) {
            return wrong(&format!("Invalid label: {unknown}"));
        }
        if named.any(is_fixed) || added.iter().any(|label| removed.contains(label)) {
            return wrong("Invalid label: it cannot be changed");
        }
        if added.len() > 100 || removed.len() > 100 || (added.is_empty() && removed.is_empty()) {
            return wrong("No label add or removes specified");
        }
        let letter = self.letter(id).expect("it was found");
        letter.labels.extend(added.iter().cloned());
        letter.labels.retain(|label| !removed.contains(label));
        let answer =
            json!({ "id": hex(letter.id), "threadId": hex(letter.thread), "labelIds": letter.labels });
        for (kind, labels) in [("labelsAdded", added), ("labelsRemoved", removed)] {
            if !labels.is_empty() {
                self.note(kind, id, labels);
            }
        }
        (200, answer)
    }

    /// The message that a request gives, and its thread.
    pub fn given(&self, asked: &Asked, resource: &Value) -> Result<(Vec<u8>, Option<u64>), Reply> {
        let thread = resource["threadId"].as_str().and_then(|id| u64::from_str_radix(id, 16).ok());
        let thread = thread.filter(|thread| self.letters.iter().any(|letter| letter.thread == *thread));
        let raw = if asked.is_upload {
            match asked.one("uploadType") {
                Some("media") if asked.content_type == "message/rfc822" => asked.body.clone(),
                Some("multipart") => uploaded(&asked.body).ok_or_else(|| wrong("Bad multipart body"))?,
                _ => return Err(wrong("Invalid upload request")),
            }
        } else {
            let raw = resource["raw"].as_str().unwrap_or_default().trim_end_matches('=');
            URL_SAFE_NO_PAD.decode(raw).map_err(|_| wrong("Invalid value at 'message.raw'"))?
        };
        if raw.is_empty() {
            Err(wrong("'raw' RFC822 payload message string or uploading message is required"))
        } else {
            Ok((raw, thread))
        }
    }

    /// The resource in the JSON of a request, which may be the first part of an upload.
    pub fn resource(asked: &Asked) -> Value {
        if !asked.is_upload {
            return asked.json();
        }
        let text = String::from_utf8_lossy(&asked.body);
        let json = text.split_once("\r\n\r\n").and_then(|(_, rest)| rest.split_once("\r\n--"));
        json.and_then(|(json, _)| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    fn send(&mut self, asked: &Asked) -> Reply {
        match self.given(asked, &Self::resource(asked)) {
            Ok((raw, thread)) => self.deliver(raw, thread),
            Err(reply) => reply,
        }
    }

    /// Sends a message, and files it under Sent.
    pub fn deliver(&mut self, raw: Vec<u8>, thread: Option<u64>) -> Reply {
        if ["To", "Cc", "Bcc"].iter().all(|name| mime::header(&raw, name).is_empty()) {
            return refusal(400, "invalidArgument", "INVALID_ARGUMENT", "Recipient address required");
        }
        let (now, sent) = (self.now(), ["SENT".to_owned()]);
        let id = self.add(raw, sent.into_iter(), now, thread);
        let thread = self.letter(id).map(|letter| hex(letter.thread));
        (200, json!({ "id": hex(id), "threadId": thread, "labelIds": ["SENT"] }))
    }
}

/// The message in an upload of two parts.
fn uploaded(body: &[u8]) -> Option<Vec<u8>> {
    let find = |from: usize, wanted: &[u8]| {
        let behind = body.get(from..)?;
        behind.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
    };
    let boundary = &body[..find(0, b"\r\n")?];
    let head_of_second = find(find(1, boundary)?, b"\r\n\r\n")? + 4;
    let last = [&b"\r\n"[..], boundary, &b"--"[..]].concat();
    let end = find(head_of_second, &last)?;
    body.get(head_of_second..end).map(<[u8]>::to_vec)
}
