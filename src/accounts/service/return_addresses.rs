//! Return addresses: the list of addresses of applications to which people may go back after a connect link, and the
//! secrets that sign what they bring along. `address` parses and compares addresses, `answer` signs. `option` has the
//! option that an application must confirm mailboxes. Start with [`ReturnAddresses`].
//!
//! The attack: an attacker who can have a link made, or write to the database, wants the account's key, or wants an
//! application to take another mailbox for a person's own. Therefore an administrator lists the addresses, each secret
//! is sealed for the address that it signs for, and the list is compared again before a person leaves.

pub mod address;
pub mod answer;
mod option;
mod sealing;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use time::Duration;

pub(super) use self::option::ConfirmationNeed;
pub use self::sealing::{SEALED_PREVIOUS_RETURN_SECRETS, SEALED_RETURN_SECRETS};
use self::sealing::{binding, previous_binding};
use self::{
    address::Address,
    answer::{Answer, ReturnStatus},
};
pub use super::super::store::return_addresses::ReturnAddressId;
use super::{
    super::store::{
        links::Link,
        return_addresses::{OrganisationReturnAddresses, PreviousSecret, StoredReturnAddress},
    },
    AccountId,
};
use crate::{
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    jobs::service::Lease,
    people::{
        access::{Admin, Reauthenticated},
        service::People,
    },
    platform::{
        clock::{SharedClock, Timestamp},
        database::{Database, DatabaseError, Queries},
        failure::{Failure, Undone},
        id::OrganisationId,
        randomness::{SharedRandomness, Token},
        text,
    },
    vault::{Vault, VaultError},
};

/// Maximum number of return addresses of an organisation.
pub const MAX_ADDRESSES: u64 = 100;
/// After a new secret was made, the previous one signs for this long, so that the application can learn the new one.
pub const ROTATION: Duration = Duration::days(1);

/// An entry of the list.
#[derive(Clone, Debug)]
pub struct ReturnAddress {
    pub id: ReturnAddressId,
    pub address: String,
    /// The name of the newest secret, which answers carry as `kid`.
    pub key_id: String,
    /// While a new secret replaces an older one: until when the older one signs.
    pub previous_until: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Whether a mailbox is connected only after the application has confirmed it.
    pub needs_confirmation: bool,
}

/// A secret that is shown once.
#[derive(Clone, Debug)]
pub struct NewSecret {
    pub id: ReturnAddressId,
    pub address: String,
    /// The name of the secret, which answers carry as `kid`.
    pub key_id: String,
    /// The key of the signature is this text in UTF-8.
    pub secret: SecretString,
}

/// The address to which a person goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReturn {
    /// The return address with the signed answer.
    pub url: String,
    /// Its host.
    pub host: String,
}

