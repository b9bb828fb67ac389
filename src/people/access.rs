//! The caller of a use case, and what it may do, as types. A use case for every caller takes a [`Caller`]. A use case
//! of a user's own profile takes a [`LoggedInUser`]. A use case that only an administrator may run takes an
//! [`Admin`], and [`Member::admin`] is the only way to get one. A use case that a stolen or unattended session must
//! not be able to run takes a [`Reauthenticated`].
//!
//! An API client becomes a [`Caller`] too, with its [`Reach`]: the accounts that it may see. Its scopes are checked by
//! the route table.
//!
//! None of these types has a name or an email. Those are for the screen, and pages take them from the
//! [`Member`].

mod scope;

use std::net::IpAddr;

use time::Duration;

pub use self::scope::{AREAS, Scope, Scopes, UnknownScope};
use super::model::Role;
use crate::{
    activity::model::Actor,
    platform::{
        cpu::Asker,
        failure::Failure,
        id::{ApiClientId, OrganisationId, UserId},
        request_id::RequestId,
    },
};

/// How long re-authentication counts.
pub const REAUTHENTICATION_LASTS: Duration = Duration::minutes(10);

/// The member, API client or job that calls a use case, with the organisation, the network address and the request id.
#[derive(Clone, Debug)]
pub struct Caller {
    organisation: OrganisationId,
    kind: CallerKind,
    address: Option<IpAddr>,
    request_id: Option<RequestId>,
}

/// The kind of a caller. Use cases do not match on it. They call the methods of [`Caller`], so a new kind of caller
/// needs no change of a use case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// A logged-in user, as read from the database when the request began.
    Member {
        user: UserId,
        role: Role,
        /// `users.version` when the user was read.
        version: i64,
    },
    /// Background work.
    Job {
        /// The name of the job's kind.
        name: &'static str,
    },
    /// An application of the organisation, by a credential that was checked when the request began.
    Client { client: ApiClientId, reach: Reach },
}

/// The accounts that a caller may see and use. For all other accounts, a use case answers as if there were none. Which
/// connectors and accounts a client has, is read from the database in the query itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// All accounts of the organisation.
    All,
    /// The accounts of the connectors that were chosen for this client.
    OfConnectors(ApiClientId),
    /// The accounts that were made by sign-ins with links of this client.
    ConnectedBy(ApiClientId),
}

impl Caller {
    /// A job of the kind with this name, which works for an organisation.
    pub const fn job(organisation: OrganisationId, name: &'static str) -> Self {
        Self { organisation, kind: CallerKind::Job { name }, address: None, request_id: None }
    }

    /// An API client whose credential was checked, with the address of its request.
    pub const fn of_client(
        organisation: OrganisationId,
        client: ApiClientId,
        reach: Reach,
        address: Option<IpAddr>,
        request_id: Option<RequestId>,
    ) -> Self {
        Self { organisation, kind: CallerKind::Client { client, reach }, address, request_id }
    }

    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    pub const fn kind(&self) -> &CallerKind {
        &self.kind
    }

    /// The user who makes the request; `None` if the caller is not a user.
    pub const fn user(&self) -> Option<UserId> {
        match self.kind {
            CallerKind::Member { user, .. } => Some(user),
            CallerKind::Job { .. } | CallerKind::Client { .. } => None,
        }
    }

    /// The API client that makes the request; `None` if the caller is not one.
    pub const fn client(&self) -> Option<ApiClientId> {
        match self.kind {
            CallerKind::Client { client, .. } => Some(client),
            CallerKind::Job { .. } | CallerKind::Member { .. } => None,
        }
    }

    /// The accounts that the caller may see and use.
    pub const fn reach(&self) -> Reach {
        match self.kind {
            CallerKind::Client { reach, .. } => reach,
            CallerKind::Job { .. } | CallerKind::Member { .. } => Reach::All,
        }
    }

    /// Whether the caller is an administrator. Use it only in a use case that all callers may run and that gives
    /// administrators more. A use case for administrators alone takes an [`Admin`].
    pub const fn is_admin(&self) -> bool {
        matches!(self.kind, CallerKind::Member { role: Role::Admin, .. })
    }

