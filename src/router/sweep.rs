//! The sweep: erases what has ended or is older than it may be. It is a job, so with several processes on one database
//! one of them does it.

use time::Duration;
use tokio::time::Instant;

use super::Program;
use crate::{
    jobs::{
        model::{BackOff, Kind},
        service::Lease,
    },
    platform::failure::Failure,
};

/// The kind of the sweep: a singleton.
pub static SWEEP: Kind = Kind {
    name: "sweep",
    at_once: 1,
    back_off: BackOff { first: Duration::seconds(10), longest: Duration::minutes(10) },
    every: Some(Duration::minutes(1)),
};

/// Erases ended and old rows from every table, once. Also writes the words of names that lack them. `moment` is the present
/// one of the process's monotonic clock.
pub(super) async fn sweep_all_tables(
    program: &Program,
    lease: &Lease,
    moment: Instant,
) -> Result<(), Failure> {
    let settled = program.settled_time.observe(program.clock.now(), moment);
    program.sessions.erase_expired_sessions(lease).await?;
    program.connectors.erase_expired_secrets(lease).await?;
    program.throttles.erase_old_windows(lease).await?;
    program.people.erase_expired_invitations(lease).await?;
    for organisation in program.people.organisations(&program.database.read()).await? {
        // First, because it lets links expire that waited for an application.
        program.confirmations.sweep(lease, organisation.id).await?;
        program.links.sweep(lease, organisation.id).await?;
        program.consents.sweep(lease, organisation.id).await?;
        program.calls.erase_surplus(lease, organisation.id).await?;
        // An application cannot get them back, and an investigation may need the records.
        if let Some(settled) = settled {
            program.activity_log.erase_old_entries(lease, organisation.id, settled).await?;
            program.calls.erase_old(lease, organisation.id, settled).await?;
            program.clients.erase_unused_tokens(lease, organisation.id, settled).await?;
        }
    }
    program.devices.erase_expired_devices(lease).await?;
    program.sign_ins.erase_old_attempts(lease).await?;
    program.mail.sweep(lease).await?;
    if let Some(settled) = settled {
        program.sending.sweep(lease, settled).await?;
        program.schedules.sweep(lease, settled).await?;
        program.mail_jobs.sweep(lease, settled).await?;
    }
    program.uploads.sweep(lease, settled).await?;
    // Last, because after an upgrade they write the words of all connectors or accounts.
    program.connectors.write_missing_words(lease).await?;
    program.accounts.write_missing_words(lease).await
}
