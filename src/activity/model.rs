//! What an entry of the activity says.

mod action;

use std::{fmt, net::IpAddr, str::FromStr};

use uuid::Uuid;

pub use action::Action;

use crate::platform::{
    clock::Timestamp,
    id::{OrganisationId, UserId},
    request_id::RequestId,
};

/// Who does something, from where, in which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// In whose organisation it is done.
    pub organisation: OrganisationId,
    /// The user; none where an operator does it from the command line.
    pub user: Option<UserId>,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// The request, to be found in the log.
    pub request_id: Option<RequestId>,
}

impl Actor {
    /// An operator at the command line.
    pub const fn operator(organisation: OrganisationId) -> Self {
        Self { organisation, user: None, address: None, request_id: None }
    }
}

/// Actions that one looks for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Logging in and out.
    LogIns,
    /// Changes of people and organisations.
    People,
    /// Changes of connectors.
    Connectors,
    /// Sign-ins at a provider.
    SignIns,
    /// What was refused to somebody who was logged in.
    Refusals,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::LogIns, Self::People, Self::Connectors, Self::SignIns, Self::Refusals];

    /// In an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LogIns => "log-ins",
            Self::People => "people",
            Self::Connectors => "connectors",
            Self::SignIns => "sign-ins",
            Self::Refusals => "refusals",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    /// On the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LogIns => "Logging in and out",
            Self::People => "People",
            Self::Connectors => "Connectors",
            Self::SignIns => "Sign-ins",
            Self::Refusals => "Refused requests",
        }
    }

    /// What belongs to it.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| action.group() == self)
    }
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A user.
    User(UserId),
    /// An operator at the command line, or somebody who did not prove who they are.
    Nobody,
}

/// Which entries are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// By whom.
    pub by: Option<By>,
    /// Of what kind.
    pub group: Option<Group>,
    /// About what, by its id.
    pub about: Option<Uuid>,
}

/// Where a page of entries begins: after this one, going back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// When it was.
    pub at: Timestamp,
    /// Which of that moment.
    pub id: Uuid,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.micros(), self.id)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let at = Timestamp::from_micros(at.parse().map_err(|_| ())?);
        Ok(Self { at, id: id.parse().map_err(|_| ())? })
    }
}

/// An entry that was written.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Where it stands.
    pub position: Position,
    /// Who did it.
    pub by: By,
    /// From where.
    pub address: Option<String>,
    /// What was done; none where a newer program wrote it.
    pub action: Option<Action>,
    /// What it was done to.
    pub entity: String,
    /// `done`, or what came of it.
    pub outcome: String,
    /// What changed.
    pub detail: String,
    /// The request.
    pub request_id: Option<String>,
    /// How many events of the same kind it stands for: at least one.
    pub count: i64,
}

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What was done.
    pub action: Action,
    /// What it was done to, by its name, which outlives the thing.
    pub entity: String,
    /// The thing's id.
    pub entity_id: Uuid,
    /// `done`, or what came of it.
    pub outcome: &'static str,
    /// What changed, in words; never a secret.
    pub detail: String,
}

impl Entry {
    /// Something that was done.
    pub fn done(action: Action, entity: impl Into<String>, entity_id: Uuid) -> Self {
        Self { action, entity: entity.into(), entity_id, outcome: "done", detail: String::new() }
    }

    /// The same with words.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same with another outcome.
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
        for action in Action::ALL {
            assert_eq!(Action::from_name(action.name()), Some(action));
            assert!(action.group().actions().any(|of_group| of_group == action));
        }
        for group in Group::ALL {
            assert_eq!(Group::from_name(group.name()), Some(group));
        }
    }

    #[test]
    fn a_position_comes_back_from_an_address_as_it_went() {
        let position = Position { at: Timestamp::from_micros(1_795_417_030_000_001), id: Uuid::from_u128(7) };
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in ["", ".", "1", "x.00000000-0000-0000-0000-000000000007", "1.x", "99999999999999999999.7"]
        {
            assert!(wrong.parse::<Position>().is_err(), "{wrong:?} was accepted");
        }
    }
}
