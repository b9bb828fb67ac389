//! The timeline of a sign-in, and the text for support.

use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{Canned, Kind, SECRET, callback, parameter, sign_in_path, tokens, under_way};

const TRACE: &str = "aaaa0000-7e57-4000-8000-000000000001";
const CORRELATION: &str = "bbbb0000-7e57-4000-8000-000000000002";

#[rstest]
#[tokio::test]
async fn the_timeline_shows_each_step_of_a_sign_in_with_its_duration(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.clock.advance(Duration::seconds(72));
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=canary-code")).await.assert_status(303);
    for path in [connector, sign_in_path(&world).await] {
        let page = ada.get(&path).await;
        page.assert_says("Sent to Microsoft")
            .assert_says("Came back from Microsoft")
            .assert_says(", took 1 min 12 s");
        page.assert_says("To https://login.microsoftonline.com/common/oauth2/v2.0/authorize");
        page.assert_says("The browser came back with a one-time code.").assert_says("Details for support");
        let text = page.text();
        let all = [
            "started",
            "sent",
            "returned",
            "checked",
            "code_exchanged",
            "identity",
            "permissions",
            "outcome",
        ];
        let at: Vec<_> = all.iter().map(|step| text.find(&format!("Z: {step}")).expect("the step")).collect();
        assert!(at.is_sorted(), "{text}");
    }
}

#[rstest]
#[tokio::test]
async fn the_text_for_support_has_what_support_needs_and_no_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    let refusal = json!({ "error": "invalid_client", "error_codes": [7_000_215], "trace_id": TRACE,
        "correlation_id": CORRELATION, "error_description": "AADSTS7000215: Invalid client secret." });
    world.provider.answer_token(Canned::Json(401, refusal));
    ada.get(&callback(&authorize, "code=canary-code")).await.assert_status(303);
    let page = ada.get(&sign_in_path(&world).await).await;
    let (_, after) = page.body.split_once("The text for support\"><code>").expect("the text");
    let (text, _) = after.split_once("</code>").expect("its end");
    for words in [
        "Mail360 Connectors: ",
        "Sign-in: ",
        "Connector: ",
        "Client ID: ",
        "Redirect URI: http://localhost:3000/api/connectors",
        "Permissions asked: ",
        "Outcome: Microsoft does not accept the client secret",
        "Error: invalid_client",
        "Codes: 7000215",
        &format!("Trace ID: {TRACE}"),
        &format!("Correlation ID: {CORRELATION}"),
        ": started",
        ": returned (Came back from Microsoft): with a one-time code",
        ": outcome (Ended): failed",
    ] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
    let state = parameter(&authorize, "state");
    for secret in [SECRET, "canary", state.as_str(), &parameter(&authorize, "nonce")] {
        assert!(!page.body.contains(secret));
    }
}

#[rstest]
#[tokio::test]
async fn s6_no_page_ever_returns_a_secret_or_a_token(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world.claims(&authorize))));
    world.say_who();
    ada.get(&callback(&authorize, "code=canary-code")).await.assert_status(303);
    let sign_in = sign_in_path(&world).await;
    let paths = [
        "/connectors".to_owned(),
        connector.clone(),
        format!("{connector}/edit"),
        format!("{connector}/secret"),
        format!("{connector}/delete"),
        format!("{connector}/sign-ins"),
        format!("{connector}/pasted-error"),
        sign_in,
        "/settings/activity".to_owned(),
    ];
    for path in paths {
        let page = ada.get(&path).await;
        page.assert_status(200);
        assert!(!page.body.contains("canary"), "{path}");
    }
    // An edit with an empty secret keeps the stored one.
    let form = ada.get(&format!("{connector}/edit")).await;
    let before: Vec<u8> = world.raw.one("SELECT client_secret FROM connectors").await;
    let (id, version, owner) = (form.hidden("connector"), form.hidden("version"), form.hidden("owner"));
    let client_id = form.value("client_id");
    let fields = [
        ("connector", id.as_str()),
        ("version", version.as_str()),
        ("owner", owner.as_str()),
        ("provider", "outlook"),
        ("service_name", "Renamed"),
        ("client_id", client_id.as_str()),
        ("client_secret", ""),
        ("secret_expires_on", "2028-11-23"),
        ("account_type", "tenants_and_personal"),
        ("scopes[]", "Mail.Read"),
        ("scopes[]", "Mail.Send"),
        ("scopes[]", "Contacts.Read"),
    ];
    ada.post("/do/connectors/change", &fields).await.assert_status(302);
    let after: Vec<u8> = world.raw.one("SELECT client_secret FROM connectors").await;
    assert_eq!(before, after);
    assert_eq!(world.raw.one::<String>("SELECT service_name FROM connectors").await, "Renamed");
}

#[rstest]
#[tokio::test]
async fn a_sign_in_that_never_came_back_is_a_warning(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let page = ada.get(&connector).await;
    assert!(page.body.contains("<li class=\"idle\">"), "{}", page.body);
    world.clock.advance(Duration::minutes(10));
    let page = ada.get(&connector).await;
    assert!(page.body.contains("<li class=\"warn\">"), "{}", page.body);
}
