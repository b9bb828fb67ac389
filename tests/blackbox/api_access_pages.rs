//! Settings > API access and Logs > API: what the pages show, the secrets that they show once, and the calls of programs.

use axum::body::Body;
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    account_pages::add_account,
    support::{Answer, Browser, Kind, NewConnector, World},
};

const PAGE: &str = "/settings/api-access";
const NEW: &str = "/settings/api-access/new";
const READS: [(&str, &str); 4] = [
    ("scopes", "MailApps.accounts.READ"),
    ("scopes", "MailApps.messages.READ"),
    ("scopes", "MailApps.contacts.READ"),
    ("reach", "all"),
];

/// Adds a client by the form.
async fn add(browser: &mut Browser, name: &str, more: &[(&str, &str)]) -> Answer {
    browser.post(NEW, &[&[("name", name)][..], &READS, more].concat()).await
}

/// The secret with this prefix that a page shows.
#[track_caller]
fn secret(page: &Answer, prefix: &str) -> String {
    let text = page.assert_status(200).text();
    let (_, rest) = text.split_once(prefix).expect("a secret");
    let end = |c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c));
    let secret = format!("{prefix}{}", rest.split(end).next().unwrap_or_default());
    // The word of a button follows the value without a blank.
    secret.strip_suffix("Copy").unwrap_or(&secret).to_owned()
}

/// The path of the page of the only client.
async fn path(world: &World) -> String {
    let id: uuid::Uuid = world.raw.one("SELECT id FROM api_clients").await;
    format!("{PAGE}/{id}")
}

/// A call with this key.
async fn call(world: &World, key: &str, path: &str) -> Answer {
    let mut program = world.browser();
    let request = program.request("GET", path).header("authorization", format!("Bearer {key}"));
    program.send(request.body(Body::empty()).expect("a request")).await
}

#[rstest]
#[tokio::test]
async fn the_key_of_a_new_client_is_shown_once_and_lists_the_accounts(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.get(PAGE).await.assert_says("Add one to get its key.").assert_says("http://localhost:3000/api");
    let form = ada.get(NEW).await;
    for suggested in ["MailApps.messages.READ", "MailApps.contacts.READ"] {
        let input = form.body.split("<input").find(|input| input.contains(&format!("value=\"{suggested}\"")));
        assert!(input.expect("a box").split('>').next().is_some_and(|tag| tag.contains(" checked")));
    }
    form.assert_says("Direct access to the provider").assert_says("even after you revoke this API client");

    let added = add(&mut ada, " CRM ", &[]).await;
    let key = secret(&added, "m360_");
    added.assert_says("Your new API key").assert_says("cannot show it again");
    added.assert_says(&format!(
        "curl -H \"Authorization: Bearer {key}\" \"http://localhost:3000/api/accounts\""
    ));
    assert!(added.header("cache-control").contains("no-store"));
    let answer = call(&world, &key, "/api/accounts").await;
    let envelope: Value = serde_json::from_str(&answer.assert_status(200).body).expect("JSON");
    assert_eq!(envelope["status"]["code"], 200);

    let here = path(&world).await;
    for page in [PAGE, here.as_str(), "/settings/activity", "/logs/api"] {
        let page = ada.get(page).await;
        assert!(!page.assert_status(200).body.contains(&key), "the key is shown twice");
        page.assert_says("CRM");
    }
    assert!(!world.raw.dump(&[]).await.iter().any(|line| line.contains(&key)), "the key is stored");
    ada.get("/settings/activity").await.assert_says("added the API client CRM");
    ada.get(PAGE).await.assert_says("Read accounts; Read mail; Read contacts").assert_says("All accounts");

    // Another form, with the same name.
    let again = add(&mut ada, "crm", &[]).await;
    again.assert_status(422).assert_says("An API client has this name already.");
    assert!(again.body.contains("<title>Error: Add API client"), "{}", again.body);
    assert_eq!(world.raw.count("api_clients").await, 1);
}

#[rstest]
#[tokio::test]
async fn every_mistake_in_the_form_is_named_and_what_was_typed_stays(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let fields = [
        ("name", ""),
        ("reach", "connectors"),
        ("networks", "</textarea><script>"),
        ("expires", "tomorrow"),
        ("rate", "0"),
        ("at_once", "1000"),
    ];
    let refused = ada.post(NEW, &fields).await;
    refused.assert_status(422).assert_says("7 fields need your attention");
    for words in [
        "Enter a name, such as that of your application.",
        "Choose what the application may do.",
        "Choose at least one connector.",
        "Enter IP addresses or networks such as 192.0.2.0/24",
        "from 1 to 1,000",
        "from 1 to 512",
    ] {
        refused.assert_says(words);
    }
    assert!(refused.body.contains("&lt;/textarea&gt;&lt;script&gt;"), "{}", refused.body);
    assert!(!refused.body.contains("</textarea><script>"), "{}", refused.body);
    assert_eq!(refused.value("expires"), "tomorrow");
    assert_eq!(world.raw.count("api_clients").await, 0);
}

