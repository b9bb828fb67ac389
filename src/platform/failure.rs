//! Failures of use cases, and their HTTP statuses. An expected result that the user is told about, such as a
//! taken name or a wrong password, is not a failure but a variant of the use case's outcome.

use std::{any::Any, error::Error};

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::database::DatabaseError;

/// Why a use case ended without an outcome.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The requested thing does not exist, or not for this user: 404.
    NotFound,
    /// The user's role does not allow it: 403.
    Forbidden,
    /// The user must re-authenticate first: 403.
    ReauthenticationNeeded,
    /// The user must set up a second factor first: 403.
    SecondFactorNeeded,
    /// The submitted page was made for another user, who was logged in at this browser before: 409.
    OtherUser,
    /// No user is logged in: 401.
    LoggedOut,
    /// The request cannot have come from a page of this program: 400.
    BadRequest,
    /// Cross-site request: it did not come from a page of this program: 403 (see
    /// [`super::middleware::origin`]).
    ForeignOrigin,
    /// The request is larger than any form of this program: 413.
    TooLarge,
    /// The server is busy: 503. The request may be repeated after this many seconds.
    Busy(u32),
    /// The database is unreachable, full or read-only: 503. The text is only for the log.
    Unavailable(String),
    /// A bug, or a corrupt state: 500. The text is only for the log, never for a page.
    Unexpected(String),
}

impl Failure {
    /// An unexpected error, with its sources.
    pub fn unexpected(error: &dyn Error) -> Self {
        Self::Unexpected(join_sources(error))
    }

    /// The response after a handler panicked. The panic's text is only in the log.
    pub fn of_panic(_: Box<dyn Any + Send + 'static>) -> Response {
        Self::Unexpected("a handler panicked".to_owned()).into_response()
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden
            | Self::ReauthenticationNeeded
            | Self::SecondFactorNeeded
            | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::OtherUser => StatusCode::CONFLICT,
            Self::LoggedOut => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unexpected(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Logs the failure. The layer that writes the response calls this once. A handler calls it for a failure that its
    /// response does not show.
    pub fn log(&self) {
        match self {
            Self::Unexpected(error) => tracing::error!(%error, "a request failed"),
            Self::Unavailable(error) => tracing::error!(%error, "the database cannot be used"),
            Self::Busy(_) => tracing::warn!("a request was refused: the server is busy"),
            Self::ForeignOrigin => tracing::warn!("a request from a foreign page was refused"),
            Self::Forbidden => tracing::warn!("a request was refused: not allowed"),
            Self::NotFound
            | Self::ReauthenticationNeeded
            | Self::SecondFactorNeeded
            | Self::LoggedOut
            | Self::OtherUser
            | Self::BadRequest
            | Self::TooLarge => {}
        }
    }

    /// After how many seconds the request may be repeated, if known.
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy(seconds) => Some(*seconds),
            Self::Unavailable(_) => Some(10),
            _ => None,
        }
    }
}

fn join_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        let text = join_sources(&error);
        if error.is_outage() { Self::Unavailable(text) } else { Self::Unexpected(text) }
    }
}

/// Why a transaction was rolled back, for a caller that handles a conflict of the database.
#[derive(Debug)]
pub enum Undone {
    /// The database refused a statement.
    Database(DatabaseError),
    /// The use case failed.
    Failure(Failure),
}

impl Undone {
    /// Whether a unique index refused a row.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_conflict())
    }
}

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Database(error) => error.into(),
            Undone::Failure(failure) => failure,
        }
    }
}

/// The response has a status and no body. A layer of its router writes a page or an envelope, and logs the failure,
/// once and in one place.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}
