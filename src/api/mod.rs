//! The API for applications: which layers its routes have, and in which shape it answers.
//!
//! Every answer below `/api/`, save that of the callback, is JSON in Mail360's envelope. Use cases are not its job:
//! they are the features'. Start at [`layers`].

pub mod confirm;
pub(crate) mod credentials;
pub mod envelope;
pub(crate) mod errors;
pub mod layers;
