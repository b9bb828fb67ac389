//! How many records this process works at. Each has its message in memory, so there are few; others wait in the table.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::accounts::service::AccountId;

/// Maximum number of records that one process works at.
pub const MAX_RUNS: usize = 64;
/// Maximum number of records of one client or user that a process works at, so that others have places too.
pub const MAX_RUNS_OF_HOLDER: usize = 16;
/// Maximum number of records of one account that a process works at: more would only wait for each other at the provider,
/// and take the places of other accounts.
pub const MAX_RUNS_OF_ACCOUNT: usize = 4;

/// The places that are taken. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    by_account: HashMap<AccountId, usize>,
    /// By the id of the client or of the user.
    by_holder: HashMap<Uuid, usize>,
}

/// The right to work at a record. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    account: AccountId,
    holder: Uuid,
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
        self.by_account.values().sum()
    }
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a record of this account and this client or user, if there is one.
    pub(super) fn take(&self, account: AccountId, holder: Uuid) -> Option<Place> {
        let mut taken = self.taken();
        if count_of(&taken.by_account, &account) >= MAX_RUNS_OF_ACCOUNT
            || count_of(&taken.by_holder, &holder) >= MAX_RUNS_OF_HOLDER
            || taken.all() >= MAX_RUNS
        {
            return None;
        }
        add_to(&mut taken.by_account, account);
        add_to(&mut taken.by_holder, holder);
        Some(Place { places: self.clone(), account, holder })
    }

    /// Number of free places.
    pub(super) fn free(&self) -> usize {
        MAX_RUNS.saturating_sub(self.taken().all())
    }

    /// The accounts for which there is no place.
    pub(super) fn full_accounts(&self) -> Vec<AccountId> {
        full(&self.taken().by_account, MAX_RUNS_OF_ACCOUNT)
    }

    /// The clients and users for which there is no place.
    pub(super) fn full_holders(&self) -> Vec<Uuid> {
        full(&self.taken().by_holder, MAX_RUNS_OF_HOLDER)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        take_from(&mut taken.by_account, &self.account);
        take_from(&mut taken.by_holder, &self.holder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);

    fn account(number: u128) -> AccountId {
        AccountId(Uuid::from_u128(number))
    }

    #[test]
    fn an_account_has_four_places_a_client_sixteen_and_a_process_sixty_four() {
        let places = Places::default();
        let of_one: Vec<_> =
            (0..MAX_RUNS_OF_ACCOUNT).map(|_| places.take(account(1), ONE).expect("one")).collect();
        assert!(places.take(account(1), Uuid::from_u128(2)).is_none());
        assert_eq!((places.full_accounts(), places.full_holders()), (vec![account(1)], Vec::new()));

        let of_client: Vec<_> = (2..).map_while(|number| places.take(account(number), ONE)).collect();
        assert_eq!(of_one.len() + of_client.len(), MAX_RUNS_OF_HOLDER);
        assert_eq!(places.full_holders(), [ONE]);
        assert_eq!(places.free(), MAX_RUNS - MAX_RUNS_OF_HOLDER, "they are for others");

        let of_others: Vec<_> =
            (100..).map_while(|number| places.take(account(number), Uuid::from_u128(number))).collect();
        assert_eq!((of_others.len(), places.free()), (MAX_RUNS - MAX_RUNS_OF_HOLDER, 0));
        drop(of_one);
        assert_eq!((places.free(), places.full_accounts()), (MAX_RUNS_OF_ACCOUNT, Vec::new()));
        assert!(places.full_holders().is_empty());
        drop((of_client, of_others));
        assert_eq!(places.free(), MAX_RUNS);
        assert!(places.taken().by_account.is_empty() && places.taken().by_holder.is_empty());
    }
}
