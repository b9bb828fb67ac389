//! Putting a backup in the place of a SQLite database, so that a kill at any moment leaves the old one or the new one.

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
    sqlite::{folder_of, make_private, with_ending},
};

/// How long a process that is just ending has to let go of the file.
const PATIENCE: Duration = Duration::from_secs(3);

/// The database that is to be replaced, held so that no other process can use it.
pub struct Held {
    path: PathBuf,
    hold: Hold,
}

enum Hold {
    /// There is none.
    Nothing,
    /// Its write-ahead log is folded into it, and SQLite's exclusive lock is taken.
    Whole(SqliteConnection),
    /// SQLite cannot read it. The lock still keeps out processes that have it open.
    Damaged(File),
}

fn in_use(path: &Path) -> String {
    format!(
        "A process uses the database {}: stop every process of this program, and run this again.",
        path.display()
    )
}

fn told(path: &Path, error: &io::Error) -> String {
    super::words::of_file(path, error)
}

impl Held {
    /// Takes hold of the database.
    ///
    /// # Errors
    /// In an operator's words, where a process uses it.
    pub async fn take(path: &Path) -> Result<Self, String> {
        let hold = if !path.exists() {
            Hold::Nothing
        } else if !has_header(path) {
            // SQLite would throw its log away.
            Hold::Damaged(lock(path)?)
        } else {
            match fold(path).await {
                Ok(connection) => Hold::Whole(connection),
                Err(error) => match code(&error) {
                    // SQLITE_BUSY and SQLITE_LOCKED.
                    Some(5 | 6) => return Err(in_use(path)),
                    // SQLITE_CORRUPT and SQLITE_NOTADB: a reason to restore.
                    Some(11 | 26) => Hold::Damaged(lock(path)?),
                    _ => return Err(format!("The database {} cannot be held: {error}", path.display())),
                },
            }
        };
        Ok(Self { path: path.to_owned(), hold })
    }

    /// Puts the staged database in its place.
    ///
    /// # Returns
    /// Under which name the old one is kept, if there was one. `suffix` ends that name.
    pub async fn replace(self, staged: &Path, suffix: &str) -> Result<Option<PathBuf>, String> {
        let Self { path, hold } = self;
        let named = |number: u32| {
            let again = if number == 1 { String::new() } else { format!("-{number}") };
            with_ending(&path, &format!(".before-restore-{suffix}{again}"))
        };
        let mut number = 1;
        while named(number).exists() {
            number += 1;
        }
        let kept = named(number);
        let replace = || -> io::Result<()> {
            let folder = File::open(folder_of(&path))?;
            File::open(staged)?.sync_all()?;
            // The log first: beside the new database it would be played over it. Where the old one is whole, the log is
            // part of it already.
            if matches!(hold, Hold::Damaged(_)) {
                absent(fs::rename(with_ending(&path, "-wal"), with_ending(&kept, "-wal")))?;
            }
            for ending in ["-wal", "-shm"] {
                absent(fs::remove_file(with_ending(&path, ending)))?;
            }
            folder.sync_all()?;
            if !matches!(hold, Hold::Nothing) {
                keep(&path, &kept)?;
            }
            fs::rename(staged, &path)?;
            folder.sync_all()
        };
        replace().map_err(|error| told(&path, &error))?;
        match hold {
            Hold::Nothing => return Ok(None),
            // Only now others may open what has the name.
            Hold::Whole(connection) => drop(connection.close().await),
            Hold::Damaged(file) => drop(file),
        }
        Ok(Some(kept))
    }
}

/// A second name of the file, or a copy where there are no links.
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

/// What need not be there.
fn absent(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// A copy for its owner alone, on the disk when this returns.
fn copy(mut from: File, to: &Path) -> io::Result<()> {
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut from, &mut target)?;
    target.sync_all()
}

/// Refuses where another process has any lock of SQLite's on the file: in the mode of the write-ahead log each
/// connection has one for as long as it is open.
fn lock(path: &Path) -> Result<File, String> {
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| told(path, &error))?;
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| in_use(path))?;
    Ok(file)
}

