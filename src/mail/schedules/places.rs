//! How many messages this process sends at once. An organisation has a quarter of the places, so that the many messages that
//! one has scheduled for the same time do not keep those of others waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::platform::id::OrganisationId;

/// Maximum number of messages that one process sends at once.
const MAX: usize = 64;
/// Maximum number of those of one organisation.
const MAX_OF_ORGANISATION: usize = 16;

/// The places that are taken, by organisation. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<OrganisationId, usize>>>);

/// The right to send a message. Dropping it frees the place.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    organisation: OrganisationId,
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, HashMap<OrganisationId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a message of this organisation, if there is one.
    pub(super) fn take(&self, organisation: OrganisationId) -> Option<Place> {
        let mut taken = self.taken();
        let of_organisation = taken.get(&organisation).copied().unwrap_or_default();
        if of_organisation >= MAX_OF_ORGANISATION || taken.values().sum::<usize>() >= MAX {
            return None;
        }
        taken.insert(organisation, of_organisation.saturating_add(1));
        Some(Place { places: self.clone(), organisation })
    }

    /// Number of free places.
    pub(super) fn free(&self) -> usize {
        MAX.saturating_sub(self.taken().values().sum())
    }

    /// The organisations for which there is no place.
    pub(super) fn full_organisations(&self) -> Vec<OrganisationId> {
        let taken = self.taken();
        let full = taken.iter().filter(|(_, count)| **count >= MAX_OF_ORGANISATION);
        full.map(|(organisation, _)| *organisation).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.get_mut(&self.organisation) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.organisation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_organisation_has_sixteen_places_and_a_process_sixty_four() {
        let places = Places::default();
        let organisation = |number: u128| OrganisationId(Uuid::from_u128(number));
        let of_one: Vec<_> =
            (0..MAX_OF_ORGANISATION).map(|_| places.take(organisation(1)).expect("one")).collect();
        assert!(places.take(organisation(1)).is_none());
        assert_eq!(places.full_organisations(), [organisation(1)]);
        let of_others: Vec<_> = (2..).map_while(|number| places.take(organisation(number))).collect();
        assert_eq!(of_one.len() + of_others.len(), MAX);
        assert_eq!(places.free(), 0);
        drop(of_one);
        assert_eq!((places.free(), places.full_organisations()), (MAX_OF_ORGANISATION, Vec::new()));
        drop(of_others);
        assert_eq!(places.free(), MAX);
        assert!(places.taken().is_empty());
    }
}
