//! Files that applications upload before they send them. The bytes are stored in chunks of 64 KiB, each encrypted under
//! a random key of its upload. The key, the name and the media type are sealed in the row of the upload.
//!
//! An upload belongs to an API client and an account. It lives until it was sent, at most 24 hours; one that a message
//! needs lives until that message is settled ([`Uploads::keep_for`]). Start with [`Uploads::add`].

mod arriving;
mod chunk;
mod chunks;
mod details;
mod kept;
mod places;
mod source;

use std::sync::Arc;

use time::Duration;
use uuid::Uuid;

use self::{
    arriving::Arriving, chunk::ChunkKey, chunks::Chunks, details::Details, places::Places,
    source::UploadedFile,
};
use super::store::uploads as store;
use crate::{
    accounts::service::{AccountId, AccountService},
    identifier,
    jobs::service::Lease,
    people::access::Caller,
    platform::{
        clock::{SKEW, SharedClock, Timestamp},
        database::{Database, DatabaseError, DatabaseUrl, Tx},
        failure::Failure,
        id::{ApiClientId, OrganisationId},
        monotonic::SharedMonotonic,
        randomness::SharedRandomness,
    },
    providers::mailbox::{FileSource, MailStream, OutgoingFile},
    vault::Vault,
};

pub use self::{
    details::{FileName, NoFileName, SEALED_UPLOADS},
    kept::KeptUploads,
    places::{MAX_ARRIVING, MAX_ARRIVING_OF_CLIENT},
};

/// Maximum number of bytes of an upload: the largest file that a provider takes.
pub const MAX_UPLOAD: u64 = 150 * 1024 * 1024;
/// Maximum number of bytes of the uploads of an API client.
pub const SPACE_OF_CLIENT: u64 = 1024 * 1024 * 1024;
/// How long an upload can be used that no message needs. It is erased some hours later, by the settled time.
pub const UPLOAD_LIFE: Duration = Duration::hours(24);
/// The least that an upload counts in the space: its row and its chunk cost more than its bytes.
const LEAST_COUNTED: u64 = 64 * 1024;
/// Number of uploads that one transaction erases, so that each transaction is short.
const ERASED_AT_ONCE: u64 = 100;

identifier! {
    /// A file that was uploaded, or is being uploaded.
    UploadId
}

/// Whose uploads they are: no other API client and no other account can use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadOwner {
    pub organisation: OrganisationId,
    pub client: ApiClientId,
    pub account: AccountId,
}

/// A file that was uploaded whole.
#[derive(Clone, Debug)]
pub struct Upload {
    pub id: UploadId,
    pub name: String,
    /// The media type; `None` if the application named none.
    pub content_type: Option<String>,
    /// The number of bytes.
    pub size: u64,
    key: ChunkKey,
}

/// What an application says about a file that it uploads.
#[derive(Clone, Debug)]
pub struct NewUpload {
    pub name: FileName,
    pub content_type: Option<String>,
    /// The number of bytes that are to come; `None` if it is not known. A body of another length is
    /// [`UploadFailure::BrokenOff`].
    pub length: Option<u64>,
}

/// Why a file was not uploaded. Nothing of it is stored, and its space is free again.
#[derive(Clone, Debug)]
pub enum UploadFailure {
    /// More than [`MAX_UPLOAD`] bytes.
    TooLarge,
    /// The space of the API client or of all uploads is full.
    SpaceFull,
    /// The body is slower than 16 kB a second for a minute.
    Slow,
    /// The body ended before its length, or with an error.
    BrokenOff,
    /// [`Failure::NotFound`] if the caller reaches no such account, [`Failure::Forbidden`] if it is no API client.
    Failure(Failure),
}

impl From<Failure> for UploadFailure {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<DatabaseError> for UploadFailure {
    fn from(error: DatabaseError) -> Self {
        Self::Failure(error.into())
    }
}

/// What became of the message that needed uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It has the files now, so their uploads end.
    Sent,
    /// It was cancelled or has failed. The uploads live on for the rest of their 24 hours.
    NotSent,
}

