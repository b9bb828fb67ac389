//! Every result of a sign-in has words: what happened, who can fix it, the next step, and what Microsoft said.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use mail360::{people::model::Role, providers::http::HttpFailure};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use crate::support::{Answer, Canned, Kind, NewConnector, World, callback, parameter, tokens, under_way};

const TRACE: &str = "aaaa0000-7e57-4000-8000-000000000001";
const CORRELATION: &str = "bbbb0000-7e57-4000-8000-000000000002";

/// An error of the token endpoint in the form that Microsoft documents, with its line ends.
fn microsoft_error(error: &str, code: u64) -> Value {
    json!({
        "error": error,
        "error_description": format!(
            "AADSTS{code}: Something in Microsoft's words.\r\nTrace ID: {TRACE}\r\nCorrelation ID: {CORRELATION}\r\n\
             Timestamp: 2026-11-27 10:00:00Z"
        ),
        "error_codes": [code], "timestamp": "2026-11-27 10:00:00Z", "trace_id": TRACE,
        "correlation_id": CORRELATION, "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    })
}

/// Signs in while the token endpoint gives this response. Returns the outcome's page and the connector's state.
async fn sign_in_with(kind: Kind, canned: Canned) -> (World, Answer, String) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.provider.answer_token(canned);
    let landed = ada.get(&callback(&authorize, "code=canary-code")).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200);
    let state = world.state(&connector).await;
    (world, page, state)
}

const CREDENTIALS_REJECTED: &str = "failing: credentials_rejected";

#[rstest]
#[case::wrong_secret((401, "invalid_client", 7_000_215),
    "does not accept the client secret",
    "You, as the administrator",
    "Value column",
    CREDENTIALS_REJECTED
)]
#[case::expired_secret((401, "invalid_client", 7_000_222),
    "The client secret has expired",
    "You, as the administrator",
    "new client secret",
    CREDENTIALS_REJECTED
)]
#[case::public_client((401, "invalid_client", 700_025),
    "registered as a public client",
    "You, as the administrator",
    "Allow public client flows to No",
    CREDENTIALS_REJECTED
)]
#[case::secret_missing((401, "invalid_client", 7_000_218),
    "registered as a public client",
    "You, as the administrator",
    "on the platform Web",
    CREDENTIALS_REJECTED
)]
#[case::unknown_application((400, "unauthorized_client", 700_016),
    "does not find the application",
    "You, as the administrator",
    "Application (client) ID",
    "failing: application_refused"
)]
#[case::unknown_tenant((400, "invalid_request", 90_002),
    "does not know the tenant",
    "You, as the administrator",
    "Directory (tenant) ID",
    "not_verified"
)]
#[case::permission((400, "invalid_scope", 70_011),
    "A permission is not set up",
    "You, as the administrator",
    "API permissions",
    "failing: permissions_refused"
)]
#[case::not_approved((400, "invalid_grant", 65_001),
    "have not been approved yet",
    "The user who signs in",
    "choose Accept",
    "not_verified"
)]
#[case::approval((400, "invalid_grant", 90_094),
    "A Microsoft 365 administrator must approve",
    "A Microsoft 365 administrator of the company",
    "Send them the message",
    "not_verified"
)]
#[case::redeemed((400, "invalid_grant", 54_005),
    "code had been used",
    "The user who signs in",
    "in one window",
    "not_verified"
)]
#[case::conditional_access((400, "invalid_grant", 53_003),
    "A rule of the company forbids",
    "A Microsoft 365 administrator of the company",
    "Sign-in logs",
    "not_verified"
)]
#[case::transient((503, "temporarily_unavailable", 90_033),
    "has a problem at the moment",
    "No one. It will pass.",
    "Wait a minute",
    "not_verified"
)]
#[case::unknown((400, "invalid_grant", 9_999_999),
    "Microsoft did not give access",
    "The user who signs in",
    "Start the sign-in again",
    "not_verified"
)]
#[tokio::test]
async fn o14_an_error_of_microsoft_says_what_happened_who_can_fix_it_and_the_next_step(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] (status, error, code): (u16, &str, u64),
    #[case] what: &str,
    #[case] who: &str,
    #[case] next: &str,
    #[case] state: &str,
) {
    let answer = Canned::Json(status, microsoft_error(error, code));
    let (world, page, now) = sign_in_with(kind, answer).await;
    page.assert_says(what).assert_says(who).assert_says(next);
    page.assert_says(error).assert_says(&format!("AADSTS{code}")).assert_says(TRACE).assert_says(CORRELATION);
    assert_eq!(now, state, "the state of the connector does not follow from the OAuth error");
    assert_eq!(world.provider.token_requests().len(), 1, "the code was sent more than once");
    let microsofts_page = format!("https://login.microsoftonline.com/error?code={code}");
    assert_eq!(
        page.body.contains(&microsofts_page),
        code == 9_999_999,
        "only the page of an unknown code links to Microsoft's page about the code"
    );
}

