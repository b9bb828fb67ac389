//! The vault seals (encrypts) and opens every secret at rest. Start with [`Vault::seal_bound`] and
//! [`Vault::open_bound`].
//!
//! The cipher is XChaCha20-Poly1305. A sealed value is: format (1 byte), length of the key's id (1 byte), the
//! key's id, nonce (24 random bytes, fresh for each value), ciphertext with its tag. The associated data are
//! format, key id, organisation, table, column, row id and the [`Binding`]. So an attacker who can write to
//! the database, but has no key, can neither move a ciphertext to another place nor put an older one of the
//! same row back. The vault cannot detect that a whole old row was put back.
//!
//! Format 1 has no binding. A value of format 1 opens only if its row has no version yet; `mail360 reseal`
//! seals it in format 2.

pub mod custody;
mod keyed_hash;
pub mod keys;
pub mod reseal;

use std::sync::Arc;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::platform::randomness::SharedRandomness;
use keys::{Key, Keys};

/// The format of every newly sealed value.
const FORMAT: u8 = 2;
/// The earlier format, whose associated data have no binding.
const OLD_FORMAT: u8 = 1;
const NONCE: usize = 24;

/// The place of a sealed value. The value opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The organisation of the row; nil if the row belongs to none, as with the key check.
    pub organisation: Uuid,
    /// Name of the table.
    pub table: &'static str,
    /// Name of the column.
    pub column: &'static str,
    /// The id of the row.
    pub row: Uuid,
}

/// The context to which a sealed value is bound besides its place. It is stored unencrypted in the same row, or fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// Number of this row's sealed values so far, from 1. With 0 the value is bound to its place alone.
    pub version: i64,
    /// The texts that the secret belongs to, in a fixed order. `None` is NULL.
    pub context: Vec<Option<String>>,
}

/// Why a value could not be sealed or opened. It says nothing about the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The bytes are not a sealed value of this vault.
    #[error("the sealed value has an unknown form")]
    Form,
    /// The value was sealed with a key that is not in the key file.
    #[error("the key `{0}` is not in the key file")]
    UnknownKey(String),
    /// The value was changed, moved, or sealed with another key of the same id.
    #[error("the sealed value does not belong here, or was changed")]
    Refused,
}

/// Seals and opens secrets. A clone shares the keys.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<Keys>,
    randomness: SharedRandomness,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault with these keys.
    pub fn new(keys: Keys, randomness: SharedRandomness) -> Self {
        Self { keys: Arc::new(keys), randomness }
    }

    /// The id of the key that new values are sealed with.
    pub fn newest_key(&self) -> &str {
        self.keys.newest().id()
    }

    /// Seals a secret for its place, with the newest key.
    ///
    /// # Errors
    /// If the cipher refuses: only for values too large for any memory.
    pub fn seal(&self, place: Place, secret: &SecretString) -> Result<Vec<u8>, VaultError> {
        self.seal_bound(place, &Binding::default(), secret)
    }

    /// Seals a secret for its place and binding, with the newest key.
    ///
    /// # Errors
    /// If the cipher refuses: only for values too large for any memory.
    pub fn seal_bound(
        &self,
        place: Place,
        binding: &Binding,
        secret: &SecretString,
    ) -> Result<Vec<u8>, VaultError> {
        self.seal_with(self.keys.newest(), place, binding, secret.expose_secret().as_bytes())
    }

    fn seal_with(
        &self,
        key: &Key,
        place: Place,
        binding: &Binding,
        secret: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE];
        self.randomness.fill(&mut nonce);
        let aad = associated_data(FORMAT, key.id(), place, binding);
        let ciphertext = cipher(key)
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: &aad })
            .map_err(|_| VaultError::Refused)?;
        Ok([&header(key.id())?[..], &nonce, &ciphertext].concat())
    }

    /// Opens a value that was sealed for this place.
    ///
    /// # Errors
    /// [`VaultError`]. It never returns a text other than the one that was sealed.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<SecretString, VaultError> {
        self.open_bound(place, &Binding::default(), sealed)
    }

    /// Opens a value that was sealed for this place and binding.
    ///
    /// # Errors
    /// [`VaultError`]. It never returns a text other than the one that was sealed.
    pub fn open_bound(
        &self,
        place: Place,
        binding: &Binding,
        sealed: &[u8],
    ) -> Result<SecretString, VaultError> {
        let bytes = self.open_bytes(place, binding, sealed)?;
        String::from_utf8(bytes).map(SecretString::from).map_err(|_| VaultError::Form)
    }

    fn open_bytes(&self, place: Place, binding: &Binding, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let SealedParts { format, key, rest } = split(sealed)?;
        // Rollback: an attacker must not replace a newer value with a saved value of the old format.
        if format == OLD_FORMAT && binding.version != 0 {
            return Err(VaultError::Refused);
        }
        let aad = associated_data(format, key, place, binding);
        let key = self.keys.by_id(key).ok_or_else(|| VaultError::UnknownKey(key.to_owned()))?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::Form)?;
        cipher(key)
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
            .map_err(|_| VaultError::Refused)
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

/// The first bytes of every value sealed with this key.
fn header(id: &str) -> Result<Vec<u8>, VaultError> {
    let length = u8::try_from(id.len()).map_err(|_| VaultError::Form)?;
    Ok([&[FORMAT, length], id.as_bytes()].concat())
}

/// A sealed value, split into its parts.
struct SealedParts<'a> {
    format: u8,
    /// The key's id.
    key: &'a str,
    /// Nonce and ciphertext.
    rest: &'a [u8],
}

fn split(sealed: &[u8]) -> Result<SealedParts<'_>, VaultError> {
    let [format @ (OLD_FORMAT | FORMAT), length, rest @ ..] = sealed else { return Err(VaultError::Form) };
    let (key, rest) = rest.split_at_checked(usize::from(*length)).ok_or(VaultError::Form)?;
    let key = std::str::from_utf8(key).map_err(|_| VaultError::Form)?;
    Ok(SealedParts { format: *format, key, rest })
}

/// Length-prefixes each part, so that no two places or bindings give the same bytes.
fn associated_data(format: u8, key_id: &str, place: Place, binding: &Binding) -> Vec<u8> {
    let mut data = vec![format];
    let mut add = |part: &[u8]| {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part);
    };
    for part in [
        key_id.as_bytes(),
        place.organisation.as_bytes(),
        place.table.as_bytes(),
        place.column.as_bytes(),
        place.row.as_bytes(),
    ] {
        add(part);
    }
    if format == OLD_FORMAT || binding.version == 0 {
        return data;
    }
    add(&binding.version.to_be_bytes());
    for part in &binding.context {
        match part {
            Some(text) => add(&[&[1], text.as_bytes()].concat()),
            None => add(&[0]),
        }
    }
    data
}

#[cfg(test)]
mod tests;
