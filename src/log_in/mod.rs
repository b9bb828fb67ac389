//! Logging in and out: sessions, second factors, device cookies, throttles, set-up, and access to routes.
//!
//! A log-in starts in [`service::LogInService`]; a request is authorised in [`guard`]. Users and passwords
//! belong to `people`.

pub(crate) mod administration;
mod choosing;
pub(crate) mod devices;
pub mod guard;
pub(crate) mod invitation_page;
pub(crate) mod next;
pub(crate) mod pages;
pub(crate) mod profile;
pub(crate) mod profile_page;
pub(crate) mod reauthenticate_page;
pub(crate) mod routes;
mod second_factor;
pub(crate) mod second_factor_page;
mod security_log;
pub(crate) mod service;
pub mod session;
pub(crate) mod set_up;
mod store;
pub mod throttle;
mod user_agent;
