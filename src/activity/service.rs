//! Writing activity: always within the transaction of what is recorded, so that neither is there
//! without the other.

use super::{
    model::{Actor, Entry},
    store,
};
use crate::platform::{
    clock::SharedClock,
    database::{DatabaseError, Tx},
    id::new_uuid,
    randomness::SharedRandomness,
};

/// Records what is done.
#[derive(Clone)]
pub struct Activity {
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl Activity {
    /// With this clock and these ids.
    pub fn new(clock: SharedClock, randomness: SharedRandomness) -> Self {
        Self { clock, randomness }
    }

    /// Records one thing, in the transaction that does it.
    pub async fn record(&self, tx: &Tx, actor: Actor, entry: Entry) -> Result<(), DatabaseError> {
        let id = new_uuid(&*self.clock, &*self.randomness);
        store::add(tx, id, self.clock.now(), actor, entry).await
    }
}
