//! What the mailbox has, and the routes of its calls.

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Answer, Asked, NOT_FOUND, OWN, Refusal, Reply, WRONG,
    contacts::Book,
    folders::Folder,
    ids,
    letter::{File, Letter, Text},
    mime,
    query::Rules,
    uploads::Session,
};

/// Another address of the mailbox.
const ALIAS: &str = "alias@example.test";
/// The properties of the user.
const USER: Rules =
    Rules { properties: &["mail", "userPrincipalName", "proxyAddresses"], unordered: &[], on_demand: &[] };
/// The time before the first message, in seconds since 1970.
const BEGIN: i64 = 1_795_700_000;

pub struct State {
    pub folders: Vec<Folder>,
    pub letters: Vec<Letter>,
    pub categories: Vec<Value>,
    pub contacts: Book,
    pub sessions: Vec<Session>,
    /// How many things were made so far.
    made: u64,
    /// The time of the last message, in seconds since 1970.
    last: i64,
}

impl Default for State {
    fn default() -> Self {
        let folders = Folder::of_system();
        let made = folders.len() as u64;
        let (letters, categories, sessions) = (Vec::new(), Vec::new(), Vec::new());
        Self { folders, letters, categories, contacts: Book::default(), sessions, made, last: BEGIN }
    }
}

/// A time as Graph writes it.
fn written(second: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(second).expect("a time");
    time.format(&Rfc3339).expect("a text")
}

impl State {
    /// A key that nothing has.
    pub fn next_key(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// The present time: later than that of every message.
    pub fn now(&mut self) -> String {
        self.last += 1;
        written(self.last)
    }

    /// The key of the thread in which the message with this Message-ID is.
    fn thread_of(&self, message_id: &str) -> Option<u64> {
        let is_it = |letter: &&Letter| letter.field("internetMessageId") == message_id;
        self.letters.iter().find(is_it).filter(|_| !message_id.is_empty()).map(|letter| letter.thread)
    }

    /// Makes a message, which is in no list yet. What is not given has a usual value.
    pub fn letter(
        &mut self,
        given: Map<String, Value>,
        text: Text,
        files: Vec<File>,
        thread: Option<u64>,
    ) -> Letter {
        let (key, now) = (self.next_key(), self.now());
        let usual = json!({
            "internetMessageId": format!("<{key}@mail.example.test>"), "subject": "", "importance": "normal",
            "isRead": true, "isDraft": true, "isReadReceiptRequested": false,
            "toRecipients": [], "ccRecipients": [], "bccRecipients": [], "replyTo": [],
            "flag": { "flagStatus": "notFlagged" }, "categories": [],
            "receivedDateTime": now, "sentDateTime": now, "lastModifiedDateTime": now,
        });
        let mut fields = usual.as_object().cloned().unwrap_or_default();
        fields.extend(given);
        let files = files.into_iter().map(|file| File { key: self.next_key(), ..file }).collect();
        let folder = self.well_known("drafts");
        let thread = thread.unwrap_or(key);
        Letter { key, moves: 0, version: 1, folder, thread, text, files, fields, raw: None }
    }

    /// Files a message that arrives, and gives its id.
    pub fn deliver(
        &mut self,
        raw: &[u8],
        folder: &str,
        (is_read, is_flagged): (bool, bool),
        second: i64,
    ) -> String {
        let read = mime::read(raw);
        let thread = self.thread_of(&read.answered);
        let mut given = read.fields.as_object().cloned().unwrap_or_default();
        let flag = if is_flagged { "flagged" } else { "notFlagged" };
        let at = written(second);
        let others = json!({
            "isRead": is_read, "isDraft": false, "flag": { "flagStatus": flag }, "receivedDateTime": at,
            "sentDateTime": at,
        });
        given.extend(others.as_object().cloned().unwrap_or_default());
        let mut letter = self.letter(given, read.text, read.files, thread);
        letter.folder = self.well_known(folder);
        letter.raw = Some(raw.to_vec());
        self.last = self.last.max(second);
        let id = letter.id(true);
        self.letters.push(letter);
        id
    }

    /// The position of the message that a path names.
    pub fn position(&self, id: &str) -> Result<usize, Refusal> {
        let position = |key: u64| self.letters.iter().position(|letter| letter.key == key);
        let moves = |key: u64| position(key).and_then(|at| self.letters.get(at)).map(|letter| letter.moves);
        let key = ids::read(ids::MESSAGE, id, moves)?;
        position(key).ok_or(NOT_FOUND)
    }

    /// Whether a message may be sent from this address.
    pub fn is_own(address: &str) -> bool {
        [OWN, ALIAS].iter().any(|own| own.eq_ignore_ascii_case(address))
    }

    pub fn answer(&mut self, asked: &Asked) -> Answer {
        let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        match (asked.method.as_str(), path.as_slice()) {
            ("POST", ["$batch"]) => self.answer_batch(asked),
            ("GET", ["me"]) => {
                asked.check_options(&["$select"])?;
                let user = json!({
                    "mail": OWN, "userPrincipalName": OWN,
                    "proxyAddresses": [format!("SMTP:{OWN}"), format!("smtp:{ALIAS}")],
                });
                Ok(Reply::Json(200, asked.chosen(&USER, user)?))
            }
            ("POST", ["me", "sendMail"]) => self.send_at_once(asked),
            ("GET", ["me", "messages"]) => self.list(asked, None),
            ("GET", ["me", "mailFolders", folder, "messages"]) => {
                let folder = self.folder(folder)?.id.clone();
                self.list(asked, Some(&folder))
            }
            ("POST", ["me", "messages"]) => self.create_draft(asked),
            (method, ["me", "messages", id, rest @ ..]) => {
                let at = self.position(id)?;
                self.answer_message(asked, method, at, rest)
            }
            (method, ["me", "mailFolders", rest @ ..]) => self.answer_folders(asked, method, rest),
            (method, ["me", "outlook", "masterCategories", rest @ ..]) => {
                self.answer_categories(asked, method, rest)
            }
            (method, ["me", rest @ ..]) => self.contacts.answer(asked, method, rest),
            _ => Err(WRONG),
        }
    }
}
