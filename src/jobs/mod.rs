//! Background work that all processes on one database share: a table, and one runner in each process.
//!
//! A job is taken under a lease, so two processes never run it at the same time; [`lease`] has the rule. A job that
//! fails waits longer each time; a process that is killed leaves a job that another process runs again. So a job must
//! be able to run twice: its writes call [`service::Lease::hold`] in their transaction, which fails once the lease is
//! lost. What a job does belongs to its feature, not here. Start with [`runner`].
//!
//! Work that each process does for itself is [`crate::platform::periodic`].

pub mod counts;
pub(crate) mod lease;
pub mod model;
pub mod runner;
pub mod service;
mod store;
