//! `mail360 end-sessions`.

use mail360::platform::{assets::Assets, config::Config};

use super::{Opened, Outcome, say};

/// Ends every session, whether processes serve or not.
pub async fn run(config: Config) -> Outcome {
    let program = Opened::new(config, false).await?.program(Assets::default()).await?;
    let ended = program.end_sessions().await.map_err(|error| error.to_string())?.to_string();
    let mut letters = ended.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    say(&format!("{}{}.", first.map(String::from).unwrap_or_default(), letters.as_str()));
    Ok(())
}
