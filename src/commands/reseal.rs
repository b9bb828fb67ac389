//! `mail360 reseal`: encrypts every secret again with the newest key.

use mail360::{platform::assets::Assets, vault::reseal::Resealed};

use super::{CommandResult, Opened, Settings, check, print_line};

/// Encrypts every secret again with the newest key, while other processes may be serving.
pub async fn run(settings: Settings) -> CommandResult {
    let program = Opened::without_time_limits(settings, false).await?.program(Assets::default()).await?;
    let Resealed { values, settled, survey } = program.reseal().await.map_err(|error| error.to_string())?;
    let newest = program.vault.newest_key();
    if settled && values == 0 {
        print_line(&format!(
            "Nothing to do: all secrets already use `{newest}`, the key at the top of the key file. If there are lines of \
             older keys, you can remove the old lines once every process runs with `{newest}` at the top. Keep them for \
             old backups. To change to a new key, first add its line to the key file of every process, restart the \
             processes, move the line to the top, and restart them again."
        ));
        return Ok(());
    }
    print_line(&format!("Number of values that were encrypted again with the key `{newest}`: {values}."));
    if settled {
        print_line(&format!(
            "All secrets use this key. Restart every process with `{newest}` at the top of its key file. Then you can \
             remove the old lines from the key files. Keep the old lines for old backups."
        ));
        return Ok(());
    }
    let mut lines = Vec::new();
    if survey.lost.is_empty() {
        let not_resealed = check::describe_older_keys(&program, &survey)
            .or_else(|| check::describe_old_format(&survey))
            .unwrap_or_else(|| "Some values are encrypted with another key.".to_owned());
        lines.push(format!(
            "{not_resealed} Another process has another key at the top of its key file, and used it during this command. \
             Put `{newest}` at the top of that key file, restart the process, and run `mail360 reseal` again."
        ));
    } else {
        lines.extend(check::describe_older_keys(&program, &survey));
        lines.extend(check::describe_old_format(&survey));
        lines.push(check::describe_unreadable_values(&survey));
    }
    lines.push(
        "Keep the old lines in the key files until this command says that you can remove them.".to_owned(),
    );
    Err(lines.join("\n"))
}
