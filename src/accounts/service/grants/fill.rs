//! Which free places a look of the refresher fills. Each claim is a transaction, so after the end of a refresh a look
//! fills the places of a connector only if there are [`ENOUGH_OF_CONNECTOR`], or if the connector has no refresh. What it
//! leaves is filled after [`REFILL`].

use tokio::time::Instant;

use super::times::{ENOUGH_OF_CONNECTOR, POLL, REFILL};

/// Which free places a look fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    All,
    Several,
}

impl Fill {
    /// Whether it fills the free places of a connector that has this number of refreshes under way.
    pub(super) const fn covers(self, free: usize, running: usize) -> bool {
        free > 0 && (matches!(self, Self::All) || running == 0 || free >= ENOUGH_OF_CONNECTOR)
    }
}

/// When which places are filled.
#[derive(Debug, Default)]
pub(super) struct Filling {
    /// Whether a refresh has ended since the last look.
    is_woken: bool,
    /// When the places are filled that a look has left.
    left_until: Option<Instant>,
}

impl Filling {
    /// What a look fills now.
    pub(super) fn fill(&self, now: Instant) -> Fill {
        if self.is_woken && self.left_until.is_none_or(|until| now < until) {
            Fill::Several
        } else {
            Fill::All
        }
    }

    /// Notes a look, and whether it left free places although grants were due.
    pub(super) fn note(&mut self, fill: Fill, leaves_places: bool, now: Instant) {
        if fill == Fill::All {
            self.left_until = None;
        }
        if leaves_places {
            self.left_until.get_or_insert(now + REFILL);
        }
    }

    /// When to look next if no refresh ends before that.
    pub(super) fn next(&self, now: Instant) -> Instant {
        self.left_until.unwrap_or(now + POLL)
    }

    /// Notes that a refresh has ended, or that it is time to look.
    pub(super) const fn wake(&mut self, has_ended: bool) {
        self.is_woken = has_ended;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_single_free_place_is_filled_at_once_only_if_nothing_else_runs() {
        assert!(Fill::Several.covers(1, 0));
        assert!(!Fill::Several.covers(1, 3));
        assert!(Fill::Several.covers(2, 2));
        assert!(Fill::All.covers(1, 3));
        assert!(!Fill::All.covers(0, 4));
    }

    #[tokio::test]
    async fn a_look_by_time_fills_all_places() {
        let mut filling = Filling::default();
        let now = Instant::now();
        assert_eq!(filling.fill(now), Fill::All);
        filling.wake(true);
        assert_eq!(filling.fill(now), Fill::Several);
        filling.wake(false);
        assert_eq!(filling.fill(now), Fill::All);
    }

    proptest! {
        #[test]
        fn no_place_stays_empty_longer_than_its_time_however_often_refreshes_end(
            ends in prop::collection::vec(1_u64..100, 1..200),
        ) {
            let begin = Instant::now();
            let (mut filling, mut now, mut empty_since) = (Filling::default(), begin, None::<Instant>);
            for millis in ends {
                now += Duration::from_millis(millis);
                filling.wake(true);
                let fill = filling.fill(now);
                let is_filled = fill.covers(1, 3);
                filling.note(fill, !is_filled, now);
                empty_since = if is_filled { None } else { empty_since.or(Some(now)) };
                if let Some(since) = empty_since {
                    prop_assert!(now - since < REFILL);
                    prop_assert_eq!(filling.next(now), since + REFILL);
                }
            }
        }
    }
}
