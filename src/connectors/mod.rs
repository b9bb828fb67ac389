//! Connectors: the list, the form with the guide in its rows, and replacing secrets. Start reading in `service`
//! (use cases) and `model` (values and their parsers). Sign-ins through a connector are in `sign_ins`.

#[cfg(feature = "ssr")]
pub(crate) mod actions;
#[cfg(feature = "ssr")]
pub(crate) mod add_page;
#[cfg(feature = "ssr")]
pub(crate) mod change_notice;
#[cfg(feature = "ssr")]
pub(crate) mod delete_page;
#[cfg(feature = "ssr")]
mod dependants;
#[cfg(feature = "ssr")]
pub(crate) mod draft;
#[cfg(feature = "ssr")]
pub(crate) mod edit_page;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod guide;
pub(crate) mod islands;
#[cfg(feature = "ssr")]
pub(crate) mod list_page;
pub mod model;
#[cfg(feature = "ssr")]
pub(crate) mod pages;
#[cfg(feature = "ssr")]
pub(crate) mod preflight;
#[cfg(feature = "ssr")]
pub(crate) mod secret_page;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
