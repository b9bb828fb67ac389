//! What an entry of the activity says.

use std::net::IpAddr;

use uuid::Uuid;

use crate::platform::{
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
}

impl Action {
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
        }
    }
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
