//! The door: set-up, logging in and out, sessions, and who may ask for which route.

pub mod administration;
mod choosing;
pub mod devices;
pub mod guard;
pub mod invitation_page;
pub mod next;
pub mod pages;
pub mod profile;
pub mod profile_page;
pub mod reauthenticate_page;
pub mod routes;
mod second_factor;
pub mod second_factor_page;
mod security_log;
pub mod service;
pub mod session;
pub mod set_up;
mod store;
pub mod throttle;
mod user_agent;
