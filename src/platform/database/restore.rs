//! Replaces a SQLite database with a backup. A kill at any moment leaves either the old or the new database.
//!
//! [`Held`] locks the database to replace, [`Staged`] is the checked copy of the backup.

mod foreign;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{FlockOperation, fcntl_lock};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, SqlxError, Statement,
    sqlx::{ConnectOptions as _, Connection, Executor, Row, SqliteConnection, sqlite::SqliteConnectOptions},
};

use super::{
    Database, DatabaseError, DatabaseUrl, Limits, MIGRATIONS, settings,
    sqlite::{append_ending, folder_of, make_private},
};

/// How long to wait for an ending process to release the file.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(3);

/// The database to replace, locked so that no other process can use it.
pub struct Held {
    path: PathBuf,
    hold: Hold,
}

enum Hold {
    /// There is no database.
    Nothing,
    /// SQLite can read the database. Its write-ahead log is merged into it, and SQLite's exclusive lock is held.
    Whole(SqliteConnection),
    /// SQLite cannot read it. A file lock still detects processes that have it open.
    Damaged(File),
}

fn describe_use(path: &Path) -> String {
    format!(
        "A process uses the database {}: stop every process of this program, and run this again.",
        path.display()
    )
}

fn describe_io_error(path: &Path, error: &io::Error) -> String {
    super::words::of_file(path, error)
}

impl Held {
    /// Locks the database.
    ///
    /// # Errors
    /// A text for the operator, for example if a process uses the database.
    pub async fn lock_database(path: &Path) -> Result<Self, String> {
        let hold = if !path.exists() {
            Hold::Nothing
        } else if !has_header(path) {
            // SQLite would discard its write-ahead log.
            Hold::Damaged(lock(path)?)
        } else {
            match fold(path).await {
                Ok(connection) => Hold::Whole(connection),
                Err(error) => match code(&error) {
                    // SQLITE_BUSY and SQLITE_LOCKED.
                    Some(5 | 6) => return Err(describe_use(path)),
                    // SQLITE_CORRUPT and SQLITE_NOTADB: reasons to restore.
                    Some(11 | 26) => Hold::Damaged(lock(path)?),
                    _ => return Err(format!("The database {} cannot be held: {error}", path.display())),
                },
            }
        };
        Ok(Self { path: path.to_owned(), hold })
    }

    /// Puts the staged database in place of the old one.
    ///
    /// # Returns
    /// The path under which the old database is kept, if there was one. `suffix` ends its name.
    pub async fn replace(self, staged: &Path, suffix: &str) -> Result<Option<PathBuf>, String> {
        let Self { path, hold } = self;
        let named = |number: u32| {
            let again = if number == 1 { String::new() } else { format!("-{number}") };
            append_ending(&path, &format!(".before-restore-{suffix}{again}"))
        };
        let mut number = 1;
        while named(number).exists() {
            number += 1;
        }
        let kept = named(number);
        let replace = || -> io::Result<()> {
            let folder = File::open(folder_of(&path))?;
            File::open(staged)?.sync_all()?;
            // Remove the write-ahead log first: SQLite would replay it into the new database. If the old
            // database was readable, the log has been merged into it.
            if matches!(hold, Hold::Damaged(_)) {
                absent(fs::rename(append_ending(&path, "-wal"), append_ending(&kept, "-wal")))?;
            }
            for ending in ["-wal", "-shm"] {
                absent(fs::remove_file(append_ending(&path, ending)))?;
            }
            folder.sync_all()?;
            if !matches!(hold, Hold::Nothing) {
                keep(&path, &kept)?;
            }
            fs::rename(staged, &path)?;
            folder.sync_all()
        };
        replace().map_err(|error| describe_io_error(&path, &error))?;
        match hold {
            Hold::Nothing => return Ok(None),
            // Only now may other processes open the file of this name.
            Hold::Whole(connection) => drop(connection.close().await),
            Hold::Damaged(file) => drop(file),
        }
        Ok(Some(kept))
    }
}

/// Gives the file a second name, or copies it if the file system has no hard links.
fn keep(path: &Path, kept: &Path) -> io::Result<()> {
    match fs::hard_link(path, kept) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) =>
        {
            copy(File::open(path)?, kept)
        }
        linked => linked,
    }
}

/// Treats a missing file as success.
fn absent(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Copies to a file that only its owner can read. The copy is on the disk when this returns.
fn copy(mut from: File, to: &Path) -> io::Result<()> {
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut from, &mut target)?;
    target.sync_all()
}

/// Refuses if another process holds any SQLite lock on the file. In the mode of the write-ahead log, each
/// open connection holds one.
fn lock(path: &Path) -> Result<File, String> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(|error| describe_io_error(path, &error))?;
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| describe_use(path))?;
    Ok(file)
}

async fn connect(path: &Path) -> Result<SqliteConnection, SqlxError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(RELEASE_TIMEOUT)
        .disable_statement_logging();
    SqliteConnection::connect_with(&options).await
}

/// Merges the write-ahead log into the file, and keeps SQLite's exclusive lock.
async fn fold(path: &Path) -> Result<SqliteConnection, SqlxError> {
    let mut connection = connect(path).await?;
    // Before anything is read, so that the lock is never released.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").await?;
    let mode: String = connection.fetch_one("PRAGMA journal_mode = DELETE").await?.try_get(0)?;
    if mode != "delete" {
        return Err(SqlxError::Protocol(format!("its write-ahead log could not be folded into it ({mode})")));
    }
    connection.execute("BEGIN EXCLUSIVE").await?;
    Ok(connection)
}

