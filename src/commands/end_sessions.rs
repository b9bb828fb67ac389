//! `mail360 end-sessions`: logs all users out and withdraws all links.

use mail360::platform::assets::Assets;

use super::{CommandResult, Opened, Settings, print_line};

/// What the command leaves valid, and why.
const KEPT: &str = "Passwords and the credentials of API clients stay valid: a copy of the database has only their hashes. \
    After a backup was restored, credentials that were removed or changed since the backup work again. Check them \
    in Settings > People and in Settings > API access, where Revoke everything ends all credentials of a client.";

/// Ends every session and open sign-in, and withdraws every link. Other processes may be serving.
pub async fn run(settings: Settings) -> CommandResult {
    let program = Opened::without_time_limits(settings, false).await?.program(Assets::default()).await?;
    let ended = program.end_sessions().await.map_err(|error| error.to_string())?;
    print_line(&format!("{ended}."));
    print_line(KEPT);
    Ok(())
}
