//! The use cases of API clients. `managing` has those of administrators, `credentials` makes and removes secrets,
//! `reached` counts the accounts that clients reach, `checking` checks the credential of a call, `rechecking` does so again
//! while the call goes on, `exchange` gives an access token for a refresh token, and `limits` bounds the calls of a client.
//! Start with [`ClientService`].
//!
//! What is counted and remembered in memory is so in each process: the limits of calls, the wrong credentials, and for
//! [`CHECK_COUNTS`] the credentials that were valid.

mod access_token;
mod cache;
mod checking;
mod credentials;
mod exchange;
mod limits;
mod managing;
mod networks;
mod reached;
mod rechecking;
mod uses;
mod windows;

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

pub use self::{
    cache::CHECK_COUNTS,
    checking::{ApiClient, CallOrigin, CredentialOwner, NotAuthenticated},
    credentials::{NewSecret, NotMade},
    exchange::{ExchangeProblem, GivenCredentials, NewAccessToken},
    limits::{Exceeded, LimitExceeded, Permit, RateState},
    managing::{Added, NewClient, Revoked},
    reached::Reached,
};
use self::{cache::Cache, limits::CallLimits, networks::NetworkCounts, uses::Uses, windows::WindowCounts};
use super::model::{ApiClientId, CredentialId};
use crate::{
    accounts::service::links::ConnectLinks,
    activity::service::Activity,
    connectors::service::ConnectorService,
    people::service::People,
    platform::{
        clock::SharedClock, database::Database, monotonic::SharedMonotonic, randomness::SharedRandomness,
    },
    vault::Vault,
};

/// The time in which wrong credentials and exchanges are counted together.
const MINUTE: Duration = Duration::from_mins(1);
/// Maximum number of networks whose wrong credentials are counted apart.
const MAX_ADDRESSES: usize = 10_000;
/// Maximum number of refresh tokens whose exchanges are counted.
const MAX_EXCHANGING: usize = 10_000;
/// Maximum number of clients whose refusals are counted.
const MAX_REFUSED: usize = 10_000;
/// Number of credentials that are looked up at the same time for addresses that send too many wrong ones.
const SUSPICIOUS_LOOKUPS: usize = 4;

/// What [`ClientService`] works with.
pub struct ClientDependencies {
    pub database: Database,
    pub vault: Vault,
    pub people: People,
    pub connectors: ConnectorService,
    pub links: ConnectLinks,
    pub activity: Activity,
    pub clock: SharedClock,
    pub randomness: SharedRandomness,
    pub monotonic: SharedMonotonic,
}

/// The use cases of API clients. A clone shares what is counted and remembered.
#[derive(Clone)]
pub struct ClientService(Arc<Inner>);

struct Inner {
    dependencies: ClientDependencies,
    cache: Cache,
    /// Wrong credentials, by network address.
    wrong: NetworkCounts,
    /// Access tokens that were given, by refresh token.
    exchanges: WindowCounts<CredentialId>,
    /// Refusals of right credentials, by client.
    refusals: WindowCounts<ApiClientId>,
    limits: Arc<CallLimits>,
    uses: Uses,
    suspicious_lookups: Semaphore,
}

impl ClientService {
    /// Use cases with these dependencies.
    pub fn new(dependencies: ClientDependencies) -> Self {
        Self(Arc::new(Inner {
            dependencies,
            cache: Cache::default(),
            wrong: NetworkCounts::new(MINUTE, MAX_ADDRESSES),
            exchanges: WindowCounts::new(MINUTE, MAX_EXCHANGING),
            refusals: WindowCounts::new(MINUTE, MAX_REFUSED),
            limits: Arc::new(CallLimits::default()),
            uses: Uses::default(),
            suspicious_lookups: Semaphore::new(SUSPICIOUS_LOOKUPS),
        }))
    }

    fn dependencies(&self) -> &ClientDependencies {
        &self.0.dependencies
    }
}
