//! Load on the hasher, from within the program.

use std::{collections::BTreeSet, time::Duration};

use mail360::{people::model::Password, platform::cpu::Asker};
use secrecy::SecretString;
use tokio::{sync::mpsc, task::JoinSet};

use super::{PASSWORD, World};

/// Fills the queue of the hasher until this is dropped. The passwords come from so different networks that no newcomer
/// displaces one of them.
pub async fn too_busy(world: &World) -> JoinSet<()> {
    let asker =
        |number: u8| Asker { network: Some([10, number / 2, 0, 1].into()), known: number.is_multiple_of(2) };
    busy_with((0..200).map(asker), world).await
}

/// The same on behalf of these callers, one password at a time for each.
pub async fn busy_with(askers: impl IntoIterator<Item = Asker>, world: &World) -> JoinSet<()> {
    let askers: Vec<_> = askers.into_iter().collect();
    let (full, mut is_full) = mpsc::channel(1);
    let mut kinds: BTreeSet<bool> = askers.iter().map(|asker| asker.known).collect();
    let mut all = JoinSet::new();
    for asker in askers {
        let (people, full) = (world.program.people.clone(), full.clone());
        let password = Password::try_out(SecretString::from(PASSWORD)).expect("a password");
        all.spawn(async move {
            loop {
                if people.authenticate(asker, None, None, &password).await.is_err() {
                    // Ignored if the receiver has gone.
                    let _ = full.try_send(asker.known);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        });
    }
    // The first refusal shows that the queue is full; known and unknown browsers have separate queues.
    while !kinds.is_empty() {
        kinds.remove(&is_full.recv().await.expect("one of them"));
    }
    all
}
