//! A database of an earlier version is brought up to date with what is in it.

use mail360::platform::database::{Database, DatabaseError, DatabaseUrl, SchemaState, Secret};
use migrations::Migrator;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;

use crate::support::{Kind, Raw};

#[rstest]
#[tokio::test]
async fn connectors_of_an_earlier_version_are_listed_and_sorted_like_new_ones(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = kind.new_database(folder.path()).await;
    let url = match text.strip_prefix("sqlite:") {
        Some(path) => DatabaseUrl::Sqlite(path.into()),
        None => DatabaseUrl::Postgres(Secret(text.clone())),
    };
    // Eight migrations: before the list had its orders.
    let database = Database::open(&url).await.expect("a database");
    let earlier = match kind {
        Kind::Sqlite => sea_orm::Database::connect(format!("{text}?mode=rw")).await,
        Kind::Postgres => sea_orm::Database::connect(&text).await,
    };
    let earlier = earlier.expect("a connection");
    Migrator::up(&earlier, Some(8)).await.expect("migrated");
    let raw = Raw::open(kind, &url).await;
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
    assert_eq!(database.schema().await.expect("a state"), SchemaState::Behind);
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");
    assert_eq!(database.schema().await.expect("a state"), SchemaState::Current);
    let keys: Vec<String> = raw.column("SELECT expiry_key FROM connectors ORDER BY expiry_key").await;
    assert_eq!(keys, ["2027-05-01", "9999-12-31"]);
    let versions: Vec<i64> = raw.column("SELECT application_version FROM connectors").await;
    assert_eq!(versions, [7, 7], "sign-ins that were under way still fit");
}
