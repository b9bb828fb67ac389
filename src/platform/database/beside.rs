//! A second SQLite file beside the database, for large values that must not keep other writers waiting.

use std::{path::Path, sync::Arc};

use sea_orm::ConnectionTrait;

use super::{Connections, Database, DatabaseError, Limits, Queries, Tx, sqlite};

impl Database {
    /// Opens the file beside a SQLite database whose name ends with `ending`, within the time limits of requests.
    /// Creates it, readable only by its owner, and its table with the statement `create_table` if they are missing.
    ///
    /// A change that was committed survives a kill of the process, and may be lost in a power failure. What is deleted
    /// stays in the free space of the file, so the values must be encrypted.
    pub async fn open_beside(
        database: &Path,
        ending: &str,
        create_table: &'static str,
    ) -> Result<Self, DatabaseError> {
        // Two addresses may name one database through symbolic links.
        let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
        let path = sqlite::append_ending(&real, ending);
        let (readers, writer) = sqlite::open(&path, sqlite::LARGE_VALUES, Limits::Request).await?;
        let opened = Self(Arc::new(Connections { readers, writer }));
        opened
            .write::<_, DatabaseError, _>(async |tx: Tx| {
                tx.connection().execute_unprepared(create_table).await?;
                Ok(())
            })
            .await?;
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Statement;

    use super::*;

    const TABLE: &str = "CREATE TABLE IF NOT EXISTS lines (text text NOT NULL)";

    async fn ask(on: &impl Queries, sql: &str) -> String {
        let connection = on.connection();
        let asked = Statement::from_string(connection.get_database_backend(), sql.to_owned());
        let row = connection.query_one_raw(asked).await.expect("an answer").expect("a row");
        row.try_get_by_index::<i64>(0)
            .map_or_else(|_| row.try_get_by_index::<String>(0).expect("a text"), |number| number.to_string())
    }

    #[tokio::test]
    async fn a_file_beside_a_database_has_its_own_settings_and_keeps_its_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("mail360.sqlite");
        let first = Database::open_beside(&database, "-lines.db", TABLE).await.expect("made");
        first
            .write::<_, DatabaseError, _>(async |tx: Tx| {
                assert_eq!(ask(&tx, "PRAGMA page_size").await, "32768");
                assert_eq!(ask(&tx, "PRAGMA auto_vacuum").await, "2");
                assert_eq!(ask(&tx, "PRAGMA synchronous").await, "1");
                assert_eq!(ask(&tx, "PRAGMA journal_mode").await, "wal");
                tx.connection().execute_unprepared("INSERT INTO lines VALUES ('kept')").await?;
                Ok(())
            })
            .await
            .expect("written");
        first.close().await.expect("closed");
        assert!(folder.path().join("mail360.sqlite-lines.db").exists());
        let again = Database::open_beside(&database, "-lines.db", TABLE).await.expect("opened");
        assert_eq!(ask(&again.read(), "SELECT text FROM lines").await, "kept");
        again.close().await.expect("closed");
    }
}
