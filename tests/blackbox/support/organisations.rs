//! Queries of a test about an installation.

use std::{sync::Arc, time::Duration};

use mail360::{
    platform::{
        database::{DatabaseError, Queries},
        id::OrganisationId,
        monotonic::{SharedMonotonic, SystemMonotonic},
    },
    router::SWEEP,
};
use sea_orm::ConnectionTrait;

use super::World;

impl World {
    /// The short name of the organisation of this user.
    pub async fn organisation_of(&self, email: &str) -> String {
        let user = format!("SELECT organisation_id FROM users WHERE email = '{}'", email.to_lowercase());
        self.raw.one(&format!("SELECT short_name FROM organisations WHERE id = ({user})")).await
    }

    /// The organisation of this user.
    pub async fn organisation_id_of(&self, email: &str) -> OrganisationId {
        let query = format!("SELECT organisation_id FROM users WHERE email = '{email}'");
        OrganisationId(self.raw.one::<uuid::Uuid>(&query).await)
    }

    /// A setting of the only connector at its provider, as the database has it.
    pub async fn setting(&self, name: &str) -> serde_json::Value {
        let settings: String = self.raw.one("SELECT provider_settings FROM connectors").await;
        let settings: serde_json::Value = serde_json::from_str(&settings).expect("JSON");
        settings.get(name).expect("the setting").clone()
    }

    /// Writes the counted events that outsiders can repeat, and the records of API calls; the program does that every
    /// few seconds.
    pub async fn flush(&self) {
        self.program.log_ins.flush().await.expect("the record is written");
        self.program.calls.flush().await.expect("the record is written");
    }

    /// Runs the periodic work of the program now, and the job that erases old rows (the sweep).
    pub async fn run_sweep(&self) {
        self.run_sweep_at(Arc::new(SystemMonotonic)).await;
    }

    /// The same, at the present moment of this monotonic clock.
    pub async fn run_sweep_at(&self, monotonic: SharedMonotonic) {
        for work in self.program.periodic_work() {
            work.run_once().await.expect("the periodic work");
        }
        self.program
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                let due = "UPDATE jobs SET due_at = 0 WHERE kind = 'sweep'";
                tx.connection().execute_unprepared(due).await?;
                Ok(())
            })
            .await
            .expect("the sweep is due");
        let sweeps = || self.program.jobs.counts().of(&SWEEP);
        let ended = || {
            let sweeps = sweeps();
            sweeps.succeeded + sweeps.failed + sweeps.postponed + sweeps.lost
        };
        let (before, ended_before) = (sweeps().succeeded, ended());
        let mut runner = self.program.runner(monotonic);
        assert_eq!(runner.start_due_jobs().await.expect("a look at the jobs"), 1, "the sweep begins");
        while ended() == ended_before {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(sweeps().succeeded, before + 1, "{:?}", sweeps());
    }
}
