//! Set-up of the first administrator. While no user exists, each start of the program prints a link with a
//! one-time token. It works for 24 hours, and until the next start prints another.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use time::Duration;

use crate::{
    people::{
        model::{Email, OrganisationName, Password, PersonName, Role},
        service::{NewUser, People},
    },
    platform::{
        clock::{SharedClock, Timestamp},
        cpu::Asker,
        database::{Database, DatabaseError, Read, settings},
        failure::Failure,
        randomness::{SharedRandomness, Token},
        request_id::RequestId,
    },
};

const SETTING: &str = "set_up";
const VALID: Duration = Duration::hours(24);

/// The use cases of the set-up.
#[derive(Clone)]
pub struct SetUp {
    database: Database,
    people: People,
    clock: SharedClock,
    randomness: SharedRandomness,
    /// Whether this process has seen a user. An organisation's last administrator cannot be deleted, so this stays
    /// true. All users may still be gone after a restart, if the only one was a viewer or a backup was restored. Then
    /// that process reads the database again, and prints a new set-up link. Only the notice on the log-in page uses
    /// this value. A set-up link is always checked against the database.
    has_user: Arc<AtomicBool>,
}

/// The first administrator and their organisation.
#[derive(Clone, Debug)]
pub struct Founder {
    /// Name of the new organisation.
    pub organisation: OrganisationName,
    /// Name of the administrator.
    pub name: PersonName,
    /// Email of the administrator.
    pub email: Email,
    /// Password of the administrator.
    pub password: Password,
}

impl SetUp {
    /// Use cases on these people.
    pub fn new(database: Database, people: People, clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { database, people, clock, randomness, has_user: Arc::default() }
    }

    /// Makes the token of a new link, which replaces the link before; `None` if there is a user already.
    pub async fn open(&self) -> Result<Option<Token>, Failure> {
        let token = Token::random(&*self.randomness);
        let now = self.clock.now();
        let opened: Result<_, Failure> = self
            .database
            .write(async |tx| {
                if !self.people.is_empty(&tx).await? {
                    settings::remove(&tx, SETTING).await?;
                    return Ok(None);
                }
                let value = encode(&token, now.plus(VALID));
                settings::put(&tx, SETTING, value).await?;
                Ok(Some(token.clone()))
            })
            .await;
        if matches!(opened, Ok(None)) {
            self.has_user.store(true, Ordering::Relaxed);
        }
        opened
    }

    /// Whether there is no user yet.
    pub async fn is_awaited(&self) -> Result<bool, Failure> {
        if self.has_user.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let awaited = self.people.is_empty(&self.database.read()).await?;
        if !awaited {
            self.has_user.store(true, Ordering::Relaxed);
        }
        Ok(awaited)
    }

    /// Whether this token opens the set-up now.
    pub async fn is_open(&self, token: &Token) -> Result<bool, Failure> {
        Ok(self.stored(&self.database.read(), token).await?.is_some())
    }

    /// The stored setting, if it belongs to this token and has not expired.
    async fn stored(&self, on: &Read, token: &Token) -> Result<Option<Vec<u8>>, DatabaseError> {
        let Some(value) = settings::get(on, SETTING).await? else { return Ok(None) };
        // The operator may have added the first user on the command line.
        if !self.people.is_empty(on).await? {
            return Ok(None);
        }
        let good = value.split_first_chunk::<32>().is_some_and(|(hash, expiry)| {
            let expires = expiry.try_into().map(i64::from_be_bytes).map(Timestamp::from_micros);
            hash == token.hash().to_vec().as_slice()
                && expires.is_ok_and(|expires| {
                    let now = self.clock.now();
                    now < expires && expires.minus(VALID).is_credible(now)
                })
        });
        Ok(good.then_some(value))
    }

    /// Uses the token up: adds the organisation and its first administrator. Only one of several concurrent requests
    /// succeeds.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the token is not the latest one, has expired or was used.
    pub async fn claim(
        &self,
        token: &Token,
        founder: &Founder,
        address: Option<IpAddr>,
        request_id: Option<RequestId>,
    ) -> Result<(), Failure> {
        // Look first, because hashing is expensive: an attacker with an invalid link must not make the server
        // compute.
        let Some(value) = self.stored(&self.database.read(), token).await? else {
            return Err(Failure::NotFound);
        };
        let hash = self.people.hash(Asker { network: address, known: false }, &founder.password).await?;
        let made: Result<(), Failure> = self
            .database
            .write(async |tx| {
                if !settings::remove_value(&tx, SETTING, &value).await? || !self.people.is_empty(&tx).await? {
                    return Err(Failure::NotFound);
                }
                let organisation =
                    self.people.add_organisation_in_transaction(&tx, &founder.organisation, None).await?;
                let Founder { email, name, .. } = founder;
                let new = NewUser { email, name, role: Role::Admin, password_hash: hash.clone() };
                self.people.add_user(&tx, organisation, Some((address, request_id)), new).await?;
                Ok(())
            })
            .await;
        if made.is_ok() {
            self.has_user.store(true, Ordering::Relaxed);
        }
        made
    }
}

/// The stored setting: hash and expiry of the token.
fn encode(token: &Token, expires: Timestamp) -> Vec<u8> {
    let mut value = token.hash().to_vec();
    value.extend_from_slice(&expires.micros().to_be_bytes());
    value
}
