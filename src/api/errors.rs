//! The errors of the API, each with a stable code for programs and a sentence for the developer.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use super::envelope::Envelope;
use crate::platform::{failure::Failure, request_id::RequestId};

/// An error of the API. As an answer it has only a status: [`super::layers`] writes the envelope, which names the
/// request id.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    more_info: Cow<'static, str>,
}

/// The `data` of an error's envelope.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorData {
    error_code: &'static str,
    more_info: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

impl ApiError {
    /// With a stable code, and a sentence that says what the developer can do.
    pub fn new(status: StatusCode, code: &'static str, more_info: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, more_info: more_info.into() }
    }

    /// The error of a status that no handler of ours explained: axum, an extractor or a layer answered with it.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, more_info) = match status {
            StatusCode::UNAUTHORIZED => ("INVALID_OAUTHTOKEN", "The access token is missing or not valid."),
            StatusCode::FORBIDDEN => ("FORBIDDEN", "This is not allowed."),
            StatusCode::NOT_FOUND => ("NOT_FOUND", "The address names nothing that exists here."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("METHOD_NOT_ALLOWED", "The address exists, but not for this method: see the Allow header.")
            }
            StatusCode::REQUEST_TIMEOUT => {
                ("REQUEST_TIMEOUT", "The body did not arrive in time, and nothing was done.")
            }
            StatusCode::CONFLICT => ("CONFLICT", "The state of what was asked for does not allow this."),
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("CONTENT_TOO_LARGE", "The body is larger than this call takes.")
            }
            StatusCode::URI_TOO_LONG => ("URI_TOO_LONG", "The address is longer than any call needs."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
            }
            StatusCode::MISDIRECTED_REQUEST => {
                ("MISDIRECTED_REQUEST", "The Host header names another address than this program's.")
            }
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                ("REQUEST_HEADERS_TOO_LARGE", "The headers are larger than any call needs.")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                ("UNAVAILABLE", "The service cannot answer this request now. Try again later.")
            }
            status if status.is_client_error() => ("INVALID_VALUE", "The request could not be understood."),
            _ => ("INTERNAL_ERROR", "Internal Error"),
        };
        Self::new(status, code, more_info)
    }

    /// Writes the envelope. `headers` that were set on the way stay.
    pub(super) fn render(self, answered: Response, request_id: Option<RequestId>) -> Response {
        let Self { status, code, more_info } = self;
        let reference = request_id.map(|id| id.to_string());
        let data = ErrorData { error_code: code, more_info, reference };
        let (mut parts, _) = answered.into_parts();
        let (envelope, body) = Envelope::error(status, data).into_response().into_parts();
        parts.headers.remove(http::header::CONTENT_LENGTH);
        parts.headers.extend(envelope.headers);
        parts.status = status;
        Response::from_parts(parts, body)
    }
}

impl From<&Failure> for ApiError {
    fn from(failure: &Failure) -> Self {
        let Self { status, more_info, .. } = Self::of_status(failure.status());
        Self { status, code: failure.code(), more_info }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
