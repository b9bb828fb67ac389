//! What a provider is, and everything in which providers differ, a folder for each.
//!
//! A provider is sent people, redeems their codes, says who signed in and what was granted, and its errors have a meaning.
//! This room knows nothing of attempts, connectors' rows or pages. Start reading at [`oauth`], which makes the requests
//! that all providers share.

#[cfg(feature = "ssr")]
pub mod diagnosis;
#[cfg(feature = "ssr")]
mod evidence;
#[cfg(feature = "ssr")]
pub mod http;
#[cfg(feature = "ssr")]
pub mod members;
pub mod microsoft;
#[cfg(feature = "ssr")]
pub mod oauth;
#[cfg(feature = "ssr")]
mod redact;
#[cfg(feature = "ssr")]
mod refusal;
#[cfg(feature = "ssr")]
mod words;

#[cfg(feature = "ssr")]
pub use evidence::{
    Claim, Evidence, Mismatch, NoConnection, TOLERATED_SKEW, clock_words, guid, shown_guid, shown_issuer,
};
#[cfg(feature = "ssr")]
pub use redact::redact;
#[cfg(feature = "ssr")]
pub use refusal::{Refusal, Why};
#[cfg(feature = "ssr")]
pub use words::{FreeText, ProviderWords, code_in, id_after, known_error, single_line};
