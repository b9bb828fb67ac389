//! Use cases of administrators, and of the operator, about other users. Each change ends the user's sessions in the
//! same transaction. A change after which the user must not have any effect also revokes the links that they made.

use std::sync::Arc;

use async_trait::async_trait;

use super::session::{LoggedInBrowser, Sessions};
use crate::{
    activity::model::Actor,
    people::{
        access::{Admin, Reauthenticated},
        model::{Email, Role},
        service::{ChangeOutcome, People, User, UserChange},
    },
    platform::{
        database::{DatabaseError, Tx},
        failure::Failure,
        id::{OrganisationId, UserId},
    },
};

/// Why the links that a user has made are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationReason {
    /// The user was disabled or deleted, or is no longer an administrator.
    MayNotAdminister,
    /// The user was logged out everywhere.
    LoggedOutEverywhere,
}

impl RevocationReason {
    /// The reason that a change gives; `None` if links stay open after it.
    const fn of(change: &UserChange) -> Option<Self> {
        match change {
            UserChange::Enabled(false) | UserChange::Role(Role::Viewer) | UserChange::Delete => {
                Some(Self::MayNotAdminister)
            }
            UserChange::EndSessions => Some(Self::LoggedOutEverywhere),
            UserChange::Enabled(true)
            | UserChange::Role(Role::Admin)
            | UserChange::Password(_)
            | UserChange::NoSecondFactor => None,
        }
    }
}

/// Revokes the open links that a user has made for people without a user. Assembly fills it in, because such links
/// belong to a feature above this one.
#[async_trait]
pub trait LinkRevoker: Send + Sync + 'static {
    /// Revokes them, in the transaction that changes the user. `actor` makes the change.
    async fn revoke_links_of(
        &self,
        tx: &Tx,
        actor: Actor,
        user: UserId,
        reason: RevocationReason,
    ) -> Result<(), DatabaseError>;
}

/// The use cases of administrators about other users.
#[derive(Clone)]
pub struct Administration {
    people: People,
    sessions: Sessions,
    links: Arc<dyn LinkRevoker>,
}

impl Administration {
    /// Use cases on these people and sessions. `links` runs when a user may no longer have any effect.
    pub fn new(people: People, sessions: Sessions, links: Arc<dyn LinkRevoker>) -> Self {
        Self { people, sessions, links }
    }

    /// A user, and the browsers in which they are logged in.
    pub async fn person(&self, admin: &Admin, id: UserId) -> Result<(User, Vec<LoggedInBrowser>), Failure> {
        let user = self.people.user(admin, id).await?;
        let browsers = self.sessions.of_other_user(admin, id).await?;
        Ok((user, browsers))
    }

    /// Changes a user.
    ///
    /// # Returns
    /// The result of the change, and the number of browsers in which the user was logged out.
    pub async fn change(
        &self,
        admin: &Reauthenticated<Admin>,
        id: UserId,
        change: UserChange,
    ) -> Result<(ChangeOutcome, usize), Failure> {
        let mut ended = 0;
        let (actor, reason) = (admin.actor(), RevocationReason::of(&change));
        let changed = self
            .people
            .change_user_as_admin(admin, id, change, async |tx, organisation, user| {
                ended = self.sessions.count_of(tx, organisation, user).await?;
                self.end_all_of(tx, actor, user, reason).await
            })
            .await?;
        Ok((changed, ended))
    }

    /// Changes a user from the command line.
    pub async fn change_as_operator(
        &self,
        organisation: OrganisationId,
        email: &Email,
        change: UserChange,
    ) -> Result<ChangeOutcome, Failure> {
        let (actor, reason) = (Actor::operator(organisation), RevocationReason::of(&change));
        self.people
            .change_user(organisation, email, change, async |tx, _, user| {
                self.end_all_of(tx, actor, user, reason).await
            })
            .await
    }

    /// Ends all sessions of a user, and revokes the links that they made if there is a reason.
    async fn end_all_of(
        &self,
        tx: &Tx,
        actor: Actor,
        user: UserId,
        reason: Option<RevocationReason>,
    ) -> Result<(), DatabaseError> {
        Sessions::end_all_of(tx, actor.organisation, user).await?;
        match reason {
            Some(reason) => self.links.revoke_links_of(tx, actor, user, reason).await,
            None => Ok(()),
        }
    }
}
