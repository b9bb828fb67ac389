//! The list of API clients: the first call beside the Base URL, and the accounts that each client reaches.

use mail360::clients::model::TypedClient;
use rstest::rstest;

use crate::{
    account_pages::add_account,
    support::{Answer, Kind, NewConnector, World, api_clients::everything},
};

const ADA: &str = "ada@contoso.test";
const PAGE: &str = "/settings/api-access";

/// The words of the cell *Accounts* of the client with this name.
#[track_caller]
fn accounts_of(page: &Answer, name: &str) -> String {
    let row =
        page.body.split("<tr").find(|row| row.contains(&format!("<bdi>{name}</bdi></a>"))).expect("a row");
    let (_, cell) = row.split_once("data-label=\"Accounts\"").expect("the cell");
    let (cell, _) = cell.split_once("</td>").expect("its end");
    let page = Answer { body: format!("<td{cell}"), ..page.clone() };
    page.text()
}

/// A client of this name that reaches these connectors.
fn of_connectors(name: &str, connectors: &[&str]) -> TypedClient {
    TypedClient {
        reach: "connectors".to_owned(),
        connectors: connectors.iter().map(|id| (*id).to_owned()).collect(),
        ..everything(name)
    }
}

#[rstest]
#[tokio::test]
async fn a_first_call_is_beside_the_base_url_with_and_without_clients(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for name in ["CRM", "Importer"] {
        let page = ada.get(PAGE).await;
        page.assert_says("Try it: a first call with curl");
        page.assert_says(
            "curl -H \"Authorization: Bearer YOUR_API_KEY\" \"http://localhost:3000/api/accounts\"",
        );
        world.add_api_client(ADA, &everything(name)).await;
    }
}

#[rstest]
#[tokio::test]
async fn the_list_says_how_many_accounts_of_which_connector_a_client_reaches(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut connectors = Vec::new();
    for name in ["Mail archive", "Helpdesk"] {
        let path = world.add_connector(&mut ada, &NewConnector { name, ..NewConnector::default() }).await;
        connectors.push(path.rsplit('/').next().expect("an id").to_owned());
    }
    let [archive, helpdesk] = [0, 1].map(|at| connectors[at].as_str());
    let mut last = String::new();
    for number in 0..3 {
        last = add_account(&world, archive, &format!("a{number}@contoso.test")).await;
    }
    add_account(&world, helpdesk, "h@contoso.test").await;
    let connected = TypedClient { reach: "connected".to_owned(), ..everything("Connecting") };
    let connected = world.add_api_client(ADA, &connected).await.id;
    for typed in [
        of_connectors("Archiving", &[archive]),
        of_connectors("Helping", &[helpdesk]),
        of_connectors("Both", &[archive, helpdesk]),
        everything("All"),
    ] {
        world.add_api_client(ADA, &typed).await;
    }
    // As a sign-in with a link of the client does.
    let (client, account) = (world.raw.id(connected), world.raw.id(&last));
    let insert = format!(
        "INSERT INTO api_client_accounts (organisation_id, client_id, account_id) \
         SELECT organisation_id, {client}, id FROM accounts WHERE id = {account}"
    );
    assert_eq!(world.raw.run(&insert).await, Ok(1));

    let page = ada.get(PAGE).await;
    for (name, words) in [
        ("Archiving", "3 of Mail archive"),
        ("Helping", "1 of Helpdesk"),
        ("Both", "4 of 2 connectors"),
        ("All", "All accounts"),
        ("Connecting", "1 that it connected"),
    ] {
        assert_eq!(accounts_of(&page, name), words, "{name}");
    }

    // Another organisation counts nothing of this one.
    let mut eve = world.stranger().await;
    assert!(!eve.get(PAGE).await.text().contains("Mail archive"));
    world.raw.run("DELETE FROM api_client_connectors").await.expect("deleted");
    let page = ada.get(PAGE).await;
    assert_eq!(accounts_of(&page, "Archiving"), "None: no connector is left");
}

#[rstest]
#[tokio::test]
async fn the_number_of_accounts_is_counted_up_to_a_thousand(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let connector = connector.rsplit('/').next().expect("an id").to_owned();
    world.add_api_client(ADA, &of_connectors("CRM", &[&connector])).await;
    let (numbers, id) = match kind {
        Kind::Sqlite => (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)",
            "randomblob(16)",
        ),
        Kind::Postgres => ("WITH numbers(n) AS (SELECT generate_series(1, 1000))", "gen_random_uuid()"),
    };
    let into = "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, \
                state, state_since, failures, signed_in_at, created_at, version)";
    let from = format!(
        "SELECT {id}, organisation_id, 'outlook', 's' || n, connectors.id, 'm' || n, 'm' || n, '', 'connected', 0, 0, 0, \
         0, 1 FROM connectors, numbers"
    );
    let insert = match kind {
        Kind::Sqlite => format!("{into} {numbers} {from}"),
        Kind::Postgres => format!("{numbers} {into} {from}"),
    };
    assert_eq!(world.raw.run(&insert).await, Ok(1_000));
    assert_eq!(accounts_of(&ada.get(PAGE).await, "CRM"), "1,000 of Mail archive");
    add_account(&world, &connector, "one@more.test").await;
    assert_eq!(accounts_of(&ada.get(PAGE).await, "CRM"), "1,000+ of Mail archive");
}
