//! Settings > Return addresses: what the page shows, and the secrets that it shows once. `returns.rs` tests the signed
//! answers.

use rstest::rstest;
use time::Duration;

use crate::support::{Answer, Browser, Kind, World};

const PAGE: &str = "/settings/return-addresses";
const ADDRESS: &str = "https://crm.contoso.test/mailboxes";

async fn add(browser: &mut Browser, address: &str) -> Answer {
    browser.post(PAGE, &[("address", address)]).await
}

/// The secret that a page shows.
#[track_caller]
fn secret(page: &Answer) -> String {
    let text = page.assert_status(200).text();
    let (_, rest) = text.split_once("it is not shown again.").expect("a secret");
    rest.chars().take(43).collect()
}

/// The path of a form of the only address.
async fn path(world: &World, action: &str) -> String {
    let id: uuid::Uuid = world.raw.one("SELECT id FROM return_addresses").await;
    format!("{PAGE}/{id}/{action}")
}

#[rstest]
#[tokio::test]
async fn the_secret_of_a_new_address_is_shown_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let added = add(&mut ada, &format!(" {ADDRESS} ")).await;
    let secret = secret(&added);
    added.assert_says(&format!("The secret of {ADDRESS}"));
    let list = ada.get(PAGE).await;
    list.assert_status(200).assert_says(ADDRESS).assert_says("Added on 23 Nov 2026");
    assert!(!list.body.contains(&secret), "the secret is shown twice");
    let activity = ada.get("/settings/activity").await;
    activity.assert_says(&format!("added the return address {ADDRESS}"));
    assert!(!activity.body.contains(&secret));

    for (typed, words) in [
        (ADDRESS, "This address is in the list already."),
        ("nowhere", "Enter a complete address"),
        ("http://crm.contoso.test/", "Enter an address that begins with https"),
    ] {
        let refused = add(&mut ada, typed).await;
        refused.assert_status(422).assert_says(words).assert_says("1 field needs your attention");
        assert!(refused.body.contains("<title>Error: Return addresses"), "{}", refused.body);
        assert_eq!(refused.value("address"), typed);
    }
    assert_eq!(world.raw.count("return_addresses").await, 1);
    let mut eve = world.stranger().await;
    assert!(!eve.get(PAGE).await.assert_status(200).body.contains("crm.contoso.test"));
}

#[rstest]
#[tokio::test]
async fn a_form_for_a_new_secret_that_is_sent_twice_makes_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let first = secret(&add(&mut ada, ADDRESS).await);
    let key_id = ada.get(PAGE).await.hidden("key_id");
    let rotate = path(&world, "rotate").await;
    let rotated = ada.post(&rotate, &[("key_id", &key_id)]).await;
    assert_ne!(secret(&rotated), first);
    rotated.assert_says("For 24 more hours answers are signed with the old secret");
    rotated.assert_says("Until 24 Nov 2026, 06:57 UTC (in 1 day) answers are signed with the old secret.");
    let again = ada.post(&rotate, &[("key_id", &key_id)]).await;
    again.assert_status(409).assert_says("This secret was replaced already");
    assert_ne!(again.hidden("key_id"), key_id);
    world.clock.advance(Duration::days(1));
    let mut later = world.log_in("ada@contoso.test").await;
    assert!(!later.get(PAGE).await.text().contains("answers are signed with the old secret"));
}

#[rstest]
#[tokio::test]
async fn an_address_is_removed_and_every_change_asks_for_the_password(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    add(&mut ada, ADDRESS).await.assert_status(200);
    let remove = path(&world, "remove").await;
    world.clock.advance(Duration::minutes(11));
    for (path, what) in [(PAGE, "To add a return address"), (&remove, "To remove a return address")] {
        let asked = ada.post(path, &[("address", "https://other.contoso.test")]).await;
        asked.assert_status(403).assert_says(&format!("{what}, enter your password again"));
    }
    assert_eq!(world.raw.count("return_addresses").await, 1);
    let mut ada = world.log_in("ada@contoso.test").await;
    // A second click is no error.
    for _ in 0..2 {
        assert_eq!(ada.post(&remove, &[]).await.assert_status(303).location(), PAGE);
    }
    assert_eq!(world.raw.count("return_addresses").await, 0);
    assert!(!ada.get(PAGE).await.text().contains(ADDRESS));
}
