//! Keeps the message of a call until its time, unless the call repeats an earlier one.

use time::Duration;

use super::{
    LATEST, MAX_OPEN, MAX_OPEN_BYTES, ScheduleDependencies, ScheduleFailure, ScheduleId, ScheduleState,
    Scheduled, Schedules, moment::check_due, sealing,
};
use crate::{
    accounts::service::AccountId,
    mail::{
        sending::{JOINED, Key, SendRequest, form_of},
        store::schedules::{self as store, CallHashes, StoredSchedule},
        uploads::{UploadId, UploadOwner},
    },
    people::access::Caller,
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Tx},
        failure::{Failure, Undone},
        id::new_uuid,
        randomness::Hash,
    },
};

/// How long the key of a call counts.
const KEY_COUNTS: Duration = Duration::hours(24);
/// Says what the hash of a key is, so that it equals no other hash.
const KEY: &[u8] = b"mail360 schedule key 2";
/// The same for the values of a call without a key.
const VALUES: &[u8] = b"schedule without a key";

/// What makes a later call a repeat of this one.
#[derive(Clone, Copy)]
struct Repeats {
    hashes: CallHashes,
    /// How long.
    lasts: Duration,
    /// Whether the call has a key.
    is_keyed: bool,
}

/// Why a row was not added.
enum NotAdded {
    Undone(Undone),
    Refused(ScheduleFailure),
}

impl From<DatabaseError> for NotAdded {
    fn from(error: DatabaseError) -> Self {
        Self::Undone(error.into())
    }
}

impl Schedules {
    /// Schedules a message for a time that [`super::schedule_time`] has found. `call` is the id of the call of the API: a
    /// key counts for it alone. A call with the key of another one of the last 24 hours schedules nothing, also when the
    /// time of that one is over. Nor does a call without a key that has the values of another one of the last five minutes:
    /// nothing tells whether its answer has reached the program.
    ///
    /// # Errors
    /// [`ScheduleFailure`].
    pub async fn add(
        &self,
        caller: &Caller,
        account: AccountId,
        call: &'static str,
        key: Option<Key>,
        request: SendRequest,
        due_at: Timestamp,
    ) -> Result<Scheduled, ScheduleFailure> {
        let owner = UploadOwner::of(caller, account)?;
        let ScheduleDependencies { database, accounts, sender, clock, .. } = self.parts();
        accounts.get(caller, account).await?;
        let repeats = self.repeats_of(owner, call, key.as_ref(), due_at, &request)?;
        // First: the caller may have waited for the answer to the first call until the message was sent.
        let found = store::find_by_key(&database.read(), owner, &repeats.hashes.key).await;
        if let Some(found) = found.map_err(Failure::from)?.filter(|found| self.is_repeat(found, repeats)) {
            return repeated(&found, repeats);
        }
        check_due(due_at, clock.now()).map_err(ScheduleFailure::Time)?;
        sender.check(caller, account, request.clone()).await.map_err(ScheduleFailure::Send)?;
        let files = request.files.clone();
        let row = self.row_of(owner, &request, due_at, repeats.hashes)?;
        let id = row.id;
        let added = database
            .write::<_, NotAdded, _>(async |tx| {
                if let Some(found) = self.find_repeated(&tx, owner, repeats).await? {
                    return Ok(found);
                }
                self.add_row(&tx, row, &files).await?;
                Ok(Scheduled { id, is_replay: false })
            })
            .await;
        match added {
            Ok(scheduled) => Ok(scheduled),
            Err(NotAdded::Refused(failure)) => Err(failure),
            // Another call with this key came first.
            Err(NotAdded::Undone(undone)) if undone.is_conflict() => {
                let found = store::find_by_key(&database.read(), owner, &repeats.hashes.key).await;
                let found = found.map_err(Failure::from)?.ok_or(Failure::Busy(1))?;
                repeated(&found, repeats)
            }
            // The account or the client was deleted since the check.
            Err(NotAdded::Undone(Undone::Database(error))) if error.is_missing_reference() => {
                Err(Failure::NotFound.into())
            }
            Err(NotAdded::Undone(undone)) => Err(Failure::from(undone).into()),
        }
    }