/// The use cases of return addresses.
#[derive(Clone)]
pub struct ReturnAddresses {
    database: Database,
    vault: Vault,
    people: People,
    activity: Activity,
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl ReturnAddresses {
    /// Uses this database, and seals secrets with this vault.
    pub const fn new(
        database: Database,
        vault: Vault,
        people: People,
        activity: Activity,
        clock: SharedClock,
        randomness: SharedRandomness,
    ) -> Self {
        Self { database, vault, people, activity, clock, randomness }
    }

    /// All entries, by address.
    pub async fn list(&self, admin: &Admin) -> Result<Vec<ReturnAddress>, Failure> {
        let now = self.clock.now();
        let store = OrganisationReturnAddresses::of(admin.organisation());
        let all = store.list(&self.database.read(), MAX_ADDRESSES).await?;
        let shown = |stored: StoredReturnAddress| ReturnAddress {
            previous_until: signing_previous(&stored, now).map(|previous| previous.until),
            id: stored.id,
            address: stored.address,
            key_id: stored.key_id,
            created_at: stored.created_at,
            needs_confirmation: stored.needs_confirmation,
        };
        Ok(all.into_iter().map(shown).collect())
    }

    /// The addresses of the list, for every caller that makes links.
    pub async fn addresses(&self, organisation: OrganisationId) -> Result<Vec<String>, Failure> {
        let store = OrganisationReturnAddresses::of(organisation);
        let all = store.list(&self.database.read(), MAX_ADDRESSES).await?;
        Ok(all.into_iter().map(|stored| stored.address).collect())
    }

    /// Adds a typed address. For `needs_confirmation` see [`ReturnAddress`].
    ///
    /// # Returns
    /// The secret, or what to change as words for the form.
    pub async fn add(
        &self,
        admin: &Reauthenticated<Admin>,
        typed: &str,
        needs_confirmation: bool,
    ) -> Result<Result<NewSecret, &'static str>, Failure> {
        let typed = text::trim(typed);
        if let Err(problem) = Address::parse_entry(typed) {
            return Ok(Err(problem.words()));
        }
        let store = OrganisationReturnAddresses::of(admin.organisation());
        let id = ReturnAddressId::new(&*self.clock, &*self.randomness);
        let (key_id, secret) = self.new_secret();
        let new = NewSecret { id, address: typed.to_owned(), key_id, secret };
        let sealed = self.seal(admin.organisation(), &new, 1)?;
        let row = StoredReturnAddress {
            id,
            organisation: admin.organisation(),
            address: new.address.clone(),
            key_id: new.key_id.clone(),
            secret: sealed,
            secret_version: 1,
            previous: None,
            created_at: self.clock.now(),
            needs_confirmation,
        };
        let added = self
            .database
            .write::<_, Undone, _>(async |tx| {
                self.people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                if store.list(&tx, MAX_ADDRESSES).await?.len() as u64 >= MAX_ADDRESSES {
                    return Ok(false);
                }
                store.add(&tx, row.clone()).await?;
                let entry = Entry::done(Action::ReturnAddressAdded, new.address.as_str(), id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(true)
            })
            .await;
        match added {
            Ok(true) => Ok(Ok(new)),
            Ok(false) => Ok(Err("The list has 100 addresses, which is the most. Remove one first.")),
            Err(undone) if undone.is_conflict() => Ok(Err("This address is in the list already.")),
            Err(undone) => Err(undone.into()),
        }
    }

    /// Makes a new secret. The previous one signs for [`ROTATION`] longer; both are right until then. `key_id` is the
    /// name of the secret that the page showed.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the organisation has no such entry.
    ///
    /// # Returns
    /// The secret; `None` if the entry has another one than the page showed.
    pub async fn rotate(
        &self,
        admin: &Reauthenticated<Admin>,
        id: ReturnAddressId,
        key_id: &str,
    ) -> Result<Option<NewSecret>, Failure> {
        let store = OrganisationReturnAddresses::of(admin.organisation());
        let (new_key_id, secret) = self.new_secret();
        self.database
            .write(async |tx| {
                self.people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                let mut stored = store.lock(&tx, id).await?.ok_or(Failure::NotFound)?;
                if stored.key_id != key_id {
                    return Ok(None);
                }
                let now = self.clock.now();
                let (old_key_id, old_secret) = self.signer(&stored, now);
                let (version, until) = (stored.secret_version + 1, now.plus(ROTATION));
                let address = stored.address.clone();
                // A secret that does not open has never signed, so nothing has to go on with it.
                stored.previous = match old_secret {
                    Ok(old) => {
                        let binding = previous_binding(version, &address, &old_key_id, until);
                        let place = SEALED_PREVIOUS_RETURN_SECRETS.place(stored.organisation.0, id.0);
                        let sealed = self.vault.seal_bound(place, &binding, &old);
                        let secret = sealed.map_err(|error| Failure::unexpected(&error))?;
                        Some(PreviousSecret { key_id: old_key_id, secret, until })
                    }
                    Err(error) => {
                        tracing::error!(%id, %error, "could not open the secret of a return address");
                        None
                    }
                };
                let new = NewSecret { id, address, key_id: new_key_id.clone(), secret: secret.clone() };
                stored.secret = self.seal(stored.organisation, &new, version)?;
                stored.secret_version = version;
                stored.key_id.clone_from(&new.key_id);
                store.set_secrets(&tx, stored).await?;
                let entry = Entry::done(Action::ReturnAddressSecretReplaced, new.address.as_str(), id.0);
                self.activity.record(&tx, admin.actor(), entry).await?;
                Ok(Some(new))
            })
            .await
    }

    /// Removes an entry. Removing one that is gone is not an error. Open links that name it still connect mailboxes,
    /// but the people then stay on our page.
    pub async fn remove(&self, admin: &Reauthenticated<Admin>, id: ReturnAddressId) -> Result<(), Failure> {
        let store = OrganisationReturnAddresses::of(admin.organisation());
        self.database
            .write(async |tx| {
                self.people.lock_and_check_user(&tx, admin.logged_in_user()).await?;
                if let Some(address) = store.remove(&tx, id).await? {
                    let entry = Entry::done(Action::ReturnAddressRemoved, address, id.0);
                    self.activity.record(&tx, admin.actor(), entry).await?;
                }
                Ok(())
            })
            .await
    }

    /// The entry that allows a return address, and whether it asks for a confirmation: of several the one with the
    /// longest path. `None` if none does.
    pub(super) async fn find_entry(
        &self,
        on: &impl Queries,
        organisation: OrganisationId,
        given: &Address,
    ) -> Result<Option<(ReturnAddressId, bool)>, DatabaseError> {
        let all = OrganisationReturnAddresses::of(organisation).list(on, MAX_ADDRESSES).await?;
        let allowing = all.iter().filter_map(|stored| {
            let entry = Address::parse_entry(&stored.address).ok()?;
            entry.allows(given).then(|| (entry.depth(), (stored.id, stored.needs_confirmation)))
        });
        Ok(allowing.max_by_key(|(depth, _)| *depth).map(|(_, found)| found))
    }

    /// The address to which the person behind a link goes, with the signed answer. `None` if the link names no return
    /// address, or the list does not allow it any more: then the person stays. `confirm` is the code with which the
    /// application confirms the mailbox.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub async fn sign(
        &self,
        link: &Link,
        status: ReturnStatus,
        account: Option<AccountId>,
        error: Option<&str>,
        confirm: Option<&Token>,
    ) -> Result<Option<SignedReturn>, Failure> {
        let Some((given, id)) = link.return_address.as_deref().zip(link.return_address_id) else {
            return Ok(None);
        };
        let store = OrganisationReturnAddresses::of(link.organisation);
        let Some(stored) = store.get(&self.database.read(), id).await? else { return Ok(None) };
        let (Ok(entry), Ok(address)) = (Address::parse_entry(&stored.address), Address::parse(given)) else {
            return Ok(None);
        };
        if !entry.allows(&address) {
            return Ok(None);
        }
        let now = self.clock.now();
        let (key_id, secret) = match self.signer(&stored, now) {
            (key_id, Ok(secret)) => (key_id, secret),
            (_, Err(error)) => {
                tracing::error!(%id, %error, "could not open the secret of a return address");
                return Ok(None);
            }
        };
        let (state, link) = (link.state.as_deref(), link.id);
        let answer = Answer { return_address: given, link, status, account, error, state, at: now, confirm };
        let host = address.host();
        Ok(Some(SignedReturn { url: answer.url(&address, &key_id, &secret), host }))
    }

