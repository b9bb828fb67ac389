//! Keyed hashes of texts that people typed, such as the e-mail under which log-in attempts are counted.
//!
//! Without a key, an attacker who reads the database could guess a password typed into the e-mail field a
//! billion times a second. The key is derived from the newest encryption key, so the database alone does not
//! help to guess. The hash of a text changes with that key. So use it for rows that live for minutes, not for
//! data that is kept.

use super::Vault;
use crate::platform::randomness::Hash;

/// Domain separation: makes the derived key differ from the encryption key.
const DERIVATION: &[u8] = b"mail360 keyed hash 1";

impl Vault {
    /// The keyed hash (HMAC-SHA256, RFC 2104) of a list of texts.
    pub fn keyed_hash(&self, parts: &[&[u8]]) -> Hash {
        let derived = Hash::keyed(self.keys.newest().bytes(), &[DERIVATION]);
        Hash::keyed(derived.as_bytes(), parts)
    }
}
