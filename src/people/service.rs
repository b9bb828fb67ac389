//! What can be done with organisations and users.

use std::net::IpAddr;

pub use super::store::{Organisation, User};
use super::{
    access::Member,
    model::{Email, OrganisationName, Password, PersonName, Role},
    passwords::{Hasher, Verdict},
    store::{self, NewUser, Users},
};
use crate::{
    activity::{
        model::{Action, Actor, Entry},
        service::Activity,
    },
    platform::{
        clock::SharedClock,
        database::{Database, DatabaseError, Queries, Tx, Unscoped},
        failure::Failure,
        id::{OrganisationId, UserId},
        middleware::reference::Reference,
        randomness::SharedRandomness,
    },
};

/// Organisations and users.
#[derive(Clone)]
pub struct People {
    database: Database,
    hasher: Hasher,
    activity: Activity,
    clock: SharedClock,
    randomness: SharedRandomness,
}

/// What came of adding a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// They are there.
    Added(UserId),
    /// Somebody has this e-mail already.
    EmailTaken,
}

/// A change that an operator makes to a user.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new password.
    Password(Password),
    /// May log in, or may not.
    Enabled(bool),
    /// May do other things.
    Role(Role),
}

/// What came of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is done; sessions of theirs are to be ended.
    Changed(OrganisationId, UserId),
    /// Nobody has this e-mail.
    NoSuchUser,
    /// It would leave the organisation without an administrator who can log in.
    LastAdmin,
}

