//! Why a message was not sent, or a draft not made or changed.

use std::time::Duration;

use super::Refused;
use crate::{
    api::errors::{ApiError, Code, Limit, ProviderSaid},
    mail::{
        sending::SendFailure,
        service::{DraftFailure, MailFailure},
    },
    providers::mailbox::{MailError, MailProblem},
};

/// After how long a call is repeated whose message is being sent.
const SENDS: Duration = Duration::from_secs(5);
/// For what is no message, or has no Message-ID.
const UNKNOWN: &str = "The provider may have done it, and there is no way to find out. It is not tried again. Look in the \
                       mailbox before you do it with a new Idempotency-Key.";
const UNKNOWN_MESSAGE: &str = "The provider may have sent the message, and there is no way to find out. It is not sent again. \
                               data.internetMessageId names it: look for it before you send another.";
const TOO_MANY_KEPT: &str =
    "This client has made too many calls whose outcomes are kept, each for 24 hours. Nothing was done.";
/// Without `Retry-After`: the same call makes another draft.
const DRAFT_UNDER_WAY: &str = "The draft is still being made, and the same call makes another one. Look for it in the list of \
                               drafts. With an Idempotency-Key, a repeated call makes no second draft.";

impl From<SendFailure> for Refused {
    fn from(failure: SendFailure) -> Self {
        match failure {
            SendFailure::Mail(failure) => of_mail(failure),
            SendFailure::KeyReused => Self::of(
                Code::IdempotencyKeyReused,
                "Idempotency-Key: This key was used before with other values. Take a new one for each message.",
            ),
            SendFailure::InProgress => {
                let error = ApiError::of(
                    Code::IdempotencyInProgress,
                    "The first call with this Idempotency-Key is still under way. Repeat the call with the same key.",
                );
                Self::Error(error.retry_after(SENDS))
            }
            SendFailure::UnderWay { retry_after } => {
                let error = ApiError::of(
                    Code::TimedOut,
                    "The message is still being sent. The same call within five minutes gets the result, and sends \
                     nothing. With an Idempotency-Key it does so for 24 hours.",
                );
                Self::Error(error.retry_after(retry_after))
            }
            SendFailure::DraftUnderWay => Self::of(Code::TimedOut, DRAFT_UNDER_WAY),
            SendFailure::OutcomeUnknown { message_id } => {
                let words = if message_id.is_empty() { UNKNOWN } else { UNKNOWN_MESSAGE };
                Self::Error(ApiError::of(Code::SendOutcomeUnknown, words).about_message(message_id))
            }
            SendFailure::FromUnknown => from_unknown(),
            SendFailure::TooLarge { max } => Self::of(
                Code::MessageTooLarge,
                format!(
                    "The message with its attachments is larger than {max} bytes, as the provider counts them."
                ),
            ),
            SendFailure::UnknownUpload { id } => unknown_upload(&id),
            SendFailure::TooManyOpen { retry_after } => {
                let error = ApiError::of(
                    Code::TooManyRequests,
                    "This client has too many messages that are being sent.",
                );
                Self::Error(error.limited_by(Limit::Client, retry_after))
            }
            SendFailure::TooManyKept { retry_after } => {
                let error = ApiError::of(Code::TooManyRequests, TOO_MANY_KEPT);
                Self::Error(error.limited_by(Limit::Client, retry_after))
            }
        }
    }
}

impl From<DraftFailure> for Refused {
    fn from(failure: DraftFailure) -> Self {
        match failure {
            DraftFailure::Mail(failure) => of_mail(failure),
            DraftFailure::FromUnknown => from_unknown(),
            DraftFailure::TooLarge { max } => Self::of(
                Code::MessageTooLarge,
                format!(
                    "attachments: One change of a draft takes at most {max} bytes of files. Add fewer at a time, or make a \
                     new draft with them."
                ),
            ),
        }
    }
}

/// A failure of the mailbox. What is too large is the message.
fn of_mail(failure: MailFailure) -> Refused {
    match failure {
        MailFailure::Mail(MailError { problem: MailProblem::TooLarge, provider }) => {
            let error = ApiError::of(
                Code::MessageTooLarge,
                "The message with its attachments is larger than the provider takes.",
            );
            let said = provider.map(|said| ProviderSaid { code: said.code, request_id: said.request_id });
            Refused::Error(match said {
                Some(said) => error.with_provider(said),
                None => error,
            })
        }
        failure => failure.into(),
    }
}

