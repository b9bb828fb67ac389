//! Checks the credential of an API call.
//!
//! The attack: an attacker guesses credentials, or makes the program read the database for each guess. A credential has
//! 256 random bits, and one with a wrong checksum or signature is refused without the database. Wrong ones are counted
//! by network address in memory. An address with too many gets 429, and its look-ups wait for each other, except for
//! credentials that were valid before. So a right credential from the same address is still found.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::{sync::SemaphorePermit, time::Instant};

use super::{
    ClientService, RateState, access_token,
    cache::{Known, Lookup, Remembered},
    windows::Counted,
};
use crate::{
    clients::model::{ACCESS_TOKEN, API_KEY, ApiClientId, Client, CredentialId, CredentialKind, Secret},
    people::access::{Caller, Scope, Scopes},
    platform::{
        clock::Timestamp, database::Unscoped, failure::Failure, id::OrganisationId, net::own_network,
        request_id::RequestId,
    },
};

/// Maximum number of wrong credentials from a network address in a minute. Further ones get 429.
pub const MAX_WRONG: u32 = 30;
/// Maximum number of refusals in a minute that name their client, so that they are recorded.
const MAX_NAMED_REFUSALS: u32 = 60;

/// Where a call comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOrigin {
    pub address: Option<IpAddr>,
    pub request_id: Option<RequestId>,
}

/// The client of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialOwner {
    pub organisation: OrganisationId,
    pub client: ApiClientId,
}

/// Why a credential is not accepted. A right credential names its client for the record of the call, unless too many
/// calls of the client were refused in this minute.
#[derive(Debug)]
pub enum NotAuthenticated {
    /// It is unknown or revoked.
    Unknown,
    /// It, or its client, has expired.
    Expired(Option<CredentialOwner>),
    /// One of both, after too many of them from this address. The time until the next one is not refused for that.
    TooMany(Duration),
    /// The client may not call from this address.
    AddressNotAllowed(Option<CredentialOwner>),
    Failure(Failure),
}

impl NotAuthenticated {
    /// The client of a right credential, if the refusal is to be recorded.
    pub const fn owner(&self) -> Option<CredentialOwner> {
        match self {
            Self::Expired(owner) | Self::AddressNotAllowed(owner) => *owner,
            Self::Unknown | Self::TooMany(_) | Self::Failure(_) => None,
        }
    }
}

impl From<Failure> for NotAuthenticated {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The API client of a call. A request has one in its extensions once its credential was checked, and so has its
/// response.
#[derive(Clone, Debug)]
pub struct ApiClient {
    known: Arc<Known>,
    lookup: Lookup,
    caller: Caller,
}

impl ApiClient {
    pub fn id(&self) -> ApiClientId {
        self.known.client.id
    }

    pub fn organisation(&self) -> OrganisationId {
        self.known.client.organisation
    }

    pub fn name(&self) -> &str {
        &self.known.client.name
    }

    /// The scopes of the credential, as far as the client has them.
    pub fn scopes(&self) -> &Scopes {
        &self.known.scopes
    }

    /// Whether the credential has this scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.known.scopes.contains(scope)
    }

    /// The API key of the call, or the refresh token of its access token.
    pub fn credential(&self) -> CredentialId {
        self.known.credential.id
    }

    /// The client as the caller of use cases.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn client(&self) -> &Client {
        &self.known.client
    }

    /// What its credential is found by.
    pub(super) const fn lookup(&self) -> Lookup {
        self.lookup
    }
}

impl ClientService {
    /// Checks an API key or an access token.
    ///
    /// # Errors
    /// [`NotAuthenticated`].
    pub async fn authenticate(
        &self,
        credential: &str,
        origin: CallOrigin,
    ) -> Result<ApiClient, NotAuthenticated> {
        let now = self.dependencies().clock.now();
        let Some(lookup) = self.parse(credential, now) else { return Err(self.refuse(origin)) };
        let Some(known) = self.find(lookup, origin).await? else { return Err(self.refuse(origin)) };
        if !is_valid(&known, now) {
            return Err(self.refuse_expired(&known, origin));
        }
        if !may_call_from(&known.client, origin) {
            return Err(NotAuthenticated::AddressNotAllowed(self.owner_of(&known)));
        }
        self.0.uses.note(&known, now);
        let Client { id, organisation, reach, .. } = known.client;
        let reach = reach.of_client(id);
        let caller = Caller::of_client(organisation, id, reach, origin.address, origin.request_id);
        Ok(ApiClient { known, lookup, caller })
    }

    /// How far the client of a right credential has used its rate. It counts no call, so an attacker who may not call with
    /// a stolen credential takes nothing away from the client. `None` if this process has not just checked the credential.
    pub fn rate_of(&self, credential: &str) -> Option<RateState> {
        let lookup = self.parse(credential, self.dependencies().clock.now())?;
        let now = self.dependencies().monotonic.now();
        match self.0.cache.get(&lookup, now) {
            Remembered::Valid(known) => Some(self.0.limits.state(&known.client, now)),
            Remembered::Earlier | Remembered::Nothing => None,
        }
    }

