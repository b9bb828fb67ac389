//! People: organisations, their users, and what each user may do.
//!
//! Owns passwords, second factors, invitations and authorisation. Sessions and log-in are the job of
//! `log_in`. Start with [`service::People`] and [`access`].

pub mod access;
pub mod model;
pub(crate) mod passwords;
pub mod service;
mod store;
pub mod totp;
