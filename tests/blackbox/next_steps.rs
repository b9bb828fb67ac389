//! The step that is due is the one primary button of every page about a failed sign-in.

use mail360::providers::{
    NoConnection, Provider, ProviderWords,
    diagnosis::{Cause, Diagnosis, Remedy, Who},
    http::HttpFailure,
    microsoft::{Microsoft, MicrosoftUrls},
};
use rstest::rstest;
use serde_json::json;
use time::Duration;

use crate::support::{Answer, Canned, Kind, NewConnector, World, callback, held, sign_in_path, under_way};

/// Ranges that have all codes with an explanation.
const RANGES: [(u64, u64); 13] = [
    (16_000, 29_000),
    (40_000, 55_000),
    (65_000, 91_000),
    (120_000, 241_000),
    (399_000, 400_000),
    (500_000, 531_000),
    (650_000, 651_000),
    (700_000, 701_000),
    (900_000, 902_000),
    (1_000_000, 1_001_000),
    (5_000_000, 5_002_000),
    (7_000_000, 7_001_000),
    (9_000_000, 9_003_000),
];

/// Every code with its explanation.
fn explained() -> Vec<(u64, Diagnosis)> {
    let address = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize".to_owned();
    let urls = MicrosoftUrls {
        authorize: address.clone(),
        token: address.clone(),
        graph: address.clone(),
        issuer: address,
    };
    let microsoft = Microsoft::new(urls);
    let explanation = |code| {
        let said = ProviderWords::default().with_codes([code]);
        Some((code, microsoft.code(&said)?.diagnosis?))
    };
    RANGES.into_iter().flat_map(|(from, to)| from..to).filter_map(explanation).collect()
}

/// The words of each primary button, without tags.
fn primary(page: &Answer) -> Vec<String> {
    let parts = page.body.split("class=\"button primary").skip(1);
    parts
        .map(|part| {
            let (_, content) = part.split_once('>').expect("the end of the tag");
            let ends = ["</button>", "</a>"].into_iter().filter_map(|end| content.find(end));
            let content = &content[..ends.min().expect("the end of the button")];
            let texts = content.split('<').map(|text| text.rsplit_once('>').map_or(text, |(_, text)| text));
            texts.collect::<String>().replace(" (opens a new window)", "").trim().to_owned()
        })
        .collect()
}

/// The words of the button for the step of a cause.
fn button(Cause { who, remedy, .. }: &Cause) -> String {
    match remedy {
        Remedy::Again => "Sign in again".to_owned(),
        Remedy::TryCredentials => "Try again without a new secret".to_owned(),
        Remedy::Secret => "Replace the client secret".to_owned(),
        Remedy::Edit => "Edit the connector".to_owned(),
        Remedy::RedirectUri => "Copy the Redirect URI".to_owned(),
        Remedy::Change(change) => change.button.to_owned(),
        Remedy::Message if *who == Who::Operator => "Copy the message for the operator".to_owned(),
        Remedy::Consent | Remedy::Message => "Copy the message for the administrator".to_owned(),
        Remedy::Open(page) => format!("Open {page} in Azure"),
    }
}

#[tokio::test]
async fn the_step_of_the_first_cause_of_every_code_is_the_one_primary_button() {
    let (_world, mut ada, connector, _) = under_way(Kind::Sqlite).await;
    let explained = explained();
    assert!(explained.len() > 300, "{}", explained.len());
    for (code, diagnosis) in explained {
        let shown = format!("AADSTS{code}: words");
        let page = ada.post(&format!("{connector}/pasted-error"), &[("shown", &shown)]).await;
        page.assert_status(200);
        let first = diagnosis.causes.first().expect("a cause");
        assert_eq!(primary(&page), [button(first)], "AADSTS{code}: {}", diagnosis.title);
        // Another step is due before a sign-in, which the page says at that button.
        let waits = page.text().contains("When that is done:");
        let signs_in = matches!(first.remedy, Remedy::Again | Remedy::Change(_));
        assert_eq!(waits, !signs_in, "AADSTS{code}: {}", diagnosis.title);
    }
}

