//! The way back to an application: the list of return addresses, and the signed answer.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use mail360::{
    accounts::service::{
        links::NewLink,
        return_addresses::{NewSecret, ROTATION},
    },
    platform::clock::Clock,
};
use rstest::rstest;
use secrecy::ExposeSecret;
use sha2::Sha256;
use url::Url;

use crate::support::{Answer, Kind, Linked};

const ENTRY: &str = "https://crm.example.com/mailboxes";
const RETURN: &str = "https://crm.example.com/mailboxes/7?tab=2";

async fn add(linked: &Linked, address: &str) -> NewSecret {
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let added = linked.world.program.return_addresses.add(&admin, address, false).await.expect("an answer");
    added.expect("an address of the list")
}

fn returning(linked: &Linked, address: &str) -> NewLink {
    NewLink {
        return_address: Some(address.to_owned()),
        state: Some("session-42 &=ü".to_owned()),
        ..linked.plain()
    }
}

/// The address to which a page leads back.
pub fn way_back(page: &Answer) -> Url {
    page.link("Back to crm.example.com")
}

/// Whether the page goes there by itself.
pub fn goes_on(page: &Answer) -> bool {
    page.body.contains("http-equiv=\"refresh\"")
}

pub fn values(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// Checks a signature as an application does.
pub fn is_signed(values: &BTreeMap<String, String>, return_address: &str, secret: &NewSecret) -> bool {
    let value = |name: &str| values.get(name).cloned().unwrap_or_default();
    let names = ["link", "status", "account_key", "error", "state", "ts"];
    let signed: Vec<_> = std::iter::once(return_address.to_owned())
        .chain(names.map(value))
        .map(|value| URL_SAFE_NO_PAD.encode(value))
        .collect();
    let text = format!("v1\n{}", signed.join("\n"));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.secret.expose_secret().as_bytes())
        .expect("a key of any length");
    mac.update(text.as_bytes());
    let wanted = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    value("kid") == secret.key_id && value("signature") == wanted
}

#[rstest]
#[tokio::test]
async fn a_person_goes_back_with_a_signed_answer_after_a_success(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let secret = add(&linked, ENTRY).await;
    let path = linked.make(returning(&linked, RETURN)).await;
    let page = linked.connect(&mut linked.world.browser(), &path).await;
    page.assert_status(200).assert_says("Your mailbox is connected").assert_says("crm.example.com");
    assert!(goes_on(&page), "{}", page.body);
    let url = way_back(&page);
    assert!(url.as_str().starts_with(RETURN), "{url}");
    let values = values(&url);
    assert_eq!(values["status"], "connected");
    assert_eq!(values["account_key"], linked.account().await.to_string());
    assert_eq!(values["state"], "session-42 &=ü");
    assert_eq!(values["ts"], linked.world.clock.now().seconds().to_string());
    assert!(!values.contains_key("error"));
    assert!(is_signed(&values, RETURN, &secret), "{values:?}");
    let mut changed = values.clone();
    changed.insert("account_key".to_owned(), "another".to_owned());
    assert!(!is_signed(&changed, RETURN, &secret));
    assert!(!linked.world.raw.dump(&[]).await.join("\n").contains(secret.secret.expose_secret()));
}

#[rstest]
#[case::cancelled("error=access_denied", "cancelled", "access_denied")]
#[case::failed("error=invalid_request", "failed", "sign_in_failed")]
#[tokio::test]
async fn after_a_failure_the_person_stays_and_may_go_back(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] query: &str,
    #[case] status: &str,
    #[case] error: &str,
) {
    let linked = Linked::new(kind).await;
    let secret = add(&linked, ENTRY).await;
    let path = linked.make(returning(&linked, RETURN)).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let (page, _) = linked.come_back(&mut grace, &authorize, query).await;
    assert!(!goes_on(&page), "{}", page.body);
    let values = values(&way_back(&page));
    assert_eq!((values["status"].as_str(), values["error"].as_str()), (status, error));
    assert!(!values.contains_key("account_key"));
    assert!(is_signed(&values, RETURN, &secret), "{values:?}");
}

#[rstest]
#[tokio::test]
async fn a_link_names_only_addresses_of_the_list_and_the_list_is_compared_again_before_leaving(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let secret = add(&linked, ENTRY).await;
    for address in [
        "https://crm.example.com/",
        "https://crm.example.com/mailboxes2",
        "https://crm.example.com/mailboxes/../admin",
        "https://evil.example/mailboxes",
        "http://crm.example.com/mailboxes",
        "https://crm.example.com@evil.example/mailboxes",
        "https://crm.example.com/mailboxes?signature=x",
    ] {
        let errors = linked.try_make(returning(&linked, address)).await.expect_err(address);
        assert_eq!(errors.first().map(|(field, _)| *field), Some("return_address"), "{address}");
    }
    let path = linked.make(returning(&linked, RETURN)).await;
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    linked.world.program.return_addresses.remove(&admin, secret.id).await.expect("removed");
    let page = linked.connect(&mut linked.world.browser(), &path).await;
    page.assert_says("Your mailbox is connected");
    assert!(!goes_on(&page) && !page.body.contains("crm.example.com"), "{}", page.body);
    // An entry with the same address is another one.
    add(&linked, ENTRY).await;
    assert_eq!(linked.world.raw.count("return_addresses").await, 1);
}

