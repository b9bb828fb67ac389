//! Connects to PostgreSQL, and says why it cannot.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    DatabaseBackend, DatabaseConnection, DbErr, RuntimeErr, SqlxError,
    sqlx::{
        ConnectOptions as _, Connection, Executor, PgConnection, Row,
        error::DatabaseError,
        postgres::{PgConnectOptions, PgSslMode},
    },
};

use super::{
    limits::{COMMAND_PATIENCE, Deadline, LOCK, Limits, STATEMENT},
    pool::{Pool, Slot},
    words,
};

/// How long one connection attempt may take while requests wait.
const CONNECT: Duration = Duration::from_secs(2);
/// The server ends a transaction that is idle for this long, because the process that began it is gone.
const IDLE: Duration = Duration::from_secs(15);

/// The address of the server, and the settings of a connection.
#[derive(Clone, Debug)]
pub(super) struct Server {
    options: Arc<PgConnectOptions>,
    limits: Limits,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct Refusal {
    /// An error for the operator.
    pub error: DbErr,
    /// The server has no further connection for us.
    pub full: bool,
    /// The server did not answer.
    pub silent: bool,
}

/// Opens a pool. First makes one plain connection, because the driver's pool would hide the reason of a
/// failure.
pub(super) async fn open(url: &str, connections: u32, limits: Limits) -> Result<Pool, DbErr> {
    let server = Server { options: Arc::new(parse(url).map_err(DbErr::Custom)?), limits };
    server.check_sessions().await.map_err(|refusal| refusal.error)?;
    let mut slots = Vec::new();
    for _ in 0..connections {
        slots.push(Slot {
            connection: server.slot().await?,
            deadline: Deadline::default(),
            connected: false,
        });
    }
    Ok(Pool::new(DatabaseBackend::Postgres, limits, slots, Some(server)))
}

/// The driver's options for a checked address.
pub(super) fn parse(url: &str) -> Result<PgConnectOptions, String> {
    let options: PgConnectOptions = url.parse().map_err(|error| format!("cannot be read ({error})"))?;
    // PgBouncer refuses a connection that asks for extra digits, and no column of ours holds floats.
    let options = options.extra_float_digits(None).disable_statement_logging();
    Ok(if options.get_application_name().is_none() { options.application_name("mail360") } else { options })
}

/// Whether a connection may be unencrypted although the operator has not chosen that. The driver by default
/// tries TLS and continues without it, so an attacker between the two could turn it off.
pub(super) fn may_fall_back(options: &PgConnectOptions, asked: bool) -> bool {
    !asked && !is_local(options) && matches!(options.get_ssl_mode(), PgSslMode::Prefer | PgSslMode::Allow)
}

/// Whether the connection does not leave this machine.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn set(connection: &mut PgConnection, settings: String) -> Result<(), SqlxError> {
    connection.execute(sea_orm::sqlx::AssertSqlSafe(settings)).await.map(drop)
}

impl Server {
    /// The settings of a connection. They are set after connecting, because `PgBouncer` refuses them as
    /// start-up parameters.
    fn settings(&self) -> String {
        // Hides notices such as that a table exists already.
        let mut settings = "SET client_min_messages = warning".to_owned();
        if self.limits == Limits::Request {
            let limits = [
                ("statement_timeout", STATEMENT),
                ("lock_timeout", LOCK),
                ("idle_in_transaction_session_timeout", IDLE),
            ];
            for (name, limit) in limits {
                settings = format!("{settings}; SET {name} = {}", limit.as_millis());
            }
        }
        settings
    }

    /// SeaORM's pool for one connection, which it opens on first use.
    pub(super) async fn slot(&self) -> Result<DatabaseConnection, DbErr> {
        let mut options = super::options("postgres://");
        options.max_connections(1).connect_lazy(true);
        // A server that is up answers sooner. If it is not, `probe` says why.
        options.acquire_timeout(CONNECT).connect_timeout(CONNECT);
        let (parsed, settings) = (self.options.clone(), self.settings());
        options.map_sqlx_postgres_opts(move |_| (*parsed).clone());
        options.map_sqlx_postgres_pool_opts(move |pool| {
            let settings = settings.clone();
            pool.after_connect(move |connection, _| {
                let settings = settings.clone();
                Box::pin(async move { set(connection, settings).await })
            })
        });
        sea_orm::Database::connect(options).await
    }

    /// Tries whether the server accepts another connection.
    pub(super) async fn probe(&self) -> Result<(), Refusal> {
        let connection = self.connect(CONNECT).await?;
        // The server may have closed it already.
        let _ = connection.close().await;
        Ok(())
    }

    /// Opens one plain connection.
    async fn connect(&self, patience: Duration) -> Result<PgConnection, Refusal> {
        let connect = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            set(&mut connection, self.settings()).await?;
            Ok(connection)
        };
        match tokio::time::timeout(patience, connect).await {
            Ok(connected) => connected.map_err(|error| self.refusal(&error)),
            Err(_) => Err(Refusal {
                error: connection_error(words::of_silence(&self.options, patience)),
                full: false,
                silent: true,
            }),
        }
    }

    fn refusal(&self, error: &SqlxError) -> Refusal {
        let full =
            error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "53300");
        // A pooler that has no further connection says so in its own words.
        let full = full || error.to_string().contains("no more connections allowed");
        Refusal { error: connection_error(words::of_connecting(error, &self.options)), full, silent: false }
    }

    /// Connects twice, and checks that each connection has its own session. Behind a pooler in transaction
    /// mode two clients share sessions, and prepared statements and settings get lost or mixed up.
    async fn check_sessions(&self) -> Result<(), Refusal> {
        let mut first = self.connect(COMMAND_PATIENCE).await?;
        let session = self.session(&mut first).await?;
        // If the server accepts only one connection, that one is enough.
        if let Ok(mut second) = self.connect(CONNECT).await {
            let asked = tokio::time::timeout(CONNECT, self.session(&mut second)).await;
            if let Ok(other) = asked
                && other? == session
            {
                let error = connection_error(words::of_pooler(&self.options));
                return Err(Refusal { error, full: false, silent: false });
            }
            let _ = second.close().await;
        }
        let _ = first.close().await;
        Ok(())
    }

    async fn session(&self, connection: &mut PgConnection) -> Result<i32, Refusal> {
        let row = connection.fetch_one("SELECT pg_backend_pid()").await;
        row.and_then(|row| row.try_get(0)).map_err(|error| self.refusal(&error))
    }
}

/// A connection error with a text for the operator.
fn connection_error(text: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(text))
}

#[cfg(test)]
mod tests;
