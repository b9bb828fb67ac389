//! Google's identity platform, the Gmail API and the People API: Gmail. Start reading at `provider`, which implements the
//! trait `Provider`.
//!
//! The browser's half contains the parsers of the form, and the code that updates the guide when the form changes.
//! The rest runs only on the server.

#[cfg(feature = "ssr")]
mod application;
#[cfg(feature = "ssr")]
mod causes;
#[cfg(feature = "ssr")]
mod changes;
mod client_file;
#[cfg(feature = "ssr")]
mod codes;
#[cfg(feature = "ssr")]
mod errors;
mod fields;
mod follow;
mod form;
#[cfg(feature = "ssr")]
mod general;
#[cfg(feature = "ssr")]
mod guide;
#[cfg(feature = "ssr")]
mod id_token;
#[cfg(feature = "ssr")]
mod mail;
#[cfg(feature = "ssr")]
mod mailbox;
#[cfg(feature = "ssr")]
mod names;
#[cfg(feature = "ssr")]
mod options;
#[cfg(feature = "ssr")]
mod passage;
#[cfg(feature = "ssr")]
mod pasted;
#[cfg(feature = "ssr")]
mod permission_words;
#[cfg(feature = "ssr")]
mod permissions;
#[cfg(feature = "ssr")]
mod pinned;
#[cfg(feature = "ssr")]
mod places;
#[cfg(feature = "ssr")]
mod profile;
#[cfg(feature = "ssr")]
mod provider;
#[cfg(feature = "ssr")]
mod redirect;
#[cfg(feature = "ssr")]
mod requests;
#[cfg(feature = "ssr")]
mod revocation;
#[cfg(feature = "ssr")]
mod scopes;
#[cfg(feature = "ssr")]
mod screen;
mod secret;
#[cfg(feature = "ssr")]
mod units;
#[cfg(feature = "ssr")]
mod urls;
#[cfg(feature = "ssr")]
mod words;

pub use form::Form;
#[cfg(feature = "ssr")]
pub use options::Options;
#[cfg(feature = "ssr")]
pub use provider::GoogleProvider;
#[cfg(feature = "ssr")]
pub use urls::GoogleUrls;
