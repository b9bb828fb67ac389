//! How many messages this process sends at once. An account, an API client and an organisation each have a share of the
//! places, so that the many messages that one has scheduled for the same time do not keep those of others waiting.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    accounts::service::AccountId,
    mail::store::schedules::{DueSchedule, Without},
    platform::id::{ApiClientId, OrganisationId},
};

/// Maximum number of messages that one process sends at once.
const MAX: usize = 64;
/// Maximum number of those of one organisation.
const MAX_OF_ORGANISATION: usize = 16;
/// Maximum number of those of one API client.
const MAX_OF_CLIENT: usize = 8;
/// Maximum number of those of one account: more would only wait for each other at the provider.
const MAX_OF_ACCOUNT: usize = 4;

/// The places that are taken. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    organisations: HashMap<OrganisationId, usize>,
    clients: HashMap<ApiClientId, usize>,
    accounts: HashMap<AccountId, usize>,
}

/// The right to send a message. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    due: DueSchedule,
}

fn count_of<K: Eq + Hash>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn add_to<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

fn take_from<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    let left = count_of(counts, key).saturating_sub(1);
    if left == 0 {
        counts.remove(key);
    } else if let Some(count) = counts.get_mut(key) {
        *count = left;
    }
}

/// The keys that have this many places.
fn full<K: Copy>(counts: &HashMap<K, usize>, most: usize) -> Vec<K> {
    counts.iter().filter(|(_, count)| **count >= most).map(|(key, _)| *key).collect()
}

impl Taken {
    fn all(&self) -> usize {
        self.organisations.values().sum()
    }
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for this message, if there is one.
    pub(super) fn take(&self, due: DueSchedule) -> Option<Place> {
        let mut taken = self.taken();
        if count_of(&taken.accounts, &due.account) >= MAX_OF_ACCOUNT
            || count_of(&taken.clients, &due.client) >= MAX_OF_CLIENT
            || count_of(&taken.organisations, &due.organisation) >= MAX_OF_ORGANISATION
            || taken.all() >= MAX
        {
            return None;
        }
        add_to(&mut taken.accounts, due.account);
        add_to(&mut taken.clients, due.client);
        add_to(&mut taken.organisations, due.organisation);
        Some(Place { places: self.clone(), due })
    }

    /// Number of free places.
    pub(super) fn free(&self) -> usize {
        MAX.saturating_sub(self.taken().all())
    }

    /// The organisations, clients and accounts for which there is no place.
    pub(super) fn full(&self) -> Without {
        let taken = self.taken();
        Without {
            organisations: full(&taken.organisations, MAX_OF_ORGANISATION),
            clients: full(&taken.clients, MAX_OF_CLIENT),
            accounts: full(&taken.accounts, MAX_OF_ACCOUNT),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        take_from(&mut taken.accounts, &self.due.account);
        take_from(&mut taken.clients, &self.due.client);
        take_from(&mut taken.organisations, &self.due.organisation);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::mail::schedules::ScheduleId;

    fn due(organisation: u128, client: u128, account: u128) -> DueSchedule {
        DueSchedule {
            id: ScheduleId(Uuid::from_u128(1)),
            organisation: OrganisationId(Uuid::from_u128(organisation)),
            client: ApiClientId(Uuid::from_u128(client)),
            account: AccountId(Uuid::from_u128(account)),
        }
    }

    #[test]
    fn an_account_has_four_places_a_client_eight_an_organisation_sixteen_and_a_process_sixty_four() {
        let places = Places::default();
        let of_account: Vec<_> = std::iter::from_fn(|| places.take(due(1, 1, 1))).collect();
        assert_eq!(of_account.len(), MAX_OF_ACCOUNT);
        assert!(places.take(due(1, 2, 1)).is_none(), "the client does not matter");
        assert_eq!(places.full().accounts, [due(1, 1, 1).account]);
        assert!(places.full().clients.is_empty());

        let of_client: Vec<_> = (2..).map_while(|account| places.take(due(1, 1, account))).collect();
        assert_eq!(of_account.len() + of_client.len(), MAX_OF_CLIENT);
        assert_eq!(places.full().clients, [due(1, 1, 1).client]);
        assert!(places.full().organisations.is_empty());

        let of_organisation: Vec<_> =
            (100..).map_while(|number| places.take(due(1, number, number))).collect();
        assert_eq!(of_organisation.len(), MAX_OF_ORGANISATION - MAX_OF_CLIENT);
        assert_eq!(places.full().organisations, [due(1, 1, 1).organisation]);

        let of_others: Vec<_> =
            (1_000..).map_while(|number| places.take(due(number, number, number))).collect();
        assert_eq!((of_others.len(), places.free()), (MAX - MAX_OF_ORGANISATION, 0));
        drop(of_account);
        assert_eq!(places.free(), MAX_OF_ACCOUNT);
        let full = places.full();
        assert!(full.organisations.is_empty() && full.clients.is_empty() && full.accounts.is_empty());
        drop((of_client, of_organisation, of_others));
        assert_eq!(places.free(), MAX);
        let taken = places.taken();
        assert!(taken.organisations.is_empty() && taken.clients.is_empty() && taken.accounts.is_empty());
    }
}
