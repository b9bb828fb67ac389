//! Sessions for large files. The pieces go to another host, where the address of a session is all that a request needs.

use serde_json::{Value, json};

use super::{
    Answer, Asked, NOT_FOUND, Refusal, Reply, UPLOADS, WRONG, fields,
    letter::{File, Letter},
    state::State,
};

/// All pieces but the last are multiples of this.
const UNIT: usize = 320 * 1024;
const TOO_SMALL: Refusal = Refusal(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize");
const WRONG_RANGE: Refusal = Refusal(400, "ErrorInvalidContentRange");
/// For a piece that is not the next one.
const OTHER_RANGE: Refusal = Refusal(416, "ErrorInvalidContentRange");

/// A file that is being uploaded.
pub struct Session {
    key: u64,
    /// The key of its message.
    letter: u64,
    size: usize,
    /// The file so far.
    file: File,
}

impl Session {
    fn state(&self) -> Value {
        let next = self.file.bytes.len().to_string();
        json!({ "ExpirationDateTime": "2026-11-29T09:30:00Z", "nextExpectedRanges": [next] })
    }

    fn path(&self) -> String {
        format!("/api/v2.0/AttachmentSessions/{:x}", self.key)
    }

    /// The token in the address, which is the secret of a session.
    fn token(&self) -> String {
        format!("canary-upload-{:x}", self.key)
    }
}

/// The first byte of a piece, the last one, and the size of the file.
fn range(text: &str) -> Option<(usize, usize, usize)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, size.parse().ok()?))
}

impl State {
    pub fn create_session(&mut self, asked: &Asked, at: usize) -> Answer {
        let body = asked.json()?;
        let item = body.get("AttachmentItem").filter(|item| item["attachmentType"] == "file").ok_or(WRONG)?;
        let size = item["size"].as_u64().and_then(|size| usize::try_from(size).ok());
        let (Some(size), Some(name)) = (size, item["name"].as_str()) else { return Err(WRONG) };
        if size < fields::LEAST_SESSION {
            return Err(TOO_SMALL);
        }
        let file = fields::described(item, name, Vec::new());
        let session = Session { key: self.next_key(), letter: self.letters[at].key, size, file };
        let (path, token) = (session.path(), session.token());
        let answer = json!({
            "uploadUrl": format!("{UPLOADS}{path}?authtoken={token}"), "expirationDateTime": "2026-11-29T09:30:00Z",
            "nextExpectedRanges": ["0-"],
        });
        self.sessions.push(session);
        Ok(Reply::Json(201, answer))
    }

    /// Answers a request at the address of a session.
    pub fn answer_upload(&mut self, asked: &Asked) -> Answer {
        let token = asked.option("authtoken").unwrap_or_default();
        let is_it = |session: &Session| session.path() == asked.url.path() && session.token() == token;
        let at = self.sessions.iter().position(is_it).ok_or(NOT_FOUND)?;
        match asked.method.as_str() {
            "GET" => Ok(Reply::Json(200, self.sessions[at].state())),
            "DELETE" => {
                self.sessions.remove(at);
                Ok(Reply::Empty(204))
            }
            "PUT" => self.take_piece(asked, at),
            _ => Err(WRONG),
        }
    }

    fn take_piece(&mut self, asked: &Asked, at: usize) -> Answer {
        let session = &mut self.sessions[at];
        let (first, last, size) = range(&asked.range).ok_or(WRONG_RANGE)?;
        let is_last = last + 1 == session.size;
        let fits = size == session.size && last < size && first + asked.body.len() == last + 1;
        if !fits || (!is_last && !asked.body.len().is_multiple_of(UNIT)) {
            return Err(WRONG_RANGE);
        }
        if first != session.file.bytes.len() {
            return Err(OTHER_RANGE);
        }
        session.file.bytes.extend_from_slice(&asked.body);
        if !is_last {
            return Ok(Reply::Json(200, session.state()));
        }
        let Session { letter, file, .. } = self.sessions.remove(at);
        let is_it = |known: &Letter| known.key == letter;
        let at = self.letters.iter().position(is_it).ok_or(NOT_FOUND)?;
        self.attach(at, file)?;
        Ok(Reply::Empty(201))
    }
}
