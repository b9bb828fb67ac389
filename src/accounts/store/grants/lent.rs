//! An account together with its grant, for each call of its mailbox: one query.

use sea_orm::entity::prelude::*;

use super::{StoredGrant, account, row};
use crate::{
    accounts::store::{Account, AccountId, Accounts},
    platform::database::{DatabaseError, Queries},
};

impl Accounts {
    /// An account with its grant; `None` if one of them is not there. A disconnected account has no grant.
    pub async fn get_with_grant(
        self,
        on: &impl Queries,
        id: AccountId,
    ) -> Result<Option<(Account, StoredGrant)>, DatabaseError> {
        let both = row::Entity::find_by_id(id.0)
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .find_both_related(account::Entity)
            .filter(account::Column::OrganisationId.eq(self.0.0));
        let Some((grant, account)) = self.reached(both).one(on.connection()).await? else { return Ok(None) };
        Ok(Some((Account::try_from(account)?, grant.into())))
    }
}
