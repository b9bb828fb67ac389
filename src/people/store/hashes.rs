//! Finds which parameters the stored password hashes have.

use sea_orm::{QuerySelect, entity::prelude::*};

use super::user;
use crate::platform::database::{DatabaseError, Queries, Unscoped};

impl Unscoped {
    /// A stored password hash with none of these prefixes. It may scan every user, so call it once in the
    /// life of a process.
    pub(in crate::people) async fn password_hash_unlike(
        self,
        on: &impl Queries,
        beginnings: &[String],
    ) -> Result<Option<String>, DatabaseError> {
        let unlike = beginnings.iter().fold(user::Entity::find(), |users, beginning| {
            users.filter(user::Column::PasswordHash.not_like(format!("{beginning}%")))
        });
        let hash = unlike.select_only().column(user::Column::PasswordHash).into_tuple();
        Ok(hash.one(on.connection()).await?)
    }
}
