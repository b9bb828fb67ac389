//! The orders of the list of connectors, and the position at which a page of it begins.

use std::{fmt, str::FromStr};

use uuid::Uuid;

#[cfg(feature = "ssr")]
pub use crate::platform::search::Found;

/// An order of the list. Each order puts the connectors first that a user looks for with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// Failing ones first, then those that are not verified.
    State,
    /// Those whose secret expires soonest first; unknown days last.
    Expiry,
    /// The newest first.
    Added,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::State, Self::Expiry, Self::Added];

    /// The name in an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Expiry => "expiry",
            Self::Added => "added",
        }
    }

    /// Finds an order by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }

    /// Whether the position's key has the type that this order compares.
    pub const fn fits(self, position: &Position) -> bool {
        matches!((self, &position.key), (Self::Added, SortKey::Time(_)))
            || (!matches!(self, Self::Added) && matches!(position.key, SortKey::Text(_)))
    }

    /// On the screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Name => "Service Name",
            Self::State => "State, failing first",
            Self::Expiry => "Secret expires, soonest first",
            Self::Added => "Added, latest first",
        }
    }
}

/// The key that an order compares: a text, or microseconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// A text, compared byte by byte.
    Text(String),
    /// A point in time.
    Time(i64),
}

/// Where a page of the list begins: after this connector.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The key that the order compares.
    pub key: SortKey,
    /// The id, which decides between connectors with the same key.
    pub id: Uuid,
}

/// The position in an address: the id, a letter for the type of the key, the key.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            SortKey::Text(text) => write!(f, "{}-t{text}", self.id),
            SortKey::Time(time) => write!(f, "{}-n{time}", self.id),
        }
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        // No key contains a NUL, and PostgreSQL would refuse one.
        if text.len() > 4096 || text.contains(char::is_control) {
            return Err(());
        }
        let (id, rest) = text.split_at_checked(36).ok_or(())?;
        let key = match rest.split_at_checked(2).ok_or(())? {
            ("-t", text) => SortKey::Text(text.to_owned()),
            ("-n", time) => SortKey::Time(time.parse().map_err(|_| ())?),
            _ => return Err(()),
        };
        Ok(Self { key, id: Uuid::try_parse(id).map_err(|_| ())? })
    }
}

/// Largest number that a [`Count`] counts.
pub const MAX_COUNTED: usize = 1_000;

/// A number that is counted up to a limit, so that counting is bounded work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The number, at most [`MAX_COUNTED`].
    pub number: usize,
    /// Whether there are more.
    pub more: bool,
}

/// The numbers of client secrets about which administrators are warned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiring {
    /// Secrets whose last day is over.
    pub expired: Count,
    /// Secrets that expire within [`EXPIRY_WARNING_DAYS`](super::EXPIRY_WARNING_DAYS) days.
    pub soon: Count,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_order_is_found_by_its_name() {
        for order in Order::ALL {
            assert_eq!(Order::from_name(order.name()), Some(order));
        }
        assert_eq!(Order::from_name("client_secret"), None);
    }

    #[test]
    fn an_invalid_position_parses_to_none() {
        let id = Uuid::from_u128(7);
        for wrong in [
            String::new(),
            id.to_string(),
            format!("{id}-"),
            format!("{id}-x1"),
            format!("{id}-n1.5"),
            format!("{id}-ta\0b"),
            "é".repeat(30),
        ] {
            assert!(wrong.parse::<Position>().is_err(), "{wrong:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn a_written_position_parses_to_the_same_position(text in "\\PC{0,80}", time: i64, id: u128) {
            for key in [SortKey::Text(text), SortKey::Time(time)] {
                let position = Position { key, id: Uuid::from_u128(id) };
                prop_assert_eq!(position.to_string().parse(), Ok(position));
            }
        }
    }
}
