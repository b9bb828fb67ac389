//! What the API does with connected mailboxes: the use cases between a caller and the provider's mailbox. It lends the
//! access token, keeps the limits of mailboxes over all processes, makes cursors, and empties folders. What a provider's
//! mailbox can do is in `providers::mailbox`. Start with [`service::Mail`].

pub mod access;
pub mod emptying;
pub mod first_uses;
pub mod limits;
pub mod paging;
pub mod passage;
pub mod sanitise;
pub mod schedules;
pub mod sending;
pub mod service;
mod store;
mod streams;
pub mod uploads;
