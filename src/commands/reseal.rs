//! `mail360 reseal`: seals every secret again with the newest key.

use mail360::{platform::assets::Assets, vault::reseal::Resealed};

use super::{CommandResult, Opened, Settings, check, print_line};

/// Seals every secret again with the newest key, while other processes may be serving.
pub async fn run(settings: Settings) -> CommandResult {
    let program = Opened::without_time_limits(settings, false).await?.program(Assets::default()).await?;
    let Resealed { values, settled, survey } = program.reseal().await.map_err(|error| error.to_string())?;
    let newest = program.vault.newest_key();
    print_line(&format!("Number of values that were sealed again with the key `{newest}`: {values}."));
    if settled {
        print_line(&format!(
            "All values are now sealed with this key. Restart every process with `{newest}` at the top of its key \
             file. After that you can remove the older lines from the key files. Keep the older keys for your older \
             backups."
        ));
        return Ok(());
    }
    let mut lines = Vec::new();
    if survey.lost.is_empty() {
        let not_resealed = check::describe_older_keys(&program, &survey)
            .or_else(|| check::describe_old_format(&survey))
            .unwrap_or_else(|| "Some values are sealed with another key.".to_owned());
        lines.push(format!(
            "{not_resealed} Another process has sealed a value since, because its key file has another key at the top. \
             Put `{newest}` at the top of that key file, restart the process, and run `mail360 reseal` again."
        ));
    } else {
        lines.extend(check::describe_older_keys(&program, &survey));
        lines.extend(check::describe_old_format(&survey));
        lines.push(check::describe_unreadable_values(&survey));
    }
    lines.push(
        "Leave the older lines in the key files until this command says that you can remove them.".to_owned(),
    );
    Err(lines.join("\n"))
}