    /// What a credential is found by; `None` if it cannot be one of ours, or its life is over.
    fn parse(&self, credential: &str, now: Timestamp) -> Option<Lookup> {
        if credential.starts_with(ACCESS_TOKEN.prefix()) {
            let id = access_token::read(&self.dependencies().vault, credential, now)?;
            return Some(Lookup::RefreshToken(id));
        }
        Secret::parse(API_KEY, credential).map(|key| Lookup::ApiKey(key.hash()))
    }

    /// The credential as remembered or as stored.
    async fn find(&self, lookup: Lookup, origin: CallOrigin) -> Result<Option<Arc<Known>>, NotAuthenticated> {
        let checked = self.dependencies().monotonic.now();
        let was_valid = match self.0.cache.get(&lookup, checked) {
            Remembered::Valid(known) => return Ok(Some(known)),
            Remembered::Earlier => true,
            Remembered::Nothing => false,
        };
        let turn = if was_valid { None } else { self.wait_if_suspicious(origin).await? };
        let known = self.read(lookup, checked).await;
        drop(turn);
        known.map_err(NotAuthenticated::from)
    }

    /// The credential as stored. Remembers it. `checked` is the present moment.
    pub(super) async fn read(&self, lookup: Lookup, checked: Instant) -> Result<Option<Arc<Known>>, Failure> {
        let read = self.dependencies().database.read();
        let found = match lookup {
            Lookup::ApiKey(hash) => {
                Unscoped.api_credentials_by_hash(&read, &[hash]).await.map(|mut all| all.pop())
            }
            Lookup::RefreshToken(id) => Unscoped.api_refresh_token(&read, id).await,
        };
        let found = found.map_err(Failure::from)?.filter(|(credential, _)| match lookup {
            Lookup::ApiKey(_) => credential.kind == CredentialKind::ApiKey,
            Lookup::RefreshToken(_) => credential.kind == CredentialKind::RefreshToken,
        });
        let known = found.map(|found| Arc::new(Known::new(found)));
        self.0.cache.put(lookup, known.as_ref(), checked);
        Ok(known)
    }

    /// Waits for a turn to read the database, if too many wrong credentials came from this address.
    pub(super) async fn wait_if_suspicious(
        &self,
        origin: CallOrigin,
    ) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        let now = self.dependencies().monotonic.now();
        if self.0.wrong.number(network(origin), now) <= MAX_WRONG {
            return Ok(None);
        }
        let turn = self.0.suspicious_lookups.acquire().await;
        turn.map(Some).map_err(|error| Failure::unexpected(&error))
    }

    /// Counts a wrong credential.
    pub(super) fn refuse(&self, origin: CallOrigin) -> NotAuthenticated {
        let now = self.dependencies().monotonic.now();
        let Counted { number, rest } = self.0.wrong.count(network(origin), now);
        if number > MAX_WRONG { NotAuthenticated::TooMany(rest) } else { NotAuthenticated::Unknown }
    }

    /// The same for a credential that has expired.
    pub(super) fn refuse_expired(&self, known: &Known, origin: CallOrigin) -> NotAuthenticated {
        match self.refuse(origin) {
            NotAuthenticated::Unknown => NotAuthenticated::Expired(self.owner_of(known)),
            too_many => too_many,
        }
    }

    /// The client of a right credential that is refused; `None` after [`MAX_NAMED_REFUSALS`] of the client in a minute.
    ///
    /// The attack: with a stolen key, an attacker at a wrong address fills the records, until they displace those of other
    /// calls.
    pub(super) fn owner_of(&self, known: &Known) -> Option<CredentialOwner> {
        let now = self.dependencies().monotonic.now();
        let owner = known.owner();
        (self.0.refusals.count(owner.client, now).number <= MAX_NAMED_REFUSALS).then_some(owner)
    }
}

/// The network by which an address is counted.
fn network(origin: CallOrigin) -> Option<IpAddr> {
    origin.address.map(|address| own_network(address.to_canonical()))
}

/// Whether neither the client nor the credential has ended.
pub(super) fn is_valid(known: &Known, now: Timestamp) -> bool {
    let is_over = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
    !is_over(known.client.expires_at) && !is_over(known.credential.ends_unused_at())
}

/// Whether a client may call from this address. A client with networks may not call from an unknown one.
pub(super) fn may_call_from(client: &Client, origin: CallOrigin) -> bool {
    let is_within = |address| client.networks.iter().any(|network| network.contains(address));
    client.networks.is_empty() || origin.address.is_some_and(is_within)
}
