//! The checks of a callback before its code is used.

use mail360::connectors::service::ConnectorId;
use rstest::rstest;

use crate::support::{Kind, NewConnector, World, callback, parameter, under_way};

#[rstest]
#[tokio::test]
async fn o5_a_malformed_callback_gets_the_one_error_page_and_causes_no_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    let state = parameter(&authorize, "state");
    let long = "a".repeat(10_000);
    let queries = [
        String::new(),
        "code=abc".to_owned(),
        "state=&code=abc".to_owned(),
        format!("state={state}&state={state}&code=abc"),
        format!("state={state}&code=abc&code=def"),
        format!("state={state}&error=a&error=b"),
        format!("state={state}&iss=a&iss=b"),
        format!("state={long}&code=abc"),
        format!("state={state}&code={long}"),
        format!("state={state}&iss={long}"),
        format!("state={state}&error={long}"),
        "state=%ff%fe&code=abc".to_owned(),
        format!("state={state}&code=%ff%fe"),
        format!("state={state}&code=%2"),
        format!("state={state}%00&code=abc"),
        format!("state={}&code=abc", state.to_lowercase()),
        format!("state={}&code=abc", &state[..42]),
        format!("state={state}=&code=abc"),
        "state=../../etc/passwd&code=abc".to_owned(),
        "state[]=a&code=abc".to_owned(),
        "&&&===".to_owned(),
    ];
    let page = ada.get("/api/connectors").await.assert_status(400).without_nonces();
    for query in queries {
        let answer = ada.get(&format!("/api/connectors?{query}")).await;
        answer.assert_status(400);
        assert_eq!(answer.without_nonces(), page, "{query:.60}");
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
    }
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.raw.one::<i64>("SELECT COUNT(*) FROM attempts WHERE consumed_at IS NULL").await, 1);
}

