//! The pages of connect links in the console: the form that makes one, the page that shows it once, the links of a
//! connector; and the page that deletes a connector that has accounts.

use mail360::{clients::model::TypedClient, connectors::service::ConnectorId, platform::clock::Timestamp};
use rstest::rstest;

use crate::{
    account_pages::primary,
    support::{
        Answer, Browser, Kind, Linked, NewConnector, World, api_clients::everything, refreshing::Scene,
    },
};

#[rstest]
#[tokio::test]
async fn without_a_verified_connector_the_pages_lead_to_the_connectors(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let empty = ada.get("/accounts").await;
    empty.assert_says("No accounts yet").assert_says("Verify a connector first");
    assert_eq!(primary(&empty), ["Go to Connectors"]);
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    ada.get("/accounts/new").await.assert_says("Verify a connector first");
    let id = connector.rsplit('/').next().expect("an id");
    let refused = ada.post("/accounts/new", &[("connector", id)]).await;
    refused.assert_status(422).assert_says("Verify this connector first.").assert_says("No link was made.");
    let mut vera = world.viewer().await;
    vera.get("/accounts").await.assert_says("An administrator of your organisation can add the first one.");
}

/// The path of the link that a page shows.
#[track_caller]
fn shown_link(page: &Answer) -> String {
    let text = page.body.replace("<wbr>", "");
    let (_, rest) = text.split_once("http://localhost:3000/connect/").expect("a link");
    format!("/connect/{}", rest.chars().take(43).collect::<String>())
}

#[rstest]
#[tokio::test]
async fn a_link_is_made_shown_once_with_a_message_and_works(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let form = linked.ada.get(&format!("/accounts/new?connector={}", linked.id)).await;
    form.assert_status(200).assert_says("Add account");
    assert_eq!(primary(&form), ["Make a link"]);
    let connector = linked.id.to_string();
    let fields = [
        ("connector", connector.as_str()),
        ("expected_email", "Grace@Contoso.test"),
        ("name", "Grace Hopper"),
        ("reference", "crm-7"),
        ("life", "30"),
        ("how", "link"),
    ];
    let made = linked.ada.post("/accounts/new", &fields).await;
    made.assert_status(200).assert_says("The link is ready").assert_says("it is not shown again");
    let of_connector = format!("href=\"{}/links\"", linked.connector);
    assert!(made.body.contains(&of_connector), "where the link can be revoked");
    made.assert_says("Please connect your mailbox Grace@Contoso.test.").assert_says("sign in with Microsoft");
    let path = shown_link(&made);
    let links = linked.ada.get(&format!("{}/links", linked.connector)).await;
    links.assert_says("grace@contoso.test").assert_says("Open").assert_says("by Ada Example");
    let token = path.rsplit('/').next().expect("a token");
    assert!(!links.body.contains(token), "the list shows the address");
    linked.ada.get(&linked.connector.clone()).await.assert_says("Connect links: 1 open");

    let mut grace = linked.world.browser();
    linked.connect(&mut grace, &path).await.assert_says("Your mailbox is connected");
    let list = linked.ada.get("/accounts").await;
    list.assert_says("grace@contoso.test").assert_says("Grace Hopper").assert_says("Connected");
    let account = linked.ada.get(&format!("/accounts/{}", linked.account().await)).await;
    account.assert_status(200).assert_says("crm-7");
    linked.ada.get(&format!("{}/links", linked.connector)).await.assert_says("Used");
}

#[rstest]
#[tokio::test]
async fn the_message_names_the_organisation_as_the_page_behind_the_link_does(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let version = linked.ada.get("/settings/appearance").await.hidden("version");
    let fields =
        [("version", version.as_str()), ("name", "Contoso Werke"), ("contact", ""), ("privacy_url", "")];
    linked.ada.post("/settings/appearance", &fields).await.assert_status(303);
    let connector = linked.id.to_string();
    let fields =
        [("connector", connector.as_str()), ("expected_email", "grace@contoso.test"), ("how", "link")];
    let made = linked.ada.post("/accounts/new", &fields).await;
    made.assert_status(200).assert_says("which permissions Contoso Werke asks for");
    assert!(made.body.contains("mailto:grace@contoso.test?subject=Please%20connect"), "{}", made.body);
    let page = linked.world.browser().get(&shown_link(&made)).await;
    page.assert_says("Contoso Werke asks to connect your mailbox");
}

