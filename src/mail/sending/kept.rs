//! What a record keeps sealed, as JSON: the message until its end, and the outcome after it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{SendFailure, SendRequest, Shown, words};
use crate::{
    accounts::{model::AccountState, service::grants::NoToken},
    mail::service::MailFailure,
    platform::{failure::Failure, randomness::Hash},
    providers::{
        RefreshProblem,
        mailbox::{Limit, MailError, MailProblem, ProviderAnswer},
    },
};

/// The message of a record, with the hash of the call's values.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct KeptRequest {
    /// [`body_hash`] of the values, by which a repeat with the same key is known to be the same call.
    pub body: String,
    pub request: SendRequest,
    /// Whether other companies may refuse the message because of its size.
    #[serde(default)]
    pub is_large: bool,
}

/// The outcome of a record.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct KeptAnswer {
    /// That of [`KeptRequest`].
    pub body: String,
    /// Of a draft that was sent. Empty for others: their calls have it.
    pub shown: Shown,
    #[serde(default)]
    pub is_large: bool,
    /// Why nothing was sent; `None` if it was, or if that is not known.
    pub failure: Option<KeptFailure>,
}

/// A failure, in a form that other versions of the program can read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct KeptFailure {
    kind: String,
    words: Option<String>,
    seconds: Option<u64>,
    code: Option<String>,
    request_id: Option<String>,
}

/// Says what a hash of values is made of.
const FORM: &[u8] = b"values of a call 1 ";

/// The hash of the values of a call.
pub(super) fn body_hash(values: &impl Serialize) -> Result<String, Failure> {
    Ok(Hash::of(&form_of(values)?).to_string())
}

/// The values of a call as bytes that later versions of the program make too, so that a repeat after an upgrade is known.
/// The names of fields are in one order, and fields that are empty are left out: none, `false`, and an empty list. A new
/// field must have one of these as its default. An empty text is a value.
pub(in crate::mail) fn form_of(values: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut json = serde_json::to_value(values).map_err(|error| Failure::unexpected(&error))?;
    leave_out_empty_fields(&mut json);
    Ok([FORM, json.to_string().as_bytes()].concat())
}