#[rstest]
#[case::cancelled("error=access_denied", "Sign in again")]
#[case::administrator(
    "error=access_denied&error_description=AADSTS90094%3A+No.",
    "Copy the message for the administrator"
)]
#[case::not_assigned(
    "error=access_denied&error_description=AADSTS50105%3A+No.",
    "Copy the message for the administrator"
)]
#[case::unknown("error=invalid_request&error_description=AADSTS9999999%3A+New.", "Open Overview in Azure")]
#[case::nothing_known("error=invalid_request", "Open Overview in Azure")]
#[case::for_the_moment("error=temporarily_unavailable", "Sign in again")]
#[tokio::test]
async fn a_sign_in_that_the_provider_ends_offers_the_step_that_is_due(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] answer: &str,
    #[case] words: &str,
) {
    let (_world, mut ada, _, authorize) = under_way(kind).await;
    let landed = ada.get(&callback(&authorize, answer)).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    assert_eq!(primary(&page), [words]);
}

#[rstest]
#[case::firewall(
    Canned::Failure(HttpFailure::NoConnection(NoConnection::Refused)),
    "Copy the message for the operator"
)]
#[case::lost(Canned::Failure(HttpFailure::Unreachable), "Sign in again")]
#[case::garbled(Canned::Text(200, "<html>".to_owned()), "Sign in again")]
#[case::slow(Canned::Failure(HttpFailure::TimedOut), "Sign in again")]
#[case::secret(
    Canned::Json(401, json!({ "error": "invalid_client", "error_codes": [7_000_215] })),
    "Replace the client secret"
)]
#[case::credentials(Canned::Json(401, json!({ "error": "invalid_client" })), "Replace the client secret")]
#[case::application(Canned::Json(400, json!({ "error": "unauthorized_client" })), "Edit the connector")]
#[case::permission(Canned::Json(400, json!({ "error": "invalid_scope" })), "Open API permissions in Azure")]
#[case::redirect_uri(
    Canned::Json(400, json!({ "error": "invalid_request", "error_codes": [50_011] })),
    "Copy the Redirect URI"
)]
#[tokio::test]
async fn a_sign_in_that_fails_at_the_exchange_offers_the_step_that_is_due(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] canned: Canned,
    #[case] words: &str,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.provider.answer_token(canned);
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    assert_eq!(primary(&page), [words]);
    // The connector's page does not contradict it.
    let shown = primary(&ada.get(&connector).await);
    assert_eq!(shown.len(), 1, "{shown:?}");
}

#[rstest]
#[tokio::test]
async fn a_sign_in_without_an_outcome_and_one_that_went_through_have_one_next_step(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let path = sign_in_path(&world).await;
    assert_eq!(primary(&ada.get(&path).await), ["Sign in with Microsoft again"]);
    world.clock.advance(Duration::minutes(11));
    let page = ada.get(&path).await;
    assert_eq!(
        primary(page.assert_says("Not finished within ten minutes")),
        ["Sign in with Microsoft again"]
    );
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(primary(ada.get(&path).await.assert_says("The sign-in took too long")), ["Sign in again"]);

    let authorize = world.start(&mut ada, &connector).await;
    world.grant_everything(&authorize);
    let landed = ada.get(&callback(&authorize, "code=abc")).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    page.assert_says("The connector works").assert_says("Add another connector");
    page.assert_says("Microsoft does not report this one.");
    assert_eq!(primary(&page), ["Connect the first account"]);
    let page = ada.get(&format!("{connector}/pasted-error")).await;
    assert_eq!(primary(&page), ["Explain this error"]);
}

#[rstest]
#[tokio::test]
async fn a_message_says_who_asks_for_which_application_and_what_to_do(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let client_id: String = world.raw.one("SELECT client_id FROM connectors").await;
    let description = "AADSTS90094%3A+No.%0D%0ACorrelation+ID%3A+bbbb0000-7e57-4000-8000-000000000002";
    let back = callback(&authorize, &format!("error=access_denied&error_description={description}"));
    let landed = ada.get(&back).await;
    let page = ada.get(landed.assert_status(303).location()).await;
    let (_, message) = page.body.split_once("Message for the administrator\"><code>").expect("the message");
    let (message, _) = message.split_once("</code>").expect("its end");
    for words in [
        "Contoso asks you to allow the application “Mail archive”",
        &format!("Client ID: {client_id}"),
        "- Mail.Read: ",
        "1. Open this link: https://login.microsoftonline.com/organizations/v2.0/adminconsent?",
        "2. Sign in as a Microsoft 365 administrator.",
        "4. Click Accept.",
        "Error code: AADSTS90094",
        "Correlation ID: bbbb0000-7e57-4000-8000-000000000002",
        "Ada Example, Contoso",
    ] {
        assert!(message.contains(words), "{words:?} is not in {message}");
    }
    // Without scripts the reader's mail program gets the message.
    assert!(page.body.contains("href=\"mailto:?subject=Sign-in%20to%20Mail%20archive"), "{}", page.body);

    let page = ada.post(&format!("{connector}/pasted-error"), &[("shown", "AADSTS50057")]).await;
    let (_, message) = page.body.split_once("Message for the administrator\"><code>").expect("the message");
    for words in ["Reason: The account is disabled.", "Please do this:", "Enable the account", &client_id] {
        assert!(message.contains(words), "{words:?} is not in {message}");
    }
}

