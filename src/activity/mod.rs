//! Activity: who changed what, when, from where, with what outcome.

pub mod model;
pub mod repeated;
pub mod service;
mod store;
