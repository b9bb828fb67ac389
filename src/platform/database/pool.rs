//! Connections with a time limit: a query that waits too long for a connection, a lock or an answer ends
//! before the request does, with its own error.
//!
//! Each slot has at most one connection. A slot that can get none (a role with few connections, a pooler with
//! fewer than we want) is set aside for a while, and requests share the other connections.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    ExecResult, QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    limits::{COMMAND_PATIENCE, Deadline, Limits, within},
    postgres::{Refusal, Server},
};

/// How long a slot that could get no connection is set aside.
const SET_ASIDE_FOR: Duration = Duration::from_secs(30);
/// How often the log says that there are fewer connections than configured.
const LOG_INTERVAL: Duration = Duration::from_mins(5);
/// How much earlier than its operation a SQLite statement, or the search for a connection, ends, so that the
/// user sees that more specific error.
const MARGIN: Duration = Duration::from_secs(1);
/// An answer this recent shows that the server is up, even if a new connection gets none.
const RECENT_ANSWER: Duration = Duration::from_secs(3);

/// A place for one connection.
#[derive(Debug)]
pub(super) struct Slot {
    /// SeaORM's own pool, with one connection. It reconnects by itself.
    pub connection: DatabaseConnection,
    /// The deadline of the running statement, on SQLite.
    pub deadline: Deadline,
    /// Whether it has a connection, as far as is known.
    pub connected: bool,
}

#[derive(Debug, Default)]
struct Slots {
    /// The last one is taken first.
    idle: Vec<Slot>,
    aside: Vec<(Instant, Slot)>,
    /// Number of slots with a connection, in use or idle.
    connected: usize,
    /// When the log last reported that PostgreSQL gives no more connections.
    logged_at: Option<Instant>,
}

/// Lends connections, each for one query or one transaction.
#[derive(Clone, Debug)]
pub(super) struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: DatabaseBackend,
    limits: Limits,
    /// Has a permit for each idle slot.
    gate: Arc<Semaphore>,
    slots: Mutex<Slots>,
    all: Vec<DatabaseConnection>,
    /// Tries whether a slot without a connection can get one.
    server: Option<Server>,
    last_answer: Mutex<Option<Instant>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No holder of the lock can panic halfway through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lent connection. Dropping it returns the connection.
pub(super) struct LentConnection {
    pool: Pool,
    connection: DatabaseConnection,
    slot: Option<Slot>,
    permit: Option<OwnedSemaphorePermit>,
    /// Whether the last statement has ended. One that has not is interrupted.
    ended: bool,
}

impl LentConnection {
    pub(super) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Takes the outcome of the statement. If the slot could get no connection, the statement did not run. It
    /// is tried again on another connection, unless the server is unreachable.
    ///
    /// # Returns
    /// The outcome; `None` if the statement must be tried again.
    async fn outcome<T>(mut self, outcome: Result<T, DbErr>) -> Option<(Result<T, DbErr>, Self)> {
        self.ended = true;
        let out_of_reach = matches!(outcome, Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
        let Some(server) = self.pool.0.server.clone().filter(|_| out_of_reach) else {
            if !matches!(outcome, Err(DbErr::ConnectionAcquire(_) | DbErr::Conn(_))) {
                *lock(&self.pool.0.last_answer) = Some(Instant::now());
            }
            return Some((outcome, self));
        };
        self.set_connected(false);
        match server.probe().await {
            Ok(()) => {
                // The slot's own connection hangs, perhaps because its server is gone. Replace it.
                if let (Some(slot), Ok(connection)) = (&mut self.slot, server.slot().await) {
                    slot.connection = connection;
                }
                None
            }
            Err(refusal) if self.pool.others_answer(&refusal) => {
                self.put_aside();
                None
            }
            Err(Refusal { full: true, .. }) => None,
            Err(refusal) => Some((Err(refusal.error), self)),
        }
    }

    fn set_connected(&mut self, connected: bool) {
        let Some(slot) = self.slot.as_mut().filter(|slot| slot.connected != connected) else { return };
        slot.connected = connected;
        let mut slots = lock(&self.pool.0.slots);
        slots.connected = if connected { slots.connected + 1 } else { slots.connected.saturating_sub(1) };
    }

    /// Sets the slot aside: the server has no connection for it, and other slots have theirs.
    fn put_aside(mut self) {
        let Some(slot) = self.slot.take() else { return };
        if let Some(permit) = self.permit.take() {
            permit.forget();
        }
        let mut slots = lock(&self.pool.0.slots);
        slots.aside.push((Instant::now(), slot));
        if slots.logged_at.is_some_and(|at| at.elapsed() < LOG_INTERVAL) {
            return;
        }
        slots.logged_at = Some(Instant::now());
        let connected = slots.connected;
        drop(slots);
        tracing::warn!(
            connected,
            "PostgreSQL accepts no further connection: requests share the existing ones. To match, set \
             MAIL360_DATABASE_CONNECTIONS"
        );
    }
}

impl Drop for LentConnection {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        if !self.ended {
            // No caller waits for the statement any more. Interrupt it.
            slot.deadline.set(Some(Instant::now()));
        }
        let mut slots = lock(&self.pool.0.slots);
        if self.ended && slot.connected {
            slots.idle.push(slot);
        } else {
            slots.idle.insert(0, slot);
        }
        // Dropping the permit after the slot: the request that gets the permit finds a slot.
    }
}

