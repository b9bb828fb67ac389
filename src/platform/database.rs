//! The database: SQLite or PostgreSQL behind the same two doors, [`Database::read`] and
//! [`Database::write`].

pub mod address;
pub mod columns;
mod limits;
mod outage;
mod pool;
mod postgres;
pub mod restore;
pub mod settings;
mod sqlite;
mod words;

use std::{sync::Arc, time::Duration};

use migrations::Migrator;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseBackend, DbErr, RuntimeErr, SqlErr, Statement};
use sea_orm_migration::MigratorTrait;
use tokio::time::Instant;

pub use limits::Limits;
use limits::within;
use pool::{Pool, Transaction};

/// How many connections to PostgreSQL a process opens at most, unless something else is set.
pub const DEFAULT_CONNECTIONS: u32 = 10;

/// How long a change without a time limit waits for another process that writes to SQLite's file.
const OTHERS: Duration = Duration::from_mins(1);

/// How long a look whether the database answers may take.
const PING: Duration = Duration::from_millis(2_500);

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

/// An error of the database. Its text is for the log and the command line.
///
/// It has no source: its text says what those behind it say.
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
            // Ours, and whole sentences.
            DbErr::Custom(text) | DbErr::Conn(RuntimeErr::Internal(text)) => f.write_str(text),
            error => match words::advice(error) {
                Some(advice) => write!(f, "the database: {error}. {advice}."),
                None => write!(f, "the database: {error}"),
            },
        }
    }
}

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
    readers: Pool,
    writer: Pool,
}

/// A connection that reads; on SQLite it could not write.
#[derive(Clone)]
pub struct Read(Arc<Connections>);

/// A transaction that writes. Whoever is handed one uses it and does not keep it.
pub struct Tx(Arc<Transaction>);

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
    /// Opens the database for requests, with as many connections to PostgreSQL as there are by default.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, DatabaseError> {
        Self::open_with(url, DEFAULT_CONNECTIONS, Limits::Request).await
    }

    /// Opens the database with at most this many connections to PostgreSQL; a SQLite file is made where there is none,
    /// readable by its owner alone.
    pub async fn open_with(
        url: &DatabaseUrl,
        connections: u32,
        limits: Limits,
    ) -> Result<Self, DatabaseError> {
        let (readers, writer) = match url {
            DatabaseUrl::Sqlite(path) => sqlite::open(path, limits).await?,
            DatabaseUrl::Postgres(url) => {
                let pool = postgres::open(&url.0, connections, limits).await?;
                (pool.clone(), pool)
            }
        };
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
        self.transact(self.0.writer.limits(), work).await
    }

    async fn transact<T, E, F>(&self, limits: Limits, work: impl FnOnce(Tx) -> F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: Future<Output = Result<T, E>>,
    {
        // Boxed: what begins a transaction is large, and every use case would carry it.
        let tx = Arc::new(Box::pin(self.begin(limits)).await.map_err(DatabaseError)?);
        // An error ends here: the transaction drops and is undone.
        let value = work(Tx(tx.clone())).await?;
        let tx = Arc::try_unwrap(tx)
            .map_err(|_| DatabaseError(DbErr::Custom("a transaction was kept".to_owned())))?;
        Box::pin(tx.commit()).await.map_err(DatabaseError)?;
        Ok(value)
    }

    async fn begin(&self, limits: Limits) -> Result<Transaction, DbErr> {
        let writer = &self.0.writer;
        if limits == Limits::Request {
            return writer.begin(limits.until()).await;
        }
        let give_up = Instant::now() + OTHERS;
        let tx = loop {
            match writer.begin(None).await {
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

    /// Whether there is such a table; a database that cannot be asked is an error, not a no.
    pub async fn has_table(&self, name: &str) -> Result<bool, DatabaseError> {
        Ok(has_table(&self.0.writer, name).await?)
    }

    /// Whether the schema is as this program wants it.
    pub async fn schema(&self) -> Result<SchemaState, DatabaseError> {
        // Names, and not SeaORM's status: a migration that this program does not know is no error to
        // it but an answer to give.
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

    /// Applies what is pending and then runs `after`, all in one transaction and under a lock: of two
    /// processes that start at once the second waits and finds nothing to do, and one that is killed
    /// leaves the schema as it was.
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

    /// Whether the database answers, and lets each of its tables be read: one that another session has locked is no
    /// more use to a page than one that is gone.
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
        Ok(within(Some(Instant::now() + PING), look).await?)
    }

    /// Closes all connections, so that SQLite folds its write-ahead log into the file.
    pub async fn close(&self) -> Result<(), DatabaseError> {
        self.0.readers.close().await?;
        Ok(self.0.writer.close().await?)
    }
}

/// What bringing the schema up to date has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrated {
    /// There was nothing to do.
    Current,
    /// There was no schema before.
    Created,
    /// This number of migrations was applied.
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
        // The number is arbitrary: it only has to be the same in every process.
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

/// Whether there is such a table, also if this role may not read it: one of another role's is there too, and reading it says so.
async fn has_table(on: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    let look = match on.get_database_backend() {
        DatabaseBackend::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
    };
    let look = Statement::from_sql_and_values(on.get_database_backend(), look, [name.into()]);
    Ok(on.query_one_raw(look).await?.is_some())
}

/// The names of the migrations that were applied.
async fn applied(on: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let rows = Migrator::get_migration_models(on).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    // Statements hold no values, but they are noise at every level.
    options.sqlx_logging(false).record_stmt_in_spans(false);
    options
}

#[cfg(test)]
mod tests;
