//! Uploads that are kept while one call needs them.

use time::Duration;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{Settled, UploadId, UploadOwner, Uploads};
use crate::platform::{
    clock::Timestamp,
    database::DatabaseError,
    failure::Failure,
    id::{OrganisationId, new_uuid},
};

/// How long uploads live whose call was killed: far longer than a call takes.
const LONGEST_CALL: Duration = Duration::minutes(5);

/// Uploads that a call needs: they neither expire nor can be deleted. Dropping it ends that.
pub struct KeptUploads {
    uploads: Uploads,
    organisation: OrganisationId,
    /// In place of a message.
    call: Uuid,
    is_over: bool,
}

impl Uploads {
    /// Keeps uploads for a call.
    ///
    /// # Returns
    /// The kept uploads, or the first of these ids that is none of the owner's uploads; nothing is kept then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn keep_for_call(
        &self,
        owner: UploadOwner,
        ids: &[UploadId],
    ) -> Result<Result<KeptUploads, UploadId>, Failure> {
        let inner = &self.0;
        let call = new_uuid(&*inner.clock, &*inner.randomness);
        let until: Timestamp = inner.clock.now().plus(LONGEST_CALL);
        // Before the rows, because the answer of the database may be lost.
        let mut kept =
            KeptUploads { uploads: self.clone(), organisation: owner.organisation, call, is_over: false };
        let done = inner.database.write::<_, NotKept, _>(async |tx| {
            match self.keep_for(&tx, owner, ids, call, until).await? {
                Some(unknown) => Err(NotKept::Unknown(unknown)),
                None => Ok(()),
            }
        });
        match done.await {
            Ok(()) => Ok(Ok(kept)),
            Err(NotKept::Unknown(id)) => {
                kept.is_over = true;
                Ok(Err(id))
            }
            Err(NotKept::Database(error)) => Err(error.into()),
        }
    }
}

/// Why nothing was kept.
enum NotKept {
    Database(DatabaseError),
    Unknown(UploadId),
}

impl From<DatabaseError> for NotKept {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl KeptUploads {
    /// Ends the keeping. The uploads live on for the rest of their 24 hours.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn release(mut self) -> Result<(), Failure> {
        let released = release(&self.uploads, self.organisation, self.call).await;
        self.is_over = released.is_ok();
        released
    }
}

async fn release(uploads: &Uploads, organisation: OrganisationId, call: Uuid) -> Result<(), Failure> {
    let released = uploads.0.database.write::<_, DatabaseError, _>(async |tx| {
        uploads.release(&tx, organisation, call, Settled::NotSent).await
    });
    Ok(released.await?)
}

impl Drop for KeptUploads {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (uploads, organisation, call) = (self.uploads.clone(), self.organisation, self.call);
        // Without a runtime the program ends: the uploads expire.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(failure) = release(&uploads, organisation, call).await {
                failure.log();
            }
        });
    }
}
