//! `users.version` counts the events that end a user's sessions. Work that began at one version does not
//! continue at another.

use super::People;
use crate::{
    people::{model::Role, store::Users},
    platform::{
        database::{DatabaseError, Queries, Tx},
        id::{OrganisationId, UserId},
    },
};

/// Whether a user may finish what they began as an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayFinish {
    /// The user may finish it.
    Yes,
    /// The user is not an administrator now, or is disabled or deleted.
    NotAdmin,
    /// The user's sessions have been ended since the work began.
    LoggedOut,
}

impl People {
    /// Locks the user's row until the transaction ends. (SQLite needs no lock, because it has only one writer.)
    pub async fn lock(tx: &Tx, organisation: OrganisationId, user: UserId) -> Result<(), DatabaseError> {
        Users::of(organisation).lock(tx, user).await
    }

    /// Increments `users.version`, in the transaction that ends the user's sessions.
    pub async fn note_ended_sessions(
        tx: &Tx,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(), DatabaseError> {
        Users::of(organisation).note_ended_sessions(tx, user).await
    }

    /// Whether a user who began work as an administrator, at this `version`, may finish it now.
    pub async fn may_finish(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        user: UserId,
        version: i64,
    ) -> Result<MayFinish, DatabaseError> {
        let user = Users::of(organisation).get(on, user).await?;
        Ok(match user {
            Some(user) if user.role != Role::Admin || user.disabled => MayFinish::NotAdmin,
            Some(user) if user.version != version => MayFinish::LoggedOut,
            Some(_) => MayFinish::Yes,
            None => MayFinish::NotAdmin,
        })
    }
}
