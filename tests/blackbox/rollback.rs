//! A sealed value is bound to its number and to its application: an older value of the same row is refused.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use mail360::{
    connectors,
    people::service as people,
    platform::database::columns::Value,
    vault::{
        Binding, Place,
        reseal::{SealedColumn, Survey},
    },
};
use rstest::rstest;
use secrecy::ExposeSecret;
use time::Duration;
use url::Url;

use crate::{
    new_secret::{NEW_SECRET, replace},
    support::{
        Browser, Kind, NewConnector, SECRET, World,
        authenticator::{HERE, app, code, set_up},
        callback,
        contoso_mail::ContosoMail,
        under_way,
    },
};

const SECRETS: SealedColumn = connectors::service::SEALED;

async fn bytes(world: &World, query: &str) -> String {
    let bytes: Vec<u8> = world.raw.one(query).await;
    world.raw.bytes(&bytes)
}

async fn survey(world: &World) -> Survey {
    world.program.survey().await.expect("a survey")
}

async fn run(world: &World, statement: &str) {
    assert_eq!(world.raw.run(statement).await, Ok(1), "{statement}");
}

/// A value in the format of earlier versions: bound to its place alone, with the key of these tests.
fn in_old_format(place: Place, text: &str) -> Vec<u8> {
    let mut aad = vec![1];
    for part in [
        b"test",
        &place.organisation.as_bytes()[..],
        place.table.as_bytes(),
        place.column.as_bytes(),
        place.row.as_bytes(),
    ] {
        aad.extend((part.len() as u64).to_be_bytes());
        aad.extend(part);
    }
    let nonce = [3; 24];
    let payload = Payload { msg: text.as_bytes(), aad: &aad };
    let sealed =
        XChaCha20Poly1305::new(&[7; 32].into()).encrypt(&XNonce::from(nonce), payload).expect("sealed");
    [&[1, 4][..], b"test", &nonce, &sealed].concat()
}

/// The only value of a column, and the same secret in the old format.
async fn one_of(world: &World, column: SealedColumn) -> (Value, Vec<u8>) {
    let read = world.program.database.read();
    let page = column.column.page(&read, column.bound, None, 10).await.expect("a page");
    assert_eq!(page.len(), 1);
    let value = page.first().expect("a value");
    let place = column.place(value.organisation_id, value.id);
    let binding = Binding { version: value.version, context: value.context.clone() };
    let secret = world.program.vault.open_bound(place, &binding, &value.value).expect("opened");
    (value.clone(), in_old_format(place, secret.expose_secret()))
}

#[rstest]
#[tokio::test]
async fn n14_an_older_client_secret_of_the_same_row_is_reported_and_never_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let old = bytes(&world, "SELECT client_secret FROM connectors").await;
    assert_eq!(replace(&mut ada, &connector, NEW_SECRET).await.location(), connector);
    assert!(survey(&world).await.lost.is_empty());

    run(&world, &format!("UPDATE connectors SET client_secret = {old}")).await;
    assert_eq!(survey(&world).await.lost.len(), 1);
    let check = world.run("check").expect_err("not sound");
    assert!(check.contains("The client secret of the connector"), "{check}");
    let authorize = world.start(&mut ada, &connector).await;
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    ada.get(landed.assert_status(303).location()).await.assert_says("cannot be opened");
    assert!(world.provider.requests().is_empty(), "nothing was sent");
}

