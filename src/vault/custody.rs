//! The key check: a sealed constant for each key that this database has been used with. A key that
//! cannot open its own is not the key, and the program stops before it writes anything.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{
    Place, Vault, VaultError,
    keys::{Keys, KeysError},
};
use crate::platform::{
    clock::{Clock, Timestamp},
    database::{Database, DatabaseError, DatabaseUrl, Queries, Tx, settings},
    randomness::SharedRandomness,
};

const CONSTANT: &str = "mail360 key check";

/// The setting's name, before the key's id.
const CHECK: &str = "key_check:";

/// Why the program has no vault.
#[derive(Debug, thiserror::Error)]
pub enum CustodyError {
    /// The key file is missing or not sound.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// There is no key file, and the program may not make one here.
    #[error(
        "there is no key file at {path}, and with PostgreSQL every process must be given the same one. To \
         make one, run:\n  \
         (umask 077; mkdir -p \"$(dirname '{path}')\"; echo \"$(date +%Y%m%d):$(head -c 32 /dev/urandom | \
         base64)\" > '{path}')\n\
         and back it up apart from the database"
    )]
    NotOurs {
        /// Where it should be.
        path: String,
    },
    /// There is no key file, for there is no schema yet; both are made together.
    #[error(
        "there is no key file at {path}, and nothing in the database yet: run `mail360 migrate`, or \
         `mail360 serve --migrate`, which make both"
    )]
    NotYet {
        /// Where it will be.
        path: String,
    },
    /// There was a key file, and it is gone.
    #[error(
        "there is no key file at {path}, but this database was used with one: put that file back, for what \
         it sealed opens with no other"
    )]
    Gone {
        /// Where it should be.
        path: String,
    },
    /// The key in the file is not the one that this database was used with.
    #[error(
        "the key `{0}` in the key file is not the one that this database was used with; \
         put the right key file in place (nothing has been written)"
    )]
    WrongKey(String),
    /// The database was used with a key that is not in the file.
    #[error(
        "this database was used with the key `{0}`, which is not in the key file; \
         add its line below the newest key (nothing has been written)"
    )]
    MissingKey(String),
    /// Everything was sealed anew with another key, and this one left.
    #[error(
        "another process has left the key `{0}` meanwhile: put the newest key at the top of this key file"
    )]
    Left(String),
    /// The vault could not seal.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database could not be asked.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The keys, and whether the program has just made them.
pub struct Custody {
    /// The vault.
    pub vault: Vault,
    /// The key file was made now: people must be told where it is.
    pub made: bool,
}

/// Reads the keys, or makes one where that is the program's to do: for a SQLite database that has never
/// been used with a key, and whose schema is about to be made (`may_make`). Checks them against the
/// database, and writes nothing to it.
pub async fn take(
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
            DatabaseUrl::Postgres(_) => return Err(CustodyError::NotOurs { path: shown() }),
            DatabaseUrl::Sqlite(_) if !may_make => return Err(CustodyError::NotYet { path: shown() }),
            DatabaseUrl::Sqlite(_) => match Keys::create(path, clock.now(), &*randomness) {
                // Another process has made one between our look and our try: that is the key.
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

/// Writes the newest key's check where there is none, as within the first migration's transaction.
pub async fn enter(tx: &Tx, vault: &Vault, now: Timestamp) -> Result<(), CustodyError> {
    let checks = settings::list(tx, CHECK).await?;
    // Once more, now that nobody else can write: another process may have begun with another key.
    for (key, sealed) in &checks {
        vault.verify(key, sealed)?;
    }
    let newest = vault.newest_key();
    if checks.iter().all(|(key, _)| key != newest) {
        let sealed = vault.seal(place(), &SecretString::from(CONSTANT))?;
        let name = format!("{CHECK}{newest}");
        settings::put_new(tx, &name, sealed, now).await?;
        // PostgreSQL lets another process enter a key of the same id meanwhile; the first one counts.
        if let Some(entered) = settings::get(tx, &name).await? {
            vault.verify(newest, &entered)?;
        }
    }
    Ok(())
}

/// Takes the checks of all keys but the newest out, once nothing is sealed with those.
///
/// # Returns
/// Whether there were such.
pub async fn leave(tx: &Tx, vault: &Vault) -> Result<bool, CustodyError> {
    let checks = settings::list(tx, CHECK).await?;
    // Another process may have left this one meanwhile: of two that do so at once one key must stay.
    if checks.iter().all(|(key, _)| key != vault.newest_key()) {
        return Err(CustodyError::Left(vault.newest_key().to_owned()));
    }
    let mut left = false;
    for (key, _) in checks {
        if key != vault.newest_key() {
            settings::remove(tx, &format!("{CHECK}{key}")).await?;
            left = true;
        }
    }
    Ok(left)
}

/// How the keys in use fit what the database was used with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// They open every check, and the newest one's is among them.
    Sound,
    /// They open every check, but no process has been started with the newest one, or another has left it since.
    NotEntered,
    /// There is a check that they do not open, or none at all.
    Wrong,
}

/// Looks how they fit.
pub async fn fit(on: &impl Queries, vault: &Vault) -> Result<Fit, DatabaseError> {
    let checks = settings::list(on, CHECK).await?;
    let opens = checks.iter().all(|(key, sealed)| vault.verify(key, sealed).is_ok());
    Ok(match checks.iter().any(|(key, _)| key == vault.newest_key()) {
        _ if !opens || checks.is_empty() => Fit::Wrong,
        true => Fit::Sound,
        false => Fit::NotEntered,
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
