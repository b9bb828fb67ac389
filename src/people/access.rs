//! Authorisation as types. A use case that only an administrator may run takes an [`Admin`], and
//! [`Member::admin`] is the only way to get one. A use case that must not be open to a person at a browser
//! that was left logged in takes a [`Reauthenticated`].

use std::net::IpAddr;

use time::Duration;

use super::model::Role;
use crate::{
    activity::model::Actor,
    platform::{
        cpu::Asker,
        failure::Failure,
        id::{OrganisationId, UserId},
        request_id::RequestId,
    },
};

/// How long re-authentication counts.
pub const REAUTHENTICATION_LASTS: Duration = Duration::minutes(10);

/// A logged-in user, as read from the database when this request began.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) organisation: OrganisationId,
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) reauthenticated: bool,
    pub(super) has_second_factor: bool,
    pub(super) lacks_second_factor: bool,
    /// `users.version` when the user was read. A higher version in the database means that sessions were
    /// ended since.
    pub(super) version: i64,
    /// Name, to be shown.
    pub name: String,
    /// E-mail, to be shown.
    pub email: String,
    /// Name of the user's organisation, to be shown.
    pub organisation_name: String,
    /// Network address of the browser.
    pub address: Option<IpAddr>,
    /// Id of the request.
    pub request_id: Option<RequestId>,
}

impl Member {
    /// The user's organisation.
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// The user's id.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The user's role.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether the user is an administrator. Only for showing more on a page; a use case asks for
    /// [`Self::admin`].
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Whether logging in asks this user for a second factor.
    pub const fn has_second_factor(&self) -> bool {
        self.has_second_factor
    }

    /// Whether the organisation requires a second factor that this user has not set up. Until then the user
    /// may do nothing else.
    pub const fn lacks_second_factor(&self) -> bool {
        self.lacks_second_factor
    }

    /// Checks that the user is an administrator.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if not; [`Failure::SecondFactorNeeded`] if the user must set up a second factor
    /// first.
    pub fn admin(self) -> Result<Admin, Failure> {
        match (self.lacks_second_factor, self.role) {
            (true, _) => Err(Failure::SecondFactorNeeded),
            (false, Role::Admin) => Ok(Admin(self)),
            (false, Role::Viewer) => Err(Failure::Forbidden),
        }
    }

    /// `users.version` when the user was read. Work that began at one version does not continue at another.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Whether the user re-authenticated within [`REAUTHENTICATION_LASTS`].
    pub const fn has_reauthenticated(&self) -> bool {
        self.reauthenticated
    }

    /// Checks that the user re-authenticated recently, so that a stranger at an open browser is not enough.
    ///
    /// # Errors
    /// [`Failure::ReauthenticationNeeded`] if it was too long ago.
    pub fn reauthenticated(self) -> Result<Reauthenticated<Self>, Failure> {
        if self.reauthenticated { Ok(Reauthenticated(self)) } else { Err(Failure::ReauthenticationNeeded) }
    }

    /// Whom to charge for CPU work: a known asker, because the browser is logged in.
    pub const fn asker(&self) -> Asker {
        Asker { network: self.address, known: true }
    }

    /// The user as the activity records them.
    pub const fn actor(&self) -> Actor {
        Actor {
            organisation: self.organisation,
            user: Some(self.user),
            address: self.address,
            request_id: self.request_id,
        }
    }
}

/// A member or admin who re-authenticated within [`REAUTHENTICATION_LASTS`].
#[derive(Clone, Debug)]
pub struct Reauthenticated<T>(T);

impl<T> std::ops::Deref for Reauthenticated<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// An administrator of their organisation.
#[derive(Clone, Debug)]
pub struct Admin(Member);

impl Admin {
    /// Checks that the administrator re-authenticated recently.
    ///
    /// # Errors
    /// [`Failure::ReauthenticationNeeded`] if it was too long ago.
    pub fn reauthenticated(self) -> Result<Reauthenticated<Self>, Failure> {
        if self.0.reauthenticated { Ok(Reauthenticated(self)) } else { Err(Failure::ReauthenticationNeeded) }
    }
}

impl std::ops::Deref for Admin {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}
