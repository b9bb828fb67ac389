//! Access tokens: `m360a_`, then in base64 the id of a refresh token, the end of the token's life, and a signature of
//! both. No access token is stored. It works as long as its refresh token, and at most for an hour.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    clients::model::{ACCESS_TOKEN, ACCESS_TOKEN_LIFE, CredentialId},
    platform::clock::Timestamp,
    vault::Vault,
};

const ID: usize = 16;
const END: usize = 8;
const SIGNATURE: usize = 32;
/// What is signed, so that no other signature of the program is one of a token.
const PURPOSE: &[u8] = b"access token of an API client";

/// A new access token of a refresh token.
pub(super) fn make(vault: &Vault, refresh_token: CredentialId, now: Timestamp) -> SecretString {
    let end = now.plus(ACCESS_TOKEN_LIFE).seconds().to_be_bytes();
    let id = refresh_token.0.as_bytes();
    let signature = vault.sign(&[PURPOSE, id, &end]);
    let bytes = [&id[..], &end, signature.as_bytes()].concat();
    SecretString::from(format!("{}{}", ACCESS_TOKEN.prefix(), URL_SAFE_NO_PAD.encode(bytes)))
}

/// The refresh token of a valid access token; `None` if the token is not ours or its life is over. A token that a clock
/// far ahead has made is not valid, because it would live longer than others.
pub(super) fn read(vault: &Vault, text: &str, now: Timestamp) -> Option<CredentialId> {
    let encoded = text.strip_prefix(ACCESS_TOKEN.prefix())?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    if bytes.len() != ID + END + SIGNATURE {
        return None;
    }
    let (id, rest) = bytes.split_first_chunk::<ID>()?;
    let (end, signature) = rest.split_first_chunk::<END>()?;
    if !vault.has_signed(&[PURPOSE, id, end], signature) {
        return None;
    }
    let end = Timestamp::from_micros(i64::from_be_bytes(*end).saturating_mul(1_000_000));
    let is_valid = now < end && end.minus(ACCESS_TOKEN_LIFE).is_credible(now);
    is_valid.then(|| CredentialId(Uuid::from_bytes(*id)))
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt, sync::Arc};

    use proptest::prelude::*;
    use secrecy::ExposeSecret;
    use time::Duration;

    use super::*;
    use crate::{platform::randomness::SystemRandomness, vault::keys::Keys};

    const NOW: Timestamp = Timestamp::from_micros(1_795_417_030_000_000);
    const TOKEN: CredentialId = CredentialId(Uuid::from_u128(7));

    /// A vault with keys of these ids, the newest first.
    fn vault(ids: &[&str]) -> Vault {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("encryption.key");
        let lines = ids.iter().map(|id| {
            let byte = id.bytes().next().unwrap_or_default();
            format!("{id}:{}\n", base64::engine::general_purpose::STANDARD.encode([byte; 32]))
        });
        std::fs::write(&path, lines.collect::<String>()).expect("written");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("set");
        Vault::new(Keys::read(&path).expect("keys"), Arc::new(SystemRandomness))
    }

    fn token(vault: &Vault) -> String {
        make(vault, TOKEN, NOW).expose_secret().to_owned()
    }

    #[test]
    fn a_token_names_its_refresh_token_for_an_hour() {
        let vault = vault(&["a"]);
        let text = token(&vault);
        for (after, valid) in [
            (Duration::ZERO, true),
            (Duration::minutes(59), true),
            (Duration::minutes(60), false),
            (Duration::days(400), false),
            // The clock was far ahead when the token was made.
            (Duration::minutes(-2), false),
        ] {
            assert_eq!(read(&vault, &text, NOW.plus(after)), valid.then_some(TOKEN), "{after}");
        }
    }

    #[test]
    fn a_token_that_an_older_key_has_signed_is_valid_and_one_of_another_installation_is_not() {
        let text = token(&vault(&["a"]));
        assert_eq!(read(&vault(&["b", "a"]), &text, NOW), Some(TOKEN));
        assert_eq!(read(&vault(&["b"]), &text, NOW), None);
    }

    proptest! {
        #[test]
        fn a_changed_token_is_refused(at in 0_usize..81, other in "[A-Za-z0-9_-]") {
            let vault = vault(&["a"]);
            let text = token(&vault);
            prop_assert_eq!(text.len(), 81);
            let wrong = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(read(&vault, &wrong, NOW).is_some(), wrong == text);
        }

        #[test]
        fn no_other_text_is_a_token(text in any::<String>()) {
            let vault = vault(&["a"]);
            prop_assert_eq!(read(&vault, &format!("m360a_{text}"), NOW), None);
        }
    }
}
