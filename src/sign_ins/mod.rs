//! Signing in at the provider: attempts, the way out, the redirect back, tokens, and what to say of
//! every end.

pub mod callback;
pub mod diagnosis;
pub mod exchange;
pub mod graph;
pub mod http;
pub mod id_token;
pub mod members;
pub mod metadata;
pub mod microsoft;
pub mod model;
pub mod pages;
pub mod pasted_error;
pub mod preflight;
pub mod routes;
pub mod scopes;
mod sealed;
pub mod service;
mod store;
pub mod support;
