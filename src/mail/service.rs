//! The use cases of mailboxes for a [`Caller`]. `reading` has the calls that read, the files `changing*` those that change;
//! each of them finds the account within the caller's reach, gets an access token, and asks the provider's mailbox within
//! its limits.
//!
//! A call that needs more than these, such as the raw passage, opens a [`Session`] itself.

mod changing;
mod changing_contacts;
mod changing_drafts;
mod changing_folders;
mod memory;
mod reading;
mod session;

use std::{sync::Arc, time::Duration};

use self::memory::Memories;
pub use self::{
    changing::Outcome,
    changing_drafts::{DraftFailure, DraftUpdate},
    session::Session,
};
use super::{
    limits::MailLimits,
    paging::{Cursors, Page},
};
use crate::{
    accounts::service::{
        AccountService,
        grants::{Grants, NoToken},
    },
    jobs::service::Lease,
    platform::{
        clock::SharedClock,
        cpu::CpuPool,
        database::{Database, DatabaseError},
        failure::Failure,
        monotonic::SharedMonotonic,
        randomness::SharedRandomness,
    },
    providers::mailbox::{MailError, MailHttp, MailProblem},
    vault::Vault,
};

/// How long a call may wait for the limits of its mailbox, over all its requests.
pub const LIMIT_WAIT: Duration = Duration::from_secs(5);
/// How long a call may take, with the wait for its token. It ends before the API ends the whole call, so that a reader is
/// told that the provider was slow. The body of a download may take longer.
pub const CALL_TIME: Duration = Duration::from_secs(20);
/// Maximum number of bytes of a message's body that is read. A larger one is read as raw.
pub const MAX_CONTENT: usize = 5 * 1024 * 1024;

/// What [`Mail`] works with.
pub struct MailDependencies {
    pub database: Database,
    /// Whether other processes may serve the same database.
    pub is_shared: bool,
    pub vault: Vault,
    pub accounts: AccountService,
    pub grants: Grants,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    pub monotonic: SharedMonotonic,
    /// Sanitises the bodies of messages.
    pub cpu: CpuPool,
    pub http: Arc<dyn MailHttp>,
}

/// The mailboxes of all accounts, as one process uses them. A clone is another handle to the same.
#[derive(Clone)]
pub struct Mail(Arc<Inner>);

struct Inner {
    accounts: AccountService,
    grants: Grants,
    clock: SharedClock,
    monotonic: SharedMonotonic,
    cpu: CpuPool,
    http: Arc<dyn MailHttp>,
    limits: MailLimits,
    cursors: Cursors,
    memories: Memories,
}

/// Why a call of a mailbox has no result.
#[derive(Clone, Debug)]
pub enum MailFailure {
    /// There is no access token for the account. Never [`NoToken::NotFound`] or [`NoToken::Failure`].
    NoToken(NoToken),
    /// The mailbox refused or did not answer, one of its limits is reached, or a value of the caller is wrong.
    Mail(MailError),
    /// [`Failure::NotFound`] if the caller reaches no such account.
    Failure(Failure),
}

impl From<NoToken> for MailFailure {
    fn from(no_token: NoToken) -> Self {
        match no_token {
            NoToken::NotFound => Self::Failure(Failure::NotFound),
            NoToken::Failure(failure) => Self::Failure(failure),
            no_token => Self::NoToken(no_token),
        }
    }
}

impl From<MailError> for MailFailure {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

impl From<MailProblem> for MailFailure {
    fn from(problem: MailProblem) -> Self {
        Self::Mail(problem.into())
    }
}

impl From<Failure> for MailFailure {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<DatabaseError> for MailFailure {
    fn from(error: DatabaseError) -> Self {
        Self::Failure(error.into())
    }
}

impl Mail {
    pub fn new(dependencies: MailDependencies) -> Self {
        let MailDependencies {
            database,
            is_shared,
            vault,
            accounts,
            grants,
            clock,
            randomness,
            monotonic,
            cpu,
            http,
        } = dependencies;
        let shared = is_shared.then(|| database.clone());
        Self(Arc::new(Inner {
            limits: MailLimits::new(shared, monotonic.clone(), &*clock, &*randomness),
            cursors: Cursors::new(database, vault, clock.clone(), randomness),
            memories: Memories::default(),
            accounts,
            grants,
            clock,
            monotonic,
            cpu,
            http,
        }))
    }

    /// The accounts whose mailboxes these are.
    pub fn accounts(&self) -> &AccountService {
        &self.0.accounts
    }

    /// Erases expired cursors, and what killed processes have left of the limits.
    ///
    /// # Errors
    /// Those of the database, and a lost lease.
    pub async fn sweep(&self, lease: &Lease) -> Result<(), Failure> {
        self.0.cursors.erase_expired(lease).await?;
        self.0.limits.erase_old(lease).await
    }

    /// Gives the slots of mailboxes back, so that other processes need not wait for their expiry. The program calls it
    /// when it has ended its last request.
    pub async fn close(&self) {
        self.0.limits.close().await;
    }
}
