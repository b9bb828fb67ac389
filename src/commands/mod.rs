//! The commands of the program, and what they share. [`Opened`] opens database and vault for a command.

pub mod account;
pub mod check;
pub mod end_sessions;
pub mod organisation;
pub mod reseal;
pub mod restore;
pub mod serve;
pub mod user;

use std::{process::ExitCode, sync::Arc};

use mail360::{
    people::{
        model::{OrganisationName, ShortName},
        service::Organisation,
    },
    platform::{
        assets::Assets,
        clock::{SharedClock, SystemClock},
        config::{Config, outgoing_proxy},
        database::{Database, DatabaseUrl, Limits, Migrated, SchemaState},
        failure::Failure,
        monotonic::SystemMonotonic,
        randomness::{SharedRandomness, SystemRandomness},
    },
    providers::{
        Providers,
        http::{MailClient, Reqwest},
    },
    router::{Foundations, Program},
    vault::custody::{self, Custody},
};

/// The checked settings.
pub struct Settings {
    /// Those of the program itself.
    pub config: Config,
    /// Those of the providers.
    pub providers: Providers,
}

/// The result of a command. The error is a text for the operator.
pub type CommandResult = Result<(), String>;

/// Prints an error, and returns this exit status.
#[expect(clippy::print_stderr, reason = "this is what the person at the command line reads")]
pub fn print_error(error: &str, status: ExitCode) -> ExitCode {
    eprintln!("{error}");
    status
}

/// Prints a line to standard output, whose reader may be gone.
pub fn print_line(text: &str) {
    let _ = write_line(text);
}

/// The same, for a command that prints many lines: an error means that the reader is gone.
pub fn write_line(text: &str) -> std::io::Result<()> {
    use std::io::Write;

    writeln!(std::io::stdout(), "{text}")
}

/// Prints a remark for the operator apart from the output, which a script may read.
#[expect(clippy::print_stderr, reason = "this is what the person at the command line reads")]
pub fn print_remark(text: &str) {
    eprintln!("{text}");
}

/// A failure as a text for the operator.
pub fn describe_failure(failure: Failure) -> String {
    match failure {
        Failure::Unexpected(error) | Failure::Unavailable(error) => error,
        Failure::Busy(_) => "The program is busy. Try again.".to_owned(),
        other => other.status().to_string(),
    }
}

/// All organisations.
pub async fn organisations(program: &Program) -> Result<Vec<Organisation>, String> {
    program.people.organisations(&program.database.read()).await.map_err(|error| error.to_string())
}

/// The organisation with this name, short name or id; the only one if none is given.
pub fn find_organisation<'a>(
    all: &'a [Organisation],
    wanted: Option<&str>,
) -> Result<&'a Organisation, String> {
    let name = wanted.and_then(|wanted| OrganisationName::parse(wanted).ok());
    let short_name = wanted.and_then(|wanted| ShortName::parse(wanted).ok());
    let id = wanted.and_then(|wanted| wanted.parse().ok());
    let fits = |organisation: &&Organisation| match wanted {
        Some(_) => {
            name.as_ref().is_some_and(|name| name.as_str() == organisation.name)
                || short_name.as_ref().is_some_and(|short| short.as_str() == organisation.short_name)
                || id == Some(organisation.id)
        }
        None => true,
    };
    let mut found = all.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(organisation), None) => Ok(organisation),
        (None, _) if wanted.is_none() => {
            Err("There is no organisation yet. Add one with `mail360 organisation add`.".to_owned())
        }
        (None, _) => Err("There is no such organisation. `mail360 organisation list` shows all of them.".to_owned()),
        _ => Err(
            "There are several organisations. Choose one with --organisation and its short name. `mail360 organisation \
                  list` shows the short names."
                .to_owned(),
        ),
    }
}

/// Warnings about the settings of the proxy through which requests reach the providers.
pub fn proxy_warnings(providers: &Providers) -> Vec<outgoing_proxy::Warning> {
    let names: Vec<_> = providers.all().iter().map(|provider| provider.names().provider).collect();
    let urls: Vec<_> = providers.all().iter().flat_map(|provider| provider.request_urls()).collect();
    outgoing_proxy::warnings(&names.join(" and "), &urls)
}

