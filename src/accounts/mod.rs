//! Mailboxes that people have connected through a connector: links for connecting, accounts, their grants and the
//! refreshing of these. The sign-in itself is in `sign_ins`. Start with `service.rs`.

pub(crate) mod add_page;
pub(crate) mod appearance_page;
pub(crate) mod approvals_page;
pub(crate) mod links_page;
pub(crate) mod list_page;
pub mod model;
pub(crate) mod notice;
pub mod pages;
pub(crate) mod return_addresses_page;
pub mod service;
mod store;
