//! Loads the encryption keys and checks that they are the keys of this database.
//!
//! The database holds one sealed constant, a check, for each key that it was used with. A key file that
//! cannot open every check is the wrong one: the program stops before it writes anything. Start with
//! [`load_keys`].

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{
    Place, Vault, VaultError,
    keys::{Keys, KeysError},
};
use crate::platform::{
    clock::Clock,
    database::{Database, DatabaseError, DatabaseUrl, Queries, Tx, settings},
    randomness::SharedRandomness,
};

const CONSTANT: &str = "mail360 key check";

/// Before the key's id, the name of the setting that holds its check.
const CHECK: &str = "key_check:";

/// The remedy if the key is lost.
const LOST: &str = "If the key is lost, no one can open the stored secrets: start with a new database. To do so, name a new \
                    file or a new, empty database of PostgreSQL in MAIL360_DATABASE_URL, and run `mail360 migrate`.";

/// Why the keys could not be loaded, registered or retired.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// The key file is missing or not sound.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// There is no key file. With PostgreSQL the operator must provide it.
    #[error(
        "There is no key file at {path}. With PostgreSQL you create it, because every process needs the same one. Run:\n  \
         (umask 077; mkdir -p \"$(dirname '{path}')\"; echo \"$(date +%Y%m%d):$(head -c 32 /dev/urandom | \
         base64)\" > '{path}')\n\
         Back the file up, separately from the database."
    )]
    NotProvided {
        /// Path at which the key file is expected.
        path: String,
    },
    /// There is neither a key file nor a schema; both are created together.
    #[error(
        "There is no key file at {path}, and the database is empty. Create both with `mail360 migrate` or \
         `mail360 serve --migrate`."
    )]
    NoSchema {
        /// Path at which the key file will be created.
        path: String,
    },
    /// The database was used with a key file, and that file is missing.
    #[error(
        "There is no key file at {path}, but this database was used with one: put that file back from \
         its backup. {lost}",
        lost = LOST
    )]
    Gone {
        /// Path at which the key file is expected.
        path: String,
    },
    /// The key in the file is not the one that this database was used with.
    #[error(
        "The key `{0}` in the key file is not the key of this database. Nothing was changed. Put the right key file back \
         from its backup. {lost}",
        lost = LOST
    )]
    WrongKey(String),
    /// The database was used with a key that is not in the file.
    #[error(
        "This database was used with the key `{0}`, which is not in the key file. Nothing was changed. Add its line, \
         from the backup of the key file, below the newest key. {lost}",
        lost = LOST
    )]
    MissingKey(String),
    /// Another process has sealed everything with a newer key and retired this one.
    #[error("Another process has retired the key `{0}`. Put the newest key at the top of this key file.")]
    Retired(String),
    /// The vault could not seal.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database did not answer, or refused.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The vault, and whether its key file is new.
pub struct Custody {
    /// The vault with the keys of the file.
    pub vault: Vault,
    /// Whether the key file was created now. The operator must then be told where it is.
    pub made: bool,
}

/// Reads the key file and checks its keys against the database, without writing to the database.
///
/// If there is no file, creates one only for a SQLite database that was never used with a key, and only if
/// `may_make` says that the schema is about to be created.
pub async fn load_keys(
    path: &Path,
    url: &DatabaseUrl,
    database: &Database,
    may_make: bool,
    clock: &dyn Clock,
    randomness: SharedRandomness,
) -> Result<Custody, CustodyError> {
    let checks = if database.has_table(settings::TABLE).await? {
        settings::list(&database.read(), CHECK).await?
    } else {
        Vec::new()
    };
    let shown = || path.display().to_string();
    let (keys, made) = match Keys::read(path) {
        Ok(keys) => (keys, false),
        Err(KeysError::Missing(_)) => match url {
            _ if !checks.is_empty() => return Err(CustodyError::Gone { path: shown() }),
            DatabaseUrl::Postgres(_) => return Err(CustodyError::NotProvided { path: shown() }),
            DatabaseUrl::Sqlite(_) if !may_make => return Err(CustodyError::NoSchema { path: shown() }),
            DatabaseUrl::Sqlite(_) => match Keys::create(path, clock.now(), &*randomness) {
                // Another process created the file after our read. Its key is the one to use.
                Err(KeysError::Exists(_)) => (Keys::read(path)?, false),
                made => (made?, true),
            },
        },
        Err(error) => return Err(error.into()),
    };
    let vault = Vault::new(keys, randomness);
    for (key, sealed) in &checks {
        vault.verify(key, sealed)?;
    }
    Ok(Custody { vault, made })
}

