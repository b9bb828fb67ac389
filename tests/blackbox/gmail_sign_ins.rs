//! Sign-ins at Google with a Gmail connector, and the try of its credentials when it is added.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::platform::clock::Clock;
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded::Serializer};

use crate::support::{self, Answer, Browser, Canned, Kind, NewConnector, World, callback, parameter};

pub const ID: &str = "123456789012-abc0def1.apps.googleusercontent.com";
pub const SECRET: &str = "GOCSPX-canary-of-the-form-000000000";
const URI: &str = "http://localhost:3000/api/connectors";
pub const READ: &str = "https://www.googleapis.com/auth/gmail.readonly";
pub const SEND: &str = "https://www.googleapis.com/auth/gmail.send";
pub const CONTACTS: &str = "https://www.googleapis.com/auth/contacts.readonly";
/// As Google answers the permissions for the ID token.
pub const SIGNED_IN: &str = "openid https://www.googleapis.com/auth/userinfo.email \
                         https://www.googleapis.com/auth/userinfo.profile";

/// An answer as Google sends it, which names its issuer.
const OF_GOOGLE: &str =
    "code=4%2Fabc&iss=https%3A%2F%2Faccounts.google.com&scope=openid&authuser=0&prompt=consent";

/// Adds a connector for accounts of this domain, or of any domain if it is empty. The token endpoint answers the try of
/// the credentials so.
pub async fn add(world: &World, browser: &mut Browser, domain: &str, tried: Canned) -> String {
    world.provider.answer_token(tried);
    let page = browser.get("/connectors/new?provider=google").await;
    let hidden = ["form", "owner"].map(|name| (name, page.hidden(name)));
    let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([
        ("provider", "google"),
        ("service_name", "Mail archive"),
        ("hosted_domain", domain),
        ("client_id", ID),
        ("client_secret", SECRET),
        ("secret_expires_on", ""),
        ("scopes[]", READ),
        ("scopes[]", SEND),
        ("scopes[]", CONTACTS),
    ]);
    let added = browser.post("/do/connectors/add", &fields).await;
    let connector = added.location().to_owned();
    assert!(connector.starts_with("/connectors/") && connector != "/connectors/new", "{connector}");
    connector
}

/// The answer to a code that Google has not given.
pub fn bad_code() -> Canned {
    Canned::Json(400, json!({ "error": "invalid_grant", "error_description": "Malformed auth code." }))
}

/// An installation with a Gmail connector whose credentials were accepted.
async fn installation(kind: Kind, domain: &str) -> (World, Browser, String) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = add(&world, &mut ada, domain, bad_code()).await;
    (world, ada, connector)
}

/// Starts a sign-in and returns the address at Google.
pub async fn start(browser: &mut Browser, connector: &str) -> Url {
    let page = browser.post(&format!("{connector}/verify"), &[]).await;
    page.assert_status(200).link("Continue to Google")
}

/// The tokens for this sign-in, with these permissions.
pub fn tokens(world: &World, authorize: &Url, scope: &str) -> Value {
    tokens_of(&claims(world, authorize), scope)
}

/// The claims of the ID token of this sign-in.
pub fn claims(world: &World, authorize: &Url) -> Value {
    json!({
        "iss": "https://accounts.google.com", "sub": "110169484474386276334", "azp": ID, "aud": ID,
        "nonce": parameter(authorize, "nonce"), "exp": world.clock.now().seconds() + 3600,
        "email": "grace@contoso.test", "email_verified": true, "name": "Grace Hopper", "hd": "contoso.test",
    })
}

/// Tokens with these claims and permissions.
pub fn tokens_of(claims: &Value, scope: &str) -> Value {
    json!({
        "access_token": "canary-access-token", "refresh_token": "canary-refresh-token", "expires_in": 3599,
        "scope": format!("{SIGNED_IN} {scope}"), "token_type": "Bearer",
        "id_token": format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string())),
    })
}

/// Comes back from Google and opens the page of the outcome.
pub async fn come_back(world: &World, browser: &mut Browser, authorize: &Url, tokens: Value) -> Answer {
    world.provider.answer_token(Canned::Json(200, tokens));
    land(browser, authorize, OF_GOOGLE).await
}

/// Comes back from a provider with this answer and opens the page of the outcome.
async fn land(browser: &mut Browser, authorize: &Url, answer: &str) -> Answer {
    let landed = browser.get(&callback(authorize, answer)).await;
    browser.get(landed.assert_status(303).location()).await
}

