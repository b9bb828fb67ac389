//! The source of random bytes, which is a parameter so that tests are repeatable. Also tokens and hashes.

use std::{fmt, str::FromStr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::text;

/// The source of random bytes.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `bytes` from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);
}

pub type SharedRandomness = Arc<dyn Randomness>;

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(clippy::expect_used, reason = "a program without randomness must not go on")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A secret of 256 bits, such as a state or the end of a set-up link. It authorises its holder.
///
/// `Debug` does not print it. The database only stores its [`Hash`].
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// A new random token.
    pub fn random(randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes);
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A token from a request. `None` if the text cannot be one of our tokens, so that such a text needs no query.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(SecretString::from(text)))
    }

    /// A token at the end of a link that users copy and send. Ignores characters that mail and chat programs add
    /// around a link, or hide in it.
    pub fn from_link(text: &str) -> Option<Self> {
        let plain = text::ascii(text);
        Self::parse(plain.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_'))
    }

    /// Another token that only a holder of this one can make. The parts say what it is for.
    #[must_use]
    pub fn derive(&self, parts: &[&str]) -> Self {
        let parts: Vec<_> = parts.iter().map(|part| part.as_bytes()).collect();
        let derived = Hash::keyed(self.expose().as_bytes(), &parts);
        Self(SecretString::from(URL_SAFE_NO_PAD.encode(derived.as_bytes())))
    }

    /// The token as text, for a link, a cookie or a request.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The hash that the database stores.
    pub fn hash(&self) -> Hash {
        Hash::of(self.expose().as_bytes())
    }
}

/// SHA-256 of a token, or a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

/// Hexadecimal digits, in lower case.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is not a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHash;

impl FromStr for Hash {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<Self, NoHash> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoHash);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| NoHash)?;
        }
        Ok(Self(bytes))
    }
}

impl Hash {
    /// SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// HMAC-SHA256 (RFC 2104) of `parts`. Each part is length-prefixed, so that no two lists give the same
    /// bytes.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn keyed(key: &[u8], parts: &[&[u8]]) -> Self {
        Self(keyed_mac(key, parts).finalize().into_bytes().into())
    }

    /// Whether `mac` is the hash [`Self::keyed`] of these parts. The comparison takes the same time wherever the two
    /// differ.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn is_keyed(key: &[u8], parts: &[&[u8]], mac: &[u8]) -> bool {
        keyed_mac(key, parts).verify_slice(mac).is_ok()
    }

    /// HMAC-SHA256 (RFC 2104) of one message, for a recipient outside this program.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104, 2)")]
    pub fn hmac(key: &[u8], message: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
        mac.update(message);
        Self(mac.finalize().into_bytes().into())
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A stored hash; `None` if the length is wrong.
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// HMAC-SHA256 after all parts, each length-prefixed.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104, 2)")]
fn keyed_mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o1_a_thousand_tokens_of_256_bits_are_all_different() {
        let tokens: std::collections::HashSet<_> =
            (0..1000).map(|_| Token::random(&SystemRandomness).expose().to_owned()).collect();
        assert_eq!(tokens.len(), 1000);
        assert!(tokens.iter().all(|token| Token::parse(token).is_some()));
    }

    #[test]
    fn a_derived_token_depends_on_the_token_and_on_each_part() {
        let tokens = [Token::random(&SystemRandomness), Token::random(&SystemRandomness)];
        let all: std::collections::HashSet<_> = tokens
            .iter()
            .flat_map(|token| [&["a", "b"][..], &["ab", ""], &["a"]].map(|parts| token.derive(parts)))
            .inspect(|derived| assert!(Token::parse(derived.expose()).is_some()))
            .map(|derived| derived.expose().to_owned())
            .collect();
        assert_eq!(all.len(), 6);
        assert_eq!(tokens[0].derive(&["a"]).expose(), tokens[0].derive(&["a"]).expose());
        assert!(!all.contains(tokens[0].expose()));
    }

    #[test]
    fn a_text_of_a_wrong_form_is_not_a_token() {
        for text in ["", "a", "../../x", &"a".repeat(10_000), "ä"] {
            assert!(Token::parse(text).is_none(), "{text:.20} was taken for a token");
        }
    }

    #[test]
    fn a_hash_is_parsed_from_its_own_text_and_no_other() {
        let hash = Hash::of(b"something");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for text in ["", "ab", &"g".repeat(64), &"ä".repeat(32), &hash.to_string()[1..]] {
            assert_eq!(text.parse::<Hash>(), Err(NoHash), "{text}");
        }
    }

    #[test]
    fn c29_a_token_is_found_at_the_end_of_a_copied_link() {
        let token = Token::random(&SystemRandomness);
        let text = token.expose();
        for copied in [
            text.to_owned(),
            format!("{text}\u{200b}"),
            format!("\u{2060}{text}\u{a0}"),
            format!("{text}>."),
            format!("“{text}”,"),
        ] {
            let found = Token::from_link(&copied).expect("a token");
            assert_eq!(found.expose(), text, "{copied:?}");
        }
        assert!(Token::from_link("").is_none() && Token::from_link(&format!("{text}a")).is_none());
    }

    #[test]
    fn a_keyed_hash_is_recognised_with_its_key_and_its_parts_alone() {
        let hash = Hash::keyed(b"key", &[b"a", b"b"]);
        assert!(Hash::is_keyed(b"key", &[b"a", b"b"], hash.as_bytes()));
        assert!(!Hash::is_keyed(b"other", &[b"a", b"b"], hash.as_bytes()));
        assert!(!Hash::is_keyed(b"key", &[b"ab", b""], hash.as_bytes()));
        assert!(!Hash::is_keyed(b"key", &[b"a", b"b"], &hash.as_bytes()[..31]));
    }

    #[test]
    fn a_token_prints_nothing() {
        let token = Token::random(&SystemRandomness);
        assert!(!format!("{token:?}").contains(token.expose()));
    }
}
