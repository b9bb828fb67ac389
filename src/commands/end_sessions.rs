//! `mail360 end-sessions`: logs all users out and withdraws all links.

use mail360::platform::{assets::Assets, config::Config};

use super::{Opened, Outcome, say};

/// Ends every session and open sign-in, and withdraws every link. Other processes may be serving.
pub async fn run(config: Config) -> Outcome {
    let program = Opened::without_time_limits(config, false).await?.program(Assets::default()).await?;
    let ended = program.end_sessions().await.map_err(|error| error.to_string())?;
    say(&format!("{ended}."));
    Ok(())
}