#[rstest]
#[tokio::test]
async fn a_sign_in_at_google_verifies_a_connector(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector) = installation(kind, "").await;
    let authorize = start(&mut ada, &connector).await;
    assert!(authorize.as_str().starts_with("https://accounts.google.com/o/oauth2/v2/auth?"), "{authorize}");
    let asked = format!("{SIGNED_IN} {READ} {SEND} {CONTACTS}");
    for (name, value) in [
        ("access_type", "offline"),
        ("prompt", "consent select_account"),
        ("include_granted_scopes", "false"),
        ("redirect_uri", URI),
        ("code_challenge_method", "S256"),
        ("scope", asked.as_str()),
    ] {
        assert_eq!(parameter(&authorize, name), value, "{name}");
    }
    let everything = tokens(&world, &authorize, &format!("{READ} {SEND} {CONTACTS}"));
    let page = come_back(&world, &mut ada, &authorize, everything).await;
    page.assert_says("The connector works").assert_says("grace@contoso.test");
    page.assert_says("Domain contoso.test");
    assert_eq!(world.state(&connector).await, "verified");
    // The try of the credentials was the first.
    let exchange = world.provider.exchanges().remove(1);
    assert_eq!(exchange.url, "https://oauth2.googleapis.com/token");
    assert_eq!((exchange.field("client_secret"), exchange.field("redirect_uri")), (Some(SECRET), Some(URI)));
    assert_eq!(exchange.field("code"), Some("4/abc"));
    assert!(exchange.headers.get("origin").is_none());

    let authorize = start(&mut ada, &connector).await;
    let unticked = tokens(&world, &authorize, SEND);
    let page = come_back(&world, &mut ada, &authorize, unticked).await;
    page.assert_says("gmail.readonly").assert_says("contacts.readonly").assert_says("Not granted (optional)");
    page.assert_says("tick all boxes");
}

#[rstest]
#[tokio::test]
async fn o8_the_answer_of_one_provider_is_not_taken_for_that_of_the_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let new = NewConnector { name: "Calendar archive", ..NewConnector::default() };
    let outlook = world.add_connector(&mut ada, &new).await;
    let gmail = add(&world, &mut ada, "", bad_code()).await;
    let before = world.provider.requests().len();
    for (connector, continue_to, issuer) in [
        (
            &gmail,
            "Continue to Google",
            "https://login.microsoftonline.com/5a1e0000-7e57-4000-8000-00000000c0de/v2.0",
        ),
        (&outlook, "Continue to Microsoft", "https://accounts.google.com"),
    ] {
        let page = ada.post(&format!("{connector}/verify"), &[]).await;
        let authorize = page.assert_status(200).link(continue_to);
        let with = Serializer::new("code=abc".to_owned()).append_pair("iss", issuer).finish();
        let page = land(&mut ada, &authorize, &with).await;
        page.assert_says("The answer came from another provider").assert_says(issuer);
        assert_eq!(world.state(connector).await, "not_verified");
    }
    assert_eq!(world.provider.requests().len(), before, "a code was sent to the other provider");
}

#[rstest]
#[case::the_code_is_refused(false)]
#[case::the_tokens_are_swapped_too(true)]
#[tokio::test]
async fn o8_sign_ins_with_a_connector_of_each_kind_whose_answers_are_swapped_verify_neither(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] also_tokens: bool,
) {
    let (world, mut ada, gmail) = installation(kind, "").await;
    let new = NewConnector { name: "Calendar archive", ..NewConnector::default() };
    let outlook = world.add_connector(&mut ada, &new).await;
    let at_google = start(&mut ada, &gmail).await;
    let at_microsoft = world.start(&mut ada, &outlook).await;
    let once_more = world.start(&mut ada, &outlook).await;
    let before = world.provider.requests().len();

    land(&mut ada, &at_microsoft, OF_GOOGLE).await.assert_says("The answer came from another provider");
    assert_eq!(world.provider.requests().len(), before, "Google’s code was sent to Microsoft");

    // Microsoft names no issuer, and an attacker who swaps answers can take Google’s out.
    let of_google = tokens(&world, &at_google, &format!("{READ} {SEND} {CONTACTS}"));
    let of_microsoft = support::tokens(&world.claims(&once_more));
    for (authorize, answer, swapped, endpoint, client) in [
        (
            &at_google,
            "code=1.AXEA-abc&session_state=abc",
            of_microsoft,
            "https://oauth2.googleapis.com/token",
            (ID, SECRET),
        ),
        (
            &once_more,
            "code=4%2Fabc&scope=openid&authuser=0&prompt=consent",
            of_google,
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            (new.client_id.as_str(), support::SECRET),
        ),
    ] {
        let before = world.provider.requests().len();
        world.provider.answer_token(if also_tokens { Canned::Json(200, swapped) } else { bad_code() });
        let page = land(&mut ada, authorize, answer).await;
        if also_tokens {
            page.assert_says("proof of who signed in does not fit");
        }
        let sent = world.provider.requests().split_off(before);
        assert_eq!(sent.iter().map(|seen| seen.url.as_str()).collect::<Vec<_>>(), [endpoint]);
        assert_eq!(sent[0].field("client_id").zip(sent[0].field("client_secret")), Some(client));
        let verifier = sent[0].field("code_verifier").expect("a verifier");
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        assert_eq!(challenge, parameter(authorize, "code_challenge"));
    }

    // The right answers come too late: each sign-in has had its answer.
    let before = world.provider.requests().len();
    land(&mut ada, &at_google, OF_GOOGLE).await.assert_status(200);
    for authorize in [&at_microsoft, &once_more] {
        land(&mut ada, authorize, "code=1.AXEA-abc&session_state=abc").await.assert_status(200);
    }
    assert_eq!(world.provider.requests().len(), before, "a sign-in had two answers");
    for connector in [&gmail, &outlook] {
        assert_eq!(world.state(connector).await, "not_verified");
    }
}

