//! What ends with the sessions of a user. `users.version` counts it: what was begun at one version does not go on at
//! another.

use super::People;
use crate::{
    people::{model::Role, store::Users},
    platform::{
        database::{DatabaseError, Queries, Tx},
        id::{OrganisationId, UserId},
    },
};

/// Whether an administrator may finish what they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayFinish {
    /// They may.
    Yes,
    /// They are no administrator who can log in.
    NotAdmin,
    /// Sessions of theirs were ended since.
    LoggedOut,
}

impl People {
    /// Keeps other transactions from this user until this one ends. (On SQLite there is only one that writes.)
    pub async fn lock(tx: &Tx, organisation: OrganisationId, user: UserId) -> Result<(), DatabaseError> {
        Users::of(organisation).lock(tx, user).await
    }

    /// Counts that sessions of a user were ended, in the transaction that ends them.
    pub async fn note_ended_sessions(
        tx: &Tx,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(), DatabaseError> {
        Users::of(organisation).note_ended_sessions(tx, user).await
    }

    /// Whether a user who began something as an administrator, at this version of theirs, may finish it now.
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
