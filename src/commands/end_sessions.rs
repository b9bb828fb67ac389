//! `mail360 end-sessions`.

use mail360::platform::{assets::Assets, config::Config};

use super::{Opened, Outcome, say};

/// Ends every session and every open sign-in, and takes back every link, whether processes serve or not.
pub async fn run(config: Config) -> Outcome {
    let program = Opened::patient(config, false).await?.program(Assets::default()).await?;
    let ended = program.end_sessions().await.map_err(|error| error.to_string())?;
    say(&format!("{ended}."));
    Ok(())
}