async fn connect(path: &Path) -> Result<SqliteConnection, SqlxError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(PATIENCE)
        .disable_statement_logging();
    SqliteConnection::connect_with(&options).await
}

/// Folds the write-ahead log into the file, and keeps SQLite's exclusive lock.
async fn fold(path: &Path) -> Result<SqliteConnection, SqlxError> {
    let mut connection = connect(path).await?;
    // Before anything is read, so that the lock is never given back.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").await?;
    let mode: String = connection.fetch_one("PRAGMA journal_mode = DELETE").await?.try_get(0)?;
    if mode != "delete" {
        return Err(SqlxError::Protocol(format!("its write-ahead log could not be folded into it ({mode})")));
    }
    connection.execute("BEGIN EXCLUSIVE").await?;
    Ok(connection)
}

/// Whether the file begins as each of SQLite's does, or is empty.
fn has_header(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut start));
    // What cannot be read SQLite says more of.
    read.is_err() || start.is_empty() || start == b"SQLite format 3\0"
}

fn code(error: &SqlxError) -> Option<u32> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    Some(code & 0xff)
}

/// A copy of a backup beside the database that it is to replace. It goes where it is not put in place.
pub struct Staged {
    path: PathBuf,
    backup: PathBuf,
}

const NAMES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

impl Drop for Staged {
    fn drop(&mut self) {
        for ending in NAMES {
            // Put in place, or never made.
            let _ = fs::remove_file(with_ending(&self.path, ending));
        }
    }
}

impl Staged {
    /// Copies the backup, with its write-ahead log where it has one. What another run has left is replaced.
    ///
    /// # Errors
    /// In an operator's words. Of a file that is no SQLite database they say what it is, and which command makes one of it.
    pub fn copy(backup: &Path, database: &Path) -> Result<Self, String> {
        let unreadable = |path: &Path, error: &io::Error| foreign::unreadable(path, database, error);
        let metadata = fs::metadata(backup).map_err(|error| unreadable(backup, &error))?;
        if !metadata.is_file() {
            let advice = foreign::advice_for_folder(backup);
            return Err(advice.unwrap_or_else(|| format!("The backup {} is no file.", backup.display())));
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
        let log = with_ending(backup, "-wal");
        let log = match File::open(&log) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened.map_err(|error| unreadable(&log, &error))?),
        };
        let staged = Self { path: with_ending(database, ".restoring"), backup: backup.to_owned() };
        // Makes the folder too, where this machine is new.
        make_private(&staged.path).map_err(|error| told(&staged.path, &error))?;
        for ending in NAMES {
            absent(fs::remove_file(with_ending(&staged.path, ending)))
                .map_err(|error| told(&staged.path, &error))?;
        }
        for (ending, file) in [("", Some(file)), ("-wal", log)] {
            let Some(file) = file else { continue };
            copy(file, &with_ending(&staged.path, ending)).map_err(|error| told(&staged.path, &error))?;
        }
        Ok(staged)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error in which the backup is called by its own name.
    pub fn named(&self, error: &str) -> String {
        error.replace(&self.path.display().to_string(), &self.backup.display().to_string())
    }

    /// Looks whether it is a database of this program, every page of which can be read.
    ///
    /// # Errors
    /// In an operator's words.
    pub async fn examine(&self) -> Result<(), String> {
        let backup = self.backup.display();
        // Before the program opens it: what that says of a damaged file leads to this very command.
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
            return Err(format!("{backup} is no database of this program: its tables are not there."));
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

    /// Makes it one file, once nothing has it open.
    pub async fn finish(&self) -> Result<(), String> {
        let folded = async { fold(&self.path).await?.close().await };
        folded.await.map_err(|error| format!("The copy {} cannot be closed: {error}", self.path.display()))
    }
}

impl Database {
    /// What SQLite finds wrong with the file, and rows that refer to others that are not there.
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
