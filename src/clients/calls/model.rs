//! The values of the record of an API call, and which records a list shows.

use std::borrow::Cow;

use strum::{EnumString, IntoStaticStr, VariantArray};
use time::Duration;
use uuid::Uuid;

use crate::{
    accounts::service::AccountId,
    platform::{
        clock::Timestamp,
        database::paging::Position,
        id::{ApiClientId, OrganisationId},
        request_id::RequestId,
    },
};

/// The first status of a failed call.
pub const FAILED: u16 = 400;

/// A call that has been answered. It has neither the query nor a body, which may contain mail.
#[derive(Clone, Debug)]
pub struct Call {
    pub organisation: OrganisationId,
    pub client: ApiClientId,
    /// The account that the address of the call names, whether it exists or not.
    pub account: Option<AccountId>,
    pub method: Cow<'static, str>,
    /// The path of the route, with names in place of values.
    pub route: &'static str,
    pub status: u16,
    /// The time until the answer began.
    pub duration: Duration,
    pub request_id: Option<RequestId>,
    /// The code of the error that the client got.
    pub error_code: Option<&'static str>,
    /// The provider's id of the request that failed.
    pub provider_request_id: Option<String>,
}

/// A call as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    pub position: CallPosition,
    pub client: ApiClientId,
    pub account: Option<AccountId>,
    pub method: String,
    pub route: String,
    pub status: u16,
    pub duration: Duration,
    pub request_id: Option<String>,
    pub error_code: Option<String>,
    pub provider_request_id: Option<String>,
    /// Number of further calls of the client that were refused in the same second because of the number of calls.
    pub more: u64,
}

impl RecordedCall {
    pub const fn is_failed(&self) -> bool {
        self.status >= FAILED
    }
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEntry {
    Call(RecordedCall),
    /// Calls around this time that were not recorded, because too many waited to be written.
    LeftOut {
        position: CallPosition,
        number: u64,
    },
}

impl CallEntry {
    pub const fn position(&self) -> CallPosition {
        match self {
            Self::Call(call) => call.position,
            Self::LeftOut { position, .. } => *position,
        }
    }
}

/// The outcomes that a list can be limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CallOutcome {
    Succeeded,
    Failed,
}

impl CallOutcome {
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in an address.
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The label on the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// Which calls a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    pub client: Option<ApiClientId>,
    pub account: Option<AccountId>,
    pub outcome: Option<CallOutcome>,
    /// Only calls at this time and later.
    pub from: Option<Timestamp>,
}

/// The position of a record in the list.
pub type CallPosition = Position<Uuid>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_found_by_its_name() {
        for outcome in CallOutcome::ALL {
            assert_eq!(CallOutcome::from_name(outcome.name()), Some(*outcome));
        }
        assert_eq!(CallOutcome::from_name("all"), None);
    }
}
