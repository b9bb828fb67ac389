//! Load, made within the program.

use std::time::Duration;

use mail360::people::model::Password;
use secrecy::SecretString;
use tokio::{sync::mpsc, task::JoinSet};

use super::{PASSWORD, World};

/// Gives the program as many passwords to hash as it takes on, until this is dropped.
pub async fn too_busy(world: &World) -> JoinSet<()> {
    let (full, mut is_full) = mpsc::channel(1);
    let mut all = JoinSet::new();
    for _ in 0..200 {
        let (people, full) = (world.program.people.clone(), full.clone());
        let password = Password::try_out(SecretString::from(PASSWORD)).expect("a password");
        all.spawn(async move {
            loop {
                if people.authenticate(None, None, &password).await.is_err() {
                    // Said already, where nobody takes it.
                    let _ = full.try_send(());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        });
    }
    // The first that is turned away shows that no more fit.
    is_full.recv().await.expect("one of them");
    all
}