#[rstest]
#[tokio::test]
async fn keys_secrets_and_tokens_are_made_and_revoked_on_the_page_of_the_client(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let first = secret(&add(&mut ada, "CRM", &[]).await, "m360_");
    let here = path(&world).await;
    let newest: uuid::Uuid = world.raw.one("SELECT id FROM api_credentials").await;
    let make = format!("{here}/credentials");
    let of_key = [("kind", "api_key"), ("after", &newest.to_string())];
    let second = ada.post(&make, &of_key).await;
    second.assert_says("Your new API key");
    let second = secret(&second, "m360_");
    assert_ne!(first, second);
    // A reload sends the form again, and makes nothing.
    let again = ada.post(&make, &of_key).await;
    again.assert_status(409).assert_says("It was made already").assert_says("2 is the maximum.");
    assert_eq!(world.raw.count("api_credentials").await, 2);

    ada.post(&format!("{make}/{newest}/remove"), &[]).await.assert_status(303);
    call(&world, &first, "/api/accounts").await.assert_status(401);
    call(&world, &second, "/api/accounts").await.assert_status(200);

    let made = ada.post(&make, &[("kind", "client_secret"), ("after", "")]).await;
    let client_secret = secret(&made, "m360s_");
    made.assert_says("Your new Client Secret").assert_says("YOUR_REFRESH_TOKEN");
    let none = ada.post(&make, &[("kind", "refresh_token"), ("after", "")]).await;
    none.assert_status(409).assert_says("Choose what the refresh token may do.");
    let token = [("kind", "refresh_token"), ("after", ""), ("scopes", "MailApps.accounts.READ")];
    let made = ada.post(&make, &token).await;
    let refresh_token = secret(&made, "m360r_");
    made.assert_says("YOUR_CLIENT_SECRET");
    let body = json!({
        "client_id": here.rsplit('/').next(),
        "client_secret": client_secret,
        "refresh_token": refresh_token,
    });
    let mut program = world.browser();
    let request = program.request("POST", "/api/access-token").header("content-type", "application/json");
    let answer = program.send(request.body(Body::from(body.to_string())).expect("a request")).await;
    let envelope: Value = serde_json::from_str(&answer.assert_status(200).body).expect("JSON");
    let access = envelope["data"]["access_token"].as_str().expect("a token");
    call(&world, access, "/api/accounts").await.assert_status(200);

    let page = ada.get(&here).await;
    page.assert_says("Client ID").assert_says("Read accounts");
    for secret in [&second, &client_secret, &refresh_token] {
        assert!(!page.body.contains(secret.as_str()), "{secret}");
    }
    ada.post(&format!("{here}/revoke"), &[]).await.assert_status(303);
    for credential in [second.as_str(), access] {
        call(&world, credential, "/api/accounts").await.assert_status(401);
    }
    let activity = ada.get("/settings/activity").await;
    activity
        .assert_says("revoked everything of the API client CRM")
        .assert_says("made a refresh token for CRM");
    ada.post(&make, &[("kind", "of_next_year")]).await.assert_status(400);
}

#[rstest]
#[tokio::test]
async fn a_client_is_changed_and_deleted_and_an_outdated_form_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let connector = connector.rsplit('/').next().expect("an id").to_owned();
    let key = secret(&add(&mut ada, "CRM", &[]).await, "m360_");
    let here = path(&world).await;
    let edit = format!("{here}/edit");
    let form = ada.get(&edit).await;
    let version = form.hidden("client_version");
    assert_eq!(form.value("name"), "CRM");
    let fields = [
        ("client_version", version.as_str()),
        ("name", "Importer"),
        ("scopes", "MailApps.folders.READ"),
        ("scopes", "MailApps.tokens.READ"),
        ("reach", "connectors"),
        ("connectors", &connector),
        ("networks", "192.0.2.0/24"),
        ("expires", "2026-12-01"),
    ];
    ada.post(&edit, &fields).await.assert_status(303);
    let page = ada.get(&here).await;
    page.assert_says("Importer").assert_says("Read folders").assert_says("Get the provider’s access tokens");
    page.assert_says("Mail archive").assert_says("192.0.2.0/24").assert_says("Ends in 8 days");
    page.assert_says("which work past a revocation here");
    call(&world, &key, "/api/accounts").await.assert_status(403);

    let late = ada.post(&edit, &fields).await;
    late.assert_status(422).assert_says("Another administrator has changed this client");
    let form = ada.get(&edit).await;
    assert!(form.body.contains("192.0.2.0/24") && form.value("expires") == "2026-12-01", "{}", form.body);

    world.clock.advance(Duration::days(9));
    let mut ada = world.log_in("ada@contoso.test").await;
    ada.get(PAGE).await.assert_says("Expired");
    ada.post(&format!("{here}/delete"), &[]).await.assert_status(303);
    ada.get(&here).await.assert_status(404);
    ada.get(PAGE).await.assert_says("Add one to get its key.");
    ada.get("/settings/activity").await.assert_says("deleted the API client Importer");
}

