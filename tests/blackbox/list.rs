//! The list of connectors: order, search, pages, and the most connectors in it.

use std::collections::BTreeSet;

use rstest::rstest;
use time::Duration;

use crate::{
    connectors::typed,
    support::{Answer, Kind, NewConnector, World},
};

/// The names on a page of the list, in their order.
pub fn read_names(page: &Answer) -> Vec<String> {
    let rows = page.assert_status(200).body.split("<th scope=\"row\"").skip(1);
    rows.filter_map(|row| Some(row.split_once("<bdi>")?.1.split_once('<')?.0.to_owned())).collect()
}

#[rstest]
#[tokio::test]
async fn the_list_is_sorted_in_four_ways_and_a_search_is_by_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for (name, client_id, state, day) in [
        ("Mail", "aaaa0000-0000-4000-8000-000000000001", "verified", "2027-05-01"),
        ("mailbox", "bbbb0000-0000-4000-8000-000000000002", "not_verified", ""),
        ("Archive", "aaab0000-0000-4000-8000-000000000003", "failing", "2026-12-01"),
        ("Ｚebra", "cccc0000-0000-4000-8000-000000000004", "verified", "2028-01-01"),
        ("aaab", "dddd0000-0000-4000-8000-000000000005", "not_verified", "2027-05-01"),
    ] {
        world.clock.advance(Duration::seconds(1));
        let new = NewConnector { name, client_id: client_id.to_owned(), ..Default::default() };
        world.add_connector(&mut ada, &new).await;
        let failure = if state == "failing" { "'wrong_tenant'" } else { "NULL" };
        let (day, key) = match day {
            "" => ("NULL".to_owned(), "'9999-12-31'".to_owned()),
            day => (format!("'{day}'"), format!("'{day}'")),
        };
        let set = format!(
            "UPDATE connectors SET state = '{state}', failure = {failure}, secret_expires_on = {day}, \
             expiry_key = {key} WHERE client_id = '{client_id}'"
        );
        world.raw.run(&set).await.expect("updated");
    }
    for (query, wanted) in [
        ("", vec!["aaab", "Archive", "Mail", "mailbox", "Ｚebra"]),
        ("sort=added", vec!["aaab", "Ｚebra", "Archive", "mailbox", "Mail"]),
        ("sort=expiry", vec!["Archive", "Mail", "aaab", "Ｚebra", "mailbox"]),
        ("sort=state", vec!["Archive", "mailbox", "aaab", "Mail", "Ｚebra"]),
        ("search=MAIL", vec!["Mail", "mailbox"]),
        ("search=MAIL&sort=added", vec!["Mail", "mailbox"]),
        ("search=aaab", vec!["aaab", "Archive"]),
        ("search=aaa&sort=added", vec!["aaab", "Archive", "Mail"]),
        ("search=z", vec!["Ｚebra"]),
        ("search=%7Bcccc0000-0000-4000-8000-000000000004%7D", vec!["Ｚebra"]),
        ("search=box", vec![]),
        ("search=%25", vec![]),
        ("search=a%00", vec!["aaab", "Archive", "Mail"]),
        ("sort=client_secret", vec!["aaab", "Archive", "Mail", "mailbox", "Ｚebra"]),
    ] {
        let page = ada.get(&format!("/connectors?{query}")).await;
        assert_eq!(read_names(&page), wanted, "{query}");
    }
    let nothing = ada.get("/connectors?search=box").await;
    nothing.assert_says("No connector matches “box”.");
    let mut eve = world.stranger().await;
    assert!(read_names(&eve.get("/connectors?search=mail").await).is_empty());
}

