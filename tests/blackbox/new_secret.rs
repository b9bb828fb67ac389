//! A new secret in place of a connector's old one.

use rstest::rstest;
use time::Duration;

use crate::{
    manage::verify_connector,
    support::{Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World, callback},
};

pub const NEW_SECRET: &str = "canary~another-secret+/=&%.2";

pub async fn replace(browser: &mut Browser, connector: &str, secret: &str) -> Answer {
    let page = browser.get(&format!("{connector}/secret")).await;
    page.assert_status(200);
    let (id, version, owner) = (page.hidden("connector"), page.hidden("version"), page.hidden("owner"));
    let fields = [
        ("connector", id.as_str()),
        ("version", &version),
        ("owner", &owner),
        ("client_secret", secret),
        ("secret_expires_in", "12"),
    ];
    browser.post("/do/connectors/replace-secret", &fields).await
}

#[rstest]
#[tokio::test]
async fn p5_the_next_sign_in_uses_the_new_secret(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    // Another process has used the old one and has no copy of it.
    let other = world.another_process(&[]).await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    verify_connector(&world, &mut ada, &connector).await;
    assert_eq!(replace(&mut ada, &connector, NEW_SECRET).await.location(), connector);
    let page = ada.get(&connector).await;
    page.assert_says("The client secret was replaced")
        .assert_says("Client Secret was changed after the last test");
    page.assert_says("23 Nov 2027");
    let mut ada = ada.at(&other.browser());
    let authorize = other.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    let secrets: Vec<_> = world
        .provider
        .token_requests()
        .iter()
        .map(|request| request.field("client_secret").expect("a secret").to_owned())
        .collect();
    assert_eq!(secrets, [SECRET, NEW_SECRET], "p2: sign by sign");
    assert!(!world.raw.dump(&[]).await.join("\n").contains("canary"), "p24: neither is stored in clear");
}

#[rstest]
#[tokio::test]
async fn a_new_secret_does_not_reset_a_connector_that_was_never_verified(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let failing = "UPDATE connectors SET state = 'failing', failure = 'credentials_rejected'";
    world.raw.run(failing).await.expect("updated");
    assert_eq!(replace(&mut ada, &connector, NEW_SECRET).await.location(), connector);
    let page = ada.get(&connector).await;
    page.assert_says("Client Secret was changed after the last test.");
    assert!(!page.text().contains(" proved"), "{}", page.text());
}

#[rstest]
#[case("2b4e28ba-2fa1-11d2-883f-0016d3cca427", "This is the Secret ID")]
#[case("", "Copy the client secret")]
#[case("two words of it", "A client secret has no spaces")]
#[tokio::test]
async fn p1_a_new_secret_is_checked_like_the_first_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] secret: &str,
    #[case] words: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let page = format!("{connector}/secret");
    assert_eq!(replace(&mut ada, &connector, secret).await.location(), page);
    let page = ada.get(&page).await;
    page.assert_says(words);
    assert!(page.body.contains("value=\"12\" checked"), "what else was chosen is kept");
}

#[rstest]
#[tokio::test]
async fn the_form_for_a_new_secret_waits_while_the_password_is_asked_for(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let path = format!("{connector}/secret");
    let page = ada.get(&path).await;
    let (id, version, owner) = (page.hidden("connector"), page.hidden("version"), page.hidden("owner"));
    world.clock.advance(Duration::minutes(10));
    let fields = [
        ("connector", id.as_str()),
        ("version", &version),
        ("owner", &owner),
        ("client_secret", NEW_SECRET),
        ("secret_expires_in", "6"),
    ];
    let asked = ada.post("/do/connectors/replace-secret", &fields).await;
    asked.assert_status(403).assert_says("To replace a client secret, enter your password again.");
    assert_eq!(asked.hidden("secret_expires_in"), "6");
    let (kept, marked) = (asked.hidden("secret_kept"), asked.hidden("version"));
    assert_eq!(marked, "k1", "an earlier version of the program refuses the form");
    assert!(!asked.body.contains("canary"), "the secret is in the page");
    let again = [
        ("connector", id.as_str()),
        ("version", &marked),
        ("owner", &owner),
        ("secret_expires_in", "6"),
        ("secret_kept", &kept),
        ("confirm_again", "1"),
        ("confirm_next", "/do/connectors/replace-secret"),
        ("confirm_password", PASSWORD),
    ];
    let answer = ada.post("/re-authenticate", &again).await;
    assert_eq!(answer.assert_status(307).location(), "/do/connectors/replace-secret");
    assert_eq!(ada.post("/do/connectors/replace-secret", &again).await.location(), connector);
    ada.get(&connector).await.assert_says("The client secret was replaced");
    assert_eq!(world.raw.count("kept_secrets").await, 0);
}

#[rstest]
#[tokio::test]
async fn the_second_of_two_concurrent_new_secrets_is_refused_with_a_message(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut bob = world.user("Contoso", "bob@contoso.test", mail360::people::model::Role::Admin).await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let path = format!("{connector}/secret");
    let page = bob.get(&path).await;
    let (id, owner) = (page.hidden("connector"), page.hidden("owner"));
    replace(&mut ada, &connector, NEW_SECRET).await;
    let stored = async || -> Vec<u8> { world.raw.one("SELECT client_secret FROM connectors").await };
    let hers = stored().await;
    let send = async |bob: &mut Browser, version: &str, secret: &str, kept: &str| {
        let fields = [
            ("connector", id.as_str()),
            ("version", version),
            ("owner", &owner),
            ("client_secret", secret),
            ("secret_kept", kept),
            ("secret_expires_in", "24"),
        ];
        bob.post("/do/connectors/replace-secret", &fields).await.location().to_owned()
    };
    // First a mistake: the form returns, still without the other user's change.
    assert_eq!(send(&mut bob, "1", "", "").await, path);
    let version = bob.get(&path).await.hidden("version");
    assert_eq!(version, "1");
    assert_eq!(send(&mut bob, &version, SECRET, "").await, path);
    let page = bob.get(&path).await;
    page.assert_says("Another user changed this connector at the same time");
    page.assert_says("Kept from your last try");
    assert_eq!(stored().await, hers);
    let (version, kept) = (page.hidden("version"), page.hidden("secret_kept"));
    assert_eq!(send(&mut bob, &version, SECRET, &kept).await, connector);
    assert_ne!(stored().await, hers);
    assert_eq!(world.raw.count("kept_secrets").await, 0, "the typed secret replaces the kept one");
}
