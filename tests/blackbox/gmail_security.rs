//! The rows of the security checklist that speak of providers, with Google. What they store is the same as with Outlook,
//! so they run on SQLite only. Further rows are in `gmail_sign_ins` (O8, O14) and, for the life of a grant, in the suites of
//! refreshing, which run for both (D2, D4, D5, O15 to O17, S3, S6 to S8).

mod said;

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::Duration;
use url::{Url, form_urlencoded::byte_serialize};

use crate::{
    gmail_sign_ins::{CONTACTS, ID, READ, SECRET, SEND, add, bad_code, start, tokens},
    support::{Answer, Browser, Canned, Kind, Seen, World, callback, hex, parameter, sign_in_path},
};

const EVIL: &str = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>{{7*7}}";

/// An open sign-in of Ada's at Google.
struct Open {
    world: World,
    ada: Browser,
    connector: String,
    authorize: Url,
    /// The number of requests before it.
    before: usize,
}

impl Open {
    async fn new() -> Self {
        Self::at(&[]).await
    }

    /// At a program with these flags.
    async fn at(flags: &[&str]) -> Self {
        let world = World::with(Kind::Sqlite, flags).await;
        let mut ada = world.set_up().await;
        let connector = add(&world, &mut ada, "", bad_code()).await;
        let authorize = start(&mut ada, &connector).await;
        let before = world.provider.requests().len();
        Self { world, ada, connector, authorize, before }
    }

    /// The requests since the sign-in was started.
    fn sent(&self) -> Vec<Seen> {
        self.world.provider.requests().split_off(self.before)
    }

    /// Comes back with this answer of the token endpoint, and opens the page of the outcome.
    async fn end(&mut self, answer: Canned) -> Answer {
        self.world.provider.answer_token(answer);
        let landed = self.ada.get(&callback(&self.authorize, "code=canary-code")).await;
        let page = self.ada.get(landed.assert_status(303).location()).await;
        page.assert_status(200);
        page
    }

    async fn state(&self) -> String {
        self.world.state(&self.connector).await
    }

    fn everything(&self) -> Value {
        tokens(&self.world, &self.authorize, &format!("{READ} {SEND} {CONTACTS}"))
    }
}

#[tokio::test]
async fn o1_every_sign_in_at_google_starts_with_a_random_state_of_256_bits() {
    let mut open = Open::new().await;
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let authorize = start(&mut open.ada, &open.connector).await;
        for name in ["state", "code_challenge", "nonce"] {
            let value = parameter(&authorize, name);
            assert_eq!(URL_SAFE_NO_PAD.decode(&value).expect("base64").len(), 32, "{name}");
            assert!(seen.insert(value), "two sign-ins have the same {name}");
        }
    }
}

#[tokio::test]
async fn o2_an_answer_of_google_in_another_browser_is_refused_and_the_sign_in_can_still_finish() {
    let mut open = Open::new().await;
    for mut browser in [open.world.browser(), open.world.stranger().await] {
        browser.get(&callback(&open.authorize, "code=abc")).await.assert_status(400);
    }
    assert!(open.sent().is_empty(), "a code was sent");
    let everything = open.everything();
    open.end(Canned::Json(200, everything)).await.assert_says("The connector works");
    assert_eq!(open.state().await, "verified");
}

#[tokio::test]
async fn o3_an_answer_of_google_that_comes_eight_times_redeems_one_code() {
    let mut open = Open::new().await;
    open.world.provider.answer_token(Canned::Json(200, open.everything()));
    let back = callback(&open.authorize, "code=abc");
    for _ in 0..8 {
        let landed = open.ada.get(&back).await;
        assert_eq!(landed.assert_status(303).location(), sign_in_path(&open.world).await);
    }
    let redeemed = open.sent().into_iter().filter(|seen| seen.field("code").is_some());
    assert_eq!(redeemed.count(), 1);
}

#[tokio::test]
async fn o4_an_answer_of_google_after_ten_minutes_is_refused() {
    let mut open = Open::new().await;
    open.world.clock.advance(Duration::minutes(11));
    let landed = open.ada.get(&callback(&open.authorize, "code=abc")).await;
    open.ada.get(landed.assert_status(303).location()).await.assert_says("took too long");
    assert!(open.sent().is_empty());
    assert_eq!(open.state().await, "not_verified");
}

#[tokio::test]
async fn o5_a_malformed_answer_of_google_causes_no_request() {
    let mut open = Open::new().await;
    let (state, long) = (parameter(&open.authorize, "state"), "a".repeat(10_000));
    for query in [
        "code=4%2Fabc&scope=openid&authuser=0&prompt=consent".to_owned(),
        format!("state={state}&state={state}&code=4%2Fabc"),
        format!("state={state}&code=4%2Fabc&code=4%2Fdef"),
        format!("state={state}&code=4%2Fabc&iss=a&iss=b"),
        format!("state={state}&code={long}&scope=openid"),
        format!("state={state}&code=%ff%fe"),
    ] {
        open.ada.get(&format!("/api/connectors?{query}")).await.assert_status(400);
    }
    assert!(open.sent().is_empty());
}

#[tokio::test]
async fn o6_the_challenge_for_google_is_the_hash_of_a_verifier_that_only_the_token_request_contains() {
    let mut open = Open::new().await;
    let before = open.world.raw.dump(&[]).await.join("\n").to_lowercase();
    let everything = open.everything();
    open.end(Canned::Json(200, everything)).await;
    let verifier = open.sent()[0].field("code_verifier").expect("a verifier").to_owned();
    assert!((43..=128).contains(&verifier.len()));
    assert_eq!(parameter(&open.authorize, "code_challenge_method"), "S256");
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    assert_eq!(challenge, parameter(&open.authorize, "code_challenge"));
    for spelling in [verifier.to_lowercase(), hex(verifier.as_bytes())] {
        assert!(!before.contains(&spelling), "the verifier is stored in clear");
    }
    assert!(open.sent()[1..].iter().all(|seen| !seen.url.contains(&verifier)));
}

