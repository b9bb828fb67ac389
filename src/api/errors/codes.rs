//! The table of the codes of errors: each with its status, and its meaning for the reference.

use http::StatusCode;
use strum::{IntoStaticStr, VariantArray};

/// For a call without a credential, or with one that is not valid.
pub const MISSING_TOKEN: &str = "The access token is missing or not valid.";

/// A code of an error. Programs compare it, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    JsonParseError,
    ExtraParamFound,
    InvalidValue,
    NotSupported,
    NotSupportedByProvider,
    #[strum(serialize = "Given FromAddress not exists!")]
    FromAddressUnknown,
    #[strum(serialize = "INVALID_OAUTHTOKEN")]
    InvalidOauthToken,
    InvalidClientOrToken,
    MissingScope,
    PermissionNotGranted,
    #[strum(serialize = "7027")]
    AddressNotAllowed,
    Forbidden,
    NotFound,
    ConfirmationUnknown,
    MethodNotAllowed,
    RequestTimeout,
    AccountNeedsSignIn,
    AccountPaused,
    ConnectorFailing,
    AccountAlreadyConnected,
    AttachmentIsLink,
    FolderExists,
    ContentIsFinal,
    IdempotencyKeyReused,
    IdempotencyInProgress,
    SendOutcomeUnknown,
    ScheduleStarted,
    LinkRevoked,
    LinkUsed,
    ConnectorChanged,
    OtherConnector,
    WrongAccount,
    SyncTokenExpired,
    EtagMismatch,
    MessageTooLarge,
    ContentTooLarge,
    UriTooLong,
    UnsupportedMediaType,
    MisdirectedRequest,
    TooManyRequests,
    RequestHeadersTooLarge,
    InternalError,
    ProviderError,
    ProviderUnavailable,
    UploadSpaceFull,
    Unavailable,
    Busy,
    TimedOut,
}

