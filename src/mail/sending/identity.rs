//! What makes a call a repeat of an earlier one: the identity of its record, which is unique.
//!
//! For a call with a key it is a hash of the client, the account, the call and the key. It is not a keyed hash of the
//! vault: that changes with the encryption key, and a repeat after such a change would be sent a second time. For a send
//! without a key it is a keyed hash of the values, which lives for minutes.

use uuid::Uuid;

use super::{JOINED, Key, SendFailure, SendRequest, Sending, kept::body_hash};
use crate::{
    accounts::service::AccountId,
    mail::store::{
        schedules::Taken,
        sends::{Holder, SendKind, Stage, StoredSend},
    },
    people::access::Caller,
    platform::{clock::Timestamp, failure::Failure, id::OrganisationId, randomness::Hash},
};

/// Says what the hash of a key is, so that it equals no other hash.
const KEY: &[u8] = b"mail360 idempotency key 1";
/// The same for the values of a send without a key.
const VALUES: &[u8] = b"send without a key";

/// A call that is to become a record.
pub(super) struct Asked {
    pub organisation: OrganisationId,
    pub holder: Holder,
    pub account: AccountId,
    /// The id of the call of the API.
    pub call: &'static str,
    pub key: Option<Key>,
    /// Of a message that was scheduled: as a process has taken it.
    pub taken: Option<Taken>,
    pub kind: SendKind,
    /// The draft that is to be sent.
    pub draft: Option<String>,
    pub request: SendRequest,
}

/// What a key counts for.
pub(super) struct Scope {
    pub organisation: OrganisationId,
    /// The client or the user.
    pub holder: Uuid,
    pub account: AccountId,
    pub call: &'static str,
}

/// A call with the hash of its values, and with its identity.
pub(super) struct Identified {
    pub asked: Asked,
    pub body: String,
    /// `None` if no call is a repeat of it.
    pub identity: Option<Hash>,
}

impl Holder {
    /// The client or the user who calls.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if it is neither.
    pub(super) fn of(caller: &Caller) -> Result<Self, Failure> {
        let (client, user) = (caller.client().map(Self::Client), caller.user().map(Self::User));
        client.or(user).ok_or(Failure::Forbidden)
    }
}

impl Scope {
    fn parts(&self) -> [&[u8]; 4] {
        [
            self.organisation.0.as_bytes(),
            self.holder.as_bytes(),
            self.account.0.as_bytes(),
            self.call.as_bytes(),
        ]
    }

    /// The identity of a call with this key.
    pub(super) fn identity_of_key(&self, key: &Key) -> Hash {
        let [organisation, holder, account, call] = self.parts();
        Hash::keyed(KEY, &[organisation, holder, account, call, key.as_str().as_bytes()])
    }
}

impl Asked {
    fn scope(&self) -> Scope {
        let Self { organisation, holder, account, call, .. } = *self;
        Scope { organisation, holder: holder.id(), account, call }
    }
}

impl Identified {
    /// Checks that a record with this identity is one of a call with the same values. It is not known of a record
    /// whose message could not be read.
    pub(super) fn check_body(&self, body: &str) -> Result<(), SendFailure> {
        if body.is_empty() || body == self.body { Ok(()) } else { Err(SendFailure::KeyReused) }
    }

    /// Whether this call is a repeat of the one with this record, which has its identity. Without a key it is one for some
    /// minutes after that call; and for some minutes after its end, if no caller was told that it was sent, or the outcome
    /// is unknown.
    pub(super) fn repeats(&self, found: &StoredSend, now: Timestamp) -> bool {
        let is_open_to_repeats = found.stage == Stage::Unknown || found.is_untold;
        let since = match found.ended_at {
            None => Some(found.created_at),
            Some(ended_at) => Some(ended_at).filter(|_| is_open_to_repeats),
        };
        self.asked.key.is_some() || since.is_some_and(|since| since.is_within(JOINED, now))
    }
}

impl Sending {
    pub(super) fn identify(&self, asked: Asked) -> Result<Identified, Failure> {
        let body = body_hash(&(asked.draft.as_deref(), &asked.request))?;
        let scope = asked.scope();
        let identity = match &asked.key {
            Some(key) => Some(scope.identity_of_key(key)),
            None if asked.kind == SendKind::CreateDraft => None,
            None => {
                let [organisation, holder, account, call] = scope.parts();
                let parts = [VALUES, organisation, holder, account, call, body.as_bytes()];
                Some(self.parts().vault.keyed_hash(&parts))
            }
        };
        Ok(Identified { asked, body, identity })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_counts_for_one_client_account_and_call() {
        let id = Uuid::from_u128;
        let scope = |organisation, holder, account, call| Scope {
            organisation: OrganisationId(id(organisation)),
            holder: id(holder),
            account: AccountId(id(account)),
            call,
        };
        let key = |text: &str| Key::parse(text).expect("a key");
        let identities = [
            scope(1, 2, 3, "send").identity_of_key(&key("a")),
            scope(4, 2, 3, "send").identity_of_key(&key("a")),
            scope(1, 4, 3, "send").identity_of_key(&key("a")),
            scope(1, 2, 4, "send").identity_of_key(&key("a")),
            scope(1, 2, 3, "reply").identity_of_key(&key("a")),
            scope(1, 2, 3, "send").identity_of_key(&key("b")),
            scope(1, 2, 3, "sen").identity_of_key(&key("da")),
        ];
        assert_eq!(identities.iter().collect::<HashSet<_>>().len(), identities.len());
        assert_eq!(identities[0], scope(1, 2, 3, "send").identity_of_key(&key("a")));
    }
}
