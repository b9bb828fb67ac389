//! The emails of accounts, for lists that name accounts by their ids.

use std::collections::HashMap;

use sea_orm::{QuerySelect, entity::prelude::*};

use super::{AccountId, Accounts, row};
use crate::platform::database::{DatabaseError, Queries};

impl Accounts {
    /// The emails of those of these accounts that there are. The caller bounds their number.
    pub async fn emails(
        self,
        on: &impl Queries,
        ids: &[AccountId],
    ) -> Result<HashMap<AccountId, String>, DatabaseError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let emails = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .select_only()
            .column(row::Column::Id)
            .column(row::Column::Email)
            .into_tuple::<(Uuid, String)>()
            .all(on.connection())
            .await?;
        Ok(emails.into_iter().map(|(id, email)| (AccountId(id), email)).collect())
    }
}
