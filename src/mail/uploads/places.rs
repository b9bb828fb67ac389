//! How many uploads arrive at once in this process: each needs memory for a chunk.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::platform::id::ApiClientId;

/// Maximum number of uploads that arrive at once.
pub const MAX_ARRIVING: usize = 250;
/// Maximum number of those of one API client, so that others have places too.
pub const MAX_ARRIVING_OF_CLIENT: usize = 64;

/// The places that are taken, by client. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<ApiClientId, usize>>>);

/// The right to receive an upload. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    client: ApiClientId,
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, HashMap<ApiClientId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for an upload of this client, if there is one.
    pub(super) fn take(&self, client: ApiClientId) -> Option<Place> {
        let mut taken = self.taken();
        let of_client = taken.get(&client).copied().unwrap_or_default();
        if of_client >= MAX_ARRIVING_OF_CLIENT || taken.values().sum::<usize>() >= MAX_ARRIVING {
            return None;
        }
        taken.insert(client, of_client.saturating_add(1));
        Some(Place { places: self.clone(), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.get_mut(&self.client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_client_has_64_places_and_a_process_250() {
        let places = Places::default();
        let client = |number: u128| ApiClientId(Uuid::from_u128(number));
        let of_one: Vec<_> = std::iter::from_fn(|| places.take(client(1))).collect();
        assert_eq!(of_one.len(), MAX_ARRIVING_OF_CLIENT);
        let of_others: Vec<_> = (2..).map_while(|number| places.take(client(number))).collect();
        assert_eq!(of_one.len() + of_others.len(), MAX_ARRIVING);
        drop(of_one);
        assert!(places.take(client(1)).is_some());
        drop(of_others);
        assert!(places.taken().is_empty());
    }
}
