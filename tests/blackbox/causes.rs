//! Errors of Microsoft with several causes: the page names each cause with its own next step.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Canned, Kind, NewConnector, SECRET, World, callback, under_way};

const TENANT: &str = "5a1e0000-7e57-4000-8000-00000000c0de";
/// The path of Microsoft's consent page for administrators.
const APPROVAL: &str = "/v2.0/adminconsent?client_id=";

fn error(error: &str, code: u64) -> Value {
    json!({ "error": error, "error_description": format!("AADSTS{code}: No."), "error_codes": [code],
        "trace_id": "trace-1", "correlation_id": "correlation-1" })
}

/// The page of a sign-in with this response of the token endpoint.
async fn sign_in_with(kind: Kind, status: u16, body: Value) -> (World, Answer, String) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Json(status, body));
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200);
    let state = world.state(&connector).await;
    (world, page, state)
}

/// The page of a sign-in that Microsoft ends with this error instead of a code.
async fn sign_in_with_error(
    world: &World,
    ada: &mut Browser,
    connector: &str,
    error: &str,
    description: &str,
) -> Answer {
    let authorize = world.start(ada, connector).await;
    let description: String = url::form_urlencoded::byte_serialize(description.as_bytes()).collect();
    let back =
        callback(&authorize, &format!("error={error}&error_subcode=cancel&error_description={description}"));
    let landed = ada.get(&back).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200);
    page
}

/// The page that explains a pasted text.
async fn pasted(ada: &mut Browser, connector: &str, text: &str) -> Answer {
    ada.post(&format!("{connector}/pasted-error"), &[("shown", text)]).await
}

#[rstest]
#[case::with_the_code("AADSTS65004: User declined to consent to access the app.")]
#[case::without_a_code("the user canceled the authentication")]
#[case::without_any_words("")]
#[tokio::test]
async fn c1_a_user_who_returns_without_consent_is_offered_a_new_sign_in_and_the_consent_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] description: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for account_type in ["multiple_tenants", "tenants_and_personal"] {
        let new = NewConnector { name: account_type, account_type, ..Default::default() };
        let connector = world.add_connector(&mut ada, &new).await;
        let page = sign_in_with_error(&world, &mut ada, &connector, "access_denied", description).await;
        page.assert_says("The sign-in was cancelled, or the permissions were not approved");
        page.assert_says("If Microsoft said that an administrator must approve").assert_says("Sign in again");
        page.assert_says(APPROVAL);
    }
    // Owners of personal accounts consent for themselves.
    let new = NewConnector { name: "Personal", account_type: "personal_only", ..Default::default() };
    let connector = world.add_connector(&mut ada, &new).await;
    let page = sign_in_with_error(&world, &mut ada, &connector, "access_denied", description).await;
    page.assert_says("choose Accept");
    for words in ["adminconsent", "message for the administrator", "Message for the administrator"] {
        assert!(!page.text().contains(words), "{words}");
    }
}

#[rstest]
#[case::managed_device(
    530_003,
    "A rule of the company forbids",
    "A Microsoft 365 administrator of the company"
)]
#[case::joined_device(
    53_001,
    "A rule of the company forbids",
    "A Microsoft 365 administrator of the company"
)]
#[case::approved_app(53_002, "A rule of the company forbids", "A Microsoft 365 administrator of the company")]
#[case::device(50_097, "A rule of the company forbids", "A Microsoft 365 administrator of the company")]
#[case::general(70_000, "did not accept what the sign-in came back with", "The user who signs in")]
#[case::password(50_126, "account’s name or password", "The user who signs in")]
#[case::unknown(9_999_999, "Microsoft did not give access", "The user who signs in")]
#[tokio::test]
async fn c2_invalid_grant_is_not_always_blamed_on_the_one_time_code(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] code: u64,
    #[case] words: &str,
    #[case] who: &str,
) {
    let mut body = error("invalid_grant", code);
    body["suberror"] = "basic_action".into();
    let (_, page, state) = sign_in_with(kind, 400, body).await;
    page.assert_says(words).assert_says(who);
    // The timeline below may mention the code; the diagnosis may not blame it.
    let text = page.text();
    let (diagnosis, _) = text.split_once("Timeline").expect("a timeline");
    for claim in ["one-time code", "had been used", "too old"] {
        assert!(!diagnosis.contains(claim), "{code}: {diagnosis}");
    }
    assert_eq!(state, "not_verified");
}