fn leave_out_empty_fields(json: &mut Value) {
    match json {
        Value::Object(fields) => fields.retain(|_, field| {
            leave_out_empty_fields(field);
            !is_empty(field)
        }),
        Value::Array(items) => items.iter_mut().for_each(leave_out_empty_fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_empty(field: &Value) -> bool {
    match field {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The stored name of a problem, with its words and its time.
fn parts(problem: &MailProblem) -> (&'static str, Option<&'static str>, Option<Duration>) {
    match problem {
        MailProblem::Refused => ("refused", None, None),
        MailProblem::NotFound => ("not_found", None, None),
        MailProblem::NoMailbox => ("no_mailbox", None, None),
        MailProblem::PermissionNotGranted(permission) => ("permission_not_granted", Some(*permission), None),
        MailProblem::ApiDisabled => ("api_disabled", None, None),
        MailProblem::TokenRefused => ("token_refused", None, None),
        MailProblem::NeedsSignIn => ("needs_sign_in", None, None),
        MailProblem::Throttled { limit: Limit::Mailbox | Limit::Page { .. }, retry_after } => {
            ("throttled_by_mailbox", None, *retry_after)
        }
        MailProblem::Throttled { limit: Limit::Provider, retry_after } => {
            ("throttled_by_provider", None, *retry_after)
        }
        MailProblem::NotSupported(words) => ("not_supported", Some(*words), None),
        MailProblem::InvalidValue(words) => ("invalid_value", Some(*words), None),
        MailProblem::TooLarge => ("too_large", None, None),
        MailProblem::TooMany(words) => ("too_many", Some(*words), None),
        MailProblem::AttachmentIsLink => ("attachment_is_link", None, None),
        MailProblem::FolderExists => ("folder_exists", None, None),
        MailProblem::EtagMismatch => ("etag_mismatch", None, None),
        MailProblem::Conflict => ("conflict", None, None),
        MailProblem::ContentIsFinal => ("content_is_final", None, None),
        MailProblem::SyncTokenExpired => ("sync_token_expired", None, None),
        MailProblem::NotSent => ("not_sent", None, None),
        MailProblem::Unavailable => ("unavailable", None, None),
        MailProblem::UnavailableFor(wait) => ("unavailable_for", None, Some(*wait)),
        MailProblem::Slow => ("slow", None, None),
        MailProblem::Garbled => ("garbled", None, None),
    }
}

impl KeptFailure {
    fn of_kind(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    fn of_error(MailError { problem, provider }: &MailError) -> Self {
        let (kind, words, wait) = parts(problem);
        let ProviderAnswer { code, request_id } = provider.clone().unwrap_or_default();
        Self {
            words: words.map(str::to_owned),
            seconds: wait.map(|wait| wait.as_secs()),
            code,
            request_id,
            ..Self::of_kind(kind)
        }
    }

    fn of_no_token(no_token: &NoToken) -> Self {
        match no_token {
            NoToken::NotFound => Self::of_kind("no_account"),
            NoToken::Paused => Self::of_kind("paused"),
            NoToken::State(state) => Self::of_state(*state),
            NoToken::Busy { retry_after } => {
                Self { seconds: Some((*retry_after).into()), ..Self::of_kind("token_is_busy") }
            }
            NoToken::Failed(refusal) => Self::of_refusal(refusal.problem),
            NoToken::Failure(_) => Self::of_kind("unexpected"),
        }
    }

    fn of_state(state: AccountState) -> Self {
        Self { words: Some(state.name().to_owned()), ..Self::of_kind("account_state") }
    }

    /// The state that the account has after this refusal.
    fn of_refusal(problem: RefreshProblem) -> Self {
        match problem {
            RefreshProblem::GrantRefused
            | RefreshProblem::InteractionRequired
            | RefreshProblem::ConsentRequired
            | RefreshProblem::LoginRequired => Self::of_state(AccountState::NeedsSignIn),
            RefreshProblem::CredentialsRejected => Self::of_state(AccountState::WaitingForConnector),
            RefreshProblem::CompanyRefused => Self::of_state(AccountState::WaitingForCompany),
            RefreshProblem::ScopesRefused | RefreshProblem::Refused => {
                Self::of_state(AccountState::NeedsAttention)
            }
            RefreshProblem::Throttled(_)
            | RefreshProblem::Unavailable(_)
            | RefreshProblem::Unreachable
            | RefreshProblem::Slow
            | RefreshProblem::Garbled => Self::of_kind("unavailable"),
        }
    }

    pub(super) fn of(failure: &SendFailure) -> Self {
        match failure {
            SendFailure::Mail(MailFailure::Mail(error)) => Self::of_error(error),
            SendFailure::Mail(MailFailure::NoToken(no_token)) => Self::of_no_token(no_token),
            SendFailure::Mail(MailFailure::Failure(Failure::NotFound)) => Self::of_kind("no_account"),
            SendFailure::TooLarge { max } => {
                Self { seconds: Some(*max), ..Self::of_kind("message_too_large") }
            }
            SendFailure::UnknownUpload { id } => {
                Self { words: Some(id.clone()), ..Self::of_kind("unknown_upload") }
            }
            SendFailure::OutcomeUnknown { message_id } => {
                Self { words: Some(message_id.clone()), ..Self::of_kind("outcome_unknown") }
            }
            SendFailure::FromUnknown => Self::of_kind("from_unknown"),
            _ => Self::of_kind("unexpected"),
        }
    }

    /// The failure again.
    pub(super) fn failure(self) -> SendFailure {
        let Self { kind, words, seconds, code, request_id } = self;
        let text = words.unwrap_or_default();
        let constant = || words::constant(&text);
        let wait = seconds.map(Duration::from_secs);
        let problem = match kind.as_str() {
            "not_found" => MailProblem::NotFound,
            "no_mailbox" => MailProblem::NoMailbox,
            "permission_not_granted" => MailProblem::PermissionNotGranted(constant()),
            "api_disabled" => MailProblem::ApiDisabled,
            "token_refused" => MailProblem::TokenRefused,
            "needs_sign_in" => MailProblem::NeedsSignIn,
            "throttled_by_mailbox" => MailProblem::Throttled { limit: Limit::Mailbox, retry_after: wait },
            "throttled_by_provider" => MailProblem::Throttled { limit: Limit::Provider, retry_after: wait },
            "not_supported" => MailProblem::NotSupported(constant()),
            "invalid_value" => MailProblem::InvalidValue(constant()),
            "too_large" => MailProblem::TooLarge,
            "too_many" => MailProblem::TooMany(constant()),
            "attachment_is_link" => MailProblem::AttachmentIsLink,
            "folder_exists" => MailProblem::FolderExists,
            "etag_mismatch" => MailProblem::EtagMismatch,
            "conflict" => MailProblem::Conflict,
            "content_is_final" => MailProblem::ContentIsFinal,
            "sync_token_expired" => MailProblem::SyncTokenExpired,
            "not_sent" => MailProblem::NotSent,
            "unavailable" => MailProblem::Unavailable,
            "unavailable_for" => MailProblem::UnavailableFor(wait.unwrap_or_default()),
            "slow" => MailProblem::Slow,
            "garbled" => MailProblem::Garbled,
            "refused" => MailProblem::Refused,
            _ => return of_other_kind(&kind, text, seconds),
        };
        let has_words = code.is_some() || request_id.is_some();
        let provider = has_words.then_some(ProviderAnswer { code, request_id });
        MailError { problem, provider }.into()
    }
}

/// A failure that does not come from the mailbox.
fn of_other_kind(kind: &str, words: String, number: Option<u64>) -> SendFailure {
    let no_token = match kind {
        "no_account" => return Failure::NotFound.into(),
        "message_too_large" => return SendFailure::TooLarge { max: number.unwrap_or_default() },
        "unknown_upload" => return SendFailure::UnknownUpload { id: words },
        "outcome_unknown" => return SendFailure::OutcomeUnknown { message_id: words },
        "from_unknown" => return SendFailure::FromUnknown,
        "paused" => NoToken::Paused,
        "token_is_busy" => {
            NoToken::Busy { retry_after: number.and_then(|number| number.try_into().ok()).unwrap_or(1) }
        }
        "account_state" => NoToken::State(AccountState::from_name(&words).unwrap_or(AccountState::Retrying)),
        _ => return Failure::Unexpected(format!("the send failed: {kind}")).into(),
    };
    SendFailure::Mail(no_token.into())
}

#[cfg(test)]
mod tests;
