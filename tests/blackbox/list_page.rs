//! The texts of the list of connectors besides its rows: the warning about secrets, the result of a search, the place of a
//! page, and its head.

use rstest::rstest;

use crate::support::{Answer, Browser, Kind, NewConnector, World};

/// Adds connectors with the names `mail 1000` and up, all but the first as copies of it.
async fn add_connectors(world: &World, ada: &mut Browser, number: usize) {
    world.add_connector(ada, &NewConnector { name: "mail 1000", ..Default::default() }).await;
    for at in 1000..999 + number {
        let new = NewConnector { name: &format!("mail {}", at + 1), ..Default::default() };
        world.add_connector(ada, &new).await;
    }
}

/// Sets the last day of the secret of the connector with this name.
async fn expire(world: &World, name: &str, day: &str) {
    let set = format!(
        "UPDATE connectors SET secret_expires_on = '{day}', expiry_key = '{day}' WHERE service_name = '{name}'"
    );
    world.raw.run(&set).await.expect("updated");
}

/// The address of the link with these words.
fn address_of(page: &Answer, words: &str) -> String {
    let (before, _) = page.body.split_once(&format!(">{words}</a>")).expect("the link");
    let (_, tag) = before.rsplit_once("href=\"").expect("an address");
    tag.split_once('"').expect("its end").0.replace("&amp;", "&")
}

#[rstest]
#[tokio::test]
async fn a7_the_warning_about_secrets_is_one_line_with_numbers_and_a_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut vera = world.viewer().await;
    add_connectors(&world, &mut ada, 4).await;
    assert!(!ada.get("/connectors").await.text().contains("within 60 days"));
    expire(&world, "mail 1000", "2026-12-23").await;
    let page = ada.get("/connectors").await;
    page.assert_says(
        "1 client secret expires within 60 days. When a secret expires, its connector stops working.",
    );
    assert_eq!(address_of(&page, "Show them"), "/connectors?sort=expiry");
    expire(&world, "mail 1001", "2026-11-22").await;
    expire(&world, "mail 1002", "2027-01-22").await;
    expire(&world, "mail 1003", "2027-01-23").await;
    let page = ada.get("/connectors").await;
    page.assert_says("1 client secret has expired, 2 expire within 60 days.");
    // The rows carry the rest.
    assert!(!page.text().contains("Replace the"), "{}", page.text());
    // Where the list begins with them already, there is no link to where the reader is.
    let sorted = ada.get("/connectors?sort=expiry").await;
    sorted.assert_says("1 client secret has expired");
    assert!(!sorted.text().contains("Show them"));
    // A viewer cannot replace a secret, so they are not warned.
    assert!(!vera.get("/connectors").await.text().contains("within 60 days"));
}

#[rstest]
#[tokio::test]
async fn a4_a_search_says_what_it_found_and_keeps_the_order_for_afterwards(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    add_connectors(&world, &mut ada, 3).await;
    for (query, words, rest) in [
        ("search=MAIL&sort=added", "3 connectors match “MAIL”.", "/connectors?sort=added"),
        ("search=mail+1001", "1 connector matches “mail 1001”.", "/connectors"),
        ("search=zzzz", "No connector matches “zzzz”.", "/connectors"),
        ("search=%3Cb%3E", "No connector matches “<b>”.", "/connectors"),
    ] {
        let page = ada.get(&format!("/connectors?{query}")).await;
        page.assert_status(200).assert_says(words);
        assert_eq!(address_of(&page, "Clear the search"), rest, "{query}");
        // A search is by name, so the page offers no order.
        assert!(!page.body.contains("<select"), "{query}");
    }
    let sorted = ada.get("/connectors?search=mail&sort=added").await;
    assert_eq!(sorted.hidden("sort"), "added");
    sorted.assert_says("Connectors, by Service Name");
    let page = ada.get("/connectors").await;
    assert!(page.body.contains("<select") && !page.text().contains("Clear the search"));
}

#[rstest]
#[tokio::test]
async fn c7_a_page_says_which_rows_it_has_and_believes_no_address(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    add_connectors(&world, &mut ada, 30).await;
    let first = ada.get("/connectors").await;
    first.assert_says("1 to 25");
    let next = address_of(&first, "Next page");
    assert!(next.ends_with("&from=26"), "{next}");
    let second = ada.get(&next).await;
    second.assert_says("26 to 30").assert_says("mail 1029");
    assert_eq!(address_of(&second, "First page"), "/connectors");
    let position = next.strip_suffix("&from=26").expect("an address");
    // Without a sound number the page has the same rows, and no numbers.
    for from in ["", "&from=", "&from=0", "&from=1", "&from=-5", "&from=x", "&from=99999999999999999999999"] {
        let page = ada.get(&format!("{position}{from}")).await;
        page.assert_status(200).assert_says("mail 1029");
        assert!(!page.text().contains(" to 30") && !page.text().contains(" to 4"), "{from}: {}", page.text());
    }
    // On the first page the number means nothing.
    ada.get("/connectors?from=26").await.assert_says("1 to 25");
}

#[rstest]
#[tokio::test]
async fn b3_c11_the_list_has_one_heading_a_caption_and_the_permissions_as_text(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let page = ada.get("/connectors").await;
    let main = page.body.split_once("<main").expect("the page").1;
    assert_eq!(main.matches("<h1").count(), 1);
    assert_eq!(main.matches("<h2").count(), 0, "a heading without a section of its own");
    assert_eq!(main.matches("<caption").count(), 1);
    assert_eq!(main.matches("role=\"columnheader\"").count(), 5);
    assert!(!main.contains("<details"), "a row has something to open");
    page.assert_says("7 permissions").assert_says("http://localhost:3000/api/connectors");
}
