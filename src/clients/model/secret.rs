//! The secrets of credentials: a prefix that tells what it is, 256 random bits, and a checksum. A text with a wrong
//! checksum, such as one that was cut off when it was copied, is refused without asking the database.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use crate::platform::randomness::{Hash, Randomness};

/// Number of random bytes.
const RANDOM: usize = 32;
/// Number of characters of the random bytes in base64.
const BODY: usize = 43;
/// Number of bytes of the checksum.
const CHECKSUM: usize = 4;
/// Number of characters at the end of a secret that its hint shows.
const SHOWN: usize = 4;

/// What a secret is for. Its prefix tells people and scanners of source code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretKind {
    prefix: &'static str,
}

pub const API_KEY: SecretKind = SecretKind { prefix: "m360_" };
pub const CLIENT_SECRET: SecretKind = SecretKind { prefix: "m360s_" };
pub const REFRESH_TOKEN: SecretKind = SecretKind { prefix: "m360r_" };
/// Access tokens have no random bits of their own: see `service::access_token`.
pub const ACCESS_TOKEN: SecretKind = SecretKind { prefix: "m360a_" };

impl SecretKind {
    pub const fn prefix(self) -> &'static str {
        self.prefix
    }
}

/// A secret of a credential. It authorises its holder.
///
/// `Debug` does not print it. The database only stores its [`Hash`].
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// A new random secret.
    pub fn random(kind: SecretKind, randomness: &dyn Randomness) -> Self {
        let mut bytes = [0; RANDOM];
        randomness.fill(&mut bytes);
        let text = format!("{}{}", kind.prefix, URL_SAFE_NO_PAD.encode(bytes));
        let checksum = checksum(&text);
        Self(SecretString::from(format!("{text}{checksum}")))
    }

    /// A secret from a request. `None` if the text cannot be a secret of this kind.
    pub fn parse(kind: SecretKind, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(kind.prefix)?;
        let (body, given) = rest.split_at_checked(BODY)?;
        let is_random = URL_SAFE_NO_PAD.decode(body).is_ok_and(|bytes| bytes.len() == RANDOM);
        let checked = text.get(..kind.prefix.len() + BODY)?;
        (is_random && checksum(checked) == given).then(|| Self(SecretString::from(text)))
    }

    /// The secret, to be shown once.
    pub const fn reveal(&self) -> &SecretString {
        &self.0
    }

    /// The hash that the database stores.
    pub fn hash(&self) -> Hash {
        Hash::of(self.0.expose_secret().as_bytes())
    }

    /// Prefix and last characters, by which a person tells it from others: `m360_…x7Qa`.
    pub fn hint(&self) -> String {
        let text = self.0.expose_secret();
        let prefix = text.split_inclusive('_').next().unwrap_or_default();
        let end = text.get(text.len().saturating_sub(SHOWN)..).unwrap_or_default();
        format!("{prefix}…{end}")
    }
}

fn checksum(text: &str) -> String {
    let hash = Hash::of(text.as_bytes());
    let first = hash.as_bytes().first_chunk::<CHECKSUM>().copied().unwrap_or_default();
    URL_SAFE_NO_PAD.encode(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    const KINDS: [SecretKind; 3] = [API_KEY, CLIENT_SECRET, REFRESH_TOKEN];

    fn random(kind: SecretKind) -> String {
        Secret::random(kind, &SystemRandomness).reveal().expose_secret().to_owned()
    }

    #[test]
    fn a_secret_is_taken_only_for_its_own_kind() {
        for kind in KINDS {
            let text = random(kind);
            assert!(text.starts_with(kind.prefix()) && text.len() == kind.prefix().len() + 49, "{text}");
            for other in KINDS {
                assert_eq!(Secret::parse(other, &text).is_some(), other == kind, "{text}");
            }
        }
    }

    #[test]
    fn secrets_are_all_different_and_print_nothing() {
        let all: std::collections::HashSet<_> = (0..1000).map(|_| random(API_KEY)).collect();
        assert_eq!(all.len(), 1000);
        let secret = Secret::random(API_KEY, &SystemRandomness);
        assert!(!format!("{secret:?}").contains(secret.reveal().expose_secret()));
    }

    #[test]
    fn the_hint_shows_only_the_kind_and_the_last_characters() {
        let text = random(REFRESH_TOKEN);
        let hint = Secret::parse(REFRESH_TOKEN, &text).expect("a secret").hint();
        assert_eq!(hint, format!("m360r_…{}", &text[text.len() - 4..]));
    }

    proptest! {
        #[test]
        fn a_secret_with_one_wrong_character_is_refused(at in 0_usize..54, other in "[A-Za-z0-9_-]") {
            let text = random(API_KEY);
            let wrong = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(Secret::parse(API_KEY, &wrong).is_some(), wrong == text);
        }

        #[test]
        fn no_other_text_is_a_secret(text in any::<String>()) {
            prop_assert!(Secret::parse(API_KEY, &text).is_none());
            let prefixed = format!("m360_{text}");
            prop_assert!(Secret::parse(API_KEY, &prefixed).is_none());
        }
    }
}
