//! `mail360 end-sessions`.

use mail360::{
    platform::{assets::Assets, config::Config},
    router::EndedSessions,
};

use super::{Opened, Outcome, say};

/// Logs everybody out, whether processes serve or not.
pub async fn run(config: Config) -> Outcome {
    let program = Opened::new(config, false).await?.program(Assets::default()).await?;
    let EndedSessions { browsers, sign_ins } =
        program.end_sessions().await.map_err(|error| error.to_string())?;
    say(&format!("Logged out: {}. Ended: {}.", count(browsers, "browser"), count(sign_ins, "sign-in")));
    Ok(())
}

fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
