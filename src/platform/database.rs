//! The database: SQLite or PostgreSQL behind the same two doors, [`Database::read`] and
//! [`Database::write`].

pub mod columns;
mod outage;
pub mod settings;

use std::{path::Path, sync::Arc, time::Duration};

use migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    RuntimeErr, SqlErr, SqliteTransactionMode, TransactionOptions, TransactionTrait, sqlx::Connection,
};
use sea_orm_migration::{MigratorTrait, SchemaManager};

/// How long a use case waits for a connection or for SQLite's one writer before it gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The table in which SeaORM notes the migrations that were applied.
const MIGRATIONS: &str = "seaql_migrations";

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of SQLite's.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL server; the URL may hold a password and is never printed.
    Postgres(Secret),
}

/// A URL that may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An error of the database. Its text is for the log alone.
#[derive(Debug, thiserror::Error)]
#[error("the database: {0}")]
pub struct DatabaseError(#[from] DbErr);

impl DatabaseError {
    /// Whether the database cannot be used just now (out of reach, full, read-only, busy for too long), so that
    /// the same may go through later.
    pub fn is_outage(&self) -> bool {
        outage::is_outage(&self.0)
    }

    /// Whether a unique index refused the row.
    pub fn is_conflict(&self) -> bool {
        matches!(self.0.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
    }
}

/// The database. A clone shares its connections.
#[derive(Clone, Debug)]
pub struct Database(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    readers: DatabaseConnection,
    writer: DatabaseConnection,
}

/// A connection that reads; on SQLite it could not write.
#[derive(Clone)]
pub struct Read(Arc<Connections>);

/// A transaction that writes. Whoever is handed one uses it and does not keep it.
pub struct Tx(Arc<DatabaseTransaction>);

/// What a store's queries run on: [`Read`] or [`Tx`].
pub trait Queries: Sync {
    /// SeaORM's connection: for stores alone.
    fn connection(&self) -> &impl ConnectionTrait;
}

impl Queries for Read {
    fn connection(&self) -> &impl ConnectionTrait {
        &self.0.readers
    }
}

impl Queries for Tx {
    fn connection(&self) -> &impl ConnectionTrait {
        &*self.0
    }
}

/// The look-ups that start without an organisation and return it: a user by e-mail, a session, an attempt and an
/// invitation by their hash. Each stands in its feature's store; there are no others.
#[derive(Clone, Copy, Debug)]
pub struct Unscoped;

/// How far the schema of a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// As this program wants it.
    Current,
    /// Migrations are pending: `mail360 migrate`, or `serve --migrate`.
    Behind,
    /// It holds migrations that this program does not know: a newer program has been here.
    Ahead,
}

impl Database {
    /// Opens the database; a SQLite file is made where there is none, readable by its owner alone.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, DatabaseError> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::open_sqlite(path).await,
            DatabaseUrl::Postgres(url) => {
                let mut options = options(&url.0);
                options.max_connections(10);
                let pool = sea_orm::Database::connect(options).await?;
                Ok(Self(Arc::new(Connections { readers: pool.clone(), writer: pool })))
            }
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self, DatabaseError> {
        make_private(path).map_err(|error| {
            DbErr::Custom(format!("{} cannot be written to, or made: {error}", path.display()))
        })?;
        let file = path.to_owned();
        let mut options_of_writer = options("sqlite::memory:");
        // One that is still in a transaction goes. Where the disk is full SQLite undoes a transaction by itself, the
        // driver's own ROLLBACK fails, and from then on it would count one too many: what others "commit" would be
        // a savepoint in a transaction that nobody ever ends.
        options_of_writer.map_sqlx_sqlite_before_acquire(|connection, _| {
            Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
        });
        options_of_writer.max_connections(1).test_before_acquire(false).map_sqlx_sqlite_opts({
            let file = file.clone();
            move |sqlite| {
                sqlite
                    .in_memory(false)
                    .shared_cache(false)
                    .filename(&file)
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE)
                    .pragma("journal_mode", "WAL")
                    // FULL: what was answered with success is on the disk, even where power fails.
                    .pragma("synchronous", "FULL")
                    // What was replaced or deleted, sealed or not, is not left in the file's free space.
                    .pragma("secure_delete", "ON")
            }
        });
        // The writer first: it makes the file and turns on the write-ahead log.
        let writer = connect_patiently(options_of_writer).await?;
        let mut options_of_readers = options("sqlite::memory:");
        options_of_readers.max_connections(8).test_before_acquire(false).map_sqlx_sqlite_opts(
            move |sqlite| {
                sqlite
                    .in_memory(false)
                    .shared_cache(false)
                    .filename(&file)
                    .read_only(true)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE)
            },
        );
        let readers = connect_patiently(options_of_readers).await?;
        Ok(Self(Arc::new(Connections { readers, writer })))
    }

    /// For queries that change nothing.
    pub fn read(&self) -> Read {
        Read(self.0.clone())
    }

    /// Runs `work` in one transaction: committed where it gives `Ok`, undone where it gives `Err` or is
    /// dropped on the way. On SQLite it is the only one that writes (BEGIN IMMEDIATE: a transaction that
    /// reads first and then writes would otherwise fail with SQLITE_BUSY_SNAPSHOT).
    ///
    /// Nothing in `work` waits for the network or for a password's hash.
    pub async fn write<T, E, F>(&self, work: impl FnOnce(Tx) -> F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: Future<Output = Result<T, E>>,
    {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = self.0.writer.begin_with_options(options).await.map_err(DatabaseError)?;
        let tx = Arc::new(begun);
        // An error ends here: the transaction drops and is undone.
        let value = work(Tx(tx.clone())).await?;
        Arc::try_unwrap(tx)
            .map_err(|_| DatabaseError(DbErr::Custom("a transaction was kept".to_owned())))?
            .commit()
            .await
            .map_err(DatabaseError)?;
        Ok(value)
    }

    /// Whether there is such a table; a database that cannot be asked is an error, not a no.
    pub async fn has_table(&self, name: &str) -> Result<bool, DatabaseError> {
        Ok(SchemaManager::new(&self.0.writer).has_table(name).await?)
    }

    /// Whether the schema is as this program wants it.
    pub async fn schema(&self) -> Result<SchemaState, DatabaseError> {
        // Names, and not SeaORM's status: a migration that this program does not know is no error to
        // it but an answer to give.
        let known: Vec<String> =
            Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let applied: Vec<String> = if self.has_table(MIGRATIONS).await? {
            let rows = Migrator::get_migration_models(&self.0.writer).await?;
            rows.into_iter().map(|row| row.version).collect()
        } else {
            Vec::new()
        };
        if applied.iter().any(|name| !known.contains(name)) {
            Ok(SchemaState::Ahead)
        } else if known.iter().any(|name| !applied.contains(name)) {
            Ok(SchemaState::Behind)
        } else {
            Ok(SchemaState::Current)
        }
    }

    /// Applies what is pending and then runs `after`, all in one transaction and under a lock: of two
    /// processes that start at once the second waits and finds nothing to do, and one that is killed
    /// leaves the schema as it was.
    pub async fn migrate<E>(&self, after: impl AsyncFnOnce(&Tx) -> Result<(), E>) -> Result<(), E>
    where
        E: From<DatabaseError>,
    {
        self.write(async |tx: Tx| {
            if tx.0.get_database_backend() == DatabaseBackend::Postgres {
                // The number is arbitrary: it only has to be the same in every process.
                tx.0.execute_unprepared("SELECT pg_advisory_xact_lock(360360360)")
                    .await
                    .map_err(DatabaseError)?;
            }
            Migrator::up(&*tx.0, None).await.map_err(DatabaseError)?;
            after(&tx).await
        })
        .await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        Ok(self.0.readers.ping().await?)
    }

    /// Closes all connections, so that SQLite folds its write-ahead log into the file.
    pub async fn close(&self) -> Result<(), DatabaseError> {
        self.0.readers.close_by_ref().await?;
        Ok(self.0.writer.close_by_ref().await?)
    }
}

/// Connects to a SQLite file, however many processes do so at this moment: the switch to the write-ahead
/// log fails at once where another holds the file, whatever the busy timeout is.
async fn connect_patiently(options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    let connect = async {
        loop {
            match sea_orm::Database::connect(options.clone()).await {
                Err(error) if is_locked(&error) => tokio::time::sleep(Duration::from_millis(20)).await,
                connected => return connected,
            }
        }
    };
    match tokio::time::timeout(PATIENCE, connect).await {
        Ok(connected) => connected,
        Err(_) => Err(DbErr::Custom("another process holds the file".to_owned())),
    }
}

/// Whether SQLite says that the file is locked (`SQLITE_BUSY` in one of its forms).
fn is_locked(error: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    // An extended code has the primary one in its low byte.
    code.is_some_and(|code| code & 0xff == 5)
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        // Statements hold no values, but they are noise at every level.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

/// Makes the folder 0700 and the file 0600 where they do not exist: sealed or not, what stands in the
/// database is nobody else's to read.
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    Ok(())
}

#[cfg(test)]
mod tests;