#[rstest]
#[tokio::test]
async fn n14_a_stored_secret_opens_only_for_its_own_client_id_tenant_and_account_type(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let new = NewConnector { account_type: "single_tenant", tenant: "contoso.com", ..Default::default() };
    world.add_connector(&mut ada, &new).await;
    let asked = world.provider.requests().len();
    let connector: String =
        format!("/connectors/{}", world.raw.one::<uuid::Uuid>("SELECT id FROM connectors").await);
    for (column, value) in [
        ("client_id", "'1b4e28ba-2fa1-11d2-883f-0016d3cca427'"),
        ("provider_settings", r#"'{"account_type":"single_tenant","tenant":"fabrikam.com"}'"#),
        ("provider_settings", r#"'{"account_type":"single_tenant","tenant":null}'"#),
        ("provider_settings", r#"'{"account_type":"multiple_tenants","tenant":"contoso.com"}'"#),
        ("provider_settings", r#"'{"account_type":"multiple_tenants","tenant":null}'"#),
        ("client_secret_version", "client_secret_version + 1"),
        ("client_secret_version", "0"),
    ] {
        let before = world.raw.dump(&[]).await;
        let text = format!("SELECT COALESCE(CAST({column} AS TEXT), '') FROM connectors");
        let kept: String = world.raw.one(&text).await;
        run(&world, &format!("UPDATE connectors SET {column} = {value}")).await;
        assert_eq!(survey(&world).await.lost.len(), 1, "{column} = {value}");
        let authorize = world.start(&mut ada, &connector).await;
        ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
        assert_eq!(world.provider.requests().len(), asked, "nothing was sent: {column}");
        let quote = if column.ends_with("version") { "" } else { "'" };
        run(&world, &format!("UPDATE connectors SET {column} = {quote}{kept}{quote}")).await;
        assert!(survey(&world).await.lost.is_empty(), "{column}: {}", before.len());
    }
}

/// A connector for Outlook with an open sign-in, in an installation that has another provider too.
async fn beside_contoso(kind: Kind) -> (World, Browser, String, Url) {
    let world = World::new(kind).await.with_providers(vec![Arc::new(ContosoMail)]).await;
    let mut ada = world.set_up().await;
    let new = NewConnector { account_type: "single_tenant", tenant: "contoso.com", ..Default::default() };
    let connector = world.add_connector(&mut ada, &new).await;
    let authorize = world.start(&mut ada, &connector).await;
    (world, ada, connector, authorize)
}

#[rstest]
#[case::another("contoso")]
#[case::unknown("gone")]
#[tokio::test]
async fn n14_a_stored_secret_is_sent_nowhere_after_its_provider_was_changed_in_the_database(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] provider: &str,
) {
    let (world, mut ada, connector, authorize) = beside_contoso(kind).await;
    let asked = world.provider.requests().len();
    run(&world, &format!("UPDATE connectors SET provider = '{provider}'")).await;
    assert_eq!(survey(&world).await.lost.len(), 1);

    // The other provider cannot read the values of the row.
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(500);
    for action in ["verify", "try-again"] {
        ada.post(&format!("{connector}/{action}"), &[]).await.assert_status(500);
    }
    assert_eq!(world.provider.requests().len(), asked, "nothing was sent");
    run(&world, "UPDATE connectors SET provider = 'outlook'").await;
    assert!(survey(&world).await.lost.is_empty());
}

#[rstest]
#[tokio::test]
async fn n14_a_stored_secret_is_not_sent_to_another_provider_whose_values_were_put_into_its_row(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = beside_contoso(kind).await;
    let asked = world.provider.requests().len();
    let values = r#"provider = 'contoso', client_id = 'contoso-12345678', scopes = 'mail.all',
                    provider_settings = '{"region":"eu"}'"#;
    run(&world, &format!("UPDATE connectors SET {values}")).await;
    assert_eq!(survey(&world).await.lost.len(), 1);

    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    let page = ada.post(&format!("{connector}/verify"), &[]).await;
    let at_contoso = page.assert_status(200).link("Continue to Contoso");
    let landed = ada.get(&callback(&at_contoso, "code=abc")).await;
    ada.get(landed.assert_status(303).location()).await.assert_says("cannot be opened");
    assert_eq!(world.provider.requests().len(), asked, "nothing was sent");
}

#[rstest]
#[tokio::test]
async fn n14_an_older_second_factor_of_the_same_row_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (lost_phone, _) = set_up(&world, &mut ada).await;
    let old = bytes(&world, "SELECT totp_secret FROM users").await;
    world.clock.advance(Duration::minutes(1));
    ada.post(&format!("{HERE}/remove"), &[]).await.assert_status(303);
    set_up(&world, &mut ada).await;
    assert!(survey(&world).await.lost.is_empty());

    run(&world, &format!("UPDATE users SET totp_secret = {old}")).await;
    assert_eq!(survey(&world).await.lost.len(), 1);
    world.clock.advance(Duration::minutes(1));
    let mut thief = world.log_in("ada@contoso.test").await;
    let entered = thief.post("/login/code", &[("code", &code(&world, &lost_phone, 0))]).await;
    assert_ne!(entered.status, 303);
    assert_eq!(thief.get("/connectors").await.status, 303, "not signed in");
}

#[rstest]
#[tokio::test]
async fn n14_an_unfinished_second_factor_cannot_replace_the_active_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.post(HERE, &[]).await.assert_status(303);
    app(&ada.get(HERE).await);
    let data: String = world.raw.one("SELECT data FROM sessions").await;
    let data: serde_json::Value = serde_json::from_str(&data).expect("JSON");
    let begun = data["second_factor"].as_str().expect("a key that was begun");
    let begun = world.raw.bytes(&STANDARD.decode(begun).expect("base64"));
    for version in [0, 1] {
        let planted =
            format!("UPDATE users SET totp_secret = {begun}, totp_since = 1, totp_version = {version}");
        run(&world, &planted).await;
        assert_eq!(survey(&world).await.lost.len(), 1, "{version}");
    }
}

#[rstest]
#[tokio::test]
async fn n14_the_verifier_of_another_sign_in_of_the_same_connector_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, first) = under_way(kind).await;
    let old = bytes(&world, "SELECT pkce_verifier FROM attempts").await;
    world.grant_everything(&first);
    ada.get(&callback(&first, "code=abc")).await.assert_status(303);
    let sent = world.provider.requests().len();
    let second = world.start(&mut ada, &connector).await;
    run(&world, &format!("UPDATE attempts SET pkce_verifier = {old} WHERE pkce_verifier IS NOT NULL")).await;
    assert_eq!(survey(&world).await.lost.len(), 1);
    ada.get(&callback(&second, "code=abc")).await.assert_status(303);
    assert_eq!(world.provider.requests().len(), sent, "nothing was sent");
}

