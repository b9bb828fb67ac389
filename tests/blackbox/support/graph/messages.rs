//! The calls that read, search, change, move and delete messages.

use std::cmp::Reverse;

use serde_json::Value;

use super::{
    Answer, Asked, Refusal, Reply, WRONG, WRONG_QUERY, fields,
    letter::{Letter, RULES},
    search::Search,
    state::State,
};

/// For a change of the content of a message that is no draft.
const FINAL: Refusal = Refusal(400, "ErrorInvalidPropertySet");
/// No page says how Exchange answers a move of a message from a folder to itself.
const NO_MOVE: Refusal = Refusal(400, "ErrorMoveCopyFailed");

impl State {
    /// Answers a list of the messages of a folder, or of the mailbox, the newest first.
    pub fn list(&self, asked: &Asked, folder: Option<&str>) -> Answer {
        let is_within = |letter: &&Letter| folder.is_none_or(|folder| letter.folder == folder);
        let mut found: Vec<&Letter> = self.letters.iter().filter(is_within).collect();
        found.sort_by_key(|letter| Reverse((letter.field("receivedDateTime"), letter.key)));
        if let Some(search) = asked.option("$search") {
            return Self::found(asked, found, &search);
        }
        let shown = found.iter().map(|letter| letter.shown(asked, asked.is_immutable()));
        asked.page(&RULES, shown.collect::<Result<Vec<Value>, Refusal>>()?)
    }

    /// Answers a search. It takes neither a filter nor an order, and its ids change on a move, whatever the request prefers.
    fn found(asked: &Asked, mut letters: Vec<&Letter>, search: &str) -> Answer {
        asked.check_options(&["$search", "$select", "$top", "$skiptoken"])?;
        let search = Search::read(search).ok_or(WRONG_QUERY)?;
        letters.retain(|letter| search.finds(letter));
        letters.sort_by_key(|letter| Reverse(letter.field("sentDateTime")));
        let begin =
            asked.option("$skiptoken").map_or(Ok(0), |token| token.parse().map_err(|_| WRONG_QUERY))?;
        let shown = letters.iter().map(|letter| letter.shown(asked, false));
        let shown = shown.collect::<Result<Vec<Value>, Refusal>>()?;
        asked.part(&RULES, shown, ("$skiptoken", begin), asked.top()?)
    }

    /// Answers one message as the request wants it.
    pub fn shown(&self, asked: &Asked, at: usize, status: u16) -> Answer {
        asked.check_options(&["$select", "$expand"])?;
        let shown = self.letters[at].shown(asked, asked.is_immutable())?;
        Ok(Reply::Json(status, asked.chosen(&RULES, shown)?))
    }

    /// Answers a call of a message.
    pub fn answer_message(&mut self, asked: &Asked, method: &str, at: usize, rest: &[&str]) -> Answer {
        match (method, rest) {
            ("GET", []) => self.shown(asked, at, 200),
            ("GET", ["$value"]) => {
                // Only messages that were received have their source here.
                let raw = self.letters[at].raw.clone().ok_or(WRONG)?;
                Ok(Reply::Bytes("text/plain".to_owned(), raw))
            }
            ("PATCH", []) => self.change(asked, at),
            ("POST", ["move"]) => {
                let to = self.destination(asked)?;
                let letter = &mut self.letters[at];
                if letter.folder == to {
                    return Err(NO_MOVE);
                }
                letter.move_to(&to);
                self.shown(asked, at, 201)
            }
            ("POST", ["permanentDelete"]) => {
                self.letters.remove(at);
                Ok(Reply::Empty(204))
            }
            ("POST", ["send"]) => self.send_draft(at),
            ("POST", [kind @ ("createReply" | "createReplyAll" | "createForward")]) => {
                self.create_answer(asked, at, kind)
            }
            (method, ["attachments", rest @ ..]) => self.answer_attachments(asked, method, at, rest),
            _ => Err(WRONG),
        }
    }

    /// The id of the folder to which a request moves something.
    pub fn destination(&self, asked: &Asked) -> Result<String, Refusal> {
        let body = asked.json()?;
        let to = body.get("destinationId").and_then(Value::as_str).filter(|_| body.len() == 1);
        Ok(self.folder(to.ok_or(WRONG)?)?.id.clone())
    }

    fn change(&mut self, asked: &Asked, at: usize) -> Answer {
        let given = fields::read(&asked.json()?, false)?;
        let now = self.now();
        let letter = &mut self.letters[at];
        if given.is_content && !letter.is_draft() {
            return Err(FINAL);
        }
        asked.check_version(&letter.etag())?;
        letter.fields.extend(given.fields);
        letter.fields.insert("lastModifiedDateTime".to_owned(), now.into());
        if let Some(text) = given.text {
            letter.text = text;
        }
        letter.version += 1;
        self.shown(asked, at, 200)
    }
}
