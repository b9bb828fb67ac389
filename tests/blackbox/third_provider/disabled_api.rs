//! A provider whose API is not enabled for the connector's application: that is a fault of the connector. Administrators
//! read it at the connector and at each account, and no account needs a sign-in.

use mail360::{
    accounts::{model::AccountState, service::links::NewLink},
    platform::clock::Clock,
    providers::mailbox::MailProblem,
};
use rstest::rstest;
use serde_json::json;

use super::{
    EVERYTHING, assert_is_contosos, come_back, connector, deletion::scene, grant, open, sign_in, start,
};
use crate::{
    api_reading::Reading,
    support::{Canned, Kind, MailAnswer, assert_refusal, callback, contoso_mail::API_DISABLED, path_of},
};

fn disabled() -> Canned {
    Canned::Json(403, json!({ "error": "api_disabled" }))
}

const STEP: &str = "Switch on the API in the Contoso Console.";

#[rstest]
#[tokio::test]
async fn a_connector_is_not_verified_before_the_api_is_enabled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let authorize = start(&mut ada, &connector).await;
    world.provider.answer_me(disabled());
    grant(&world, &authorize, EVERYTHING, None);
    let page = come_back(&mut ada, &authorize, "code=abc").await;
    assert_is_contosos(&page);
    page.assert_says(API_DISABLED).assert_says(STEP);
    assert_eq!(world.state(&connector).await, "failing: api_disabled");
    let page = open(&mut ada, &connector).await;
    page.assert_says(&format!("Failing: {API_DISABLED}"));
    page.assert_says("Enable the API in Contoso Console. Then verify again");

    sign_in(&world, &mut ada, &connector).await.assert_says("The connector works");
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[tokio::test]
async fn a_test_of_each_account_says_that_the_api_is_not_enabled_and_no_account_needs_a_sign_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = scene(kind, 0).await;
    let accounts = scene.connect_many(3).await;
    for account in &accounts {
        scene.world.provider.answer_inbox(disabled());
        let page = scene.ada.post(&format!("/accounts/{account}/test"), &[]).await;
        page.assert_status(200).assert_says("The access does not work");
        page.assert_says(API_DISABLED).assert_says(STEP);
    }
    assert_eq!(scene.count(AccountState::Connected).await, 3);
    let page = scene.ada.post(&format!("/accounts/{}/test", accounts[0]), &[]).await;
    page.assert_says("The access works");
}

#[rstest]
#[tokio::test]
async fn a_link_connects_no_mailbox_before_the_api_is_enabled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = scene(kind, 0).await;
    let now = scene.world.clock.now().micros();
    let verified = format!("UPDATE connectors SET state = 'verified', verified_at = {now}");
    scene.world.raw.run(&verified).await.expect("verified");
    let admin = scene.world.admin().await;
    let link = NewLink::of_console(scene.connector_id());
    let link = scene.world.program.links.make(&admin.caller(), link).await.expect("an answer");
    let path = path_of(&link.expect("a link"));

    let mut grace = scene.world.browser();
    grace.get(&path).await.assert_status(200);
    let authorize = grace.post(&path, &[]).await.assert_status(200).link("Continue with Contoso");
    grant(&scene.world, &authorize, EVERYTHING, None);
    scene.world.provider.answer_inbox(disabled());
    grace.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(scene.world.raw.count("accounts").await, 0);
    assert_eq!(scene.world.raw.count("grants").await, 0);
    assert_eq!(scene.world.state(&scene.connector).await, "failing: api_disabled");
}

#[rstest]
#[tokio::test]
async fn a_call_of_the_api_is_told_that_the_connector_fails_and_the_account_stays_connected(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let reading = Reading::new(kind).await;
    reading.scene.world.mail.answer(|_| MailAnswer::Failure(MailProblem::ApiDisabled));
    let answer = reading.application.get(&reading.at("messages/AAMk")).await;
    let data = assert_refusal(&answer, 409, "CONNECTOR_FAILING");
    assert!(data["moreInfo"].as_str().is_some_and(|words| words.contains("not enabled")), "{data}");
    assert_eq!(reading.scene.state(reading.account).await, (AccountState::Connected, None));
}
