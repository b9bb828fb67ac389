//! Mail360's envelope: `{"status":{"code":200,"description":"success"},"data":…}`.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::failure::Failure;

/// The body of an answer. `status.code` equals the HTTP status.
#[derive(Debug, Serialize)]
pub struct Envelope<T> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
}

/// How a call ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// The HTTP status.
    code: u16,
    description: &'static str,
}

impl<T: Serialize> Envelope<T> {
    /// The result of a successful call, with status 200.
    pub fn success(data: T) -> Self {
        Self::of(StatusCode::OK, "success", Some(data))
    }

    /// The result of a call for several things, of which some were not changed.
    pub(super) fn partly_done(data: T) -> Self {
        Self::of(StatusCode::MULTI_STATUS, "Multi-Status", Some(data))
    }

    /// What a successful call has created, with status 201.
    pub fn created(data: T) -> Self {
        Self::of(StatusCode::CREATED, "Created", Some(data))
    }

    /// Why a call failed.
    pub(super) fn error(status: StatusCode, data: T) -> Self {
        let description = match status {
            // Mail360's own words.
            StatusCode::INTERNAL_SERVER_ERROR => "Internal Error",
            status => status.canonical_reason().unwrap_or("Error"),
        };
        Self::of(status, description, Some(data))
    }

    fn of(status: StatusCode, description: &'static str, data: Option<T>) -> Self {
        Self { status: Status { code: status.as_u16(), description }, data }
    }
}

impl Envelope<()> {
    /// The answer of a successful call that has no result: an envelope without `data`.
    pub fn done() -> Self {
        Self::of(StatusCode::OK, "success", None)
    }
}

impl<T: Serialize> IntoResponse for Envelope<T> {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match serde_json::to_vec(&self) {
            Ok(json) => (status, [(header::CONTENT_TYPE, "application/json")], json).into_response(),
            Err(error) => Failure::unexpected(&error).into_response(),
        }
    }
}
