use std::{collections::HashSet, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::*;
use crate::platform::randomness::SystemRandomness;

fn vault(keys: &[(&str, u8)]) -> Vault {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("encryption.key");
    let lines: Vec<_> =
        keys.iter().map(|(id, byte)| format!("{id}:{}", STANDARD.encode([*byte; 32]))).collect();
    std::fs::write(&path, lines.join("\n")).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("permissions");
    Vault::new(Keys::read(&path).expect("keys"), Arc::new(SystemRandomness))
}

fn place() -> Place {
    Place {
        organisation: Uuid::from_u128(1),
        table: "connectors",
        column: "client_secret",
        row: Uuid::from_u128(2),
    }
}

fn seal(vault: &Vault, text: &str) -> Vec<u8> {
    vault.seal(place(), &SecretString::from(text)).expect("sealed")
}

#[test]
fn s2_a_hundred_thousand_values_have_as_many_nonces() {
    let vault = vault(&[("a", 1)]);
    let nonces: HashSet<Vec<u8>> =
        (0..100_000).map(|_| seal(&vault, "same")[3..3 + NONCE].to_vec()).collect();
    assert_eq!(nonces.len(), 100_000);
}

#[test]
fn s3_a_value_opens_in_its_own_place_alone() {
    let vault = vault(&[("a", 1)]);
    let sealed = seal(&vault, "canary");
    assert_eq!(vault.open(place(), &sealed).expect("opened").expose_secret(), "canary");
    for elsewhere in [
        Place { organisation: Uuid::from_u128(9), ..place() },
        Place { table: "attempts", ..place() },
        Place { column: "pkce_verifier", ..place() },
        Place { row: Uuid::from_u128(9), ..place() },
    ] {
        assert_eq!(vault.open(elsewhere, &sealed).expect_err("moved"), VaultError::Refused);
    }
}

#[test]
fn s3_a_wrong_key_a_missing_key_and_an_unknown_format_are_different_errors() {
    let sealed = seal(&vault(&[("a", 1)]), "canary");
    let wrong = vault(&[("a", 2)]).open(place(), &sealed);
    assert_eq!(wrong.expect_err("another key"), VaultError::Refused);
    let missing = vault(&[("b", 1)]).open(place(), &sealed);
    assert_eq!(missing.expect_err("no such key"), VaultError::UnknownKey("a".to_owned()));
    assert_eq!(vault(&[("a", 1)]).open(place(), &[]).expect_err("nothing"), VaultError::Form);
    let mut newer = sealed;
    newer[0] = 3;
    assert_eq!(vault(&[("a", 1)]).open(place(), &newer).expect_err("version"), VaultError::Form);
}

#[test]
fn values_of_an_older_key_stay_readable_and_new_values_use_the_newest() {
    let old = seal(&vault(&[("a", 1)]), "canary");
    let both = vault(&[("b", 2), ("a", 1)]);
    assert_eq!(both.open(place(), &old).expect("opened").expose_secret(), "canary");
    assert_eq!(both.newest_key(), "b");
    assert!(vault(&[("a", 1)]).open(place(), &seal(&both, "canary")).is_err());
}

#[test]
fn s1_a_sealed_value_does_not_contain_the_plain_one() {
    let sealed = seal(&vault(&[("a", 1)]), "canary");
    assert!(!sealed.windows(6).any(|window| window == b"canary"));
}

/// A value as the program sealed it before bindings existed.
fn seal_in_old_format(vault: &Vault, text: &str) -> Vec<u8> {
    let aad = associated_data(OLD_FORMAT, "a", place(), &Binding::default());
    let nonce = [5; NONCE];
    let payload = Payload { msg: text.as_bytes(), aad: &aad };
    let sealed = cipher(vault.keys.newest()).encrypt(&XNonce::from(nonce), payload).expect("sealed");
    [&[OLD_FORMAT, 1, b'a'][..], &nonce, &sealed].concat()
}

#[test]
fn n14_a_value_of_the_old_format_opens_where_the_row_has_no_version_yet_and_nowhere_else() {
    let vault = vault(&[("a", 1)]);
    let old = seal_in_old_format(&vault, "canary");
    assert_eq!(vault.open(place(), &old).expect("opened").expose_secret(), "canary");
    let context = vec![Some("client".to_owned())];
    let unversioned = Binding { version: 0, context: context.clone() };
    assert_eq!(vault.open_bound(place(), &unversioned, &old).expect("opened").expose_secret(), "canary");
    let bound = Binding { version: 1, context };
    assert_eq!(vault.open_bound(place(), &bound, &old).expect_err("too late"), VaultError::Refused);
    // Changing the format byte does not turn a value into one of another format.
    let mut relabelled = seal(&vault, "canary");
    relabelled[0] = OLD_FORMAT;
    assert_eq!(vault.open(place(), &relabelled).expect_err("relabelled"), VaultError::Refused);
}

fn bindings() -> impl Strategy<Value = Binding> {
    let context = prop::collection::vec(prop::option::of("[ab]{0,2}"), 0..4);
    (1i64..4, context).prop_map(|(version, context)| Binding { version, context })
}

proptest! {
    #[test]
    fn n14_a_value_opens_with_its_own_binding_alone(one in bindings(), other in bindings()) {
        let vault = vault(&[("a", 1)]);
        let sealed = vault.seal_bound(place(), &one, &SecretString::from("canary")).expect("sealed");
        prop_assert!(vault.open_bound(place(), &one, &sealed).is_ok());
        prop_assert_eq!(vault.open_bound(place(), &other, &sealed).is_ok(), one == other);
        prop_assert!(vault.open(place(), &sealed).is_err());
    }

    #[test]
    fn s3_a_value_with_any_bit_flipped_or_any_part_cut_off_is_refused(
        text in ".{0,64}", position in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let vault = vault(&[("a", 1)]);
        let sealed = seal(&vault, &text);
        let opened = vault.open(place(), &sealed).expect("opened");
        prop_assert_eq!(opened.expose_secret(), text.as_str());

        let mut flipped = sealed.clone();
        let at = position.index(flipped.len());
        flipped[at] ^= 1 << bit;
        prop_assert!(vault.open(place(), &flipped).is_err());
        prop_assert!(vault.open(place(), &sealed[..at]).is_err());
    }
}
