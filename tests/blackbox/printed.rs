//! The debug output of types that hold a secret.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

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
    let line = fs::read_to_string(&key_file).expect("a line");
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

/// Fields that are named like a secret and printed, because they hold none.
const NO_SECRET: [&str; 36] = [
    // A row of the database. Its secrets are sealed; its tokens and passwords are hashes.
    "accounts/store/consent_links.rs Model.token_hash",
    "accounts/store/grants.rs Model.access_token",
    "accounts/store/grants.rs Model.refresh_token",
    "accounts/store/grants.rs StoredGrant.access_token",
    "accounts/store/grants.rs StoredGrant.refresh_token",
    "accounts/store/links.rs Model.token_hash",
    "accounts/store/pending_grants.rs Model.code_hash",
    "accounts/store/return_addresses.rs Model.previous_secret",
    "accounts/store/return_addresses.rs Model.secret",
    "accounts/store/return_addresses.rs PreviousSecret.secret",
    "accounts/store/return_addresses.rs StoredReturnAddress.secret",
    "mail/store/cursors.rs Model.token_hash",
    "connectors/store.rs Model.client_secret",
    "connectors/store/kept_secrets.rs Model.client_secret",
    "people/store.rs Model.password_hash",
    "people/store.rs Model.totp_secret",
    "people/store.rs User.password_hash",
    "people/store/invitations.rs Model.token_hash",
    "people/store/second_factors.rs SecondFactor.secret",
    "sign_ins/store.rs Ephemeral.verifier",
    "sign_ins/store.rs Found.verifier",
    "sign_ins/store.rs Model.pkce_verifier",
    // The hash of a password's hash.
    "log_in/second_factor.rs HalfWay.password",
    // The provider's code of an error.
    "api/errors.rs ProviderSaid.code",
    "providers/mailbox/error.rs ProviderAnswer.code",
    "mail/sending/kept.rs KeptFailure.code",
    "providers/microsoft/graph.rs NotAnswered.code",
    "sign_ins/pages/connect/consent.rs ConsentOutcomeView.code",
    // Postal codes.
    "api/shapes/contacts.rs ContactAddress.postal_code",
    "providers/mailbox/contact.rs PostalAddress.postal_code",
    // A place in the changes of contacts, which opens nothing.
    "api/shapes/contacts.rs ContactChanges.token",
    "providers/mailbox/contact.rs ContactChanges.token",
    // The address of a token endpoint.
    "providers/google/urls.rs GoogleUrls.token",
    "providers/microsoft/endpoints.rs Endpoints.token",
    "providers/microsoft/urls.rs MicrosoftUrls.token",
    "providers/oauth.rs Registration.token",
];

/// Types with a `Debug` that is written by hand. The test above and a test of `Hidden` ask what they print; the others
/// print their name alone.
const BY_HAND: [&str; 12] = [
    "clients/service/limits.rs Permit",
    "connectors/actions.rs ConnectorForm",
    "connectors/actions.rs SecretForm",
    "log_in/session.rs Sessions",
    "platform/database.rs Secret",
    "providers/form.rs FileValues",
    "providers/mailbox/known.rs KnownMessages",
    "providers/mime/body.rs Part",
    "providers/oauth/answers.rs Hidden",
    "providers/oauth/answers.rs TokenError",
    "vault/keys.rs Key",
    "vault/mod.rs Vault",
];

/// A secret is a `SecretString`, or a type whose own `Debug` is listed: a derived `Debug` then prints a placeholder.
/// This test finds a new type that keeps a secret as plain text or bytes, and a new `Debug` that is written by hand.
#[test]
fn s7_no_type_of_the_sources_derives_a_debug_output_with_a_plain_secret() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut plain, mut by_hand, mut types) = (Vec::new(), Vec::new(), 0);
    for file in rust_files(&sources) {
        let name = file.strip_prefix(&sources).expect("below src").display().to_string();
        let text = fs::read_to_string(&file).expect("a source");
        let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for definition in definitions(text) {
            types += 1;
            let fields = definition.plain_secrets().into_iter();
            plain.extend(fields.map(|field| format!("{name} {}.{field}", definition.name)));
        }
        by_hand.extend(text.lines().filter_map(|line| {
            let (_, of) = line.strip_prefix("impl")?.split_once("Debug for ")?;
            Some(format!("{name} {}", word(of)))
        }));
    }
    assert!(types > 300, "{types} types are found in the sources");
    plain.sort();
    by_hand.sort();
    let mut no_secret = NO_SECRET.to_vec();
    no_secret.sort_unstable();
    assert_eq!(plain, no_secret);
    assert_eq!(by_hand, BY_HAND);
}

/// The sources without unit tests.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() && !path.ends_with("tests") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}

/// A struct or an enum, as rustfmt writes it.
struct Definition<'a> {
    name: &'a str,
    derives_debug: bool,
    body: Vec<&'a str>,
}

fn definitions(text: &str) -> Vec<Definition<'_>> {
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let code = match code.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => rest.split_once(") ").map_or(rest, |(_, rest)| rest),
            Some(rest) => rest.trim_start(),
            None => code,
        };
        let Some(rest) = code.strip_prefix("struct ").or_else(|| code.strip_prefix("enum ")) else {
            continue;
        };
        // Attributes and comments are directly above it.
        let above = lines[..at].iter().rev().take_while(|line| {
            let is_other = line.trim().is_empty() || line.trim() == "}" || line.ends_with([';', '{']);
            !is_other
        });
        let derives_debug =
            above.filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains("Debug"));
        let is_one_line = line.ends_with([';', '}']);
        let body = if is_one_line {
            vec![rest]
        } else {
            let is_end = |line: &&&str| line.starts_with(&format!("{}}}", " ".repeat(indent)));
            lines[at + 1..].iter().take_while(|line| !is_end(line)).copied().collect()
        };
        found.push(Definition { name: word(rest), derives_debug, body });
    }
    found
}

impl<'a> Definition<'a> {
    /// Fields that are named like a secret and hold plain text or bytes, if a derived `Debug` prints them. The field
    /// of a tuple has the name of its type.
    fn plain_secrets(&self) -> Vec<&'a str> {
        let parts = self.body.iter().flat_map(|line| line.split(['{', ',']));
        let fields = parts.filter_map(|part| {
            let (name, kind) = part.split_once(": ").or_else(|| part.split_once('('))?;
            Some((name.rsplit(' ').next()?, kind.strip_prefix("pub ").unwrap_or(kind)))
        });
        let plain = fields.filter(|(name, kind)| is_secret(name) && is_plain(kind)).map(|(name, _)| name);
        if self.derives_debug { plain.collect() } else { Vec::new() }
    }
}

fn is_plain(kind: &str) -> bool {
    let kind = kind.strip_prefix("Option<").unwrap_or(kind);
    ["String", "&str", "&'a str", "Vec<u8>", "Box<[u8]>", "[u8"].iter().any(|plain| kind.starts_with(plain))
}

/// Whether a field of this name holds a secret. The day on which a secret expires, for example, is none.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_suffix("_hash").unwrap_or(&name);
    let is_named = ["secret", "password", "token", "verifier", "code"].iter().any(|it| name.ends_with(it));
    is_named && !["error_code", "qr_code"].contains(&name)
}

/// The identifier with which a text begins.
fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}