#[rstest]
#[tokio::test]
async fn a_sign_in_without_a_refresh_token_does_not_verify(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = installation(kind, "").await;
    let authorize = start(&mut ada, &connector).await;
    let mut brief = tokens(&world, &authorize, READ);
    brief["refresh_token"] = Value::Null;
    let page = come_back(&world, &mut ada, &authorize, brief).await;
    page.assert_says("Google did not give lasting access");
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn an_api_that_is_not_enabled_is_told_when_the_connector_is_verified(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = installation(kind, "").await;
    let authorize = start(&mut ada, &connector).await;
    let message = "Gmail API has not been used in project 123456789012 before or it is disabled. Enable it by visiting \
                   https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=123456789012 \
                   then retry.";
    let disabled = json!({ "error": {
        "code": 403, "message": message, "status": "PERMISSION_DENIED",
        "errors": [{ "reason": "accessNotConfigured" }],
        "details": [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED" }],
    } });
    world.provider.answer_profile(Canned::Json(403, disabled));
    let granted = tokens(&world, &authorize, READ);
    let page = come_back(&world, &mut ada, &authorize, granted).await;
    page.assert_says("The Gmail API is not enabled for the application").assert_says("choose Enable");
    assert_eq!(world.state(&connector).await, "failing: api_disabled");
}

#[rstest]
#[tokio::test]
async fn only_accounts_of_the_domain_may_sign_in(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector) = installation(kind, "Fabrikam.test").await;
    assert_eq!(world.setting("hosted_domain").await, "fabrikam.test");
    let authorize = start(&mut ada, &connector).await;
    assert_eq!(parameter(&authorize, "hd"), "fabrikam.test");
    let granted = tokens(&world, &authorize, READ);
    let page = come_back(&world, &mut ada, &authorize, granted).await;
    page.assert_says("The account that signed in belongs to another domain").assert_says("contoso.test");
}

#[rstest]
#[case::accepted(400, "invalid_grant", "Google accepts the Client ID and the Client Secret", "not_verified")]
#[case::wrong_secret(
    401,
    "invalid_client",
    "Google does not accept the Client ID and secret",
    "failing: credentials_rejected"
)]
#[case::not_registered(
    400,
    "redirect_uri_mismatch",
    "The Redirect URI is not the one at Google",
    "not_verified"
)]
#[case::unknown(400, "invalid_request", "We could not check the secret yet", "not_verified")]
#[tokio::test]
async fn the_credentials_are_tried_when_the_connector_is_added(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] status: u16,
    #[case] error: &str,
    #[case] words: &str,
    #[case] state: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let answer = Canned::Json(status, json!({ "error": error, "error_description": "Bad Request" }));
    let connector = add(&world, &mut ada, "", answer).await;
    ada.get(&connector).await.assert_says(words);
    assert_eq!(world.state(&connector).await, state);
    let requests = world.provider.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].url, "https://oauth2.googleapis.com/token");
    assert_eq!(requests[0].field("client_secret"), Some(SECRET));
    assert_eq!(requests[0].field("redirect_uri"), Some(URI));
}
