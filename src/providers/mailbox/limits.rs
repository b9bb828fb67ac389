//! How many requests a provider takes for one mailbox.

use std::time::Duration;

/// The limits of one mailbox at its provider, for all processes of an installation together. A limit over all mailboxes
/// of an application is not counted here: it is far above what one installation sends, and the provider's 429 tells of
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxLimits {
    /// Maximum number of requests that are under way: from 1 to 8.
    pub at_once: u8,
    /// The time within which `units` may be used, at most an hour.
    pub window: Duration,
    /// Maximum number of units ([`super::MailRequest::units`]) within any time as long as `window`.
    pub units: u32,
}

/// Whether units of a mailbox's limit were set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// All of them were.
    All,
    /// None was, because the mailbox has only `left` units at present.
    TooFew {
        left: u32,
        /// The time after which there are as many as were asked for, if no other request uses them.
        retry_after: Duration,
    },
}
