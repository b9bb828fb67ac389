//! The result of each response of the provider: the words on the page, and the state of the connector.

use mail360::providers::http::HttpFailure;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Canned, Claims, Kind, NewConnector, World, callback, held, tokens, under_way};

const TRACE: &str = "aaaa0000-7e57-4000-8000-000000000001";
const CORRELATION: &str = "bbbb0000-7e57-4000-8000-000000000002";

/// Runs one sign-in of a connector with these settings against this response of the provider.
async fn outcome(
    kind: Kind,
    new: NewConnector<'_>,
    token: impl FnOnce(&World, Claims) -> Canned,
    me: Option<Canned>,
) -> (String, String) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &new).await;
    let authorize = world.start(&mut ada, &connector).await;
    world.provider.answer_token(token(&world, world.claims(&authorize)));
    match me {
        Some(me) => world.provider.answer_me(me),
        None => world.say_who(),
    }
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_status(200);
    assert!(!page.body.contains("canary"), "the page shows a part of the grant");
    assert!(!world.raw.dump(&[]).await.join("\n").contains("canary"), "the database has a part of the grant");
    (page.text(), world.state(&connector).await)
}

fn refusal(status: u16, error: &str, description: &str) -> Canned {
    Canned::Json(
        status,
        json!({
            "error": error, "error_description": description, "error_codes": [9_999_999],
            "trace_id": TRACE, "correlation_id": CORRELATION, "timestamp": "2016-01-09 02:02:12Z",
        }),
    )
}

#[rstest]
#[case(401, "invalid_client", "does not accept the Client ID and secret", "failing: credentials_rejected")]
#[case(
    400,
    "unauthorized_client",
    "does not let the application sign people in",
    "failing: application_refused"
)]
#[case(400, "invalid_scope", "does not accept a permission", "failing: permissions_refused")]
#[case(400, "invalid_grant", "Microsoft did not give access", "not_verified")]
#[case(400, "invalid_request", "refused to finish the sign-in", "not_verified")]
#[case(400, "temporarily_unavailable", "has a problem at the moment", "not_verified")]
#[case(400, "interaction_required", "asks for one more step", "not_verified")]
#[tokio::test]
async fn o14_the_oauth_error_decides_and_microsofts_own_words_are_only_shown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] status: u16,
    #[case] error: &str,
    #[case] words: &str,
    #[case] state: &str,
) {
    // A code that is in no table, so the words are those of the OAuth error.
    let description = "AADSTS9999999: <b>Invalid</b> client secret.\r\nIt is wrong.\r\n";
    let (page, now) =
        outcome(kind, NewConnector::default(), |_, _| refusal(status, error, description), None).await;
    assert!(page.contains(words), "{page}");
    assert!(page.contains("AADSTS9999999: <b>Invalid</b> client secret. It is wrong."), "{page}");
    assert!(page.contains(TRACE) && page.contains(CORRELATION));
    assert_eq!(now, state);
}

#[rstest]
#[case(Canned::Failure(HttpFailure::Unreachable), "could not be reached")]
#[case(Canned::Failure(HttpFailure::TimedOut), "did not answer in time")]
#[case(Canned::Text(429, String::new()), "has had too many requests")]
#[case(Canned::Text(503, "<html>canary</html>".into()), "has a problem at the moment")]
#[case(Canned::Failure(HttpFailure::TooLarge), "could not be understood")]
#[case(Canned::Text(200, "<html>canary</html>".into()), "could not be understood")]
#[case(Canned::Text(200, String::new()), "could not be understood")]
#[case(Canned::Text(400, String::new()), "could not be understood")]
#[case(Canned::Text(302, "canary".into()), "could not be understood")]
#[case(Canned::Json(403, json!({ "message": "canary" })), "could not be understood")]
#[case(Canned::Json(200, json!({ "token_type": "Bearer", "expires_in": 1 })), "could not be understood")]
#[case(Canned::Json(200, json!([])), "could not be understood")]
#[tokio::test]
async fn o13_a_response_that_cannot_be_understood_is_called_so_and_reveals_nothing_of_the_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] token: Canned,
    #[case] words: &str,
) {
    let (page, state) = outcome(kind, NewConnector::default(), |_, _| token, None).await;
    assert!(page.contains(words), "{page}");
    assert_eq!(state, "not_verified");
}

