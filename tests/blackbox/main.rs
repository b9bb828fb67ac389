//! Black-box tests of the real router without sockets. Nearly every test runs on SQLite and on PostgreSQL, with
//! canned responses in place of the provider.

#![cfg(feature = "ssr")]
#![expect(clippy::expect_used, reason = "a test ends where what it needs is not there")]

mod access;
mod activity;
mod answers;
mod api;
mod approvals;
mod callback;
mod callback_faults;
mod callback_guards;
mod callback_tasks;
mod causes;
mod clouds;
mod connectors;
mod cpu;
mod custody;
mod door;
mod drafts;
mod edge;
mod ended;
mod foreign_fields;
mod job_times;
mod jobs;
mod list;
mod log_in;
mod manage;
mod many_people;
mod new_secret;
mod notes;
mod organisations;
mod outages;
mod outcomes;
mod pains;
mod pasted_error;
mod pasted_values;
mod people;
mod preflight;
mod printed;
mod profile;
mod proofs;
mod queries;
mod reauthenticate;
mod renewed;
mod reseal;
mod restore;
mod restore_command;
mod rollback;
mod routers;
mod second_factor;
mod session_limits;
mod sessions;
mod set_up;
mod starting;
mod support;
mod surface;
mod tenants;
mod third_provider;
mod throttles;
mod timeline;
mod upgrade;
mod wrong_clock;
