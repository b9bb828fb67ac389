//! Return addresses whose applications confirm each mailbox before it is connected.

use axum::body::Body;
use mail360::accounts::service::{
    links::NewLink,
    return_addresses::{NewSecret, ReturnAddressId},
};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    returns::{goes_on, is_signed, values, way_back},
    support::{Answer, Browser, Kind, Linked},
};

const PAGE: &str = "/settings/return-addresses";
const CALL: &str = "/api/accounts/confirm";
const RETURN: &str = "https://crm.example.com/mailboxes/7";

/// Adds the return address of the application.
pub async fn add(linked: &Linked, needs_confirmation: bool) -> NewSecret {
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let addresses = &linked.world.program.return_addresses;
    let added = addresses.add(&admin, "https://crm.example.com/mailboxes", needs_confirmation).await;
    added.expect("an answer").expect("an address of the list")
}

async fn switch(linked: &Linked, id: ReturnAddressId, needs_confirmation: bool) {
    let admin = linked.world.admin().await.reauthenticated().expect("a recent password");
    let addresses = &linked.world.program.return_addresses;
    addresses.set_needs_confirmation(&admin, id, needs_confirmation).await.expect("switched");
}

/// A link that leads back to the application.
pub fn returning(linked: &Linked) -> NewLink {
    NewLink { return_address: Some(RETURN.to_owned()), ..linked.plain() }
}

/// What the application gets from a browser that came back: the id of the link, and the code.
pub type Code = (String, String);

/// What a page hands over to the application.
#[track_caller]
pub fn code_of(page: &Answer) -> Code {
    page.assert_status(200).assert_says("One step is left").assert_says("within ten minutes");
    assert!(goes_on(page), "{}", page.body);
    let values = values(&way_back(page));
    assert_eq!((values["status"].as_str(), values.contains_key("account_key")), ("connected", false));
    (values["link"].clone(), values["confirm"].clone())
}

/// Signs in with a new link, up to the confirmation.
pub async fn signed_in(linked: &Linked, browser: &mut Browser) -> Code {
    let path = linked.make(returning(linked)).await;
    code_of(&linked.connect(browser, &path).await)
}

/// Sends a body to the call, from a computer of the application.
async fn post(linked: &Linked, body: impl Into<Body>) -> Answer {
    let mut application = linked.world.browser();
    let request = application.request("POST", CALL).header("content-type", "application/json");
    application.send(request.body(body.into()).expect("a request")).await
}

/// Confirms as an application does.
pub async fn confirm(linked: &Linked, (link, code): &Code) -> Answer {
    post(linked, json!({ "link": link, "confirm": code }).to_string()).await
}

fn data(answer: &Answer) -> Value {
    let envelope: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(envelope["status"]["code"], answer.status.as_u16());
    envelope["data"].clone()
}

/// The account that a confirmation has connected.
#[track_caller]
pub fn account_key(answer: &Answer) -> String {
    data(answer.assert_status(200))["account_key"].as_str().expect("a key").to_owned()
}

#[track_caller]
pub fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(data(answer.assert_status(status))["errorCode"], code, "{}", answer.body);
}

/// The numbers of accounts, of grants, and of rows that wait or were confirmed.
pub async fn counts(linked: &Linked) -> [i64; 3] {
    let raw = &linked.world.raw;
    [raw.count("accounts").await, raw.count("grants").await, raw.count("pending_grants").await]
}

/// Number of entries in the activity with this action and this outcome.
async fn recorded(linked: &Linked, action: &str, outcome: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM activity WHERE action = '{action}' AND outcome = '{outcome}'");
    linked.world.raw.one(&query).await
}

