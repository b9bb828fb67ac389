//! `mail360 reseal`.

use mail360::{
    platform::{assets::Assets, config::Config},
    vault::reseal::Resealed,
};

use super::{Opened, Outcome, check, say};

/// Seals everything anew with the newest key, beside processes that serve.
pub async fn run(config: Config) -> Outcome {
    let program = Opened::new(config, false).await?.program(Assets::default()).await?;
    let Resealed { values, survey } = program.reseal().await.map_err(|error| error.to_string())?;
    let newest = program.vault.newest_key();
    say(&format!("Sealed anew with the key `{newest}`: {values}."));
    let others = check::others(&program, &survey);
    if survey.lost.is_empty() && others.is_none() {
        say(&format!(
            "Nothing is sealed with another key any more. Once every process has been restarted with `{newest}` at \
             the top of its key file, the older lines can be taken out; backups from before this need them still."
        ));
        return Ok(());
    }
    let mut lines = Vec::new();
    if let Some(others) = others {
        lines.push(format!(
            "{others} A process has sealed it meanwhile whose key file has that key at the top: put `{newest}` \
             there, restart it, and run this again."
        ));
    }
    if !survey.lost.is_empty() {
        lines.push(check::lost(&survey));
    }
    lines.push("Leave the older lines in the key files until this says that they can go.".to_owned());
    Err(lines.join("\n"))
}
