//! Accounts and connectors that a round of the refresher leaves out because their rows cannot be read. The others must
//! not wait until an operator has repaired them.

use std::{collections::HashMap, time::Duration as Elapsed};

use tokio::time::Instant;
use uuid::Uuid;

use crate::platform::failure::Failure;

/// Maximum number of accounts and connectors that are remembered.
const MAX_REMEMBERED: usize = 1_000;
/// The time between two lines in the log about the same account or connector.
const LOG_PAUSE: Elapsed = Elapsed::from_hours(1);

/// When each of them was last logged, by its id.
#[derive(Debug, Default)]
pub(super) struct Faults(HashMap<Uuid, Instant>);

impl Faults {
    /// Logs why the account or the connector with this id is left out.
    ///
    /// # Errors
    /// The failure, if the database is away: then the whole round ends.
    pub(super) fn note(&mut self, id: Uuid, failure: Failure, now: Instant) -> Result<(), Failure> {
        if matches!(failure, Failure::Unavailable(_)) {
            return Err(failure);
        }
        if self.begins_pause(id, now) {
            tracing::error!(%id, ?failure, "an account or a connector is left out of the refreshes");
        }
        Ok(())
    }

    /// Whether the log has had no line about it for [`LOG_PAUSE`]. Then the next pause begins.
    fn begins_pause(&mut self, id: Uuid, now: Instant) -> bool {
        self.0.retain(|_, logged| now.saturating_duration_since(*logged) < LOG_PAUSE);
        if self.0.contains_key(&id) || self.0.len() >= MAX_REMEMBERED {
            return false;
        }
        self.0.insert(id, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_stays_unreadable_is_logged_once_an_hour() {
        let (mut faults, start) = (Faults::default(), Instant::now());
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(faults.begins_pause(one, start));
        assert!(!faults.begins_pause(one, start + LOG_PAUSE / 2));
        assert!(faults.begins_pause(other, start + LOG_PAUSE / 2));
        assert!(faults.begins_pause(one, start + LOG_PAUSE));
    }

    #[test]
    fn the_memory_of_unreadable_rows_is_bounded() {
        let (mut faults, start) = (Faults::default(), Instant::now());
        for number in 0..2_000 {
            faults.begins_pause(Uuid::from_u128(number), start);
        }
        assert_eq!(faults.0.len(), MAX_REMEMBERED);
    }

    #[test]
    fn an_outage_ends_the_round_and_a_fault_does_not() {
        let (mut faults, now) = (Faults::default(), Instant::now());
        let away = Failure::Unavailable("away".to_owned());
        assert!(faults.note(Uuid::nil(), away, now).is_err());
        let unreadable = Failure::Unexpected("unreadable".to_owned());
        assert!(faults.note(Uuid::nil(), unreadable, now).is_ok());
    }
}
