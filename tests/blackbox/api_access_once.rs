//! Forms of API clients that are sent a second time, as a reload does: they make nothing, the secret is not shown again,
//! and the page offers another one.

use mail360::clients::{
    model::ApiClientId,
    service::{Added, NewClient},
};
use rstest::rstest;

use crate::support::{Answer, Kind, World, api_clients::everything};

const PAGE: &str = "/settings/api-access";
const NEW: &str = "/settings/api-access/new";
const READS: [(&str, &str); 2] = [("scopes", "MailApps.messages.READ"), ("reach", "all")];
const BUTTON: &str = "Create another key";

/// The fields of the form of a new client with this one-time id.
fn fields<'a>(form: &'a str, name: &'a str) -> Vec<(&'a str, &'a str)> {
    [&[("form", form), ("name", name)][..], &READS].concat()
}

/// Asserts that a page shows no key, and says that the one that was made is not shown again.
#[track_caller]
fn assert_not_shown(page: &Answer) {
    page.assert_status(409).assert_says("The key is not shown again").assert_says("It was made already");
    assert!(
        !page.text().contains("Bearer m360_") || page.text().contains("Bearer m360_…"),
        "{}",
        page.text()
    );
    assert!(page.header("cache-control").contains("no-store"));
}

#[rstest]
#[tokio::test]
async fn the_form_of_a_new_client_adds_it_once_and_then_links_to_it_and_offers_another_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let form = ada.get(NEW).await.hidden("form");
    assert_ne!(form, ada.get(NEW).await.hidden("form"), "each form has its own id");
    let wrong = ada.post(NEW, &fields(&form, "")).await;
    assert_eq!(wrong.assert_status(422).hidden("form"), form, "it stays the same form");
    ada.post(NEW, &fields(&form, "CRM")).await.assert_status(200).assert_says("Your new API key");

    let here = format!("{PAGE}/{form}");
    let again = ada.post(NEW, &fields(&form, "CRM")).await;
    assert_not_shown(&again);
    assert!(again.body.contains("<title>The key is not shown again"), "{}", again.body);
    assert!(
        again
            .body
            .contains(&format!("<a href=\"{here}\" class=\"button\"><span>Open <bdi>CRM</bdi></span></a>"))
    );
    assert_eq!((world.raw.count("api_clients").await, world.raw.count("api_credentials").await), (1, 1));

    // What the button sends.
    again.assert_says(BUTTON);
    assert!(again.body.contains(&format!("action=\"{here}/credentials\"")), "{}", again.body);
    let (kind, after) = (again.hidden("kind"), again.hidden("after"));
    let another = [("kind", kind.as_str()), ("after", after.as_str())];
    let make = format!("{here}/credentials");
    ada.post(&make, &another).await.assert_status(200).assert_says("Your new API key");
    // Both keys were made within one millisecond, so that their ids do not say which one is newer.
    let again = ada.post(&make, &another).await;
    assert_not_shown(&again);
    again.assert_says("2 is the maximum.");
    assert!(!again.text().contains(BUTTON), "{}", again.text());
    let again = ada.post(NEW, &fields(&form, "CRM")).await;
    assert_not_shown(&again);
    assert!(!again.text().contains(BUTTON), "{}", again.text());
    assert_eq!(world.raw.count("api_credentials").await, 2);

    // A user goes back in the browser and types another client into the same form.
    ada.post(NEW, &fields(&form, "Importer")).await.assert_status(200).assert_says("Your new API key");
    assert_eq!(world.raw.count("api_clients").await, 2);
    ada.get(&here).await.assert_says("CRM");
}

#[rstest]
#[tokio::test]
async fn the_form_of_a_refresh_token_is_offered_again_with_the_same_scopes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let form = ada.get(NEW).await.hidden("form");
    ada.post(NEW, &fields(&form, "CRM")).await.assert_status(200);
    let here = format!("{PAGE}/{form}");
    let make = format!("{here}/credentials");
    let token = [("kind", "refresh_token"), ("after", ""), ("scopes", "MailApps.messages.READ")];
    ada.post(&make, &token).await.assert_status(200).assert_says("Your new refresh token");
    let again = ada.post(&make, &token).await;
    again.assert_status(409).assert_says("The token is not shown again").assert_says("Create another token");
    assert!(again.body.contains("<title>Error: CRM"), "{}", again.body);
    assert!(!again.text().contains("Open CRM"), "it is the page of the client: {}", again.text());
    let notice = again.body.split_once("is not shown again").expect("the notice").1;
    let notice = notice.split_once("</form>").expect("its form").0;
    assert!(notice.contains("name=\"scopes\" value=\"MailApps.messages.READ\""), "{notice}");
    let after = again.hidden("after");
    let another = [("kind", "refresh_token"), ("after", &*after), ("scopes", "MailApps.messages.READ")];
    ada.post(&make, &another).await.assert_status(200).assert_says("Your new refresh token");
    // One was revoked since the page was opened: that is no reason to make none.
    let outdated = ada.get(&here).await.hidden("after");
    let id: uuid::Uuid = world.raw.one("SELECT id FROM api_credentials WHERE kind = 'api_key'").await;
    assert_eq!(outdated, id.to_string());
    ada.post(&format!("{make}/{id}/remove"), &[]).await.assert_status(303);
    ada.post(&make, &[("kind", "api_key"), ("after", &outdated)]).await.assert_status(200);
    ada.post(&make, &[("kind", "api_key"), ("after", "x")]).await.assert_status(400);
}

#[rstest]
#[tokio::test]
async fn the_form_id_of_another_organisation_changes_nothing_there_and_shows_nothing_of_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let form = ada.get(NEW).await.hidden("form");
    ada.post(NEW, &fields(&form, "CRM")).await.assert_status(200);
    let mut eve = world.stranger().await;
    for name in ["CRM", "Importer"] {
        let refused = eve.post(NEW, &fields(&form, name)).await;
        assert!(!refused.assert_status(400).text().contains("CRM"), "{}", refused.text());
    }
    assert_eq!(world.raw.count("api_clients").await, 1);
    assert_eq!(world.raw.count("api_credentials").await, 1);
    assert!(ada.get(&format!("{PAGE}/{form}")).await.assert_status(200).text().contains("CRM"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_equal_forms_at_once_one_adds_the_client_and_the_other_one_finds_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let (admin, clients) = (world.reauthenticated("ada@contoso.test").await, &world.program.clients);
    let (form, typed) = (clients.new_id(), everything("CRM"));
    let send = || clients.add_of_form(&admin, form, &typed);
    let (one, other) = tokio::join!(send(), send());
    let mut added: Vec<ApiClientId> = Vec::new();
    let mut before: Vec<ApiClientId> = Vec::new();
    for answer in [one, other] {
        match answer.expect("an answer").expect("a client") {
            Added::New(NewClient { id, .. }) => added.push(id),
            Added::Before(id) => before.push(id),
        }
    }
    assert_eq!((added, before), (vec![form], vec![form]));
    assert_eq!(world.raw.count("api_clients").await, 1);
}