#[rstest]
#[tokio::test]
async fn a_throttled_sign_in_says_how_long_to_wait(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let answer = microsoft_error("temporarily_unavailable", 50_196);
    let answer = Canned::Headed(429, ("retry-after", "90"), answer);
    let (_, page, state) = sign_in_with(kind, answer).await;
    page.assert_says("has had too many requests").assert_says("Wait 90 seconds").assert_says(TRACE);
    assert_eq!(state, "not_verified");
}

#[rstest]
#[tokio::test]
async fn a_request_id_that_only_a_header_contains_is_shown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let answer = Canned::Headed(500, ("x-ms-request-id", TRACE), json!("oops"));
    let (_, page, _) = sign_in_with(kind, answer).await;
    page.assert_says("has a problem at the moment").assert_says(TRACE);
}

#[rstest]
#[tokio::test]
async fn s7_a_secret_that_the_provider_repeats_is_neither_shown_nor_stored(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Echo);
    let landed = ada.get(&callback(&authorize, "code=canary-code")).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_says("refused to finish the sign-in").assert_says("[removed]");
    let sent = world.provider.exchanges();
    let sent = sent.first().expect("a request");
    let dump = world.raw.dump(&[]).await.join("\n");
    for field in ["client_secret", "code", "code_verifier"] {
        let value = sent.field(field).expect("the field");
        let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        for text in [value, &encoded] {
            assert!(!page.body.contains(text) && !dump.contains(text), "{field}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_refusal_of_graph_is_shown_with_its_ids(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world.claims(&authorize))));
    let refusal = json!({ "error": {
        "code": "Authorization_RequestDenied", "message": "Insufficient privileges, said canary-access-token.",
        "innerError": { "date": "2026-11-27T10:00:00", "request-id": TRACE, "client-request-id": CORRELATION },
    } });
    world.provider.answer_me(Canned::Json(403, refusal));
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    let page = ada.get(landed.location()).await;
    page.assert_says("did not say who signed in").assert_says("Authorization_RequestDenied");
    page.assert_says("Insufficient privileges").assert_says(TRACE).assert_says(CORRELATION);
    assert!(!page.body.contains("canary"));
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[case("access_denied", "AADSTS65004: The user declined.", "The sign-in was cancelled")]
#[case("access_denied", "AADSTS90094: An admin must consent.", "A Microsoft 365 administrator must approve")]
#[case("consent_required", "AADSTS65001: No consent.", "have not been approved yet")]
#[case("interaction_required", "AADSTS50076: Use MFA.", "asks for a second factor")]
#[case("server_error", "AADSTS90006: External server.", "has a problem at the moment")]
#[case("temporarily_unavailable", "", "has a problem at the moment")]
#[case("unauthorized_client", "AADSTS700016: Not found.", "does not find the application")]
#[case("invalid_client", "AADSTS650052: No service principal.", "does not have the application yet")]
#[case("invalid_client", "AADSTS9999999: New.", "Microsoft stopped the sign-in")]
#[case("access_denied", "AADSTS9999999: A policy.", "did not let the sign-in through")]
#[case("something_new", "AADSTS9999999: New.", "Microsoft stopped the sign-in")]
#[tokio::test]
async fn an_error_instead_of_a_code_has_words_and_causes_no_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] error: &str,
    #[case] description: &str,
    #[case] words: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let trace = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
    let description = format!("{description}\r\nTrace ID: {trace}\r\n");
    let description: String = url::form_urlencoded::byte_serialize(description.as_bytes()).collect();
    let back = callback(&authorize, &format!("error={error}&error_description={description}"));
    let landed = ada.get(&back).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_says(words).assert_says("Who can fix it").assert_says("Next step");
    page.assert_says("the trace ID").assert_says(&format!("Trace ID: {trace}"));
    assert!(world.provider.requests().is_empty());
    let state = world.state(&connector).await;
    let refused = matches!(error, "unauthorized_client" | "invalid_scope");
    // Only an error about the application changes the state: no secret was sent.
    assert_eq!(state.starts_with("failing"), refused, "{state}");
}

#[rstest]
#[case::a_proxy(Canned::Text(403, "<h1>Blocked</h1>".into()), "could not be understood")]
#[case::a_portal(Canned::Text(302, String::new()), "could not be understood")]
#[case::a_token(
    Canned::Json(401, json!({ "error": { "code": "InvalidAuthenticationToken", "message": "Bad." } })),
    "refused to finish the sign-in"
)]
#[case::a_permission(
    Canned::Json(403, json!({ "error": { "code": "Authorization_RequestDenied", "message": "No." } })),
    "did not say who signed in"
)]
#[tokio::test]
async fn each_kind_of_failed_request_to_graph_has_its_own_explanation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] canned: Canned,
    #[case] words: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world.claims(&authorize))));
    world.provider.answer_me(canned);
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    ada.get(landed.assert_status(303).location()).await.assert_says(words);
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[case::secret(401, "invalid_client", 7_000_222, "/secret")]
#[case::application(400, "unauthorized_client", 700_016, "/edit")]
#[case::personal(400, "invalid_request", 9_002_331, "/retry")]
#[tokio::test]
async fn the_page_offers_a_button_for_the_next_step(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] status: u16,
    #[case] error: &str,
    #[case] code: u64,
    #[case] leads_to: &str,
) {
    let (_, page, _) = sign_in_with(kind, Canned::Json(status, microsoft_error(error, code))).await;
    assert!(page.body.contains(leads_to), "{}", page.text());
}

