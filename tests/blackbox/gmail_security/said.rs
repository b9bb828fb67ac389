//! What Google says to a sign-in, and what is kept and shown of it.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mail360::providers::http::HttpFailure;
use rstest::rstest;
use serde_json::{Value, json};
use url::{Url, form_urlencoded::byte_serialize};

use super::{EVIL, Open};
use crate::{
    gmail_sign_ins::{CONTACTS, READ, SEND, SIGNED_IN, claims, come_back, start, tokens_of},
    support::{
        Canned, Seen, callback,
        company::GMAIL,
        hex, parameter,
        refreshing::{Scene, strict},
        sign_in_path,
    },
};

#[rstest]
#[case(Canned::Failure(HttpFailure::Unreachable), "could not be reached")]
#[case(Canned::Failure(HttpFailure::TimedOut), "did not answer in time")]
#[case(Canned::Failure(HttpFailure::TooLarge), "could not be understood")]
#[case(Canned::Text(429, String::new()), "has had too many requests")]
#[case(Canned::Text(503, "<html>canary</html>".into()), "has a problem at the moment")]
#[case(Canned::Text(200, "<html>canary</html>".into()), "could not be understood")]
#[case(Canned::Text(302, "canary".into()), "could not be understood")]
#[case(Canned::Json(403, json!({ "message": "canary" })), "could not be understood")]
#[case(Canned::Json(200, json!({ "token_type": "Bearer", "expires_in": 1 })), "could not be understood")]
#[tokio::test]
async fn o13_an_answer_of_google_that_cannot_be_understood_is_called_so_and_leaves_nothing(
    #[case] answer: Canned,
    #[case] words: &str,
) {
    let mut open = Open::new().await;
    let page = open.end(answer).await;
    page.assert_says(words);
    assert!(!page.body.contains("canary"), "{}", page.body);
    assert!(!open.world.raw.dump(&[]).await.join("\n").contains("canary"), "a part of it was stored");
    assert_eq!(open.state().await, "not_verified");
}

#[rstest]
#[case(401, "invalid_client", "failing: credentials_rejected")]
#[case(400, "invalid_grant", "not_verified")]
#[case(503, "temporarily_unavailable", "not_verified")]
#[tokio::test]
async fn o14_the_error_of_googles_token_endpoint_decides_and_the_code_is_sent_once(
    #[case] status: u16,
    #[case] error: &str,
    #[case] state: &str,
) {
    let mut open = Open::new().await;
    let answer = json!({ "error": error, "error_description": "Something that is in no table." });
    open.end(Canned::Json(status, answer)).await;
    assert_eq!(open.state().await, state);
    assert_eq!(open.sent().len(), 1);
}

#[tokio::test]
async fn o18_a_sign_in_at_google_asks_for_the_permissions_of_the_connector_and_no_others() {
    let open = Open::new().await;
    for (name, value) in [
        ("scope", format!("{SIGNED_IN} {READ} {SEND} {CONTACTS}")),
        ("include_granted_scopes", "false".to_owned()),
    ] {
        assert_eq!(parameter(&open.authorize, name), value);
    }
}

#[rstest]
#[case::another_client("aud", json!("999999999999-other.apps.googleusercontent.com"))]
#[case::another_sign_in("nonce", json!("another"))]
#[case::another_issuer("iss", json!("https://accounts.evil.example"))]
#[case::too_old("exp", json!(1))]
#[tokio::test]
async fn o19_an_id_token_of_another_sign_in_at_google_is_refused(#[case] claim: &str, #[case] value: Value) {
    let mut open = Open::new().await;
    let mut forged = claims(&open.world, &open.authorize);
    forged[claim] = value;
    open.end(Canned::Json(200, tokens_of(&forged, &format!("{READ} {SEND} {CONTACTS}")))).await;
    assert_eq!(open.state().await, "not_verified");
    assert_eq!(open.sent().len(), 1, "the access token of a sign-in that proves nothing was used");
}

#[tokio::test]
async fn o20_no_page_after_a_sign_in_at_google_has_a_token_or_the_secret() {
    let mut open = Open::new().await;
    let everything = open.everything();
    let page = open.end(Canned::Json(200, everything)).await;
    page.assert_says("The connector works");
    let mut pages = vec![page];
    let edit = format!("{}/edit", open.connector);
    for path in ["/connectors", open.connector.as_str(), edit.as_str(), "/settings/activity"] {
        let page = open.ada.get(path).await;
        page.assert_status(200);
        pages.push(page);
    }
    for page in pages {
        assert!(!page.body.contains("canary"), "{}", page.body);
    }
}

