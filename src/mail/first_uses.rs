//! The first use of an account's own access by an API client on each day is activity. What follows on that day is in
//! the records of calls, and at the provider it is in no record of ours at all.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    accounts::service::AccountId,
    activity::{
        model::{Action, Entry},
        service::Activity,
    },
    people::access::Caller,
    platform::{
        clock::SharedClock,
        database::{Database, DatabaseError},
        failure::Failure,
        randomness::Hash,
    },
};

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;
/// Maximum number of uses of a day that a process remembers. Further ones are written each time, which changes nothing.
const MAX_REMEMBERED: usize = 100_000;

/// Records first uses. A clone shares what it remembers.
#[derive(Clone)]
pub struct FirstUses {
    database: Database,
    activity: Activity,
    clock: SharedClock,
    today: Arc<Mutex<Today>>,
}

/// The uses of a day that are recorded.
#[derive(Default)]
struct Today {
    /// The number of the day since 1970, in UTC.
    day: i64,
    recorded: HashSet<Hash>,
}

impl FirstUses {
    /// Writes to this database, with this clock.
    pub fn new(database: Database, activity: Activity, clock: SharedClock) -> Self {
        Self { database, activity, clock, today: Arc::default() }
    }

    /// Records that a caller uses an account in this way, unless that is recorded for this day. The entry is committed
    /// when this returns, so nothing is given to a caller without a record.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn record(
        &self,
        caller: &Caller,
        action: Action,
        account: AccountId,
        email: &str,
    ) -> Result<(), Failure> {
        let day = self.clock.now().seconds().div_euclid(SECONDS_OF_A_DAY);
        let key = key_of(caller, action, account, day);
        if self.of_day(day).recorded.contains(&key) {
            return Ok(());
        }
        let entry = Entry::done(action, email, account.0);
        let (activity, actor) = (&self.activity, caller.actor());
        self.database
            .write(async |tx| {
                activity.record_first(&tx, &key, actor, entry).await?;
                Ok::<_, DatabaseError>(())
            })
            .await?;
        let mut today = self.of_day(day);
        if today.recorded.len() < MAX_REMEMBERED {
            today.recorded.insert(key);
        }
        Ok(())
    }

    /// What is remembered of this day. That of another day is forgotten.
    fn of_day(&self, day: i64) -> MutexGuard<'_, Today> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today { day, recorded: HashSet::new() };
        }
        today
    }
}

/// Names the use in all processes, so that two that record it at the same moment write one entry.
fn key_of(caller: &Caller, action: Action, account: AccountId, day: i64) -> Hash {
    let author = caller.client().map(|client| client.0).or(caller.user().map(|user| user.0));
    let author = author.unwrap_or_default();
    let organisation = caller.organisation();
    let day = day.to_be_bytes();
    // Each part except the first one has a fixed length.
    let parts: [&[u8]; 5] =
        [action.name().as_bytes(), organisation.0.as_bytes(), author.as_bytes(), account.0.as_bytes(), &day];
    Hash::of(&parts.concat())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        people::access::Reach,
        platform::id::{ApiClientId, OrganisationId},
    };

    #[test]
    fn each_client_account_day_and_kind_of_use_is_another_one() {
        let caller = |organisation, client| {
            let (organisation, client) =
                (Uuid::from_u128(organisation), ApiClientId(Uuid::from_u128(client)));
            Caller::of_client(OrganisationId(organisation), client, Reach::All, None, None)
        };
        let account = |id| AccountId(Uuid::from_u128(id));
        let keys = [
            key_of(&caller(1, 2), Action::TokenRead, account(3), 4),
            key_of(&caller(1, 2), Action::RawCallSent, account(3), 4),
            key_of(&caller(1, 2), Action::TokenRead, account(3), 5),
            key_of(&caller(1, 2), Action::TokenRead, account(5), 4),
            key_of(&caller(1, 5), Action::TokenRead, account(3), 4),
            key_of(&caller(5, 2), Action::TokenRead, account(3), 4),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(keys[0], key_of(&caller(1, 2), Action::TokenRead, account(3), 4));
    }
}
