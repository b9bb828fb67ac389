//! Who asks, and what they may: authorisation as a type. A use case that only an administrator may run
//! takes an [`Admin`], and there is no other way to get one than [`Member::admin`].

use std::net::IpAddr;

use super::model::Role;
use crate::{
    activity::model::Actor,
    platform::{
        failure::Failure,
        id::{OrganisationId, UserId},
        middleware::reference::Reference,
    },
};

/// A user who is signed in, as the database had them when this request began.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) organisation: OrganisationId,
    pub(super) user: UserId,
    pub(super) role: Role,
    /// Their name, to be shown.
    pub name: String,
    /// Their e-mail, to be shown.
    pub email: String,
    /// Their organisation's name, to be shown.
    pub organisation_name: String,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// The request.
    pub reference: Option<Reference>,
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

    /// Proof that they are an administrator.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] where they are not.
    pub fn admin(self) -> Result<Admin, Failure> {
        if self.is_admin() { Ok(Admin(self)) } else { Err(Failure::Forbidden) }
    }

    /// As the activity records them.
    pub const fn actor(&self) -> Actor {
        Actor {
            organisation: self.organisation,
            user: Some(self.user),
            address: self.address,
            reference: self.reference,
        }
    }
}

/// An administrator of their organisation.
#[derive(Clone, Debug)]
pub struct Admin(Member);

impl std::ops::Deref for Admin {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}