#[tokio::test]
async fn o21_the_return_from_google_needs_the_binding_cookie_and_no_session() {
    let mut open = Open::new().await;
    open.world.provider.answer_token(Canned::Json(200, open.everything()));
    open.ada.cookies.remove("mail360_3000_session");
    let request = open
        .ada
        .request("GET", &callback(&open.authorize, "code=abc"))
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .body(Body::empty());
    let landed = open.ada.send(request.expect("a request")).await;
    assert_eq!(landed.assert_status(303).location(), sign_in_path(&open.world).await);
    assert_eq!(open.state().await, "verified");
}

#[tokio::test]
async fn o22_of_twenty_sign_ins_at_google_the_latest_ten_stay_open() {
    let mut open = Open::new().await;
    for _ in 0..20 {
        start(&mut open.ada, &open.connector).await;
    }
    let left = "SELECT COUNT(*) FROM attempts WHERE consumed_at IS NULL";
    assert_eq!(open.world.raw.one::<i64>(left).await, 10);
}

#[tokio::test]
async fn c6_everything_that_google_says_is_shown_as_text() {
    let mut open = Open::new().await;
    let refused = json!({ "error": "invalid_request", "error_description": EVIL });
    let page = open.end(Canned::Json(400, refused)).await;
    page.assert_says("<img src=x");
    let mut pages = vec![page];
    open.authorize = start(&mut open.ada, &open.connector).await;
    let mut named = claims(&open.world, &open.authorize);
    named["name"] = EVIL.into();
    named["hd"] = EVIL.into();
    open.world.provider.answer_profile(Canned::Json(200, json!({ "emailAddress": EVIL })));
    let granted = tokens_of(&named, &format!("{READ} {SEND} {CONTACTS}"));
    pages.push(come_back(&open.world, &mut open.ada, &open.authorize, granted).await);
    for path in [open.connector.as_str(), "/connectors"] {
        pages.push(open.ada.get(path).await);
    }
    for page in pages {
        page.assert_status(200);
        assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>alert"), "{}", page.body);
    }
}

#[tokio::test]
async fn s1_the_database_has_nothing_of_google_in_clear() {
    let mut open = Open::new().await;
    let everything = open.everything();
    open.end(Canned::Json(200, everything)).await;
    let scene = Scene::new(GMAIL).await;
    let account = scene.connect("grace").await;
    scene.expire();
    scene.world.provider.answer_refreshes(strict(GMAIL.company));
    scene.token(account).await.expect("a token");
    for world in [&open.world, &scene.world] {
        let dump = world.raw.dump(&[]).await.join("\n").to_lowercase();
        for canary in ["canary", &hex(b"canary"), &URL_SAFE_NO_PAD.encode("canary").to_lowercase()] {
            assert!(!dump.contains(canary), "{canary}");
        }
    }
}

#[tokio::test]
async fn s7_a_secret_that_google_repeats_is_neither_shown_nor_stored() {
    let mut open = Open::new().await;
    let page = open.end(Canned::Echo).await;
    page.assert_says("[removed]");
    let dump = open.world.raw.dump(&[]).await.join("\n");
    let sent = open.sent().remove(0);
    for field in ["client_secret", "code", "code_verifier"] {
        let value = sent.field(field).expect("the field");
        let encoded: String = byte_serialize(value.as_bytes()).collect();
        for text in [value, &encoded] {
            assert!(!page.body.contains(text) && !dump.contains(text), "{field}");
        }
    }
}

#[tokio::test]
async fn i3_a_sign_in_and_a_refresh_ask_no_other_hosts_than_googles() {
    let mut open = Open::new().await;
    let everything = open.everything();
    open.end(Canned::Json(200, everything)).await;
    let scene = Scene::new(GMAIL).await;
    let account = scene.connect("grace").await;
    scene.expire();
    scene.world.provider.answer_refreshes(strict(GMAIL.company));
    scene.token(account).await.expect("a token");
    let admin = scene.world.admin().await;
    scene.process.accounts().disconnect(&admin, account).await.expect("done");
    let all: Vec<Seen> =
        [&open.world, &scene.world].into_iter().flat_map(|world| world.provider.requests()).collect();
    assert!(all.iter().any(|seen| seen.url.starts_with("https://oauth2.googleapis.com/revoke")));
    for seen in all {
        let host = Url::parse(&seen.url).expect("an address").host_str().expect("a host").to_owned();
        let hosts = ["oauth2.googleapis.com", "gmail.googleapis.com", "people.googleapis.com"];
        assert!(seen.url.starts_with("https://") && hosts.contains(&host.as_str()), "{}", seen.url);
    }
}
