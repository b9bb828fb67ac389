//! Device cookies: they let a user log in while attackers guess that user's password.
//!
//! A browser in which a user has completed a log-in gets a random value for 180 days. It replaces neither the
//! password nor the second factor. It gives the browser its own count of failures, so that guesses from
//! elsewhere do not use up the owner's attempts (OWASP, "Slow Down Online Guessing Attacks with Device
//! Cookies"). Ten failures make it void. Every event that ends the user's sessions ends their device cookies
//! too.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue};
use time::Duration;

use super::store::devices::{self, StoredDevice};
use crate::{
    jobs::service::Lease,
    platform::{
        clock::{SharedClock, Timestamp},
        config::PublicUrl,
        cookies,
        database::{Database, DatabaseError, Tx, Unscoped},
        failure::Failure,
        id::{OrganisationId, UserId},
        randomness::{Hash, SharedRandomness, Token},
    },
};

/// A device cookie expires this long after the last complete log-in.
const AGE: Duration = Duration::days(180);
/// Maximum number of device cookies of one user.
const MAX_PER_USER: u64 = 10;
/// The number of failures after which a device cookie is void.
pub(super) const MAX_FAILURES: i64 = 10;
/// Names of the cookies.
const NAME: &str = "device";
const ORGANISATION: &str = "organisation";

/// The device cookie of one request: the one that the browser sent, and the one that the response sets.
#[derive(Clone, Debug, Default)]
pub struct DeviceSlot {
    sent: Option<Hash>,
    given: Arc<Mutex<Option<Given>>>,
}

/// The cookies that the response sets after a complete log-in.
#[derive(Debug)]
struct Given {
    device: Token,
    organisation: Option<String>,
}

impl DeviceSlot {
    /// Reads the device cookie of a request.
    pub fn of_request(headers: &HeaderMap, public_url: &PublicUrl) -> Self {
        let sent = cookies::read(headers, public_url, NAME);
        Self { sent: sent.and_then(|text| Token::parse(&text)).map(|token| token.hash()), ..Self::default() }
    }

    /// The `Set-Cookie` values of the new device cookie and of the organisation for the next log-in form.
    ///
    /// # Errors
    /// None in practice: our values are valid header values.
    pub fn set_cookies(&self, public_url: &PublicUrl) -> Result<Vec<HeaderValue>, Failure> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Given { device, organisation }) = given else { return Ok(Vec::new()) };
        let device = cookies::set(public_url, NAME, device.expose(), AGE)?;
        let organisation =
            organisation.map(|short_name| cookies::set(public_url, ORGANISATION, &short_name, AGE));
        Ok(std::iter::once(device).chain(organisation.transpose()?).collect())
    }

    /// Makes the response set a new device cookie, and the short name of the organisation for the next log-in
    /// form. Call it after the transaction that made the token was committed.
    pub fn set_cookie_values(&self, device: Token, organisation: Option<String>) {
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = Some(Given { device, organisation });
    }
}

/// The short name of the organisation that this browser logged in to last.
pub fn last_organisation(headers: &HeaderMap, public_url: &PublicUrl) -> Option<String> {
    cookies::read(headers, public_url, ORGANISATION)
}

/// A valid device cookie that a browser sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// SHA-256 of the cookie's value.
    pub hash: Hash,
    /// The organisation of the cookie's user.
    pub organisation: OrganisationId,
    /// The user who logged in with that browser.
    pub user: UserId,
}

/// Finds, renews and erases device cookies.
#[derive(Clone)]
pub struct DeviceCookies {
    database: Database,
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl DeviceCookies {
    /// The device cookies in this database.
    pub fn new(database: Database, clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { database, clock, randomness }
    }

    /// The user of the request's device cookie; `None` if there is no valid one.
    pub async fn find(&self, slot: &DeviceSlot) -> Result<Option<KnownDevice>, Failure> {
        let Some(hash) = slot.sent else { return Ok(None) };
        let now = self.clock.now();
        let found = Unscoped.device_by_hash(&self.database.read(), hash).await?;
        Ok(found.filter(|device| is_valid(device, now)).map(|device| KnownDevice {
            hash,
            organisation: device.organisation,
            user: device.user,
        }))
    }

    /// Adds a device cookie for a user who has completed a log-in, and erases the one that the browser sent.
    ///
    /// # Returns
    /// The token. Pass it to [`DeviceSlot::set_cookie_values`] after the transaction was committed.
    pub async fn renew(
        &self,
        tx: &Tx,
        slot: &DeviceSlot,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<Token, DatabaseError> {
        if let Some(sent) = slot.sent {
            devices::erase(tx, sent).await?;
        }
        let (token, now) = (Token::random(&*self.randomness), self.clock.now());
        let device = StoredDevice {
            hash: token.hash(),
            organisation,
            user,
            created_at: now,
            expires_at: now.plus(AGE),
        };
        devices::add(tx, device, MAX_PER_USER).await?;
        Ok(token)
    }

    /// Erases all device cookies of a user.
    pub(super) async fn end_all_of(
        tx: &Tx,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(), DatabaseError> {
        devices::erase_all_of(tx, organisation, user).await
    }

    /// Whether the browser sent a valid device cookie of this user.
    pub(super) async fn is_of(
        &self,
        tx: &Tx,
        slot: &DeviceSlot,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<bool, DatabaseError> {
        let Some(hash) = slot.sent else { return Ok(false) };
        let found = Unscoped.device_by_hash(tx, hash).await?;
        let is_own = |device: &StoredDevice| device.organisation == organisation && device.user == user;
        Ok(found.is_some_and(|device| is_own(&device) && is_valid(&device, self.clock.now())))
    }

    /// Erases all device cookies of an organisation.
    pub async fn end_all_within(tx: &Tx, organisation: OrganisationId) -> Result<(), DatabaseError> {
        devices::erase_all_within(tx, organisation).await
    }

    /// Erases expired device cookies.
    pub async fn erase_expired_devices(&self, lease: &Lease) -> Result<(), Failure> {
        let now = self.clock.now();
        self.database
            .write(async |tx| {
                lease.hold(&tx).await?;
                Ok(devices::erase_expired_devices(&tx, now).await?)
            })
            .await
    }
}

/// A cookie with a time ahead of the clock is not valid: the clock was wrong then, or is now.
fn is_valid(device: &StoredDevice, now: Timestamp) -> bool {
    now < device.expires_at
        && device.created_at.is_credible(now)
        && device.expires_at.minus(AGE).is_credible(now)
}