#[rstest]
#[case::target("UPDATE connect_links SET return_address = 'https://evil.example/mailboxes'")]
#[case::entry("UPDATE return_addresses SET address = 'https://evil.example/mailboxes'")]
#[case::both(
    "UPDATE return_addresses SET address = 'https://evil.example/mailboxes'; \
     UPDATE connect_links SET return_address = 'https://evil.example/mailboxes'"
)]
#[tokio::test]
async fn s3_an_attacker_who_changes_an_address_in_the_database_gets_no_answer(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &str,
) {
    let linked = Linked::new(kind).await;
    add(&linked, ENTRY).await;
    let path = linked.make(returning(&linked, RETURN)).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    for statement in change.split(';') {
        linked.world.raw.run(statement).await.expect("changed");
    }
    linked.world.grant_everything(&authorize);
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    page.assert_says("Your mailbox is connected");
    assert!(!goes_on(&page) && !page.body.contains("evil.example"), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn during_a_rotation_the_old_secret_signs_until_the_application_has_the_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let old = add(&linked, ENTRY).await;
    let path = linked.make(returning(&linked, RETURN)).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let (_, outcome) = linked.come_back(&mut grace, &authorize, "error=access_denied").await;
    let signed_by = async |secret: &NewSecret| {
        let page = grace.clone().get(&outcome).await;
        is_signed(&values(&way_back(&page)), RETURN, secret)
    };
    assert!(signed_by(&old).await);

    let addresses = &linked.world.program.return_addresses;
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let new = addresses.rotate(&admin, old.id, &old.key_id).await.expect("an answer").expect("a secret");
    // A form that is sent twice makes one secret.
    assert!(addresses.rotate(&admin, old.id, &old.key_id).await.expect("an answer").is_none());
    assert!(signed_by(&old).await, "the application may not have the new one yet");
    let list = addresses.list(&admin).await.expect("a list");
    let shown = list.first().expect("an address");
    let until = linked.world.clock.now().plus(ROTATION);
    assert_eq!((shown.key_id.as_str(), shown.previous_until), (new.key_id.as_str(), Some(until)));
    // A second new secret replaces the one that does not sign yet.
    let newer = addresses.rotate(&admin, old.id, &new.key_id).await.expect("an answer").expect("a secret");
    assert!(signed_by(&old).await);

    // The page of an outcome lives for an hour, so another one is used after the rotation.
    linked.world.clock.advance(ROTATION);
    linked.world.run_sweep().await;
    let authorize = linked.follow(&mut grace, &path).await;
    let (page, _) = linked.come_back(&mut grace, &authorize, "error=access_denied").await;
    let values = values(&way_back(&page));
    assert!(is_signed(&values, RETURN, &newer) && !is_signed(&values, RETURN, &old), "{values:?}");
    let erased = "SELECT COUNT(*) FROM return_addresses WHERE previous_secret IS NULL";
    assert_eq!(linked.world.raw.one::<i64>(erased).await, 1);
}

#[rstest]
#[tokio::test]
async fn s3_an_old_secret_whose_time_was_extended_in_the_database_does_not_open(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let old = add(&linked, ENTRY).await;
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let addresses = &linked.world.program.return_addresses;
    addresses.rotate(&admin, old.id, &old.key_id).await.expect("an answer").expect("a secret");
    let survey = linked.world.program.survey().await.expect("a survey");
    assert!(survey.lost.is_empty(), "{survey:?}");
    linked
        .world
        .raw
        .run("UPDATE return_addresses SET previous_until = previous_until + 1")
        .await
        .expect("done");
    let survey = linked.world.program.survey().await.expect("a survey");
    assert_eq!(survey.lost.len(), 1, "{survey:?}");
}

#[rstest]
#[tokio::test]
async fn the_list_has_each_address_once_and_at_most_100(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let linked = Linked::new(kind).await;
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let addresses = &linked.world.program.return_addresses;
    add(&linked, ENTRY).await;
    assert!(addresses.add(&admin, ENTRY, false).await.expect("an answer").is_err());
    for number in 1..100 {
        add(&linked, &format!("https://crm.example.com/{number}")).await;
    }
    assert!(addresses.add(&admin, "https://crm.example.com/last", false).await.expect("an answer").is_err());
    assert_eq!(addresses.list(&admin).await.expect("a list").len(), 100);
    for refused in
        ["http://crm.example.com", "https://crm.example.com?x=1", "https://a@crm.example.com", "crm"]
    {
        assert!(addresses.add(&admin, refused, false).await.expect("an answer").is_err(), "{refused}");
    }
}
