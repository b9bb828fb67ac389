//! The values of accounts: states, the reasons for them, the state machine, and the history; tables as CSV. Pure: no
//! database and no clock.

pub mod csv;
mod filter;
mod history;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

pub use filter::StateFilter;
pub use history::{EntryOutcome, HistoryDetail, HistoryKind, KEPT_REFRESHES, MAX_ENTRIES, keep_entries};

/// An account counts as *Retrying* from this number of transient failures in a row.
pub const FAILURES_UNTIL_RETRYING: u32 = 3;

/// The state of an account.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum AccountState {
    Connected,
    /// The last refreshes failed for transient reasons.
    Retrying,
    /// The provider refuses the connector's credentials.
    WaitingForConnector,
    /// The application was removed or switched off in the account's directory.
    WaitingForCompany,
    /// The provider refuses for another reason. Tries go on, daily at last.
    NeedsAttention,
    /// The grant has ended. Only a sign-in, or an administrator's *Try again*, continues.
    NeedsSignIn,
    /// An administrator has disconnected the account.
    Disconnected,
}

impl AccountState {
    /// The stored form.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Finds a state by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The state after an event; `None` if the event changes nothing. `failures` is the number of transient failures in
    /// a row, this event included.
    pub fn after(self, event: AccountEvent, failures: u32) -> Option<Self> {
        use AccountEvent as Event;
        let next = match (self, event) {
            (_, Event::Disconnected) => Self::Disconnected,
            (_, Event::SignedIn) | (Self::NeedsSignIn, Event::TriedAgain) => Self::Connected,
            // Only a sign-in ends these two. Late results of other work must not revive a grant that has ended.
            (Self::Disconnected | Self::NeedsSignIn, _) => return None,
            (_, Event::Refreshed | Event::TriedAgain) => Self::Connected,
            (_, Event::GrantRefused | Event::ApplicationChanged | Event::Interrupted) => Self::NeedsSignIn,
            (Self::Connected, Event::TransientFailure) if failures >= FAILURES_UNTIL_RETRYING => {
                Self::Retrying
            }
            (Self::Connected | Self::Retrying, Event::CredentialsConfirmedBad) => Self::WaitingForConnector,
            (Self::Connected | Self::Retrying, Event::CompanyRefused) => Self::WaitingForCompany,
            (Self::Connected | Self::Retrying, Event::OtherRefusal) => Self::NeedsAttention,
            (
                _,
                Event::TransientFailure
                | Event::CredentialsConfirmedBad
                | Event::CompanyRefused
                | Event::OtherRefusal,
            ) => return None,
        };
        (next != self).then_some(next)
    }
}

/// An event in the life of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum AccountEvent {
    /// A refresh has succeeded.
    Refreshed,
    /// The provider has refused the grant.
    GrantRefused,
    /// A refresh failed for a reason that passes.
    TransientFailure,
    /// It is confirmed that the provider refuses the connector's credentials.
    CredentialsConfirmedBad,
    /// The provider refuses the application in the account's directory.
    CompanyRefused,
    /// The provider refuses for another reason.
    OtherRefusal,
    /// A person has signed in.
    SignedIn,
    /// An administrator has disconnected the account.
    Disconnected,
    /// The connector has another application now.
    ApplicationChanged,
    /// A refresh was interrupted, and the old token is not valid any more.
    Interrupted,
    /// A refresh that an administrator has asked for has succeeded.
    TriedAgain,
}

/// The reason for a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum StateReason {
    // Needs sign-in.
    GrantRefused,
    InteractionRequired,
    ConsentRequired,
    LoginRequired,
    ApplicationChanged,
    Interrupted,
    TokenUnreadable,
    // Needs attention.
    ScopesRefused,
    Refused,
    // Retrying.
    Throttled,
    Unavailable,
    Unreachable,
    Slow,
    Garbled,
    // Waiting.
    CredentialsRejected,
    CompanyRefused,
}

#[cfg(test)]
mod tests;