    /// The requester whose share of the CPU pool this call uses. It is a known one, because a visitor who is not
    /// logged in never becomes a caller.
    pub const fn asker(&self) -> Asker {
        Asker { network: self.address, known: true }
    }

    /// The caller as the activity records it.
    pub const fn actor(&self) -> Actor {
        Actor {
            organisation: self.organisation,
            user: self.user(),
            client: self.client(),
            address: self.address,
            request_id: self.request_id,
        }
    }
}

/// The user of a request, for use cases of the user's own profile. Only a [`Member`] creates one.
#[derive(Clone, Debug)]
pub struct LoggedInUser {
    pub(super) organisation: OrganisationId,
    pub(super) user: UserId,
    pub(super) role: Role,
    /// `users.version` when the user was read. A higher version in the database means that the user's sessions were
    /// ended since then.
    pub(super) version: i64,
    pub(super) reauthenticated: bool,
    /// Network address of the browser.
    pub(super) address: Option<IpAddr>,
    pub(super) request_id: Option<RequestId>,
}

impl LoggedInUser {
    /// The user as the caller of a use case.
    pub const fn caller(&self) -> Caller {
        let Self { organisation, user, role, version, address, request_id, .. } = *self;
        Caller { organisation, kind: CallerKind::Member { user, role, version }, address, request_id }
    }

    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    pub const fn user(&self) -> UserId {
        self.user
    }

    /// `users.version` when the user was read. Work that began at one version does not continue at another.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The requester whose share of the CPU pool this user's work uses.
    pub const fn asker(&self) -> Asker {
        self.caller().asker()
    }

    /// The user as the activity records them.
    pub const fn actor(&self) -> Actor {
        self.caller().actor()
    }
}

/// A logged-in user, as read from the database when this request began, with the texts that pages show. A handler
/// passes [`Self::caller`], [`Self::logged_in_user`] or [`Self::admin`] to use cases, and never the member itself.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) user: LoggedInUser,
    pub(super) has_second_factor: bool,
    pub(super) lacks_second_factor: bool,
    // The texts that pages show.
    pub name: String,
    pub email: String,
    pub organisation_name: String,
}

impl Member {
    /// The member as the caller of a use case.
    pub const fn caller(&self) -> Caller {
        self.user.caller()
    }

    /// The member for use cases of their own profile.
    pub const fn logged_in_user(&self) -> &LoggedInUser {
        &self.user
    }

    pub const fn user(&self) -> UserId {
        self.user.user
    }

    pub const fn role(&self) -> Role {
        self.user.role
    }

    /// Whether the user is an administrator. Use it only to show more on a page. A use case takes the [`Admin`] that
    /// [`Self::admin`] returns.
    pub fn is_admin(&self) -> bool {
        self.user.role == Role::Admin
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
    pub fn admin(&self) -> Result<Admin, Failure> {
        match (self.lacks_second_factor, self.user.role) {
            (true, _) => Err(Failure::SecondFactorNeeded),
            (false, Role::Admin) => Ok(Admin(self.user.clone())),
            (false, Role::Viewer) => Err(Failure::Forbidden),
        }
    }

    /// Whether the user re-authenticated within [`REAUTHENTICATION_LASTS`].
    pub const fn has_reauthenticated(&self) -> bool {
        self.user.reauthenticated
    }

    /// Checks that the user re-authenticated recently. Without this check, a person who finds an unattended browser
    /// could make the change.
    ///
    /// # Errors
    /// [`Failure::ReauthenticationNeeded`] if it was too long ago.
    pub fn reauthenticated(&self) -> Result<Reauthenticated<LoggedInUser>, Failure> {
        let user = self.user.clone();
        if user.reauthenticated { Ok(Reauthenticated(user)) } else { Err(Failure::ReauthenticationNeeded) }
    }
}

/// A user or an administrator who re-authenticated within [`REAUTHENTICATION_LASTS`].
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
pub struct Admin(LoggedInUser);

impl Admin {
    /// The administrator as the caller of a use case.
    pub const fn caller(&self) -> Caller {
        self.0.caller()
    }

