use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::*;

async fn run(tx: &Tx, sql: &str) -> Result<(), DatabaseError> {
    tx.connection().execute_unprepared(sql).await?;
    Ok(())
}

async fn write(database: &Database, sql: &str) -> Result<(), DatabaseError> {
    database.write(async |tx| run(&tx, sql).await).await
}

async fn one(database: &Database, sql: &str) -> i64 {
    let read = database.read();
    let statement = Statement::from_string(DatabaseBackend::Sqlite, sql);
    let row = read.connection().query_one_raw(statement).await.expect("an answer").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

async fn count(database: &Database) -> i64 {
    one(database, "SELECT COUNT(*) FROM t").await
}

#[tokio::test]
async fn a_statement_is_planned_once_and_not_anew_for_each_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("mail360.sqlite"));
    let database = Database::open(&url).await.expect("a database");
    // Otherwise a LIMIT that is a parameter has each statement prepared at every run.
    assert_eq!(
        one(&database, "SELECT sqlite_compileoption_used('ENABLE_QPSG')").await,
        1,
        "see .cargo/config.toml"
    );
}

#[tokio::test]
async fn d4_what_is_committed_after_a_full_disk_is_there_for_everybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("mail360.sqlite"));
    let database = Database::open(&url).await.expect("a database");
    write(&database, "CREATE TABLE t (x BLOB)").await.expect("a table");
    // SQLite undoes the whole transaction by itself then, and whoever counts transactions is one behind.
    write(&database, "PRAGMA max_page_count = 4").await.expect("set");
    let full = write(&database, "INSERT INTO t VALUES (randomblob(100000))").await.expect_err("full");
    assert!(full.is_outage(), "{full}");
    // A use case that comes to nothing, as where a name is taken.
    let undone: Result<(), _> = database
        .write(async |tx: Tx| {
            run(&tx, "INSERT INTO t VALUES (1)").await?;
            Err(DatabaseError(DbErr::Custom("taken".to_owned())))
        })
        .await;
    assert!(undone.is_err());
    assert_eq!(count(&database).await, 0);
    write(&database, "INSERT INTO t VALUES (2)").await.expect("there is room for it");
    assert_eq!(count(&database).await, 1, "others see it");
    drop(database);
    assert_eq!(count(&Database::open(&url).await.expect("it opens")).await, 1, "and it is on the disk");
}

/// Counts for ever.
const ENDLESS: &str =
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n";

#[tokio::test]
async fn c44_a_statement_of_sqlites_that_does_not_end_is_ended_and_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("mail360.sqlite"));
    let database = Database::open(&url).await.expect("a database");
    write(&database, "CREATE TABLE t (x BLOB)").await.expect("a table");
    let began = std::time::Instant::now();
    let read = async {
        DatabaseError(database.read().connection().execute_unprepared(ENDLESS).await.expect_err("ended"))
    };
    let write_ = async { write(&database, &format!("INSERT INTO t {ENDLESS}")).await.expect_err("ended") };
    for ended in <[_; 2]>::from(tokio::join!(read, write_)) {
        assert!(ended.is_outage(), "{ended}");
    }
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    write(&database, "INSERT INTO t VALUES (1)").await.expect("the writer is free");
    assert_eq!(count(&database).await, 1, "and nothing of the other was kept");
}

#[tokio::test]
async fn c44_a_statement_that_nobody_waits_for_any_more_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("mail360.sqlite"));
    let database = Database::open(&url).await.expect("a database");
    let read = database.read();
    let gone =
        tokio::time::timeout(Duration::from_millis(300), read.connection().execute_unprepared(ENDLESS));
    assert!(gone.await.is_err());
    // All connections are free again well before the time limit.
    let began = std::time::Instant::now();
    database.close().await.expect("closed");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
