//! The slots of mailboxes that processes share in a database.
//!
//! A process takes a slot for 15 seconds and renews all its slots every 5, so those of a killed process are free within
//! 15 seconds. It keeps an unused slot for a second, and gives a used one up after a second while another process waits.
//! A process that cannot renew ends the requests that use its slots before another process may take them.

mod keeping;

use std::{collections::HashMap, time::Duration};

use tokio::{
    sync::{Mutex, MutexGuard, Semaphore},
    time::Instant,
};
use uuid::Uuid;

use super::{
    MailLimits,
    line::{MAX_SLOTS, SlotSet},
    window::{Moment, Taken, Window},
};
use crate::{
    accounts::service::AccountId,
    jobs::service::Lease,
    mail::store::{
        slots,
        windows::{self, ERASED_AT_ONCE, StoredWindow},
    },
    platform::{
        clock::Clock,
        database::{Database, DatabaseError},
        failure::Failure,
        id::new_uuid,
        randomness::Randomness,
    },
    providers::mailbox::MailboxLimits,
};

/// How often a process looks again for a slot that others have.
const POLL: Duration = Duration::from_millis(100);
/// How often a process says that it still waits.
const MARK: Duration = Duration::from_secs(1);
/// How long a process waits before it asks again after it has given slots up: others ask first.
const AFTER_GIVING: Duration = Duration::from_millis(300);
/// How long it waits after the database has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// A slot that took longer to get may be close to its end.
const LATE: Duration = Duration::from_secs(2);
/// Maximum number of mailboxes for which a process asks at the same time, so that it does not take all connections.
const MAX_ASKING: usize = 4;
/// Number of turns in which mailboxes ask for requests of their windows. Few mailboxes share one at the same time.
const TURNS: u128 = 32;

/// The database with the slots, and this process as their owner.
pub(super) struct Shared {
    database: Database,
    owner: Uuid,
    asking: Semaphore,
    turns: Vec<Mutex<()>>,
}

impl SlotSet {
    /// The slots with these numbers of the database, which begin with 1.
    fn stored(numbers: impl IntoIterator<Item = i64>) -> Self {
        numbers.into_iter().fold(Self::default(), |set, number| {
            let number = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
            number.filter(|number| *number < MAX_SLOTS).map_or(set, |number| set.with(Self::one(number)))
        })
    }

    fn to_stored(self) -> Vec<i64> {
        self.numbers().filter_map(|number| i64::try_from(number + 1).ok()).collect()
    }
}

impl Shared {
    pub(super) fn new(database: Database, clock: &dyn Clock, randomness: &dyn Randomness) -> Self {
        let owner = new_uuid(clock, randomness);
        let turns = (0..TURNS).map(|_| Mutex::default()).collect();
        Self { database, owner, asking: Semaphore::new(MAX_ASKING), turns }
    }

    /// Waits until no other request of this mailbox takes a block. The turn ends when the guard is dropped.
    pub(super) async fn turn_to_count(&self, account: AccountId) -> Option<MutexGuard<'_, ()>> {
        let number = usize::try_from(account.0.as_u128() % TURNS).ok()?;
        Some(self.turns.get(number)?.lock().await)
    }

    /// Takes units from the window of a mailbox ([`Window::take`]).
    ///
    /// # Returns
    /// What may be used, and for how long.
    pub(super) async fn take_block(
        &self,
        account: AccountId,
        limits: MailboxLimits,
        needed: u32,
        wanted: u32,
    ) -> Result<(Taken, Duration), Failure> {
        let taken = self
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                let stored = windows::lock(&tx, account).await?;
                let now = Duration::from_micros(u64::try_from(stored.now).unwrap_or_default());
                let at = Moment::after(now, limits.window);
                let count = |stored: i64| u32::try_from(stored).unwrap_or(u32::MAX);
                let mut window = Window {
                    number: stored.number,
                    used: count(stored.used),
                    before: count(stored.used_before),
                };
                let taken = window.take(at, limits.units, needed, wanted);
                let Window { number, used, before } = window;
                let stored = StoredWindow { number, used: used.into(), used_before: before.into(), ..stored };
                let matters = i64::try_from(at.until_forgotten().as_micros()).unwrap_or(i64::MAX);
                windows::put(&tx, account, stored, stored.now.saturating_add(matters)).await?;
                Ok((taken, at.remaining()))
            })
            .await?;
        Ok(taken)
    }

    pub(super) async fn erase_old(&self, lease: &Lease) -> Result<(), Failure> {
        loop {
            let erased = self
                .database
                .write::<_, Failure, _>(async |tx| {
                    lease.hold(&tx).await?;
                    slots::erase_old(&tx).await?;
                    Ok(windows::erase_old(&tx).await?)
                })
                .await?;
            if erased < ERASED_AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Gives slots back. If that fails, they are free for this process, and expire for the others.
    async fn give_back(&self, back: &[(AccountId, SlotSet)]) {
        if back.is_empty() {
            return;
        }
        let given = self
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                for (account, slots) in back {
                    slots::give_back(&tx, *account, self.owner, &slots.to_stored()).await?;
                }
                Ok(())
            })
            .await;
        if let Err(error) = given {
            tracing::warn!(%error, "could not give the slots of mailboxes back");
        }
    }

    pub(super) async fn give_all_back(&self) {
        let given = self
            .database
            .write::<_, DatabaseError, _>(async |tx| slots::give_all_back(&tx, self.owner).await)
            .await;
        if let Err(error) = given {
            tracing::warn!(%error, "could not give the slots of mailboxes back");
        }
    }
}