impl Code {
    /// As programs read it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The code that programs read as `name`; `None` if only another version of the program has it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|code| code.name() == name)
    }

    /// The HTTP status of answers with this code.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::JsonParseError
            | Self::ExtraParamFound
            | Self::InvalidValue
            | Self::NotSupported
            | Self::NotSupportedByProvider
            | Self::FromAddressUnknown => StatusCode::BAD_REQUEST,
            Self::InvalidOauthToken | Self::InvalidClientOrToken => StatusCode::UNAUTHORIZED,
            Self::MissingScope | Self::PermissionNotGranted | Self::AddressNotAllowed | Self::Forbidden => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound | Self::ConfirmationUnknown => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::AccountNeedsSignIn
            | Self::AccountPaused
            | Self::ConnectorFailing
            | Self::AccountAlreadyConnected
            | Self::AttachmentIsLink
            | Self::FolderExists
            | Self::ContentIsFinal
            | Self::IdempotencyKeyReused
            | Self::IdempotencyInProgress
            | Self::SendOutcomeUnknown
            | Self::ScheduleStarted
            | Self::LinkRevoked
            | Self::LinkUsed
            | Self::ConnectorChanged
            | Self::OtherConnector
            | Self::WrongAccount => StatusCode::CONFLICT,
            Self::SyncTokenExpired => StatusCode::GONE,
            Self::EtagMismatch => StatusCode::PRECONDITION_FAILED,
            Self::MessageTooLarge | Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MisdirectedRequest => StatusCode::MISDIRECTED_REQUEST,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::RequestHeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ProviderError => StatusCode::BAD_GATEWAY,
            Self::UploadSpaceFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::ProviderUnavailable | Self::Unavailable | Self::Busy | Self::TimedOut => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// What the code means and what a program can do, for the reference and for docs/api.md.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::JsonParseError => "The body is not a JSON object.",
            Self::ExtraParamFound => {
                "The call has no parameter of this name. moreInfo has MA_9018 and the name."
            }
            Self::InvalidValue => "A value is missing or wrong. moreInfo names it, and what to give.",
            Self::NotSupported => "Mail360 has this call or value, and this program does not.",
            Self::NotSupportedByProvider => "The provider of this mailbox cannot do this.",
            Self::InvalidOauthToken => "The access token or API key is missing, expired, revoked or unknown.",
            Self::InvalidClientOrToken => "The client ID, the client secret or the refresh token is wrong.",
            Self::MissingScope => "The credential lacks the scope that moreInfo names.",
            Self::PermissionNotGranted => {
                "The mailbox has not granted the permission that moreInfo names. Send its owner a new link: PUT \
                 /api/accounts/{account_key}/oauth."
            }
            Self::AddressNotAllowed => "The API client may not call from this network address.",
            Self::Forbidden => "This is not allowed.",
            Self::NotFound => {
                "The address names nothing that exists, or nothing that this client may reach; or the account has no mailbox \
                 that the provider lets programs read."
            }
            Self::ConfirmationUnknown => "No mailbox waits for this code.",
            Self::MethodNotAllowed => "The address exists, but not for this method. See the Allow header.",
            Self::RequestTimeout => "The body did not arrive in time, and nothing was done.",
            Self::AccountNeedsSignIn => {
                "The owner of the mailbox must sign in again: PUT /api/accounts/{account_key}/oauth makes a link."
            }
            Self::AccountPaused => "The account is disabled. PUT /api/accounts/{account_key} enables it.",
            Self::ConnectorFailing => {
                "The provider refuses the connector, or the application in the company of this mailbox. An \
                 administrator must act."
            }
            Self::AccountAlreadyConnected => {
                "The mailbox is connected in another way, and nothing was changed."
            }
            Self::AttachmentIsLink => "The attachment is a link to a file elsewhere, so there are no bytes.",
            Self::FromAddressUnknown => {
                "fromAddress is not one of the addresses that this mailbox may send from, so nothing was sent."
            }
            Self::FolderExists => "A folder of this name is there already.",
            Self::ContentIsFinal => {
                "Only drafts can be changed. Providers let no program change a message that was sent or received."
            }
            Self::IdempotencyKeyReused => {
                "The Idempotency-Key was used before for another call or other values. Take a new key for each message."
            }
            Self::IdempotencyInProgress => {
                "The first call with this Idempotency-Key is still under way. Repeat it with the same key."
            }
            Self::SendOutcomeUnknown => {
                "The provider may have sent the message, and there is no way to find out. It is not sent again. data has its \
                 Message-ID: look for it in the mailbox of the recipient before you send another."
            }
            Self::ScheduleStarted => "The message is being sent or was sent, so it cannot be cancelled.",
            Self::LinkRevoked => "The link was revoked since the sign-in, so nothing was connected.",
            Self::LinkUsed => "Another sign-in with this link was confirmed before.",
            Self::ConnectorChanged => {
                "The connector was changed since the sign-in, so nothing was connected."
            }
            Self::OtherConnector => "The mailbox is connected through another connector.",
            Self::WrongAccount => "The link was made for another account than that of the sign-in.",
            Self::SyncTokenExpired => {
                "The token of the changes is too old. Read everything again without a token."
            }
            Self::EtagMismatch => {
                "The item was changed since it was read. Read it again, and send its new etag in If-Match."
            }
            Self::MessageTooLarge => "The message with its attachments is larger than the provider sends.",
            Self::ContentTooLarge => {
                "The body is larger than this call takes, or the content is larger than it gives."
            }
            Self::UriTooLong => "The address is longer than any call needs.",
            Self::UnsupportedMediaType => "Send the body as application/json.",
            Self::MisdirectedRequest => "The Host header names another address than this program's.",
            Self::TooManyRequests => {
                "Too many calls. limit says whose limit it is: client, mailbox or provider. Wait as Retry-After says."
            }
            Self::RequestHeadersTooLarge => "The headers are larger than any call needs.",
            Self::InternalError => "A mistake of this program. Give the operator the reference.",
            Self::ProviderError => "The provider gave an answer that this program cannot use.",
            Self::ProviderUnavailable => {
                "The provider did not answer in time, or has a problem. Try again later."
            }
            Self::UploadSpaceFull => {
                "The space for uploads is full. Send or delete uploads that wait, or ask the operator for more space."
            }
            Self::Unavailable => "The database does not answer. Try again later.",
            Self::Busy => "The program has too much work. Try again later.",
            Self::TimedOut => {
                "The call took too long. Before you repeat one that changes something, check whether the change was made."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_own_name_a_status_of_an_error_and_a_sentence() {
        let mut names: Vec<_> = Code::VARIANTS.iter().map(|code| code.name()).collect();
        for code in Code::VARIANTS {
            let status = code.status();
            assert!(status.is_client_error() || status.is_server_error(), "{}", code.name());
            assert!(code.meaning().ends_with('.'), "{}", code.name());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::VARIANTS.len());
        assert!(names.contains(&"7027") && names.contains(&"INVALID_OAUTHTOKEN"));
    }
}
