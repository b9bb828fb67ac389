//! Identifiers: UUID v7, a type each, so that those of two tables cannot be mixed up.

use uuid::{Builder, Uuid};

use super::{clock::Clock, randomness::Randomness};

/// A new UUID v7 (RFC 9562, 5.7) of this moment.
pub fn new_uuid(clock: &dyn Clock, randomness: &dyn Randomness) -> Uuid {
    let mut random = [0; 10];
    randomness.fill(&mut random);
    let millis = u64::try_from(clock.now().micros() / 1_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Makes the type of one table's identifiers.
#[macro_export]
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new one.
            pub fn new(
                clock: &dyn $crate::platform::clock::Clock,
                randomness: &dyn $crate::platform::randomness::Randomness,
            ) -> Self {
                Self($crate::platform::id::new_uuid(clock, randomness))
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
                // The end of an address that was pasted.
                $crate::platform::text::trim(text).parse().map(Self)
            }
        }
    };
}

identifier! {
    /// A company whose connectors these are. It stands here, below the features, because every row of
    /// every table belongs to one.
    OrganisationId
}

identifier! {
    /// Who signs in. It stands here because whatever is done is done by one.
    UserId
}
