//! Changes of users, by an operator at the command line or by an administrator.

use super::People;
use crate::{
    activity::model::{Action, Actor, Entry},
    people::{
        access::{Admin, Reauthenticated},
        model::{Email, Password, Role},
        store::{User, Users, invitations::Invitations, second_factors::SecondFactors},
    },
    platform::{
        cpu::Asker,
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
    },
};

/// A change of a user.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new password.
    Password(Password),
    /// May log in, or may not.
    Enabled(bool),
    /// May do other things.
    Role(Role),
    /// Their second factor is taken away, as where they lost it.
    NoSecondFactor,
    /// Nothing but that their sessions end.
    EndSessions,
    /// The user is deleted; the record of what they did stays.
    Delete,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is done, and sessions of theirs have ended.
    Changed,
    /// It was so already, and nothing was done.
    Nothing,
    /// There is no such user.
    NoSuchUser,
    /// It would leave the organisation without an administrator who can log in.
    LastAdmin,
}

impl People {
    /// Changes a user from the command line; `end_sessions` runs in the same transaction, so that a
    /// session that may no longer be is gone with the change.
    pub async fn change_user(
        &self,
        organisation: OrganisationId,
        email: &Email,
        change: Change,
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<Changed, Failure> {
        let hash = match &change {
            Change::Password(password) => Some(self.hash(Asker::OPERATOR, password).await?),
            _ => None,
        };
        self.database
            .write(async |tx| {
                // Read once no other transaction changes roles: what was read before may no longer hold.
                let users = Users::of(organisation);
                users.lock_roles(&tx).await?;
                let Some(user) = users.by_email(&tx, email.as_str()).await? else {
                    return Ok(Changed::NoSuchUser);
                };
                let actor = Actor::operator(user.organisation);
                self.apply(&tx, actor, &user, &change, hash, end_sessions).await
            })
            .await
    }

    /// The same by an administrator.
    pub async fn administer(
        &self,
        admin: &Reauthenticated<Admin>,
        user: UserId,
        change: Change,
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<Changed, Failure> {
        let hash = match &change {
            Change::Password(password) => Some(self.hash(admin.asker(), password).await?),
            _ => None,
        };
        self.database
            .write(async |tx| {
                self.still_admin(&tx, admin).await?;
                let Some(user) = Users::of(admin.organisation()).get(&tx, user).await? else {
                    return Ok(Changed::NoSuchUser);
                };
                self.apply(&tx, admin.actor(), &user, &change, hash, end_sessions).await
            })
            .await
    }

    /// Applies a change to a user who was read after the organisation's roles were locked: of two that take the
    /// role from each other's last fellow at once, the second must see what the first did.
    async fn apply(
        &self,
        tx: &Tx,
        actor: Actor,
        user: &User,
        change: &Change,
        hash: Option<String>,
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<Changed, Failure> {
        let users = Users::of(user.organisation);
        // Users before invitations, as everywhere.
        users.lock(tx, user.id).await?;
        // Roles are locked as well: what was read of them still holds.
        let is_so = match change {
            Change::Enabled(enabled) => *enabled != user.disabled,
            Change::Role(role) => *role == user.role,
            Change::NoSecondFactor => !user.has_second_factor,
            _ => false,
        };
        if is_so {
            return Ok(Changed::Nothing);
        }
        let loses_admin = match change {
            Change::Enabled(false) | Change::Delete => user.role == Role::Admin,
            Change::Role(role) => user.role == Role::Admin && *role != Role::Admin,
            _ => false,
        };
        if loses_admin {
            let others = users.list(tx).await?;
            let left = others
                .iter()
                .any(|other| other.id != user.id && other.role == Role::Admin && !other.disabled);
            if !left {
                return Ok(Changed::LastAdmin);
            }
            // A link that they have made, and may have kept, would let them in again.
            for gone in Invitations::of(user.organisation).take_all_by(tx, user.id).await? {
                let entry = Entry::done(Action::InvitationWithdrawn, gone.email, gone.id.0)
                    .with_detail(format!("{} may not invite any more", user.email));
                self.activity.record(tx, actor, entry).await?;
            }
        }
        // Whatever is done to them, a link for a new password from before may be in the wrong hands.
        Invitations::of(user.organisation).take_all_for(tx, user.id).await?;
        let detail = match change {
            Change::Password(_) => {
                users.set_password(tx, user.id, hash.unwrap_or_default()).await?;
                "password".to_owned()
            }
            Change::Enabled(enabled) => {
                let since = (!enabled).then(|| self.clock.now());
                users.set_disabled(tx, user.id, since).await?;
                if *enabled { "enabled" } else { "disabled" }.to_owned()
            }
            Change::Role(role) => {
                users.set_role(tx, user.id, *role).await?;
                format!("role: {}", role.name())
            }
            Change::NoSecondFactor => {
                if !SecondFactors::of(user.organisation).remove(tx, user.id).await? {
                    return Ok(Changed::Nothing);
                }
                "second factor removed".to_owned()
            }
            Change::EndSessions => "sessions ended".to_owned(),
            Change::Delete => String::new(),
        };
        end_sessions(tx, user.organisation, user.id).await?;
        let action = if matches!(change, Change::Delete) {
            users.delete(tx, user.id).await?;
            Action::UserDeleted
        } else {
            Action::UserChanged
        };
        let entry = Entry::done(action, &user.email, user.id.0).with_detail(detail);
        self.activity.record(tx, actor, entry).await?;
        Ok(Changed::Changed)
    }
}
