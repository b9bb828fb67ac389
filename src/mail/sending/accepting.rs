//! Makes the record of a call that was checked, unless another call with the same identity comes first.

use super::{
    DOUBT, MAX_KEPT, MAX_OPEN, SEALED_REQUESTS, SendFailure, SendRequest, Sending,
    calls::{RETRY_AFTER, RETRY_AFTER_KEPT},
    identity::{Asked, Identified},
    judging::Judged,
    kept::KeptRequest,
};
use crate::{
    jobs::lease::{LeaseState, Owner},
    mail::{
        store::{
            schedules,
            sends::{self, Holder, SendId, Stage, StoredSend, open},
        },
        uploads::{UploadId, UploadOwner},
    },
    platform::{
        clock::Timestamp,
        database::{DatabaseError, Tx},
        failure::Failure,
    },
};

/// How often a call is tried again after another call came first at the same moment.
const MAX_RACES: u32 = 5;

/// What became of a call.
pub(super) enum Accepted {
    /// It has a record of its own.
    New(SendId),
    /// It is a repeat of the call with this record.
    Repeat(Box<StoredSend>),
}

/// Why a record was not added.
enum NotAdded {
    Database(DatabaseError),
    Refused(SendFailure),
}

impl From<DatabaseError> for NotAdded {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl Sending {
    /// Stores the record, and begins the work at it if there is a place. Otherwise it waits in the table.
    pub(super) async fn accept(&self, call: &Identified, judged: &Judged) -> Result<Accepted, SendFailure> {
        let parts = self.parts();
        let (organisation, holder) = (call.asked.organisation, call.asked.holder.id());
        // Outside of the transaction, because it takes a while. Calls at the same moment may exceed the limit
        // by their number.
        let kept = sends::count_of_holder(&parts.database.read(), organisation, holder).await?;
        if kept >= MAX_KEPT {
            return Err(SendFailure::TooManyKept { retry_after: RETRY_AFTER_KEPT });
        }
        let waits = open::is_due(&parts.database.read(), parts.clock.now(), call.asked.account).await?;
        for _ in 0..MAX_RACES {
            let id = SendId::new(&*parts.clock, &*parts.randomness);
            // Records of this account that wait come first.
            let begun = if waits { None } else { self.prepare(id, call.asked.account, holder) };
            let owner = begun.as_ref().map(|begun| begun.owner);
            let row = self.row_of(call, judged, id, owner)?;
            let added =
                parts.database.write::<_, NotAdded, _>(async |tx| self.add(&tx, call, row).await).await;
            match added {
                Ok(Some(found)) => return Ok(Accepted::Repeat(Box::new(found))),
                Ok(None) => {
                    match begun {
                        Some(begun) => self.start(call.asked.organisation, id, begun),
                        None => self.note_waiting(),
                    }
                    return Ok(Accepted::New(id));
                }
                // Another call with this identity came first.
                Err(NotAdded::Database(error)) if error.is_conflict() => {}
                Err(NotAdded::Database(error)) if error.is_missing_reference() => {
                    return Err(Failure::NotFound.into());
                }
                Err(NotAdded::Database(error)) => return Err(error.into()),
                Err(NotAdded::Refused(failure)) => return Err(failure),
            }
        }
        Err(Failure::Busy(1).into())
    }

    fn row_of(
        &self,
        call: &Identified,
        judged: &Judged,
        id: SendId,
        owner: Option<Owner>,
    ) -> Result<StoredSend, Failure> {
        let now = self.parts().clock.now();
        let asked = &call.asked;
        let request = SendRequest { shown: judged.shown.clone(), ..asked.request.clone() };
        let kept = KeptRequest { body: call.body.clone(), request, is_large: judged.is_large };
        let sealed = self.seal(SEALED_REQUESTS, asked.organisation, id.0, &kept)?;
        Ok(StoredSend {
            id,
            organisation: asked.organisation,
            account: asked.account,
            holder: asked.holder,
            identity: call.identity,
            kind: asked.kind,
            stage: if judged.draft.is_some() { Stage::Drafted } else { Stage::Accepted },
            way: judged.way,
            message_id: judged.message_id.clone(),
            draft: judged.draft.clone(),
            attached: 0,
            doubts: 0,
            recipients: judged.recipients,
            request: Some(sealed),
            answer: None,
            is_untold: asked.key.is_none() && call.identity.is_some(),
            lease: LeaseState { owner, counter: 1 },
            tries: 0,
            next_at: owner.is_none().then_some(now),
            lost_drafts: 0,
            clean_at: None,
            created_at: now,
            begun_at: None,
            ended_at: None,
        })
    }

    /// Adds the record, unless the call is a repeat.
    ///
    /// # Returns
    /// The record of the call that it repeats.
    async fn add(&self, tx: &Tx, call: &Identified, row: StoredSend) -> Result<Option<StoredSend>, NotAdded> {
        let (asked, now) = (&call.asked, self.parts().clock.now());
        if let Some(identity) = &call.identity
            && let Some(found) = sends::find_by_identity(tx, asked.organisation, identity).await?
        {
            if call.repeats(&found, now) {
                return Ok(Some(found));
            }
            sends::forget_identity(tx, found.id, identity).await?;
        }
        // Otherwise another process may have decided about the message, or its client has cancelled it.
        if let Some(taken) = asked.taken
            && !schedules::lock_taken(tx, taken).await?
        {
            return Err(NotAdded::Refused(SendFailure::InProgress));
        }
        if open::count(tx, asked.organisation, asked.holder.id()).await? >= MAX_OPEN {
            return Err(NotAdded::Refused(SendFailure::TooManyOpen { retry_after: RETRY_AFTER }));
        }
        let id = row.id;
        sends::add(tx, row).await?;
        match self.keep_uploads(tx, asked, id, now).await? {
            None => Ok(None),
            Some(unknown) => Err(NotAdded::Refused(SendFailure::UnknownUpload { id: unknown.to_string() })),
        }
    }

    /// Keeps the uploads for the record for as long as it may be open.
    ///
    /// # Returns
    /// The first that is gone.
    async fn keep_uploads(
        &self,
        tx: &Tx,
        asked: &Asked,
        id: SendId,
        now: Timestamp,
    ) -> Result<Option<UploadId>, DatabaseError> {
        let files = &asked.request.files;
        if files.is_empty() {
            return Ok(None);
        }
        let Holder::Client(client) = asked.holder else { return Ok(files.first().copied()) };
        let owner = UploadOwner { organisation: asked.organisation, client, account: asked.account };
        let until = now.plus(DOUBT).plus(time::Duration::days(1));
        self.parts().uploads.keep_for(tx, owner, files, id.0, until).await
    }
}
