//! Notes when credentials were used: in memory at each call, and in the database once a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{ClientService, cache::Known};
use crate::{
    clients::{
        model::{CredentialId, UNUSED},
        store::{OrganisationClients, Use},
    },
    jobs::service::Lease,
    platform::{clock::Timestamp, database::DatabaseError, failure::Failure, id::OrganisationId},
};

/// Maximum number of credentials whose use waits to be written.
const MAX_WAITING: usize = 20_000;
/// Number of uses that one transaction writes.
const WRITTEN_AT_ONCE: usize = 100;

/// The uses that wait to be written.
#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<CredentialId, Use>>);

impl Uses {
    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialId, Use>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, known: &Known, at: Timestamp) {
        let used = Use {
            organisation: known.client.organisation,
            client: known.client.id,
            credential: known.credential.id,
            at,
        };
        let mut waiting = self.lock();
        if waiting.len() < MAX_WAITING || waiting.contains_key(&used.credential) {
            waiting.insert(used.credential, used);
        }
    }
}

impl ClientService {
    /// Writes when credentials were used last.
    pub async fn flush_uses(&self) -> Result<(), Failure> {
        let now = self.dependencies().clock.now();
        let mut uses: Vec<Use> = std::mem::take(&mut *self.0.uses.lock()).into_values().collect();
        uses.sort_unstable_by_key(|used| (used.organisation, used.client, used.credential));
        let mut chunks = uses.chunks(WRITTEN_AT_ONCE);
        while let Some(some) = chunks.next() {
            let written = self
                .dependencies()
                .database
                .write::<_, DatabaseError, _>(async |tx| OrganisationClients::note_uses(&tx, some, now).await)
                .await;
            if let Err(error) = written {
                let mut waiting = self.0.uses.lock();
                for used in some.iter().chain(chunks.by_ref().flatten()) {
                    waiting.entry(used.credential).or_insert(*used);
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Erases the refresh tokens of an organisation that were not used for so long that they have ended. `settled` is the
    /// present time of [`SettledTime`]: a token that has ended is refused at once, and erased some hours later.
    ///
    /// [`SettledTime`]: crate::platform::settled_time::SettledTime
    pub async fn erase_unused_tokens(
        &self,
        lease: &Lease,
        organisation: OrganisationId,
        settled: Timestamp,
    ) -> Result<(), Failure> {
        let (store, since) = (OrganisationClients::of(organisation), settled.minus(UNUSED));
        self.dependencies()
            .database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(store.erase_unused(&tx, since).await?)
            })
            .await
    }
}
