//! A job that empties a folder, as it is stored: its states, and why one has failed.

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::{
    accounts::service::AccountId,
    identifier,
    platform::{
        clock::Timestamp,
        id::{ApiClientId, OrganisationId},
    },
};

identifier! {
    /// A job that an application has started in a mailbox.
    MailJobId
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum MailJobState {
    /// It waits for its first run.
    Queued,
    /// It has begun. It may wait for the mailbox.
    Running,
    Done,
    Failed,
}

impl MailJobState {
    /// The stored form, which is also the API's.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Why a job has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum MailJobFailure {
    /// The folder is gone, or the mailbox.
    NotFound,
    /// The mailbox has not granted the permission to change it.
    PermissionNotGranted,
    /// The provider has refused to delete messages.
    Refused,
    /// The account needed a sign-in for too long.
    NeedsSignIn,
    /// The account was paused for too long.
    Paused,
    /// The connector of the account has failed for too long.
    ConnectorFailing,
    /// The provider was away, or wanted no requests, for too long.
    Unavailable,
    /// The client that has started it was revoked or deleted, or does not reach the account any more.
    NotAllowed,
}

impl MailJobFailure {
    /// The stored form.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailJob {
    pub id: MailJobId,
    pub organisation: OrganisationId,
    /// The API client that has started it; `None` if a user has.
    pub client: Option<ApiClientId>,
    pub account: AccountId,
    /// The provider's id of the folder.
    pub folder: String,
    pub state: MailJobState,
    /// Number of messages that were deleted. After a kill it may lack those of one step.
    pub deleted: u64,
    /// Number of messages that the provider has refused to delete, in the last run.
    pub failed: u64,
    pub failure: Option<MailJobFailure>,
    /// Only messages that were received before are deleted.
    pub created_at: Timestamp,
    /// `None` while it is open.
    pub ended_at: Option<Timestamp>,
}

/// An open job of an account, as far as it decides which of them runs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenJob {
    pub id: MailJobId,
    /// Whether it has begun.
    pub is_running: bool,
    /// Whether it waits for its next try after an outage, and lets others run.
    pub gives_way: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_failures_are_read_as_they_were_stored() {
        for state in MailJobState::VARIANTS {
            assert_eq!(state.name().parse(), Ok(*state));
        }
        for failure in MailJobFailure::VARIANTS {
            assert_eq!(failure.name().parse(), Ok(*failure));
        }
        assert_eq!(MailJobFailure::PermissionNotGranted.name(), "permission_not_granted");
    }
}