#[tokio::test]
async fn o7_a_code_of_another_sign_in_at_google_is_sent_with_the_verifier_of_this_one_and_refused() {
    let mut open = Open::new().await;
    let first = open.authorize.clone();
    open.authorize = start(&mut open.ada, &open.connector).await;
    open.end(bad_code()).await;
    assert_eq!(open.state().await, "not_verified");
    let sent = open.sent();
    assert_eq!(sent.len(), 1, "only the code was sent");
    let challenge =
        URL_SAFE_NO_PAD.encode(Sha256::digest(sent[0].field("code_verifier").expect("a verifier")));
    assert_eq!(challenge, parameter(&open.authorize, "code_challenge"));
    assert_ne!(challenge, parameter(&first, "code_challenge"), "Google could not notice the injection");
}

#[tokio::test]
async fn o8_a_sign_in_at_google_keeps_the_addresses_that_it_was_started_with() {
    let mut open = Open::new().await;
    let restarted = open
        .world
        .another_process(&[
            "--google-token-url",
            "https://token.elsewhere.example/token",
            "--google-gmail-url",
            "https://gmail.elsewhere.example",
            "--google-people-url",
            "https://people.elsewhere.example",
            "--google-issuer",
            "https://issuer.elsewhere.example",
        ])
        .await;
    open.ada = open.ada.at(&restarted.browser());
    let everything = open.everything();
    open.end(Canned::Json(200, everything)).await.assert_says("The connector works");
    for seen in open.sent() {
        assert!(!seen.url.contains("elsewhere.example"), "{}", seen.url);
    }
}

#[tokio::test]
async fn o8_an_answer_without_an_issuer_goes_to_no_other_provider_than_that_of_its_state() {
    let mut open = Open::new().await;
    // As Microsoft answers: it names no issuer.
    open.world.provider.answer_token(bad_code());
    let landed = open.ada.get(&callback(&open.authorize, "code=1.AXEA-canary&session_state=canary")).await;
    open.ada.get(landed.assert_status(303).location()).await.assert_status(200);
    let sent = open.sent();
    assert_eq!(
        sent.iter().map(|seen| seen.url.as_str()).collect::<Vec<_>>(),
        ["https://oauth2.googleapis.com/token"]
    );
    assert_eq!((sent[0].field("client_id"), sent[0].field("client_secret")), (Some(ID), Some(SECRET)));
    assert_eq!(open.state().await, "not_verified");
}

#[tokio::test]
async fn o9_all_requests_to_google_contain_the_configured_redirect_uri_byte_for_byte() {
    let mut open = Open::at(&["--public-url", "https://mail.contoso.test/"]).await;
    let everything = open.everything();
    open.end(Canned::Json(200, everything)).await;
    let redirect_uri = "https://mail.contoso.test/api/connectors";
    assert_eq!(parameter(&open.authorize, "redirect_uri"), redirect_uri);
    let exchanges = open.world.provider.exchanges();
    assert_eq!(exchanges.len(), 2, "the try of the credentials, and the code");
    assert!(exchanges.iter().all(|seen| seen.field("redirect_uri") == Some(redirect_uri)));
}

#[tokio::test]
async fn o10_an_answer_of_google_lands_at_an_address_without_its_parameters() {
    for rest in [
        "code=canary-code&iss=https%3A%2F%2Faccounts.google.com&scope=canary&authuser=0&prompt=consent",
        "error=access_denied&error_subtype=canary",
    ] {
        let mut open = Open::new().await;
        open.world.provider.answer_token(Canned::Json(200, open.everything()));
        let answer = open.ada.get(&callback(&open.authorize, rest)).await;
        assert_eq!(answer.assert_status(303).location(), sign_in_path(&open.world).await);
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn o11_a_consent_that_was_refused_at_google_has_words_and_sends_nothing() {
    let mut open = Open::new().await;
    let description: String = byte_serialize(EVIL.as_bytes()).collect();
    let rest = format!("error=access_denied&error_description={description}");
    let landed = open.ada.get(&callback(&open.authorize, &rest)).await;
    let page = open.ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200).assert_says("Who can fix it").assert_says("Next step");
    assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>alert"), "{}", page.body);
    assert!(open.sent().is_empty());
    assert_eq!(open.state().await, "not_verified");
}

#[tokio::test]
async fn o12_the_token_request_to_google_is_a_form_with_all_parameters_in_its_body() {
    let mut open = Open::new().await;
    open.world.provider.answer_token(Canned::Json(200, open.everything()));
    open.ada.get(&callback(&open.authorize, "code=4%2F0A%2Bc")).await.assert_status(303);
    let token = open.sent().remove(0);
    assert_eq!((token.method.as_str(), token.url.as_str()), ("POST", "https://oauth2.googleapis.com/token"));
    assert_eq!(token.headers["content-type"], "application/x-www-form-urlencoded");
    for name in ["origin", "authorization", "referer", "cookie"] {
        assert!(!token.headers.contains_key(name), "{name}");
    }
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "4/0A+c"),
        ("client_id", ID),
        ("client_secret", SECRET),
        ("redirect_uri", "http://localhost:3000/api/connectors"),
    ] {
        assert_eq!(token.field(name), Some(value), "{name}");
    }
}
