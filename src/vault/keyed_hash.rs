//! Keyed hashes of what people typed, such as an e-mail that is counted.
//!
//! Without a key, a password typed into the e-mail field could be guessed from its hash a billion times a second.
//! The key is derived from the newest encryption key, so the database alone gives nothing to guess with. After a
//! change of that key the same text has another hash: fit for what lives for minutes, not for what is kept.

use super::Vault;
use crate::platform::randomness::Hash;

/// Separates the derived key from the encryption key that it comes from.
const DERIVATION: &[u8] = b"mail360 keyed hash 1";

impl Vault {
    /// The keyed hash (HMAC-SHA256, RFC 2104) of a list of texts.
    pub fn keyed_hash(&self, parts: &[&[u8]]) -> Hash {
        let derived = Hash::keyed(self.keys.newest().bytes(), &[DERIVATION]);
        Hash::keyed(derived.as_bytes(), parts)
    }
}