/// Whether the file has SQLite's header, or is empty.
fn has_header(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut start));
    // If it cannot be read, SQLite reports the better error.
    read.is_err() || start.is_empty() || start == b"SQLite format 3\0"
}

fn code(error: &SqlxError) -> Option<u32> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    Some(code & 0xff)
}

/// A copy of a backup, beside the database that it will replace. Dropping it deletes the copy, unless it was
/// put in place.
pub struct Staged {
    path: PathBuf,
    backup: PathBuf,
}

const NAMES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

impl Drop for Staged {
    fn drop(&mut self) {
        for ending in NAMES {
            // It may have been put in place, or never created.
            let _ = fs::remove_file(append_ending(&self.path, ending));
        }
    }
}

impl Staged {
    /// Copies the backup, with its write-ahead log if there is one. Replaces what an earlier run has left.
    ///
    /// # Errors
    /// A text for the operator. For a file that is no SQLite database, it says what the file is and which
    /// command converts it.
    pub fn copy(backup: &Path, database: &Path) -> Result<Self, String> {
        let unreadable =
            |path: &Path, error: &io::Error| foreign::describe_unreadable_backup(path, database, error);
        let metadata = fs::metadata(backup).map_err(|error| unreadable(backup, &error))?;
        if !metadata.is_file() {
            let advice = foreign::advice_for_folder(backup);
            return Err(advice.unwrap_or_else(|| format!("The backup {} is not a file.", backup.display())));
        }
        let same = |other: fs::Metadata| (other.dev(), other.ino()) == (metadata.dev(), metadata.ino());
        if fs::metadata(database).is_ok_and(same) {
            return Err(format!("{} is the database itself: name a backup.", backup.display()));
        }
        let mut file = File::open(backup).map_err(|error| unreadable(backup, &error))?;
        let read = foreign::advice(backup, &mut file).and_then(|advice| file.rewind().map(|()| advice));
        if let Some(advice) = read.map_err(|error| unreadable(backup, &error))? {
            return Err(advice);
        }
        let log = append_ending(backup, "-wal");
        let log = match File::open(&log) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened.map_err(|error| unreadable(&log, &error))?),
        };
        let staged = Self { path: append_ending(database, ".restoring"), backup: backup.to_owned() };
        // Also creates the folder, on a new machine.
        make_private(&staged.path).map_err(|error| describe_io_error(&staged.path, &error))?;
        for ending in NAMES {
            absent(fs::remove_file(append_ending(&staged.path, ending)))
                .map_err(|error| describe_io_error(&staged.path, &error))?;
        }
        for (ending, file) in [("", Some(file)), ("-wal", log)] {
            let Some(file) = file else { continue };
            copy(file, &append_ending(&staged.path, ending))
                .map_err(|error| describe_io_error(&staged.path, &error))?;
        }
        Ok(staged)
    }

    /// Path of the copy.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error text with the path of the backup in place of the copy's.
    pub fn named(&self, error: &str) -> String {
        error.replace(&self.path.display().to_string(), &self.backup.display().to_string())
    }

    /// Checks that it is a database of this program and that every page can be read.
    ///
    /// # Errors
    /// A text for the operator.
    pub async fn examine(&self) -> Result<(), String> {
        let backup = self.backup.display();
        // Before the program opens it, because the program's own message about a damaged file recommends this
        // very command.
        self.read_schema().await.map_err(|error| match code(&error) {
            // SQLITE_CORRUPT and SQLITE_NOTADB.
            Some(11 | 26) => format!("The backup {backup} is damaged ({error}): take another one."),
            _ => format!("The backup {backup} cannot be read: {error}"),
        })?;
        let database = self.open().await.map_err(|error| self.named(&error.to_string()))?;
        let flaws = database.flaws().await;
        let ours =
            async { Ok(database.has_table(MIGRATIONS).await? && database.has_table(settings::TABLE).await?) };
        let ours: Result<bool, DatabaseError> = ours.await;
        let closed = database.close().await;
        let unreadable = |error: DatabaseError| format!("The backup {backup} is damaged: {error}");
        if let Some(flaw) = flaws.map_err(unreadable)?.first() {
            return Err(format!("The backup {backup} is damaged ({flaw}): take another one."));
        }
        if !ours.map_err(unreadable)? {
            return Err(format!(
                "{backup} is not a database of this program: it lacks the program's tables."
            ));
        }
        closed.map_err(|error| error.to_string())
    }

    async fn read_schema(&self) -> Result<(), SqlxError> {
        let mut connection = connect(&self.path).await?;
        connection.fetch_all("SELECT name FROM sqlite_schema").await?;
        connection.close().await
    }

    async fn open(&self) -> Result<Database, DatabaseError> {
        Database::open_with(&DatabaseUrl::Sqlite(self.path.clone()), 1, Limits::None).await
    }

    /// Merges the write-ahead log, so that the copy is one file. Call it when no connection is open.
    pub async fn finish(&self) -> Result<(), String> {
        let folded = async { fold(&self.path).await?.close().await };
        folded.await.map_err(|error| format!("The copy {} cannot be closed: {error}", self.path.display()))
    }
}

impl Database {
    /// Problems that SQLite finds in the file, and rows that reference missing rows.
    async fn flaws(&self) -> Result<Vec<String>, DatabaseError> {
        let mut flaws = Vec::new();
        for look in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
            let rows =
                self.0.readers.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, look)).await?;
            for row in rows {
                flaws.push(row.try_get_by_index::<String>(0)?);
            }
        }
        flaws.retain(|flaw| flaw != "ok");
        Ok(flaws)
    }
}
