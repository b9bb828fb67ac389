//! Opens a SQLite file: one connection writes, several read.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectOptions, DatabaseBackend, DatabaseConnection, DbErr, RuntimeErr, sqlx::Connection};

use super::{
    limits::{COMMAND_PATIENCE, Deadline, Limits, STATEMENT},
    pool::{Pool, Slot},
    words,
};
use crate::platform::exposure::{self, FileKind};

/// How a file is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileUse {
    /// Number of reading connections.
    readers: usize,
    /// What each connection sets.
    every: &'static [(&'static str, &'static str)],
    /// What the writing connection sets besides.
    writer: &'static [(&'static str, &'static str)],
}

/// The database.
pub(super) const MAIN: FileUse = FileUse {
    readers: 8,
    every: &[],
    writer: &[
        // FULL: a committed change is on the disk even after a power failure.
        ("synchronous", "FULL"),
        // Do not leave replaced or deleted data in the free space of the file.
        ("secure_delete", "ON"),
    ],
};

/// A file of large values that are encrypted under keys of the database, and that may be lost in a power failure.
pub(super) const LARGE_VALUES: FileUse = FileUse {
    readers: 2,
    // In KiB: a value is read once.
    every: &[("cache_size", "-512")],
    writer: &[
        ("page_size", "32768"),
        // Free pages can be given back to the file system.
        ("auto_vacuum", "INCREMENTAL"),
        // A committed change is on the disk after a kill of the process.
        ("synchronous", "NORMAL"),
        // The write-ahead log stays at most about this long, in pages and in bytes.
        ("wal_autocheckpoint", "256"),
        ("journal_size_limit", "16777216"),
    ],
};
/// Number of SQLite's virtual machine steps between two checks whether to stop: some hundredths of a
/// millisecond.
const STEPS: i32 = 10_000;

/// Opens the file, with a pool of readers and a pool of one writer. Creates a missing file, readable only by
/// its owner.
pub(super) async fn open(path: &Path, usage: FileUse, limits: Limits) -> Result<(Pool, Pool), DbErr> {
    make_private(path).map_err(|error| DbErr::Custom(words::of_file(path, &error)))?;
    look_at_modes(path).map_err(DbErr::Custom)?;
    let named = |error: DbErr| words::of_sqlite(path, error);
    // The writer first: it creates the file and turns on the write-ahead log.
    let writer = connect(writer(path, usage, limits), limits).await.map_err(named)?;
    let first = connect(reader(path, usage, limits), limits).await.map_err(named)?;
    let mut readers = Vec::new();
    for _ in 1..usage.readers {
        let (mut options, deadline) = reader(path, usage, limits);
        options.connect_lazy(true);
        readers.push(Slot {
            connection: sea_orm::Database::connect(options).await?,
            deadline,
            connected: true,
        });
    }
    // The connected one is taken first.
    readers.push(first);
    let backend = DatabaseBackend::Sqlite;
    Ok((Pool::new(backend, limits, readers, None), Pool::new(backend, limits, vec![writer], None)))
}

/// Refuses files that other users can read or write.
pub(super) fn look_at_modes(path: &Path) -> Result<(), String> {
    exposure::check_path(folder_of(path), FileKind::Folder).map_err(|exposure| exposure.to_string())?;
    for ending in ["", "-wal", "-shm"] {
        exposure::check_path(&append_ending(path, ending), FileKind::Database)
            .map_err(|exposure| exposure.to_string())?;
    }
    Ok(())
}

/// A file beside the database: `mail360.sqlite-wal`.
pub(super) fn append_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn writer(path: &Path, usage: FileUse, limits: Limits) -> (ConnectOptions, Deadline) {
    let (mut options, deadline) = options(limits);
    // Discard a connection that is still in a transaction. If the disk is full, SQLite rolls back by itself,
    // the driver's ROLLBACK fails, and its count of transactions is wrong from then on. The next "commit"
    // would only end a savepoint of a transaction that never ends.
    options.map_sqlx_sqlite_before_acquire(|connection, _| {
        Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
    });
    let (file, patience) = (path.to_owned(), patience(limits));
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(patience)
            .pragma("journal_mode", "WAL");
        let pragmas = usage.every.iter().chain(usage.writer);
        pragmas.fold(sqlite, |sqlite, (name, value)| sqlite.pragma(*name, *value))
    });
    (options, deadline)
}

fn reader(path: &Path, usage: FileUse, limits: Limits) -> (ConnectOptions, Deadline) {
    let (mut options, deadline) = options(limits);
    let (file, patience) = (path.to_owned(), patience(limits));
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .read_only(true)
            .foreign_keys(true)
            .busy_timeout(patience);
        usage.every.iter().fold(sqlite, |sqlite, (name, value)| sqlite.pragma(*name, *value))
    });
    (options, deadline)
}

/// How long SQLite waits for another writer.
fn patience(limits: Limits) -> Duration {
    if limits == Limits::Request { STATEMENT } else { COMMAND_PATIENCE }
}

fn options(limits: Limits) -> (ConnectOptions, Deadline) {
    let deadline = Deadline::default();
    let mut options = super::options("sqlite::memory:");
    options.acquire_timeout(COMMAND_PATIENCE).connect_timeout(COMMAND_PATIENCE);
    options.max_connections(1).test_before_acquire(false);
    if limits == Limits::Request {
        let deadline = deadline.clone();
        options.map_sqlx_sqlite_pool_opts(move |pool| {
            let deadline = deadline.clone();
            pool.after_connect(move |connection, _| {
                let deadline = deadline.clone();
                Box::pin(async move {
                    let mut handle = connection.lock_handle().await?;
                    handle.set_progress_handler(STEPS, move || !deadline.has_passed());
                    Ok(())
                })
            })
        });
    }
    (options, deadline)
}

/// Connects to a SQLite file, even if other processes connect concurrently. Switching to the write-ahead log
/// fails at once if another process holds the file, regardless of the busy timeout.
async fn connect((options, deadline): (ConnectOptions, Deadline), limits: Limits) -> Result<Slot, DbErr> {
    let connect = async {
        loop {
            match sea_orm::Database::connect(options.clone()).await {
                Err(error) if is_locked(&error) => tokio::time::sleep(Duration::from_millis(20)).await,
                connected => return connected,
            }
        }
    };
    let patience = if limits == Limits::Request { COMMAND_PATIENCE } else { COMMAND_PATIENCE * 2 };
    let connection: DatabaseConnection =
        tokio::time::timeout(patience, connect).await.unwrap_or_else(|_| {
            Err(DbErr::Custom(
                "Another process holds the file: end it, or wait until it has ended, and try again."
                    .to_owned(),
            ))
        })?;
    Ok(Slot { connection, deadline, connected: true })
}

/// Whether SQLite reports that the file is locked (`SQLITE_BUSY` in any form).
pub(super) fn is_locked(error: &DbErr) -> bool {
    code(error) == Some(5)
}

/// SQLite's primary error code.
pub(super) fn code(error: &DbErr) -> Option<u32> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    // An extended code has the primary one in its low byte.
    code.map(|code| code & 0xff)
}

/// Creates the folder with mode 0700 and the file with mode 0600 if they do not exist. No other user may read
/// the database, even though its secrets are sealed.
pub(super) fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}
