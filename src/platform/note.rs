//! A note that a request keeps in the session for the next page: that a change was made, or a form with a
//! mistake in it. There is one at a time. It is shown until the next POST or for ten minutes. A GET only
//! reads it, so that neither a link on another site nor a HEAD request removes it.

use axum::{extract::Request, middleware::Next, response::Response};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use time::Duration;
use tower_sessions::Session;

use super::{clock::Timestamp, failure::Failure, session_error};

/// Key of the note in the session's data.
pub const KEY: &str = "note";
/// How long a note is shown.
pub const NOTE_LIFETIME: Duration = Duration::minutes(10);
/// A POST to this path keeps the note, which waits until the user has re-authenticated there.
pub const CONFIRM: &str = "/re-authenticate";
/// The hidden field of a form whose secret waits on the server, because no page may contain a secret. Its value is the
/// id of the kept secret.
pub const SECRET_KEPT: &str = "secret_kept";
/// The hidden field with the version of the row that a form changes.
pub const VERSION: &str = "version";
/// The first character of the version in a form that relies on a kept secret.
const MARK: char = 'k';

/// Extension of a request: the browser keeps a form that was sent without a session.
#[derive(Clone, Copy, Debug)]
pub struct FormKept;

/// The version in a form that relies on a kept secret. During an upgrade, a process of an earlier version may get the
/// form. It does not know kept secrets, and would keep the connector's stored secret and say that the form was saved. It
/// cannot read a marked version, and refuses the form.
pub fn mark_version(version: &str) -> String {
    format!("{MARK}{}", version.trim_start_matches(MARK))
}

/// Reads the version in a form, marked or not.
pub fn read_version(text: &str) -> Option<i64> {
    text.strip_prefix(MARK).unwrap_or(text).parse().ok()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    /// Distinguishes the note from the one before.
    number: u64,
    name: String,
    made_at: Timestamp,
    value: Value,
}

/// Keeps a note under a name. Replaces any earlier note.
pub async fn keep_note<T: Serialize>(
    session: &Session,
    name: &str,
    value: &T,
    now: Timestamp,
) -> Result<(), Failure> {
    let before: Option<Note> = session.get(KEY).await.map_err(session_error::failure)?;
    let note = Note {
        number: before.map_or(0, |before| before.number.wrapping_add(1)),
        name: name.to_owned(),
        made_at: now,
        value: serde_json::to_value(value).map_err(|error| Failure::unexpected(&error))?,
    };
    session.insert(KEY, note).await.map_err(session_error::failure)
}

/// The note with this name; `None` if there is another one or none, or if it is too old.
pub async fn read<T: DeserializeOwned>(
    session: &Session,
    name: &str,
    now: Timestamp,
) -> Result<Option<T>, Failure> {
    let note: Option<Note> = session.get(KEY).await.map_err(session_error::failure)?;
    let note = note.filter(|note| note.name == name && note.made_at.is_within(NOTE_LIFETIME, now));
    // A value of another version of the program counts as no note.
    Ok(note.and_then(|note| serde_json::from_value(note.value).ok()))
}

/// Middleware: removes the note after a POST that kept no new one. Runs inside the session layer.
pub async fn forget_after_post(request: Request, next: Next) -> Response {
    let forgets = !request.method().is_safe() && request.uri().path() != CONFIRM;
    let session = request.extensions().get::<Session>().filter(|_| forgets).cloned();
    let Some(session) = session else { return next.run(request).await };
    // The handlers report a session that cannot be read.
    let before: Option<Note> = session.get(KEY).await.ok().flatten();
    let response = next.run(request).await;
    if before.is_some()
        && session.get::<Note>(KEY).await.ok().flatten() == before
        && let Err(error) = session.remove::<Value>(KEY).await
    {
        tracing::warn!(%error, "could not remove a note from a session");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::{mark_version, read_version};

    #[test]
    fn n26_an_earlier_program_cannot_read_the_version_of_a_form_that_relies_on_a_kept_secret() {
        let marked = mark_version("12");
        assert!(marked.parse::<i64>().is_err(), "{marked}");
        assert_eq!(mark_version(&marked), marked);
        assert_eq!((read_version(&marked), read_version("12")), (Some(12), Some(12)));
        for wrong in ["", "k", "kk1", "1k", "one"] {
            assert_eq!(read_version(wrong), None, "{wrong}");
        }
    }
}