/// The opened database and vault.
pub struct Opened {
    settings: Settings,
    database: Database,
    custody: Custody,
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl Opened {
    /// Opens both, and writes nothing to the database. A missing database is an error unless `may_create`
    /// says that its schema is about to be created.
    pub async fn new(settings: Settings, may_create: bool) -> Result<Self, String> {
        Self::open(settings, may_create, Limits::Request).await
    }

    /// Opens both without time limits, for a command that may take long.
    pub async fn without_time_limits(settings: Settings, may_create: bool) -> Result<Self, String> {
        Self::open(settings, may_create, Limits::None).await
    }

    async fn open(settings: Settings, may_create: bool, limits: Limits) -> Result<Self, String> {
        let config = &settings.config;
        if let DatabaseUrl::Sqlite(path) = &config.database
            && !may_create
            && path.try_exists().is_ok_and(|exists| !exists)
        {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            return Err(format!(
                "There is no database at {}. If the program has run before, you are in another folder, or the settings are \
                 not those with which it ran: go to that folder, or set MAIL360_DATA_DIR. Otherwise create the database \
                 with `mail360 migrate` or `mail360 serve --migrate`.",
                path.display()
            ));
        }
        let clock: SharedClock = Arc::new(SystemClock);
        let randomness: SharedRandomness = Arc::new(SystemRandomness);
        let database = Database::open_with(&config.database, config.database_connections, limits)
            .await
            .map_err(|error| error.to_string())?;
        let key_file = &config.encryption_key_file;
        let (url, shared) = (&config.database, randomness.clone());
        let custody = custody::load_keys(key_file, url, &database, may_create, &*clock, shared)
            .await
            .map_err(|error| error.to_string())?;
        if custody.made {
            print_line(&format!(
                "A new encryption key is in {}. Back the key up, separately from the database: without the key, the \
                 stored secrets are lost.",
                key_file.display()
            ));
        }
        Ok(Self { settings, database, custody, clock, randomness })
    }

    /// Updates the schema and registers the key.
    pub async fn migrate(&self) -> Result<Migrated, String> {
        if self.schema().await? == SchemaState::Ahead {
            return Err(AHEAD.to_owned());
        }
        self.database
            .migrate(async |tx| custody::register_key(tx, &self.custody.vault).await)
            .await
            .map_err(|error| self.settings.config.database.name_role(&error.to_string()))
    }

    /// Registers the newest key if the schema is current. The operator may have put a new key at the top of
    /// the key file.
    pub async fn register_key(&self) -> CommandResult {
        if self.schema().await? != SchemaState::Current {
            return Ok(());
        }
        self.database
            .write(async |tx| custody::register_key(&tx, &self.custody.vault).await)
            .await
            .map_err(|error| error.to_string())
    }

    async fn schema(&self) -> Result<SchemaState, String> {
        self.database.schema().await.map_err(|error| error.to_string())
    }

    /// Assembles the program, if the schema is current.
    pub async fn program(self, assets: Assets) -> Result<Program, String> {
        match self.schema().await? {
            SchemaState::Current => {}
            SchemaState::Behind if self.database.is_empty().await.map_err(|error| error.to_string())? => {
                return Err("The database is empty. Create the tables with `mail360 migrate` or `mail360 serve --migrate`."
                    .to_owned());
            }
            SchemaState::Behind => {
                return Err("The database is of an older version of this program. Update it with `mail360 migrate` or \
                            `mail360 serve --migrate`."
                    .to_owned());
            }
            SchemaState::Ahead => return Err(AHEAD.to_owned()),
        }
        let (http, mail_http) = (Reqwest::new()?, MailClient::new()?);
        let Settings { config, providers } = self.settings;
        Program::new(Foundations {
            config,
            providers,
            database: self.database,
            vault: self.custody.vault,
            clock: self.clock,
            monotonic: Arc::new(SystemMonotonic),
            randomness: self.randomness,
            assets,
            http: Arc::new(http),
            mail_http: Arc::new(mail_http),
        })
        .map_err(describe_failure)
    }
}

const AHEAD: &str = "The database is of a newer version of this program. Use that version, or restore a backup from \
    before the update.";

/// Runs `mail360 migrate`.
pub async fn migrate(settings: Settings) -> CommandResult {
    let opened = Opened::without_time_limits(settings, true).await?;
    opened.migrate().await?;
    print_line("The database is up to date.");
    Ok(())
}
