//! The redirect to the provider and the callback: what is checked, and what the result is.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rstest::rstest;
use sha2::{Digest, Sha256};
use time::Duration;
use tokio::task::JoinSet;

use crate::support::{Kind, NewConnector, SECRET, World, callback, hex, parameter, sign_in_path, under_way};

#[rstest]
#[tokio::test]
async fn o1_every_sign_in_starts_with_a_random_state_of_256_bits(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, first) = under_way(kind).await;
    // O6: the verifier and the nonce are random too. The address has the verifier's hash.
    let random = ["state", "code_challenge", "nonce"];
    let mut seen = std::collections::HashSet::from(random.map(|name| parameter(&first, name)));
    for _ in 0..50 {
        let authorize = world.start(&mut ada, &connector).await;
        for name in random {
            let value = parameter(&authorize, name);
            assert_eq!(URL_SAFE_NO_PAD.decode(&value).expect("base64").len(), 32, "{name}");
            assert!(seen.insert(value), "two sign-ins have the same {name}");
        }
    }
    // The hashes in the database find no attempt.
    let hashes: Vec<Vec<u8>> =
        world.raw.column("SELECT state_hash FROM attempts WHERE state_hash IS NOT NULL").await;
    for hash in hashes {
        let guess = URL_SAFE_NO_PAD.encode(hash);
        ada.get(&format!("/api/connectors?state={guess}&code=x")).await.assert_status(400);
    }
    assert_eq!(
        world.raw.one::<i64>("SELECT COUNT(*) FROM attempts WHERE consumed_at IS NULL").await,
        10,
        "an eleventh ends the oldest"
    );
}

#[rstest]
#[tokio::test]
async fn o2_a_callback_in_another_browser_is_refused_and_the_sign_in_can_still_finish(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let back = callback(&authorize, "code=abc");
    // A browser without a binding cookie, one with its own, and the same user on another computer.
    let mut eve = world.stranger().await;
    let theirs = world.add_connector(&mut eve, &NewConnector { name: "Theirs", ..Default::default() }).await;
    world.start(&mut eve, &theirs).await;
    let before = world.raw.dump(&["sessions", "activity"]).await;
    let mut pages = Vec::new();
    for mut browser in [world.browser(), eve, world.log_in("ada@contoso.test").await] {
        let answer = browser.get(&back).await;
        answer.assert_status(400);
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.location().is_empty());
    }
    // The frame of the page depends on the log-in; within one frame the page is the same.
    for query in ["", "?state=x&code=y", back.trim_start_matches("/api/connectors")] {
        pages.push(world.browser().get(&format!("/api/connectors{query}")).await.without_nonces());
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "the pages of two foreign callbacks differ");
    let after = world.raw.dump(&["sessions", "activity"]).await;
    assert_eq!(after.iter().filter(|line| line.starts_with("attempts")).count(), 2);
    let attempts = |dump: &[String]| -> Vec<String> {
        // The timeline notes the foreign browser (see manage.rs); nothing else changes.
        let of_it = |line: &&String| line.starts_with("attempt") && !line.contains("foreign_browser");
        dump.iter().filter(of_it).cloned().collect()
    };
    assert_eq!(attempts(&before), attempts(&after));
    assert!(world.provider.requests().is_empty());

    world.grant_everything(&authorize);
    ada.get(&back).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn o3_of_eight_callbacks_at_once_one_exchanges_the_code(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    world.grant_everything(&authorize);
    let back = callback(&authorize, "code=abc");
    let mut callbacks = JoinSet::new();
    for _ in 0..8 {
        let (mut browser, back) = (ada.clone(), back.clone());
        callbacks.spawn(async move { browser.get(&back).await });
    }
    let path = sign_in_path(&world).await;
    for answer in callbacks.join_all().await {
        assert_eq!((answer.status.as_u16(), answer.location()), (303, path.as_str()));
    }
    assert_eq!(world.provider.token_requests().len(), 1);
    assert_eq!(world.state(&connector).await, "verified");
    // The same callback again, later.
    let mut ada = ada;
    assert_eq!(ada.get(&back).await.assert_status(303).location(), path);
    assert_eq!(world.provider.token_requests().len(), 1);
}

