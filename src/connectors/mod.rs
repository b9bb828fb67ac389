//! The Connectors pane and the Add Connector form.

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod add_page;
#[cfg(feature = "ssr")]
pub mod consent;
#[cfg(feature = "ssr")]
pub mod delete_page;
#[cfg(feature = "ssr")]
pub mod draft;
#[cfg(feature = "ssr")]
pub mod edit_page;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
pub mod guide;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod list_page;
pub mod model;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod preflight;
#[cfg(feature = "ssr")]
pub mod said;
#[cfg(feature = "ssr")]
pub mod secret_page;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
