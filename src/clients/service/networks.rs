//! Counts wrong credentials by network address. If too many networks send some, those that have no place are counted
//! together with their neighbours, and if that does not help, with all others.
//!
//! The attack: an attacker with many addresses fills the places, and guesses from further addresses uncounted.

use std::{net::IpAddr, time::Duration};

use tokio::time::Instant;

use super::windows::{Counted, WindowCounts};
use crate::platform::net::wide_network;

pub(super) struct NetworkCounts {
    /// By network.
    near: WindowCounts<Option<IpAddr>>,
    /// By wider network.
    wide: WindowCounts<Option<IpAddr>>,
    /// Of all networks without a place.
    others: WindowCounts<()>,
}

fn wider(network: Option<IpAddr>) -> Option<IpAddr> {
    network.map(wide_network)
}

impl NetworkCounts {
    /// `max` is the number of networks, and of wider ones, that are counted apart.
    pub(super) fn new(window: Duration, max: usize) -> Self {
        Self {
            near: WindowCounts::new(window, max),
            wide: WindowCounts::new(window, max),
            others: WindowCounts::new(window, 1),
        }
    }

    pub(super) fn count(&self, network: Option<IpAddr>, now: Instant) -> Counted {
        let counted = self.near.try_count(network, now);
        let counted = counted.or_else(|| self.wide.try_count(wider(network), now));
        counted.unwrap_or_else(|| self.others.count((), now))
    }

    /// The number of wrong credentials of the present window that count for a network.
    pub(super) fn number(&self, network: Option<IpAddr>, now: Instant) -> u32 {
        let number = self.near.find(&network, now).or_else(|| self.wide.find(&wider(network), now));
        number.unwrap_or_else(|| self.others.number(&(), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn networks_beyond_the_maximum_count_with_their_neighbours_and_then_with_all_others() {
        let (counts, now) = (NetworkCounts::new(WINDOW, 2), Instant::now());
        let count = |text: &str| counts.count(Some(address(text)), now).number;
        assert_eq!([count("192.0.2.1"), count("192.0.2.2"), count("192.0.2.1")], [1, 1, 2]);
        // No place is free for another network.
        assert_eq!([count("198.51.100.1"), count("198.51.100.2"), count("198.51.100.3")], [1, 2, 3]);
        assert_eq!([count("2001:db8:1:1::"), count("2001:db8:1:2::")], [1, 2]);
        assert_eq!([count("203.0.113.1"), count("2001:db8:2::"), count("2001:db8:3::")], [1, 2, 3]);
        let number = |text: &str, at| counts.number(Some(address(text)), at);
        assert_eq!([number("192.0.2.1", now), number("192.0.2.9", now)], [2, 3]);
        assert_eq!([number("198.51.100.9", now), number("2001:db8:1:7::", now)], [3, 2]);
        assert_eq!(number("203.0.113.77", now), 3);
        for text in ["192.0.2.1", "198.51.100.1", "203.0.113.1"] {
            assert_eq!(number(text, now + WINDOW), 0, "{text}");
        }
    }
}