    /// Erases the previous secrets of an organisation whose time is over.
    pub async fn erase_previous_secrets(
        &self,
        lease: &Lease,
        organisation: OrganisationId,
    ) -> Result<(), Failure> {
        let (store, now) = (OrganisationReturnAddresses::of(organisation), self.clock.now());
        self.database
            .write::<_, Failure, _>(async |tx| {
                lease.hold(&tx).await?;
                Ok(store.erase_previous(&tx, now).await?)
            })
            .await
    }

    /// The secret that signs at the moment, with its name.
    fn signer(
        &self,
        stored: &StoredReturnAddress,
        now: Timestamp,
    ) -> (String, Result<SecretString, VaultError>) {
        let StoredReturnAddress { id, organisation, address, key_id, secret, secret_version, .. } = stored;
        if let Some(PreviousSecret { key_id, secret, until }) = signing_previous(stored, now) {
            let place = SEALED_PREVIOUS_RETURN_SECRETS.place(organisation.0, id.0);
            let binding = previous_binding(*secret_version, address, key_id, *until);
            if let Ok(opened) = self.vault.open_bound(place, &binding, secret) {
                return (key_id.clone(), Ok(opened));
            }
        }
        let place = SEALED_RETURN_SECRETS.place(organisation.0, id.0);
        let binding = binding(*secret_version, address, key_id);
        (key_id.clone(), self.vault.open_bound(place, &binding, secret))
    }

    fn seal(&self, organisation: OrganisationId, new: &NewSecret, version: i64) -> Result<Vec<u8>, Failure> {
        let place = SEALED_RETURN_SECRETS.place(organisation.0, new.id.0);
        let binding = binding(version, &new.address, &new.key_id);
        self.vault.seal_bound(place, &binding, &new.secret).map_err(|error| Failure::unexpected(&error))
    }

    /// A new secret with its name.
    fn new_secret(&self) -> (String, SecretString) {
        let mut name = [0; 9];
        self.randomness.fill(&mut name);
        let secret = Token::random(&*self.randomness);
        (URL_SAFE_NO_PAD.encode(name), SecretString::from(secret.expose()))
    }
}

/// The previous secret of an entry, if it still signs.
fn signing_previous(stored: &StoredReturnAddress, now: Timestamp) -> Option<&PreviousSecret> {
    let signs =
        |previous: &&PreviousSecret| now < previous.until && previous.until.minus(ROTATION).is_credible(now);
    stored.previous.as_ref().filter(signs)
}
