//! The queries of a page: their number may not grow with the content.

use std::sync::{Arc, Mutex};

use mail360::{
    clients::model::TypedClient,
    people::{access::Scope, model::Role},
};
use rstest::rstest;
use tracing::{Subscriber, span};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt},
    registry::Registry,
};

use crate::{
    searches::add_copies,
    support::{
        Browser, Kind, NewConnector, World,
        api_clients::{code, only},
        refreshing::Scene,
    },
};

/// Records the SeaORM method of each statement.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<&'static str>>>);

impl<S: Subscriber> Layer<S> for Asked {
    fn on_new_span(&self, span: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        let (target, name) = (span.metadata().target(), span.metadata().name());
        // Each statement has two events, because the driver reports it as well.
        if target.starts_with("sea_orm::database") {
            self.0.lock().expect("no test panicked").push(name);
        }
    }
}

/// The queries of a page.
async fn asked(browser: &mut Browser, path: &str) -> Vec<&'static str> {
    let asked = Asked::default();
    let watch = tracing::subscriber::set_default(Registry::default().with(asked.clone()));
    browser.get(path).await;
    drop(watch);
    std::mem::take(&mut *asked.0.lock().expect("no test panicked"))
}

#[rstest]
#[tokio::test]
async fn session_user_and_organisation_are_one_query_and_a_visitor_without_a_session_causes_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    assert_eq!(asked(&mut ada, "/nothing").await, ["query_one_raw"]);
    assert_eq!(asked(&mut world.browser(), "/nothing").await, [""; 0]);
    // Whether there are several organisations. That there is a user is remembered.
    assert_eq!(asked(&mut world.browser(), "/login").await, ["query_all_raw"]);
}

#[rstest]
#[tokio::test]
async fn the_number_of_queries_of_a_page_does_not_grow_with_its_content(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    // The session. Then a page of the list, together with the secrets on any page that expire soon. At the end of every
    // page of an administrator, the number of accounts that need a sign-in, for the left pane.
    assert_eq!(asked(&mut ada, "/connectors").await, ["query_one_raw", "query_all_raw", "query_one_raw"]);
    // The session. Then client IDs, whether words are missing, whether the search finds more than it may, what it
    // finds, the rows, and the left pane.
    let search = "/connectors?search=mail";
    assert_eq!(
        asked(&mut ada, search).await,
        [
            "query_one_raw",
            "query_all_raw",
            "query_one_raw",
            "query_one_raw",
            "query_all_raw",
            "query_all_raw",
            "query_one_raw"
        ]
    );
    // The session. Then whether words are missing, the number of names with each word, what the search finds, the rows,
    // and the left pane.
    let two_words = "/connectors?search=mail+archive";
    assert_eq!(
        asked(&mut ada, two_words).await,
        [
            "query_one_raw",
            "query_one_raw",
            "query_one_raw",
            "query_one_raw",
            "query_all_raw",
            "query_all_raw",
            "query_one_raw"
        ]
    );
    let pages =
        ["/connectors", search, two_words, &connector, "/settings/people", "/settings/activity", "/profile"];
    let mut before = Vec::new();
    for page in pages {
        // The first visit also removes messages that are shown once.
        ada.get(page).await.assert_status(200);
        before.push(asked(&mut ada, page).await);
    }
    for name in ["Second", "Third", "Fourth"] {
        world.add_connector(&mut ada, &NewConnector { name, ..Default::default() }).await;
        world.user("Contoso", &format!("{name}@contoso.test"), Role::Viewer).await;
        world.start(&mut ada, &connector).await;
        world.log_in("ada@contoso.test").await;
    }
    for (page, before) in pages.into_iter().zip(before) {
        assert_eq!(asked(&mut ada, page).await, before, "{page}");
    }
}

