//! A message from its time to its end: taken by one process, tried, put off or ended.
//!
//! A process takes a message for two minutes. If it is killed, another one takes the message then and tries it again
//! under the same id, so that the message is sent once. What the first one still does after that, changes nothing: it
//! begins no send, and does not put off a message that is being sent. The id never changes: a try that has sent nothing has
//! given it up.
//!
//! The clock alone says that the time of a message has come, as it says that a grant is refreshed. The settled time is hours
//! behind, so each message would be hours late if it waited for that. A clock that is ahead therefore sends a message too
//! early, if it shows one of the 24 hours after the time. Nothing is given up because of the clock alone: a message that is
//! too late only by the clock, or whose client has expired only by the clock, is neither sent nor failed. It waits until the
//! settled time says the same, or until the clock is right again and its time comes.

use std::collections::HashMap;

use time::Duration;

use super::{
    Attempt, DueMessage, LATEST, ScheduleDependencies, ScheduleId, ScheduleState, Schedules, WhyNotSent,
    sealing, sender,
};
use crate::{
    accounts::{model::AccountState, service::ClientReaches},
    mail::{
        sending::DOUBT,
        store::schedules::{self as store, Ending, StoredSchedule, Taken},
        uploads::Settled,
    },
    people::access::{Caller, Scope},
    platform::{
        clock::{SKEW, Timestamp},
        database::{DatabaseError, Tx},
        failure::Failure,
    },
};

/// How long a process has for a try. It takes less than a minute.
const TAKEN_FOR: Duration = Duration::minutes(2);
/// How long a message waits after its first try, and after any number of them.
const FIRST_WAIT: Duration = Duration::seconds(15);
const LONGEST_WAIT: Duration = Duration::minutes(15);
/// The name of this work as a caller.
const NAME: &str = "schedules";

/// How long a message waits after this number of tries: twice as long with each.
fn wait_after(tries: u32) -> Duration {
    let doublings = tries.saturating_sub(1).min(16);
    (FIRST_WAIT * (1_i32 << doublings)).min(LONGEST_WAIT)
}

