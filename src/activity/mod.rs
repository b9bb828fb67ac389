//! Activity: who changed what, when, from where, with what outcome.

pub mod model;
mod repeated;
pub mod service;
mod store;
