//! Sign-ins at the provider: starts an attempt, takes the callback, checks what the provider answers, and explains the
//! outcome. Requests and error codes of a provider are in `providers`. Start reading in `service` (use cases) and
//! `service/returned.rs` (from the callback to the outcome).

pub mod callback;
pub(crate) mod diagnosis;
pub(crate) mod model;
pub(crate) mod pages;
pub(crate) mod preflight;
pub(crate) mod routes;
mod sealed;
pub(crate) mod service;
mod store;
pub(crate) mod support;