    fn row_of(
        &self,
        owner: UploadOwner,
        request: &SendRequest,
        due_at: Timestamp,
        key: CallHashes,
    ) -> Result<StoredSchedule, Failure> {
        let ScheduleDependencies { vault, clock, randomness, .. } = self.parts();
        let id = ScheduleId::new(&**clock, &**randomness);
        let sealed = sealing::seal(vault, owner, id, due_at, request)?;
        Ok(StoredSchedule {
            id,
            owner,
            state: ScheduleState::Waiting,
            why: None,
            request: Some(sealed.request),
            shown: sealed.shown,
            version: sealing::VERSION,
            key: Some(key),
            attempt: new_uuid(&**clock, &**randomness),
            tries: 0,
            message_id: None,
            internet_message_id: None,
            due_at,
            next_at: Some(due_at),
            created_at: clock.now(),
            ended_at: None,
        })
    }

    /// Whether a call is a repeat of the one that has scheduled this message, which has its key. A key counts longer if the
    /// settled time is known and says that its day is not over: a clock that is ahead for a while must not have a message
    /// scheduled a second time.
    fn is_repeat(&self, found: &StoredSchedule, repeats: Repeats) -> bool {
        let (now, created_at) = (self.parts().clock.now(), found.created_at);
        let settled = self.settled().filter(|_| repeats.is_keyed && created_at.is_credible(now));
        created_at.is_within(repeats.lasts, now)
            || settled.is_some_and(|settled| settled.since(created_at) < repeats.lasts)
    }

    async fn find_repeated(
        &self,
        tx: &Tx,
        owner: UploadOwner,
        repeats: Repeats,
    ) -> Result<Option<Scheduled>, NotAdded> {
        let Some(found) = store::find_by_key(tx, owner, &repeats.hashes.key).await? else { return Ok(None) };
        if self.is_repeat(&found, repeats) {
            return Ok(Some(repeated(&found, repeats).map_err(NotAdded::Refused)?));
        }
        store::forget_key(tx, found.id).await?;
        Ok(None)
    }

    /// The hash of the values is keyed, so that the database alone does not help to guess them: with the caller's key, or
    /// with that of the vault. The latter changes with the encryption key, which matters only for the minutes of a call
    /// without a key.
    fn repeats_of(
        &self,
        owner: UploadOwner,
        call: &str,
        key: Option<&Key>,
        due_at: Timestamp,
        request: &SendRequest,
    ) -> Result<Repeats, Failure> {
        let body = form_of(request)?;
        let due_at = due_at.micros().to_be_bytes();
        let UploadOwner { organisation, client, account } = owner;
        let [organisation, client, account] = [organisation.0, client.0, account.0];
        let (organisation, client, account) =
            (organisation.as_bytes(), client.as_bytes(), account.as_bytes());
        let Some(key) = key else {
            let parts: [&[u8]; 7] = [VALUES, organisation, client, account, call.as_bytes(), &due_at, &body];
            let hash = self.parts().vault.keyed_hash(&parts);
            return Ok(Repeats {
                hashes: CallHashes { key: hash, values: hash },
                lasts: JOINED,
                is_keyed: false,
            });
        };
        let key = key.as_str().as_bytes();
        let parts: [&[u8]; 5] = [organisation, client, account, call.as_bytes(), key];
        let values: [&[u8]; 2] = [&due_at, &body];
        let hashes = CallHashes { key: Hash::keyed(KEY, &parts), values: Hash::keyed(key, &values) };
        Ok(Repeats { hashes, lasts: KEY_COUNTS, is_keyed: true })
    }

    async fn add_row(&self, tx: &Tx, row: StoredSchedule, files: &[UploadId]) -> Result<(), NotAdded> {
        let StoredSchedule { id, owner, due_at, .. } = row;
        store::lock_counts(tx).await?;
        if store::count_open(tx, owner.organisation, owner.client, MAX_OPEN).await? >= MAX_OPEN {
            return Err(NotAdded::Refused(ScheduleFailure::TooMany));
        }
        store::add(tx, row).await?;
        // With the bytes of this one.
        if store::count_bytes(tx, owner.organisation, owner.client).await? > MAX_OPEN_BYTES {
            return Err(NotAdded::Refused(ScheduleFailure::TooMany));
        }
        // Longer than it may be late, so that its last try has them.
        let until = due_at.plus(LATEST).plus(LATEST);
        if let Some(unknown) = self.parts().uploads.keep_for(tx, owner, files, id.0, until).await? {
            let id = unknown.to_string();
            return Err(NotAdded::Refused(ScheduleFailure::UnknownUpload { id }));
        }
        Ok(())
    }
}

/// The answer to a repeat of an earlier call.
fn repeated(found: &StoredSchedule, repeats: Repeats) -> Result<Scheduled, ScheduleFailure> {
    if found.key.is_some_and(|key| key.values == repeats.hashes.values) {
        Ok(Scheduled { id: found.id, is_replay: true })
    } else {
        Err(ScheduleFailure::KeyReused)
    }
}