#[rstest]
#[tokio::test]
async fn n14_values_of_an_earlier_version_are_readable_until_they_are_sealed_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    set_up(&world, &mut ada).await;
    // The second factor ended the open sign-in.
    let authorize = world.start(&mut ada, &connector).await;
    let columns = [(SECRETS, "client_secret_version"), (people::SEALED, "totp_version")];
    let mut old = Vec::new();
    for (column, version) in columns {
        let (table, name) = (column.column.table, column.column.column);
        let (_, sealed) = one_of(&world, column).await;
        let sealed = world.raw.bytes(&sealed);
        run(&world, &format!("UPDATE {table} SET {name} = {sealed}, {version} = 0")).await;
        old.push(format!("UPDATE {table} SET {name} = {sealed}"));
    }
    let found = survey(&world).await;
    assert!(found.lost.is_empty() && found.unbound == 2, "{found:?}");
    world.clear_expiry_of_secrets().await;
    let check = world.run("check").expect("sound");
    let words = "2 values are encrypted in the format of an earlier version of this program";
    assert!(check.contains(words), "{check}");

    // The key is the same, and resealing still has values to convert.
    let reseal = world.run("reseal").expect("done");
    assert!(reseal.contains("encrypted again with the key `test`: 2."), "{reseal}");
    let found = survey(&world).await;
    assert!(found.lost.is_empty() && found.unbound == 0, "{found:?}");
    for (column, _) in columns {
        let (value, _) = one_of(&world, column).await;
        assert_eq!((value.value[0], value.version), (2, 1));
    }
    assert!(world.run("reseal").expect("done").contains("Nothing to do: all secrets already use `test`"));
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.provider.requests()[0].field("client_secret"), Some(SECRET));

    for put_back in old {
        run(&world, &put_back).await;
    }
    assert_eq!(survey(&world).await.lost.len(), 2, "the old format is still accepted in this row");
}

#[rstest]
#[tokio::test]
async fn n14_a_secret_of_an_earlier_version_is_changed_like_any_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let (_, sealed) = one_of(&world, SECRETS).await;
    let sealed = world.raw.bytes(&sealed);
    run(&world, &format!("UPDATE connectors SET client_secret = {sealed}, client_secret_version = 0")).await;
    // Another account type: the stored secret is sealed for it.
    let retry = [("version", "1"), ("account_type", "personal_only")];
    ada.post(&format!("{connector}/retry"), &retry).await.assert_status(200);
    let found = survey(&world).await;
    assert!(found.lost.is_empty() && found.unbound == 0, "{found:?}");
    assert_eq!(replace(&mut ada, &connector, NEW_SECRET).await.location(), connector);
    assert!(survey(&world).await.lost.is_empty());
    let version: i64 = world.raw.one("SELECT client_secret_version FROM connectors").await;
    assert_eq!(version, 2);
}
