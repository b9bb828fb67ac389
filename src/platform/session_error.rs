//! Converts errors of sessions. tower-sessions carries an error of the store as text; this module marks
//! outages in that text and turns it back into a [`Failure`].

use tower_sessions::{session, session_store};

use super::{database::DatabaseError, failure::Failure};

/// Prefix of the text of a temporary error.
const OUTAGE: &str = "outage: ";

/// A database error as an error of the session store.
pub fn of_database(error: DatabaseError) -> session_store::Error {
    let mark = if error.is_outage() { OUTAGE } else { "" };
    session_store::Error::Backend(format!("{mark}{error}"))
}

pub fn failure(error: session::Error) -> Failure {
    match error {
        session::Error::Store(session_store::Error::Backend(text)) => match text.strip_prefix(OUTAGE) {
            Some(text) => Failure::Unavailable(text.to_owned()),
            None => Failure::Unexpected(text),
        },
        error => Failure::unexpected(&error),
    }
}
