//! What the stored hashes of passwords have in common.

use sea_orm::{QuerySelect, entity::prelude::*};

use super::user;
use crate::platform::database::{DatabaseError, Queries, Unscoped};

impl Unscoped {
    /// The hash of any user's password that has none of these beginnings. It may look at every user: ask once in the
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
