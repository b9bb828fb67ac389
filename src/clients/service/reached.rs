//! How many accounts the clients of an organisation reach, for their list.

use std::collections::{BTreeSet, HashMap};

use super::ClientService;
use crate::{
    accounts::service::{ClientReaches, MAX_COUNTED},
    clients::model::{ApiClientId, Client, ReachKind},
    connectors::service::ConnectorId,
    people::access::Admin,
    platform::failure::Failure,
};

/// Maximum number of connectors of clients that are read.
const MAX_CHOSEN: usize = 2_000;
/// Maximum number of connectors, and of clients, whose accounts are counted.
const MAX_COUNTS: usize = 100;

/// The accounts that a limited client reaches. Each number is at most one more than [`MAX_COUNTED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Those of one connector, with its name.
    OfConnector { number: u64, connector: String },
    /// Those of several connectors, or of none if the chosen ones were deleted.
    OfConnectors { number: u64, connectors: usize },
    /// Those that it has connected.
    Connected(u64),
}

impl ClientService {
    /// The accounts that these clients of the administrator's organisation reach. The number of queries does not depend on
    /// the number of clients. A client that reaches all accounts is left out, and so is one whose accounts are not counted
    /// because there are too many clients and connectors.
    pub async fn count_reached(
        &self,
        admin: &Admin,
        clients: &[Client],
    ) -> Result<HashMap<ApiClientId, Reached>, Failure> {
        let connected = self.count_connected(admin, clients).await?;
        let mut reached: HashMap<ApiClientId, Reached> = connected.into_iter().collect();
        reached.extend(self.count_of_connectors(admin, clients).await?);
        Ok(reached)
    }

    async fn count_connected(
        &self,
        admin: &Admin,
        clients: &[Client],
    ) -> Result<Vec<(ApiClientId, Reached)>, Failure> {
        let ids: Vec<ApiClientId> = of_reach(clients, ReachKind::Connected).take(MAX_COUNTS).collect();
        let reaches = ClientReaches::of(admin.organisation());
        let numbers = reaches.count_connected(&self.dependencies().database.read(), &ids).await?;
        Ok(ids.into_iter().zip(numbers.into_iter().map(Reached::Connected)).collect())
    }

    async fn count_of_connectors(
        &self,
        admin: &Admin,
        clients: &[Client],
    ) -> Result<Vec<(ApiClientId, Reached)>, Failure> {
        let ids: Vec<ApiClientId> = of_reach(clients, ReachKind::Connectors).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (reaches, read) = (ClientReaches::of(admin.organisation()), self.dependencies().database.read());
        let chosen = reaches.chosen_connectors(&read, MAX_CHOSEN).await?;
        let connectors: BTreeSet<ConnectorId> = chosen.by_client.values().flatten().copied().collect();
        let connectors: Vec<ConnectorId> = connectors.into_iter().take(MAX_COUNTS).collect();
        let numbers = reaches.count_of_connectors(&read, &connectors).await?;
        let numbers: HashMap<ConnectorId, u64> = connectors.iter().copied().zip(numbers).collect();
        let names = self.dependencies().connectors.find_choices(&admin.caller(), &connectors).await?;
        let mut found = Vec::new();
        for id in ids {
            let Some(own) = chosen.by_client.get(&id) else {
                if !chosen.more {
                    found.push((id, Reached::OfConnectors { number: 0, connectors: 0 }));
                }
                continue;
            };
            let Some(number) = sum(own, &numbers) else { continue };
            let only = own.first().filter(|_| own.len() == 1).and_then(|only| names.get(only));
            found.push((
                id,
                match only {
                    Some(only) => Reached::OfConnector { number, connector: only.service_name.clone() },
                    None => Reached::OfConnectors { number, connectors: own.len() },
                },
            ));
        }
        Ok(found)
    }
}

fn of_reach(clients: &[Client], reach: ReachKind) -> impl Iterator<Item = ApiClientId> {
    clients.iter().filter(move |client| client.reach == reach).map(|client| client.id)
}

/// The number of accounts of these connectors, at most one more than [`MAX_COUNTED`]; `None` if those of one are not
/// counted.
fn sum(connectors: &[ConnectorId], numbers: &HashMap<ConnectorId, u64>) -> Option<u64> {
    let mut sum: u64 = 0;
    for connector in connectors {
        sum = sum.saturating_add(*numbers.get(connector)?);
    }
    Some(sum.min(MAX_COUNTED + 1))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_accounts_of_several_connectors_are_added_up_to_the_greatest_number() {
        let [first, second, other] = [1, 2, 3].map(|id| ConnectorId(Uuid::from_u128(id)));
        let numbers = HashMap::from([(first, 42), (second, 959)]);
        assert_eq!(sum(&[first], &numbers), Some(42));
        assert_eq!(sum(&[first, second], &numbers), Some(1_001));
        assert_eq!(sum(&[second, second], &numbers), Some(1_001));
        assert_eq!(sum(&[first, other], &numbers), None);
        assert_eq!(sum(&[], &numbers), Some(0));
    }
}
