//! A database of an earlier version is upgraded with its content.

mod catalogue;
mod every_table;
mod providers;
mod rows;

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use mail360::platform::database::{Database, DatabaseError, SchemaState};
use migrations::Migrator;
use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use sea_orm_migration::MigratorTrait;

use crate::support::{Kind, Place, Raw, write_keys};

/// The number of migrations of an earlier version, before the list had its orders.
const EARLIER: u32 = 8;

/// An empty database with this number of migrations, direct access to it, and a connection that fills it.
async fn migrated(kind: Kind, migrations: u32) -> (Place, Raw, DatabaseConnection) {
    let place = Place::new(kind).await;
    let url = place.address();
    // Creates the file.
    Database::open(&url).await.expect("a database").close().await.expect("closed");
    let earlier = match kind {
        Kind::Sqlite => sea_orm::Database::connect(format!("{}?mode=rw", place.url)).await,
        Kind::Postgres => sea_orm::Database::connect(&place.url).await,
    };
    let earlier = earlier.expect("a connection");
    Migrator::up(&earlier, Some(migrations)).await.expect("migrated");
    let raw = Raw::open(kind, &url).await;
    (place, raw, earlier)
}

/// A database of an earlier version with two connectors, and direct access to it.
async fn earlier(kind: Kind) -> (Place, Raw) {
    let (place, raw, earlier) = migrated(kind, EARLIER).await;
    let (organisation, id) = (raw.id(uuid::Uuid::from_u128(1)), raw.id(uuid::Uuid::from_u128(2)));
    let other = raw.id(uuid::Uuid::from_u128(3));
    let organisations =
        format!("INSERT INTO organisations (id, name, created_at) VALUES ({organisation}, 'Contoso', 0)");
    earlier.execute_unprepared(&organisations).await.expect("inserted");
    for (id, name, day) in [(&id, "one", "'2027-05-01'"), (&other, "two", "NULL")] {
        let connector = format!(
            "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, form_id, client_id, \
             client_secret, client_secret_hint, secret_expires_on, cloud, account_type, scopes, state, version, \
             created_at, changed_at) VALUES ({id}, {organisation}, 'outlook', '{name}', '{name}', {id}, \
             '1b4e28ba-2fa1-11d2-883f-0016d3cca427', {}, '', {day}, 'global', 'tenants_and_personal', \
             'User.Read', 'verified', 7, 0, 0)",
            raw.bytes(&[0])
        );
        earlier.execute_unprepared(&connector).await.expect("inserted");
    }
    earlier.close().await.expect("closed");
    (place, raw)
}

/// Asserts that the newer version has upgraded those connectors.
async fn assert_brought_up_to_date(raw: &Raw) {
    let keys: Vec<String> = raw.column("SELECT expiry_key FROM connectors ORDER BY expiry_key").await;
    assert_eq!(keys, ["2027-05-01", "9999-12-31"]);
    let versions: Vec<i64> = raw.column("SELECT application_version FROM connectors").await;
    assert_eq!(versions, [7, 7], "earlier sign-ins have this version of their connector");
    let settings: Vec<String> = raw.column("SELECT DISTINCT provider_settings FROM connectors").await;
    assert_eq!(settings, [r#"{"account_type":"tenants_and_personal","tenant":null}"#]);
    // The sweep of the newer version writes the words of their names. The migration only marks them as missing.
    let missing = "SELECT COUNT(*) FROM connectors WHERE indexed_name IS DISTINCT FROM name_key";
    assert_eq!((raw.one::<i64>(missing).await, raw.count("connector_words").await), (2, 0));
}

#[rstest]
#[tokio::test]
async fn connectors_of_an_earlier_version_are_listed_and_sorted_like_new_ones(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (place, raw) = earlier(kind).await;
    let database = Database::open(&place.address()).await.expect("a database");
    assert_eq!(database.schema().await.expect("a state"), SchemaState::Behind);
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    assert_eq!(database.schema().await.expect("a state"), SchemaState::Current);
    assert_brought_up_to_date(&raw).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn d6_a_killed_upgrade_is_complete_or_not_begun_and_the_next_run_finishes_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let applied = async |raw: &Raw| raw.count("seaql_migrations").await;
    let (mut took, mut all, mut killed) = (Duration::ZERO, 0, 0);
    for part in 0..12 {
        let (place, raw) = earlier(kind).await;
        let keys = place.folder().join("encryption.key");
        write_keys(&keys, &[("test", 7)]);
        let migrate = || {
            let mut line = Command::new(env!("CARGO_BIN_EXE_mail360"));
            line.args(["migrate", "--database-url", &place.url])
                .arg("--encryption-key-file")
                .arg(&keys)
                .env_clear();
            line.stdin(Stdio::null()).stdout(Stdio::null());
            let child = line.spawn().expect("the program");
            (child, Instant::now())
        };
        // The first run measures the duration. Each later run is killed a little later than the one before.
        if part > 0 {
            let (mut child, _) = migrate();
            tokio::time::sleep(took * part / 12).await;
            child.kill().expect("killed, or at its end");
            killed += u32::from(!child.wait().expect("an end").success());
            let there = applied(&raw).await;
            assert!(there == i64::from(EARLIER) || there == all, "{there} of {all}");
            assert_eq!(raw.count("connectors").await, 2);
        }
        let (mut child, begun) = migrate();
        assert!(child.wait().expect("an end").success());
        if part == 0 {
            (took, all) = (begun.elapsed(), applied(&raw).await);
            assert!(all > i64::from(EARLIER));
        }
        assert_eq!(applied(&raw).await, all);
        assert_brought_up_to_date(&raw).await;
    }
    assert!(killed > 0, "{killed}");
}
