//! Goes on with records that wait, and takes over those whose process is gone: by the rule of `jobs::lease`, a process must
//! have seen the same lease for thirty seconds of its own clock.

use std::sync::{MutexGuard, PoisonError, atomic::Ordering};

use tokio::time::Instant;

use super::{Sending, run::BACK_OFF};
use crate::{
    jobs::lease::Watch,
    mail::store::sends::{
        SendId,
        open::{self, WaitingSend, Without},
    },
    platform::failure::Failure,
};

/// How often the program looks.
pub const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(2);
/// Maximum number of leases that one look reads: far more than all processes have together.
const MAX_LEASES: u64 = 1_000;

impl Sending {
    /// Looks once at the table, and begins what may go on and has a place.
    ///
    /// # Returns
    /// Number of records whose work has begun.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn look(&self) -> Result<usize, Failure> {
        if self.0.stopping.is_cancelled() {
            return Ok(0);
        }
        self.settled();
        let parts = self.parts();
        let read = parts.database.read();
        let asked = parts.monotonic.now();
        let leased = open::find_leased(&read, MAX_LEASES).await;
        let leased = leased.inspect_err(|_| self.sightings().forget())?;
        let mut waiting = self.left_behind(leased, asked);
        let free = u64::try_from(self.0.places.free()).unwrap_or(u64::MAX);
        let full = Without { accounts: self.0.places.full_accounts(), holders: self.0.places.full_holders() };
        if free == 0 || !full.is_empty() {
            // Records of these accounts and clients are left to a later look.
            self.note_waiting();
        }
        if free > 0 {
            waiting.extend(open::find_due(&read, parts.clock.now(), BACK_OFF.longest, &full, free).await?);
        }
        self.clean_up(self.find_clean_ups(&read).await?);
        let mut begun = 0;
        for send in waiting {
            begun += usize::from(self.take_over(send).await?);
        }
        Ok(begun)
    }

    /// [`Self::look`] as periodic work. A database that stays away is reported once.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn look_regularly(&self) -> Result<(), Failure> {
        match self.look().await {
            Ok(_) => {
                self.0.is_away.store(false, Ordering::Relaxed);
                Ok(())
            }
            Err(Failure::Unavailable(_)) if self.0.is_away.swap(true, Ordering::Relaxed) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Those of the records with an owner whose owner is gone.
    fn left_behind(&self, leased: Vec<WaitingSend>, asked: Instant) -> Vec<WaitingSend> {
        let of_others: Vec<_> = leased.into_iter().filter(|send| !self.0.running.has(send.id)).collect();
        if self.parts().is_alone {
            return of_others;
        }
        let answered = self.parts().monotonic.now();
        let states = of_others.iter().map(|send| (send.id, send.lease));
        let free: Vec<SendId> = self.sightings().record_leases(states, asked, answered);
        of_others.into_iter().filter(|send| free.contains(&send.id)).collect()
    }

    fn sightings(&self) -> MutexGuard<'_, Watch<SendId>> {
        self.0.sightings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record, if there is a place and its lease is as it was read.
    async fn take_over(&self, waiting: WaitingSend) -> Result<bool, Failure> {
        let WaitingSend { id, organisation, account, holder, lease } = waiting;
        let Some(begun) = self.prepare(id, account, holder) else {
            self.note_waiting();
            return Ok(false);
        };
        let (owner, database) = (begun.owner, &self.parts().database);
        let taken = database.write(async |tx| open::take(&tx, id, lease, owner).await).await?;
        if taken {
            self.start(organisation, id, begun);
        }
        Ok(taken)
    }

    /// Notes that a record waits for a place.
    pub(super) fn note_waiting(&self) {
        self.0.is_behind.store(true, Ordering::Relaxed);
    }

    /// Looks again when a place is free, if a record waits for one.
    pub(super) fn go_on_with_waiting(&self) {
        if !self.0.is_behind.swap(false, Ordering::Relaxed) {
            return;
        }
        let sending = self.clone();
        self.0.tasks.spawn(async move {
            if let Err(failure) = sending.look().await {
                tracing::warn!(?failure, "could not look for sends that wait");
            }
        });
    }
}
