//! Everything that differs between providers, with a folder for each provider.
//!
//! A provider signs people in, redeems codes, names the account and the granted permissions, and has its own forms,
//! words and errors. This room does not know attempts, rows of connectors or pages. Start reading at `provider`, which
//! has the traits; `oauth` makes the requests that all providers share.

#[cfg(feature = "ssr")]
mod address;
#[cfg(feature = "ssr")]
mod color;
#[cfg(feature = "ssr")]
pub mod diagnosis;
#[cfg(feature = "ssr")]
mod directories;
#[cfg(feature = "ssr")]
mod evidence;
mod expiry_date;
pub mod form;
pub mod google;
#[cfg(feature = "ssr")]
pub mod guide;
#[cfg(feature = "ssr")]
pub mod http;
#[cfg(feature = "ssr")]
mod id_token;
#[cfg(feature = "ssr")]
pub mod mailbox;
#[cfg(feature = "ssr")]
pub(crate) mod members;
pub mod microsoft;
#[cfg(feature = "ssr")]
pub mod mime;
mod mirror;
#[cfg(feature = "ssr")]
mod no_connection;
#[cfg(feature = "ssr")]
pub mod oauth;
#[cfg(feature = "ssr")]
pub mod passage;
#[cfg(feature = "ssr")]
mod pasted_text;
#[cfg(feature = "ssr")]
pub mod permission;
#[cfg(feature = "ssr")]
pub mod pinned;
#[cfg(feature = "ssr")]
pub mod provider;
#[cfg(feature = "ssr")]
mod provider_url;
#[cfg(feature = "ssr")]
mod quote;
#[cfg(feature = "ssr")]
mod redact;
#[cfg(feature = "ssr")]
pub mod redirect;
#[cfg(feature = "ssr")]
mod refusal;
#[cfg(feature = "ssr")]
mod registry;
#[cfg(feature = "ssr")]
mod words;

#[cfg(feature = "ssr")]
pub use evidence::{
    Claim, Evidence, Mismatch, NoConnection, TOLERATED_SKEW, clock_words, clock_words_of, guid, shown_guid,
    shown_issuer,
};
pub use expiry_date::ExpiryDate;
pub use form::{ClientId, EXPIRES_IN, Field, FieldErrors, OTHER_DAY, ProviderForm, Values, day_counts};
#[cfg(feature = "ssr")]
pub use permission::Permission;
#[cfg(feature = "ssr")]
pub use provider::{
    Application, ErrorCode, FieldsView, Names, Pinned, Provider, RawError, SharedApplication, SharedPinned,
    SharedProvider,
};
#[cfg(feature = "ssr")]
pub use redact::redact;
#[cfg(feature = "ssr")]
pub use refusal::{RefreshProblem, RefreshRefusal, Refusal, RefusalKind};
#[cfg(feature = "ssr")]
pub use registry::{ProviderOptions, Providers, redirect_warnings};
#[cfg(feature = "ssr")]
pub use words::{FreeText, ProviderWords, known_error, single_line};
