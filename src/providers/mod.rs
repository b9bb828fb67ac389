//! Everything that differs between providers, with a folder for each provider.
//!
//! A provider signs people in, redeems codes, names the account and the granted permissions, and has its own errors.
//! This room does not know attempts, rows of connectors or pages. Start reading at [`oauth`], which makes the requests
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
