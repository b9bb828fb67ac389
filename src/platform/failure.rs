//! What a use case could not do. What people are to be told of in words of their own (a name that is
//! taken, a password that is wrong) is no failure but one of a use case's outcomes.

use std::{any::Any, error::Error};

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::database::DatabaseError;

/// Why a use case ended without an outcome.
#[derive(Debug, Clone)]
pub enum Failure {
    /// What was asked for does not exist, or not for the one who asks: 404.
    NotFound,
    /// The one who asks may not: 403.
    Forbidden,
    /// The one who asks must first prove anew who they are: 403.
    ReauthenticationNeeded,
    /// The one who asks must set up a second factor before anything else: 403.
    SecondFactorNeeded,
    /// The page that was sent had been made for another user, who was logged in at this browser before: 409.
    OtherUser,
    /// Nobody is logged in who could be asked whether they may: 401.
    LoggedOut,
    /// What was sent cannot have come from a page of ours: 400.
    BadRequest,
    /// The request did not come from a page of ours: 403 (see [`super::middleware::origin`]).
    ForeignOrigin,
    /// The request is larger than anything that a page of ours sends: 413.
    TooLarge,
    /// Too much to do just now: 503, to be tried again after this many seconds.
    Busy(u32),
    /// The database is out of reach, full or read-only just now: 503. The text is for the log alone.
    Unavailable(String),
    /// Something that must not happen did: 500. The text is for the log alone, never for a page.
    Unexpected(String),
}

impl Failure {
    /// An error that nobody expected, with the errors behind it.
    pub fn unexpected(error: &dyn Error) -> Self {
        Self::Unexpected(with_sources(error))
    }

    /// What a panic of a handler is answered with. The panic's text is in the log alone.
    pub fn of_panic(_: Box<dyn Any + Send + 'static>) -> Response {
        Self::Unexpected("a handler panicked".to_owned()).into_response()
    }

    /// The status that the answer has.
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

    /// A name for programs, which does not change when words do.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::Forbidden => "FORBIDDEN",
            Self::ReauthenticationNeeded => "REAUTHENTICATION_NEEDED",
            Self::SecondFactorNeeded => "SECOND_FACTOR_NEEDED",
            Self::OtherUser => "OTHER_USER",
            Self::LoggedOut => "LOGGED_OUT",
            Self::BadRequest => "INVALID_VALUE",
            Self::ForeignOrigin => "FOREIGN_ORIGIN",
            Self::TooLarge => "CONTENT_TOO_LARGE",
            Self::Busy(_) => "BUSY",
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::Unexpected(_) => "INTERNAL_ERROR",
        }
    }

    /// Logs it. The layer that writes the answer does so, once for each failure.
    pub fn log(&self) {
        match self {
            Self::Unexpected(error) => tracing::error!(%error, "a request failed"),
            Self::Unavailable(error) => tracing::error!(%error, "the database cannot be used"),
            Self::Busy(_) => tracing::warn!("a request was turned away: too much to do"),
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

    /// After how many seconds it may be tried again, where that is known.
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy(seconds) => Some(*seconds),
            Self::Unavailable(_) => Some(10),
            _ => None,
        }
    }
}

fn with_sources(error: &dyn Error) -> String {
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
        let text = with_sources(&error);
        if error.is_outage() { Self::Unavailable(text) } else { Self::Unexpected(text) }
    }
}

/// Why a transaction came to nothing, where a conflict of the database means something to whoever began it.
#[derive(Debug)]
pub enum Undone {
    /// The database refused something.
    Database(DatabaseError),
    /// The use case itself.
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

/// The answer has a status and no body: a layer of its router writes a page or an envelope, and logs the failure there,
/// once.
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
