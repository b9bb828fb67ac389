//! What an entry of the activity says.

use std::{fmt, net::IpAddr, str::FromStr};

use uuid::Uuid;

use crate::platform::{
    clock::Timestamp,
    id::{OrganisationId, UserId},
    middleware::reference::Reference,
};

/// Who does something, from where, in which request.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// In whose organisation it is done.
    pub organisation: OrganisationId,
    /// The user; none where an operator does it from the command line.
    pub user: Option<UserId>,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// The request, to be found in the log.
    pub reference: Option<Reference>,
}

impl Actor {
    /// An operator at the command line.
    pub const fn operator(organisation: OrganisationId) -> Self {
        Self { organisation, user: None, address: None, reference: None }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The installation was set up, or an organisation added.
    OrganisationAdded,
    /// A user was added.
    UserAdded,
    /// A user's password, role or whether they may log in was changed.
    UserChanged,
    /// A user changed their own password.
    PasswordChanged,
    /// A user ended one of their sessions.
    SessionEnded,
    /// A user logged in.
    LoggedIn,
    /// A log-in of a known user was refused.
    LogInRefused,
    /// A user logged out.
    LoggedOut,
    /// A connector was added.
    ConnectorAdded,
    /// A connector was changed.
    ConnectorChanged,
    /// A connector was deleted.
    ConnectorDeleted,
    /// A sign-in that verifies a connector was started.
    SignInStarted,
    /// A sign-in ended.
    SignInEnded,
    /// A user was invited.
    UserInvited,
    /// An invitation was withdrawn.
    InvitationWithdrawn,
    /// An organisation's rules were changed.
    OrganisationChanged,
    /// A user set up a second factor.
    SecondFactorAdded,
    /// A user took their second factor away.
    SecondFactorRemoved,
    /// A user made new recovery codes.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A code of a second factor was wrong.
    CodeRefused,
    /// A user gave their password anew, to prove who they are.
    IdentityConfirmed,
    /// A password that was to prove who somebody is was wrong.
    ConfirmationRefused,
    /// A user asked for what they may not.
    RequestRefused,
    /// A password was right, and a code was asked for.
    CodeAsked,
    /// An administrator made a link with which a user chooses a new password.
    NewPasswordOffered,
    /// A password that was to be replaced was not given.
    PasswordChangeRefused,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::OrganisationAdded,
        Self::UserAdded,
        Self::UserChanged,
        Self::PasswordChanged,
        Self::SessionEnded,
        Self::LoggedIn,
        Self::LogInRefused,
        Self::LoggedOut,
        Self::ConnectorAdded,
        Self::ConnectorChanged,
        Self::ConnectorDeleted,
        Self::SignInStarted,
        Self::SignInEnded,
        Self::UserInvited,
        Self::InvitationWithdrawn,
        Self::OrganisationChanged,
        Self::SecondFactorAdded,
        Self::SecondFactorRemoved,
        Self::RecoveryCodesMade,
        Self::RecoveryCodeUsed,
        Self::CodeRefused,
        Self::IdentityConfirmed,
        Self::ConfirmationRefused,
        Self::RequestRefused,
        Self::CodeAsked,
        Self::NewPasswordOffered,
        Self::PasswordChangeRefused,
    ];

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// On the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OrganisationAdded => "Organisation added",
            Self::UserAdded => "User added",
            Self::UserChanged => "User changed",
            Self::PasswordChanged => "Password changed",
            Self::SessionEnded => "Browser logged out from another",
            Self::LoggedIn => "Logged in",
            Self::LogInRefused => "Log-in refused",
            Self::LoggedOut => "Logged out",
            Self::ConnectorAdded => "Connector added",
            Self::ConnectorChanged => "Connector changed",
            Self::ConnectorDeleted => "Connector deleted",
            Self::SignInStarted => "Sign-in started",
            Self::SignInEnded => "Sign-in ended",
            Self::UserInvited => "Invited",
            Self::InvitationWithdrawn => "Invitation withdrawn",
            Self::OrganisationChanged => "Organisation changed",
            Self::SecondFactorAdded => "Second factor added",
            Self::SecondFactorRemoved => "Second factor removed",
            Self::RecoveryCodesMade => "Recovery codes made",
            Self::RecoveryCodeUsed => "Recovery code used",
            Self::CodeRefused => "Code refused",
            Self::IdentityConfirmed => "Confirmed who they are",
            Self::ConfirmationRefused => "Confirmation refused",
            Self::RequestRefused => "Request refused",
            Self::CodeAsked => "Password right, code asked for",
            Self::NewPasswordOffered => "Link for a new password made",
            Self::PasswordChangeRefused => "Password change refused",
        }
    }

    /// The group by which it is found.
    pub const fn group(self) -> Group {
        match self {
            Self::LoggedIn
            | Self::LogInRefused
            | Self::LoggedOut
            | Self::SessionEnded
            | Self::RecoveryCodeUsed
            | Self::CodeAsked
            | Self::CodeRefused
            | Self::PasswordChangeRefused
            | Self::IdentityConfirmed
            | Self::ConfirmationRefused => Group::LogIns,
            Self::OrganisationAdded
            | Self::UserAdded
            | Self::UserChanged
            | Self::PasswordChanged
            | Self::UserInvited
            | Self::InvitationWithdrawn
            | Self::OrganisationChanged
            | Self::SecondFactorAdded
            | Self::SecondFactorRemoved
            | Self::NewPasswordOffered
            | Self::RecoveryCodesMade => Group::People,
            Self::ConnectorAdded | Self::ConnectorChanged | Self::ConnectorDeleted => Group::Connectors,
            Self::SignInStarted | Self::SignInEnded => Group::SignIns,
            Self::RequestRefused => Group::Refusals,
        }
    }

    /// As the database has it: thing, dot, what happened.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrganisationAdded => "organisation.added",
            Self::UserAdded => "user.added",
            Self::UserChanged => "user.changed",
            Self::PasswordChanged => "user.password_changed",
            Self::SessionEnded => "user.session_ended",
            Self::LoggedIn => "user.logged_in",
            Self::LogInRefused => "user.log_in_refused",
            Self::LoggedOut => "user.logged_out",
            Self::ConnectorAdded => "connector.added",
            Self::ConnectorChanged => "connector.changed",
            Self::ConnectorDeleted => "connector.deleted",
            Self::SignInStarted => "sign_in.started",
            Self::SignInEnded => "sign_in.ended",
            Self::UserInvited => "user.invited",
            Self::InvitationWithdrawn => "user.invitation_withdrawn",
            Self::OrganisationChanged => "organisation.changed",
            Self::SecondFactorAdded => "user.second_factor_added",
            Self::SecondFactorRemoved => "user.second_factor_removed",
            Self::RecoveryCodesMade => "user.recovery_codes_made",
            Self::RecoveryCodeUsed => "user.recovery_code_used",
            Self::CodeRefused => "user.code_refused",
            Self::IdentityConfirmed => "user.confirmed",
            Self::ConfirmationRefused => "user.confirmation_refused",
            Self::RequestRefused => "request.refused",
            Self::CodeAsked => "user.code_asked",
            Self::NewPasswordOffered => "user.new_password_offered",
            Self::PasswordChangeRefused => "user.password_change_refused",
        }
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
    /// What was refused to somebody who was signed in.
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
    pub reference: Option<String>,
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
