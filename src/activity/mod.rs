//! Activity: the record of who changed what, when, from where, and with which outcome.
//!
//! Other rooms write entries through [`service::Activity`]; pages read them through [`service::ActivityLog`].

pub(crate) mod model;
mod repeated;
pub mod service;
mod store;