    /// The administrator as the user of the request.
    pub const fn logged_in_user(&self) -> &LoggedInUser {
        &self.0
    }

    pub const fn organisation(&self) -> OrganisationId {
        self.0.organisation
    }

    pub const fn user(&self) -> UserId {
        self.0.user
    }

    /// The requester whose share of the CPU pool this administrator's work uses.
    pub const fn asker(&self) -> Asker {
        self.0.asker()
    }

    /// The administrator as the activity records them.
    pub const fn actor(&self) -> Actor {
        self.0.actor()
    }

    /// Checks that the administrator re-authenticated recently.
    ///
    /// # Errors
    /// [`Failure::ReauthenticationNeeded`] if it was too long ago.
    pub fn reauthenticated(self) -> Result<Reauthenticated<Self>, Failure> {
        if self.0.reauthenticated { Ok(Reauthenticated(self)) } else { Err(Failure::ReauthenticationNeeded) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ORGANISATION: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const USER: UserId = UserId(Uuid::from_u128(2));

    fn member(role: Role) -> Member {
        Member {
            user: LoggedInUser {
                organisation: ORGANISATION,
                user: USER,
                role,
                version: 3,
                reauthenticated: false,
                address: Some([192, 0, 2, 1].into()),
                request_id: None,
            },
            has_second_factor: false,
            lacks_second_factor: false,
            name: "Ada".to_owned(),
            email: "ada@contoso.test".to_owned(),
            organisation_name: "Contoso".to_owned(),
        }
    }

    #[test]
    fn a_job_is_no_user_and_no_administrator() {
        let job = Caller::job(ORGANISATION, "sweep");
        assert_eq!(*job.kind(), CallerKind::Job { name: "sweep" });
        assert_eq!((job.organisation(), job.user(), job.is_admin()), (ORGANISATION, None, false));
        assert_eq!(job.actor(), Actor::operator(ORGANISATION));
        assert_eq!(job.asker(), Asker::OPERATOR);
    }

    #[test]
    fn a_client_is_no_user_and_reaches_only_what_it_was_given() {
        let client = ApiClientId(Uuid::from_u128(4));
        let address = Some([192, 0, 2, 1].into());
        let caller = Caller::of_client(ORGANISATION, client, Reach::ConnectedBy(client), address, None);
        assert_eq!((caller.user(), caller.client(), caller.is_admin()), (None, Some(client), false));
        assert_eq!(caller.reach(), Reach::ConnectedBy(client));
        assert_eq!((caller.actor().user, caller.actor().client), (None, Some(client)));
        for other in [Caller::job(ORGANISATION, "sweep"), member(Role::Viewer).caller()] {
            assert_eq!((other.client(), other.reach()), (None, Reach::All));
        }
    }

    #[test]
    fn a_members_caller_names_the_user_and_the_address() {
        for role in [Role::Admin, Role::Viewer] {
            let caller = member(role).caller();
            assert_eq!(*caller.kind(), CallerKind::Member { user: USER, role, version: 3 });
            assert_eq!(caller.is_admin(), role == Role::Admin);
            assert_eq!((caller.actor().user, caller.actor().address), (Some(USER), caller.asker().network));
            assert_eq!(caller.asker().network, Some([192, 0, 2, 1].into()));
        }
    }

    #[test]
    fn only_an_administrator_becomes_an_admin_and_only_after_the_password_a_reauthenticated_one() {
        assert!(matches!(member(Role::Viewer).admin(), Err(Failure::Forbidden)));
        let lacking = Member { lacks_second_factor: true, ..member(Role::Admin) };
        assert!(matches!(lacking.admin(), Err(Failure::SecondFactorNeeded)));
        let mut ada = member(Role::Admin);
        let admin = ada.admin().expect("an administrator");
        assert!(matches!(admin.reauthenticated(), Err(Failure::ReauthenticationNeeded)));
        assert!(matches!(ada.reauthenticated(), Err(Failure::ReauthenticationNeeded)));
        ada.user.reauthenticated = true;
        assert!(ada.reauthenticated().is_ok());
        assert!(ada.admin().and_then(Admin::reauthenticated).is_ok());
    }
}