#[rstest]
#[tokio::test]
async fn the_title_names_the_outcome_and_the_heading_of_a_new_one_has_the_focus(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let path = sign_in_path(&world).await;
    let title = |page: &Answer, words: &str| {
        let title = format!("<title>{words} · Mail archive · ");
        assert!(page.body.contains(&title), "{title:?} is not in {}", page.body);
    };
    title(&ada.get(&path).await, "Not finished yet");
    let (gate, returning) = held(&world, &ada, &authorize).await;
    let checking = ada.get(&path).await;
    title(&checking, "Checking…");
    assert!(checking.body.contains("role=\"status\">Microsoft has sent you back"), "{}", checking.body);
    gate.notify_one();
    returning.await.expect("an answer").assert_status(303);
    let page = ada.get(&path).await;
    title(&page, "The connector works");
    assert!(page.body.contains("<h1 tabindex=\"-1\" autofocus"), "{}", page.body);
    world.clock.advance(Duration::minutes(2));
    assert!(!ada.get(&path).await.body.contains("autofocus"), "an old outcome takes the focus");

    let authorize = world.start(&mut ada, &connector).await;
    let landed = ada.get(&callback(&authorize, "error=access_denied")).await;
    title(
        &ada.get(landed.location()).await,
        "The sign-in was cancelled, or the permissions were not approved",
    );
    title(&ada.get(&format!("{connector}/pasted-error")).await, "Paste Microsoft’s error");
    title(&ada.get(&format!("{connector}/sign-ins")).await, "Sign-ins");
}

#[rstest]
#[tokio::test]
async fn a_verified_connector_names_the_user_and_offers_to_verify_it_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let mut vera = world.viewer().await;
    vera.get(&connector).await.assert_says("An administrator can verify it.");
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    let page = ada.get(&connector).await;
    page.assert_says("Verified on 23 Nov 2026").assert_says(", by Ada Example.").assert_says("Verify again");
    assert_eq!(primary(&page), Vec::<String>::new(), "a healthy connector has no step that is due");
    // No other user has this name, so the email is not repeated at each sign-in and each entry.
    let text = page.text();
    assert!(text.contains("Ada Example finished a sign-in for"), "{text}");
    assert!(!text.contains("Ada Example (ada@"), "{text}");
    let page = vera.get(&connector).await;
    page.assert_says("Verified on 23 Nov 2026");
    for words in
        ["Verify again", "Replace the client secret", "Delete this connector", "An administrator can"]
    {
        assert!(!page.text().contains(words), "{words}");
    }
    // To delete it is the last thing on the page.
    let text = ada.get(&connector).await.text();
    let (before, after) = text.split_once("Delete this connector").expect("the section");
    assert!(before.contains("All activity of this connector") && !after.contains("Settings"), "{text}");
}

#[rstest]
#[tokio::test]
async fn state_and_sign_in_tell_the_same_failure_in_the_same_words(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for code in [7_000_215, 7_000_222] {
        let authorize = world.start(&mut ada, &connector).await;
        let refusal = json!({ "error": "invalid_client", "error_codes": [code] });
        world.provider.answer_token(Canned::Json(401, refusal));
        let landed = ada.get(&callback(&authorize, "code=abc")).await;
        let outcome = ada.get(landed.assert_status(303).location()).await;
        let (_, heading) = outcome.body.split_once("<h1").expect("a heading");
        let heading = heading.split_once('>').expect("its tag").1.split('<').next().expect("its words");
        ada.get(&connector).await.assert_says(&format!("Failing: {heading}"));
    }
}
