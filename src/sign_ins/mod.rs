//! Signing in at the provider: attempts, the way out, the redirect back, tokens, and what to say of
//! every end.

pub mod callback;
pub mod diagnosis;
pub mod model;
pub mod pages;
pub mod pasted_error;
pub mod preflight;
pub mod routes;
mod sealed;
pub mod service;
mod store;
pub mod support;
