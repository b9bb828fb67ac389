//! Load, made within the program.

use mail360::people::model::Password;
use secrecy::SecretString;
use tokio::task::JoinSet;

use super::{PASSWORD, World};

/// Gives the program as many passwords to hash as it takes on, until this is dropped.
pub async fn too_busy(world: &World) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for _ in 0..200 {
        let people = world.program.people.clone();
        let password = Password::try_out(SecretString::from(PASSWORD)).expect("a password");
        all.spawn(async move { while people.authenticate(None, &password).await.is_ok() {} });
    }
    // The first that is turned away shows that no more fit.
    all.join_next().await.expect("one of them").expect("no panic");
    all
}
