//! The key: what the program does if it is missing, wrong or exposed.

use std::sync::Arc;

use mail360::{
    platform::{
        database::{Database, DatabaseUrl, SchemaState},
        randomness::SystemRandomness,
    },
    vault::custody::{self, CustodyError},
};
use rstest::rstest;

use crate::support::{Kind, Place, World, write_key};

async fn take(world: &World) -> Result<bool, CustodyError> {
    let config = &world.program.config;
    let database = Database::open(&config.database).await?;
    let taken = custody::load_keys(
        &config.encryption_key_file,
        &config.database,
        &database,
        true,
        &*world.clock,
        Arc::new(SystemRandomness),
    )
    .await;
    taken.map(|custody| custody.made)
}

#[rstest]
#[tokio::test]
async fn s5_with_another_key_the_program_stops_before_it_writes_anything(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let key_file = world.program.config.encryption_key_file.clone();
    let before = world.raw.dump(&[]).await;
    assert!(matches!(take(&world).await, Ok(false)), "the right key was refused or replaced");

    write_key(&key_file, "test", 8);
    let wrong = take(&world).await.expect_err("another key");
    assert!(matches!(&wrong, CustodyError::WrongKey(id) if id == "test"), "{wrong}");
    write_key(&key_file, "other", 7);
    let missing = take(&world).await.expect_err("another key");
    assert!(matches!(&missing, CustodyError::MissingKey(id) if id == "test"), "{missing}");
    for error in [wrong, missing] {
        assert!(error.to_string().contains("start with a new database"), "{error}");
    }
    assert_eq!(world.raw.dump(&[]).await, before);
}

#[rstest]
#[tokio::test]
async fn s5_a_missing_key_is_not_replaced(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let key_file = world.program.config.encryption_key_file.clone();
    std::fs::remove_file(&key_file).expect("removed");
    let error = take(&world).await.expect_err("no key");
    assert!(matches!(error, CustodyError::Gone { .. }), "{error}");
    assert!(error.to_string().contains("put that file back"), "{error}");
    assert!(error.to_string().contains("start with a new database"), "{error}");
    assert!(!key_file.exists());
}

#[rstest]
#[case::world_readable(0o644)]
#[case::group_readable(0o640)]
#[tokio::test]
async fn s5_a_key_that_others_can_read_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] mode: u32,
) {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new(kind).await;
    let key_file = &world.program.config.encryption_key_file;
    std::fs::set_permissions(key_file, std::fs::Permissions::from_mode(mode)).expect("permissions");
    let error = take(&world).await.expect_err("exposed");
    assert!(error.to_string().contains("600"), "{error}");
}

#[tokio::test]
async fn s5_an_empty_sqlite_database_gets_a_new_key_and_the_program_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("data/mail360.sqlite"));
    let database = Database::open(&url).await.expect("a database");
    let key_file = folder.path().join("data/encryption.key");
    let clock = mail360::platform::clock::SystemClock;
    let take = async |may_make| {
        custody::load_keys(&key_file, &url, &database, may_make, &clock, Arc::new(SystemRandomness)).await
    };
    let early = take(false).await.err().expect("a look makes none");
    assert!(matches!(early, CustodyError::NoSchema { .. }) && !key_file.exists(), "{early}");
    assert!(take(true).await.expect("a key").made);
    assert!(key_file.exists());
    assert!(!take(true).await.expect("the key").made, "it is made once");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s5_a_second_process_with_another_key_of_the_same_id_stops(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let config = &world.program.config;
    let vault = async |byte| {
        let path = world.folder().join(format!("{byte}.key"));
        write_key(&path, "second", byte);
        let first = std::fs::read_to_string(&config.encryption_key_file).expect("the key");
        let both = std::fs::read_to_string(&path).expect("a key") + &first;
        std::fs::write(&path, both).expect("two keys");
        let database = Database::open(&config.database).await.expect("a database");
        let randomness = Arc::new(SystemRandomness);
        let custody =
            custody::load_keys(&path, &config.database, &database, false, &*world.clock, randomness).await;
        (database, custody.expect("both were sound before either was entered").vault)
    };
    let processes = [vault(1).await, vault(2).await];
    let enter = async |at: usize| {
        let (database, vault) = &processes[at];
        database.write(async |tx| custody::register_key(&tx, vault).await).await
    };
    let (one, two) = tokio::join!(enter(0), enter(1));
    let refused = [one, two].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(refused.as_slice(), [CustodyError::WrongKey(id)] if id == "second"), "{refused:?}");
}

#[rstest]
#[tokio::test]
async fn s5_a_database_that_cannot_be_asked_for_its_key_gets_no_new_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let key_file = world.program.config.encryption_key_file.clone();
    std::fs::remove_file(&key_file).expect("removed");
    // Half of a restored backup: migrations are pending, and existing values are unreadable.
    world.raw.run("DELETE FROM seaql_migrations WHERE version LIKE '%throttles%'").await.expect("deleted");
    world.raw.run("ALTER TABLE settings RENAME COLUMN value TO values_").await.expect("renamed");
    let error = take(&world).await.expect_err("no answer");
    assert!(matches!(error, CustodyError::Database(_)), "{error}");
    assert!(!key_file.exists());
}

#[rstest]
#[tokio::test]
async fn an_older_or_newer_schema_is_recognised(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let schema = async || world.program.database.schema().await.expect("an answer");
    assert_eq!(schema().await, SchemaState::Current);
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_x', 1)";
    world.raw.run(newer).await.expect("inserted");
    assert_eq!(schema().await, SchemaState::Ahead);
    world
        .raw
        .run("DELETE FROM seaql_migrations WHERE version LIKE '%activity%' OR version LIKE '%_x'")
        .await
        .expect("deleted");
    assert_eq!(schema().await, SchemaState::Behind);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_migrate_at_once_each_finds_the_right_schema(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let place = Place::new(kind).await;
    let url = place.address();
    let mut processes = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = url.clone();
        processes.spawn(async move {
            let database = Database::open(&url).await.expect("a database");
            database
                .migrate(async |_| Ok::<_, mail360::platform::database::DatabaseError>(()))
                .await
                .expect("migrated");
            database.schema().await.expect("an answer")
        });
    }
    for state in processes.join_all().await {
        assert_eq!(state, SchemaState::Current);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_sqlite_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data").join("mail360.sqlite");
    Database::open(&DatabaseUrl::Sqlite(path.clone())).await.expect("a database");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().expect("a folder")), 0o700);
    for beside in ["mail360.sqlite-wal", "mail360.sqlite-shm"] {
        let beside = path.with_file_name(beside);
        assert!(!beside.exists() || mode(&beside) == 0o600);
    }
}