impl MailLimits {
    /// Gets the slots for which requests of a mailbox wait, until none waits. It is a task of its own, so that a caller
    /// whose connection ends leaves no slot behind.
    pub(super) async fn ask(&self, account: AccountId) {
        let Some(shared) = &self.0.shared else { return };
        let mut marked = None;
        while !self.end_asking(account) {
            if let Some(at) = self.ask_after(account) {
                self.0.monotonic.sleep_until(at).await;
                continue;
            }
            let wait = match self.ask_once(shared, account, &mut marked).await {
                // Perhaps more are free.
                Ok(taken) if !taken.is_empty() => continue,
                Ok(_) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "could not take slots of a mailbox");
                    AFTER_FAILURE
                }
            };
            if !self.end_asking(account) {
                self.0.monotonic.sleep_until(self.now() + wait).await;
            }
        }
    }

    async fn ask_once(
        &self,
        shared: &Shared,
        account: AccountId,
        marked: &mut Option<Instant>,
    ) -> Result<SlotSet, DatabaseError> {
        // The semaphore is never closed.
        let _turn = shared.asking.acquire().await;
        let asked = self.now();
        // A slot that only the database has for this process is free for it.
        let taken = slots::find_taken(&shared.database.read(), account, shared.owner).await?;
        let wanted = self.wanted(account, SlotSet::ALL.without(SlotSet::stored(taken)));
        if wanted.is_empty() {
            if marked.is_none_or(|at| self.now() >= at + MARK) {
                *marked = Some(self.now());
                let owner = shared.owner;
                shared.database.write(async |tx| slots::put_wait(&tx, account, owner).await).await?;
            }
            return Ok(SlotSet::default());
        }
        let (owner, numbers) = (shared.owner, wanted.to_stored());
        let taken =
            shared.database.write(async |tx| slots::take(&tx, account, owner, &numbers).await).await?;
        let taken = SlotSet::stored(taken);
        if self.now() >= asked + LATE {
            shared.give_back(&[(account, taken)]).await;
            return Ok(SlotSet::default());
        }
        self.change(account, |line, now| line.add(taken, now));
        Ok(taken)
    }

    fn wanted(&self, account: AccountId, free: SlotSet) -> SlotSet {
        self.lock().lines.get(&account).map_or(SlotSet::default(), |line| line.wanted(free))
    }

    /// Until when this process does not ask, if that is still to come.
    fn ask_after(&self, account: AccountId) -> Option<Instant> {
        let now = self.now();
        self.lock().lines.get(&account)?.ask_after.filter(|at| *at > now)
    }

    /// Whether no request of a mailbox waits for a slot that this process does not have. Then the task that asks ends.
    fn end_asking(&self, account: AccountId) -> bool {
        let mut state = self.lock();
        let Some(line) = state.lines.get_mut(&account) else { return true };
        let ends = line.end_asking();
        if line.is_empty() {
            state.lines.remove(&account);
        }
        ends
    }
}

/// The slots of each mailbox.
fn by_account(slots: Vec<(AccountId, i64)>) -> HashMap<AccountId, SlotSet> {
    let mut by_account: HashMap<AccountId, SlotSet> = HashMap::new();
    for (account, slot) in slots {
        let set = by_account.entry(account).or_default();
        *set = set.with(SlotSet::stored([slot]));
    }
    by_account
}
