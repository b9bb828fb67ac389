//! The debug output of types that hold a secret.

use std::sync::Arc;

use mail360::{
    connectors::service::{Typed, TypedSecret},
    people::{model::Password, totp::TotpKey},
    platform::{
        database::{DatabaseUrl, Secret},
        randomness::{SystemRandomness, Token},
    },
    sign_ins::callback::Callback,
    vault::{Vault, keys::Keys},
};

use crate::support::write_key;

#[test]
fn s7_every_type_that_holds_a_secret_prints_a_placeholder() {
    let canary = || "canary trombone gravel lemonade".to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let key_file = folder.path().join("encryption.key");
    write_key(&key_file, "test", 7);
    let line = std::fs::read_to_string(&key_file).expect("a line");
    let (_, key) = line.trim().split_once(':').expect("id and key");
    let keys = Keys::read(&key_file).expect("keys");
    let (token, totp) = (Token::random(&SystemRandomness), TotpKey::random(&SystemRandomness));
    let (state, totp_key) = (token.expose().to_owned(), totp.for_people().replace(' ', ""));
    let callback = Callback::parse(&format!("code=canary&state={state}")).expect("a callback");
    let printed = [
        format!("{:?}", DatabaseUrl::Postgres(Secret(canary()))),
        format!("{:?}", Password::try_out(canary().into()).expect("a password")),
        format!("{:?}", Typed { client_secret: canary().into(), ..Typed::default() }),
        format!("{:?}", TypedSecret { client_secret: canary().into(), ..TypedSecret::default() }),
        format!("{callback:?}"),
        format!("{keys:?}"),
        format!("{:?}", Vault::new(keys, Arc::new(SystemRandomness))),
        format!("{token:?}"),
        format!("{totp:?}"),
    ];
    for text in printed {
        let is_marked =
            ["REDACTED", "[redacted]", "Key(test)"].iter().any(|mark| text.contains(mark)) || text == "Vault";
        assert!(is_marked, "{text}");
        for secret in ["canary", key, &state, &totp_key, "[7, 7"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
