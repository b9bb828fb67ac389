//! Opening a SQLite file: one connection that writes, several that read.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectOptions, DatabaseBackend, DatabaseConnection, DbErr, RuntimeErr, sqlx::Connection};

use super::{
    limits::{Deadline, Limits, PATIENCE, STATEMENT},
    pool::{Pool, Slot},
    words,
};
use crate::platform::exposure::{self, Kind};

/// How many connections read.
const READERS: usize = 8;
/// After how many steps of SQLite's machine it asks whether it must stop: some hundredths of a millisecond.
const STEPS: i32 = 10_000;

/// Opens the file, which is made where there is none, readable by its owner alone: those that read, the one that
/// writes.
pub(super) async fn open(path: &Path, limits: Limits) -> Result<(Pool, Pool), DbErr> {
    make_private(path).map_err(|error| DbErr::Custom(words::of_file(path, &error)))?;
    look_at_modes(path).map_err(DbErr::Custom)?;
    let named = |error: DbErr| words::of_sqlite(path, error);
    // The writer first: it makes the file and turns on the write-ahead log.
    let writer = connect(writer(path, limits), limits).await.map_err(named)?;
    let first = connect(reader(path, limits), limits).await.map_err(named)?;
    let mut readers = Vec::new();
    for _ in 1..READERS {
        let (mut options, deadline) = reader(path, limits);
        options.connect_lazy(true);
        readers.push(Slot {
            connection: sea_orm::Database::connect(options).await?,
            deadline,
            connected: true,
        });
    }
    // The one that is connected is taken first.
    readers.push(first);
    let backend = DatabaseBackend::Sqlite;
    Ok((Pool::new(backend, limits, readers, None), Pool::new(backend, limits, vec![writer], None)))
}

/// Refuses files that others can read or write.
pub(super) fn look_at_modes(path: &Path) -> Result<(), String> {
    exposure::look(folder_of(path), Kind::Folder).map_err(|exposure| exposure.to_string())?;
    for ending in ["", "-wal", "-shm"] {
        exposure::look(&with_ending(path, ending), Kind::Database)
            .map_err(|exposure| exposure.to_string())?;
    }
    Ok(())
}

/// A file beside the database: `mail360.sqlite-wal`.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn writer(path: &Path, limits: Limits) -> (ConnectOptions, Deadline) {
    let (mut options, deadline) = options(limits);
    // One that is still in a transaction goes. Where the disk is full SQLite undoes a transaction by itself, the
    // driver's own ROLLBACK fails, and from then on it would count one too many: what others "commit" would be
    // a savepoint in a transaction that nobody ever ends.
    options.map_sqlx_sqlite_before_acquire(|connection, _| {
        Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
    });
    let (file, patience) = (path.to_owned(), patience(limits));
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(patience)
            .pragma("journal_mode", "WAL")
            // FULL: what was answered with success is on the disk, even where power fails.
            .pragma("synchronous", "FULL")
            // What was replaced or deleted, sealed or not, is not left in the file's free space.
            .pragma("secure_delete", "ON")
    });
    (options, deadline)
}

fn reader(path: &Path, limits: Limits) -> (ConnectOptions, Deadline) {
    let (mut options, deadline) = options(limits);
    let (file, patience) = (path.to_owned(), patience(limits));
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .read_only(true)
            .foreign_keys(true)
            .busy_timeout(patience)
    });
    (options, deadline)
}

/// How long SQLite waits for another one that writes.
fn patience(limits: Limits) -> Duration {
    if limits == Limits::Request { STATEMENT } else { PATIENCE }
}

fn options(limits: Limits) -> (ConnectOptions, Deadline) {
    let deadline = Deadline::default();
    let mut options = super::options("sqlite::memory:");
    options.acquire_timeout(PATIENCE).connect_timeout(PATIENCE);
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

/// Connects to a SQLite file, however many processes do so at this moment: the switch to the write-ahead
/// log fails at once where another holds the file, whatever the busy timeout is.
async fn connect((options, deadline): (ConnectOptions, Deadline), limits: Limits) -> Result<Slot, DbErr> {
    let connect = async {
        loop {
            match sea_orm::Database::connect(options.clone()).await {
                Err(error) if is_locked(&error) => tokio::time::sleep(Duration::from_millis(20)).await,
                connected => return connected,
            }
        }
    };
    let patience = if limits == Limits::Request { PATIENCE } else { PATIENCE * 2 };
    let connection: DatabaseConnection =
        tokio::time::timeout(patience, connect).await.unwrap_or_else(|_| {
            Err(DbErr::Custom(
                "Another process holds the file: end it, or wait until it has ended, and try again."
                    .to_owned(),
            ))
        })?;
    Ok(Slot { connection, deadline, connected: true })
}

/// Whether SQLite says that the file is locked (`SQLITE_BUSY` in one of its forms).
pub(super) fn is_locked(error: &DbErr) -> bool {
    code(error) == Some(5)
}

/// SQLite's primary code of an error.
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

/// Makes the folder 0700 and the file 0600 where they do not exist: sealed or not, what stands in the
/// database is nobody else's to read.
pub(super) fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}
