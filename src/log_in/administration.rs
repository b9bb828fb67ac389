//! Use cases of administrators about other users. Each change ends the user's sessions in the same
//! transaction.

use super::session::{LoggedInBrowser, Sessions};
use crate::{
    people::{
        access::{Admin, Reauthenticated},
        service::{ChangeOutcome, People, User, UserChange},
    },
    platform::{failure::Failure, id::UserId},
};

/// The use cases of administrators about other users.
#[derive(Clone)]
pub struct Administration {
    people: People,
    sessions: Sessions,
}

impl Administration {
    /// Use cases on these people and sessions.
    pub fn new(people: People, sessions: Sessions) -> Self {
        Self { people, sessions }
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
        let changed = self
            .people
            .change_user_as_admin(admin, id, change, async |tx, organisation, user| {
                ended = self.sessions.count_of(tx, organisation, user).await?;
                Sessions::end_all_of(tx, organisation, user).await
            })
            .await?;
        Ok((changed, ended))
    }
}
