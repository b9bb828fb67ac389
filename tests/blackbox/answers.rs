//! Responses of the provider: how leniently they are read, what the page says, and what is stored.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use mail360::providers::{NoConnection, http::HttpFailure};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{
    Answer, Browser, Canned, Claims, Kind, Log, SECRET, World, callback, sign_in_path, tokens, under_way,
    write_keys,
};

/// The page on which the sign-in of this callback ends.
async fn finish_sign_in(browser: &mut Browser, back: &str) -> Answer {
    let landed = browser.get(back).await;
    let page = browser.get(landed.assert_status(303).location()).await;
    page.assert_status(200);
    page
}

fn each(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[rstest]
#[case::plain(|text: &str| text.to_owned())]
#[case::upper(|text: &str| text.to_uppercase())]
#[case::percent(percent)]
#[case::percent_twice(|text: &str| percent(&percent(text)))]
#[case::base64(|text: &str| STANDARD.encode(text))]
#[case::base64_within(|text: &str| STANDARD.encode(format!("secret={text};")))]
#[case::base64url(|text: &str| URL_SAFE_NO_PAD.encode(text))]
#[case::hex(|text: &str| each(text, |c| format!("{:02x}", u32::from(c))))]
#[case::hex_spaced(|text: &str| each(text, |c| format!("{:02X} ", u32::from(c))))]
#[case::html(|text: &str| each(text, |c| format!("&#{};", u32::from(c))))]
#[case::json(|text: &str| each(text, |c| format!("\\u{:04x}", u32::from(c))))]
#[case::reversed(|text: &str| text.chars().rev().collect())]
#[case::spaced(|text: &str| each(text, |c| format!("{c} ")))]
#[case::dashed(|text: &str| each(text, |c| format!("{c}-")))]
#[tokio::test]
async fn n9_a_secret_that_the_provider_repeats_in_any_encoding_is_neither_shown_nor_readable_at_rest(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] write: fn(&str) -> String,
) {
    let log = Log::start();
    let (world, mut ada, _, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::EchoAs(write));
    let page = finish_sign_in(&mut ada, &callback(&authorize, "code=canary-code-0123456789")).await;
    page.assert_says("AADSTS9999999").assert_says("[removed]");
    let sent = world.provider.exchanges();
    let dump = world.raw.dump(&[]).await.join("\n");
    for field in ["client_secret", "code", "code_verifier"] {
        let value = sent[0].field(field).expect("the field");
        for text in [value, &write(value)] {
            let text = text.trim();
            assert!(!page.text().contains(text), "{field} on the page: {}", page.text());
            assert!(!dump.contains(text), "{field} in the database");
            assert!(!log.text().contains(text), "{field} in the log");
        }
    }
}

/// An encoding that redaction does not recognise: the administrator sees it, the database has it only encrypted.
fn unknown_way(text: &str) -> String {
    each(text, |c| format!("{}x", u32::from(c)))
}

