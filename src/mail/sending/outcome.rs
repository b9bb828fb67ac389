//! How a send ended, for the caller.

use std::time::Duration;

use super::Shown;
use crate::{
    mail::service::MailFailure,
    platform::{database::DatabaseError, failure::Failure},
    providers::mailbox::{MailError, MailProblem},
};

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The id of the message in the mailbox; its Message-ID if the program cannot know the id.
    pub message_id: String,
    /// The Message-ID of RFC 5322, with angle brackets. Empty for a draft without one.
    pub internet_message_id: String,
    pub shown: Shown,
    /// What the caller should know although the message was sent.
    pub warning: Option<&'static str>,
    /// Whether an earlier call sent it, and this one sent nothing.
    pub is_replay: bool,
}

/// A draft that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedDraft {
    /// The id of the draft in the mailbox, which it keeps when it is sent.
    pub draft_id: String,
    /// The Message-ID of RFC 5322, with angle brackets.
    pub internet_message_id: String,
    pub shown: Shown,
    pub warning: Option<&'static str>,
    /// Whether an earlier call made it, and this one made nothing.
    pub is_replay: bool,
}

/// The result of a call that is done once ([`super::Sending::once`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once<T> {
    pub value: T,
    /// Whether an earlier call did it.
    pub is_replay: bool,
}

/// Why there is no result. After each of them but [`Self::InProgress`], [`Self::UnderWay`], [`Self::DraftUnderWay`] and
/// [`Self::OutcomeUnknown`] nothing was done.
#[derive(Clone, Debug)]
pub enum SendFailure {
    /// The mailbox refused the message, or cannot be reached.
    Mail(MailFailure),
    /// The key was used before with other values.
    KeyReused,
    /// The first call with this key is still under way. The same call later has its result.
    InProgress,
    /// The send goes on. It has no key: the same call within five minutes joins it.
    UnderWay { retry_after: Duration },
    /// The draft is still being made. It has no key: the same call makes another one.
    DraftUnderWay,
    /// The message may have been sent, and there is no way to find out. It is never sent again. The Message-ID is
    /// empty if what was done once is not a message.
    OutcomeUnknown { message_id: String },
    /// `fromAddress` is not one of the addresses that the mailbox may send from.
    FromUnknown,
    /// The message with its files is larger than the provider takes, in bytes.
    TooLarge { max: u64 },
    /// There is no upload with this id for this client and account.
    UnknownUpload { id: String },
    /// This client has too many sends under way.
    TooManyOpen { retry_after: Duration },
    /// The outcomes of too many calls of this client are kept.
    TooManyKept { retry_after: Duration },
}

impl From<MailFailure> for SendFailure {
    fn from(failure: MailFailure) -> Self {
        Self::Mail(failure)
    }
}

impl From<MailError> for SendFailure {
    fn from(error: MailError) -> Self {
        Self::Mail(error.into())
    }
}

impl From<MailProblem> for SendFailure {
    fn from(problem: MailProblem) -> Self {
        Self::Mail(problem.into())
    }
}

impl From<Failure> for SendFailure {
    fn from(failure: Failure) -> Self {
        Self::Mail(failure.into())
    }
}

impl From<DatabaseError> for SendFailure {
    fn from(error: DatabaseError) -> Self {
        Self::Mail(error.into())
    }
}
