//! The vault seals and opens every secret at rest.
//!
//! XChaCha20-Poly1305. A sealed value is: format (1 byte), length of the key's id (1 byte), the key's id,
//! nonce (24 bytes, random, fresh for each value), ciphertext with its tag. The associated data are format,
//! key id, organisation, table, column, row id and the [`Binding`]. An attacker who can write to the database
//! but has no key can therefore neither move a ciphertext to another place nor put an older one of the same
//! row back. A whole old row that is put back cannot be detected.
//!
//! Format 1 has no binding. Its values are opened only where the row has no version yet; `mail360 reseal`
//! seals them in format 2.

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

/// The format of all values that are sealed now.
const FORMAT: u8 = 2;
/// The format before it, whose associated data have no binding.
const OLD_FORMAT: u8 = 1;
const NONCE: usize = 24;

/// The place of a sealed value; it can be opened nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose row it is; nil where it is nobody's, as with the key check.
    pub organisation: Uuid,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: Uuid,
}

/// What a sealed value is bound to besides its place. It is stored in the clear in the columns of the same row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// Counts the values that were sealed for this row, from 1. With 0 the value is bound to its place alone.
    pub version: i64,
    /// The columns of the row that the secret belongs to, in a fixed order. `None` is NULL.
    pub context: Vec<Option<String>>,
}

/// Why a sealed value could not be opened, or a secret not sealed. It says nothing of the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The bytes are not something that this vault made.
    #[error("the sealed value has an unknown form")]
    Form,
    /// It was sealed with a key that is not in the key file.
    #[error("the key `{0}` is not in the key file")]
    UnknownKey(String),
    /// It was changed, moved, or sealed with another key of the same id.
    #[error("the sealed value does not belong here, or was changed")]
    Refused,
}

/// Seals and opens. A clone shares the keys.
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
    /// Where the cipher refuses, which it does only for values beyond any memory.
    pub fn seal(&self, place: Place, secret: &SecretString) -> Result<Vec<u8>, VaultError> {
        self.seal_bound(place, &Binding::default(), secret)
    }

    /// Seals a secret for its place and binding, with the newest key.
    ///
    /// # Errors
    /// Where the cipher refuses, which it does only for values beyond any memory.
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

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`VaultError`]; never another text than the one that was sealed.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<SecretString, VaultError> {
        self.open_bound(place, &Binding::default(), sealed)
    }

    /// Opens what was sealed for this place and binding.
    ///
    /// # Errors
    /// [`VaultError`]; never another text than the one that was sealed.
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
        let Parts { format, key, rest } = split(sealed)?;
        // Rollback: a value of the old format that was kept aside must not replace a newer one.
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

/// The first bytes of each value that is sealed now with this key.
fn header(id: &str) -> Result<Vec<u8>, VaultError> {
    let length = u8::try_from(id.len()).map_err(|_| VaultError::Form)?;
    Ok([&[FORMAT, length], id.as_bytes()].concat())
}

/// A sealed value, taken apart.
struct Parts<'a> {
    format: u8,
    /// The key's id.
    key: &'a str,
    /// Nonce and ciphertext.
    rest: &'a [u8],
}

fn split(sealed: &[u8]) -> Result<Parts<'_>, VaultError> {
    let [format @ (OLD_FORMAT | FORMAT), length, rest @ ..] = sealed else { return Err(VaultError::Form) };
    let (key, rest) = rest.split_at_checked(usize::from(*length)).ok_or(VaultError::Form)?;
    let key = std::str::from_utf8(key).map_err(|_| VaultError::Form)?;
    Ok(Parts { format: *format, key, rest })
}

/// Each part with its length before it, so that no two places or bindings give the same bytes.
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
