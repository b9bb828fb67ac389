//! A connector's own credentials are tried when it is added, if its tenant is known.

use std::{sync::Arc, time::Duration};

use mail360::providers::http::HttpFailure;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{Answer, Browser, Canned, Kind, NewConnector, SECRET, World};

const TRACE: &str = "aaaa0000-7e57-4000-8000-000000000001";
const CORRELATION: &str = "bbbb0000-7e57-4000-8000-000000000002";
const TENANT: &str = "5a1e0000-7e57-4000-8000-00000000c0de";

fn of_one_tenant() -> NewConnector<'static> {
    NewConnector { account_type: "single_tenant", tenant: TENANT, ..Default::default() }
}

fn error(error: &str, code: u64) -> Value {
    json!({ "error": error, "error_description": format!("AADSTS{code}: No."), "error_codes": [code],
        "trace_id": TRACE, "correlation_id": CORRELATION })
}

/// A single-tenant connector that was added with this response of the token endpoint.
async fn added(kind: Kind, canned: Canned) -> (World, Browser, String) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.provider.answer_token(canned);
    let connector = world.add_connector(&mut ada, &of_one_tenant()).await;
    (world, ada, connector)
}

const ADDED: &str = "The Microsoft connector has been successfully added to Mail360";

#[rstest]
#[case::wrong_secret(
    401,
    "invalid_client",
    7_000_215,
    "does not accept the client secret",
    "failing: credentials_rejected"
)]
#[case::expired_secret(
    401,
    "invalid_client",
    7_000_222,
    "The client secret has expired",
    "failing: credentials_rejected"
)]
#[case::public_client(
    401,
    "invalid_client",
    7_000_218,
    "registered as a public client",
    "failing: credentials_rejected"
)]
#[case::unknown_application(
    400,
    "unauthorized_client",
    700_016,
    "does not find the application",
    "not_verified"
)]
#[case::unknown_tenant(400, "invalid_request", 90_002, "does not know the tenant", "not_verified")]
#[case::unreadable_tenant(400, "invalid_request", 900_023, "cannot read the tenant", "not_verified")]
#[tokio::test]
async fn the_success_message_also_says_what_is_wrong_with_the_credentials(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] status: u16,
    #[case] oauth_error: &str,
    #[case] code: u64,
    #[case] words: &str,
    #[case] state: &str,
) {
    let (world, mut ada, connector) = added(kind, Canned::Json(status, error(oauth_error, code))).await;
    let page = ada.get(&connector).await;
    page.assert_says(ADDED).assert_says(words).assert_says("The connector is saved");
    page.assert_says(&format!("AADSTS{code}")).assert_says(TRACE).assert_says(CORRELATION);
    assert_eq!(world.state(&connector).await, state, "only invalid_client changes the state");
    let tried: i64 = world.raw.one("SELECT COUNT(*) FROM activity WHERE action = 'connector.tried'").await;
    assert_eq!(tried, 1);
    let outcome: String =
        world.raw.one("SELECT outcome FROM activity WHERE action = 'connector.tried'").await;
    assert_eq!(outcome, "refused");
    // The message stays until the next POST.
    ada.get(&connector).await.assert_says("The connector is saved");
    ada.post("/profile/second-factor/cancel", &[]).await.assert_status(303);
    assert!(!ada.get(&connector).await.text().contains("The connector is saved"));
}

/// The buttons of the notice with this title, in their order.
fn offers(page: &Answer, title: &str) -> Vec<&'static str> {
    let (_, notice) = page.body.split_once(title).expect("the notice");
    let (notice, _) = notice.split_once("state-title").expect("the card after it");
    let buttons = ["Try again without a new secret", "Replace the client secret", "Edit the connector"];
    let mut offers: Vec<_> =
        buttons.into_iter().filter_map(|words| Some((notice.find(&format!(">{words}<"))?, words))).collect();
    offers.sort_unstable();
    offers.into_iter().map(|(_, words)| words).collect()
}

#[rstest]
#[case::tenant(900_023, "Microsoft cannot read the tenant")]
#[case::client_id(90_112, "Microsoft does not accept the Client ID as an ID")]
#[case::foreign_tenant(650_059, "The application is not open to this tenant")]
#[tokio::test]
async fn a_tenant_or_client_id_that_microsoft_refuses_is_shown_at_once_with_the_buttons_that_help(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] code: u64,
    #[case] title: &str,
) {
    let refused = Canned::Json(400, error("invalid_request", code));
    let (_world, mut ada, connector) = added(kind, refused).await;
    let page = ada.get(&connector).await;
    page.assert_says(title).assert_says("The connector is saved");
    assert_eq!(offers(&page, title), ["Edit the connector", "Try again without a new secret"]);
}