fn from_unknown() -> Refused {
    Refused::of(
        Code::FromAddressUnknown,
        "fromAddress: The mailbox does not send from this address. Give the address of the account or one of its aliases.",
    )
}

/// There is no upload with this id for the client and the account.
pub(in crate::api) fn unknown_upload(id: &str) -> Refused {
    Refused::of(
        Code::InvalidValue,
        format!(
            "attachments: Give the fileId of an upload of this client for this account, which waits at most 24 hours to be \
             sent. There is none with {id}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::{platform::failure::Failure, providers::mailbox::ProviderAnswer};

    fn error_of(failure: SendFailure) -> (ApiError, String) {
        let refused = Refused::from(failure);
        let words = format!("{refused:?}");
        match refused {
            Refused::Error(error) => (error, words),
            Refused::Failure(failure) => ((&failure).into(), words),
        }
    }

    #[test]
    fn each_failure_of_a_send_has_its_status_and_code() {
        let wait = Duration::from_secs(7);
        let id = "0197f0c0-0000-7000-8000-000000000001";
        for (failure, status, code, words) in [
            (SendFailure::KeyReused, 409, "IDEMPOTENCY_KEY_REUSED", "Take a new one"),
            (SendFailure::InProgress, 409, "IDEMPOTENCY_IN_PROGRESS", "retry_after: Some(5s)"),
            (SendFailure::UnderWay { retry_after: wait }, 503, "TIMED_OUT", "retry_after: Some(7s)"),
            (SendFailure::DraftUnderWay, 503, "TIMED_OUT", "the same call makes another one"),
            (SendFailure::DraftUnderWay, 503, "TIMED_OUT", "retry_after: None"),
            (
                SendFailure::OutcomeUnknown { message_id: "<1@x.test>".to_owned() },
                409,
                "SEND_OUTCOME_UNKNOWN",
                "internet_message_id: Some(\"<1@x.test>\")",
            ),
            (
                SendFailure::OutcomeUnknown { message_id: String::new() },
                409,
                "SEND_OUTCOME_UNKNOWN",
                "internet_message_id: None",
            ),
            (SendFailure::FromUnknown, 400, "Given FromAddress not exists!", "fromAddress"),
            (SendFailure::TooLarge { max: 150 }, 413, "MESSAGE_TOO_LARGE", "150 bytes"),
            (SendFailure::UnknownUpload { id: id.to_owned() }, 400, "INVALID_VALUE", id),
            (SendFailure::TooManyOpen { retry_after: wait }, 429, "TOO_MANY_REQUESTS", "limit: Some(Client)"),
            (
                SendFailure::TooManyKept { retry_after: wait },
                429,
                "TOO_MANY_REQUESTS",
                "retry_after: Some(7s)",
            ),
            (MailProblem::Slow.into(), 503, "PROVIDER_UNAVAILABLE", ""),
            (
                MailProblem::PermissionNotGranted("Mail.Send").into(),
                403,
                "PERMISSION_NOT_GRANTED",
                "Mail.Send",
            ),
            (Failure::NotFound.into(), 404, "NOT_FOUND", ""),
        ] {
            let (error, said) = error_of(failure);
            let expected = StatusCode::from_u16(status).expect("a status");
            assert_eq!((error.status(), error.code()), (expected, code), "{said}");
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn what_the_provider_finds_too_large_is_the_message() {
        let provider = Some(ProviderAnswer {
            code: Some("ErrorMessageSizeExceeded".to_owned()),
            request_id: Some("1".to_owned()),
        });
        for failure in [
            SendFailure::from(MailError { problem: MailProblem::TooLarge, provider: provider.clone() }),
            SendFailure::from(MailProblem::TooLarge),
        ] {
            let (error, _) = error_of(failure);
            assert_eq!(error.code(), "MESSAGE_TOO_LARGE");
        }
        let failure = MailFailure::Mail(MailError { problem: MailProblem::TooLarge, provider });
        let words = format!("{:?}", Refused::from(DraftFailure::Mail(failure)));
        assert!(words.contains("MESSAGE_TOO_LARGE") && words.contains("ErrorMessageSizeExceeded"), "{words}");
        let words = format!("{:?}", Refused::from(DraftFailure::TooLarge { max: 150 }));
        assert!(words.contains("MESSAGE_TOO_LARGE") && words.contains("at most 150 bytes"), "{words}");
        let words = format!("{:?}", Refused::from(DraftFailure::FromUnknown));
        assert!(words.contains("Given FromAddress not exists!"), "{words}");
    }
}