#[rstest]
#[case::single_page_application(
    9_002_327,
    "on the wrong platform",
    "remove the Redirect URI from Single-page"
)]
#[case::public_client(90_023, "registered as a public client", "Allow public client flows to No")]
#[tokio::test]
async fn c3_c4_a_redirect_uri_on_the_wrong_platform_is_named_with_the_address(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] code: u64,
    #[case] words: &str,
    #[case] next: &str,
) {
    let (_, page, _) = sign_in_with(kind, 400, error("invalid_request", code)).await;
    page.assert_says(words).assert_says(next).assert_says("on the platform Web");
    page.assert_says("http://localhost:3000/api/connectors");
}

#[rstest]
#[tokio::test]
async fn c5_c9_common_codes_that_are_pasted_have_words(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (_world, mut ada, connector, _) = under_way(kind).await;
    let page =
        pasted(&mut ada, &connector, "AADSTS500113: No reply address is registered for the application.")
            .await;
    page.assert_status(200).assert_says("No Redirect URI is registered in Azure");
    page.assert_says("http://localhost:3000/api/connectors");
    for text in [
        "AADSTS90014: The required field 'request' is missing from the credential.",
        "AADSTS900561: The endpoint only accepts POST requests. Received a GET request.",
        "AADSTS165000: Invalid Request: The request tokens do not match the user context.",
    ] {
        let page = pasted(&mut ada, &connector, text).await;
        page.assert_status(200).assert_says("was opened again").assert_says("The user who signs in");
        assert!(!page.text().contains("fault of this program"), "{text}");
    }
}

#[rstest]
#[tokio::test]
async fn c6_a_scope_that_does_not_exist_is_explained_as_a_permission(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let description =
        "AADSTS650053: The application asked for scope 'Mail.Reed' that doesn't exist on the resource.";
    let page = sign_in_with_error(&world, &mut ada, &connector, "invalid_client", description).await;
    page.assert_says("A permission is not set up for the application").assert_says("API permissions");
    assert_eq!(world.state(&connector).await, "not_verified", "no secret was sent");
}

#[rstest]
#[tokio::test]
async fn c10_c11_a_pasted_page_without_a_code_leads_to_the_consent_link_in_every_language(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for text in [
        "This app may be risky. If you trust this app, please ask your admin to grant you access.",
        "Administrator approval required",
        "… needs permission to access resources that only an administrator can grant",
    ] {
        let page = pasted(&mut ada, &connector, text).await;
        page.assert_status(200)
            .assert_says("A Microsoft 365 administrator must approve")
            .assert_says(APPROVAL);
    }
    let personal = NewConnector { name: "Personal", account_type: "personal_only", ..Default::default() };
    let personal = world.add_connector(&mut ada, &personal).await;
    for text in [
        "Administratorgenehmigung erforderlich. Mailarchiv benötigt eine Berechtigung.",
        "Approbation de l’administrateur requise",
        "管理者の承認が必要",
        "it does not work",
    ] {
        let page = pasted(&mut ada, &connector, text).await;
        page.assert_status(422).assert_says("Did the page ask for an administrator?");
        page.assert_says(APPROVAL).assert_says("We found no error code in this text");
        let page = pasted(&mut ada, &personal, text).await;
        page.assert_status(422);
        assert!(!page.text().contains("adminconsent"), "{text}");
    }
    // No link is offered before a text was pasted.
    let page = ada.get(&format!("{connector}/pasted-error")).await;
    assert!(!page.text().contains("adminconsent"));
    // A code without words may be about consent too.
    let page = pasted(&mut ada, &connector, "AADSTS9999999: Etwas Neues.").await;
    page.assert_status(200).assert_says("If the page asked for an administrator").assert_says(APPROVAL);
}

/// The path to which the button *Try again* posts.
fn try_again(connector: &str) -> String {
    format!("{connector}/try-again")
}

fn accepted() -> Canned {
    let token = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "canary-access-token" });
    Canned::Json(200, token)
}

