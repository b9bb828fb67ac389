//! The work at one record, under the lease of its row: a state machine whose steps are in the files of this folder.
//!
//! `drafts` makes the draft and gives it its files. `submitting` asks the provider to send. `doubt` finds out what became
//! of a message after a lost answer, and `withdrawing` ends one that stays a draft. `ending` stores the outcome. `lease`
//! keeps the lease while the work goes on, and `pausing` waits, or puts the record back for later.

mod asking;
mod doubt;
mod drafts;
mod ending;
mod lease;
mod pausing;
mod submitting;
mod withdrawing;

use tokio::time::Instant;
use uuid::Uuid;

use self::lease::RunLease;
pub(super) use self::{ending::is_final, pausing::BACK_OFF};
use super::{
    SEALED_REQUESTS, SendFailure, Sending, allowed::is_still_allowed, kept::KeptRequest, places::Place,
    running::Reservation, stops::StopPoint,
};
use crate::{
    accounts::service::{Account, AccountId},
    jobs::lease::Owner,
    mail::store::sends::{self, Holder, SendId, SendKind, Stage, StoredSend, open},
    platform::{database::DatabaseError, failure::Failure, id::OrganisationId},
    providers::mailbox::{MailError, Outgoing},
};

/// What the work at a record needs besides the record.
pub(super) struct Begun {
    pub place: Place,
    pub reservation: Reservation,
    pub owner: Owner,
    /// A moment before the lease was taken.
    pub taken_at: Instant,
}

/// The work at one record.
struct Run {
    sending: Sending,
    /// As the row is, without what is sealed.
    send: StoredSend,
    kept: KeptRequest,
    lease: RunLease,
    /// The email of the account.
    email: Option<String>,
    /// A refusal of the sending after a doubt: the draft decides what it means.
    refusal: Option<MailError>,
    /// Why the last question had no effect.
    last_failure: Option<SendFailure>,
}

/// Why the work stops.
enum Stop {
    /// The outcome is stored, the record is put back, or the lease is lost.
    Over,
    Failure(Failure),
}

