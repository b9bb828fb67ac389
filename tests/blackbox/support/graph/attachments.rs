//! The attachments of messages.

use serde_json::{Value, json};

use super::{
    Answer, Asked, NOT_FOUND, Refusal, Reply, WRONG, fields, ids,
    letter::{File, choose},
    state::State,
};

/// For a change of the files of a message that is no draft.
const FINAL: Refusal = Refusal(400, "ErrorInvalidPropertySet");

fn chosen(asked: &Asked, file: &Value) -> Result<Value, Refusal> {
    match asked.option("$select") {
        Some(names) => choose(file, &names),
        None => Ok(file.clone()),
    }
}

impl State {
    /// The position of the attachment that a path names.
    fn file_at(&self, at: usize, id: &str) -> Result<usize, Refusal> {
        let letter = &self.letters[at];
        let position = |key: u64| letter.files.iter().position(|file| file.key == key);
        let key = ids::read(ids::ATTACHMENT, id, |key| position(key).map(|_| letter.moves))?;
        position(key).ok_or(NOT_FOUND)
    }

    /// Answers a call of the attachments of a message. `rest` is the path behind `attachments`.
    pub fn answer_attachments(&mut self, asked: &Asked, method: &str, at: usize, rest: &[&str]) -> Answer {
        asked.check_options(&["$select"])?;
        let moves = self.letters[at].moves;
        let show = |file: &File| chosen(asked, &file.shown(moves, asked.is_immutable()));
        match (method, rest) {
            ("GET", []) => {
                let files: Result<Vec<Value>, Refusal> = self.letters[at].files.iter().map(show).collect();
                Ok(Reply::Json(200, json!({ "value": files? })))
            }
            ("GET", [id]) => {
                let file = &self.letters[at].files[self.file_at(at, id)?];
                Ok(Reply::Json(200, show(file)?))
            }
            ("GET", [id, "$value"]) => {
                let file = &self.letters[at].files[self.file_at(at, id)?];
                Ok(Reply::Bytes(file.content_type.clone(), file.bytes.clone()))
            }
            ("POST", []) => {
                let file = fields::file(&Value::Object(asked.json()?))?;
                self.attach(at, file)?;
                let file = self.letters[at].files.last().ok_or(NOT_FOUND)?;
                Ok(Reply::Json(201, show(file)?))
            }
            ("POST", ["createUploadSession"]) => self.create_session(asked, at),
            ("DELETE", [id]) => {
                let position = self.file_at(at, id)?;
                if !self.letters[at].is_draft() {
                    return Err(FINAL);
                }
                self.letters[at].files.remove(position);
                self.letters[at].version += 1;
                Ok(Reply::Empty(204))
            }
            _ => Err(WRONG),
        }
    }

    /// Adds a file to a draft.
    pub fn attach(&mut self, at: usize, file: File) -> Result<(), Refusal> {
        let key = self.next_key();
        let letter = &mut self.letters[at];
        if !letter.is_draft() {
            return Err(FINAL);
        }
        letter.files.push(File { key, ..file });
        letter.version += 1;
        Ok(())
    }
}
