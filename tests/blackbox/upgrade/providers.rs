//! Migration 18: settings and addresses of one provider become JSON.

use std::sync::Arc;

use mail360::{
    connectors::service::SEALED,
    platform::{
        database::{Database, DatabaseError},
        randomness::SystemRandomness,
    },
    vault::{Binding, Vault, keys::Keys},
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{catalogue::Catalogue, migrated};
use crate::support::{Kind, Place, Raw, write_keys};

/// The number of migrations before the one that is tested.
const BEFORE: u32 = 17;
const CLIENT_ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const SECRET: &str = "canary~secret-of-before.1";
const ORGANISATION: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(2);
const CONNECTOR: Uuid = Uuid::from_u128(3);
const OTHER: Uuid = Uuid::from_u128(4);
/// A sign-in whose browser has not come back.
const OPEN: Uuid = Uuid::from_u128(5);
/// An earlier sign-in, which has ended.
const ENDED: Uuid = Uuid::from_u128(6);
const CREATED_AT: i64 = 3;
const EXPIRES_AT: i64 = 9;
const VERIFIER: [u8; 32] = [2; 32];

fn vault(place: &Place) -> Vault {
    let keys = place.folder().join("encryption.key");
    write_keys(&keys, &[("test", 7)]);
    Vault::new(Keys::read(&keys).expect("keys"), Arc::new(SystemRandomness))
}

/// A database of the version before, with two connectors, two sign-ins of the first one, and its activity.
async fn before(kind: Kind) -> (Place, Raw, Vault) {
    let (place, raw, connection) = migrated(kind, BEFORE).await;
    let vault = vault(&place);
    let context = [CLIENT_ID, "single_tenant", "contoso.com", "global"];
    let binding = Binding { version: 2, context: context.map(|text| Some(text.to_owned())).to_vec() };
    let sealed =
        vault.seal_bound(SEALED.place(ORGANISATION, CONNECTOR), &binding, &SecretString::from(SECRET));
    let sealed = raw.bytes(&sealed.expect("sealed"));
    let [organisation, user, connector, other, open, ended] =
        [ORGANISATION, USER, CONNECTOR, OTHER, OPEN, ENDED].map(|id| raw.id(id));
    let (hash, verifier) = (raw.bytes(&[1; 32]), raw.bytes(&VERIFIER));
    let mut statements = vec![
        format!(
            "INSERT INTO organisations (id, name, short_name, created_at) VALUES ({organisation}, 'Contoso', \
             'contoso', 0)"
        ),
        format!(
            "INSERT INTO users (id, organisation_id, email, name, password_hash, role, created_at, version) VALUES \
             ({user}, {organisation}, 'ada@contoso.test', 'Ada', '', 'admin', 0, 1)"
        ),
    ];
    for (id, name, account_type, tenant, unproved) in [
        (&connector, "one", "single_tenant", "'contoso.com'", "'Client ID, Tenant, Who may sign in'"),
        (&other, "two", "multiple_tenants", "NULL", "NULL"),
    ] {
        statements.push(format!(
            "INSERT INTO connectors (id, organisation_id, provider, service_name, name_key, form_id, client_id, \
             client_secret, client_secret_version, client_secret_hint, cloud, account_type, tenant, \
             unproved, scopes, state, version, application_version, created_at, changed_at) VALUES ({id}, \
             {organisation}, 'outlook', '{name}', '{name}', {id}, '{CLIENT_ID}', {sealed}, 2, '', 'global', \
             '{account_type}', {tenant}, {unproved}, 'User.Read', 'not_verified', 8, 7, 0, 0)"
        ));
    }
    for (id, version, tenant, consumed_at, outcome) in [
        (&open, 7, "NULL", "NULL", "NULL"),
        (&ended, 6, "'5a1e0000-7e57-4000-8000-00000000c0de'", "5", r#"'{"outcome":"failed"}'"#),
    ] {
        statements.push(format!(
            "INSERT INTO attempts (id, organisation_id, connector_id, connector_version, user_id, user_version, \
             purpose, client_id, authorize_url, token_url, graph_url, issuer, tenant, redirect_uri, scopes, \
             nonce_hash, pkce_verifier, created_at, expires_at, consumed_at, ended_at, outcome) VALUES ({id}, \
             {organisation}, {connector}, {version}, {user}, 1, 'verify', '{CLIENT_ID}', 'https://a.example/', \
             'https://t.example/', 'https://g.example/', 'https://i.example/v2.0', {tenant}, 'https://m.example/', \
             'User.Read', {hash}, {verifier}, {CREATED_AT}, {EXPIRES_AT}, {consumed_at}, {consumed_at}, {outcome})"
        ));
        statements.push(format!(
            "INSERT INTO attempt_events (id, organisation_id, attempt_id, at, step, duration, detail) VALUES ({id}, \
             {organisation}, {id}, 0, 'started', 0, '')"
        ));
    }
    for (id, action, detail) in [
        (&open, "connector.changed", "Service Name, Client Secret, Secret expires"),
        (&ended, "user.added", "Tenant, X"),
    ] {
        statements.push(format!(
            "INSERT INTO activity (id, organisation_id, at, action, entity, outcome, detail) VALUES ({id}, \
             {organisation}, 0, '{action}', 'one', 'done', '{detail}')"
        ));
    }
    for statement in statements {
        connection.execute_unprepared(&statement).await.expect("inserted");
    }
    connection.close().await.expect("closed");
    (place, raw, vault)
}

#[rstest]
#[tokio::test]
async fn columns_of_one_provider_become_json_and_no_value_is_lost(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (place, raw, vault) = before(kind).await;
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");

    let settings: Vec<String> =
        raw.column("SELECT provider_settings FROM connectors ORDER BY name_key").await;
    assert_eq!(
        settings,
        [
            r#"{"account_type":"single_tenant","tenant":"contoso.com"}"#,
            r#"{"account_type":"multiple_tenants","tenant":null}"#,
        ]
    );
    let unproved: Vec<String> =
        raw.column("SELECT COALESCE(unproved, '') FROM connectors ORDER BY name_key").await;
    assert_eq!(unproved, ["client_id tenant account_type", ""]);
    let detail: Vec<String> = raw.column("SELECT detail FROM activity ORDER BY action").await;
    assert_eq!(detail, ["service_name client_secret secret_expires_on", "Tenant, X"]);

    let pinned: Vec<String> = raw.column("SELECT pinned FROM attempts ORDER BY connector_version DESC").await;
    let addresses =
        r#"{"authorize":"https://a.example/","token":"https://t.example/","graph":"https://g.example/","#;
    let issuer = r#""issuer":"https://i.example/v2.0","#;
    let directories = [
        r#""tenant":null,"domain":null}"#,
        r#""tenant":"5a1e0000-7e57-4000-8000-00000000c0de","domain":null}"#,
    ];
    assert_eq!(pinned, directories.map(|directory| [addresses, issuer, directory].concat()));
    let providers: Vec<String> = raw.column("SELECT DISTINCT provider FROM attempts").await;
    assert_eq!(providers, ["outlook"]);
    assert_eq!(raw.count("attempt_events").await, 2);
    let gone = [("settings", "changed_at"), ("users", "created_at"), ("organisations", "created_at")];
    for (table, column) in gone {
        let columns = Catalogue { kind, raw: &raw }.columns(table).await;
        assert!(!columns.is_empty() && !columns.contains(column), "{table}: {columns:?}");
    }

    // The secrets are sealed for the same values as before.
    let page = SEALED.column.page(&database.read(), SEALED.bound, None, 10).await.expect("a page");
    let value = page.iter().find(|value| value.id == CONNECTOR).expect("the first connector");
    let binding = Binding { version: value.version, context: value.context.clone() };
    let opened = vault.open_bound(SEALED.place(ORGANISATION, CONNECTOR), &binding, &value.value);
    assert_eq!(opened.expect("opened").expose_secret(), SECRET);
}

#[rstest]
#[tokio::test]
async fn the_upgrade_ends_open_sign_ins_because_their_sealed_verifiers_fit_no_longer(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (place, raw, _) = before(kind).await;
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");

    for (id, expires_at, has_verifier) in [(OPEN, CREATED_AT, false), (ENDED, EXPIRES_AT, true)] {
        let row = format!("FROM attempts WHERE id = {}", raw.id(id));
        assert_eq!(raw.one::<i64>(&format!("SELECT created_at {row}")).await, CREATED_AT);
        assert_eq!(raw.one::<i64>(&format!("SELECT expires_at {row}")).await, expires_at);
        let verifier: Option<Vec<u8>> = raw.one(&format!("SELECT pkce_verifier {row}")).await;
        assert_eq!(verifier, has_verifier.then(|| VERIFIER.to_vec()));
    }
    let open = "SELECT COUNT(*) FROM attempts WHERE consumed_at IS NULL AND outcome IS NULL";
    assert_eq!(raw.one::<i64>(open).await, 1, "only its expiry ends it");
}

#[rstest]
#[tokio::test]
async fn after_the_upgrade_a_sign_in_needs_no_user_and_its_rows_still_go_with_their_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (place, raw, _) = before(kind).await;
    let database = Database::open(&place.address()).await.expect("a database");
    database.migrate::<DatabaseError>(async |_| Ok(())).await.expect("migrated");

    assert_eq!(raw.run("UPDATE attempts SET user_id = NULL WHERE connector_version = 6").await, Ok(1));
    let unknown = raw.id(Uuid::from_u128(99));
    let planted = format!("UPDATE attempts SET user_id = {unknown} WHERE connector_version = 7");
    assert!(raw.run(&planted).await.is_err(), "a user that does not exist");
    assert_eq!(raw.run(&format!("DELETE FROM users WHERE id = {}", raw.id(USER))).await, Ok(1));
    assert_eq!((raw.count("attempts").await, raw.count("attempt_events").await), (1, 1));
    assert_eq!(raw.run(&format!("DELETE FROM connectors WHERE id = {}", raw.id(CONNECTOR))).await, Ok(1));
    assert_eq!((raw.count("attempts").await, raw.count("attempt_events").await), (0, 0));
}
