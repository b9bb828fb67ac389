//! `mail360 reseal`: seals every secret again with the newest key.

use mail360::{platform::assets::Assets, vault::reseal::Resealed};

use super::{Opened, Outcome, Settings, check, say};

/// Seals every secret again with the newest key, while other processes may be serving.
pub async fn run(settings: Settings) -> Outcome {
    let program = Opened::without_time_limits(settings, false).await?.program(Assets::default()).await?;
    let Resealed { values, settled, survey } = program.reseal().await.map_err(|error| error.to_string())?;
    let newest = program.vault.newest_key();
    say(&format!("Sealed again with the key `{newest}`: {values}."));
    if settled {
        say(&format!(
            "No value is sealed with another key any more. Once every process has been restarted with `{newest}` at \
             the top of its key file, you can remove the older lines. Backups from before this still need them."
        ));
        return Ok(());
    }
    let mut lines = Vec::new();
    if survey.lost.is_empty() {
        let others = check::others(&program, &survey)
            .or_else(|| check::unbound(&survey))
            .unwrap_or_else(|| "Some values are not sealed with it.".to_owned());
        lines.push(format!(
            "{others} A process whose key file has another key at the top has sealed a value since: put \
             `{newest}` there, restart it, and run this again."
        ));
    } else {
        lines.extend(check::others(&program, &survey));
        lines.extend(check::unbound(&survey));
        lines.push(check::lost(&survey));
    }
    lines.push(
        "Leave the older lines in the key files until this command says that you can remove them.".to_owned(),
    );
    Err(lines.join("\n"))
}
