//! `mail360 reseal`.

use mail360::{
    platform::{assets::Assets, config::Config},
    vault::reseal::Resealed,
};

use super::{Opened, Outcome, check, say};

/// Seals everything anew with the newest key, beside processes that serve.
pub async fn run(config: Config) -> Outcome {
    let program = Opened::patient(config, false).await?.program(Assets::default()).await?;
    let Resealed { values, settled, survey } = program.reseal().await.map_err(|error| error.to_string())?;
    let newest = program.vault.newest_key();
    say(&format!("Sealed anew with the key `{newest}`: {values}."));
    if settled {
        say(&format!(
            "Nothing is sealed with another key any more. Once every process has been restarted with `{newest}` at \
             the top of its key file, the older lines can be taken out; backups from before this need them still."
        ));
        return Ok(());
    }
    let mut lines = Vec::new();
    if survey.lost.is_empty() {
        let others = check::others(&program, &survey)
            .or_else(|| check::unbound(&survey))
            .unwrap_or_else(|| "Not all is sealed with it.".to_owned());
        lines.push(format!(
            "{others} A process has sealed something meanwhile whose key file has another key at the top: put \
             `{newest}` there, restart it, and run this again."
        ));
    } else {
        lines.extend(check::others(&program, &survey));
        lines.extend(check::unbound(&survey));
        lines.push(check::lost(&survey));
    }
    lines.push("Leave the older lines in the key files until this says that they can go.".to_owned());
    Err(lines.join("\n"))
}