impl UploadOwner {
    /// The uploads of a caller for an account.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if the caller is no API client.
    pub fn of(caller: &Caller, account: AccountId) -> Result<Self, Failure> {
        let client = caller.client().ok_or(Failure::Forbidden)?;
        Ok(Self { organisation: caller.organisation(), client, account })
    }
}

impl Upload {
    /// The id as Mail360 writes it, with the name of the file behind a slash.
    pub fn file_id(&self) -> String {
        format!("{}/{}", self.id, self.name)
    }
}

/// The upload that a `fileId` names, with the name of the file behind it or without.
pub fn parse_file_id(text: &str) -> Option<UploadId> {
    text.split('/').next()?.parse().ok()
}

/// What [`Uploads`] works with.
pub struct UploadDependencies {
    pub database: Database,
    /// The address of the database. Beside a SQLite file is the file of the chunks.
    pub url: DatabaseUrl,
    /// Maximum number of bytes of all uploads.
    pub space: u64,
    pub vault: Vault,
    pub accounts: AccountService,
    pub clock: SharedClock,
    pub monotonic: SharedMonotonic,
    pub randomness: SharedRandomness,
}

/// The uploads of all organisations. A clone is another handle to the same.
#[derive(Clone)]
pub struct Uploads(Arc<Inner>);

struct Inner {
    database: Database,
    chunks: Chunks,
    space: u64,
    vault: Vault,
    accounts: AccountService,
    clock: SharedClock,
    monotonic: SharedMonotonic,
    randomness: SharedRandomness,
    places: Places,
}

impl Uploads {
    pub fn new(dependencies: UploadDependencies) -> Self {
        let UploadDependencies { database, url, space, vault, accounts, clock, monotonic, randomness } =
            dependencies;
        let chunks = Chunks::new(database.clone(), url);
        Self(Arc::new(Inner {
            database,
            chunks,
            space,
            vault,
            accounts,
            clock,
            monotonic,
            randomness,
            places: Places::default(),
        }))
    }

    /// Opens the file of the chunks, if there is one. Otherwise the first use opens it.
    ///
    /// # Errors
    /// The file cannot be opened, or others can read it.
    pub async fn open(&self) -> Result<(), DatabaseError> {
        self.0.chunks.open().await
    }

    /// Closes the file of the chunks. The program calls it when it has ended its last request.
    pub async fn close(&self) -> Result<(), DatabaseError> {
        self.0.chunks.close().await
    }

    /// Stores a file. Its space is taken before its bytes are stored.
    ///
    /// Drop the future when the connection of the body has ended: what was stored is erased then.
    ///
    /// # Errors
    /// [`UploadFailure`]; nothing stays stored.
    pub async fn add(
        &self,
        caller: &Caller,
        account: AccountId,
        new: NewUpload,
        body: MailStream,
    ) -> Result<Upload, UploadFailure> {
        let owner = UploadOwner::of(caller, account)?;
        if new.length.is_some_and(|length| length > MAX_UPLOAD) {
            return Err(UploadFailure::TooLarge);
        }
        self.0.accounts.get(caller, account).await?;
        Arriving::begin(self, owner, new).await?.receive(body).await
    }

    /// A whole upload that has not expired, or that a message needs. `None` also if its content is not there: the database
    /// was restored without it.
    ///
    /// # Errors
    /// Those of the database and of the vault.
    pub async fn find(&self, owner: UploadOwner, id: UploadId) -> Result<Option<Upload>, Failure> {
        let found = store::find(&self.0.database.read(), owner, id, self.0.clock.now()).await?;
        let Some(stored) = found else { return Ok(None) };
        if u64::try_from(self.0.chunks.count(id).await?) != Ok(source::chunks_of(stored.size)) {
            tracing::warn!(upload = %id, "the content of an upload is missing");
            return Ok(None);
        }
        self.opened(owner.organisation, stored).map(Some)
    }

    fn opened(&self, organisation: OrganisationId, stored: store::WholeUpload) -> Result<Upload, Failure> {
        let store::WholeUpload { id, size, details } = stored;
        let Details { name, content_type, key } = Details::open(&self.0.vault, organisation, id, &details)?;
        Ok(Upload { id, name, content_type, size, key })
    }

