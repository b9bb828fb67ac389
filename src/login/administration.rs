//! What administrators do with other users: each change ends their sessions in the same transaction.

use super::session::{Sessions, SignedInBrowser};
use crate::{
    people::{
        access::{Admin, Proved},
        service::{Change, Changed, People, User},
    },
    platform::{failure::Failure, id::UserId},
};

/// The administration of users.
#[derive(Clone)]
pub struct Administration {
    people: People,
    sessions: Sessions,
}

impl Administration {
    /// Of these people and their sessions.
    pub fn new(people: People, sessions: Sessions) -> Self {
        Self { people, sessions }
    }

    /// A user, and the browsers in which they are signed in.
    pub async fn person(&self, admin: &Admin, id: UserId) -> Result<(User, Vec<SignedInBrowser>), Failure> {
        let user = self.people.user(admin, id).await?;
        let browsers = self.sessions.of_somebody(admin, id).await?;
        Ok((user, browsers))
    }

    /// Changes a user.
    pub async fn change(
        &self,
        admin: &Proved<Admin>,
        id: UserId,
        change: Change,
    ) -> Result<Changed, Failure> {
        self.people
            .administer(admin, id, change, async |tx, organisation, user| {
                Sessions::end_all_of(tx, organisation, user).await
            })
            .await
    }
}
