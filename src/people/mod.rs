//! People: organisations, their users, and what each may do.

pub mod access;
pub mod model;
pub mod passwords;
pub mod service;
mod store;
pub mod totp;
