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
async fn a_statement_is_planned_once_and_not_again_for_each_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("mail360.sqlite"));
    let database = Database::open(&url).await.expect("a database");
    // Without it, a statement with a LIMIT parameter is prepared again at every run.
    assert_eq!(
        one(&database, "SELECT sqlite_compileoption_used('ENABLE_QPSG')").await,
        1,
        "see .cargo/config.toml"
    );
}

#[tokio::test]
async fn d4_a_commit_after_a_full_disk_is_visible_to_all_connections() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("mail360.sqlite"));
    let database = Database::open(&url).await.expect("a database");
    write(&database, "CREATE TABLE t (x BLOB)").await.expect("a table");
    // SQLite rolls the whole transaction back by itself, so a driver that counts transactions is one off.
    write(&database, "PRAGMA max_page_count = 4").await.expect("set");
    let full = write(&database, "INSERT INTO t VALUES (randomblob(100000))").await.expect_err("full");
    assert!(full.is_outage(), "{full}");
    // A use case that is rolled back, for example because a name is taken.
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
    assert_eq!(count(&Database::open(&url).await.expect("it opens")).await, 1, "it is on the disk");
}

/// Counts forever.
const ENDLESS: &str =
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n";

#[tokio::test]
async fn c44_an_endless_sqlite_statement_is_ended_and_others_still_work() {
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
    assert_eq!(count(&database).await, 1, "the ended statement left nothing");
}

#[tokio::test]
async fn c44_a_statement_without_a_waiting_caller_is_ended() {
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