/// Writes the check of the newest key, unless the database has it. Runs in the transaction of the first
/// migration.
pub async fn register_key(tx: &Tx, vault: &Vault) -> Result<(), CustodyError> {
    let checks = settings::list(tx, CHECK).await?;
    // Verify again inside the transaction: another process may have started with another key since the keys
    // were loaded.
    for (key, sealed) in &checks {
        vault.verify(key, sealed)?;
    }
    let newest = vault.newest_key();
    if checks.iter().all(|(key, _)| key != newest) {
        let sealed = vault.seal(place(), &SecretString::from(CONSTANT))?;
        let name = format!("{CHECK}{newest}");
        settings::put_new(tx, &name, sealed).await?;
        // On PostgreSQL another process may register a key of the same id concurrently. The first one counts.
        if let Some(registered) = settings::get(tx, &name).await? {
            vault.verify(newest, &registered)?;
        }
    }
    Ok(())
}

/// Removes the checks of all keys but the newest, once nothing is sealed with the older ones.
///
/// # Returns
/// Whether there were older checks.
pub async fn retire_old_keys(tx: &Tx, vault: &Vault) -> Result<bool, CustodyError> {
    let checks = settings::list(tx, CHECK).await?;
    // Another process may have retired this key since. If two processes do this concurrently, one key must
    // stay.
    if checks.iter().all(|(key, _)| key != vault.newest_key()) {
        return Err(CustodyError::Retired(vault.newest_key().to_owned()));
    }
    let mut retired = false;
    for (key, _) in checks {
        if key != vault.newest_key() {
            settings::remove(tx, &format!("{CHECK}{key}")).await?;
            retired = true;
        }
    }
    Ok(retired)
}

/// Whether the keys in the key file match the checks in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCheck {
    /// The keys open every check, and the newest key has a check.
    Sound,
    /// The keys open every check, but the newest one has none: no process has started with it, or another
    /// process has retired it.
    NotRegistered,
    /// There is a check that the keys do not open, or no check at all.
    Wrong,
}

/// Checks the keys in use against the database.
pub async fn check_keys(on: &impl Queries, vault: &Vault) -> Result<KeyCheck, DatabaseError> {
    let checks = settings::list(on, CHECK).await?;
    let opens = checks.iter().all(|(key, sealed)| vault.verify(key, sealed).is_ok());
    Ok(match checks.iter().any(|(key, _)| key == vault.newest_key()) {
        _ if !opens || checks.is_empty() => KeyCheck::Wrong,
        true => KeyCheck::Sound,
        false => KeyCheck::NotRegistered,
    })
}

impl Vault {
    fn verify(&self, key: &str, sealed: &[u8]) -> Result<(), CustodyError> {
        match self.open(place(), sealed) {
            Ok(text) if text.expose_secret() == CONSTANT => Ok(()),
            Err(VaultError::UnknownKey(id)) => Err(CustodyError::MissingKey(id)),
            _ => Err(CustodyError::WrongKey(key.to_owned())),
        }
    }
}

const fn place() -> Place {
    Place { organisation: Uuid::nil(), table: "settings", column: "value", row: Uuid::nil() }
}
