//! What grants have, without their tokens: permissions, and the versions of applications.

use std::collections::HashMap;

use sea_orm::{QuerySelect, entity::prelude::*};

use super::{OrganisationGrants, row};
use crate::{
    accounts::store::AccountId,
    connectors::service::ConnectorId,
    platform::database::{DatabaseError, Queries},
};

impl OrganisationGrants {
    /// The granted scopes of at most `limit` accounts of a connector, separated by blanks. It reads no token.
    pub async fn granted_scopes(
        self,
        on: &impl Queries,
        connector: ConnectorId,
        limit: u64,
    ) -> Result<Vec<(AccountId, String)>, DatabaseError> {
        let scopes = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::ConnectorId.eq(connector.0))
            .select_only()
            .column(row::Column::AccountId)
            .column(row::Column::Scopes)
            .limit(limit)
            .into_tuple::<(Uuid, String)>()
            .all(on.connection())
            .await?;
        Ok(scopes.into_iter().map(|(account, scopes)| (AccountId(account), scopes)).collect())
    }

    /// The granted scopes of these accounts, separated by blanks. It reads no token.
    pub async fn scopes_of(
        self,
        on: &impl Queries,
        accounts: impl IntoIterator<Item = AccountId>,
    ) -> Result<Vec<(AccountId, String)>, DatabaseError> {
        let scopes = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.is_in(accounts.into_iter().map(|account| account.0)))
            .select_only()
            .column(row::Column::AccountId)
            .column(row::Column::Scopes)
            .into_tuple::<(Uuid, String)>()
            .all(on.connection())
            .await?;
        Ok(scopes.into_iter().map(|(account, scopes)| (AccountId(account), scopes)).collect())
    }

    /// The version of the connector's application when each of these accounts got its grant.
    pub async fn application_versions(
        self,
        on: &impl Queries,
        accounts: &[AccountId],
    ) -> Result<HashMap<AccountId, i64>, DatabaseError> {
        if accounts.is_empty() {
            return Ok(HashMap::new());
        }
        let versions: Vec<(Uuid, i64)> = row::Entity::find()
            .filter(row::Column::OrganisationId.eq(self.0.0))
            .filter(row::Column::AccountId.is_in(accounts.iter().map(|account| account.0)))
            .select_only()
            .column(row::Column::AccountId)
            .column(row::Column::ApplicationVersion)
            .into_tuple()
            .all(on.connection())
            .await?;
        Ok(versions.into_iter().map(|(account, version)| (AccountId(account), version)).collect())
    }
}
