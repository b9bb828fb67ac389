//! The checks of an ID token that all providers share (OpenID Connect Core 1.0, 3.1.3.7). A provider checks the issuer,
//! the audience and its own claims.
//!
//! The ID token comes from the token endpoint over TLS, so its signature need not be checked (3.1.3.7 (6)).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Claim, Evidence, Mismatch, Refusal, RefusalKind, TOLERATED_SKEW, members::Members};
use crate::platform::{clock::Timestamp, randomness::Hash};

/// The reason why an ID token was refused: [`RefusalKind::WrongDirectory`] if only the directory is wrong,
/// [`RefusalKind::Garbled`] if it is not an ID token, [`RefusalKind::IdentityNotProved`] if it is not for
/// this sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotProved {
    pub why: RefusalKind,
    /// The failed check, with both values.
    pub mismatch: Option<Mismatch>,
}

impl NotProved {
    /// There was no ID token.
    pub fn missing() -> Self {
        Mismatch::new(Claim::IdToken, None, None).into()
    }

    /// The text is no ID token.
    pub const fn garbled() -> Self {
        Self { why: RefusalKind::Garbled, mismatch: None }
    }
}

impl From<Mismatch> for NotProved {
    fn from(mismatch: Mismatch) -> Self {
        Self { why: RefusalKind::IdentityNotProved, mismatch: Some(mismatch) }
    }
}

impl From<NotProved> for Refusal {
    fn from(not: NotProved) -> Self {
        match not.mismatch {
            Some(mismatch) => Self::found(not.why, Evidence::Mismatch(mismatch)),
            None => not.why.into(),
        }
    }
}

/// The claims of a JSON Web Token in its compact form (RFC 7519); `None` if it is none.
pub fn claims(token: &str) -> Option<Members> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Members::read(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?)
}

/// Checks that the token was made for this sign-in. `expected` is the hash of the attempt's nonce.
///
/// # Errors
/// The mismatch, without the values, which are secret.
pub fn check_nonce(claims: &Members, expected: Hash) -> Result<(), Mismatch> {
    let nonce = claims.text("nonce");
    if nonce.is_some_and(|nonce| Hash::of(nonce.as_bytes()) == expected) {
        return Ok(());
    }
    let differs = nonce.map(|_| "it differs from the one that was sent".to_owned());
    Err(Mismatch::new(Claim::Nonce, None, differs))
}

/// Checks `exp`, and `nbf` (or `iat` if there is no `nbf`). `provider_now` is the present time of the provider's clock,
/// if it is known. If a new token is out of date by this machine's clock, the clock is wrong.
///
/// # Errors
/// The mismatch, with the error of the clock.
pub fn check_time(claims: &Members, at: Timestamp, provider_now: Option<Timestamp>) -> Result<(), Mismatch> {
    let now = at.seconds();
    let (from, until, made) = (claims.seconds("nbf"), claims.seconds("exp"), claims.seconds("iat"));
    let provider_now = provider_now.map(Timestamp::seconds).or(made);
    let clock_ahead = provider_now.map(|there| now.saturating_sub(there));
    let shown = |seconds: i64| Timestamp::from_micros(seconds.saturating_mul(1_000_000)).for_machines();
    let mismatch = |claim, sign: &str, received: Option<i64>| Mismatch {
        clock_ahead,
        ..Mismatch::new(claim, Some(format!("{sign} {}", at.for_machines())), received.map(shown))
    };
    if until.is_none_or(|until| until <= now.saturating_sub(TOLERATED_SKEW)) {
        return Err(mismatch(Claim::Exp, "later than", until));
    }
    match from.or(made) {
        Some(from) if from > now.saturating_add(TOLERATED_SKEW) => {
            Err(mismatch(Claim::Nbf, "not later than", Some(from)))
        }
        _ => Ok(()),
    }
}