impl From<DatabaseError> for Stop {
    fn from(error: DatabaseError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Sending {
    /// What the work at a record needs, if there is a place for it. The reservation comes before the lease: a process that
    /// serves alone takes over each row with an owner that it does not work at.
    pub(super) fn prepare(&self, id: SendId, account: AccountId, holder: Uuid) -> Option<Begun> {
        let parts = self.parts();
        let place = self.0.places.take(account, holder)?;
        let reservation = self.0.running.reserve(id)?;
        let owner = Owner::new(&*parts.clock, &*parts.randomness);
        Some(Begun { place, reservation, owner, taken_at: parts.monotonic.now() })
    }

    /// Begins the work at a record whose row has this owner, in a task that goes on when the caller goes away.
    pub(super) fn start(&self, organisation: OrganisationId, id: SendId, begun: Begun) {
        let sending = self.clone();
        self.0.tasks.spawn(async move {
            let Begun { place, reservation, owner, taken_at } = begun;
            let lease = RunLease::new(organisation, id, owner, taken_at);
            let stopped = Box::pin(sending.work(organisation, id, lease)).await;
            if let Err(Stop::Failure(failure)) = stopped {
                // The lease stays, so that another run begins with finding out what was done.
                tracing::error!(send = %id, ?failure, "the work at a send has failed");
            }
            // The place first, so that there is one for what begins when the work ends.
            drop(place);
            drop(reservation);
            sending.go_on_with_waiting();
        });
    }

    async fn work(&self, organisation: OrganisationId, id: SendId, lease: RunLease) -> Result<(), Stop> {
        let keeping = lease.keep(self);
        let working = async {
            match Run::load(self, organisation, id, lease.clone()).await? {
                Some(mut run) => run.work().await,
                None => Ok(()),
            }
        };
        tokio::select! {
            // The lease first: after a process stood still, both may be ready.
            biased;
            () = keeping => Ok(()),
            stopped = working => stopped,
        }
    }
}

impl Run {
    /// Reads a record. `None` if it was erased with its account, or another process has it.
    async fn load(
        sending: &Sending,
        organisation: OrganisationId,
        id: SendId,
        lease: RunLease,
    ) -> Result<Option<Self>, Stop> {
        let found = sends::find(&sending.parts().database.read(), organisation, id).await?;
        let owner = Some(lease.owner());
        let Some(mut send) = found.filter(|send| send.lease.owner == owner) else { return Ok(None) };
        let sealed = send.request.take().unwrap_or_default();
        let kept = sending.open(SEALED_REQUESTS, organisation, id.0, &sealed);
        let unreadable = kept.as_ref().err().cloned();
        let kept = kept.unwrap_or_default();
        if send.stage == Stage::Sending {
            // An earlier run may have asked.
            send.doubts = send.doubts.saturating_add(1);
        }
        let now = sending.parts().clock.now();
        send.begun_at.get_or_insert(now);
        let sending = sending.clone();
        let mut run = Self { sending, send, kept, lease, email: None, refusal: None, last_failure: None };
        // What became of a message can be found out without it.
        if let Some(failure) = unreadable.filter(|_| !run.is_in_doubt()) {
            failure.log();
            if !run.is_too_old() {
                // Another process may have the key of the vault that opens it.
                run.put_back(None, failure.clone().into()).await?;
            }
            run.end_failed(failure.into()).await?;
            return Ok(None);
        }
        Ok(Some(run))
    }

    /// Works until the record has ended, is put back, or is another process's.
    async fn work(&mut self) -> Result<(), Stop> {
        loop {
            let step = match self.send.stage {
                _ if self.is_stopping() => self.put_back_now().await,
                _ if self.is_too_old() => self.give_up().await,
                Stage::Accepted => self.begin().await,
                Stage::Drafting => self.find_draft().await,
                Stage::Drafted => self.complete().await,
                Stage::Sending => self.find_out().await,
                Stage::Withdrawing | Stage::Deleting => self.withdraw().await,
                Stage::Done | Stage::Unknown | Stage::Failed => return Ok(()),
            };
            match step {
                Ok(()) => {}
                Err(Stop::Over) => return Ok(()),
                Err(Stop::Failure(failure)) => return self.put_off_after_fault(failure).await,
            }
        }
    }

    /// The message with its Message-ID.
    fn message(&self) -> Outgoing {
        Outgoing { message_id: self.send.message_id.clone(), ..self.kept.request.message.clone() }
    }

    /// Whether the draft is one that the program has made, and deletes if it is not needed.
    fn owns_draft(&self) -> bool {
        self.send.kind != SendKind::SendDraft
    }

    /// Stores a stage before the provider is asked.
    async fn store(&mut self, stage: Stage) -> Result<(), Stop> {
        self.send.stage = stage;
        let (send, owner) = (&self.send, self.lease.owner());
        let database = &self.sending.parts().database;
        let is_ours = database.write(async |tx| open::advance(&tx, send, owner).await).await?;
        if is_ours && !self.lease.is_lost() { Ok(()) } else { Err(Stop::Over) }
    }

    /// Stores a stage before the provider is asked for a draft, or to send, if the client may still send from the account.
    ///
    /// # Returns
    /// Whether it may. Otherwise the stage stays.
    async fn claim(&mut self, stage: Stage, account: &Account) -> Result<bool, Stop> {
        let before = std::mem::replace(&mut self.send.stage, stage);
        let (send, owner) = (&self.send, self.lease.owner());
        let database = &self.sending.parts().database;
        let claimed = database
            .write::<_, DatabaseError, _>(async |tx| {
                if let Holder::Client(client) = send.holder
                    && !is_still_allowed(&tx, client, account, send.created_at).await?
                {
                    return Ok(None);
                }
                open::advance(&tx, send, owner).await.map(Some)
            })
            .await?;
        match claimed {
            None => {
                self.send.stage = before;
                Ok(false)
            }
            Some(true) if !self.lease.is_lost() => Ok(true),
            Some(_) => Err(Stop::Over),
        }
    }

    /// Stores what the provider has answered, again and again while the database is away and the lease may be ours.
    async fn store_at_last(&mut self, stage: Stage) -> Result<(), Stop> {
        loop {
            match self.store(stage).await {
                Err(Stop::Failure(Failure::Unavailable(reason))) if !self.lease.is_lost() => {
                    tracing::warn!(send = %self.send.id, reason, "a send waits for the database");
                    self.sleep_for_database().await;
                }
                stored => return stored,
            }
        }
    }

    async fn reach(&self, point: StopPoint) {
        self.sending.parts().stops.reach(point).await;
    }
}
