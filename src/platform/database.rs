//! The database, SQLite or PostgreSQL, behind the same two methods: [`Database::read`] and
//! [`Database::write`].

pub(crate) mod address;
mod beside;
mod changes;
pub mod columns;
mod limits;
mod outage;
pub mod paging;
#[cfg(test)]
pub(crate) mod plan;
mod pool;
mod postgres;
pub mod restore;
pub(crate) mod settings;
pub mod sole;
mod sqlite;
pub mod word_index;
mod words;

use std::{sync::Arc, time::Duration};

use migrations::Migrator;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseBackend, DbErr, RuntimeErr, SqlErr, Statement};
use sea_orm_migration::MigratorTrait;
use tokio::time::Instant;

use changes::Change;
pub use limits::Limits;
use limits::within;
use pool::{Pool, Transaction};

/// Connections to PostgreSQL per process, unless configured otherwise.
pub const DEFAULT_CONNECTIONS: u32 = 10;

/// How long a change without a time limit waits for another process that writes to SQLite's file.
const WRITER_WAIT: Duration = Duration::from_mins(1);

/// How long [`Database::ping`] may take.
const PING_TIMEOUT: Duration = Duration::from_millis(2_500);

/// The table in which SeaORM records the applied migrations.
const MIGRATIONS: &str = "seaql_migrations";

/// The address of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL server. The URL may hold a password and is never printed.
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

/// An error of the database, with a text for the log and the command line.
///
/// The error has no source: its text contains the texts of all underlying errors.
#[derive(Debug)]
pub struct DatabaseError(DbErr);

impl std::error::Error for DatabaseError {}

impl From<DbErr> for DatabaseError {
    fn from(error: DbErr) -> Self {
        Self(error)
    }
}

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            // Errors of our own are whole sentences.
            DbErr::Custom(text) | DbErr::Conn(RuntimeErr::Internal(text)) => f.write_str(text),
            error => match words::advice(error) {
                Some(text) => write!(f, "the database: {text}."),
                None => write!(f, "the database: {error}"),
            },
        }
    }
}

impl DatabaseError {
    /// Whether the database cannot be used at the moment (unreachable, full, read-only, or busy for too
    /// long), so that the same operation may succeed later.
    pub fn is_outage(&self) -> bool {
        outage::is_outage(&self.0)
    }

