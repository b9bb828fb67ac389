//! What the command line does.

pub mod check;
pub mod end_sessions;
pub mod organisation;
pub mod reseal;
pub mod restore;
pub mod serve;
pub mod user;

use std::{process::ExitCode, sync::Arc};

use mail360::{
    people::service::Organisation,
    platform::{
        assets::Assets,
        clock::{SharedClock, SystemClock},
        config::Config,
        database::{Database, DatabaseUrl, Limits, Migrated, SchemaState},
        failure::Failure,
        randomness::{SharedRandomness, SystemRandomness},
    },
    router::{Foundations, Program},
    sign_ins::http::Reqwest,
    vault::custody::{self, Custody},
};

/// For the person at the command line, in their words.
pub type Outcome = Result<(), String>;

/// Says what went wrong.
#[expect(clippy::print_stderr, reason = "this is what the person at the command line reads")]
pub fn fail(error: &str) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}

/// Says something to the person at the command line, who may have gone.
pub fn say(text: &str) {
    use std::io::Write;

    let _ = writeln!(std::io::stdout(), "{text}");
}

/// An error in the reader's words.
pub fn words(failure: Failure) -> String {
    match failure {
        Failure::Unexpected(error) | Failure::Unavailable(error) => error,
        Failure::Busy(_) => "There is too much to do at this moment; try again.".to_owned(),
        other => other.status().to_string(),
    }
}

/// All organisations.
pub async fn organisations(program: &Program) -> Result<Vec<Organisation>, String> {
    program.people.organisations(&program.database.read()).await.map_err(|error| error.to_string())
}

/// The database and the vault, opened.
pub struct Opened {
    config: Config,
    database: Database,
    custody: Custody,
    clock: SharedClock,
    randomness: SharedRandomness,
}

impl Opened {
    /// Opens both, and writes nothing to the database. Only where the schema is about to be made may
    /// there be no database yet.
    pub async fn new(config: Config, may_create: bool) -> Result<Self, String> {
        Self::open(config, may_create, Limits::Request).await
    }

    /// The same for a command that takes as long as it takes.
    pub async fn patient(config: Config, may_create: bool) -> Result<Self, String> {
        Self::open(config, may_create, Limits::None).await
    }

    async fn open(config: Config, may_create: bool, limits: Limits) -> Result<Self, String> {
        if let DatabaseUrl::Sqlite(path) = &config.database
            && !may_create
            && !path.exists()
        {
            return Err(format!(
                "There is no database at {}. Run `mail360 migrate`, or `mail360 serve --migrate`.",
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
            say(&format!(
                "A new encryption key is in {}. Back it up, apart from the database: without it \
                 nothing that is sealed can be opened again.",
                key_file.display()
            ));
        }
        Ok(Self { config, database, custody, clock, randomness })
    }

    /// Brings the schema up to date, and enters the key.
    pub async fn migrate(&self) -> Result<Migrated, String> {
        if self.schema().await? == SchemaState::Ahead {
            return Err(AHEAD.to_owned());
        }
        let now = self.clock.now();
        self.database
            .migrate(async |tx| custody::register_key(tx, &self.custody.vault, now).await)
            .await
            .map_err(|error| error.to_string())
    }

    /// Enters the key into a schema that is up to date: a key that was put before the others since.
    pub async fn enter_key(&self) -> Outcome {
        if self.schema().await? != SchemaState::Current {
            return Ok(());
        }
        let now = self.clock.now();
        self.database
            .write(async |tx| custody::register_key(&tx, &self.custody.vault, now).await)
            .await
            .map_err(|error| error.to_string())
    }

    async fn schema(&self) -> Result<SchemaState, String> {
        self.database.schema().await.map_err(|error| error.to_string())
    }

    /// The program, on a database whose schema is the one that it wants.
    pub async fn program(self, assets: Assets) -> Result<Program, String> {
        match self.schema().await? {
            SchemaState::Current => {}
            SchemaState::Behind => {
                return Err("The database's schema is older than this program. Run `mail360 migrate`, or \
                            `mail360 serve --migrate`."
                    .to_owned());
            }
            SchemaState::Ahead => return Err(AHEAD.to_owned()),
        }
        let http = Reqwest::new()?;
        Program::new(Foundations {
            config: self.config,
            database: self.database,
            vault: self.custody.vault,
            clock: self.clock,
            randomness: self.randomness,
            assets,
            http: Arc::new(http),
        })
        .map_err(words)
    }
}

const AHEAD: &str = "The database's schema is newer than this program: a newer version of it has been \
    here. Use that version, or the backup from before it.";

/// `mail360 migrate`.
pub async fn migrate(config: Config) -> Outcome {
    let opened = Opened::patient(config, true).await?;
    opened.migrate().await?;
    say("The database's schema is up to date.");
    Ok(())
}