#[rstest]
#[tokio::test]
async fn the_calls_of_a_client_are_in_the_logs_and_on_the_pages_of_client_and_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let account = add_account(&world, &connector, "grace@contoso.test").await;
    let account = account.rsplit('/').next().expect("an id").to_owned();
    ada.get("/logs/api").await.assert_says("No program has called the API in the last 7 days.");
    let key = secret(&add(&mut ada, "CRM", &[]).await, "m360_");
    let here = path(&world).await;

    call(&world, &key, "/api/accounts?limit=5").await.assert_status(200);
    world.clock.advance(Duration::seconds(1));
    let refused = call(&world, &key, &format!("/api/accounts/{account}/folders")).await;
    let refused: Value = serde_json::from_str(&refused.assert_status(403).body).expect("JSON");
    assert_eq!(refused["data"]["errorCode"], "MISSING_SCOPE");
    call(&world, "m360_wrong", "/api/accounts").await.assert_status(401);
    world.flush().await;
    assert_eq!(world.raw.count("api_calls").await, 2, "an unknown caller belongs to no organisation");
    let lines = world.raw.dump(&[]).await;
    assert!(!lines.iter().any(|line| line.contains("limit=5")), "the query is stored");

    let logs = ada.get("/logs/api").await;
    logs.assert_says("Today, 23 Nov 2026").assert_says("CRM").assert_says("GET accounts");
    logs.assert_says("GET folders").assert_says("grace@contoso.test").assert_says("Missing scope");
    let reference = refused["data"]["reference"].as_str().expect("a reference");
    logs.assert_says(reference).assert_says("The credential lacks the scope that moreInfo names.");
    let listed = |page: &Answer| page.body.matches("class=\"entry\"").count();
    assert_eq!(listed(&logs), 2);
    let client = here.rsplit('/').next().expect("an id");
    for (query, number) in [
        (format!("client={client}"), 2),
        (format!("account={account}"), 1),
        ("account=grace%40contoso.test".to_owned(), 1),
        ("account=vera%40contoso.test".to_owned(), 0),
        ("outcome=failed".to_owned(), 1),
        ("outcome=succeeded".to_owned(), 1),
        ("from=2026-11-23".to_owned(), 2),
        ("outcome=of_next_year&from=x&client=y&before=z".to_owned(), 2),
    ] {
        let page = ada.get(&format!("/logs/api?{query}")).await;
        assert_eq!(listed(page.assert_status(200)), number, "{query}");
    }
    ada.get("/logs/api?account=grace%40contoso.test").await.assert_says("Show all calls");
    ada.get("/logs/api?account=vera%40contoso.test").await.assert_says("No account has this email.");

    assert_eq!(listed(&ada.get(&here).await), 2);
    let page = ada.get(&format!("/accounts/{account}")).await;
    page.assert_says("GET folders").assert_says("All API calls of this account");
    page.assert_says(&format!(
        "curl -H \"Authorization: Bearer YOUR_API_KEY\" \"http://localhost:3000/api/accounts/{account}/messages?limit=5\""
    ));
    page.assert_says(&format!("/api/accounts/{account}/contacts?limit=5"));

    let mut eve = world.stranger().await;
    eve.get("/logs/api").await.assert_says("No program has called the API in the last 7 days.");
    eve.get(&format!("/logs/api?account={account}")).await.assert_says("No call matches.");

    // The entry of the pane: whether there are clients is remembered for ten seconds.
    world.clock.advance(Duration::seconds(11));
    let pane = "href=\"/logs/api\"";
    let page = ada.get("/connectors").await;
    let entries = page.body.split_once("pane-entries").expect("the pane").1;
    assert!(entries.split_once("</nav>").expect("its end").0.contains(pane), "{}", page.body);
    assert!(!eve.get("/connectors").await.body.contains(pane));
}
