//! The sweep: erases what has ended or is older than it may be. It is a job, so with several processes on one database
//! one of them does it.

use time::Duration;

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
    back_off: BackOff { first: Duration::seconds(10), most: Duration::minutes(10) },
    every: Some(Duration::minutes(1)),
};

/// Sweeps every table once.
pub(super) async fn sweep(program: &Program, lease: &Lease) -> Result<(), Failure> {
    program.sessions.sweep(lease).await?;
    program.throttles.sweep(lease).await?;
    program.people.sweep(lease).await?;
    for organisation in program.people.organisations(&program.database.read()).await? {
        program.activity_log.sweep(lease, organisation.id).await?;
    }
    program.devices.sweep(lease).await?;
    program.sign_ins.sweep(lease).await
}
