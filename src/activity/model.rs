//! The values of an activity entry: who, what, when, and the filter of a list.

mod action;
mod detail;

use std::net::IpAddr;

use strum::{EnumString, IntoStaticStr, VariantArray};
use uuid::Uuid;

pub use action::Action;
pub use detail::Detail;

use crate::platform::{
    database::paging::Position,
    id::{ApiClientId, OrganisationId, UserId},
    request_id::RequestId,
};

/// The user or program that acts, its network address, and the request in which it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The organisation in which it is done.
    pub organisation: OrganisationId,
    /// The user; `None` for an API client, a job, a visitor who did not log in, and the operator at the command line.
    pub user: Option<UserId>,
    /// The API client that calls.
    pub client: Option<ApiClientId>,
    /// The network address of the client.
    pub address: Option<IpAddr>,
    /// The id of the request, which the log carries too.
    pub request_id: Option<RequestId>,
}

impl Actor {
    /// The operator at the command line.
    pub const fn operator(organisation: OrganisationId) -> Self {
        Self { organisation, user: None, client: None, address: None, request_id: None }
    }
}

/// A group of actions that an administrator filters for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ActionGroup {
    /// Logging in and out.
    LogIns,
    /// Changes of people and organisations.
    People,
    /// Changes of connectors.
    Connectors,
    /// Accounts, the links that connect them, and what people behind links see.
    Accounts,
    /// API clients and their credentials.
    ApiClients,
    /// Sign-ins at a provider.
    SignIns,
    /// Requests of logged-in users that were refused.
    Refusals,
}

impl ActionGroup {
    /// Every group, in the order of the filter.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name in a URL.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The group with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The label on the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LogIns => "Log-ins",
            Self::People => "Users",
            Self::Connectors => "Connectors",
            Self::Accounts => "Accounts and links",
            Self::ApiClients => "API clients",
            Self::SignIns => "Sign-ins",
            Self::Refusals => "Refused requests",
        }
    }

    /// The actions of the group.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| action.group() == self)
    }
}

/// The author of a recorded action: a value of records, and a filter of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    User(UserId),
    Client(ApiClientId),
    /// No user and no API client: the operator at the command line, or a visitor who did not log in.
    NoUser,
}

/// Which entries a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActivityFilter {
    /// Only entries of this user, or of no user.
    pub by: Option<By>,
    /// Only entries of this group.
    pub group: Option<ActionGroup>,
    /// Only entries about the thing with this id.
    pub about: Option<Uuid>,
}

/// The position of an entry in the list.
pub type ActivityPosition = Position<Uuid>;

/// An entry as it was read.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The position of the entry in the list.
    pub position: ActivityPosition,
    pub by: By,
    /// The network address of the client.
    pub address: Option<String>,
    /// The action; `None` if a newer version of the program wrote it.
    pub action: Option<Action>,
    /// The name of the thing that it was done to.
    pub entity: String,
    /// `done`, or another result.
    pub outcome: String,
    pub detail: Detail,
    pub request_id: Option<String>,
    /// Number of events of the same kind that this entry counts, at least 1.
    pub count: i64,
}

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    pub action: Action,
    /// The name of the thing that it was done to. The record keeps it after the thing is deleted.
    pub entity: String,
    /// The thing's id.
    pub entity_id: Uuid,
    /// `done`, or another result.
    pub outcome: &'static str,
    pub detail: Detail,
}

impl Entry {
    /// An entry with the outcome `done`.
    pub fn done(action: Action, entity: impl Into<String>, entity_id: Uuid) -> Self {
        Self { action, entity: entity.into(), entity_id, outcome: "done", detail: Detail::None }
    }

    /// The same entry with a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// The same entry with another outcome.
    #[must_use]
    pub fn with_outcome(mut self, outcome: &'static str) -> Self {
        self.outcome = outcome;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_and_group_is_found_by_its_name() {
        for &action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(action));
            assert!(action.group().actions().any(|of_group| of_group == action));
        }
        for &group in ActionGroup::ALL {
            assert_eq!(ActionGroup::from_name(group.name()), Some(group));
        }
        assert_eq!((Action::from_name(""), ActionGroup::from_name("")), (None, None));
        let groups: Vec<_> = ActionGroup::ALL.iter().map(|group| group.name()).collect();
        assert_eq!(
            groups,
            ["log-ins", "people", "connectors", "accounts", "api-clients", "sign-ins", "refusals"]
        );
    }
}
