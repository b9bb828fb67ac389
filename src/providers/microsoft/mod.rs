//! Microsoft's identity platform and Microsoft Graph: Outlook. Start reading at `provider`, which implements the
//! trait `Provider`.
//!
//! The browser's half contains the parsers of the form, and the code that updates the guide when the form changes.
//! The rest runs only on the server.

mod account_type;
#[cfg(feature = "ssr")]
mod application;
#[cfg(feature = "ssr")]
mod causes;
#[cfg(feature = "ssr")]
mod changes;
#[cfg(feature = "ssr")]
mod clouds;
#[cfg(feature = "ssr")]
mod codes;
#[cfg(feature = "ssr")]
mod consent;
#[cfg(feature = "ssr")]
mod directories;
#[cfg(feature = "ssr")]
mod endpoints;
#[cfg(feature = "ssr")]
mod errors;
mod fields;
mod follow;
mod form;
#[cfg(feature = "ssr")]
mod general;
#[cfg(feature = "ssr")]
mod graph;
mod guid;
#[cfg(feature = "ssr")]
mod guide;
#[cfg(feature = "ssr")]
mod id_token;
#[cfg(feature = "ssr")]
mod mail;
#[cfg(feature = "ssr")]
mod mailbox;
#[cfg(feature = "ssr")]
mod metadata;
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
mod provider;
#[cfg(feature = "ssr")]
mod redirect;
#[cfg(feature = "ssr")]
mod removal;
#[cfg(feature = "ssr")]
mod requests;
#[cfg(feature = "ssr")]
mod scopes;
#[cfg(feature = "ssr")]
mod screen;
mod secret;
mod secret_periods;
#[cfg(feature = "ssr")]
mod urls;
#[cfg(feature = "ssr")]
mod words;

pub use account_type::{AccountType, NoApproval};
pub use form::Form;
#[cfg(feature = "ssr")]
pub use options::Options;
#[cfg(feature = "ssr")]
pub use provider::Microsoft;
#[cfg(feature = "ssr")]
pub use urls::MicrosoftUrls;