#[rstest]
#[tokio::test]
async fn s3_a_verifier_that_was_changed_in_the_database_is_reported_and_never_used(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let sealed: Vec<u8> = world.raw.one("SELECT pkce_verifier FROM attempts").await;
    let mut changed = sealed;
    *changed.last_mut().expect("bytes") ^= 1;
    let bytes = world.raw.bytes(&changed);
    world.raw.run(&format!("UPDATE attempts SET pkce_verifier = {bytes}")).await.expect("updated");
    let answer = ada.get(&callback(&authorize, "code=abc")).await;
    let page = ada.get(answer.assert_status(303).location()).await;
    page.assert_says("The stored data of this sign-in cannot be opened").assert_says("mail360 check");
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[case::token_url("pinned.token", "https://login.evil.example/token")]
#[case::graph_url("pinned.graph", "https://login.evil.example")]
#[case::issuer("pinned.issuer", "https://login.evil.example/{tenant}/v2.0")]
#[case::client_id("client_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427")]
#[case::redirect_uri("redirect_uri", "https://login.evil.example/api/connectors")]
#[case::scopes("scopes", "User.Read")]
#[case::authorize_url("pinned.authorize", "https://login.evil.example/authorize")]
#[case::tenant("pinned.tenant", "5a1e0000-7e57-4000-8000-00000000c0de")]
// The pinned tenant is null here, which is another value than an empty text.
#[case::no_tenant("pinned.tenant", "")]
#[case::domain("pinned.domain", "contoso.com")]
#[tokio::test]
async fn s3_an_attacker_who_changes_the_target_of_a_sign_in_in_the_database_receives_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] target: &str,
    #[case] value: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    let change = match target.strip_prefix("pinned.") {
        None => format!("UPDATE attempts SET {target} = '{value}'"),
        Some(member) => {
            let pinned: String = world.raw.one("SELECT pinned FROM attempts").await;
            let members: serde_json::Value = serde_json::from_str(&pinned).expect("JSON");
            let old = format!(r#""{member}":{}"#, members.get(member).expect("the member"));
            let changed = pinned.replace(&old, &format!(r#""{member}":"{value}""#));
            assert_ne!(changed, pinned);
            format!("UPDATE attempts SET pinned = '{changed}'")
        }
    };
    assert_eq!(world.raw.run(&change).await.expect("updated"), 1);
    let answer = ada.get(&callback(&authorize, "code=abc")).await;
    let page = ada.get(answer.assert_status(303).location()).await;
    page.assert_says("it was changed in the database. Nothing was sent to Microsoft");
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[case::unknown_provider("provider = 'unknown'")]
#[case::unreadable_values("pinned = '{}'")]
#[tokio::test]
async fn s3_a_sign_in_with_values_that_this_program_never_writes_sends_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    world.raw.run(&format!("UPDATE attempts SET {change}")).await.expect("updated");
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(500);
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[case::longer("expires_at = expires_at + 1", "code=abc")]
#[case::another_nonce("nonce_hash = state_hash", "code=abc")]
#[case::an_error_too("scopes = 'User.Read'", "error=invalid_scope")]
#[tokio::test]
async fn s3_an_attacker_who_changes_the_expected_response_in_the_database_gains_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &str,
    #[case] answer: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    world.raw.run(&format!("UPDATE attempts SET {change}")).await.expect("updated");
    let answer = ada.get(&callback(&authorize, answer)).await;
    let page = ada.get(answer.assert_status(303).location()).await;
    page.assert_says("The stored data of this sign-in cannot be opened");
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[case::another_issuer("https://login.evil.example/5a1e0000-7e57-4000-8000-00000000c0de/v2.0")]
#[case::another_path("https://login.microsoftonline.com/x/../5a1e0000-7e57-4000-8000-00000000c0de/v2.0")]
#[case::nothing("")]
#[tokio::test]
async fn o8_a_callback_of_another_issuer_is_refused_before_any_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] issuer: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let issuer: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    let answer = ada.get(&callback(&authorize, &format!("code=abc&iss={issuer}"))).await;
    ada.get(answer.assert_status(303).location()).await.assert_says("another provider");
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn o8_a_callback_of_another_tenant_is_refused_if_the_connector_has_a_tenant(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let tenant = "5a1e0000-7e57-4000-8000-00000000c0de";
    let new = NewConnector { account_type: "single_tenant", tenant, ..Default::default() };
    let connector = world.add_connector(&mut ada, &new).await;
    let issuer_of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");

    let authorize = world.start(&mut ada, &connector).await;
    let theirs = issuer_of("bbbbbbbb-7e57-4000-8000-000000000002");
    let answer = ada.get(&callback(&authorize, &format!("code=abc&iss={theirs}"))).await;
    ada.get(answer.assert_status(303).location()).await.assert_says("another provider");
    assert!(world.provider.exchanges().is_empty());

    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    let back = callback(&authorize, &format!("code=abc&iss={}", issuer_of(tenant)));
    ada.get(&back).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[tokio::test]
async fn o8_the_id_token_must_be_of_the_issuer_that_the_callback_named(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    // A valid issuer of Microsoft, but not that of the ID token.
    let other = "https://login.microsoftonline.com/bbbbbbbb-7e57-4000-8000-000000000002/v2.0";
    let answer = ada.get(&callback(&authorize, &format!("code=abc&iss={other}"))).await;
    ada.get(answer.assert_status(303).location()).await.assert_says("proof of who signed in does not fit");
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn o8_a_connector_that_was_changed_during_the_sign_in_is_neither_used_nor_judged(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world
        .raw
        .run("UPDATE connectors SET application_version = application_version + 1")
        .await
        .expect("updated");
    let answer = ada.get(&callback(&authorize, "code=abc")).await;
    ada.get(answer.assert_status(303).location())
        .await
        .assert_says("The connector was changed during the sign-in");
    assert!(world.provider.requests().is_empty());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn o8_a_callback_for_a_deleted_connector_belongs_to_no_sign_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let id: ConnectorId = connector.rsplit('/').next().expect("an id").parse().expect("an id");
    let admin = world.admin().await;
    world
        .program
        .connectors
        .delete(&admin.clone().reauthenticated().expect("a proof"), id, "")
        .await
        .expect("deleted");
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(400);
    assert!(world.provider.requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn o8_an_attempt_keeps_the_addresses_that_it_was_created_with(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, ada, connector, authorize) = under_way(kind).await;
    let restarted = world
        .another_process(&[
            "--microsoft-token-url",
            "https://token.elsewhere.example/{tenant}/token",
            "--microsoft-graph-url",
            "https://graph.elsewhere.example",
            "--microsoft-issuer",
            "https://issuer.elsewhere.example/{tenant}",
        ])
        .await;
    let mut ada = ada.at(&restarted.browser());
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
    let urls: Vec<String> = world.provider.requests().into_iter().map(|seen| seen.url).collect();
    let me =
        "https://graph.microsoft.com/v1.0/me?$select=id,displayName,mail,userPrincipalName,proxyAddresses";
    assert_eq!(urls, ["https://login.microsoftonline.com/common/oauth2/v2.0/token", me]);
}
