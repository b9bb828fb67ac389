//! Errors of sessions: what their store says of the database is text to tower-sessions, and a failure to us.

use tower_sessions::{session, session_store};

use super::{database::DatabaseError, failure::Failure};

/// Before the text of an error that passes by.
const OUTAGE: &str = "outage: ";

/// For the store: what the database refused.
pub fn of_database(error: DatabaseError) -> session_store::Error {
    let mark = if error.is_outage() { OUTAGE } else { "" };
    session_store::Error::Backend(format!("{mark}{error}"))
}

/// What an error of a session means to whoever asks.
pub fn failure(error: session::Error) -> Failure {
    match error {
        session::Error::Store(session_store::Error::Backend(text)) => match text.strip_prefix(OUTAGE) {
            Some(text) => Failure::Unavailable(text.to_owned()),
            None => Failure::Unexpected(text),
        },
        error => Failure::unexpected(&error),
    }
}
