//! The use cases of organisations and users. Changes of users, invitations and second factors have submodules
//! of their own.

mod changes;
mod ended;
mod invitations;
mod organisations;
mod passwords;
mod second_factor;

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use tokio::sync::OnceCell;
use uuid::Uuid;

pub use self::{
    changes::{ChangeOutcome, UserChange},
    ended::MayFinish,
    invitations::{Accepted, INVITATION_LASTS, Invited, NEW_PASSWORD_LASTS},
    second_factor::{BegunSecondFactor, Code, RECOVERY_CODES, RecoveryCode, SEALED, Setup},
};
pub use super::store::{
    NewUser, Organisation, User,
    invitations::Invitation,
    snapshot::{UserSnapshot, with_user_snapshot},
};
use super::{
    access::{Admin, Caller, LoggedInUser, Member, REAUTHENTICATION_LASTS},
    model::{Email, Password, PersonName, Role, UserLabel},
    passwords::{Hasher, Verdict},
    store::{self, Users, invitations::Invitations},
};
use crate::{
    activity::{
        model::{Action, Actor, Detail, Entry},
        service::Activity,
    },
    platform::{
        clock::{SharedClock, Timestamp},
        cpu::Asker,
        database::{Database, DatabaseError, Queries, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
        randomness::SharedRandomness,
        request_id::RequestId,
    },
    vault::Vault,
};

/// The use cases of organisations and users.
#[derive(Clone)]
pub struct People {
    database: Database,
    hasher: Hasher,
    activity: Activity,
    vault: Vault,
    clock: SharedClock,
    randomness: SharedRandomness,
    /// Set once the parameters of all stored hashes are known.
    hashes_surveyed: Arc<OnceCell<()>>,
}

/// The network address and the id of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// The network address of the browser.
    pub address: Option<IpAddr>,
    pub request_id: Option<RequestId>,
    /// When the user last gave their password.
    pub reauthenticated_at: Option<Timestamp>,
}

/// Number of users on a page.
const PAGE_SIZE: usize = 50;

/// The result of adding a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAddition {
    /// The user was added.
    Added(UserId),
    /// Another user of the organisation has this email.
    EmailTaken,
}

