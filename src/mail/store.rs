//! The queries of the tables with which processes share the limits of mailboxes, of long cursors, of jobs that empty
//! folders, and of what is done once. Rules are in `limits`, `paging`, `emptying` and `sending`; transactions begin there.

pub(super) mod chunks;
pub(super) mod cursors;
pub(super) mod idempotency_keys;
pub(super) mod mail_jobs;
pub(super) mod schedules;
pub(super) mod sends;
pub(super) mod slots;
pub(super) mod uploads;
pub(super) mod windows;