#[rstest]
#[tokio::test]
async fn a_mailbox_is_connected_only_after_the_application_has_confirmed_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let secret = add(&linked, true).await;
    let path = linked.make(returning(&linked)).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    linked.world.grant_everything(&authorize);
    let (page, outcome) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    let code = code_of(&page);
    assert!(is_signed(&values(&way_back(&page)), RETURN, &secret));
    assert_eq!(code.1.len(), 43, "256 bits");
    assert_eq!(code_of(&grace.get(&outcome).await), code, "the same code when the page is shown again");
    assert_eq!(counts(&linked).await, [0, 0, 1]);
    let stored = linked.world.raw.dump(&[]).await.join("\n");
    assert!(!stored.contains(&code.1) && !stored.contains("canary-refresh"), "neither is readable");
    assert_eq!(recorded(&linked, "account.confirmation_awaited", "done").await, 1);
    let survey = linked.world.program.survey().await.expect("a survey");
    assert!(survey.lost.is_empty(), "{survey:?}");
    // The sign-in has shown that the connector works.
    assert_eq!(linked.world.state(&linked.connector).await, "verified");
    let mut ada = linked.ada.clone();
    let links = ada.get(&format!("{}/links", linked.connector)).await;
    links.assert_says("Waiting for your software to confirm the mailbox, until");

    let account = account_key(&confirm(&linked, &code).await);
    assert_eq!(account, linked.account().await.to_string());
    assert_eq!(counts(&linked).await, [1, 1, 1]);
    for action in ["account.confirmed", "account.connected", "link.used"] {
        assert_eq!(recorded(&linked, action, "done").await, 1, "{action}");
    }
    // An application that has lost the answer asks again, and nothing changes.
    let before = linked.world.raw.dump(&["throttles"]).await;
    assert_eq!(account_key(&confirm(&linked, &code).await), account);
    assert_eq!(linked.world.raw.dump(&["throttles"]).await, before);
    grace.get(&outcome).await.assert_says("Your mailbox is connected");
    grace.get(&path).await.assert_status(410).assert_says("This link has been used");
    let links = ada.get(&format!("{}/links", linked.connector)).await;
    assert!(!links.text().contains("Waiting for"), "{}", links.text());

    linked.world.clock.advance(Duration::minutes(10));
    assert_refused(&confirm(&linked, &code).await, 404, "CONFIRMATION_UNKNOWN");
    linked.world.run_sweep().await;
    grace.get(&outcome).await.assert_says("Your mailbox is connected");
    linked.world.clock.advance(Duration::hours(1));
    linked.world.run_sweep().await;
    assert_eq!(counts(&linked).await, [1, 1, 0], "the account stays");
    assert_eq!(recorded(&linked, "account.not_confirmed", "done").await, 0);
}

#[rstest]
#[tokio::test]
async fn access_that_no_application_confirms_in_ten_minutes_is_erased(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let path = linked.make(returning(&linked)).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    linked.world.grant_everything(&authorize);
    let (page, outcome) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    let code = code_of(&page);
    linked.world.clock.advance(Duration::minutes(10));
    assert_refused(&confirm(&linked, &code).await, 404, "CONFIRMATION_UNKNOWN");
    let page = grace.get(&outcome).await;
    page.assert_says("The last step was not finished");
    let values = values(&way_back(&page));
    assert_eq!((values["status"].as_str(), values["error"].as_str()), ("failed", "not_confirmed"));
    assert!(!goes_on(&page) && !values.contains_key("confirm"), "{values:?}");
    linked.world.run_sweep().await;
    linked.world.run_sweep().await;
    assert_eq!(counts(&linked).await, [0, 0, 0]);
    assert_eq!(recorded(&linked, "account.not_confirmed", "done").await, 1);
    let mut ada = linked.world.log_in("ada@contoso.test").await;
    ada.get("/settings/activity").await.assert_says("because no application confirmed it in time");
    // The link was not used, so the person can try again.
    let code = code_of(&linked.connect(&mut grace, &path).await);
    account_key(&confirm(&linked, &code).await);
    assert_eq!(counts(&linked).await, [1, 1, 1]);
}

#[rstest]
#[tokio::test]
async fn five_wrong_codes_end_what_waits(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let code = signed_in(&linked, &mut linked.world.browser()).await;
    let other = signed_in(&linked, &mut linked.world.browser()).await;
    // The code of another link is wrong too, and costs the other link nothing.
    let wrong = (code.0.clone(), other.1.clone());
    for tries in 1..=5 {
        assert_eq!(counts(&linked).await[2], 2, "before try {tries}");
        assert_refused(&confirm(&linked, &wrong).await, 404, "CONFIRMATION_UNKNOWN");
    }
    assert_refused(&confirm(&linked, &code).await, 404, "CONFIRMATION_UNKNOWN");
    assert_eq!(counts(&linked).await, [0, 0, 1]);
    assert_eq!(recorded(&linked, "account.not_confirmed", "refused").await, 1);
    account_key(&confirm(&linked, &other).await);
}