    /// The content of an upload, decrypted while it is read.
    pub fn source(&self, upload: &Upload) -> Arc<dyn FileSource> {
        Arc::new(UploadedFile::new(self.0.chunks.clone(), upload))
    }

    /// An upload as a file of a message.
    pub fn file(&self, upload: &Upload) -> OutgoingFile {
        OutgoingFile {
            name: upload.name.clone(),
            content_type: upload.content_type.clone(),
            size: upload.size,
            source: self.source(upload),
        }
    }

    /// Keeps uploads for a message: they live until [`Self::release`], also past this time while its record is open.
    /// `message` is the id of the record; without one they live at most until this time. Call it in the transaction that
    /// stores the record. A second call for the same message changes nothing but the time.
    ///
    /// # Returns
    /// The first of these ids that is none of the owner's uploads; the transaction must fail then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn keep_for(
        &self,
        tx: &Tx,
        owner: UploadOwner,
        ids: &[UploadId],
        message: Uuid,
        until: Timestamp,
    ) -> Result<Option<UploadId>, DatabaseError> {
        let now = self.0.clock.now();
        let mut ids = ids.to_vec();
        // One order for all, against deadlocks.
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            if !store::keep(tx, owner, id, message, until, now).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Ends what [`Self::keep_for`] has begun, in the transaction that settles the message. An upload that another
    /// message needs stays until that one is settled. Without uploads it changes nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn release(
        &self,
        tx: &Tx,
        organisation: OrganisationId,
        message: Uuid,
        settled: Settled,
    ) -> Result<(), DatabaseError> {
        for upload in store::lock_kept_for(tx, organisation, message).await? {
            store::end_use(tx, organisation, upload, message).await?;
            if store::is_needed(tx, organisation, upload).await? {
                continue;
            }
            match settled {
                // Its chunks go with the next sweep.
                Settled::Sent => store::delete(tx, organisation, upload).await?,
                Settled::NotSent => store::restore_expiry(tx, organisation, upload, UPLOAD_LIFE).await?,
            }
        }
        Ok(())
    }

    /// Deletes an upload that no message needs. One that has expired takes space until it is erased, so it is deleted too.
    ///
    /// # Returns
    /// Whether it was deleted; otherwise a message needs it.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the owner has no such upload.
    pub async fn delete(&self, caller: &Caller, account: AccountId, id: UploadId) -> Result<bool, Failure> {
        let owner = UploadOwner::of(caller, account)?;
        self.0.accounts.get(caller, account).await?;
        let deleted = self
            .0
            .database
            .write::<_, Failure, _>(async |tx| {
                if !store::lock(&tx, owner, id).await? {
                    return Err(Failure::NotFound);
                }
                if store::is_needed(&tx, owner.organisation, id).await? {
                    return Ok(false);
                }
                store::delete(&tx, owner.organisation, id).await?;
                Ok(true)
            })
            .await?;
        if deleted {
            self.0.chunks.erase(&[id]).await?;
        }
        Ok(deleted)
    }

    /// Erases expired uploads, uploads that broke off with their process, and chunks without an upload. `settled` is a time
    /// that has certainly come, if one is known: a clock that is ahead for a while erases no whole file. A file that a message
    /// without an end needs is not erased at any time.
    ///
    /// # Errors
    /// Those of the database, and a lost lease.
    pub async fn sweep(&self, lease: &Lease, settled: Option<Timestamp>) -> Result<(), Failure> {
        loop {
            // Another process may just keep one of them by a clock that is behind, or have added one by one that is ahead.
            let now = self.0.clock.now();
            let (expired, latest) = (now.minus(SKEW), now.plus(UPLOAD_LIFE).plus(SKEW));
            let erased = self
                .0
                .database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    Ok(store::erase_expired(&tx, expired, settled, latest, ERASED_AT_ONCE).await?)
                })
                .await?;
            if erased < ERASED_AT_ONCE {
                break;
            }
        }
        self.0.chunks.erase_orphans(lease).await
    }
}
