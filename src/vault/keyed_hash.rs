//! Keyed hashes: of texts that people typed, such as the email under which log-in attempts are counted, and as
//! signatures of values that the program gives out and gets back.
//!
//! Without a key, an attacker who reads the database could guess a password typed into the email field a
//! billion times a second. The keys are derived from the encryption keys, so the database alone does not
//! help to guess. The hash of a text changes with the newest key. So use it for rows that live for minutes, not for
//! data that is kept. A signature is recognised as long as its key is in the key file.

use super::{Vault, keys::Key};
use crate::platform::randomness::Hash;

/// Domain separation: makes the derived key differ from the encryption key.
const DERIVATION: &[u8] = b"mail360 keyed hash 1";
/// The same for signatures, so that no hash of a typed text is one.
const SIGNATURE: &[u8] = b"mail360 signature 1";

impl Vault {
    /// The keyed hash (HMAC-SHA256, RFC 2104) of a list of texts.
    pub fn keyed_hash(&self, parts: &[&[u8]]) -> Hash {
        let derived = Hash::keyed(self.keys.newest().bytes(), &[DERIVATION]);
        Hash::keyed(derived.as_bytes(), parts)
    }

    /// Signs these parts (HMAC-SHA256) with the newest key. The first part says what is signed.
    pub fn sign(&self, parts: &[&[u8]]) -> Hash {
        Hash::keyed(signing_key(self.keys.newest()).as_bytes(), parts)
    }

    /// Whether a key of the key file has signed these parts. The comparison takes the same time for every signature.
    pub fn has_signed(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        self.keys.all().any(|key| Hash::is_keyed(signing_key(key).as_bytes(), parts, signature))
    }
}

fn signing_key(key: &Key) -> Hash {
    Hash::keyed(key.bytes(), &[SIGNATURE])
}
