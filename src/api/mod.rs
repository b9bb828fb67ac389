//! The API for applications: which layers its routes have, and in which shape it answers.
//!
//! Every answer below `/api/`, save that of the callback, is JSON in Mail360's envelope. Use cases are not its job:
//! they are the features'. Start at [`layers`] for a request's way, and at [`calls`] for the calls.

pub mod access_token;
pub mod accounts;
mod addresses;
pub mod asked;
pub mod calls;
pub mod changing;
pub mod confirm;
pub mod contacts;
pub mod credentials;
pub(crate) mod downloads;
pub mod drafts;
pub mod envelope;
pub mod errors;
pub mod folders;
pub mod jobs;
pub mod layers;
pub mod messages;
pub mod openapi;
mod outgoing;
pub(crate) mod pages;
pub mod parameters;
pub mod proxy;
pub mod records;
pub mod refused;
pub mod schedules;
pub(crate) mod search;
pub mod sending;
pub mod shapes;
pub mod threads;
pub mod token;
pub mod uploads;
mod watched;
