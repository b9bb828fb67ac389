//! What is known about a message that is sent later, and what the calls about it come to.

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::NoScheduleTime;
use crate::{
    identifier,
    mail::sending::{SendFailure, Shown},
    platform::{clock::Timestamp, failure::Failure},
};

/// Begins the id that applications get.
const PREFIX: &str = "sch_";

identifier! {
    /// A message that is sent later.
    ScheduleId
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum ScheduleState {
    /// It is not due, or cannot be sent at present.
    Waiting,
    /// The provider was asked, and the outcome is not known yet.
    Sending,
    Sent,
    /// It was not sent, and will not be.
    Failed,
    /// It may have been sent, and there is no way to find out.
    Unknown,
}

/// Why a message was not sent, or cannot be sent at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum WhyNotSent {
    /// The 24 hours after its time are over, and no process has tried to send it before. While it waits: the clock says so,
    /// and may be wrong.
    Late,
    AccountPaused,
    AccountNeedsSignIn,
    ConnectorFailing,
    PermissionNotGranted,
    /// The provider cannot be reached, or wants fewer requests.
    Unavailable,
    /// *Revoke everything* was chosen for the API client since the call, its last day is over, or it may not send any more.
    ClientRevoked,
    /// The API client does not reach the account any more.
    OutOfReach,
    /// The sender is not one of the mailbox's addresses.
    FromUnknown,
    TooLarge,
    UploadGone,
    Refused,
    /// The sealed message does not open: its key was removed, or an attacker has changed its row.
    Unreadable,
}

impl ScheduleId {
    /// As applications see it.
    pub fn name(self) -> String {
        format!("{PREFIX}{}", self.0.simple())
    }

    /// The id that applications see as `text`.
    pub fn from_name(text: &str) -> Option<Self> {
        let id = text.strip_prefix(PREFIX)?;
        // Other notations of a UUID are not ours.
        if id.len() == 32 { id.parse().ok() } else { None }
    }
}

impl ScheduleState {
    /// As the database and applications have it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl WhyNotSent {
    /// As the database has it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A message that was scheduled, as its application sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub state: ScheduleState,
    /// Why it was not sent, or cannot be sent at present.
    pub why: Option<WhyNotSent>,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub shown: Shown,
    /// The id of the sent message in the mailbox.
    pub message_id: Option<String>,
    /// The Message-ID of RFC 5322, with angle brackets.
    pub internet_message_id: Option<String>,
}

/// The answer to a call that schedules a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    pub id: ScheduleId,
    /// Whether an earlier call with the same key scheduled it.
    pub is_replay: bool,
}

/// Why a message was not scheduled.
#[derive(Clone, Debug)]
pub enum ScheduleFailure {
    /// The key was used before with other values.
    KeyReused,
    /// [`super::MAX_OPEN`] messages of this client wait, or [`super::MAX_OPEN_BYTES`] of them with this one.
    TooMany,
    /// There is no upload with this id for this client and account.
    UnknownUpload { id: String },
    /// The time of the message is over or too far ahead.
    Time(NoScheduleTime),
    /// The message could not be sent now either.
    Send(SendFailure),
    /// [`Failure::NotFound`] if the caller reaches no such account, [`Failure::Forbidden`] if it is no API client.
    Failure(Failure),
}

impl From<Failure> for ScheduleFailure {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// What became of a call that cancels a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is gone, and will not be sent.
    Done,
    /// It is being sent, or was or may have been sent.
    Started,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_id_of_a_message_is_read_from_its_own_form_alone() {
        let id = ScheduleId(Uuid::from_u128(0x018f_0000_7e57_7000_8000_0000_0000_0001));
        assert_eq!(id.name(), "sch_018f00007e5770008000000000000001");
        assert_eq!(ScheduleId::from_name(&id.name()), Some(id));
        for text in [
            "",
            "sch_",
            "018f00007e5770008000000000000001",
            "sch_018f0000-7e57-7000-8000-000000000001",
            "sch_x",
        ] {
            assert_eq!(ScheduleId::from_name(text), None, "{text}");
        }
    }

    #[test]
    fn each_state_and_reason_is_read_from_its_name() {
        for state in ScheduleState::VARIANTS {
            assert_eq!(state.name().parse(), Ok(*state));
        }
        for why in WhyNotSent::VARIANTS {
            assert_eq!(why.name().parse(), Ok(*why));
        }
    }
}