    /// Whether a unique index refused the row.
    pub fn is_conflict(&self) -> bool {
        matches!(self.0.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
    }

    /// Whether a foreign key refused a row, because the row that it refers to is gone.
    pub fn is_missing_reference(&self) -> bool {
        matches!(self.0.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
    }
}

/// The database. A clone shares its connections.
#[derive(Clone, Debug)]
pub struct Database(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    readers: Pool,
    writer: Pool,
}

/// A read connection. On SQLite it cannot write.
#[derive(Clone)]
pub struct Read(Arc<Connections>);

/// A transaction. A function that is handed one must not keep it.
pub struct Tx(Arc<Transaction>);

/// A connection for a store's queries: [`Read`] or [`Tx`].
pub trait Queries: Sync {
    /// SeaORM's connection. Only for stores.
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

/// Has the queries that find a row by a secret's hash or similar, and return its organisation. Each is defined in its
/// feature's store. Other queries without an organisation are listed in ARCHITECTURE.md.
#[derive(Clone, Copy, Debug)]
pub struct Unscoped;

/// Whether the schema of a database fits this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// The schema is the one that this program expects.
    Current,
    /// Migrations are pending: run `mail360 migrate`, or `serve --migrate`.
    Behind,
    /// The database has migrations that this program does not know: a newer version of the program has migrated it.
    Ahead,
}

impl Database {
    /// Opens the database for requests, with the default number of connections to PostgreSQL.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, DatabaseError> {
        Self::open_with(url, DEFAULT_CONNECTIONS, Limits::Request).await
    }

    /// Opens the database, with at most this many connections to PostgreSQL. Creates a missing SQLite file,
    /// readable only by its owner.
    pub async fn open_with(
        url: &DatabaseUrl,
        connections: u32,
        limits: Limits,
    ) -> Result<Self, DatabaseError> {
        let (readers, writer) = match url {
            DatabaseUrl::Sqlite(path) => sqlite::open(path, sqlite::MAIN, limits).await?,
            DatabaseUrl::Postgres(url) => {
                let pool = postgres::open(&url.0, connections, limits).await?;
                (pool.clone(), pool)
            }
        };
        Ok(Self(Arc::new(Connections { readers, writer })))
    }

    /// A connection for queries that change nothing.
    pub fn read(&self) -> Read {
        Read(self.0.clone())
    }

    /// Runs `work` in one transaction: committed if it returns `Ok`, rolled back if it returns `Err` or is
    /// dropped. On SQLite it is the only writer (BEGIN IMMEDIATE; a transaction that reads first and then
    /// writes could fail with SQLITE_BUSY_SNAPSHOT).
    ///
    /// `work` must not wait for the network or for hashing a password.
    pub async fn write<T, E, F>(&self, work: impl FnOnce(Tx) -> F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: Future<Output = Result<T, E>>,
    {
        self.transact(self.0.writer.limits(), work).await
    }

    async fn transact<T, E, F>(&self, limits: Limits, work: impl FnOnce(Tx) -> F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: Future<Output = Result<T, E>>,
    {
        // Boxed, because the future is large and every use case would contain it.
        let tx = Arc::new(Box::pin(self.begin_transaction(limits)).await.map_err(DatabaseError)?);
        // On an error the transaction is dropped, which rolls it back.
        let value = work(Tx(tx.clone())).await?;
        let tx = Arc::try_unwrap(tx)
            .map_err(|_| DatabaseError(DbErr::Custom("a transaction was kept".to_owned())))?;
        let change = Change;
        let committed = Box::pin(tx.commit()).await;
        drop(change);
        committed.map_err(DatabaseError)?;
        Ok(value)
    }

    async fn begin_transaction(&self, limits: Limits) -> Result<Transaction, DbErr> {
        let writer = &self.0.writer;
        if limits == Limits::Request {
            return writer.begin_transaction(limits.until()).await;
        }
        let give_up = Instant::now() + WRITER_WAIT;
        let tx = loop {
            match writer.begin_transaction(None).await {
                Err(error) if sqlite::is_locked(&error) && Instant::now() < give_up => {
                    tracing::info!("another process writes to the database: waiting for it");
                }
                begun => break begun?,
            }
        };
        if writer.limits() == Limits::Request && tx.get_database_backend() == DatabaseBackend::Postgres {
            let unlimited = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                             SET LOCAL idle_in_transaction_session_timeout = 0";
            tx.execute_unprepared(unlimited).await?;
        }
        Ok(tx)
    }

    /// Whether this table exists. If the database cannot answer, that is an error and not a no.
    pub async fn has_table(&self, name: &str) -> Result<bool, DatabaseError> {
        Ok(has_table(&self.0.writer, name).await?)
    }

    /// Whether no version of this program has created its tables yet.
    pub async fn is_empty(&self) -> Result<bool, DatabaseError> {
        self.has_table(MIGRATIONS).await.map(|exists| !exists)
    }

    /// Whether the schema fits this program.
    pub async fn schema(&self) -> Result<SchemaState, DatabaseError> {
        // Compare names instead of using SeaORM's status, which fails on a migration that this program does
        // not know.
        let known: Vec<String> =
            Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let applied =
            if self.has_table(MIGRATIONS).await? { applied(&self.0.writer).await? } else { Vec::new() };
        if applied.iter().any(|name| !known.contains(name)) {
            Ok(SchemaState::Ahead)
        } else if known.iter().any(|name| !applied.contains(name)) {
            Ok(SchemaState::Behind)
        } else {
            Ok(SchemaState::Current)
        }
    }

    /// Applies pending migrations and then runs `after`, in one transaction and under a lock. If two processes start
    /// concurrently, the second one waits and finds nothing to do. A killed process leaves the schema as it was.
    pub async fn migrate<E>(&self, after: impl AsyncFnOnce(&Tx) -> Result<(), E>) -> Result<Migrated, E>
    where
        E: From<DatabaseError>,
    {
        let migrated = self
            .transact(Limits::None, async |tx: Tx| {
                let migrated = migrate(&tx.0).await.map_err(DatabaseError)?;
                after(&tx).await?;
                Ok::<_, E>(migrated)
            })
            .await?;
        if migrated != Migrated::Current {
            tracing::info!("{migrated}");
        }
        Ok(migrated)
    }

    /// Whether the database answers and every table can be read. A table that another session has locked is
    /// as useless to a page as a missing one.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        let readers = &self.0.readers;
        let look = async {
            if readers.get_database_backend() != DatabaseBackend::Postgres {
                return readers.execute_unprepared("SELECT 1").await.map(drop);
            }
            let tables = "SELECT string_agg(format('SELECT 1 FROM %I.%I WHERE false', schemaname, tablename), \
                          ' UNION ALL ') FROM pg_tables WHERE schemaname = current_schema() \
                          AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')";
            let tables = Statement::from_string(DatabaseBackend::Postgres, tables);
            let row = readers.query_one_raw(tables).await?;
            match row.map(|row| row.try_get_by_index::<Option<String>>(0)).transpose()?.flatten() {
                Some(look) => readers.execute_unprepared(&look).await.map(drop),
                None => Ok(()),
            }
        };
        Ok(within(Some(Instant::now() + PING_TIMEOUT), look).await?)
    }

    /// Closes all connections, so that SQLite writes its write-ahead log into the file.
    pub async fn close(&self) -> Result<(), DatabaseError> {
        self.0.readers.close().await?;
        Ok(self.0.writer.close().await?)
    }
}

/// The result of updating the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrated {
    /// Nothing was pending.
    Current,
    /// The schema was created.
    Created,
    /// Number of migrations that were applied.
    Applied(usize),
}

impl std::fmt::Display for Migrated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Current => f.write_str("the database schema is up to date"),
            Self::Created => f.write_str("the database schema was created"),
            Self::Applied(1) => f.write_str("the database schema was brought up to date: 1 migration"),
            Self::Applied(count) => {
                write!(f, "the database schema was brought up to date: {count} migrations")
            }
        }
    }
}

async fn migrate(tx: &Transaction) -> Result<Migrated, DbErr> {
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        // The number is arbitrary, but must be the same in every process.
        tx.execute_unprepared("SELECT pg_advisory_xact_lock(360360360)").await?;
    }
    let before = if has_table(tx, MIGRATIONS).await? { applied(tx).await?.len() } else { 0 };
    Migrator::up(&tx.inner, None).await?;
    Ok(match applied(tx).await?.len() {
        after if after == before => Migrated::Current,
        _ if before == 0 => Migrated::Created,
        after => Migrated::Applied(after.saturating_sub(before)),
    })
}

/// Whether this table exists, even if this role may not read it. Reading it then gives the better error.
async fn has_table(on: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    let look = match on.get_database_backend() {
        DatabaseBackend::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
    };
    let look = Statement::from_sql_and_values(on.get_database_backend(), look, [name.into()]);
    Ok(on.query_one_raw(look).await?.is_some())
}

/// Names of the applied migrations.
async fn applied(on: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let rows = Migrator::get_migration_models(on).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    // Statements contain no values, but logging them would be noise at every level.
    options.sqlx_logging(false).record_stmt_in_spans(false);
    options
}

#[cfg(test)]
mod tests;