#[rstest]
#[tokio::test]
async fn continue_here_opens_the_link_in_this_browser(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.id.to_string();
    let fields = [("connector", connector.as_str()), ("how", "here")];
    let answer = linked.ada.post("/accounts/new", &fields).await;
    let path = answer.assert_status(303).location().to_owned();
    assert!(path.starts_with("/connect/"), "{path}");
    let mut ada = linked.ada.clone();
    linked.connect(&mut ada, &path).await.assert_says("Your mailbox is connected");
    assert_eq!(linked.world.raw.count("accounts").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_form_with_a_mistake_is_shown_again_with_what_was_typed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let connector = linked.id.to_string();
    let long = "x".repeat(201);
    let fields = [
        ("connector", connector.as_str()),
        ("expected_email", "no email"),
        ("reference", long.as_str()),
        ("name", "Grace <Hopper>"),
    ];
    let refused = linked.ada.post("/accounts/new", &fields).await;
    refused.assert_status(422).assert_says("2 fields need your attention");
    assert_eq!(refused.value("name"), "Grace <Hopper>");
    assert_eq!(refused.value("expected_email"), "no email");
    let refused = linked.ada.post("/accounts/new", &[("connector", "")]).await;
    refused.assert_status(422).assert_says("Choose a connector.");
    assert_eq!(linked.world.raw.count("connect_links").await, 0);
}

#[rstest]
#[tokio::test]
async fn sign_in_again_and_a_move_keep_the_account_key(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let mut grace = linked.world.browser();
    linked.connect(&mut grace, &path).await.assert_says("Your mailbox is connected");
    let account = linked.account().await;
    let other = linked.another_connector("CRM").await;
    let form = linked.ada.get(&format!("/accounts/{account}/link")).await;
    form.assert_says("Make a link for this account").assert_says("Mail archive (current)").assert_says("CRM");

    let chosen = other.to_string();
    let made = linked.ada.post(&format!("/accounts/{account}/link"), &[("connector", chosen.as_str())]).await;
    made.assert_status(200).assert_says("sign in once more for the mailbox grace@contoso.test");
    let mut grace = linked.world.browser();
    linked.connect(&mut grace, &shown_link(&made)).await.assert_says("Your mailbox is connected");
    assert_eq!(linked.account().await, account);
    let page = linked.ada.get(&format!("/accounts/{account}")).await;
    page.assert_says("Connected through CRM").assert_says("Moved from Mail archive to CRM");
}

/// An API client that reaches the accounts of these connectors.
fn of_connectors(name: &str, connectors: &[ConnectorId]) -> TypedClient {
    TypedClient {
        reach: "connectors".to_owned(),
        connectors: connectors.iter().map(ToString::to_string).collect(),
        ..everything(name)
    }
}

#[rstest]
#[tokio::test]
async fn before_a_move_the_page_says_which_api_clients_gain_and_lose_the_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
    let account = linked.account().await;
    let (first, second) = (linked.id, linked.another_connector("Calendar").await);
    let add = async |typed: &TypedClient| linked.world.add_api_client("ada@contoso.test", typed).await;
    let archive = add(&of_connectors("Archive", &[first])).await;
    let planner = add(&of_connectors("Planner", &[second])).await;
    add(&of_connectors("Billing", &[first, second])).await;
    add(&everything("Reporting")).await;
    let mut eve = linked.world.stranger().await;

    let form = format!("/accounts/{account}/link");
    let (own, other) = (first.to_string(), second.to_string());
    let links = async || linked.world.raw.count("connect_links").await;
    let mut ada = linked.ada.clone();
    for (seen, how) in [("", "link"), ("", "here"), (own.as_str(), "link")] {
        let fields = [("connector", other.as_str()), ("seen", seen), ("how", how)];
        let asked = ada.post(&form, &fields).await;
        asked.assert_status(200).assert_says("The move changes which API clients reach this account");
        asked.assert_says("Planner gains access to the account.");
        asked.assert_says("Archive loses access to the account.");
        let text = asked.text();
        assert!(!text.contains("Billing") && !text.contains("Reporting"), "{text}");
        assert_eq!(asked.hidden("seen"), other);
        assert_eq!(links().await, 1, "no link was made");
    }
    eve.post(&form, &[("connector", other.as_str())]).await.assert_status(404);
    // A link for a sign-in again changes nothing.
    ada.post(&form, &[("connector", own.as_str())]).await.assert_says("The link is ready");
    let read = format!("/api/accounts/{account}");
    linked.world.call_with(&archive.key, "GET", &read).await.assert_status(200);
    linked.world.call_with(&planner.key, "GET", &read).await.assert_status(404);

    let fields = [("connector", other.as_str()), ("seen", other.as_str()), ("how", "link")];
    let made = ada.post(&form, &fields).await;
    made.assert_status(200).assert_says("The link is ready");
    linked.connect(&mut linked.world.browser(), &shown_link(&made)).await;
    linked.world.call_with(&archive.key, "GET", &read).await.assert_status(404);
    linked.world.call_with(&planner.key, "GET", &read).await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn an_open_link_is_revoked_on_the_connectors_page_of_links(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut linked = Linked::new(kind).await;
    let path = linked.make(linked.plain()).await;
    let id: uuid::Uuid = linked.world.raw.one("SELECT id FROM connect_links").await;
    let revoke = format!("{}/links/{id}/revoke", linked.connector);
    linked.world.stranger().await.post(&revoke, &[]).await.assert_status(404);
    linked.world.viewer().await.post(&revoke, &[]).await.assert_status(403);
    linked.world.browser().get(&path).await.assert_status(200);
    let expires_at: i64 = linked.world.raw.one("SELECT expires_at FROM connect_links").await;
    let end = Timestamp::from_micros(expires_at).for_machines();
    let links = linked.ada.get(&format!("{}/links", linked.connector)).await;
    assert!(links.body.contains(&end), "the end of an open link");
    let answer = linked.ada.post(&revoke, &[]).await;
    assert_eq!(answer.assert_status(303).location(), format!("{}/links", linked.connector));
    let links = linked.ada.get(&format!("{}/links", linked.connector)).await;
    links.assert_says("Revoked").assert_says("Any mailbox");
    assert!(!links.body.contains("/revoke"), "a revoked link has no button");
    assert!(!links.body.contains(&end), "it ended when it was revoked");
    linked.world.browser().get(&path).await.assert_status(410);
    linked.ada.get("/settings/activity").await.assert_says("revoked a connect link");
}

/// Sends the form of the page that deletes a connector.
async fn delete(ada: &mut Browser, connector: &str, name: Option<&str>) -> Answer {
    let page = ada.get(&format!("{connector}/delete")).await;
    let owner = page.assert_status(200).hidden("owner");
    let id = connector.rsplit('/').next().expect("an id");
    let mut fields = vec![("connector", id), ("owner", owner.as_str())];
    fields.extend(name.map(|name| ("service_name", name)));
    ada.post("/do/connectors/delete", &fields).await
}

#[rstest]
#[tokio::test]
async fn a_connector_with_accounts_is_deleted_by_its_service_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind).await;
    let connector = scene.connector.clone();
    let page = scene.ada.get(&format!("{connector}/delete")).await;
    assert!(!page.body.contains("id=\"service_name\""), "without accounts nothing is typed");
    scene.connect_many(3).await;
    let page = scene.ada.get(&format!("{connector}/delete")).await;
    page.assert_says("Its 3 accounts are deleted").assert_says("Type Mail archive to confirm.");
    for wrong in [None, Some(""), Some("CRM")] {
        let answer = delete(&mut scene.ada, &connector, wrong).await;
        let shown = scene.ada.get(answer.assert_status(302).location()).await;
        shown.assert_says("This is not the Service Name of this connector.");
    }
    scene.ada.get(&connector).await.assert_says("Edit");
    let answer = delete(&mut scene.ada, &connector, Some(" MAIL archive ")).await;
    assert_eq!(answer.assert_status(302).location(), connector);
    let page = scene.ada.get(&connector).await;
    page.assert_says("Being deleted").assert_says("started to delete the connector");
    assert!(!page.body.contains(&format!("{connector}/edit")), "it cannot be changed");
    assert!(!page.body.contains(&format!("{connector}/links")), "no link works any more");
    scene.ada.get(&format!("{connector}/delete")).await.assert_status(404);
}
