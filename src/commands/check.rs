//! `mail360 check`: checks configuration, keys and secrets, and changes nothing.

use mail360::{
    platform::assets::Assets,
    router::Program,
    vault::{
        custody::{self, KeyCheck},
        reseal::{Lost, Survey},
    },
};

use super::{Opened, Outcome, Settings, organisations, proxy_warnings, say, words};

/// The most warnings of one kind that are printed one by one.
const MOST_WARNINGS: usize = 1_000;

/// Runs the command.
pub async fn run(settings: Settings) -> Outcome {
    let program = Opened::without_time_limits(settings, false).await?.program(Assets::default()).await?;
    let fit = custody::check_keys(&program.database.read(), &program.vault).await;
    let fit = fit.map_err(|error| error.to_string())?;
    if fit == KeyCheck::Wrong {
        return Err("The encryption key does not fit this database.".to_owned());
    }
    let survey = program.survey().await.map_err(|error| error.to_string())?;
    if !survey.lost.is_empty() {
        return Err(lost(&survey));
    }
    let public_url = &program.config.public_url;
    say(&format!(
        "The configuration, the database and the encryption key are valid.\n\
         Address:      {}\nRedirect URI: {}",
        public_url.origin(),
        public_url.redirect_uri()
    ));
    let warnings = program.providers.all().iter().flat_map(|provider| provider.warnings());
    for warning in warnings.chain(proxy_warnings(&program.providers)) {
        say(&format!("Warning: {warning}"));
    }
    let others = others(&program, &survey);
    if fit == KeyCheck::NotRegistered {
        say(&format!(
            "Note: {}the key `{}` at the top of the key file is not in use: restart each process with this file.",
            others.map_or_else(String::new, |others| format!("{others} ")),
            program.vault.newest_key()
        ));
    } else {
        if let Some(others) = others {
            say(&format!("Note: {others} `mail360 reseal` seals it again with the newest key."));
        }
        if let Some(unbound) = unbound(&survey) {
            say(&format!("Note: {unbound} `mail360 reseal` seals it again in the present format."));
        }
    }
    warn_of_expiring(&program).await
}

async fn warn_of_expiring(program: &Program) -> Outcome {
    for organisation in organisations(program).await? {
        let expiring =
            program.connectors.expiring(organisation.id, MOST_WARNINGS + 1).await.map_err(words)?;
        let today = program.connectors.today();
        let more = expiring.len() > MOST_WARNINGS;
        for connector in expiring.into_iter().take(MOST_WARNINGS) {
            let Some(date) = connector.secret_expires_on else { continue };
            say(&format!(
                "Warning: the client secret of {} ({}): {}, {}. Replace it on the connector's page.",
                connector.service_name.as_str(),
                organisation.name,
                date.distance(today),
                date.for_people()
            ));
        }
        if more {
            say(&format!(
                "Warning: there are more in {}; the list of connectors shows all of them.",
                organisation.name
            ));
        }
    }
    Ok(())
}

/// Number of values sealed with older keys, in words; `None` if there are none.
pub fn others(program: &Program, survey: &Survey) -> Option<String> {
    let newest = program.vault.newest_key();
    let others: Vec<_> = survey
        .by_key
        .iter()
        .filter(|(key, _)| *key != newest)
        .map(|(key, count)| format!("with the key `{key}`: {count}"))
        .collect();
    (!others.is_empty()).then(|| format!("Still sealed {}.", others.join(", ")))
}

/// Number of values in the format of an earlier version, in words; `None` if there are none.
pub fn unbound(survey: &Survey) -> Option<String> {
    let count = survey.unbound;
    (count > 0).then(|| format!("Sealed in the format of an earlier version of this program: {count}."))
}

/// The values that do not open, and what to do about each.
pub fn lost(survey: &Survey) -> String {
    let one = |Lost { column, row, why }: &Lost| {
        format!("{} {row} cannot be opened: {why}. {}", column.what, column.remedy)
    };
    let mut lines: Vec<_> = survey.lost.iter().take(MOST_WARNINGS).map(one).collect();
    if survey.lost.len() > MOST_WARNINGS {
        lines.push(format!("{} more cannot be opened.", survey.lost.len() - MOST_WARNINGS));
    }
    lines.join("\n")
}
