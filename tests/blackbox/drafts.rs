//! Values typed into the Add Connector form survive a session that ends while the user works in Azure.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rstest::rstest;
use time::Duration;

use crate::{
    refused_forms::{ALL, Form, Which, assert_notice_has_focus},
    support::{Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World},
};

const FORM: &str = "/connectors/new";
const COOKIE: &str = "mail360_3000_draft";

/// Ada's filled form after her session has ended, and the values of its fields.
async fn typed_too_long(kind: Kind) -> (World, Browser, Vec<(&'static str, String)>) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get(FORM).await;
    world.clock.advance(Duration::minutes(31));
    let fields = [
        ("form", page.hidden("form")),
        ("owner", page.hidden("owner")),
        ("provider", "outlook".to_owned()),
        ("service_name", "Mail <archive>".to_owned()),
        ("client_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427".to_owned()),
        ("client_secret", SECRET.to_owned()),
        ("secret_expires_on", "2028-11-23".to_owned()),
        ("account_type", "single_tenant".to_owned()),
        ("tenant", "contoso.com".to_owned()),
        ("scopes[]", "Mail.Send".to_owned()),
    ];
    (world, ada, fields.to_vec())
}

async fn send(browser: &mut Browser, fields: &[(&str, String)]) -> Answer {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/do/connectors/add", &fields).await
}

async fn log_in(browser: &mut Browser, email: &str) -> Answer {
    let organisation = if email.ends_with("@fabrikam.test") { "fabrikam" } else { "contoso" };
    let fields = [("organisation", organisation), ("email", email), ("password", PASSWORD), ("next", FORM)];
    browser.post("/login", &fields).await
}

#[rstest]
#[tokio::test]
async fn s1_typed_values_survive_a_session_that_ended_and_the_secret_does_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, fields) = typed_too_long(kind).await;
    let before = world.raw.dump(&[]).await;
    let answer = send(&mut ada, &fields).await;
    assert_eq!(answer.assert_status(303).location(), "/login?next=/connectors/new");
    assert_eq!(world.raw.dump(&[]).await, before, "the server stores nothing for visitors");
    let kept = URL_SAFE_NO_PAD.decode(&ada.cookies[COOKIE]).expect("base64");
    for word in ["archive", "canary"] {
        assert!(!kept.windows(word.len()).any(|part| part == word.as_bytes()), "the draft is in clear");
    }

    let page = ada.get(answer.location()).await;
    page.assert_says("You were logged out").assert_says("except the secret");
    assert_eq!(page.hidden("next"), FORM);
    assert_eq!(log_in(&mut ada, "ada@contoso.test").await.assert_status(303).location(), FORM);
    let form = ada.get(FORM).await;
    form.assert_says("What you typed is here again");
    for value in ["Mail &lt;archive&gt;", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "2028-11-23", "contoso.com"]
    {
        assert!(form.body.contains(&format!("value=\"{value}\"")), "{value} is lost");
    }
    assert_eq!(form.body.matches(" checked").count(), 3, "day, account type and one permission");
    assert!(!form.body.contains("canary"));
    assert_eq!(form.hidden("form"), fields[0].1, "the form has another id");
    assert!(ada.get(FORM).await.body.contains("archive"), "the draft is gone before the form was sent");
    assert!(send(&mut ada, &fields).await.assert_status(302).location().starts_with("/connectors/0"));
    assert!(!ada.cookies.contains_key(COOKIE));
    assert!(!ada.get(FORM).await.body.contains("archive"));
}

#[rstest]
#[tokio::test]
async fn i4_typed_values_are_not_shown_to_another_user_who_logs_in_with_that_browser(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, fields) = typed_too_long(kind).await;
    world.stranger().await;
    send(&mut ada, &fields).await.assert_status(303);
    log_in(&mut ada, "eve@fabrikam.test").await.assert_status(303);
    assert!(!ada.get(FORM).await.assert_status(200).body.contains("archive"));
}

#[rstest]
#[case::without_an_owner(|fields: &mut Vec<(&str, String)>| fields.retain(|(name, _)| *name != "owner"))]
#[case::without_a_form(|fields: &mut Vec<(&str, String)>| fields.retain(|(name, _)| *name != "form"))]
#[case::longer_than_a_cookie(|fields: &mut Vec<(&str, String)>| {
    let long = "\u{1f511}".repeat(300);
    fields.iter_mut().filter(|(name, _)| ["service_name", "tenant", "account_type"].contains(name))
        .for_each(|(_, value)| value.clone_from(&long));
})]
#[tokio::test]
async fn a_form_that_cannot_be_kept_is_refused_with_a_link_back(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] spoil: fn(&mut Vec<(&str, String)>),
) {
    let (_world, mut ada, mut fields) = typed_too_long(kind).await;
    spoil(&mut fields);
    let request = ada
        .request("POST", "/do/connectors/add")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("referer", "http://localhost:3000/connectors/new");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = axum::body::Body::from(crate::support::form(&fields));
    let answer = ada.send(request.body(body).expect("a request")).await;
    answer.assert_status(401).assert_says("no longer logged in");
    assert!(answer.body.contains("href=\"/login?next=/connectors/new\""), "{}", answer.body);
    assert!(!ada.cookies.contains_key(COOKIE));
}