#[rstest]
#[tokio::test]
async fn n9_free_text_of_the_provider_is_encrypted_at_rest_even_if_redaction_does_not_recognise_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let log = Log::start();
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::EchoAs(unknown_way));
    let page = finish_sign_in(&mut ada, &callback(&authorize, "code=canary-code-0123456789")).await;
    let written = unknown_way(SECRET);
    page.assert_says(&written);

    let text = unknown_way("canary");
    let authorize = world.start(&mut ada, &connector).await;
    let error = format!("error={text}&error_description={text}");
    finish_sign_in(&mut ada, &callback(&authorize, &error)).await.assert_says(&text);

    let authorize = world.start(&mut ada, &connector).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world.claims(&authorize))));
    world.provider.answer_me(Canned::Json(
        403,
        json!({ "error": { "code": text, "message": text,
        "innerError": { "request-id": text } } }),
    ));
    finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await.assert_says(&text);

    let authorize = world.start(&mut ada, &connector).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world.claims(&authorize))));
    world.provider.answer_me(Canned::Json(200, json!({ "id": text, "mail": text })));
    finish_sign_in(&mut ada, &callback(&authorize, "code=abc"))
        .await
        .assert_says("The connector works")
        .assert_says(&text);

    let authorize = world.start(&mut ada, &connector).await;
    let mut claims = world.claims(&authorize);
    claims.issuer = format!("https://{}.example/{text}", "a".repeat(20));
    world.provider.answer_token(Canned::Json(200, tokens(&claims)));
    finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await.assert_says("does not fit");

    let dump = world.raw.dump(&[]).await.join("\n");
    for text in [&written, &text] {
        assert!(!dump.contains(text.as_str()), "{dump}");
        assert!(!log.text().contains(text.as_str()), "{}", log.text());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn n9_the_providers_texts_are_checked_and_sealed_again_like_every_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    let refusal = json!({ "error": "invalid_grant", "error_description": "Words of Microsoft’s." });
    world.provider.answer_token(Canned::Json(400, refusal));
    finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await.assert_says("Words of Microsoft’s.");
    let keys = &world.program.config.encryption_key_file;
    write_keys(keys, &[("new", 9), ("test", 7)]);
    let world = world.another_process(&[]).await;
    world.run("reseal").expect("done");
    write_keys(keys, &[("new", 9)]);
    let world = world.another_process(&[]).await;
    let page = ada.at(&world.browser()).get(&sign_in_path(&world).await).await;
    page.assert_says("Words of Microsoft’s.");
    let garbage = world.raw.bytes(b"garbage");
    world.raw.run(&format!("UPDATE attempts SET provider_words = {garbage}")).await.expect("changed");
    let check = world.run("check").expect_err("not sound");
    assert!(check.contains("What the provider said in the sign-in"), "{check}");
    ada.at(&world.browser()).get(&sign_in_path(&world).await).await.assert_says("did not take the sign-in’s");
}

#[rstest]
#[case::text("expires_in", json!("3599"))]
#[case::fraction("expires_in", json!(3599.0))]
#[case::null("expires_in", Value::Null)]
#[case::object("expires_in", json!({}))]
#[case::negative("expires_in", json!(-1))]
#[case::another_case("token_type", json!("bEARER"))]
#[case::no_type("token_type", Value::Null)]
#[case::unknown("client_info", json!([{ "a": [1.5e300] }]))]
#[case::list("scope", json!(["User.Read", "Mail.Read", "Mail.Send", "Contacts.Read"]))]
#[tokio::test]
async fn c12_a_member_that_is_not_needed_may_have_any_type_and_the_connector_works(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] member: &str,
    #[case] value: Value,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    let mut answer = tokens(&world.claims(&authorize));
    answer[member] = value;
    world.provider.answer_token(Canned::Json(200, answer));
    world.provider.answer_me(Canned::Json(
        200,
        json!({ "id": 7, "mail": null, "userPrincipalName": "g@contoso.test" }),
    ));
    finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await.assert_says("The connector works");
}

#[rstest]
#[case::texts(json!({ "error": "invalid_client", "error_codes": ["7000222"], "error_description": null }))]
#[case::alone(json!({ "error": "invalid_client", "error_codes": 7_000_222.0, "error_description": 1 }))]
#[case::described(json!({ "error": "invalid_client", "error_codes": {}, "error_description": "AADSTS7000222: No." }))]
#[tokio::test]
async fn c12_an_error_is_understood_with_other_members_of_any_type(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] error: Value,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Json(401, error));
    let page = finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await;
    page.assert_says("The client secret has expired").assert_says("AADSTS7000222");
}

