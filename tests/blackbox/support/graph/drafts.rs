//! Drafts, answers, and sending. A message that is sent keeps the id that survives a move, and is in the folder of sent
//! messages at the next request.

use serde_json::{Map, Value};

use super::{
    Answer, Asked, OWN, Refusal, Reply, WRONG, fields,
    fields::Given,
    letter::{File, Letter, Text},
    mime::recipient,
    state::State,
};

const BOTH_TEXTS: Refusal = Refusal(400, "ErrorInvalidRequest");
const NO_DRAFT: Refusal = Refusal(400, "ErrorInvalidOperation");
const NO_RECIPIENT: Refusal = Refusal(400, "ErrorInvalidRecipients");
const OTHER_SENDER: Refusal = Refusal(403, "ErrorSendAsDenied");

fn address(person: &Value) -> &str {
    person["emailAddress"]["address"].as_str().unwrap_or_default()
}

/// The people that are not among others, each once.
fn without(people: &[Value], others: &[Value]) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for person in people {
        let is_same = |known: &Value| address(known).eq_ignore_ascii_case(address(person));
        if !kept.iter().chain(others).any(is_same) {
            kept.push(person.clone());
        }
    }
    kept
}

/// To whom an answer goes (Microsoft Graph, reply): to those in `replyTo`, and otherwise to the sender.
fn recipients(original: &Letter, kind: &str) -> (Vec<Value>, Vec<Value>) {
    let own = [recipient(None, OWN)];
    let from = original.fields.get("from").cloned();
    let first = match original.list("replyTo") {
        [] => from.into_iter().collect(),
        others => others.to_vec(),
    };
    match kind {
        "createReply" => (first, Vec::new()),
        "createReplyAll" => {
            let to = without(&[first, original.list("toRecipients").to_vec()].concat(), &own);
            let cc = without(original.list("ccRecipients"), &[&to[..], &own[..]].concat());
            (to, cc)
        }
        _ => (Vec::new(), Vec::new()),
    }
}

/// The text that Graph makes: a comment above the original.
fn quoting(comment: &str, original: &Letter) -> Text {
    let comment = Text { is_html: false, content: comment.to_owned() };
    let content = format!("{}<hr>{}", comment.html(), original.text.html());
    Text { is_html: true, content }
}

/// Sends a message: it is no draft any more.
fn send(letter: &mut Letter, now: String, sent: &str) -> Result<(), Refusal> {
    let recipients: Vec<&Value> =
        ["toRecipients", "ccRecipients", "bccRecipients"].iter().flat_map(|name| letter.list(name)).collect();
    let is_sound = |person: &&Value| {
        address(person).split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
    };
    if recipients.is_empty() || !recipients.iter().all(is_sound) {
        return Err(NO_RECIPIENT);
    }
    let from = letter.fields.get("from").cloned().unwrap_or_else(|| recipient(None, OWN));
    if !State::is_own(address(&from)) {
        return Err(OTHER_SENDER);
    }
    let now = Value::from(now);
    for (name, value) in [
        ("sender", from.clone()),
        ("from", from),
        ("isDraft", false.into()),
        ("isRead", true.into()),
        ("sentDateTime", now.clone()),
        ("receivedDateTime", now),
    ] {
        letter.fields.insert(name.to_owned(), value);
    }
    letter.move_to(sent);
    Ok(())
}

impl State {
    /// Puts a draft into the mailbox, and answers it.
    fn file(&mut self, asked: &Asked, draft: Letter) -> Answer {
        self.letters.push(draft);
        self.shown(asked, self.letters.len() - 1, 201)
    }

    pub fn create_draft(&mut self, asked: &Asked) -> Answer {
        let Given { fields, text, files, .. } = fields::read(&asked.json()?, true)?;
        let draft = self.letter(fields, text.unwrap_or_default(), files, None);
        self.file(asked, draft)
    }

    /// Makes the draft of an answer to a message, or of a message that passes it on.
    pub fn create_answer(&mut self, asked: &Asked, at: usize, kind: &str) -> Answer {
        let body = asked.json()?;
        if !body.keys().all(|name| ["message", "comment"].contains(&name.as_str())) {
            return Err(WRONG);
        }
        let none = Map::new();
        let message = body.get("message").and_then(Value::as_object).unwrap_or(&none);
        let Given { mut fields, text, files, .. } = fields::read(message, true)?;
        let comment = body.get("comment").and_then(Value::as_str);
        if comment.is_some() && text.is_some() {
            return Err(BOTH_TEXTS);
        }
        let original = &self.letters[at];
        let is_forward = kind == "createForward";
        let (to, cc) = recipients(original, kind);
        for (name, list) in [("toRecipients", to), ("ccRecipients", cc)] {
            let given = fields.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            fields.insert(name.to_owned(), without(&[list, given].concat(), &[]).into());
        }
        let prefix = if is_forward { "FW" } else { "RE" };
        let subject = format!("{prefix}: {}", original.field("subject"));
        fields.entry("subject").or_insert(subject.into());
        // Exchange keeps the pictures of the text in an answer, and everything in a message that is passed on.
        let kept = original.files.iter().filter(|file| is_forward || file.is_inline).cloned();
        let files: Vec<File> = kept.chain(files).collect();
        let text = text.unwrap_or_else(|| quoting(comment.unwrap_or_default(), original));
        let thread = original.thread;
        let draft = self.letter(fields, text, files, Some(thread));
        self.file(asked, draft)
    }

    pub fn send_draft(&mut self, at: usize) -> Answer {
        let (now, sent) = (self.now(), self.well_known("sentitems"));
        let letter = &mut self.letters[at];
        if !letter.is_draft() {
            return Err(NO_DRAFT);
        }
        send(letter, now, &sent)?;
        Ok(Reply::Empty(202))
    }

    pub fn send_at_once(&mut self, asked: &Asked) -> Answer {
        let body = asked.json()?;
        let message = body.get("message").and_then(Value::as_object).filter(|_| body.len() == 1);
        let Given { fields, text, files, .. } = fields::read(message.ok_or(WRONG)?, true)?;
        let mut letter = self.letter(fields, text.unwrap_or_default(), files, None);
        send(&mut letter, self.now(), &self.well_known("sentitems"))?;
        self.letters.push(letter);
        Ok(Reply::Empty(202))
    }
}
