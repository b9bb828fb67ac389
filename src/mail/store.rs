//! The queries of the tables with which processes share the limits of mailboxes, and of long cursors. Rules are in
//! `limits` and `paging`; transactions begin there.

pub(super) mod cursors;
pub(super) mod slots;
pub(super) mod windows;