impl People {
    /// With this database.
    pub fn new(
        database: Database,
        hasher: Hasher,
        activity: Activity,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> Self {
        Self { database, hasher, activity, clock, randomness }
    }

    /// Whether nobody can log in yet, since there is no user.
    pub async fn is_empty(&self, on: &impl Queries) -> Result<bool, DatabaseError> {
        Ok(!store::any_user(on).await?)
    }

    /// The hash of a password that has been chosen: before a transaction begins, for it takes long.
    pub async fn hash(&self, password: &Password) -> Result<String, Failure> {
        self.hasher.hash(password).await
    }

    /// Adds an organisation.
    pub async fn add_organisation(
        &self,
        tx: &Tx,
        name: &OrganisationName,
    ) -> Result<OrganisationId, DatabaseError> {
        let id = OrganisationId::new(&*self.clock, &*self.randomness);
        store::add_organisation(tx, id, name, self.clock.now()).await?;
        let entry = Entry::done(Action::OrganisationAdded, name.as_str(), id.0);
        self.activity.record(tx, Actor::operator(id), entry).await?;
        Ok(id)
    }

    /// The same in a transaction of its own, for the command line.
    pub async fn create_organisation(&self, name: &OrganisationName) -> Result<OrganisationId, Failure> {
        self.database.write(async |tx| Ok(self.add_organisation(&tx, name).await?)).await
    }

    /// All organisations.
    pub async fn organisations(&self) -> Result<Vec<Organisation>, Failure> {
        Ok(store::organisations(&self.database.read()).await?)
    }

    /// Adds a user whose password has been hashed. A conflict of the database means that somebody has
    /// the e-mail already.
    pub async fn add_user(
        &self,
        tx: &Tx,
        actor: Actor,
        email: &Email,
        name: &PersonName,
        role: Role,
        password_hash: String,
    ) -> Result<UserId, DatabaseError> {
        let id = UserId::new(&*self.clock, &*self.randomness);
        let new = NewUser { email, name, role, password_hash };
        Users::of(actor.organisation).add(tx, id, new, self.clock.now()).await?;
        let entry = Entry::done(Action::UserAdded, email.as_str(), id.0).with_detail(role.name());
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
        let hash = self.hash(password).await?;
        let actor = Actor::operator(organisation);
        let added = self
            .database
            .write(async |tx| self.add_user(&tx, actor, email, name, role, hash.clone()).await)
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

    /// Changes a user from the command line; `end_sessions` runs in the same transaction, so that a
    /// session that may no longer be is gone with the change.
    pub async fn change_user(
        &self,
        email: &Email,
        change: Change,
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<Changed, Failure> {
        let hash = match &change {
            Change::Password(password) => Some(self.hash(password).await?),
            _ => None,
        };
        self.database
            .write(async |tx| {
                let Some(user) = Unscoped.user_by_email(&tx, email).await? else {
                    return Ok(Changed::NoSuchUser);
                };
                let users = Users::of(user.organisation);
                let loses_admin = match change {
                    Change::Enabled(false) => user.role == Role::Admin,
                    Change::Role(role) => user.role == Role::Admin && role != Role::Admin,
                    _ => false,
                };
                if loses_admin {
                    // Of two that take the role from each other's last fellow at once, the second must see
                    // what the first did.
                    users.lock_roles(&tx).await?;
                    let others = users.list(&tx).await?;
                    let left = others
                        .iter()
                        .any(|other| other.id != user.id && other.role == Role::Admin && !other.disabled);
                    if !left {
                        return Ok(Changed::LastAdmin);
                    }
                }
                let detail = match change {
                    Change::Password(_) => {
                        users.set_password(&tx, user.id, hash.unwrap_or_default()).await?;
                        "password".to_owned()
                    }
                    Change::Enabled(enabled) => {
                        let since = (!enabled).then(|| self.clock.now());
                        users.set_disabled(&tx, user.id, since).await?;
                        if enabled { "enabled" } else { "disabled" }.to_owned()
                    }
                    Change::Role(role) => {
                        users.set_role(&tx, user.id, role).await?;
                        format!("role: {}", role.name())
                    }
                };
                end_sessions(&tx, user.organisation, user.id).await?;
                let entry = Entry::done(Action::UserChanged, user.email, user.id.0).with_detail(detail);
                self.activity.record(&tx, Actor::operator(user.organisation), entry).await?;
                Ok(Changed::Changed(user.organisation, user.id))
            })
            .await
    }

    /// Tries an e-mail and a password: who it is, if they are right and may log in. Exactly one
    /// password is verified whatever is wrong, so that the answer's time tells nothing.
    ///
    /// # Errors
    /// [`Failure::Busy`] where too many are trying.
    pub async fn authenticate(
        &self,
        email: Option<&Email>,
        password: &Password,
    ) -> Result<Authenticated, Failure> {
        let user = match email {
            Some(email) => Unscoped.user_by_email(&self.database.read(), email).await?,
            None => None,
        };
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let verdict = self.hasher.verify(password, stored).await?;
        Ok(match (user, verdict) {
            (Some(user), verdict) if verdict != Verdict::Wrong && !user.disabled => {
                let newer = match verdict {
                    Verdict::RightButOld(hash) => Some(hash),
                    _ => None,
                };
                Authenticated::User(user, newer)
            }
            (user, _) => Authenticated::Refused(user),
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
        if !users.note_login(tx, user.id, &user.password_hash, self.clock.now()).await? {
            return Ok(false);
        }
        if let Some(newer) = newer_hash {
            users.replace_password(tx, user.id, &user.password_hash, newer).await?;
        }
        Ok(true)
    }

    /// Lets one transaction at a time count what this user has.
    pub async fn lock_user(&self, tx: &Tx, member: &Member) -> Result<(), DatabaseError> {
        Users::of(member.organisation()).lock(tx, member.user()).await
    }

    /// The user of a session, as they are now; none where they may no longer be in.
    pub async fn member(
        &self,
        organisation: OrganisationId,
        user: UserId,
        address: Option<IpAddr>,
        reference: Option<Reference>,
    ) -> Result<Option<Member>, Failure> {
        let found = Users::of(organisation).get(&self.database.read(), user).await?;
        Ok(found.filter(|(user, _)| !user.disabled).map(|(user, organisation_name)| Member {
            organisation,
            user: user.id,
            role: user.role,
            name: user.name,
            email: user.email,
            organisation_name,
            address,
            reference,
        }))
    }
}

/// What came of trying an e-mail and a password.
#[derive(Clone, Debug)]
pub enum Authenticated {
    /// They are right; the second is a hash with today's parameters where the stored one is older.
    User(User, Option<String>),
    /// They are not, or the user may not log in; who it would have been, for the record alone.
    Refused(Option<User>),
}