#[rstest]
#[tokio::test]
async fn o4_an_attempt_can_be_consumed_for_ten_minutes_and_found_for_an_hour(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let back = callback(&authorize, "code=abc");
    let path = sign_in_path(&world).await;
    let left = async |column: &str| {
        world.raw.one::<i64>(&format!("SELECT COUNT(*) FROM attempts WHERE {column} IS NOT NULL")).await
    };
    world.run_sweep().await;
    assert_eq!((left("pkce_verifier").await, left("state_hash").await), (1, 1));
    world.clock.advance(Duration::minutes(11));
    world.run_sweep().await;
    assert_eq!((left("pkce_verifier").await, left("state_hash").await), (0, 1));
    ada.get(&path).await.assert_says("Not finished within ten minutes");

    assert_eq!(ada.get(&back).await.assert_status(303).location(), path);
    ada.get(&path).await.assert_says("took too long");
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");

    world.clock.advance(Duration::minutes(50));
    world.run_sweep().await;
    assert_eq!((left("state_hash").await, left("binding_hash").await), (0, 0));
    let mut ada = world.log_in("ada@contoso.test").await;
    ada.get(&back).await.assert_status(400);
    world.clock.advance(Duration::days(90));
    world.run_sweep().await;
    assert_eq!((world.raw.count("attempts").await, world.raw.count("attempt_events").await), (0, 0));
}

#[rstest]
#[tokio::test]
async fn o6_the_challenge_is_the_hash_of_a_verifier_that_only_the_token_request_contains(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    assert_eq!(parameter(&authorize, "code_challenge_method"), "S256");
    let challenge = parameter(&authorize, "code_challenge");
    let before = world.raw.dump(&[]).await.join("\n").to_lowercase();
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    let requests = world.provider.token_requests();
    let verifier = requests[0].field("code_verifier").expect("a verifier").to_owned();
    assert!((43..=128).contains(&verifier.len()));
    assert!(verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)));
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)), challenge);
    assert!(!authorize.as_str().contains(&verifier));
    for spelling in [verifier.to_lowercase(), hex(verifier.as_bytes())] {
        assert!(!before.contains(&spelling), "the verifier is stored in clear");
    }
    let left: i64 = world.raw.one("SELECT COUNT(*) FROM attempts WHERE pkce_verifier IS NOT NULL").await;
    assert_eq!(left, 0, "the consuming write erases the verifier");
}

#[rstest]
#[tokio::test]
async fn o9_both_requests_contain_the_configured_redirect_uri_byte_for_byte(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::with(kind, &["--public-url", "https://mail.contoso.test/"]).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    let redirect_uri = "https://mail.contoso.test/api/connectors";
    assert_eq!(parameter(&authorize, "redirect_uri"), redirect_uri);
    assert_eq!(world.provider.token_requests()[0].field("redirect_uri"), Some(redirect_uri));
    ada.get("/connectors").await.assert_says(redirect_uri);
}

#[rstest]
#[tokio::test]
async fn o10_the_callback_is_answered_with_a_303_to_an_address_without_its_parameters(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    for rest in ["code=canary-code&session_state=canary", "error=access_denied&error_description=canary"] {
        let (world, mut ada, _, authorize) = under_way(kind).await;
        world.grant_everything(&authorize);
        let answer = ada.get(&callback(&authorize, rest)).await;
        answer.assert_status(303);
        assert_eq!(answer.location(), sign_in_path(&world).await);
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.body.is_empty());
    }
}

#[rstest]
#[tokio::test]
async fn o11_a_refused_consent_has_kind_words_and_its_description_is_shown_as_text(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let description: String = url::form_urlencoded::byte_serialize(
        format!("AADSTS65004: <script>alert(1)</script>\r\nTrace ID: 1 {}", "x".repeat(8_000)).as_bytes(),
    )
    .collect();
    let rest = format!("error=access_denied&error_description={description}");
    let landed = ada.get(&callback(&authorize, &rest)).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200).assert_says("The sign-in was cancelled").assert_says("<script>alert(1)</script>");
    assert!(!page.body.contains("<script>alert"));
    assert!(page.body.len() < 30_000 && page.text().contains('…'), "a long description is cut");
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
    let again = ada.get(&callback(&authorize, "code=abc")).await;
    assert_eq!(again.assert_status(303).location(), landed.location(), "the sign-in has ended");
    assert!(world.provider.requests().is_empty());

    // Microsoft's own example of a refusal has no state: it belongs to no sign-in and is no error of ours.
    ada.get("/api/connectors?error=access_denied&error_description=the+user+canceled")
        .await
        .assert_status(200)
        .assert_says("The permissions were not approved, or you cancelled");
    let huge = format!("/api/connectors?error=access_denied&error_description={}", "x".repeat(60_000));
    ada.get(&huge).await.assert_status(414);
}