#[rstest]
#[tokio::test]
async fn an_account_that_is_signed_in_again_keeps_its_grant_until_the_confirmation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let path = linked.make(linked.plain()).await;
    linked.connect(&mut linked.world.browser(), &path).await.assert_says("Your mailbox is connected");
    let account = linked.account().await;
    let path = linked.make(NewLink { account: Some(account), ..returning(&linked) }).await;
    let version = "SELECT token_version FROM grants";
    let mut grace = linked.world.browser();
    code_of(&linked.connect(&mut grace, &path).await);
    assert_eq!(linked.world.raw.one::<i64>(version).await, 1);
    linked.world.clock.advance(Duration::minutes(11));
    linked.world.run_sweep().await;
    assert_eq!(linked.world.raw.one::<i64>(version).await, 1, "what was not confirmed changed nothing");

    let code = code_of(&linked.connect(&mut grace, &path).await);
    assert_eq!(account_key(&confirm(&linked, &code).await), account.to_string());
    assert_eq!(linked.world.raw.one::<i64>(version).await, 2);
    assert_eq!(counts(&linked).await, [1, 1, 1]);
    assert_eq!(recorded(&linked, "account.reconnected", "done").await, 1);
}

#[rstest]
#[case::switched_on(false, true)]
#[case::switched_off(true, false)]
#[tokio::test]
async fn the_option_counts_as_it_is_when_the_sign_in_ends(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] before: bool,
    #[case] after: bool,
) {
    let linked = Linked::new(kind).await;
    let entry = add(&linked, before).await;
    let path = linked.make(returning(&linked)).await;
    let mut grace = linked.world.browser();
    let authorize = linked.follow(&mut grace, &path).await;
    switch(&linked, entry.id, after).await;
    linked.world.grant_everything(&authorize);
    let (page, _) = linked.come_back(&mut grace, &authorize, "code=abc").await;
    if after {
        let code = code_of(&page);
        assert_eq!(counts(&linked).await, [0, 0, 1]);
        // What waits still needs its code.
        switch(&linked, entry.id, before).await;
        assert_eq!(counts(&linked).await, [0, 0, 1]);
        account_key(&confirm(&linked, &code).await);
    } else {
        page.assert_says("Your mailbox is connected");
        assert_eq!(counts(&linked).await, [1, 1, 0]);
        assert!(!values(&way_back(&page)).contains_key("confirm"));
    }
}

