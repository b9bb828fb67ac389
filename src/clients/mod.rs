//! API clients: the applications of an organisation that call its API, their credentials, and what each may do.
//!
//! Owns scopes as they are granted, reach, allowed addresses, limits and the checking of credentials. The calls
//! themselves are the job of `api`. Which accounts a client reaches is judged in the queries of `accounts`. Start with
//! [`service::ClientService`] and [`service::ApiClient`].

pub(crate) mod add_page;
pub mod calls;
pub(crate) mod curl;
pub(crate) mod edit_page;
pub(crate) mod form;
pub(crate) mod list_page;
pub(crate) mod make_form;
pub mod model;
pub(crate) mod new_secret;
pub mod service;
mod store;
pub(crate) mod words;