/// Runs a SeaORM statement on a connection of the pool, within the time limit.
macro_rules! run {
    ($pool:expr, |$connection:ident| $statement:expr) => {{
        let pool: &Pool = $pool;
        let until = pool.0.limits.until();
        within(until, async {
            loop {
                let lease = pool.lease(until).await?;
                let $connection = lease.connection();
                let outcome = $statement.await;
                if let Some((outcome, _)) = lease.outcome(outcome).await {
                    return outcome;
                }
            }
        })
        .await
    }};
}

impl Pool {
    pub(super) fn new(
        backend: DatabaseBackend,
        limits: Limits,
        slots: Vec<Slot>,
        server: Option<Server>,
    ) -> Self {
        let connected = slots.iter().filter(|slot| slot.connected).count();
        Self(Arc::new(Inner {
            backend,
            limits,
            gate: Arc::new(Semaphore::new(slots.len())),
            all: slots.iter().map(|slot| slot.connection.clone()).collect(),
            slots: Mutex::new(Slots { idle: slots, connected, ..Slots::default() }),
            server,
            last_answer: Mutex::new(None),
        }))
    }

    pub(super) fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Borrows a connection, and sets the deadline of its statement.
    pub(super) async fn lease(&self, until: Option<Instant>) -> Result<LentConnection, DbErr> {
        let early = until.map(|until| until.checked_sub(MARGIN).unwrap_or(until));
        let patience = early.unwrap_or_else(|| Instant::now() + COMMAND_PATIENCE);
        loop {
            self.take_back();
            let closed = |_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
            let permit = self.0.gate.clone().acquire_owned().await.map_err(closed)?;
            // There is an idle slot for each permit.
            let Some(slot) = lock(&self.0.slots).idle.pop() else { continue };
            slot.deadline.set(early);
            let connected = slot.connected;
            let connection = slot.connection.clone();
            let mut lease = LentConnection {
                pool: self.clone(),
                connection,
                slot: Some(slot),
                permit: Some(permit),
                ended: true,
            };
            let Some(server) = self.0.server.as_ref().filter(|_| !connected) else {
                lease.ended = false;
                return Ok(lease);
            };
            match server.probe().await {
                Ok(()) => {
                    lease.set_connected(true);
                    lease.ended = false;
                    return Ok(lease);
                }
                Err(refusal) if self.others_answer(&refusal) => lease.put_aside(),
                Err(Refusal { full: true, .. }) if Instant::now() < patience => {
                    // Another process may free a connection.
                    drop(lease);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(refusal) => return Err(refusal.error),
            }
        }
    }

    /// Whether to wait for another slot's connection: there are some, and this slot is one too many.
    fn others_answer(&self, refusal: &Refusal) -> bool {
        let recent = lock(&self.0.last_answer).is_some_and(|at| at.elapsed() < RECENT_ANSWER);
        lock(&self.0.slots).connected > 0 && (refusal.full || (refusal.silent && recent))
    }

    /// Returns a slot that was set aside long enough, for another try.
    fn take_back(&self) {
        let mut slots = lock(&self.0.slots);
        if slots.aside.first().is_some_and(|(at, _)| at.elapsed() > SET_ASIDE_FOR) {
            let (_, slot) = slots.aside.remove(0);
            slots.idle.insert(0, slot);
            drop(slots);
            self.0.gate.add_permits(1);
        }
    }

    /// Begins a transaction; on SQLite one that writes.
    pub(super) async fn begin_transaction(&self, until: Option<Instant>) -> Result<Transaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        within(until, async {
            loop {
                let lease = self.lease(until).await?;
                let begun = lease.connection().begin_with_options(options).await;
                if let Some((begun, lease)) = lease.outcome(begun).await {
                    return begun.map(|inner| Transaction { inner, until, lease });
                }
            }
        })
        .await
    }

    /// Closes all connections.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        for connection in &self.0.all {
            connection.close_by_ref().await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.0.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        run!(self, |connection| connection.execute_raw(statement.clone()))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        run!(self, |connection| connection.execute_unprepared(sql))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        run!(self, |connection| connection.query_one_raw(statement.clone()))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        run!(self, |connection| connection.query_all_raw(statement.clone()))
    }
}

/// A transaction and its connection. Dropping it rolls it back.
pub(super) struct Transaction {
    pub inner: DatabaseTransaction,
    until: Option<Instant>,
    // Declared after the transaction, which must be dropped first.
    lease: LentConnection,
}

impl Transaction {
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        let Self { inner, until, lease } = self;
        let done = within(until, inner.commit()).await;
        drop(lease);
        done
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within(self.until, self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within(self.until, self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within(self.until, self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within(self.until, self.inner.query_all_raw(statement)).await
    }
}