#[rstest]
#[tokio::test]
async fn the_page_offers_the_consent_link_if_an_administrator_must_consent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_, page, _) = sign_in_with(kind, Canned::Json(400, microsoft_error("invalid_grant", 90_094))).await;
    page.assert_says("https://login.microsoftonline.com/organizations/v2.0/adminconsent");
}

#[rstest]
#[tokio::test]
async fn c6_everything_that_the_provider_says_is_shown_as_text(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let evil = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>{{7*7}}";
    let mut answer = microsoft_error("invalid_client", 9_999_999);
    for field in ["error_description", "trace_id", "correlation_id"] {
        answer[field] = evil.into();
    }
    let (world, page, _) = sign_in_with(kind, Canned::Json(401, answer)).await;
    page.assert_says("<img src=x");
    let mut ada = world.log_in("ada@contoso.test").await;
    let connector = format!("/connectors/{}", world.raw.one::<uuid::Uuid>("SELECT id FROM connectors").await);
    let other = NewConnector { name: "x\"><img src=x onerror=alert(1)>", ..Default::default() };
    let named = world.add_connector(&mut ada, &other).await;
    // A user's name may be HTML as well.
    let authorize = world.start(&mut ada, &named).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world.claims(&authorize))));
    world
        .provider
        .answer_me(Canned::Json(200, json!({ "id": "1", "mail": evil, "userPrincipalName": evil })));
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    let verified = ada.get(landed.location()).await;
    verified.assert_says("The connector works").assert_says("<img src=x");
    let pages =
        [page, verified, ada.get(&connector).await, ada.get(&named).await, ada.get("/connectors").await];
    for page in pages {
        page.assert_status(200);
        assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>alert"), "{}", page.body);
    }
}

#[rstest]
#[tokio::test]
async fn o7_a_code_of_another_sign_in_is_sent_with_the_verifier_of_this_one_and_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, first) = under_way(kind).await;
    let second = world.start(&mut ada, &connector).await;
    // An attacker puts the code of the first sign-in into the callback of the second.
    world.provider.answer_token(Canned::Json(400, microsoft_error("invalid_grant", 501_481)));
    let landed = ada.get(&callback(&second, "code=code-of-the-first")).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200).assert_says("The answer belongs to another sign-in");
    assert_eq!(world.state(&connector).await, "not_verified");
    let exchanges = world.provider.exchanges();
    let [sent] = exchanges.as_slice() else { panic!("{} exchanges", exchanges.len()) };
    assert_eq!(sent.field("code"), Some("code-of-the-first"));
    let verifier = sent.field("code_verifier").expect("a PKCE verifier");
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    assert_eq!(challenge, parameter(&second, "code_challenge"));
    assert_ne!(challenge, parameter(&first, "code_challenge"), "the provider could not notice the injection");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn d2_fifty_callbacks_that_wait_for_the_provider_do_not_delay_other_requests(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let mut waiting = Vec::new();
    let mut gates = Vec::new();
    // One user has at most ten open sign-ins.
    for user in 0..5 {
        let email = format!("admin{user}@contoso.test");
        let mut browser = world.user("Contoso", &email, Role::Admin).await;
        for _ in 0..10 {
            let authorize = world.start(&mut browser, &connector).await;
            let gate = Arc::new(Notify::new());
            let hung = Canned::After(gate.clone(), Box::new(Canned::Failure(HttpFailure::TimedOut)));
            world.provider.answer_token(hung);
            gates.push(gate);
            let (mut browser, back) = (browser.clone(), callback(&authorize, "code=abc"));
            waiting.push(tokio::spawn(async move {
                let landed = browser.get(&back).await;
                browser.get(landed.assert_status(303).location()).await
            }));
        }
    }
    while world.provider.exchanges().len() < 50 {
        tokio::task::yield_now().await;
    }
    // All of them wait now. Other requests are answered, and the database has free connections.
    for path in ["/connectors", &connector, "/connectors/new", "/settings/activity", "/healthz", "/readyz"] {
        ada.get(path).await.assert_status(200);
    }
    let finished = waiting.iter().filter(|task| task.is_finished()).count();
    assert_eq!(finished, 0, "callbacks were answered before the provider answered");
    let other = NewConnector { name: "Another", ..Default::default() };
    world.add_connector(&mut ada, &other).await;

    for gate in gates {
        gate.notify_one();
    }
    for task in waiting {
        let page = task.await.expect("an answer");
        assert_eq!(page.status, StatusCode::OK);
    }
    let ended: i64 = world.raw.one("SELECT COUNT(*) FROM attempts WHERE outcome LIKE '%slow%'").await;
    assert_eq!(ended, 50);
    assert_eq!(world.state(&connector).await, "not_verified");
    // The next sign-in succeeds without a restart.
    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}