#[rstest]
#[case("http://localhost:3000.evil.example/connectors")]
#[case("http://evil.example/connectors")]
#[case("http://localhost:3000//evil.example")]
#[tokio::test]
async fn o9_the_link_back_from_a_refusal_leads_to_our_pages_only(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] referer: &str,
) {
    let world = World::new(kind).await;
    let mut visitor = world.browser();
    let request = visitor
        .request("POST", "/profile")
        .header("sec-fetch-site", "same-origin")
        .header("referer", referer)
        .body(axum::body::Body::empty());
    let answer = visitor.send(request.expect("a request")).await;
    assert!(answer.assert_status(401).body.contains("href=\"/login\""), "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn i4_a_form_rendered_for_another_user_is_refused_and_not_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut browser, fields) = typed_too_long(kind).await;
    world.stranger().await;
    // Eve logs in while Ada's form is still open in another tab.
    log_in(&mut browser, "eve@fabrikam.test").await.assert_status(303);
    send(&mut browser, &fields).await.assert_status(409).assert_says("Another user is logged in now");
    let wrong: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, if *name == "client_id" { "no GUID".to_owned() } else { value.clone() }))
        .collect();
    send(&mut browser, &wrong).await.assert_status(409);
    assert_eq!(world.raw.count("connectors").await, 0);
    assert!(!browser.get(FORM).await.assert_status(200).body.contains("archive"));
}

#[rstest]
#[tokio::test]
async fn c29_of_an_id_pasted_with_other_text_only_the_id_is_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (_world, mut ada, mut fields) = typed_too_long(kind).await;
    for (name, value) in &mut fields {
        if *name == "client_id" {
            *value = format!("Client ID: {value} another-canary");
        }
    }
    send(&mut ada, &fields).await.assert_status(303);
    log_in(&mut ada, "ada@contoso.test").await.assert_status(303);
    let form = ada.get(FORM).await;
    assert!(form.body.contains("value=\"1b4e28ba-2fa1-11d2-883f-0016d3cca427\""), "the ID is lost");
    assert!(!form.body.contains("canary"));
}

const SECRET_LOST: &str = "You were logged out, so the secret was not kept. Paste it again.";

#[rstest]
#[tokio::test]
async fn s1_after_a_log_in_in_between_each_form_asks_for_the_secret_again_and_says_why(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(false, true)] relies_on_kept: bool,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for which in ALL {
        let form = Form::open(&mut ada, which, &connector).await;
        let form = if relies_on_kept {
            let page = form.clone().wrong().refused(&mut ada).await;
            form.corrected(&page)
        } else {
            form
        };
        world.clock.advance(Duration::minutes(31));
        let before = world.raw.count("kept_secrets").await;
        let answer = form.send(&mut ada).await;
        assert_eq!(answer.assert_status(303).location(), format!("/login?next={}", form.page), "{which:?}");
        assert_eq!(world.raw.count("kept_secrets").await, before, "the server keeps nothing for visitors");
        let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", form.page.as_str())];
        assert_eq!(ada.post("/login", &fields).await.location(), form.page);
        let page = ada.get(&form.page).await;
        page.assert_status(200).assert_says(SECRET_LOST);
        assert_notice_has_focus(&page);
        assert!(!page.body.contains("canary") && !page.body.contains("secret_kept"), "{which:?}");
        // Without the secret the form is refused, also the one in which an empty field keeps the stored secret.
        let kept = form.value("secret_kept").to_owned();
        let kept = if kept.is_empty() { uuid::Uuid::nil().to_string() } else { kept };
        form.relying_on(&kept).assert_gone(&mut ada, "the session has ended").await;
    }
    assert_eq!(world.raw.count("connectors").await, 1);
}

#[rstest]
#[tokio::test]
async fn after_a_log_in_in_between_a_form_without_a_secret_asks_for_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values("", "   ")] secret: &str,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let form = Form::open(&mut ada, Which::Edit, &connector).await.with("client_secret", secret);
    world.clock.advance(Duration::minutes(31));
    form.send(&mut ada).await.assert_status(303);
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", form.page.as_str())];
    ada.post("/login", &fields).await.assert_status(303);
    let page = ada.get(&form.page).await;
    page.assert_says("What you typed is here again");
    assert!(!page.text().contains(SECRET_LOST));
}
