//! Seals the PKCE verifier of an attempt together with a hash of the values that the attempt is pinned to. Without the
//! hash, an attacker who can write to the database could put another token endpoint into the row of an attempt. The
//! program would then send the client secret to the attacker.

use secrecy::{ExposeSecret, SecretString};

use super::{model::Outcome, store::Attempt};
use crate::{
    platform::{database::columns::Column, randomness::Hash},
    providers::FreeText,
    vault::{Vault, VaultError, reseal::SealedColumn},
};

/// The PKCE verifiers.
pub const SEALED: SealedColumn = SealedColumn {
    column: Column { table: "attempts", column: "pkce_verifier" },
    what: "What belongs to the sign-in",
    remedy: "It goes by itself within a quarter of an hour.",
    // The hash of the pinned values is sealed with the verifier, and an attempt has only one verifier.
    bound: None,
};

/// The free text of the provider.
pub const SEALED_WORDS: SealedColumn = SealedColumn {
    column: Column { table: "attempts", column: "provider_words" },
    what: "What the provider said in the sign-in",
    remedy: "It goes with the sign-in's timeline, within 90 days.",
    bound: None,
};

/// Seals the free text of an outcome for the attempt's row; `None` if there is none.
pub fn seal_words(
    vault: &Vault,
    attempt: &Attempt,
    outcome: &Outcome,
) -> Result<Option<Vec<u8>>, VaultError> {
    let text = outcome.free_text();
    if text == FreeText::default() {
        return Ok(None);
    }
    let text = serde_json::to_string(&text).map_err(|_| VaultError::Form)?;
    vault.seal(SEALED_WORDS.place(attempt.organisation.0, attempt.id.0), &text.into()).map(Some)
}

/// The attempt with the opened free text of its outcome. A text that cannot be opened is left out; `mail360 check`
/// reports it.
pub fn open_words(vault: &Vault, mut attempt: Attempt) -> Attempt {
    let place = SEALED_WORDS.place(attempt.organisation.0, attempt.id.0);
    let opened = attempt.provider_words.take().and_then(|sealed| vault.open(place, &sealed).ok());
    let text = opened.and_then(|text| serde_json::from_str(text.expose_secret()).ok()).unwrap_or_default();
    attempt.outcome = attempt.outcome.map(|outcome| outcome.with_free_text(text));
    attempt
}

/// Separates the verifier from the hash. Our verifiers are base64url, so they never contain it (RFC 7636, 4.1, would
/// allow it).
const BETWEEN: char = '.';

/// Seals an attempt's verifier together with the hash of the pinned values of its row.
pub fn seal(vault: &Vault, attempt: &Attempt, verifier: &SecretString) -> Result<Vec<u8>, VaultError> {
    let text = format!("{}{BETWEEN}{}", verifier.expose_secret(), pinned(attempt));
    vault.seal(SEALED.place(attempt.organisation.0, attempt.id.0), &text.into())
}

/// Opens the verifier; `None` if the row is not the one for which it was sealed.
pub fn open(vault: &Vault, attempt: &Attempt, sealed: &[u8]) -> Option<SecretString> {
    let text = vault.open(SEALED.place(attempt.organisation.0, attempt.id.0), sealed).ok()?;
    let (verifier, hash) = text.expose_secret().split_once(BETWEEN)?;
    (hash.parse() == Ok(pinned(attempt))).then(|| verifier.into())
}

/// The hash of the pinned values: the provider's own values, among them the addresses that get the secret, the code and
/// the token; the values that must come back; and the expiry.
fn pinned(attempt: &Attempt) -> Hash {
    let mut bytes = Vec::new();
    // Without them an attacker could let a sign-in of one link use another one, or move another account.
    let (link, account) =
        (attempt.link.map(|link| link.to_string()), attempt.account.map(|id| id.to_string()));
    let of_link = link.map(|link| [link, account.unwrap_or_default()]);
    let parts = [
        attempt.purpose.name(),
        &attempt.provider,
        &attempt.pinned,
        &attempt.client_id,
        &attempt.redirect_uri,
        &format!("{:?}", attempt.scopes),
        &attempt.connector.to_string(),
        &attempt.connector_version.to_string(),
        &attempt.user.map(|user| user.to_string()).unwrap_or_default(),
        &attempt.user_version.to_string(),
        &attempt.nonce.to_string(),
        &attempt.expires_at.micros().to_string(),
    ];
    for part in parts.into_iter().chain(of_link.iter().flatten().map(String::as_str)) {
        // Each part has its length before it, so that different parts cannot give the same bytes.
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Hash::of(&bytes)
}
