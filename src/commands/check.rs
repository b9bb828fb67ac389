//! `mail360 check`: checks configuration, keys and secrets, and changes nothing. An operator's monitoring reads only
//! the exit status. So expired client secrets, which an administrator replaces, have a status of their own.

mod attention;

use std::process::ExitCode;

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

use super::{Opened, Settings, describe_failure, organisations, print_error, print_line, proxy_warnings};

/// Maximum number of warnings of one kind that are printed one by one.
const MAX_WARNINGS: usize = 1_000;

/// The exit status if the only error is that client secrets have expired. After every other error it is 1.
const SECRETS_EXPIRED: u8 = 2;

/// Runs the check. Returns its exit status. Expired client secrets are no error of this function.
pub async fn run(settings: Settings) -> Result<ExitCode, String> {
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
    let (unusable, proxy_warnings): (Vec<_>, Vec<_>) =
        proxy_warnings(&program.providers).into_iter().partition(|warning| warning.is_error);
    if !unusable.is_empty() {
        let errors: Vec<_> = unusable.into_iter().map(|error| error.text).collect();
        return Err(format!(
            "{}\nSign-ins fail until you correct this, and start the program again.",
            errors.join("\n")
        ));
    }
    let due = find_due_secrets(&program).await?;
    let attention = attention::find(&program).await?;
    let public_url = &program.config.public_url;
    print_line(&format!(
        "The configuration, the database and the encryption key are valid. {}\n\
         Address:      {}\nRedirect URI: {}",
        due.describe_expired(),
        public_url.origin(),
        public_url.redirect_uri()
    ));
    for counts in &attention.counts {
        print_line(counts);
    }
    let warnings = program.providers.all().iter().flat_map(|provider| provider.warnings());
    let proxy_warnings = proxy_warnings.into_iter().map(|warning| warning.text);
    for warning in warnings.chain(program.config.warnings()).chain(proxy_warnings) {
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
            let remedy = "`mail360 reseal` encrypts these values with the newest key.";
            print_line(&format!("Note: {older_keys} {remedy}"));
        }
        if let Some(old_format) = describe_old_format(&survey) {
            let remedy = "`mail360 reseal` encrypts these values in the current format.";
            print_line(&format!("Note: {old_format} {remedy}"));
        }
    }
    for warning in due.warnings.iter().chain(&attention.warnings) {
        print_line(warning);
    }
    if due.expired == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let error = format!(
        "{} Sign-ins through a connector fail until its expired secret is replaced.",
        due.describe_expired()
    );
    Ok(print_error(&error, ExitCode::from(SECRETS_EXPIRED)))
}

/// The client secrets that have expired or expire soon.
#[derive(Default)]
struct DueSecrets {
    /// Number of expired secrets. At most [`MAX_WARNINGS`] are counted for each organisation.
    expired: usize,
    /// Whether there may be more.
    more: bool,
    warnings: Vec<String>,
}

impl DueSecrets {
    fn describe_expired(&self) -> String {
        match self.expired {
            0 => "No client secret has expired.".to_owned(),
            1 => "1 client secret has expired.".to_owned(),
            count if self.more => format!("At least {count} client secrets have expired."),
            count => format!("{count} client secrets have expired."),
        }
    }
}

async fn find_due_secrets(program: &Program) -> Result<DueSecrets, String> {
    let today = program.connectors.today();
    let mut due = DueSecrets::default();
    for organisation in organisations(program).await? {
        let found = program.connectors.find_expiring(organisation.id, MAX_WARNINGS + 1).await;
        let found = found.map_err(describe_failure)?;
        let more = found.len() > MAX_WARNINGS;
        for connector in found.into_iter().take(MAX_WARNINGS) {
            let Some(date) = connector.secret_expires_on else { continue };
            due.expired += usize::from(has_expired(date, today));
            due.warnings.push(format!(
                "Warning: the client secret of {} ({}) {}, on {}. Replace it on the connector's page.",
                connector.service_name.as_str(),
                organisation.name,
                describe_expiry(date, today),
                date.for_people()
            ));
        }
        if more {
            due.more = true;
            due.warnings.push(format!(
                "Warning: more client secrets of {} expire soon. The list of connectors shows all of them.",
                organisation.name
            ));
        }
    }
    Ok(due)
}

fn has_expired(date: ExpiryDate, today: Date) -> bool {
    date.days_from(today) < 0
}

/// The expiry of a client secret, as the verb of a sentence.
fn describe_expiry(date: ExpiryDate, today: Date) -> String {
    let distance = date.distance(today);
    if has_expired(date, today) { distance } else { format!("expires {distance}") }
}

/// Says how many values each older key has sealed; `None` if the newest key has sealed all values.
pub fn describe_older_keys(program: &Program, survey: &Survey) -> Option<String> {
    let newest = program.vault.newest_key();
    let older: Vec<_> = survey
        .by_key
        .iter()
        .filter(|(key, _)| *key != newest)
        .map(|(key, count)| format!("{} encrypted with the older key `{key}`.", values_are(*count)))
        .collect();
    (!older.is_empty()).then(|| older.join(" "))
}

/// Says how many values have the format of an earlier version; `None` if all have the current format.
pub fn describe_old_format(survey: &Survey) -> Option<String> {
    let count = survey.unbound;
    (count > 0).then(|| {
        format!("{} encrypted in the format of an earlier version of this program.", values_are(count))
    })
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
    let mut lines: Vec<_> = survey.lost.iter().take(MAX_WARNINGS).map(one).collect();
    if survey.lost.len() > MAX_WARNINGS {
        lines.push(format!("{} further values cannot be opened.", survey.lost.len() - MAX_WARNINGS));
    }
    lines.join("\n")
}
