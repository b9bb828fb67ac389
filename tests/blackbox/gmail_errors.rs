//! Google's errors in words: those of its own page, which an administrator pastes, those of the redirect back and of the
//! token endpoint, and an API that is not enabled.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::platform::clock::Clock;
use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Answer, Browser, Canned, Kind, World, callback, parameter};

const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";
const SECRET: &str = "GOCSPX-canary-of-errors-000000000";
const CONSOLE: &str = "https://console.cloud.google.com";

/// An installation with a Gmail connector: the world, its first administrator and the path of the connector.
async fn connector(kind: Kind) -> (World, Browser, String) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get("/connectors/new?provider=google").await;
    let hidden = ["form", "owner", "provider"].map(|name| (name, page.hidden(name)));
    let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([
        ("service_name", "Gmail archive"),
        ("client_id", ID),
        ("client_secret", SECRET),
        ("secret_expires_on", ""),
        ("hosted_domain", ""),
        ("scopes[]", "https://www.googleapis.com/auth/gmail.readonly"),
    ]);
    let connector = ada.post("/do/connectors/add", &fields).await.location().to_owned();
    assert!(connector.starts_with("/connectors/") && connector != "/connectors/new", "{connector}");
    (world, ada, connector)
}

async fn start(ada: &mut Browser, connector: &str) -> Url {
    ada.post(&format!("{connector}/verify"), &[]).await.assert_status(200).link("Continue to Google")
}

async fn come_back(ada: &mut Browser, authorize: &Url, with: &str) -> Answer {
    let landed = ada.get(&callback(authorize, with)).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200);
    assert_is_googles(&page);
    page
}

/// A page about a Gmail connector has no word of another provider, and no secret.
#[track_caller]
fn assert_is_googles(page: &Answer) {
    let body = page.body.to_lowercase();
    for word in ["microsoft", "azure", "tenant", "outlook", "aadsts", "canary"] {
        assert!(!body.contains(word), "{word:?} is in: {}", page.text());
    }
}

/// Google's tokens for everything that was asked for.
fn tokens(world: &World, authorize: &Url) -> Value {
    let now = world.clock.now().seconds();
    let claims = json!({
        "iss": "https://accounts.google.com", "aud": ID, "azp": ID, "sub": "107", "iat": now, "exp": now + 3_600,
        "nonce": parameter(authorize, "nonce"), "email": "grace@example.com", "email_verified": true,
    });
    json!({
        "access_token": "canary-access", "refresh_token": "canary-refresh", "expires_in": 3_599,
        "scope": parameter(authorize, "scope"), "token_type": "Bearer",
        "id_token": format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string())),
    })
}

#[rstest]
#[tokio::test]
async fn each_error_of_googles_page_is_explained_with_the_page_of_the_console_that_corrects_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada, connector) = connector(kind).await;
    for (shown, title, place) in [
        ("Error 403: access_denied", "this account is not a test user", Some("/auth/audience")),
        ("Error 403: org_internal", "only for accounts of its own organization", Some("/auth/audience")),
        ("Error 400: admin_policy_enforced", "company does not allow the application", None),
        ("Error 403: disallowed_useragent", "sign in inside another app", None),
        ("Error 401: deleted_client", "The application was deleted at Google", Some("/auth/clients")),
        ("Error 400: invalid_scope", "Google does not accept a permission", Some("/auth/scopes")),
        (
            "Google hasn’t verified this app",
            "Google has not verified the application",
            Some("/auth/audience"),
        ),
    ] {
        let page = ada.post(&format!("{connector}/pasted-error"), &[("shown", shown)]).await;
        page.assert_status(200).assert_says(title);
        assert_is_googles(&page);
        if let Some(place) = place {
            assert!(page.body.contains(&format!("{CONSOLE}{place}")), "{shown}: {}", page.body);
        }
    }
    let page = ada.post(&format!("{connector}/pasted-error"), &[("shown", "hello")]).await;
    page.assert_status(422).assert_says("We found no error code in this text");
}

#[rstest]
#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_is_compared_character_by_character(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada, connector) = connector(kind).await;
    let shown = "Access blocked: Gmail archive’s request is invalid\nError 400: redirect_uri_mismatch\n\
        Request details: redirect_uri=http://localhost:3000/api/connectors/ flowName=GeneralOAuthFlow";
    let page = ada.post(&format!("{connector}/pasted-error"), &[("shown", shown)]).await;
    page.assert_status(200).assert_says("The Redirect URI is not the one at Google");
    page.assert_says("There is a slash at the end which this program does not send.");
    assert_is_googles(&page);
}

#[rstest]
#[tokio::test]
async fn errors_of_the_redirect_back_and_of_the_token_endpoint_have_words_and_a_state(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let authorize = start(&mut ada, &connector).await;
    let page = come_back(&mut ada, &authorize, "error=access_denied").await;
    page.assert_says("The sign-in was cancelled, or the permissions were not approved");
    assert_eq!(world.state(&connector).await, "not_verified");
    for (status, error, description, title, state) in [
        (
            400,
            "invalid_grant",
            "Bad Request",
            "Google did not take the sign-in’s one-time code",
            "not_verified",
        ),
        (
            400,
            "redirect_uri_mismatch",
            "Bad Request",
            "The Redirect URI is not the one at Google",
            "not_verified",
        ),
        (
            401,
            "invalid_client",
            "The OAuth client was not found.",
            "Google does not find the application",
            "failing: credentials_rejected",
        ),
        (
            401,
            "deleted_client",
            "The OAuth client was deleted.",
            "The application was deleted at Google",
            "failing: credentials_rejected",
        ),
    ] {
        let authorize = start(&mut ada, &connector).await;
        let answer = json!({ "error": error, "error_description": description });
        world.provider.answer_token(Canned::Json(status, answer));
        come_back(&mut ada, &authorize, "code=abc").await.assert_says(title);
        assert_eq!(world.state(&connector).await, state, "{error}");
    }
}

#[rstest]
#[tokio::test]
async fn a_gmail_api_that_is_not_enabled_is_named_with_its_address_before_the_first_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let authorize = start(&mut ada, &connector).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world, &authorize)));
    let address =
        "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=123456789012";
    let message = format!(
        "Gmail API has not been used in project 123456789012 before or it is disabled. Enable it by visiting {address} \
         then retry."
    );
    let reasons = json!([{ "message": message, "domain": "usageLimits", "reason": "accessNotConfigured" }]);
    let error = json!({ "code": 403, "message": message, "errors": reasons, "status": "PERMISSION_DENIED" });
    world.provider.answer_profile(Canned::Json(403, json!({ "error": error })));
    let page = come_back(&mut ada, &authorize, "code=abc").await;
    page.assert_says("The Gmail API is not enabled for the application").assert_says("choose Enable");
    page.assert_says(address).assert_says("no one has to sign in again");
    let button = format!("{CONSOLE}/apis/library/gmail.googleapis.com?project=123456789012");
    assert!(page.body.contains(&button), "{}", page.body);
    assert_eq!(world.state(&connector).await, "failing: api_disabled");
    ada.get(&connector).await.assert_says("The Gmail API is not enabled for the application");
}
