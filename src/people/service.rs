//! What can be done with organisations and users; changes of users, invitations and second factors have
//! files of their own.

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
    changes::{Change, Changed},
    ended::MayFinish,
    invitations::{Accepted, INVITATION, Invited, NEW_PASSWORD},
    second_factor::{Begun, Code, RECOVERY_CODES, RecoveryCode, SEALED, Setup},
};
pub use super::store::{
    NewUser, Organisation, User,
    invitations::Invitation,
    snapshot::{UserSnapshot, beside},
};
use super::{
    access::{Admin, Member, PROOF},
    model::{Email, Named, Password, PersonName, Role},
    passwords::{Hasher, Verdict},
    store::{self, Users, invitations::Invitations},
};
use crate::{
    activity::{
        model::{Action, Actor, Entry},
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

/// Organisations and users.
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

/// What a request shows of a user beside who they are.
#[derive(Clone, Copy, Debug)]
pub struct Presence {
    /// Where they are.
    pub address: Option<IpAddr>,
    /// The request.
    pub request_id: Option<RequestId>,
    /// When they last gave their password.
    pub reauthenticated_at: Option<Timestamp>,
}

/// How many users a page lists.
const PAGE: usize = 50;

/// What came of adding a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// They are there.
    Added(UserId),
    /// Somebody has this e-mail already.
    EmailTaken,
}

impl People {
    /// With this database.
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

    /// Whether nobody can log in yet, since there is no user.
    pub async fn is_empty(&self, on: &impl Queries) -> Result<bool, DatabaseError> {
        Ok(!store::any_user(on).await?)
    }

    /// Adds a user whose password has been hashed: themselves, from where they are, or by an operator. A
    /// conflict of the database means that somebody has the e-mail already.
    pub async fn add_user(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        themselves: Option<(Option<IpAddr>, Option<RequestId>)>,
        new: NewUser<'_>,
    ) -> Result<UserId, DatabaseError> {
        let id = UserId::new(&*self.clock, &*self.randomness);
        let entry = Entry::done(Action::UserAdded, new.email.as_str(), id.0).with_detail(new.role.name());
        Users::of(organisation).add(tx, id, new, self.clock.now()).await?;
        let actor = match themselves {
            Some((address, request_id)) => Actor { organisation, user: Some(id), address, request_id },
            None => Actor::operator(organisation),
        };
        self.activity.record(tx, actor, entry).await?;
        Ok(id)
    }

    /// The same from the command line.
    pub async fn create_user(
        &self,
        organisation: OrganisationId,
        email: &Email,
        name: &PersonName,
        role: Role,
        password: &Password,
    ) -> Result<Added, Failure> {
        let hash = self.hash(Asker::OPERATOR, password).await?;
        let added = self
            .database
            .write(async |tx| {
                let new = NewUser { email, name, role, password_hash: hash.clone() };
                self.add_user(&tx, organisation, None, new).await
            })
            .await;
        match added {
            Ok(id) => Ok(Added::Added(id)),
            Err(error) if error.is_conflict() => Ok(Added::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// The users of an organisation.
    pub async fn users(&self, organisation: OrganisationId) -> Result<Vec<User>, Failure> {
        Ok(Users::of(organisation).list(&self.database.read()).await?)
    }

    /// The users of an administrator's organisation by e-mail, after `after`, and whether there are more.
    pub async fn page(&self, admin: &Admin, after: Option<&str>) -> Result<(Vec<User>, bool), Failure> {
        let limit = PAGE as u64 + 1;
        let mut users = Users::of(admin.organisation()).page(&self.database.read(), after, limit).await?;
        let more = users.len() > PAGE;
        users.truncate(PAGE);
        Ok((users, more))
    }

    /// Some users of an organisation, as they are named where it matters who did something.
    pub async fn names(
        &self,
        organisation: OrganisationId,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<HashMap<UserId, Named>, Failure> {
        Ok(Users::of(organisation).names(&self.database.read(), users).await?)
    }

    /// A user of an administrator's organisation.
    pub async fn user(&self, admin: &Admin, id: UserId) -> Result<User, Failure> {
        let user = Users::of(admin.organisation()).get(&self.database.read(), id).await?;
        user.ok_or(Failure::NotFound)
    }

    /// A member's organisation.
    pub async fn organisation(&self, member: &Member) -> Result<Organisation, Failure> {
        let organisation = Users::of(member.organisation()).organisation(&self.database.read()).await?;
        organisation.ok_or(Failure::NotFound)
    }

    /// Tries an e-mail and a password: who it is, if they are right and may log in. The same hashes are
    /// computed whatever is wrong, so that the answer's time tells nothing.
    ///
    /// # Errors
    /// [`Failure::Busy`] where too many are trying.
    pub async fn authenticate(
        &self,
        asker: Asker,
        organisation: Option<OrganisationId>,
        email: Option<&Email>,
        password: &Password,
    ) -> Result<Authenticated, Failure> {
        self.survey_hashes().await?;
        // A query for an unknown organisation or e-mail too: the same is done whatever was typed.
        let users = Users::of(organisation.unwrap_or(OrganisationId(Uuid::nil())));
        let typed = email.map_or("", Email::as_str);
        let user = users.by_email(&self.database.read(), typed).await?;
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let verdict = self.hasher.verify(asker, password, stored).await?;
        Ok(match user {
            Some(user) if verdict != Verdict::Wrong && !user.disabled => {
                Authenticated::User { user, old_hash: verdict == Verdict::RightButOld }
            }
            refused => Authenticated::Refused(refused),
        })
    }

    /// Replaces a user's own password, which was verified as `user`, by one that has been hashed.
    ///
    /// # Returns
    /// Whether what was verified still is their password.
    pub async fn replace_password(
        &self,
        tx: &Tx,
        member: &Member,
        user: &User,
        hash: String,
    ) -> Result<bool, DatabaseError> {
        let users = Users::of(member.organisation());
        if !users.replace_password(tx, member.user(), &user.password_hash, hash).await? {
            return Ok(false);
        }
        Invitations::of(member.organisation()).take_all_for(tx, member.user()).await?;
        let entry = Entry::done(Action::PasswordChanged, &member.email, member.user().0);
        self.activity.record(tx, member.actor(), entry).await?;
        Ok(true)
    }

    /// Notes a log-in, and the newer hash of the password where it was made.
    ///
    /// # Returns
    /// Whether the password that was verified is still the user's, and they may still log in.
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

    /// Puts a newer hash of the password that was verified in place of the older one.
    ///
    /// # Returns
    /// The user as they are then; none where that password no longer is theirs.
    pub async fn rehash(&self, user: User, newer: Option<String>) -> Result<Option<User>, Failure> {
        let Some(newer) = newer else { return Ok(Some(user)) };
        let users = Users::of(user.organisation);
        let now = self
            .database
            .write(async |tx| {
                let replaced =
                    users.replace_password(&tx, user.id, &user.password_hash, newer.clone()).await?;
                let now = users.get(&tx, user.id).await?;
                // A log-in at the same time may have made it anew before this one: then the version is the same.
                Ok::<_, DatabaseError>(now.filter(|now| replaced || now.version == user.version))
            })
            .await?;
        Ok(now.filter(|now| !now.disabled))
    }

    /// Makes sure that an administrator still is one, and is until the transaction ends: their request may have
    /// begun before they were disabled, lost the role or were logged out.
    pub(super) async fn still_admin(&self, tx: &Tx, admin: &Admin) -> Result<(), Failure> {
        Users::of(admin.organisation()).lock_roles(tx).await?;
        match self.still_there(tx, admin).await?.role {
            Role::Admin => Ok(()),
            Role::Viewer => Err(Failure::Forbidden),
        }
    }

    /// Lets one transaction at a time count or change what this user has, whose sessions were not ended since they
    /// were read.
    ///
    /// # Errors
    /// [`Failure::LoggedOut`] where they were.
    pub async fn lock_still_there(&self, tx: &Tx, member: &Member) -> Result<(), Failure> {
        self.lock_user(tx, member).await?;
        self.still_there(tx, member).await.map(drop)
    }

    /// Lets one transaction at a time count or change what this user has.
    pub async fn lock_user(&self, tx: &Tx, member: &Member) -> Result<(), DatabaseError> {
        Users::of(member.organisation()).lock(tx, member.user()).await
    }

    /// The user whom a request began with. What it began with may have been ended since, and must not be made up for.
    async fn still_there(&self, tx: &Tx, member: &Member) -> Result<User, Failure> {
        let user = Users::of(member.organisation()).get(tx, member.user()).await?;
        user.filter(|user| !user.disabled && user.version == member.version).ok_or(Failure::LoggedOut)
    }

    /// The user of a session; none where they may no longer be in.
    pub fn member(&self, standing: UserSnapshot, presence: Presence) -> Result<Option<Member>, Failure> {
        let Presence { address, request_id, reauthenticated_at } = presence;
        if standing.disabled_at.is_some() {
            return Ok(None);
        }
        let role = Role::from_name(&standing.role)
            .ok_or_else(|| Failure::Unexpected(format!("user {} has an unknown role", standing.id)))?;
        let has_second_factor = standing.totp_since.is_some();
        let now = self.clock.now();
        Ok(Some(Member {
            organisation: OrganisationId(standing.organisation_id),
            user: UserId(standing.id),
            role,
            reauthenticated: reauthenticated_at
                .is_some_and(|at| at.is_credible(now) && now.since(at) < PROOF),
            has_second_factor,
            version: standing.version,
            lacks_second_factor: standing.organisation.second_factor_required && !has_second_factor,
            name: standing.name,
            email: standing.email,
            organisation_name: standing.organisation.name,
            address,
            request_id,
        }))
    }

    /// Whether nothing has happened to a user since they were read that ends sessions of theirs.
    pub async fn is_unchanged(&self, tx: &Tx, user: &User) -> Result<bool, DatabaseError> {
        let users = Users::of(user.organisation);
        // Who ends sessions at this moment has counted it and not committed yet: that is waited for.
        users.lock(tx, user.id).await?;
        let now = users.get(tx, user.id).await?;
        Ok(now.is_some_and(|now| now.version == user.version && !now.disabled))
    }
}

/// What came of trying an e-mail and a password.
#[derive(Clone, Debug)]
pub enum Authenticated {
    /// They are right.
    User {
        /// Whose they are.
        user: User,
        /// Whether the stored hash is older than today's parameters.
        old_hash: bool,
    },
    /// They are not, or the user may not log in; who it would have been, for the record alone.
    Refused(Option<User>),
}
