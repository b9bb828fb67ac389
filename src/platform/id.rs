//! Identifiers: UUID v7, with a type for each table, so that ids of two tables cannot be mixed up.

use uuid::{Builder, Uuid};

use super::{clock::Clock, randomness::Randomness};

/// A new UUID v7 (RFC 9562, 5.7) of the current time.
pub fn new_uuid(clock: &dyn Clock, randomness: &dyn Randomness) -> Uuid {
    let mut random = [0; 10];
    randomness.fill(&mut random);
    let millis = u64::try_from(clock.now().micros() / 1_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Defines the type of a table's ids.
#[macro_export]
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new id.
            pub fn new(
                clock: &dyn $crate::platform::clock::Clock,
                randomness: &dyn $crate::platform::randomness::Randomness,
            ) -> Self {
                Self($crate::platform::id::new_uuid(clock, randomness))
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // It may come from the end of a pasted URL.
                $crate::platform::text::trim(text).parse().map(Self)
            }
        }
    };
}

identifier! {
    /// A company whose connectors these are. Defined below the features, because a row of every table belongs
    /// to one.
    OrganisationId
}

identifier! {
    /// A user. Defined below the features, because every feature records who acted.
    UserId
}

identifier! {
    /// An API client: an application of the organisation that calls the API. Defined below the features, as [`UserId`].
    ApiClientId
}
