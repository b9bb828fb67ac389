//! The links of an application's calls, followed to their end: the person signs in, and the browser brings the signed
//! answer with the application's own `state` to `rUrl`.

use rstest::rstest;
use serde_json::{Value, json};
use url::Url;

use crate::{
    confirm,
    returns::{goes_on, is_signed, values, way_back},
    support::{Application, Kind, Linked, data},
};

/// A page below the address of the list.
const RETURN: &str = "https://crm.example.com/mailboxes/7?tab=2";
const STATE: &str = "session-42 &=ü";

fn body(more: &Value) -> Value {
    let mut body = json!({
        "hintEmail": "grace@contoso.test", "mailProvider": "Mail archive", "rUrl": RETURN, "state": STATE,
    });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("members").clone());
    body
}

/// Makes a link by a call. Returns its path at this program.
async fn link(application: &Application, method: &str, path: &str, body: &Value) -> String {
    let made = data(application.send(method, path, body).await.assert_status(200));
    assert_eq!(made["success"], true, "{made}");
    let url = Url::parse(made["url"].as_str().expect("an address")).expect("an address");
    assert_eq!(url.origin().ascii_serialization(), "http://localhost:3000");
    url.path().to_owned()
}

#[rstest]
#[tokio::test]
async fn the_address_of_a_link_leads_through_the_sign_in_to_the_return_address(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let secret = confirm::add(&linked, false).await;
    let application = Application::with_everything(&linked.world).await;
    let named = body(&json!({ "displayName": "Grace of the CRM" }));
    let path = link(&application, "POST", "/api/accounts/oauth", &named).await;
    let mut grace = linked.world.browser();
    // As after a redirect of the application's own page: another site, and no cookie.
    let request = grace.request("GET", &path).header("sec-fetch-site", "cross-site");
    let page = grace.send(request.body(axum::body::Body::empty()).expect("a request")).await;
    page.assert_status(200).assert_says("Continue with Microsoft");
    let page = linked.connect(&mut grace, &path).await;
    page.assert_status(200).assert_says("Your mailbox is connected");
    assert!(goes_on(&page), "{}", page.body);
    let url = way_back(&page);
    assert!(url.as_str().starts_with(RETURN), "{url}");
    let answer = values(&url);
    let account = linked.account().await.to_string();
    assert_eq!((answer["status"].as_str(), answer["state"].as_str()), ("connected", STATE));
    assert_eq!(answer["account_key"], account);
    assert!(is_signed(&answer, RETURN, &secret), "{answer:?}");
    let facts = application.read(&format!("/api/accounts/{account}")).await["ac"][0].clone();
    assert_eq!(facts["emailAddress"], "grace@contoso.test");
    assert_eq!(facts["displayName"], "Grace of the CRM");
    grace.get(&path).await.assert_status(410);

    // Another state, for the same account.
    let again = body(&json!({ "state": "session-43" }));
    let path = link(&application, "PUT", &format!("/api/accounts/{account}/oauth"), &again).await;
    let page = linked.connect(&mut linked.world.browser(), &path).await;
    let answer = values(&way_back(&page));
    assert_eq!((answer["status"].as_str(), answer["state"].as_str()), ("connected", "session-43"));
    assert_eq!(answer["account_key"], account);
    assert!(is_signed(&answer, RETURN, &secret), "{answer:?}");
    assert_eq!(linked.world.raw.one::<i64>("SELECT token_version FROM grants").await, 2);
    assert_eq!(linked.world.raw.count("accounts").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_person_who_stops_or_has_another_mailbox_brings_the_state_and_no_account(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let secret = confirm::add(&linked, false).await;
    let application = Application::with_everything(&linked.world).await;
    let path = link(&application, "POST", "/api/accounts/oauth", &body(&json!({}))).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    let (page, _) = linked.come_back(&mut grace, &authorize, "error=access_denied").await;
    let stopped = values(&way_back(&page));
    assert_eq!((stopped["status"].as_str(), stopped["error"].as_str()), ("cancelled", "access_denied"));

    let authorize = linked.follow(&mut grace, &path).await;
    linked.grant_to(&authorize, "acc00000-7e57-4000-8000-000000000002", "mallory@contoso.test");
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    let wrong = values(&way_back(&page));
    assert_eq!((wrong["status"].as_str(), wrong["error"].as_str()), ("failed", "wrong_mailbox"));
    for answer in [stopped, wrong] {
        assert_eq!(answer["state"], STATE);
        assert!(!answer.contains_key("account_key"), "{answer:?}");
        assert!(is_signed(&answer, RETURN, &secret), "{answer:?}");
    }
    assert_eq!(linked.world.raw.count("accounts").await, 0);
}