const DOES_NOT_FIT: &str = "proof of who signed in does not fit";

/// A token response with one changed member.
fn changed(claims: &Claims, field: &str, value: Value) -> Canned {
    let mut tokens = tokens(claims);
    if value.is_null() {
        tokens.as_object_mut().expect("an object").remove(field);
    } else {
        tokens[field] = value;
    }
    Canned::Json(200, tokens)
}

#[rstest]
#[case::as_asked("User.Read Mail.Read Mail.Send Contacts.Read", "The connector works", "verified")]
#[case::whole_and_lower(
    "profile openid https://graph.microsoft.com/user.read https://graph.microsoft.com/mail.read \
     https://graph.microsoft.com/mail.send https://graph.microsoft.com/contacts.read",
    "The connector works",
    "verified"
)]
#[case::optional_missing("User.Read Mail.Read", "Mail.Send, Contacts.Read", "verified")]
#[case::required_missing("Mail.Read Mail.Send Contacts.Read", "User.Read", "not_verified")]
#[tokio::test]
async fn granted_permissions_are_recognised_in_every_form_that_microsoft_uses(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] scope: &str,
    #[case] words: &str,
    #[case] state: &str,
) {
    let (page, now) =
        outcome(kind, NewConnector::default(), |_, claims| changed(&claims, "scope", scope.into()), None)
            .await;
    assert!(page.contains(words), "{page}");
    assert_eq!(now, state);
}

#[rstest]
#[case::no_scope("scope", "The connector works", "verified")]
#[case::no_refresh_token("refresh_token", "offline_access", "not_verified")]
#[case::no_id_token("id_token", "proof of who signed in does not fit", "not_verified")]
#[tokio::test]
async fn the_page_names_what_the_token_response_lacks(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] field: &str,
    #[case] words: &str,
    #[case] state: &str,
) {
    let (page, now) =
        outcome(kind, NewConnector::default(), |_, claims| changed(&claims, field, Value::Null), None).await;
    assert!(page.contains(words), "{page}");
    assert_eq!(now, state);
}

#[rstest]
#[case::another_client(|claims: &mut Claims| claims.client_id.replace_range(..1, "f"), DOES_NOT_FIT)]
#[case::another_sign_in(|claims: &mut Claims| claims.nonce.push('x'), DOES_NOT_FIT)]
#[case::another_issuer(|claims: &mut Claims| claims.issuer = "https://evil.example/v2.0".into(), DOES_NOT_FIT)]
#[case::too_old(|claims: &mut Claims| claims.expires -= 4000, "proof of who signed in is out of date")]
#[tokio::test]
async fn o19_an_id_token_of_another_sign_in_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] forge: impl FnOnce(&mut Claims),
    #[case] words: &str,
) {
    let (page, state) = outcome(
        kind,
        NewConnector { client_id: "0b4e28ba-2fa1-11d2-883f-0016d3cca427".into(), ..Default::default() },
        |_, mut claims| {
            forge(&mut claims);
            Canned::Json(200, tokens(&claims))
        },
        None,
    )
    .await;
    assert!(page.contains(words), "{page}");
    assert_eq!(state, "not_verified");
}

#[rstest]
#[case::the_tenants_own("5a1e0000-7e57-4000-8000-00000000c0de", "The connector works", "verified")]
#[case::by_its_domain("contoso.test", "The connector works", "verified")]
#[case::another("6b1e0000-7e57-4000-8000-00000000c0de", "belongs to another tenant", "failing: wrong_tenant")]
#[tokio::test]
async fn an_account_of_another_tenant_makes_a_single_tenant_connector_fail(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] tenant: &str,
    #[case] words: &str,
    #[case] state: &str,
) {
    let new = NewConnector { account_type: "single_tenant", tenant, ..Default::default() };
    let (page, now) = outcome(kind, new, |_, claims| Canned::Json(200, tokens(&claims)), None).await;
    assert!(page.contains(words), "{page}");
    assert_eq!(now, state);
}

