//! `mail360 check`: checks configuration, keys and secrets, and changes nothing.

use mail360::{
    platform::assets::Assets,
    providers::ExpiryDate,
    router::Program,
    vault::{
        custody::{self, KeyCheck},
        reseal::{Lost, Survey},
    },
};
use time::Date;

use super::{CommandResult, Opened, Settings, describe_failure, organisations, print_line, proxy_warnings};

/// The most warnings of one kind that are printed one by one.
const MOST_WARNINGS: usize = 1_000;

pub async fn run(settings: Settings) -> CommandResult {
    let program = Opened::without_time_limits(settings, false).await?.program(Assets::default()).await?;
    let fit = custody::check_keys(&program.database.read(), &program.vault).await;
    let fit = fit.map_err(|error| error.to_string())?;
    if fit == KeyCheck::Wrong {
        return Err("The encryption key does not fit this database.".to_owned());
    }
    let survey = program.survey().await.map_err(|error| error.to_string())?;
    if !survey.lost.is_empty() {
        return Err(describe_unreadable_values(&survey));
    }
    let public_url = &program.config.public_url;
    print_line(&format!(
        "The configuration, the database and the encryption key are valid.\n\
         Address:      {}\nRedirect URI: {}",
        public_url.origin(),
        public_url.redirect_uri()
    ));
    let warnings = program.providers.all().iter().flat_map(|provider| provider.warnings());
    for warning in warnings.chain(proxy_warnings(&program.providers)) {
        print_line(&format!("Warning: {warning}"));
    }
    let older_keys = describe_older_keys(&program, &survey);
    if fit == KeyCheck::NotRegistered {
        print_line(&format!(
            "Note: {}The key `{}` at the top of the key file is not in use. Restart each process with this key file.",
            older_keys.map_or_else(String::new, |older_keys| format!("{older_keys} ")),
            program.vault.newest_key()
        ));
    } else {
        if let Some(older_keys) = older_keys {
            let remedy = "`mail360 reseal` seals these values with the newest key.";
            print_line(&format!("Note: {older_keys} {remedy}"));
        }
        if let Some(old_format) = describe_old_format(&survey) {
            let remedy = "`mail360 reseal` seals these values in the current format.";
            print_line(&format!("Note: {old_format} {remedy}"));
        }
    }
    print_expiry_warnings(&program).await
}

async fn print_expiry_warnings(program: &Program) -> CommandResult {
    for organisation in organisations(program).await? {
        let expiring = program.connectors.find_expiring(organisation.id, MOST_WARNINGS + 1).await;
        let expiring = expiring.map_err(describe_failure)?;
        let today = program.connectors.today();
        let more = expiring.len() > MOST_WARNINGS;
        for connector in expiring.into_iter().take(MOST_WARNINGS) {
            let Some(date) = connector.secret_expires_on else { continue };
            print_line(&format!(
                "Warning: the client secret of {} ({}) {} ({}). Replace the secret on the connector's page.",
                connector.service_name.as_str(),
                organisation.name,
                describe_expiry(date, today),
                date.for_people()
            ));
        }
        if more {
            print_line(&format!(
                "Warning: further client secrets expire in {}. The list of connectors shows all of them.",
                organisation.name
            ));
        }
    }
    Ok(())
}

/// The expiry of a client secret, as the verb of a sentence.
fn describe_expiry(date: ExpiryDate, today: Date) -> String {
    let distance = date.distance(today);
    if date.days_from(today) < 0 { distance } else { format!("expires {distance}") }
}

/// Says how many values each older key has sealed; `None` if the newest key has sealed all values.
pub fn describe_older_keys(program: &Program, survey: &Survey) -> Option<String> {
    let newest = program.vault.newest_key();
    let older: Vec<_> = survey
        .by_key
        .iter()
        .filter(|(key, _)| *key != newest)
        .map(|(key, count)| format!("{} sealed with the older key `{key}`.", values_are(*count)))
        .collect();
    (!older.is_empty()).then(|| older.join(" "))
}

/// Says how many values have the format of an earlier version; `None` if all have the current format.
pub fn describe_old_format(survey: &Survey) -> Option<String> {
    let count = survey.unbound;
    (count > 0)
        .then(|| format!("{} sealed in the format of an earlier version of this program.", values_are(count)))
}

/// The subject and the verb of a sentence about this number of values.
fn values_are(count: u64) -> String {
    if count == 1 { "1 value is".to_owned() } else { format!("{count} values are") }
}

/// Names each value that cannot be opened, with the remedy.
pub fn describe_unreadable_values(survey: &Survey) -> String {
    let one = |Lost { column, row, why }: &Lost| {
        format!("{} {row} cannot be opened: {why}. {}", column.what, column.remedy)
    };
    let mut lines: Vec<_> = survey.lost.iter().take(MOST_WARNINGS).map(one).collect();
    if survey.lost.len() > MOST_WARNINGS {
        lines.push(format!("{} further values cannot be opened.", survey.lost.len() - MOST_WARNINGS));
    }
    lines.join("\n")
}