#[rstest]
#[tokio::test]
async fn a_call_is_refused_with_a_stable_code_and_costs_no_more_than_its_limits(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let code = signed_in(&linked, &mut linked.world.browser()).await;
    let before = linked.world.raw.dump(&[]).await;
    for (body, error) in [
        (String::new(), "INVALID_VALUE"),
        ("null".to_owned(), "JSON_PARSE_ERROR"),
        (json!({ "link": code.0 }).to_string(), "INVALID_VALUE"),
        (json!({ "link": code.0, "confirm": "" }).to_string(), "INVALID_VALUE"),
        (json!({ "link": "nothing", "confirm": code.1 }).to_string(), "INVALID_VALUE"),
        (json!({ "link": code.0, "confirm": "short" }).to_string(), "INVALID_VALUE"),
        (json!({ "link": code.0, "confirm": 7 }).to_string(), "INVALID_VALUE"),
        (json!({ "link": code.0, "confirm": code.1, "state": "a" }).to_string(), "EXTRA_PARAM_FOUND"),
    ] {
        assert_refused(&post(&linked, body).await, 400, error);
    }
    assert_refused(&post(&linked, vec![b' '; 2 * 1024 + 1]).await, 413, "CONTENT_TOO_LARGE");
    let mut browser = linked.world.browser();
    assert_refused(&browser.get(CALL).await, 405, "METHOD_NOT_ALLOWED");
    let form = browser.post(CALL, &[("link", &code.0), ("confirm", &code.1)]).await;
    assert_refused(&form, 415, "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(linked.world.raw.dump(&[]).await, before, "what is no code costs no row");

    let unknown = (uuid::Uuid::from_u128(1).to_string(), code.1.clone());
    assert_refused(&confirm(&linked, &unknown).await, 404, "CONFIRMATION_UNKNOWN");
    linked.world.raw.run("UPDATE throttles SET count = 600").await.expect("changed");
    let refused = confirm(&linked, &code).await;
    assert_refused(&refused, 429, "TOO_MANY_REQUESTS");
    assert_eq!((refused.header("retry-after"), &data(&refused)["limit"]), ("300", &json!("client")));
    // The limit of one link holds for all addresses.
    let mut elsewhere = linked.world.browser();
    elsewhere.address = [198, 51, 100, 7].into();
    let body = json!({ "link": unknown.0, "confirm": unknown.1 }).to_string();
    let request = elsewhere.request("POST", CALL).header("content-type", "application/json");
    let answer = elsewhere.send(request.body(Body::from(body)).expect("a request")).await;
    assert_refused(&answer, 429, "TOO_MANY_REQUESTS");
    linked.world.clock.advance(Duration::minutes(5));
    account_key(&confirm(&linked, &code).await);
}

#[rstest]
#[case::longer("expires_at = expires_at + 1")]
#[case::another_code("code_hash = (SELECT token_hash FROM connect_links LIMIT 1)")]
#[tokio::test]
async fn s3_access_does_not_open_after_its_row_was_changed_in_the_database(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &str,
) {
    let linked = Linked::new(kind).await;
    add(&linked, true).await;
    let path = linked.make(returning(&linked)).await;
    let (link, code) = code_of(&linked.connect(&mut linked.world.browser(), &path).await);
    let changed = format!("UPDATE pending_grants SET {change}");
    assert_eq!(linked.world.raw.run(&changed).await, Ok(1));
    let survey = linked.world.program.survey().await.expect("a survey");
    assert_eq!(survey.lost.len(), 1, "{survey:?}");
    // The attacker knows the token of the link.
    let token = path.rsplit('/').next().expect("a token").to_owned();
    let code = if change.starts_with("code_hash") { token } else { code };
    confirm(&linked, &(link, code)).await.assert_status(500);
    assert_eq!(counts(&linked).await, [0, 0, 1]);
    linked.world.clock.advance(Duration::minutes(11));
    linked.world.run_sweep().await;
    assert_eq!(counts(&linked).await, [0, 0, 0], "it is erased although it does not open");
}

#[rstest]
#[tokio::test]
async fn the_option_is_chosen_and_switched_on_the_page_of_return_addresses(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let linked = Linked::new(kind).await;
    let mut ada = linked.ada.clone();
    ada.get(PAGE).await.assert_says("A link can be forwarded.");
    let refused = ada.post(PAGE, &[("address", "nowhere"), ("needs_confirmation", "true")]).await;
    assert!(refused.assert_status(422).body.contains(" checked"), "the box stays ticked: {}", refused.body);
    let fields = [("address", "https://crm.example.com/mailboxes"), ("needs_confirmation", "true")];
    let (on, off) = (
        "A mailbox is connected only after this software has confirmed it.",
        "A mailbox is connected without a confirmation of this software.",
    );
    ada.post(PAGE, &fields).await.assert_status(200).assert_says(on);
    let id: uuid::Uuid = linked.world.raw.one("SELECT id FROM return_addresses").await;
    let path = format!("{PAGE}/{id}/confirmation");
    for _ in 0..2 {
        let switched = ada.post(&path, &[("needs_confirmation", "false")]).await;
        assert_eq!(switched.assert_status(303).location(), PAGE);
    }
    ada.get(PAGE).await.assert_says(off);
    ada.post(&path, &[("needs_confirmation", "true")]).await.assert_status(303);
    ada.get(PAGE).await.assert_says(on);
    let activity = ada.get("/settings/activity").await;
    activity.assert_says("required a confirmation of each mailbox from the return address");
    activity.assert_says("removed the confirmation of mailboxes from the return address");
    assert_eq!(
        recorded(&linked, "return_address.changed", "done").await,
        2,
        "a second click changes nothing"
    );
    let mut eve = linked.world.stranger().await;
    eve.post(&path, &[("needs_confirmation", "false")]).await.assert_status(404);
    linked.world.clock.advance(Duration::minutes(11));
    let asked = ada.post(&path, &[("needs_confirmation", "false")]).await;
    asked.assert_status(403).assert_says("To change whether mailboxes must be confirmed");
}