#[rstest]
#[case(Canned::Json(200, json!({ "id": "1", "mail": null, "userPrincipalName": "grace@contoso.test" })), "grace@contoso.test", "verified")]
#[case(Canned::Json(403, json!({ "error": { "code": "Authorization_RequestDenied" } })), "did not say who signed in", "not_verified")]
#[case(Canned::Failure(HttpFailure::TimedOut), "did not answer in time", "not_verified")]
#[case(Canned::Text(429, String::new()), "has had too many requests", "not_verified")]
#[case(Canned::Text(502, "canary".into()), "has a problem at the moment", "not_verified")]
#[case(Canned::Text(200, "canary".into()), "could not be understood", "not_verified")]
#[tokio::test]
async fn the_response_of_graph_decides_whether_the_connector_is_verified(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] me: Canned,
    #[case] words: &str,
    #[case] state: &str,
) {
    let grant = |_: &World, claims: Claims| Canned::Json(200, tokens(&claims));
    let (page, now) = outcome(kind, NewConnector::default(), grant, Some(me)).await;
    assert!(page.contains(words), "{page}");
    assert_eq!(now, state);
}

#[rstest]
#[tokio::test]
async fn a_result_for_an_older_version_stays_in_the_timeline_and_changes_no_state(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let authorize = world.start(&mut ada, &connector).await;
    let (gate, returning) = held(&world, &ada, &authorize).await;
    world
        .raw
        .run("UPDATE connectors SET application_version = application_version + 1")
        .await
        .expect("updated");
    gate.notify_one();
    let landed = returning.await.expect("an answer");
    ada.get(landed.location()).await.assert_says("The connector was changed since");
    let page = ada.get(landed.location()).await;
    page.assert_says("worked, but with old settings").assert_says("is not verified by it");
    assert!(!page.text().contains("The connector works"), "{}", page.text());
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn the_page_of_an_old_sign_in_claims_only_what_is_still_true(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, _, authorize) = under_way(kind).await;
    world.provider.answer_token(Canned::Json(200, tokens(&world.claims(&authorize))));
    world.say_who();
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    let sign_in = landed.location();
    ada.get(sign_in).await.assert_says("The connector works");

    let failing = "state = 'failing', failure = 'credentials_rejected'";
    let changed = "state = 'not_verified', failure = NULL, application_version = application_version + 1";
    let again = "Sign in with Microsoft again";
    for (since, said, offered) in [
        (failing, "The connector fails now", "Back to Mail archive"),
        (changed, "The connector was changed since", again),
        // Microsoft refused the new settings.
        (failing, "The connector fails now", "Back to Mail archive"),
    ] {
        world.raw.run(&format!("UPDATE connectors SET {since}")).await.expect("updated");
        let page = ada.get(sign_in).await;
        page.assert_says(said).assert_says("What was proved then").assert_says(offered);
        assert_eq!(page.text().contains(again), offered == again, "{since}");
        for claim in ["The connector works", "is verified", "The connector is ready"] {
            assert!(!page.text().contains(claim), "{since}: {}", page.text());
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_sign_in_that_succeeds_verifies_a_connector_that_failed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let authorize = world.start(&mut ada, &connector).await;
    world.provider.answer_token(refusal(401, "invalid_client", "AADSTS7000222: expired"));
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    ada.get("/connectors")
        .await
        .assert_says("Failing")
        .assert_says("does not accept the Client ID and secret");
    // The page offers the remedy, because a sign-in alone would be refused again. The success message comes first, once.
    let page = ada.get(&connector).await;
    let (head, first) = page.body.split_once("class=\"button primary\"").expect("one thing to do first");
    assert!(!head.contains("Replace the client secret</a>"), "twice: {head}");
    assert!(first.contains("Replace the client secret</a>") && !first.contains("button primary"), "{first}");

    let authorize = world.start(&mut ada, &connector).await;
    world.provider.answer_token(Canned::Text(503, String::new()));
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(
        world.state(&connector).await,
        "failing: credentials_rejected",
        "a dead provider says nothing"
    );

    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
    let ended: Vec<String> =
        world.raw.column("SELECT outcome FROM activity WHERE action = 'sign_in.ended' ORDER BY at, id").await;
    assert_eq!(ended.len(), 3);
}
