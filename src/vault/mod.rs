//! The vault seals and opens every secret at rest.
//!
//! XChaCha20-Poly1305. A sealed value is: format version (1 byte), length of the key's id (1 byte), the
//! key's id, nonce (24 bytes, random, fresh for each value), ciphertext with its tag. The associated
//! data are version, key id, organisation, table, column and row id, so that no ciphertext can be moved
//! to another place by whoever can write to the database but has no key.

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

const VERSION: u8 = 1;
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
        self.seal_with(self.keys.newest(), place, secret.expose_secret().as_bytes())
    }

    fn seal_with(&self, key: &Key, place: Place, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE];
        self.randomness.fill(&mut nonce);
        let aad = associated_data(key.id(), place);
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
        let bytes = self.open_bytes(place, sealed)?;
        String::from_utf8(bytes).map(SecretString::from).map_err(|_| VaultError::Form)
    }

    fn open_bytes(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (id, rest) = split(sealed)?;
        let key = self.keys.by_id(id).ok_or_else(|| VaultError::UnknownKey(id.to_owned()))?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::Form)?;
        let aad = associated_data(id, place);
        cipher(key)
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
            .map_err(|_| VaultError::Refused)
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

/// What a value begins with that this key has sealed.
fn header(id: &str) -> Result<Vec<u8>, VaultError> {
    let length = u8::try_from(id.len()).map_err(|_| VaultError::Form)?;
    Ok([&[VERSION, length], id.as_bytes()].concat())
}

/// The key's id and what follows it.
fn split(sealed: &[u8]) -> Result<(&str, &[u8]), VaultError> {
    let [VERSION, length, rest @ ..] = sealed else { return Err(VaultError::Form) };
    let (id, rest) = rest.split_at_checked(usize::from(*length)).ok_or(VaultError::Form)?;
    Ok((std::str::from_utf8(id).map_err(|_| VaultError::Form)?, rest))
}

/// Each part with its length before it, so that no two places give the same bytes.
fn associated_data(key_id: &str, place: Place) -> Vec<u8> {
    let mut data = vec![VERSION];
    for part in [
        key_id.as_bytes(),
        place.organisation.as_bytes(),
        place.table.as_bytes(),
        place.column.as_bytes(),
        place.row.as_bytes(),
    ] {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

#[cfg(test)]
mod tests;
