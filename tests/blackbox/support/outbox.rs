//! A small mailbox at the provider that sends as Exchange does: after its answer a message stays a draft for some seconds,
//! is then gone, and appears in Sent. Its log has each delivery. A test decides which answers are lost.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use mail360::{platform::monotonic::Monotonic, providers::mailbox::MailProblem};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{MailAnswer, MailSeen, TestMonotonic};

/// What happens to a request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It is carried out, and its answer is lost.
    AnswerLost,
    /// It is not carried out, and there is no answer.
    RequestLost,
    /// There is no connection to the provider.
    NoConnection,
    /// It is carried out after this number of seconds, and its answer is lost.
    Late(u64),
    /// The provider wants fewer requests.
    Throttled,
    /// The provider refuses the access token.
    TokenRefused,
    /// The provider refuses the request for good.
    Refused,
}

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

/// A request that is carried out later.
struct Late {
    at: Instant,
    method: String,
    path: String,
    body: Value,
}

struct State {
    monotonic: Arc<TestMonotonic>,
    letters: Vec<Letter>,
    /// The Message-IDs of the messages that were delivered, in their order.
    delivered: Vec<String>,
    /// How often a draft was made.
    drafts_made: usize,
    /// Seconds that a message stays a draft after it was asked to be sent, and then those until it is in Sent.
    delays: (u64, u64),
    faults: VecDeque<Fault>,
    /// What the reading requests answer: a problem for as many of them.
    away: usize,
    late: Vec<Late>,
    /// Whether messages that were sent can be found.
    keeps_sent: bool,
    next: usize,
}

/// The mailbox. A clone is the same one.
#[derive(Clone)]
pub struct Outbox(Arc<Mutex<State>>);