#[rstest]
#[tokio::test]
async fn o12_the_token_request_is_a_form_with_all_parameters_in_its_body(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=a%2Fb%2Bc")).await.assert_status(303);
    let requests = world.provider.requests();
    let [token, me] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!((token.method.as_str(), me.method.as_str()), ("POST", "GET"));
    assert_eq!(token.url, "https://login.microsoftonline.com/common/oauth2/v2.0/token");
    assert_eq!(token.headers["content-type"], "application/x-www-form-urlencoded");
    for name in ["origin", "authorization", "referer", "cookie"] {
        assert!(!token.headers.contains_key(name), "{name}");
    }
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "a/b+c"),
        ("client_id", &parameter(&authorize, "client_id")),
        ("client_secret", SECRET),
        ("redirect_uri", "http://localhost:3000/api/connectors"),
    ] {
        assert_eq!(token.field(name), Some(value), "{name}");
    }
    assert_eq!(me.headers["authorization"], "Bearer canary-access-token");
    assert_eq!(world.state(&connector).await, "verified");
    let dump = world.raw.dump(&[]).await.join("\n");
    assert!(!dump.contains("canary"), "the grant was stored");
}

#[rstest]
#[tokio::test]
async fn o18_the_sign_in_asks_for_the_scopes_of_the_connector_and_no_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_, _, _, authorize) = under_way(kind).await;
    let scopes = "User.Read offline_access profile openid Mail.Read Mail.Send Contacts.Read";
    for (name, value) in [
        ("scope", scopes),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("prompt", "select_account"),
    ] {
        assert_eq!(parameter(&authorize, name), value);
    }
    assert_eq!(parameter(&authorize, "nonce").len(), 43);
}

#[rstest]
#[tokio::test]
async fn o21_the_callback_needs_the_binding_cookie_and_no_session(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    // The session ended during the sign-in; the callback is a top-level GET from another site.
    ada.cookies.remove("mail360_3000_session");
    let request = ada
        .request("GET", &callback(&authorize, "code=abc"))
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .body(Body::empty());
    let landed = ada.send(request.expect("a request")).await;
    assert_eq!(landed.assert_status(303).location(), sign_in_path(&world).await);
    assert_eq!(world.state(&connector).await, "verified");
    let answer = ada.get(landed.location()).await;
    assert_eq!(answer.assert_status(303).location(), format!("/login?next={}", landed.location()));
}

#[rstest]
#[case("admin_consent=True&tenant=x&scope=y&state=z", "You allowed the permissions")]
#[case("admin_consent=True&error=access_denied&error_description=no", "were not approved, or you cancelled")]
#[tokio::test]
async fn a_return_from_a_consent_link_gets_a_page_and_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] query: &str,
    #[case] words: &str,
) {
    let (world, _, _, authorize) = under_way(kind).await;
    let before = world.raw.dump(&[]).await;
    let mut anybody = world.browser();
    anybody.get(&format!("/api/connectors?{query}")).await.assert_status(200).assert_says(words);
    // Not even if it claims to belong to a sign-in.
    anybody.get(&callback(&authorize, query.split_once("&state").map_or(query, |(q, _)| q))).await;
    assert_eq!(world.raw.dump(&[]).await, before);
    assert!(world.provider.requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_connector_keeps_at_most_a_hundred_sign_ins(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, mut authorize) = under_way(kind).await;
    for _ in 0..103 {
        ada.get(&callback(&authorize, "error=access_denied")).await.assert_status(303);
        world.clock.advance(Duration::seconds(1));
        authorize = world.start(&mut ada, &connector).await;
    }
    ada.get(&callback(&authorize, "error=access_denied")).await.assert_status(303);
    assert_eq!(world.raw.count("attempts").await, 100);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn o22_of_twenty_sign_ins_started_at_once_ten_stay_open(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada, connector, _) = under_way(kind).await;
    let mut starts = JoinSet::new();
    for _ in 0..20 {
        let (mut browser, path) = (ada.clone(), format!("{connector}/verify"));
        starts.spawn(async move { browser.post(&path, &[]).await.status.as_u16() });
    }
    let statuses = starts.join_all().await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let open: i64 = world.raw.one("SELECT COUNT(*) FROM attempts WHERE consumed_at IS NULL").await;
    assert_eq!(open, 10);
}

#[rstest]
#[tokio::test]
async fn o22_a_connector_keeps_its_latest_hundred_sign_ins(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    for _ in 0..150 {
        ada.post(&format!("{connector}/verify"), &[]).await.assert_status(200);
    }
    assert_eq!(world.raw.count("attempts").await, 100);
}