impl Schedules {
    /// Begins to send what is due, as far as this process has places. Each message goes on in a task of its own.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn send_due(&self) -> Result<(), Failure> {
        while self.begin_some().await? {}
        Ok(())
    }

    /// Begins to send some of what is due.
    ///
    /// # Returns
    /// Whether there may be more for which there is a place.
    async fn begin_some(&self) -> Result<bool, Failure> {
        let ScheduleDependencies { database, clock, .. } = self.parts();
        let now = clock.now();
        let latest = now.plus(LONGEST_WAIT).plus(SKEW);
        // Each look notes the clock.
        self.settled();
        let (free, full) = (self.0.places.free(), self.0.places.full());
        // Most looks find nothing, and need no transaction that writes.
        let limit = u64::try_from(free).unwrap_or(u64::MAX);
        let found = store::find_due(&database.read(), now, latest, &full, limit).await?;
        let has_more = free > 0 && found.len() == free;
        let mut places = HashMap::new();
        for due in found {
            if let Some(place) = self.0.places.take(due) {
                places.insert(due.id, place);
            }
        }
        if places.is_empty() {
            return Ok(false);
        }
        let ids: Vec<ScheduleId> = places.keys().copied().collect();
        let taken = database
            .write::<_, DatabaseError, _>(async |tx| {
                store::claim(&tx, &ids, now, latest, now.plus(TAKEN_FOR)).await
            })
            .await?;
        // Otherwise other processes have taken them all.
        let has_some = !taken.is_empty();
        for stored in taken {
            let place = places.remove(&stored.id);
            let schedules = self.clone();
            tokio::spawn(async move {
                if let Err(failure) = schedules.try_to_send(&stored).await {
                    // Another try follows when the time of this one is over.
                    failure.log();
                }
                drop(place);
            });
        }
        Ok(has_more && has_some)
    }

    async fn try_to_send(&self, stored: &StoredSchedule) -> Result<(), Failure> {
        let ScheduleDependencies { database, vault, sender, .. } = self.parts();
        // After a try whose outcome is not known, only the sender can tell it. A process that was killed may have marked the
        // message as being sent, and have asked for nothing.
        let was_tried =
            stored.state == ScheduleState::Sending && sender.has_begun(stored.owner, stored.attempt).await?;
        if !was_tried {
            if let Some(attempt) = self.judge(stored).await? {
                return self.settle(stored, attempt).await;
            }
            let taken = Taken::from(stored);
            let begun =
                database.write::<_, DatabaseError, _>(async |tx| store::begin(&tx, taken).await).await?;
            if !begun {
                // It was cancelled, or another process has taken it.
                return Ok(());
            }
        }
        let request = match sealing::open_request(vault, stored) {
            Ok(request) => request,
            Err(failure) => {
                failure.log();
                let internet_message_id = String::new();
                let lost = if was_tried {
                    Attempt::Unknown { internet_message_id }
                } else {
                    Attempt::Failed(WhyNotSent::Unreadable)
                };
                return self.settle(stored, lost).await;
            }
        };
        let due = DueMessage {
            attempt: stored.attempt,
            taken: Taken::from(stored),
            organisation: stored.owner.organisation,
            client: stored.owner.client,
            account: stored.owner.account,
            request,
        };
        let attempt = sender.send(due).await;
        // A clock that is ahead for a while must not end what can still be found out.
        let last = stored.due_at.plus(LATEST).plus(DOUBT);
        let is_hopeless = self.settled().is_some_and(|settled| settled > last);
        if was_tried && is_hopeless && attempt == Attempt::UnderWay {
            let internet_message_id = String::new();
            return self.settle(stored, Attempt::Unknown { internet_message_id }).await;
        }
        self.settle(stored, attempt).await
    }

    /// What prevents a message from being sent, before the provider is asked.
    async fn judge(&self, stored: &StoredSchedule) -> Result<Option<Attempt>, Failure> {
        let ScheduleDependencies { database, accounts, clock, .. } = self.parts();
        let (now, settled) = (clock.now(), self.settled());
        let latest = stored.due_at.plus(LATEST);
        if now > latest {
            let why = stored.why.unwrap_or(WhyNotSent::Late);
            let is_certain = settled.is_some_and(|settled| settled > latest);
            return Ok(Some(if is_certain { Attempt::Failed(why) } else { Attempt::NotNow(why) }));
        }
        let (owner, created_at) = (stored.owner, stored.created_at);
        let caller = Caller::job(owner.organisation, NAME);
        let account = match accounts.get(&caller, owner.account).await {
            Ok(account) => account,
            Err(Failure::NotFound) => return Ok(Some(Attempt::Failed(WhyNotSent::OutOfReach))),
            Err(failure) => return Err(failure),
        };
        let refused = database
            .write::<_, DatabaseError, _>(async |tx| {
                let clients = ClientReaches::of(owner.organisation);
                let Some(client) = clients.lock_client(&tx, owner.client).await? else {
                    return Ok(Some(Attempt::Failed(WhyNotSent::OutOfReach)));
                };
                // The attack: a stolen credential has scheduled messages before it was revoked.
                let is_revoked = client.revoked_at.is_some_and(|at| at >= created_at);
                let is_over_at = |time: Timestamp| client.expires_at.is_some_and(|end| end <= time);
                if is_revoked
                    || settled.is_some_and(is_over_at)
                    || !client.scopes.contains(Scope::MessagesCreate)
                {
                    return Ok(Some(Attempt::Failed(WhyNotSent::ClientRevoked)));
                }
                if is_over_at(now) {
                    return Ok(Some(Attempt::NotNow(WhyNotSent::ClientRevoked)));
                }
                let reaches = clients.reaches(&tx, owner.client, &account).await?;
                Ok((!reaches).then_some(Attempt::Failed(WhyNotSent::OutOfReach)))
            })
            .await?;
        if refused.is_some() {
            return Ok(refused);
        }
        if account.paused.is_some() {
            return Ok(Some(Attempt::NotNow(WhyNotSent::AccountPaused)));
        }
        let can_send = matches!(account.state, AccountState::Connected | AccountState::Retrying);
        Ok((!can_send).then(|| Attempt::NotNow(sender::of_state(account.state))))
    }

    /// Stores what a try came to.
    async fn settle(&self, stored: &StoredSchedule, attempt: Attempt) -> Result<(), Failure> {
        let ScheduleDependencies { database, uploads, clock, .. } = self.parts();
        let (taken, id, organisation) = (Taken::from(stored), stored.id, stored.owner.organisation);
        let now = clock.now();
        let next_at = now.plus(wait_after(stored.tries));
        let nothing =
            Ending { state: ScheduleState::Failed, why: None, message_id: None, internet_message_id: None };
        let ending = match attempt {
            Attempt::Sent { message_id, internet_message_id } => Ending {
                state: ScheduleState::Sent,
                message_id: Some(message_id),
                internet_message_id: Some(internet_message_id),
                ..nothing
            },
            Attempt::Unknown { internet_message_id } => Ending {
                state: ScheduleState::Unknown,
                internet_message_id: Some(internet_message_id).filter(|id| !id.is_empty()),
                ..nothing
            },
            Attempt::Failed(why) => Ending { why: Some(why), ..nothing },
            Attempt::UnderWay => {
                let stay = async |tx: Tx| store::go_on_later(&tx, taken, next_at).await;
                return Ok(database.write::<_, DatabaseError, _>(stay).await?);
            }
            Attempt::NotNow(why) => {
                let wait = async |tx: Tx| store::put_off(&tx, taken, why, next_at).await;
                return Ok(database.write::<_, DatabaseError, _>(wait).await?);
            }
        };
        let (state, why) = (ending.state, ending.why);
        let settled = if state == ScheduleState::Sent { Settled::Sent } else { Settled::NotSent };
        let has_ended = database
            .write::<_, DatabaseError, _>(async |tx| {
                let has_ended = store::end(&tx, taken, ending, now).await?;
                if has_ended {
                    uploads.release(&tx, organisation, id.0, settled).await?;
                }
                Ok(has_ended)
            })
            .await?;
        if has_ended && state != ScheduleState::Sent {
            let why = why.map_or("the outcome is unknown", WhyNotSent::name);
            tracing::warn!(schedule = %id.name(), why, "a scheduled message was not sent");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_waits_twice_as_long_after_each_try_up_to_a_quarter_of_an_hour() {
        let waits: Vec<i64> = (0..=9).map(|tries| wait_after(tries).whole_seconds()).collect();
        assert_eq!(waits, [15, 15, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
        assert!(TAKEN_FOR < LONGEST_WAIT, "a time further ahead was written by a clock that was wrong");
    }
}
