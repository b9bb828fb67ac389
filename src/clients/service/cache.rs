//! Remembers the credentials that were valid, so that not every call reads the database. A credential counts for at most
//! [`CHECK_COUNTS`] after its check began: so a revocation holds in every process after that time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::checking::CredentialOwner;
use crate::{
    clients::model::{ApiClientId, Client, Credential, CredentialId},
    people::access::Scopes,
    platform::randomness::Hash,
};

/// How long a check of a credential counts.
pub const CHECK_COUNTS: Duration = Duration::from_secs(9);
/// Maximum number of credentials that are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// What a credential is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lookup {
    /// The hash of an API key.
    ApiKey(Hash),
    /// The refresh token that an access token names.
    RefreshToken(CredentialId),
}

/// A valid credential with its client, as read from the database.
#[derive(Debug)]
pub(super) struct Known {
    pub client: Client,
    pub credential: Credential,
    /// The scopes of the credential, as far as the client has them.
    pub scopes: Scopes,
}

impl Known {
    pub(super) fn new((credential, client): (Credential, Client)) -> Self {
        let scopes = match &credential.scopes {
            Some(scopes) => scopes.intersection(&client.scopes),
            None => client.scopes.clone(),
        };
        Self { client, credential, scopes }
    }

    pub(super) const fn owner(&self) -> CredentialOwner {
        CredentialOwner { organisation: self.client.organisation, client: self.client.id }
    }
}

/// What is remembered of a credential.
pub(super) enum Remembered {
    Valid(Arc<Known>),
    /// It was valid longer ago, and must be checked again.
    Earlier,
    Nothing,
}

/// The credentials that were valid, each with the time at which its check began.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<Lookup, (Instant, Arc<Known>)>>);

impl Cache {
    fn lock(&self) -> MutexGuard<'_, HashMap<Lookup, (Instant, Arc<Known>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, lookup: &Lookup, now: Instant) -> Remembered {
        self.get_within(CHECK_COUNTS, lookup, now)
    }

    /// [`Self::get`] where a check counts for this long, at most [`CHECK_COUNTS`].
    pub(super) fn get_within(&self, counts: Duration, lookup: &Lookup, now: Instant) -> Remembered {
        match self.lock().get(lookup) {
            Some((checked, known)) if now.duration_since(*checked) < counts => {
                Remembered::Valid(known.clone())
            }
            Some(_) => Remembered::Earlier,
            None => Remembered::Nothing,
        }
    }

    /// Remembers the result of a check that began at `checked`; `None` if the credential is not valid.
    pub(super) fn put(&self, lookup: Lookup, known: Option<&Arc<Known>>, checked: Instant) {
        let mut all = self.lock();
        let Some(known) = known else {
            all.remove(&lookup);
            return;
        };
        if all.len() >= MAX_REMEMBERED && !all.contains_key(&lookup) {
            all.retain(|_, (at, _)| checked.duration_since(*at) < CHECK_COUNTS);
            if all.len() >= MAX_REMEMBERED {
                return;
            }
        }
        all.insert(lookup, (checked, known.clone()));
    }

    /// Forgets the credentials of a client.
    pub(super) fn forget(&self, client: ApiClientId) {
        self.lock().retain(|_, (_, known)| known.client.id != client);
    }
}
