//! Who asks, and what they may: authorisation as a type. A use case that only an administrator may run
//! takes an [`Admin`], and there is no other way to get one than [`Member::admin`]; one that must not be open
//! to whoever finds a browser that was left logged in takes a [`Reauthenticated`].

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

/// A password that was given within this long is a proof of who asks.
pub const PROOF: Duration = Duration::minutes(10);

/// A user who is logged in, as the database had them when this request began.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) organisation: OrganisationId,
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) reauthenticated: bool,
    pub(super) has_second_factor: bool,
    pub(super) lacks_second_factor: bool,
    /// What sessions of theirs had been ended when they were read: more since means that this one may be too.
    pub(super) version: i64,
    /// Their name, to be shown.
    pub name: String,
    /// Their e-mail, to be shown.
    pub email: String,
    /// Their organisation's name, to be shown.
    pub organisation_name: String,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// The request.
    pub request_id: Option<RequestId>,
}

impl Member {
    /// Their organisation.
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// Who they are.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// What they may do.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether they are an administrator; to be asked where a page shows more to one.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Whether a log-in of theirs asks for a code as well.
    pub const fn has_second_factor(&self) -> bool {
        self.has_second_factor
    }

    /// Whether their organisation demands a second factor that they have not set up: until then they may do
    /// nothing else.
    pub const fn lacks_second_factor(&self) -> bool {
        self.lacks_second_factor
    }

    /// Proof that they are an administrator.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] where they are not, [`Failure::SecondFactorNeeded`] where they must set one up
    /// first.
    pub fn admin(self) -> Result<Admin, Failure> {
        match (self.lacks_second_factor, self.role) {
            (true, _) => Err(Failure::SecondFactorNeeded),
            (false, Role::Admin) => Ok(Admin(self)),
            (false, Role::Viewer) => Err(Failure::Forbidden),
        }
    }

    /// `users.version` when they were read: what is begun now does not go on at another one.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Whether they gave their password within [`PROOF`].
    pub const fn has_reauthenticated(&self) -> bool {
        self.reauthenticated
    }

    /// Proof that it is really them, and not somebody who found their browser.
    ///
    /// # Errors
    /// [`Failure::ReauthenticationNeeded`] where the last one is too old.
    pub fn reauthenticated(self) -> Result<Reauthenticated<Self>, Failure> {
        if self.reauthenticated { Ok(Reauthenticated(self)) } else { Err(Failure::ReauthenticationNeeded) }
    }

    /// On whose behalf the program computes: their browser has logged in before.
    pub const fn asker(&self) -> Asker {
        Asker { network: self.address, known: true }
    }

    /// As the activity records them.
    pub const fn actor(&self) -> Actor {
        Actor {
            organisation: self.organisation,
            user: Some(self.user),
            address: self.address,
            request_id: self.request_id,
        }
    }
}

/// Somebody who gave their password within [`PROOF`].
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
    /// Proof that it is really them.
    ///
    /// # Errors
    /// [`Failure::ReauthenticationNeeded`] where the last one is too old.
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