#[rstest]
#[case(25)]
#[case(26)]
#[case(120)]
#[tokio::test]
async fn every_connector_is_on_exactly_one_page_in_every_order_and_search(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] count: usize,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector { name: "mail 1000", ..Default::default() }).await;
    // Copies of the connector that share many values.
    let columns = "organisation_id, provider, provider_settings, scopes, client_secret, client_secret_hint, \
                   version, application_version";
    for at in 1..count {
        let id = world.raw.id(uuid::Uuid::from_u128(7_000 + at as u128));
        let (name, state, day) =
            (format!("mail {}", 1000 + at), ["verified", "not_verified"][at % 2], at % 5 + 1);
        let copy = format!(
            "INSERT INTO connectors (id, form_id, service_name, name_key, client_id, state, secret_expires_on, \
             expiry_key, created_at, {columns}) SELECT {id}, {id}, '{name}', '{name}', \
             'aaaa0000-0000-4000-8000-{at:012}', '{state}', '2028-01-0{day}', '2028-01-0{day}', created_at + {}, \
             {columns} FROM connectors WHERE name_key = 'mail 1000'",
            at / 3
        );
        world.raw.run(&copy).await.expect("a copy");
    }
    // The copies have no words yet.
    world.run_sweep().await;
    for query in
        ["sort=name", "sort=state", "sort=expiry", "sort=added", "search=MAIL&sort=expiry", "search=1+ma"]
    {
        let (mut seen, mut pages) = (Vec::new(), 0);
        let mut next = format!("/connectors?{query}");
        loop {
            let page = ada.get(&next).await;
            seen.extend(read_names(&page));
            pages += 1;
            let Some((before, _)) = page.body.split_once(">Next page</a>") else { break };
            let (_, address) = before.rsplit_once("href=\"").expect("an address");
            next = address.split_once('"').expect("its end").0.replace("&amp;", "&");
        }
        assert_eq!((seen.len(), pages), (count, count.div_ceil(25)), "{query}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "{query}");
    }
    // A position of another order gives the first page, and no error.
    let id = uuid::Uuid::from_u128(7_001);
    for query in [format!("sort=added&after={id}-tmail"), format!("after={id}-n1"), "after=x".to_owned()] {
        let page = ada.get(&format!("/connectors?{query}")).await;
        assert_eq!(read_names(&page).len(), count.min(25), "{query}");
    }
}

#[rstest]
#[tokio::test]
async fn connectors_whose_names_sort_by_bytes_and_by_locale_differently_are_each_on_one_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (admin, service) = (world.admin().await, &world.program.connectors);
    // Names that sort differently by bytes and by a locale.
    for at in 0..60 {
        let name = ["Ä", "a", "Z", "é", "&", "ß"][at % 6].to_owned() + &format!(" {at}");
        let new = typed(&name).parse(service.providers(), service.today()).expect("sound");
        service.add(&admin, service.new_form(), &new).await.expect("added");
    }
    let mut seen = Vec::new();
    let mut next = "/connectors".to_owned();
    loop {
        let page = ada.get(&next).await;
        page.assert_status(200);
        seen.extend(page.body.split("href=\"/connectors/").skip(1).filter_map(|rest| {
            let id = rest.split_once('"')?.0;
            (id.len() == 36).then(|| id.to_owned())
        }));
        let Some((before, _)) = page.body.split_once(">Next page</a>") else { break };
        let (_, address) = before.rsplit_once("href=\"").expect("an address");
        next = address.split_once('"').expect("its end").0.replace("&amp;", "&");
    }
    assert_eq!(seen.len(), 60);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 60);
}

#[rstest]
#[tokio::test]
async fn an_invalid_list_position_gives_the_first_page(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    for after in ["%00", "%0a", &"x".repeat(5000)] {
        ada.get(&format!("/connectors?after={after}")).await.assert_status(200).assert_says("Mail archive");
    }
}

#[rstest]
#[tokio::test]
async fn i1_an_organisation_has_at_most_a_hundred_thousand_connectors(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let (numbers, id) = match kind {
        Kind::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 99999)",
            "randomblob(16)",
        ),
        Kind::Postgres => ("WITH numbers(n) AS (SELECT generate_series(1, 99999))", "gen_random_uuid()"),
    };
    let same = "organisation_id, provider, client_id, client_secret, client_secret_hint, expiry_key, \
        provider_settings, scopes, state, version, application_version, created_at";
    let into = format!("INSERT INTO connectors (id, form_id, name_key, service_name, {same})");
    let from = format!("SELECT {id}, {id}, 'k' || n, 'Connector ' || n, {same} FROM connectors, numbers");
    let insert = match kind {
        Kind::Sqlite => format!("{into} {numbers} {from}"),
        Kind::Postgres => format!("{numbers} {into} {from}"),
    };
    world.raw.run(&insert).await.expect("inserted");
    assert_eq!(world.raw.count("connectors").await, 100_000);
    let one_more = NewConnector { name: "One more", ..Default::default() };
    assert_eq!(world.send_form(&mut ada, &one_more).await.location(), "/connectors/new");
    ada.get("/connectors/new").await.assert_says("cannot have more");
    world.raw.run("DELETE FROM connectors WHERE name_key = 'k7'").await.expect("deleted");
    world.add_connector(&mut ada, &one_more).await;
}