#[rstest]
#[tokio::test]
async fn the_number_of_queries_of_the_list_of_api_clients_does_not_grow_with_their_number(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut connectors = Vec::new();
    for name in ["First", "Second", "Third"] {
        let path = world.add_connector(&mut ada, &NewConnector { name, ..Default::default() }).await;
        connectors.push(path.rsplit('/').next().expect("an id").to_owned());
    }
    let reaching = |name: &str, reach: &str, connectors: &[String]| TypedClient {
        reach: reach.to_owned(),
        connectors: connectors.to_vec(),
        ..only(name, &[Scope::MessagesRead])
    };
    let page = "/settings/api-access";
    for typed in [reaching("A", "connectors", &connectors[..1]), reaching("B", "connected", &[])] {
        world.add_api_client("ada@contoso.test", &typed).await;
    }
    ada.get(page).await.assert_status(200);
    let before = asked(&mut ada, page).await;
    for number in 0..5 {
        for typed in [
            reaching(&format!("C{number}"), "connectors", &connectors),
            reaching(&format!("D{number}"), "connected", &[]),
            reaching(&format!("E{number}"), "all", &[]),
        ] {
            world.add_api_client("ada@contoso.test", &typed).await;
        }
    }
    assert_eq!(asked(&mut ada, page).await, before);
}

#[rstest]
#[tokio::test]
async fn the_token_of_an_account_costs_two_queries_which_read_the_account_with_its_grant_and_the_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind).await;
    let account = scene.connect("grace").await;
    let client = scene.world.add_api_client("ada@contoso.test", &only("Reader", &[Scope::TokensRead])).await;
    let path = format!("/api/accounts/{account}/token");
    // The first call also checks the key, and records that the token was given.
    scene.world.call_with(&client.key, "GET", &path).await.assert_status(200);
    let asked = Asked::default();
    let watch = tracing::subscriber::set_default(Registry::default().with(asked.clone()));
    let answer = scene.world.call_with(&client.key, "GET", &path).await;
    drop(watch);
    answer.assert_status(200);
    assert_eq!(*asked.0.lock().expect("no test panicked"), ["query_one_raw", "query_one_raw"]);
}

#[rstest]
#[tokio::test]
async fn a_credential_is_checked_with_one_query_and_then_with_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let typed = only("CRM", &[Scope::AccountsCreate]);
    let client = world.add_api_client("ada@contoso.test", &typed).await;
    let other = world.as_mail360("ada@contoso.test", client.id).await;
    // A call that reads nothing itself.
    let asked_by = async |authorization: &str| {
        let asked = Asked::default();
        let watch = tracing::subscriber::set_default(Registry::default().with(asked.clone()));
        let answer = world.call_as(Some(authorization), "POST", "/api/accounts", "").await;
        drop(watch);
        assert_eq!(code(&answer), "NOT_SUPPORTED", "{}", answer.body);
        std::mem::take(&mut *asked.0.lock().expect("no test panicked"))
    };
    let key = format!("Bearer {}", client.key);
    assert_eq!(asked_by(&key).await, ["query_all_raw"]);
    assert_eq!(asked_by(&key).await, [""; 0]);
    let token = format!("Zoho-oauthtoken {}", other.access_token);
    assert_eq!(asked_by(&token).await, ["query_one_raw"]);
    assert_eq!(asked_by(&token).await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn the_sweep_begins_no_transaction_for_the_words_of_an_organisation_that_lacks_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    world.stranger().await;
    let transactions = async || {
        let asked = Asked::default();
        let watch = tracing::subscriber::set_default(Registry::default().with(asked.clone()));
        world.run_sweep().await;
        drop(watch);
        let asked = std::mem::take(&mut *asked.0.lock().expect("no test panicked"));
        asked.into_iter().filter(|name| *name == "begin_with_options").count()
    };
    // The first sweep also writes what the log-ins have left.
    world.run_sweep().await;
    let without = transactions().await;
    assert_eq!(transactions().await, without);
    add_copies(&world, kind, 3).await;
    assert_eq!(
        transactions().await,
        without + 1,
        "one for the organisation with new names, none for the other"
    );
    assert_eq!(transactions().await, without);
}