#[rstest]
#[case::c19_a_secret(401, "invalid_client", 7_000_215, "If you made the secret within the last few minutes")]
#[case::c20_an_application(
    400,
    "unauthorized_client",
    700_016,
    "If you registered the application within the last few minutes"
)]
#[tokio::test]
async fn c19_c20_new_credentials_are_tried_again_without_typing_the_secret_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] status: u16,
    #[case] oauth_error: &str,
    #[case] code: u64,
    #[case] words: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.provider.answer_token(Canned::Json(status, error(oauth_error, code)));
    let new = NewConnector { account_type: "single_tenant", tenant: TENANT, ..Default::default() };
    let connector = world.add_connector(&mut ada, &new).await;
    let page = ada.get(&connector).await;
    page.assert_says(words).assert_says("Wait a minute and try again");
    let button = format!("action=\"{}\"", try_again(&connector));
    assert!(page.body.contains(&button), "{}", page.body);

    // Too early: the same message again, and none says that something was saved.
    world.provider.answer_token(Canned::Json(status, error(oauth_error, code)));
    let landed = ada.post(&try_again(&connector), &[]).await;
    assert_eq!(landed.assert_status(303).location(), connector);
    let page = ada.get(&connector).await;
    page.assert_says(words);
    assert!(!page.text().contains("The connector is saved"), "{}", page.text());

    world.provider.answer_token(accepted());
    ada.post(&try_again(&connector), &[]).await.assert_status(303);
    let page = ada.get(&connector).await;
    page.assert_says("Microsoft accepts the Client ID and the Client Secret");
    assert!(!page.text().contains("Failing"), "{}", page.text());
    assert_eq!(world.state(&connector).await, "not_verified", "only a sign-in verifies a connector");
    let asked = world.provider.requests();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|asked| asked.field("client_secret") == Some(SECRET)));
    let tried: i64 = world.raw.one("SELECT COUNT(*) FROM activity WHERE action = 'connector.tried'").await;
    assert_eq!(tried, 3);
}

#[rstest]
#[tokio::test]
async fn c19_accepted_credentials_do_not_end_a_failure_of_another_kind(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.provider.answer_token(accepted());
    let new = NewConnector { account_type: "single_tenant", tenant: TENANT, ..Default::default() };
    let connector = world.add_connector(&mut ada, &new).await;
    for (state, failure) in [("failing", "'permissions_refused'"), ("verified", "NULL")] {
        world
            .raw
            .run(&format!("UPDATE connectors SET state = '{state}', failure = {failure}"))
            .await
            .expect("changed");
        let before = world.state(&connector).await;
        world.provider.answer_token(accepted());
        ada.post(&try_again(&connector), &[]).await.assert_status(303);
        assert_eq!(world.state(&connector).await, before);
    }
}

#[rstest]
#[tokio::test]
async fn c19_a_connector_that_was_verified_before_is_not_called_untried(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.provider.answer_token(accepted());
    let new = NewConnector { account_type: "single_tenant", tenant: TENANT, ..Default::default() };
    let connector = world.add_connector(&mut ada, &new).await;
    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
    for (canned, state) in [
        (Canned::Json(401, error("invalid_client", 7_000_222)), "failing: credentials_rejected"),
        (accepted(), "not_verified"),
    ] {
        world.provider.answer_token(canned);
        ada.post(&try_again(&connector), &[]).await.assert_status(303);
        assert_eq!(world.state(&connector).await, state);
    }
    let page = ada.get(&connector).await;
    page.assert_says("Last verified on").assert_says("so verify it again");
    assert!(!page.text().contains("No one has tested"), "{}", page.text());
}

#[rstest]
#[tokio::test]
async fn c19_without_a_known_tenant_try_again_starts_a_sign_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, page, state) = sign_in_with(kind, 401, error("invalid_client", 7_000_215)).await;
    assert_eq!(state, "failing: credentials_rejected");
    page.assert_says("Wait a minute and try again");
    let connector = format!("/connectors/{}", world.raw.one::<uuid::Uuid>("SELECT id FROM connectors").await);
    assert!(page.body.contains(&format!("action=\"{}\"", try_again(&connector))), "{}", page.body);
    let mut ada = world.log_in("ada@contoso.test").await;
    // The connector's page has the button as long as the credentials are refused.
    assert!(ada.get(&connector).await.body.contains(&try_again(&connector)));
    let leaving = ada.post(&try_again(&connector), &[]).await;
    let authorize = leaving.assert_status(200).link("Continue to Microsoft");
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[tokio::test]
async fn c19_only_an_administrator_of_the_organisation_can_try_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    world.viewer().await.post(&try_again(&connector), &[]).await.assert_status(403);
    world.stranger().await.post(&try_again(&connector), &[]).await.assert_status(404);
    ada.post("/connectors/none/try-again", &[]).await.assert_status(404);
    assert!(world.provider.requests().is_empty());
}

#[rstest]
#[case("invalid_grant", 65_001)]
#[case("invalid_grant", 90_094)]
#[tokio::test]
async fn c21_after_a_recent_consent_the_page_offers_to_sign_in_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] oauth_error: &str,
    #[case] code: u64,
) {
    let (_, page, _) = sign_in_with(kind, 400, error(oauth_error, code)).await;
    page.assert_says("approved within the last few minutes").assert_says("Wait a minute and try again");
    page.assert_says("Sign in again").assert_says(APPROVAL);
}
