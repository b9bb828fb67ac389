//! The errors of the API, each with a stable code for programs and a sentence for the developer. The table of all codes
//! is in `codes`.

mod codes;

use std::{borrow::Cow, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::codes::{Code, MISSING_TOKEN};
use super::envelope::{Envelope, Status};
use crate::platform::{failure::Failure, request_id::RequestId};

/// The challenge to a token that is not accepted.
const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

/// An error of the API. As an answer it has only a status: [`super::layers`] writes the envelope, which names the
/// request id.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    more_info: Cow<'static, str>,
    limit: Option<Limit>,
    provider: Option<Box<ProviderSaid>>,
    internet_message_id: Option<String>,
    /// After how long the call may be repeated; a header.
    retry_after: Option<Duration>,
}

/// The limit that a call would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// The calls of the API client.
    Client,
    /// The calls that wait for one mailbox, or for all.
    Mailbox,
    /// The provider's own limit.
    Provider,
}

/// What the provider said of a request that it refused. Its own words are left out, because they may quote mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderSaid {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The envelope of an error, as the reference describes it.
#[derive(ToSchema)]
pub struct Error {
    pub status: Status,
    pub data: ErrorData,
}

/// The `data` of an error's envelope.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorData {
    error_code: &'static str,
    /// What the developer can do.
    #[schema(value_type = String)]
    more_info: Cow<'static, str>,
    /// Names the call in the log of the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<ProviderSaid>,
    /// The Message-ID of a message that may have been sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    internet_message_id: Option<String>,
}

impl ApiError {
    /// With a stable code, and a sentence that says what the developer can do.
    pub fn new(status: StatusCode, code: &'static str, more_info: impl Into<Cow<'static, str>>) -> Self {
        let more_info = more_info.into();
        Self {
            status,
            code,
            more_info,
            limit: None,
            provider: None,
            internet_message_id: None,
            retry_after: None,
        }
    }

    /// An error of the table, with a sentence that says what the developer can do.
    pub fn of(code: Code, more_info: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code.status(), code.name(), more_info)
    }

    /// The same error, which names the limit and the time after which the call may be repeated.
    #[must_use]
    pub fn limited_by(self, limit: Limit, retry_after: Duration) -> Self {
        Self { limit: Some(limit), ..self }.retry_after(retry_after)
    }

    /// The same error with `Retry-After`, in whole seconds and at least one.
    #[must_use]
    pub fn retry_after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// The same error with the provider's code and the id of its request.
    #[must_use]
    pub fn with_provider(self, said: ProviderSaid) -> Self {
        let provider = (said.code.is_some() || said.request_id.is_some()).then(|| Box::new(said));
        Self { provider, ..self }
    }

    /// The same error, which names a message by its Message-ID.
    #[must_use]
    pub fn about_message(self, internet_message_id: String) -> Self {
        Self { internet_message_id: Some(internet_message_id).filter(|id| !id.is_empty()), ..self }
    }

    pub const fn status(&self) -> StatusCode {
        self.status
    }

    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The provider's id of the request that it refused.
    pub fn provider_request_id(&self) -> Option<&str> {
        self.provider.as_ref()?.request_id.as_deref()
    }

    /// The error of a status that no handler of ours explained: axum, an extractor or a layer answered with it.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, more_info) = match status {
            StatusCode::UNAUTHORIZED => ("INVALID_OAUTHTOKEN", MISSING_TOKEN),
            StatusCode::FORBIDDEN => ("FORBIDDEN", "This is not allowed."),
            StatusCode::NOT_FOUND => ("NOT_FOUND", "The address names nothing that exists here."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("METHOD_NOT_ALLOWED", "The address exists, but not for this method: see the Allow header.")
            }
            StatusCode::REQUEST_TIMEOUT => {
                ("REQUEST_TIMEOUT", "The body did not arrive in time, and nothing was done.")
            }
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
        let Self { status, code, more_info, limit, provider, internet_message_id, retry_after } = self;
        let reference = request_id.map(|id| id.to_string());
        let provider = provider.map(|said| *said);
        let data = ErrorData { error_code: code, more_info, reference, limit, provider, internet_message_id };
        let (mut parts, _) = answered.into_parts();
        if let Some(wait) = retry_after {
            // Rounded up: a call that is repeated too early would be refused again.
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
            parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // RFC 6750, 3: a refused token is answered with a challenge. A layer that knows more has set its own.
        if code == Code::InvalidOauthToken.name() && !parts.headers.contains_key(header::WWW_AUTHENTICATE) {
            parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(INVALID_TOKEN));
        }
        let (envelope, body) = Envelope::error(status, data).into_response().into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.extend(envelope.headers);
        parts.status = status;
        Response::from_parts(parts, body)
    }
}

impl From<&Failure> for Code {
    /// Every failure has a code of the table. The API has no sessions, so those of sessions are here only for the compiler,
    /// except [`Failure::LoggedOut`]: an API client was revoked while its call was under way.
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::NotFound => Self::NotFound,
            Failure::LoggedOut => Self::InvalidOauthToken,
            Failure::Forbidden
            | Failure::ReauthenticationNeeded
            | Failure::SecondFactorNeeded
            | Failure::OtherUser
            | Failure::ForeignOrigin => Self::Forbidden,
            Failure::BadRequest => Self::InvalidValue,
            Failure::TooLarge => Self::ContentTooLarge,
            Failure::Busy(_) => Self::Busy,
            Failure::Unavailable(_) => Self::Unavailable,
            Failure::Unexpected(_) => Self::InternalError,
        }
    }
}

impl From<&Failure> for ApiError {
    fn from(failure: &Failure) -> Self {
        let code = Code::from(failure);
        Self { code: code.name(), ..Self::of_status(code.status()) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_of_the_table(error: &ApiError) -> bool {
        Code::from_name(error.code()).is_some_and(|code| code.status() == error.status())
    }

    #[test]
    fn every_failure_has_a_code_of_the_table_with_its_status() {
        for failure in [
            Failure::NotFound,
            Failure::Forbidden,
            Failure::ReauthenticationNeeded,
            Failure::SecondFactorNeeded,
            Failure::OtherUser,
            Failure::LoggedOut,
            Failure::BadRequest,
            Failure::ForeignOrigin,
            Failure::TooLarge,
            Failure::Busy(1),
            Failure::Unavailable("no database".to_owned()),
            Failure::Unexpected("a mistake".to_owned()),
        ] {
            let error = ApiError::from(&failure);
            assert!(is_of_the_table(&error), "{failure:?}: {error:?}");
        }
    }

    #[test]
    fn every_status_that_no_handler_explained_has_a_code_of_the_table() {
        for status in (400..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let error = ApiError::of_status(status);
            assert!(Code::from_name(error.code()).is_some(), "{status}: {error:?}");
        }
    }

    #[test]
    fn a_refused_token_is_answered_with_a_challenge_and_another_one_stays() {
        let challenge = |answered: Response| {
            let rendered = ApiError::from(&Failure::LoggedOut).render(answered, None);
            assert_eq!(rendered.status(), StatusCode::UNAUTHORIZED);
            rendered.headers()[header::WWW_AUTHENTICATE].to_str().map(str::to_owned).ok()
        };
        assert_eq!(challenge(Response::default()).as_deref(), Some(INVALID_TOKEN));
        let mut answered = Response::default();
        answered.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        assert_eq!(challenge(answered).as_deref(), Some("Bearer"));
    }
}