#[rstest]
#[tokio::test]
async fn accepted_credentials_are_reported_and_verify_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let token = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "canary-access-token" });
    let (world, mut ada, connector) = added(kind, Canned::Json(200, token)).await;
    let page = ada.get(&connector).await;
    page.assert_says(ADDED).assert_says("Microsoft accepts the Client ID and the Client Secret");
    assert_eq!(world.state(&connector).await, "not_verified", "only a sign-in verifies a connector");
    assert!(
        !world.raw.dump(&[]).await.join("\n").contains("canary-access-token"),
        "the token is thrown away"
    );

    let requests = world.provider.requests();
    assert_eq!(requests.len(), 1);
    let asked = requests.first().expect("a request");
    assert_eq!(
        (asked.method.as_str(), asked.url.as_str()),
        ("POST", format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token").as_str())
    );
    assert_eq!(asked.field("grant_type"), Some("client_credentials"));
    assert_eq!(asked.field("scope"), Some("https://graph.microsoft.com/.default"));
    assert_eq!(asked.field("client_secret"), Some(SECRET));
    assert!(asked.headers.get("origin").is_none() && asked.headers.get("authorization").is_none());
}

#[rstest]
#[case(Canned::Json(400, error("unsupported_grant_type", 70_003)))]
#[case(Canned::Json(400, error("unauthorized_client", 9_999_999)))]
#[case(Canned::Json(400, error("invalid_scope", 70_011)))]
// A code of a sign-in says nothing about the credentials.
#[case(Canned::Json(400, error("invalid_request", 500_121)))]
#[case(Canned::Failure(HttpFailure::Unreachable))]
#[case(Canned::Text(429, String::new()))]
#[case(Canned::Text(500, "<html>".into()))]
#[case(Canned::Text(200, "<html>".into()))]
#[tokio::test]
async fn if_the_grant_is_not_available_the_page_says_that_the_first_sign_in_will_check_the_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] canned: Canned,
) {
    let (world, mut ada, connector) = added(kind, canned).await;
    let page = ada.get(&connector).await;
    page.assert_says(ADDED).assert_says("We could not check the secret yet");
    assert!(!page.text().contains("The connector is saved"), "no refusal is shown: {}", page.text());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn a_provider_that_hangs_delays_only_the_response(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let never = Arc::new(Notify::new());
    world.provider.answer_token(Canned::After(never, Box::new(Canned::Failure(HttpFailure::TimedOut))));
    let mut other = ada.clone();
    let new = of_one_tenant();
    let adding = world.add_connector(&mut ada, &new);
    let saved = async {
        while world.raw.count("connectors").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The connector is saved before the request, and others see it while the provider hangs.
        other.get("/connectors").await.assert_says("Mail archive");
    };
    let (connector, ()) = tokio::time::timeout(Duration::from_secs(9), async { tokio::join!(adding, saved) })
        .await
        .expect("it gave up by itself");
    ada.get(&connector).await.assert_says(ADDED).assert_says("We could not check the secret yet");
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn a_connector_for_accounts_of_all_tenants_is_not_tried(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let page = ada.get(&connector).await;
    page.assert_says(ADDED);
    assert!(!page.text().contains("could not check"));
    assert!(world.provider.requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn p5_a_new_secret_is_tried_too(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector) =
        added(kind, Canned::Json(401, error("invalid_client", 7_000_215))).await;
    assert_eq!(world.state(&connector).await, "failing: credentials_rejected");
    let form = ada.get(&format!("{connector}/secret")).await;
    let (id, version, owner) = (form.hidden("connector"), form.hidden("version"), form.hidden("owner"));
    let token = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "canary-access-token" });
    world.provider.answer_token(Canned::Json(200, token));
    let fields = [
        ("connector", id.as_str()),
        ("version", version.as_str()),
        ("owner", owner.as_str()),
        ("client_secret", "canary~another+secret/=1"),
        ("secret_expires_on", "2028-11-23"),
    ];
    ada.post("/do/connectors/replace-secret", &fields).await.assert_status(302);
    let page = ada.get(&connector).await;
    page.assert_says("The client secret was replaced").assert_says("Microsoft accepts the Client ID");
    assert!(!page.text().contains("last verified"), "no sign-in has happened yet: {}", page.text());
    assert_eq!(world.state(&connector).await, "not_verified");
    let asked = world.provider.requests();
    assert_eq!(asked.last().expect("a request").field("client_secret"), Some("canary~another+secret/=1"));
}
