//! Logs > API: the filter by day, the link to an account that needs a sign-in, and the links between the calls and the
//! activity about the same account.

use std::borrow::Cow;

use mail360::{
    accounts::service::AccountId,
    clients::calls::Call,
    platform::id::{ApiClientId, OrganisationId},
};
use rstest::rstest;
use time::Duration;
use uuid::Uuid;

use crate::{
    account_pages::add_account,
    support::{Answer, Kind, NewConnector, World, api_clients::everything},
};

const ADA: &str = "ada@contoso.test";

/// A call that was refused with this code.
fn refused(
    organisation: OrganisationId,
    client: ApiClientId,
    account: Option<AccountId>,
    code: &'static str,
) -> Call {
    Call {
        organisation,
        client,
        account,
        method: Cow::Borrowed("GET"),
        route: "/api/accounts/{account_key}/messages",
        status: 409,
        duration: Duration::milliseconds(3),
        request_id: None,
        error_code: Some(code),
        provider_request_id: None,
    }
}

/// The number of calls on a page.
fn calls_on(page: &Answer) -> usize {
    page.body.matches("class=\"entry\"").count()
}

#[rstest]
#[tokio::test]
async fn the_line_of_a_call_has_a_link_to_the_account_only_if_it_needs_a_sign_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let account = add_account(&world, &connector, "grace@contoso.test").await;
    let account: AccountId = account.parse().expect("an id");
    let client = world.add_api_client(ADA, &everything("CRM")).await;
    let organisation = world.organisation_id_of(ADA).await;
    let gone = AccountId(Uuid::from_u128(1));
    let calls = &world.program.calls;
    calls.note(refused(organisation, client.id, Some(account), "ACCOUNT_PAUSED"));
    calls.note(refused(organisation, client.id, Some(gone), "ACCOUNT_NEEDS_SIGN_IN"));
    world.flush().await;
    let link = "Open the account";
    let logs = ada.get("/logs/api").await;
    assert_eq!(calls_on(&logs), 2);
    assert!(!logs.text().contains(link), "{}", logs.text());

    calls.note(refused(organisation, client.id, Some(account), "ACCOUNT_NEEDS_SIGN_IN"));
    world.flush().await;
    let logs = ada.get("/logs/api").await;
    logs.assert_says("Account needs sign in").assert_says("Open the account grace@contoso.test");
    let tag = format!("<a href=\"/accounts/{account}\" class=\"button small\">");
    assert_eq!(logs.body.matches(&tag).count(), 1, "{}", logs.body);
    // A control inside a summary would open the line as well.
    for summary in logs.body.split("<summary>").skip(1) {
        let (summary, _) = summary.split_once("</summary>").expect("its end");
        assert!(!summary.contains("<a "), "{summary}");
    }
    // The page of the account itself needs no link to it.
    let page = ada.get(&format!("/accounts/{account}")).await;
    page.assert_says("Account needs sign in");
    assert!(!page.text().contains(link), "{}", page.text());
}

#[rstest]
#[tokio::test]
async fn a_call_is_recorded_for_its_account_however_the_key_is_written_in_the_address(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let account = add_account(&world, &connector, "grace@contoso.test").await;
    let client = world.add_api_client(ADA, &everything("CRM")).await;
    let encoded = account.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    for key in [account.as_str(), &account.to_uppercase(), &encoded] {
        let path = format!("/api/accounts/{key}");
        world.call_with(&client.key, "GET", &path).await.assert_status(200);
    }
    // These name no account.
    for path in ["/api/accounts", "/api/connectors/Mail%20archive"] {
        world.call_with(&client.key, "GET", path).await.assert_status(200);
    }
    world.call_with(&client.key, "GET", "/api/accounts/another").await.assert_status(404);
    world.flush().await;
    let id: Uuid = account.parse().expect("an id");
    let of_account = "SELECT account_id FROM api_calls WHERE account_id IS NOT NULL";
    assert_eq!(world.raw.column::<Uuid>(of_account).await, [id; 3]);
    assert_eq!(world.raw.count("api_calls").await, 6);
    assert_eq!(calls_on(&ada.get(&format!("/logs/api?account={account}")).await), 3);
}

#[rstest]
#[tokio::test]
async fn calls_are_shown_from_the_beginning_of_a_day(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    let client = world.add_api_client(ADA, &everything("CRM")).await;
    let organisation = world.organisation_id_of(ADA).await;
    // 23 and 24 November 2026, a minute before and after midnight: it is 06:57 when the test begins.
    for minutes in [17 * 60 + 2, 2] {
        world.clock.advance(Duration::minutes(minutes));
        world.program.calls.note(refused(organisation, client.id, None, "NOT_FOUND"));
    }
    world.flush().await;
    let mut ada = world.log_in(ADA).await;
    for (from, number) in
        [("", 2), ("2026-11-24", 1), ("2026-11-23", 2), ("2026-11-18", 2), ("2026-11-25", 2)]
    {
        let page = ada.get(&format!("/logs/api?from={from}")).await;
        assert_eq!(calls_on(page.assert_status(200)), number, "{from}");
    }
    let page = ada.get("/logs/api?from=2026-11-24").await;
    assert!(page.body.contains("<label for=\"from\">From</label>"), "{}", page.body);
    let days = page.body.split_once("name=\"from\"").expect("the filter").1;
    let days = days.split_once("</select>").expect("its end").0;
    assert_eq!(days.matches("<option").count(), 8, "{days}");
    assert!(!days.contains("2026-11-17"), "of that day some records are erased: {days}");
    let chosen = days.split("<option").find(|option| option.contains("value=\"2026-11-24\""));
    assert!(chosen.is_some_and(|option| option.contains(" selected")), "{days}");
}

#[rstest]
#[tokio::test]
async fn calls_and_activity_link_to_each_other_for_the_same_account_and_client(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let account = add_account(&world, &connector, "grace@contoso.test").await;
    let client = world.add_api_client(ADA, &everything("CRM")).await.id;
    for (page, link, words) in [
        ("/logs/api".to_owned(), "/settings/activity".to_owned(), "Activity"),
        (
            format!("/logs/api?account={account}"),
            format!("/settings/activity?about={account}"),
            "Activity of this account",
        ),
        (
            "/logs/api?account=grace%40contoso.test".to_owned(),
            format!("/settings/activity?about={account}"),
            "Activity of this account",
        ),
        (
            format!("/logs/api?client={client}"),
            format!("/settings/activity?about={client}"),
            "Activity of this API client",
        ),
        ("/settings/activity".to_owned(), "/logs/api".to_owned(), "API calls"),
        (
            format!("/settings/activity?about={account}"),
            format!("/logs/api?account={account}"),
            "API calls of this account",
        ),
        (
            format!("/settings/activity?about={client}"),
            format!("/logs/api?client={client}"),
            "API calls of this API client",
        ),
        // Of a connector there are no calls.
        (
            format!("/settings/activity?about={}", connector.rsplit('/').next().expect("an id")),
            "/logs/api".to_owned(),
            "API calls",
        ),
    ] {
        let answer = ada.get(&page).await;
        let tag = format!("<a href=\"{link}\">{words}</a>");
        assert!(answer.assert_status(200).body.contains(&tag), "{tag} is not on {page}: {}", answer.body);
        ada.get(&link).await.assert_status(200);
    }
}
