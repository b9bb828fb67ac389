//! Microsoft's identity platform and Microsoft Graph: Outlook.

mod account_type;
#[cfg(feature = "ssr")]
mod causes;
#[cfg(feature = "ssr")]
pub mod codes;
#[cfg(feature = "ssr")]
pub mod endpoints;
#[cfg(feature = "ssr")]
pub mod errors;
#[cfg(feature = "ssr")]
mod general;
#[cfg(feature = "ssr")]
pub mod graph;
#[cfg(feature = "ssr")]
pub mod id_token;
#[cfg(feature = "ssr")]
pub mod metadata;
mod permissions;
#[cfg(feature = "ssr")]
mod requests;
#[cfg(feature = "ssr")]
pub mod scopes;

pub use account_type::{AccountType, NoApproval};
pub use permissions::{PERMISSIONS, Permission, optional_permissions, required_permissions};
#[cfg(feature = "ssr")]
pub use requests::{application, authorize_url, try_credentials};