/// A sign-in whose ID token has one changed claim and whose response has this `Date`.
async fn answered(
    kind: Kind,
    date: &'static str,
    change: impl FnOnce(&World, &mut Claims),
) -> (World, Answer, Vec<String>) {
    let log = Log::start();
    let (world, mut ada, _, authorize) = under_way(kind).await;
    let mut claims = world.claims(&authorize);
    change(&world, &mut claims);
    world.provider.answer_token(Canned::Headed(200, ("date", date), tokens(&claims)));
    world.say_who();
    let page = finish_sign_in(&mut ada, &callback(&authorize, "code=canary-code")).await;
    let lines = log.lines("a sign-in failed");
    assert!(!log.text().contains("canary"), "{}", log.text());
    (world, page, lines)
}

#[rstest]
#[tokio::test]
async fn c16_a_clock_that_is_ahead_is_named_with_the_difference_on_the_page_in_the_timeline_and_in_the_log(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_, page, log) = answered(kind, "Mon, 23 Nov 2026 04:57:10 GMT", |world, claims| {
        claims.expires = world.clock.now_seconds() - 3_600;
    })
    .await;
    page.assert_says("The server’s clock is wrong");
    page.assert_says("The server’s clock is 2 hours ahead of Microsoft’s. By this clock");
    page.assert_says("The operator");
    let message = "exp: expected later than 2026-11-23T06:57:10Z, received 2026-11-23T05:57:10Z; \
                the server’s clock is 2 hours ahead of Microsoft’s";
    page.assert_says(message).assert_says(&format!("Found: {message}"));
    assert!(log.len() == 1 && log[0].contains(message), "{log:?}");
}

#[rstest]
#[tokio::test]
async fn c16_a_clock_that_is_slightly_wrong_causes_a_warning_and_the_sign_in_still_succeeds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let log = Log::start();
    let (world, mut ada, _, authorize) = under_way(kind).await;
    let answer = tokens(&world.claims(&authorize));
    world.provider.answer_token(Canned::Headed(200, ("date", "Mon, 23 Nov 2026 08:57:10 GMT"), answer));
    world.say_who();
    let page = finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await;
    page.assert_says("The connector works").assert_says("The server’s clock is 2 hours behind Microsoft’s.");
    assert_eq!(log.lines("clock is 2 hours behind Microsoft").len(), 1);
}

#[rstest]
#[case::aud("aud: expected", |claims: &mut Claims| claims.client_id.replace_range(..1, "f"))]
#[case::nonce("nonce: it differs from the one that was sent", |claims: &mut Claims| claims.nonce = "canary".into())]
#[case::iss(
    "iss: expected https://login.microsoftonline.com/5a1e0000-7e57-4000-8000-00000000c0de/v2.0, received \
     https://login.microsoftonline.us/5a1e0000-7e57-4000-8000-00000000c0de/v2.0",
    |claims: &mut Claims| claims.issuer = claims.issuer.replace(".com", ".us")
)]
#[tokio::test]
async fn c16_the_claim_that_failed_is_named_in_the_timeline_the_text_for_support_and_one_line_of_the_log(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] message: &str,
    #[case] change: fn(&mut Claims),
) {
    let (_, page, log) = answered(kind, "Mon, 23 Nov 2026 06:57:10 GMT", |_, claims| change(claims)).await;
    page.assert_says("proof of who signed in does not fit").assert_says(message);
    page.assert_says(&format!("Found: {message}"));
    assert!(log.len() == 1 && log[0].contains(message), "{log:?}");
}

#[rstest]
#[tokio::test]
async fn c17_an_issuer_of_another_cloud_is_shown_beside_the_expected_one_with_the_setting_to_change(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_, page, _) = answered(kind, "Mon, 23 Nov 2026 06:57:10 GMT", |_, claims| {
        claims.issuer = claims.issuer.replace(".com", ".us");
    })
    .await;
    page.assert_says("MAIL360_MICROSOFT_ISSUER").assert_says("The operator");
    page.assert_says("https://login.microsoftonline.us/").assert_says("https://login.microsoftonline.com/");

    let log = Log::start();
    let (_world, mut ada, _, authorize) = under_way(kind).await;
    let iss = "https://login.microsoftonline.us/5a1e0000-7e57-4000-8000-00000000c0de/v2.0";
    let page = finish_sign_in(&mut ada, &callback(&authorize, &format!("code=abc&iss={iss}"))).await;
    page.assert_says("another provider").assert_says(iss).assert_says("MAIL360_MICROSOFT_ISSUER");
    page.assert_says(&format!("Found: iss of the callback: expected https://login.microsoftonline.com/{{tenant}}/v2.0, received {iss}"));
    assert_eq!(log.lines(iss).len(), 1);
}

