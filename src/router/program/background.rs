//! What the program does beside the requests: work at intervals, refreshes of grants, jobs.

use std::time::Duration;

use super::Program;
use crate::{
    accounts::service::{
        grants::{APPLICATION_CHANGE, GATE_OPENING, Refresher},
        of_connector::DELETION,
    },
    jobs::runner::{Runner, Worker},
    mail::{emptying::FOLDER_EMPTYING, sending::LOOK_EVERY},
    platform::{database::DatabaseUrl, monotonic::SharedMonotonic, periodic::PeriodicWork},
    router::sweep::{SWEEP, sweep_all_tables},
};

impl Program {
    /// Work that runs repeatedly beside the requests.
    pub fn periodic_work(&self) -> Vec<PeriodicWork> {
        let log_ins = self.log_ins.clone();
        let flush = PeriodicWork::new("record of repeated events", Duration::from_secs(5), move || {
            let log_ins = log_ins.clone();
            async move { log_ins.flush().await }
        });
        let calls = self.calls.clone();
        let records = PeriodicWork::new("record of API calls", Duration::from_secs(1), move || {
            let calls = calls.clone();
            async move { calls.flush().await }
        });
        let clients = self.clients.clone();
        let uses = PeriodicWork::new("last use of API clients", Duration::from_mins(1), move || {
            let clients = clients.clone();
            async move { clients.flush_uses().await }
        });
        let sending = self.sending.clone();
        let sends = PeriodicWork::new("sends that wait", LOOK_EVERY, move || {
            let sending = sending.clone();
            async move { sending.look_regularly().await }
        });
        let schedules = self.schedules.clone();
        let due = PeriodicWork::new("scheduled messages", Duration::from_secs(2), move || {
            let schedules = schedules.clone();
            async move { schedules.send_due().await }
        });
        vec![flush, records, uses, sends, due]
    }

    /// The background refreshes of this process.
    pub fn refresher(&self) -> Refresher {
        // A SQLite file has only one serving process (`platform::database::sole`).
        Refresher::new(self.grants.clone(), matches!(self.config.database, DatabaseUrl::Sqlite(_)))
    }

    /// The runner of the jobs that this process shares with the others.
    pub fn runner(&self, monotonic: SharedMonotonic) -> Runner {
        let (program, elapsed) = (self.clone(), monotonic.clone());
        let sweep = Worker::new(&SWEEP, move |lease, _| {
            let (program, moment) = (program.clone(), elapsed.now());
            async move { sweep_all_tables(&program, &lease, moment).await }
        });
        let of_connectors = self.of_connectors.clone();
        let deletion = Worker::new(&DELETION, move |lease, job| {
            let of_connectors = of_connectors.clone();
            async move { of_connectors.remove(&lease, &job).await }
        });
        let grants = self.grants.clone();
        let application_change = Worker::new(&APPLICATION_CHANGE, move |lease, job| {
            let grants = grants.clone();
            async move { grants.run_application_change(&lease, &job).await }
        });
        let grants = self.grants.clone();
        let gate_opening = Worker::new(&GATE_OPENING, move |lease, job| {
            let grants = grants.clone();
            async move { grants.run_gate_opening(&lease, &job).await }
        });
        let mail_jobs = self.mail_jobs.clone();
        let folder_emptying = Worker::new(&FOLDER_EMPTYING, move |lease, job| {
            let mail_jobs = mail_jobs.clone();
            async move { mail_jobs.run(&lease, &job).await }
        });
        let workers = vec![sweep, deletion, application_change, gate_opening, folder_emptying];
        Runner::new(self.jobs.clone(), workers, monotonic)
    }
}
