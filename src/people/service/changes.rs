//! Changes of users, by the operator on the command line or by an administrator.

use super::People;
use crate::{
    activity::model::{Action, Actor, Detail, Entry},
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

#[derive(Clone, Debug)]
pub enum UserChange {
    /// Sets a new password.
    Password(Password),
    /// Enables or disables the user.
    Enabled(bool),
    /// Sets the role.
    Role(Role),
    /// Removes the second factor, for example after the user lost the phone.
    NoSecondFactor,
    /// Only ends the user's sessions.
    EndSessions,
    /// Deletes the user. The record of what they did stays.
    Delete,
}

/// The result of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The change was made, and the user's sessions were ended.
    Changed,
    /// The user is already in the wanted state; nothing was changed.
    Nothing,
    /// There is no such user.
    NoSuchUser,
    /// The change would leave the organisation without an administrator who can log in.
    LastAdmin,
}

impl People {
    /// Changes a user from the command line. `end_sessions` runs in the same transaction, so that no session
    /// outlives the change.
    pub async fn change_user(
        &self,
        organisation: OrganisationId,
        email: &Email,
        change: UserChange,
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<ChangeOutcome, Failure> {
        let hash = match &change {
            UserChange::Password(password) => Some(self.hash(Asker::OPERATOR, password).await?),
            _ => None,
        };
        self.database
            .write(async |tx| {
                // Read after the lock: before it, another transaction may still change roles.
                let users = Users::of(organisation);
                users.lock_roles(&tx).await?;
                let Some(user) = users.by_email(&tx, email.as_str()).await? else {
                    return Ok(ChangeOutcome::NoSuchUser);
                };
                let actor = Actor::operator(user.organisation);
                self.apply(&tx, actor, &user, &change, hash, end_sessions).await
            })
            .await
    }

    /// Changes a user for an administrator.
    pub async fn change_user_as_admin(
        &self,
        admin: &Reauthenticated<Admin>,
        user: UserId,
        change: UserChange,
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<ChangeOutcome, Failure> {
        let hash = match &change {
            UserChange::Password(password) => Some(self.hash(admin.asker(), password).await?),
            _ => None,
        };
        self.database
            .write(async |tx| {
                self.check_still_admin(&tx, admin).await?;
                let Some(user) = Users::of(admin.organisation()).get(&tx, user).await? else {
                    return Ok(ChangeOutcome::NoSuchUser);
                };
                self.apply(&tx, admin.actor(), &user, &change, hash, end_sessions).await
            })
            .await
    }

    /// Applies a change to a user who was read after the organisation's roles were locked. Race: if two
    /// administrators demote each other concurrently, the second must see the first change, or no
    /// administrator would be left.
    async fn apply(
        &self,
        tx: &Tx,
        actor: Actor,
        user: &User,
        change: &UserChange,
        hash: Option<String>,
        end_sessions: impl AsyncFnOnce(&Tx, OrganisationId, UserId) -> Result<(), DatabaseError>,
    ) -> Result<ChangeOutcome, Failure> {
        let users = Users::of(user.organisation);
        // Lock users before invitations, as everywhere, against deadlocks.
        users.lock(tx, user.id).await?;
        // Roles are locked as well, so the user's role is still current.
        let is_in_wanted_state = match change {
            UserChange::Enabled(enabled) => *enabled != user.disabled,
            UserChange::Role(role) => *role == user.role,
            UserChange::NoSecondFactor => !user.has_second_factor,
            _ => false,
        };
        if is_in_wanted_state {
            return Ok(ChangeOutcome::Nothing);
        }
        let loses_admin = match change {
            UserChange::Enabled(false) | UserChange::Delete => user.role == Role::Admin,
            UserChange::Role(role) => user.role == Role::Admin && *role != Role::Admin,
            _ => false,
        };
        if loses_admin {
            let others = users.list(tx).await?;
            let left = others
                .iter()
                .any(|other| other.id != user.id && other.role == Role::Admin && !other.disabled);
            if !left {
                return Ok(ChangeOutcome::LastAdmin);
            }
            // A former administrator could log in again through an invitation link that they had saved.
            for gone in Invitations::of(user.organisation).withdraw_all_by_inviter(tx, user.id).await? {
                let detail = Detail::InviterMayNotInvite { inviter: user.email.clone() };
                let entry =
                    Entry::done(Action::InvitationWithdrawn, gone.email, gone.id.0).with_detail(detail);
                self.activity.record(tx, actor, entry).await?;
            }
        }
        // An attacker may have a link for a new password that was made before this change.
        Invitations::of(user.organisation).withdraw_all_for_user(tx, user.id).await?;
        let detail = match change {
            UserChange::Password(_) => {
                users.set_password(tx, user.id, hash.unwrap_or_default()).await?;
                Detail::Password
            }
            UserChange::Enabled(enabled) => {
                let since = (!enabled).then(|| self.clock.now());
                users.set_disabled(tx, user.id, since).await?;
                if *enabled { Detail::Enabled } else { Detail::Disabled }
            }
            UserChange::Role(role) => {
                users.set_role(tx, user.id, *role).await?;
                Detail::RoleChanged { role: role.name().to_owned() }
            }
            UserChange::NoSecondFactor => {
                if !SecondFactors::of(user.organisation).remove(tx, user.id).await? {
                    return Ok(ChangeOutcome::Nothing);
                }
                Detail::SecondFactorRemoved
            }
            UserChange::EndSessions => Detail::SessionsEnded,
            UserChange::Delete => Detail::None,
        };
        end_sessions(tx, user.organisation, user.id).await?;
        let action = if matches!(change, UserChange::Delete) {
            users.delete(tx, user.id).await?;
            Action::UserDeleted
        } else {
            Action::UserChanged
        };
        let entry = Entry::done(action, &user.email, user.id.0).with_detail(detail);
        self.activity.record(tx, actor, entry).await?;
        Ok(ChangeOutcome::Changed)
    }
}
