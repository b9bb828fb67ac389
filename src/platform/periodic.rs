//! Runs work repeatedly beside the requests.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::task::JoinHandle;

use super::failure::Failure;

type Work = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> + Send + Sync>;

/// Work that a feature hands over to be run repeatedly.
#[derive(Clone)]
pub struct PeriodicWork {
    name: &'static str,
    every: Duration,
    work: Work,
}

impl PeriodicWork {
    /// Runs `work` every `every`. The log names it `name` if it fails.
    pub fn new<F>(name: &'static str, every: Duration, work: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        Self { name, every, work: Arc::new(move || Box::pin(work())) }
    }

    /// Runs the work once, now.
    pub async fn run_once(&self) -> Result<(), Failure> {
        (self.work)().await
    }

    /// Runs the work until the task is dropped. A failure is logged, and the next run follows.
    pub fn start(self) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(self.every);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                if let Err(failure) = self.run_once().await {
                    tracing::error!(work = self.name, ?failure, "periodic work failed");
                }
            }
        })
    }
}