#[rstest]
#[tokio::test]
async fn c17_the_command_check_warns_of_an_issuer_of_another_cloud(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let us = |path: &str| format!("https://login.microsoftonline.us/{{tenant}}/{path}");
    let (authorize, token, issuer) = (us("oauth2/v2.0/authorize"), us("oauth2/v2.0/token"), us("v2.0"));
    let mut flags = vec![
        "--microsoft-authorize-url",
        &authorize,
        "--microsoft-token-url",
        &token,
        "--microsoft-graph-url",
        "https://graph.microsoft.us/v1.0",
    ];
    let world = World::with(kind, &flags).await;
    let check = world.run("check").expect("sound but for that");
    assert!(
        check.contains("Warning: MAIL360_MICROSOFT_ISSUER has the host login.microsoftonline.com"),
        "{check}"
    );
    flags.extend(["--microsoft-issuer", &issuer]);
    let check = World::with(kind, &flags).await.run("check").expect("sound");
    assert!(!check.contains("Warning"), "{check}");
}

#[rstest]
#[case(NoConnection::NameNotFound, "The name login.microsoftonline.com was not found", "DNS")]
#[case(NoConnection::Refused, "The connection to login.microsoftonline.com was refused", "HTTPS_PROXY")]
#[case(NoConnection::TimedOut, "could be opened within some seconds", "firewall")]
#[case(NoConnection::Certificate, "certificate of login.microsoftonline.com is not trusted", "SSL_CERT_FILE")]
#[case(NoConnection::ProxyLogin, "asks for a user and password (407)", "HTTPS_PROXY")]
#[case(NoConnection::ProxyRefused, "The proxy did not open a connection", "NO_PROXY")]
#[case(NoConnection::ProxyNameNotFound, "The name of the proxy", "HTTPS_PROXY names it rightly")]
#[case(
    NoConnection::ProxyUnreachable,
    "The proxy that leads to login.microsoftonline.com cannot be reached",
    "HTTPS_PROXY"
)]
#[case(NoConnection::CertificateOutOfDate, "is expired or not valid yet", "clock of the server")]
#[case(
    NoConnection::CertificateOfAnother,
    "certificate at login.microsoftonline.com is for another name",
    "DNS"
)]
#[tokio::test]
async fn c63_the_reason_of_a_failed_connection_is_on_the_page_in_the_timeline_and_in_the_log(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] why: NoConnection,
    #[case] what: &str,
    #[case] next: &str,
) {
    let log = Log::start();
    let (world, mut ada, _, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Failure(HttpFailure::NoConnection(why)));
    let page = finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await;
    page.assert_says("Microsoft could not be reached").assert_says(what).assert_says(next);
    let message = format!("login.microsoftonline.com: {}", why.words());
    page.assert_says(&format!("Found: {message}"));
    assert!(!page.text().contains("What Microsoft said"), "the page has words of the provider");
    assert_eq!(log.lines(&message).len(), 1);
}

#[rstest]
#[tokio::test]
async fn c63_a_proxy_that_asks_for_a_log_in_is_not_mistaken_for_microsoft(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Text(407, "<h1>Log in</h1>".to_owned()));
    let page = finish_sign_in(&mut ada, &callback(&authorize, "code=abc")).await;
    page.assert_says("Microsoft could not be reached").assert_says("asks for a user and password (407)");
}
