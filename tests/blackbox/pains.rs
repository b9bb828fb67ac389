//! Problems that users of comparable systems reported before the sign-in, each by its number.

use mail360::vault::custody;
use rstest::rstest;

use crate::{
    new_secret::{NEW_SECRET, replace},
    support::{Kind, NewConnector, SECRET, World, callback, hex},
};

/// Adds a connector for this account type. Returns the provider's address to which its sign-in leads.
async fn asked_at(kind: Kind, account_type: &str, tenant: &str) -> String {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let new = NewConnector { account_type, tenant, ..Default::default() };
    let connector = world.add_connector(&mut ada, &new).await;
    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    let token = &world.provider.token_requests()[0].url;
    let segment = |path: &str| path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    let asked = segment(authorize.path());
    assert_eq!(segment(url::Url::parse(token).expect("an address").path()), asked, "both at the same");
    asked
}

#[rstest]
#[case("5a1e0000-7e57-4000-8000-00000000c0de")]
#[case("contoso.com")]
#[tokio::test]
async fn p8_a_single_tenant_application_signs_in_at_its_tenant_and_never_at_common(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] tenant: &str,
) {
    assert_eq!(asked_at(kind, "single_tenant", tenant).await, tenant);
    assert_eq!(asked_at(kind, "multiple_tenants", "").await, "organizations");
    // Without its tenant it is not added at all.
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let new = NewConnector { account_type: "single_tenant", ..Default::default() };
    assert_eq!(world.send_form(&mut ada, &new).await.location(), "/connectors/new");
    ada.get("/connectors/new").await.assert_says("Write the Directory (tenant) ID");
}

#[rstest]
#[tokio::test]
async fn p9_an_application_for_personal_accounts_signs_in_at_consumers(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    assert_eq!(asked_at(kind, "personal_only", "").await, "consumers");
    assert_eq!(asked_at(kind, "tenants_and_personal", "").await, "common");
}

#[rstest]
#[case("abc8Q~tilde.and-dash_under")]
#[case("plus+slash/equals=percent%25")]
#[case("quote'\"dollar$back`tick")]
#[case("amp&lt;semi;colon:hash#at@")]
#[tokio::test]
async fn p2_a_secret_with_any_characters_reaches_the_provider_unchanged(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] secret: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    replace(&mut ada, &connector, &format!("  {secret} ")).await;
    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.provider.token_requests()[0].field("client_secret"), Some(secret));
}

#[rstest]
#[tokio::test]
async fn p24_a_secret_is_stored_only_encrypted(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    replace(&mut ada, &connector, NEW_SECRET).await;
    let dump = world.raw.dump(&[]).await.join("\n").to_lowercase();
    for secret in [SECRET, NEW_SECRET] {
        assert!(!dump.contains(&secret.to_lowercase()) && !dump.contains(&hex(secret.as_bytes())));
    }
    // Without the key the program does not start, so it cannot store a secret in clear.
    let key_file = world.folder().join("encryption.key");
    std::fs::remove_file(&key_file).expect("removed");
    let program = &world.program;
    let (url, database) = (&program.config.database, &program.database);
    let randomness = program.randomness.clone();
    let taken = custody::load_keys(&key_file, url, database, false, &*world.clock, randomness).await;
    assert!(taken.is_err(), "the keys were loaded without a key file");
}