impl Outbox {
    /// A mailbox whose time is that of this clock. Messages leave it at once.
    pub fn new(monotonic: &Arc<TestMonotonic>) -> Self {
        Self(Arc::new(Mutex::new(State {
            monotonic: monotonic.clone(),
            letters: Vec::new(),
            delivered: Vec::new(),
            drafts_made: 0,
            delays: (0, 0),
            faults: VecDeque::new(),
            away: 0,
            late: Vec::new(),
            keeps_sent: true,
            next: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panicked")
    }

    /// What happens to the next requests that write, in their order.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// Takes back the faults that no request has met.
    pub fn heal(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.away = 0;
    }

    /// The next requests that read have no answer.
    pub fn be_away_for(&self, requests: usize) {
        self.state().away = requests;
    }

    /// How long a message stays a draft after it was asked to be sent, and how long it then is nowhere.
    pub fn delay(&self, draft: u64, nowhere: u64) {
        self.state().delays = (draft, nowhere);
    }

    /// Messages leave no trace when they are sent.
    pub fn forget_sent(&self) {
        self.state().keeps_sent = false;
    }

    /// Deletes all drafts, as the user may.
    pub fn delete_drafts(&self) {
        self.state().letters.retain(|letter| letter.on_its_way.is_some());
    }

    /// A draft that is there from the beginning.
    pub fn add_draft(&self) -> String {
        let mut state = self.state();
        state.create("<own@contoso.test>")
    }

    /// The Message-IDs of the messages that were delivered so far, in their order.
    pub fn delivered(&self) -> Vec<String> {
        let mut state = self.state();
        state.settle();
        state.delivered.clone()
    }

    /// Number of drafts that are there.
    pub fn drafts(&self) -> usize {
        let mut state = self.state();
        state.settle();
        state.letters.iter().filter(|letter| letter.on_its_way.is_none()).count()
    }

    pub fn drafts_made(&self) -> usize {
        self.state().drafts_made
    }

    /// Number of attachments of all messages.
    pub fn files(&self) -> usize {
        self.state().letters.iter().map(|letter| letter.files.len()).sum()
    }

    /// Answers a request.
    pub fn answer(&self, seen: &MailSeen) -> MailAnswer {
        let mut state = self.state();
        state.settle();
        let (method, path) = (seen.method.as_str().to_owned(), seen.path().to_owned());
        let body = serde_json::from_slice(&seen.body).unwrap_or(Value::Null);
        if method == "GET" {
            if state.away > 0 {
                state.away -= 1;
                return MailAnswer::Failure(MailProblem::Unavailable);
            }
            return state.read(&path, &seen.query("$filter"));
        }
        match state.faults.pop_front().unwrap_or(Fault::None) {
            Fault::None => state.write(&method, &path, &body),
            Fault::AnswerLost => {
                state.write(&method, &path, &body);
                MailAnswer::Failure(MailProblem::Slow)
            }
            Fault::RequestLost => MailAnswer::Failure(MailProblem::Unavailable),
            Fault::NoConnection => MailAnswer::Failure(MailProblem::NotSent),
            Fault::Late(seconds) => {
                let at = state.monotonic.now() + Duration::from_secs(seconds);
                state.late.push(Late { at, method, path, body });
                MailAnswer::refusal(504, "UnknownError")
            }
            Fault::Throttled => MailAnswer::refusal(429, "ApplicationThrottled"),
            Fault::TokenRefused => MailAnswer::refusal(401, "InvalidAuthenticationToken"),
            Fault::Refused => MailAnswer::refusal(400, "ErrorInvalidRecipients"),
        }
    }
}

impl State {
    /// Lets everything happen that is due.
    fn settle(&mut self) {
        let now = self.monotonic.now();
        let late = std::mem::take(&mut self.late);
        let (due, later): (Vec<Late>, Vec<Late>) = late.into_iter().partition(|late| late.at <= now);
        self.late = later;
        for late in due {
            self.write(&late.method, &late.path, &late.body);
        }
        for letter in &mut self.letters {
            if !letter.is_delivered && letter.on_its_way.is_some_and(|way| way.leaves <= now) {
                letter.is_delivered = true;
                self.delivered.push(letter.message_id.clone());
            }
        }
        if !self.keeps_sent {
            self.letters.retain(|letter| !letter.is_delivered);
        }
    }

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
    fn send(&mut self, id: &str) -> bool {
        let now = self.monotonic.now();
        let (draft, nowhere) = self.delays;
        let leaves = now + Duration::from_secs(draft);
        let arrives = leaves + Duration::from_secs(nowhere);
        let Some(letter) = self.letters.iter_mut().find(|letter| letter.id == id) else { return false };
        letter.on_its_way.get_or_insert(OnItsWay { leaves, arrives });
        self.settle();
        true
    }

    fn write(&mut self, method: &str, path: &str, body: &Value) -> MailAnswer {
        let done = || MailAnswer::Bytes("text/plain", Vec::new());
        let missing = || MailAnswer::refusal(404, "ErrorItemNotFound");
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let message_id =
            |message: &Value| message["internetMessageId"].as_str().unwrap_or_default().to_owned();
        match (method, parts.as_slice()) {
            ("POST", ["me", "messages"]) => {
                let id = self.create(&message_id(body));
                MailAnswer::Json(201, json!({ "id": id, "isDraft": true }))
            }
            ("POST", ["me", "messages", _, "createReply" | "createReplyAll" | "createForward"]) => {
                let id = self.create(&message_id(&body["message"]));
                MailAnswer::Json(201, json!({ "id": id, "isDraft": true }))
            }
            ("POST", ["me", "messages", id, "send"]) => {
                let is_there = self.is_shown(id);
                if is_there && self.send(id) { done() } else { missing() }
            }
            ("POST", ["me", "sendMail"]) => {
                let id = self.create(&message_id(&body["message"]));
                self.drafts_made -= 1;
                self.send(&id);
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

    /// Whether a message with this id is found: not while it is between the drafts and Sent.
    fn is_shown(&self, id: &str) -> bool {
        self.shown().any(|(letter, _)| letter.id == id)
    }

    /// The messages that are found, each with whether it is a draft.
    fn shown(&self) -> impl Iterator<Item = (&Letter, bool)> {
        let now = self.monotonic.now();
        self.letters.iter().filter_map(move |letter| match letter.on_its_way {
            None => Some((letter, true)),
            Some(way) if now < way.leaves => Some((letter, true)),
            Some(way) if now < way.arrives => None,
            Some(_) => Some((letter, false)),
        })
    }

    fn read(&self, path: &str, filter: &str) -> MailAnswer {
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
            ["me", "messages", id] => match self.shown().find(|(letter, _)| letter.id == *id) {
                Some((letter, is_draft)) => MailAnswer::Json(200, of(letter, is_draft)),
                None => MailAnswer::refusal(404, "ErrorItemNotFound"),
            },
            ["me", "messages"] => {
                let wanted = filter.split('\'').nth(1).unwrap_or_default();
                let found = self.shown().filter(|(letter, _)| letter.message_id == wanted);
                let found: Vec<_> = found.map(|(letter, is_draft)| of(letter, is_draft)).collect();
                MailAnswer::Json(200, json!({ "value": found }))
            }
            _ => MailAnswer::refusal(404, "ErrorItemNotFound"),
        }
    }
}