impl People {
    /// Use cases on this database.
    pub fn new(
        database: Database,
        hasher: Hasher,
        activity: Activity,
        vault: Vault,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> Self {
        let hashes_surveyed = Arc::default();
        Self { database, hasher, activity, vault, clock, randomness, hashes_surveyed }
    }

    /// Whether there is no user yet, so no one can log in.
    pub async fn is_empty(&self, on: &impl Queries) -> Result<bool, DatabaseError> {
        Ok(!store::any_user(on).await?)
    }

    /// Adds a user whose password has been hashed. `themselves` is address and request id if the user added
    /// themselves, and `None` if the operator did. A conflict of the database means that another user has the
    /// email.
    pub async fn add_user(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        themselves: Option<(Option<IpAddr>, Option<RequestId>)>,
        new: NewUser<'_>,
    ) -> Result<UserId, DatabaseError> {
        let id = UserId::new(&*self.clock, &*self.randomness);
        let detail = Detail::Role { role: new.role.name().to_owned() };
        let entry = Entry::done(Action::UserAdded, new.email.as_str(), id.0).with_detail(detail);
        Users::of(organisation).add(tx, id, new).await?;
        let actor = match themselves {
            Some((address, request_id)) => {
                Actor { organisation, user: Some(id), client: None, address, request_id }
            }
            None => Actor::operator(organisation),
        };
        self.activity.record(tx, actor, entry).await?;
        Ok(id)
    }

    /// Adds a user from the command line.
    pub async fn create_user(
        &self,
        organisation: OrganisationId,
        email: &Email,
        name: &PersonName,
        role: Role,
        password: &Password,
    ) -> Result<UserAddition, Failure> {
        let hash = self.hash(Asker::OPERATOR, password).await?;
        let added = self
            .database
            .write(async |tx| {
                let new = NewUser { email, name, role, password_hash: hash.clone() };
                self.add_user(&tx, organisation, None, new).await
            })
            .await;
        match added {
            Ok(id) => Ok(UserAddition::Added(id)),
            Err(error) if error.is_conflict() => Ok(UserAddition::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn users(&self, organisation: OrganisationId) -> Result<Vec<User>, Failure> {
        Ok(Users::of(organisation).list(&self.database.read()).await?)
    }

    /// The users of an administrator's organisation by email, after `after`, and whether there are more.
    pub async fn page(&self, admin: &Admin, after: Option<&str>) -> Result<(Vec<User>, bool), Failure> {
        let limit = PAGE_SIZE as u64 + 1;
        let mut users = Users::of(admin.organisation()).page(&self.database.read(), after, limit).await?;
        let more = users.len() > PAGE_SIZE;
        users.truncate(PAGE_SIZE);
        Ok((users, more))
    }

    /// Name and email of some users of an organisation.
    pub async fn names(
        &self,
        organisation: OrganisationId,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<HashMap<UserId, UserLabel>, Failure> {
        Ok(Users::of(organisation).names(&self.database.read(), users).await?)
    }

    /// A user of an administrator's organisation.
    pub async fn user(&self, admin: &Admin, id: UserId) -> Result<User, Failure> {
        let user = Users::of(admin.organisation()).get(&self.database.read(), id).await?;
        user.ok_or(Failure::NotFound)
    }

    pub async fn organisation(&self, caller: &Caller) -> Result<Organisation, Failure> {
        let organisation = Users::of(caller.organisation()).organisation(&self.database.read()).await?;
        organisation.ok_or(Failure::NotFound)
    }

    /// Tries an email and a password, and returns the user if they are right and the user may log in. It
    /// computes the same hashes in every case, so that the response time tells an attacker nothing.
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many requests wait already.
    pub async fn authenticate(
        &self,
        asker: Asker,
        organisation: Option<OrganisationId>,
        email: Option<&Email>,
        password: &Password,
    ) -> Result<Authenticated, Failure> {
        self.survey_hashes().await?;
        // Query for an unknown organisation or email too, so that every attempt does the same work.
        let users = Users::of(organisation.unwrap_or(OrganisationId(Uuid::nil())));
        let typed = email.map_or("", Email::as_str);
        let user = users.by_email(&self.database.read(), typed).await?;
        self.verify(asker, user, password).await
    }

    /// Tries the password of a logged-in user again. See [`Self::authenticate`].
    ///
    /// # Errors
    /// [`Failure::Busy`] if too many requests wait already.
    pub async fn authenticate_again(
        &self,
        member: &LoggedInUser,
        password: &Password,
    ) -> Result<Authenticated, Failure> {
        self.survey_hashes().await?;
        let user = Users::of(member.organisation()).get(&self.database.read(), member.user()).await?;
        self.verify(member.asker(), user, password).await
    }

    /// Tries a password of this user, or does the same work if there is none.
    async fn verify(
        &self,
        asker: Asker,
        user: Option<User>,
        password: &Password,
    ) -> Result<Authenticated, Failure> {
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let verdict = self.hasher.verify(asker, password, stored).await?;
        Ok(match user {
            Some(user) if verdict != Verdict::Wrong && !user.disabled => {
                Authenticated::User { user, old_hash: verdict == Verdict::RightButOld }
            }
            refused => Authenticated::Refused(refused),
        })
    }

    /// Replaces a user's own password, which was verified as `user`, with a hashed one.
    ///
    /// # Returns
    /// Whether the verified password was still the user's.
    pub async fn replace_password(
        &self,
        tx: &Tx,
        member: &LoggedInUser,
        user: &User,
        hash: String,
    ) -> Result<bool, DatabaseError> {
        let users = Users::of(member.organisation());
        if !users.replace_password(tx, member.user(), &user.password_hash, hash).await? {
            return Ok(false);
        }
        Invitations::of(member.organisation()).withdraw_all_for_user(tx, member.user()).await?;
        let entry = Entry::done(Action::PasswordChanged, &user.email, user.id.0);
        self.activity.record(tx, member.actor(), entry).await?;
        Ok(true)
    }

    /// Records a log-in, and stores the newer hash of the password if there is one.
    ///
    /// # Returns
    /// Whether the verified password is still the user's, and the user may still log in.
    pub async fn note_login(
        &self,
        tx: &Tx,
        user: &User,
        newer_hash: Option<String>,
    ) -> Result<bool, DatabaseError> {
        let users = Users::of(user.organisation);
        if !users.note_login(tx, user, self.clock.now()).await? {
            return Ok(false);
        }
        if let Some(newer) = newer_hash {
            users.replace_password(tx, user.id, &user.password_hash, newer).await?;
        }
        Ok(true)
    }

    /// Stores a newer hash of the verified password in place of the older one.
    ///
    /// # Returns
    /// The user as stored then; `None` if the verified password is no longer theirs.
    pub async fn rehash(&self, user: User, newer: Option<String>) -> Result<Option<User>, Failure> {
        let Some(newer) = newer else { return Ok(Some(user)) };
        let users = Users::of(user.organisation);
        let now = self
            .database
            .write(async |tx| {
                let replaced =
                    users.replace_password(&tx, user.id, &user.password_hash, newer.clone()).await?;
                let now = users.get(&tx, user.id).await?;
                // A concurrent log-in may have rehashed the password first. Then the version is unchanged.
                Ok::<_, DatabaseError>(now.filter(|now| replaced || now.version == user.version))
            })
            .await?;
        Ok(now.filter(|now| !now.disabled))
    }

    /// Checks that an administrator still is one, and locks this until the transaction ends. Since the
    /// request began, the administrator may have been disabled, demoted or logged out.
    pub(super) async fn check_still_admin(&self, tx: &Tx, admin: &Admin) -> Result<(), Failure> {
        Users::of(admin.organisation()).lock_roles(tx).await?;
        match self.current_user(tx, admin.logged_in_user()).await?.role {
            Role::Admin => Ok(()),
            Role::Viewer => Err(Failure::Forbidden),
        }
    }

    /// Locks the user's row, so that one transaction at a time counts or changes what the user has, and
    /// checks that the user's sessions were not ended since the request began.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] if they were ended.
    pub async fn lock_and_check_user(&self, tx: &Tx, member: &LoggedInUser) -> Result<(), Failure> {
        self.lock_user(tx, member).await?;
        self.current_user(tx, member).await.map(drop)
    }

    /// Locks the user's row, so that one transaction at a time counts or changes what the user has.
    pub async fn lock_user(&self, tx: &Tx, member: &LoggedInUser) -> Result<(), DatabaseError> {
        Users::of(member.organisation()).lock(tx, member.user()).await
    }

    /// The user of a request, as stored now. Fails if the user was disabled or their sessions were ended
    /// since the request began.
    async fn current_user(&self, tx: &Tx, member: &LoggedInUser) -> Result<User, Failure> {
        let user = Users::of(member.organisation()).get(tx, member.user()).await?;
        user.filter(|user| !user.disabled && user.version == member.version()).ok_or(Failure::LoggedOut)
    }

    /// The email of a logged-in user, for the activity; empty if the user was deleted since the request
    /// began.
    pub async fn email_of(&self, tx: &Tx, member: &LoggedInUser) -> Result<String, DatabaseError> {
        let user = Users::of(member.organisation()).get(tx, member.user()).await?;
        Ok(user.map(|user| user.email).unwrap_or_default())
    }

    /// The user of a session; `None` if the user may no longer use it.
    pub fn member_of_session(
        &self,
        snapshot: UserSnapshot,
        context: RequestContext,
    ) -> Result<Option<Member>, Failure> {
        let RequestContext { address, request_id, reauthenticated_at } = context;
        if snapshot.disabled_at.is_some() {
            return Ok(None);
        }
        let role = Role::from_name(&snapshot.role)
            .ok_or_else(|| Failure::Unexpected(format!("user {} has an unknown role", snapshot.id)))?;
        let has_second_factor = snapshot.totp_since.is_some();
        let now = self.clock.now();
        let user = LoggedInUser {
            organisation: OrganisationId(snapshot.organisation_id),
            user: UserId(snapshot.id),
            role,
            version: snapshot.version,
            reauthenticated: reauthenticated_at
                .is_some_and(|at| at.is_credible(now) && now.since(at) < REAUTHENTICATION_LASTS),
            address,
            request_id,
        };
        Ok(Some(Member {
            user,
            has_second_factor,
            lacks_second_factor: snapshot.organisation.second_factor_required && !has_second_factor,
            name: snapshot.name,
            email: snapshot.email,
            organisation_name: snapshot.organisation.name,
        }))
    }

    /// Whether no event since the user was read has ended their sessions.
    pub async fn is_unchanged(&self, tx: &Tx, user: &User) -> Result<bool, DatabaseError> {
        let users = Users::of(user.organisation);
        // Another transaction may have counted such an event and not committed yet. The lock waits for it.
        users.lock(tx, user.id).await?;
        let now = users.get(tx, user.id).await?;
        Ok(now.is_some_and(|now| now.version == user.version && !now.disabled))
    }
}

/// The result of trying an email and a password.
#[derive(Clone, Debug)]
pub enum Authenticated {
    /// Email and password are right.
    User {
        /// The user whose they are.
        user: User,
        /// Whether the stored hash has older parameters than today's.
        old_hash: bool,
    },
    /// They are wrong, or the user may not log in. The user is only for the record.
    Refused(Option<User>),
}
