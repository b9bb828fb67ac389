//! Decides which database errors are temporary: the database is unreachable, full, read-only or busy for too
//! long. The same operation may succeed later.

use sea_orm::{
    DbErr, RuntimeErr, SqlxError,
    error::{SqlxPostgresError, SqlxSqliteError},
};

/// Whether the error is temporary.
pub(super) fn is_outage(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            is_outage_of_driver(error)
        }
        _ => false,
    }
}

fn is_outage_of_driver(error: &SqlxError) -> bool {
    let error = match error {
        SqlxError::Database(error) => error,
        error => {
            return matches!(
                error,
                SqlxError::Io(_)
                    | SqlxError::Tls(_)
                    | SqlxError::PoolTimedOut
                    | SqlxError::PoolClosed
                    | SqlxError::WorkerCrashed
            );
        }
    };
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<SqlxSqliteError>().is_some() {
        // SQLITE_BUSY, _READONLY, _INTERRUPT (the time limit), _IOERR, _FULL, _CANTOPEN; an extended code has
        // the primary one in its low byte (SQLite, "Result and Error Codes").
        code.parse::<u32>().is_ok_and(|code| [5, 8, 9, 10, 13, 14].contains(&(code & 0xff)))
    } else if error.try_downcast_ref::<SqlxPostgresError>().is_some() {
        // Connection exceptions, insufficient resources (53100 is a full disk), system errors; shutdown,
        // crash, not up yet; a read-only transaction; a deadlock, of which one transaction is ended; time
        // limits of a lock, a statement and an idle transaction (PostgreSQL, Appendix A, "Error Codes"). The
        // last two come from a pooler in transaction mode, which loses our prepared statements.
        ["08", "53", "58"].iter().any(|class| code.starts_with(class))
            || [
                "57P01", "57P02", "57P03", "25006", "40P01", "55P03", "57014", "25P03", "57P05", "42P05",
                "26000",
            ]
            .contains(&&*code)
    } else {
        false
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

    use super::*;

    async fn memory(set_up: &str) -> DatabaseConnection {
        let mut options = ConnectOptions::new("sqlite::memory:");
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await.expect("a database");
        connection.execute_unprepared("CREATE TABLE t (x BLOB UNIQUE)").await.expect("a table");
        connection.execute_unprepared(set_up).await.expect("set up");
        connection
    }

    #[tokio::test]
    async fn d4_full_and_read_only_are_outages_and_a_mistake_is_not() {
        for (set_up, statement, passes) in [
            ("PRAGMA max_page_count = 3", "INSERT INTO t VALUES (randomblob(100000))", true),
            ("PRAGMA query_only = 1", "INSERT INTO t VALUES (1)", true),
            ("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", false),
            ("INSERT INTO t VALUES (1)", "INSERT INTO nowhere VALUES (1)", false),
        ] {
            let error = memory(set_up).await.execute_unprepared(statement).await.expect_err("refused");
            assert_eq!(is_outage(&error), passes, "{error}");
        }
    }
}
