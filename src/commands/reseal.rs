//! `mail360 reseal`.

use mail360::{
    platform::{assets::Assets, config::Config},
    vault::reseal::Resealed,
};

use super::{Opened, Outcome, check, say};

/// Seals everything anew with the newest key, beside processes that serve.
pub async fn run(config: Config) -> Outcome {
    let opened = Opened::new(config, false).await?;
    // What is sealed with a key that the database does not know would lock out every process that lacks it.
    opened.enter_key().await?;
    let program = opened.program(Assets::default()).await?;
    let Resealed { values, survey } = program.reseal().await.map_err(|error| error.to_string())?;
    let newest = program.vault.newest_key();
    say(&format!("Sealed anew with the key `{newest}`: {values}."));
    if !survey.lost.is_empty() {
        say(&check::lost(&survey));
    }
    match check::others(&program, &survey) {
        None => {
            say(
                "Nothing is sealed with another key any more: the older lines can be taken out of every key file.",
            );
            Ok(())
        }
        Some(others) => Err(format!(
            "Still, {others}. What opens was sealed by a process whose key file has an older key at its top: put \
             `{newest}` there, restart it, and run this again. Leave the older lines in until then."
        )),
    }
}
