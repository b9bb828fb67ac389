//! How many accounts API clients reach. Each count ends at one more than [`MAX_COUNTED`], and one statement has the counts
//! of all that a page shows.

use std::collections::BTreeMap;

use sea_orm::{
    QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{ClientReaches, account_row, connector_row};
use crate::{
    accounts::store::{
        AccountFilter, Accounts,
        list::{MAX_COUNTED, count_up_to},
    },
    connectors::service::ConnectorId,
    platform::{
        database::{DatabaseError, Queries},
        id::ApiClientId,
    },
};

/// The connectors that were chosen for clients.
#[derive(Clone, Debug, Default)]
pub struct ChosenConnectors {
    pub by_client: BTreeMap<ApiClientId, Vec<ConnectorId>>,
    /// Whether other clients have chosen connectors too: those that were not read.
    pub more: bool,
}

impl ClientReaches {
    /// The connectors that were chosen for the clients of the organisation, by client: at most `limit` of them. A client
    /// has either all of its connectors here or none.
    pub async fn chosen_connectors(
        self,
        on: &impl Queries,
        limit: usize,
    ) -> Result<ChosenConnectors, DatabaseError> {
        let mut pairs: Vec<(Uuid, Uuid)> = connector_row::Entity::find()
            .filter(connector_row::Column::OrganisationId.eq(self.0.0))
            .select_only()
            .column(connector_row::Column::ClientId)
            .column(connector_row::Column::ConnectorId)
            .order_by_asc(connector_row::Column::ClientId)
            .order_by_asc(connector_row::Column::ConnectorId)
            .limit(u64::try_from(limit.saturating_add(1)).unwrap_or(u64::MAX))
            .into_tuple()
            .all(on.connection())
            .await?;
        let more = pairs.len() > limit;
        if let Some((last, _)) = pairs.last().copied().filter(|_| more) {
            // The rest of its connectors was not read.
            pairs.retain(|(client, _)| *client != last);
        }
        let mut by_client: BTreeMap<ApiClientId, Vec<ConnectorId>> = BTreeMap::new();
        for (client, connector) in pairs {
            by_client.entry(ApiClientId(client)).or_default().push(ConnectorId(connector));
        }
        Ok(ChosenConnectors { by_client, more })
    }

    /// Counts the accounts of each of these connectors, in their order. The caller bounds their number.
    pub async fn count_of_connectors(
        self,
        on: &impl Queries,
        connectors: &[ConnectorId],
    ) -> Result<Vec<u64>, DatabaseError> {
        let accounts = Accounts::of(self.0);
        let counts = connectors.iter().map(|connector| {
            let filter = AccountFilter { connector: Some(*connector), state: None };
            count_up_to(accounts.rows_after(filter, None), MAX_COUNTED + 1)
        });
        read_counts(on, counts.collect()).await
    }

    /// Counts the accounts that were made by sign-ins with the links of each of these clients, in their order. The caller
    /// bounds their number.
    pub async fn count_connected(
        self,
        on: &impl Queries,
        clients: &[ApiClientId],
    ) -> Result<Vec<u64>, DatabaseError> {
        let counts = clients.iter().map(|client| count_up_to(self.connected_by(*client), MAX_COUNTED + 1));
        read_counts(on, counts.collect()).await
    }

    /// The accounts that a client has connected, in the order of the primary key.
    pub(in crate::accounts::store) fn connected_by(self, client: ApiClientId) -> Select<account_row::Entity> {
        account_row::Entity::find()
            .filter(account_row::Column::OrganisationId.eq(self.0.0))
            .filter(account_row::Column::ClientId.eq(client.0))
            .order_by_asc(account_row::Column::AccountId)
    }
}

/// Reads the numbers of these counts with one statement.
async fn read_counts(on: &impl Queries, counts: Vec<SelectStatement>) -> Result<Vec<u64>, DatabaseError> {
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::select();
    let mut names = Vec::new();
    for (at, count) in counts.into_iter().enumerate() {
        let name = format!("number_{at}");
        query.expr_as(Expr::from(count), name.clone());
        names.push(name);
    }
    let Some(row) = on.connection().query_one(&query).await? else { return Ok(Vec::new()) };
    let mut numbers = Vec::new();
    for name in names {
        numbers.push(u64::try_from(row.try_get::<i64>("", &name)?).unwrap_or_default());
    }
    Ok(numbers)
}
