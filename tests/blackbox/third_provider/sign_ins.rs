//! Sign-ins at a provider that only the tests have.

use rstest::rstest;
use serde_json::{Value, json};

use super::{EVERYTHING, SOUND, assert_is_contosos, come_back, connector, grant, open, start};
use crate::support::{
    Canned, Kind, Log, World,
    contoso_mail::{ISSUER, OTHER_REGION},
    parameter,
};

/// Lets the token endpoint answer with this error.
fn refuse(world: &World, error: &str, description: &str) {
    let answer = json!({ "error": error, "error_description": description });
    world.provider.answer_token(Canned::Json(400, answer));
}

#[rstest]
#[tokio::test]
async fn a_sign_in_at_another_provider_goes_through_the_whole_flow(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let leaving = ada.post(&format!("{connector}/verify"), &[]).await;
    leaving.assert_says("You are being sent to id.contoso.example to sign in");
    leaving.assert_says("Contoso asks which account to use");
    let authorize = start(&mut ada, &connector).await;
    assert!(authorize.as_str().starts_with("https://id.contoso.example/eu/authorize?"), "{authorize}");
    assert_eq!(parameter(&authorize, "display"), "contoso");
    assert_eq!(parameter(&authorize, "scope"), EVERYTHING);

    grant(&world, &authorize, EVERYTHING, None);
    let page = come_back(&mut ada, &authorize, "code=abc&iss=https%3A%2F%2Fid.contoso.example").await;
    assert_is_contosos(&page);
    page.assert_says("The connector works").assert_says("grace@contoso.example");
    page.assert_says("Contoso knows the Client ID").assert_says("mail.allGranted");
    page.assert_says("To https://id.contoso.example/eu/authorize").assert_says("Contoso said who signed in");
    let exchanges = world.provider.exchanges();
    assert_eq!(exchanges.len(), 1);
    assert_eq!(exchanges[0].url, "https://id.contoso.example/eu/token");
    assert_eq!(exchanges[0].field("client_secret"), Some(SOUND.secret));
    assert_eq!(exchanges[0].field("client_id"), Some(SOUND.client_id));
    assert_eq!(world.provider.requests()[1].url, "https://api.contoso.example/me");
    assert_eq!(world.state(&connector).await, "verified");
    open(&mut ada, &connector).await.assert_says("Verified on");

    let authorize = start(&mut ada, &connector).await;
    grant(&world, &authorize, "mail.all", None);
    let page = come_back(&mut ada, &authorize, "code=abc").await;
    assert_is_contosos(&page);
    page.assert_says("One optional permission is missing: contacts.all");
    page.assert_says("listed in Contoso Console under the tab Access").assert_says("Allow for everyone");
    let authorize = start(&mut ada, &connector).await;
    // Contoso's permissions are compared exactly, unlike Outlook's.
    grant(&world, &authorize, "MAIL.ALL contacts.all", None);
    let page = come_back(&mut ada, &authorize, "code=abc").await;
    assert_is_contosos(&page);
    page.assert_says("A permission was not granted at Contoso");
}

#[rstest]
#[tokio::test]
async fn an_error_of_another_provider_has_its_own_words_on_every_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let log = Log::start();
    let authorize = start(&mut ada, &connector).await;
    refuse(&world, "invalid_client", "E-1234: The application is not known here.");
    let page = come_back(&mut ada, &authorize, "code=abc").await;
    assert_is_contosos(&page);
    page.assert_says(OTHER_REGION).assert_says("What Contoso said").assert_says("Error codeE-1234");
    page.assert_says("Another region").assert_says("Use this region and sign in again");
    assert_eq!(world.state(&connector).await, "failing: credentials_rejected");
    let lines = log.lines("a sign-in failed");
    assert!(lines.len() == 1 && lines[0].contains("1234"), "{lines:?}");
    let page = open(&mut ada, &connector).await;
    page.assert_says(&format!("Failing: {OTHER_REGION}"));
    page.assert_says("Last failure:");

    let authorize = start(&mut ada, &connector).await;
    let page = come_back(&mut ada, &authorize, "error=access_denied&error_description=E-1234%3A+No.").await;
    page.assert_says(OTHER_REGION);
    let authorize = start(&mut ada, &connector).await;
    refuse(&world, "invalid_client", "E-9999: No.");
    let page = come_back(&mut ada, &authorize, "code=abc").await;
    assert_is_contosos(&page);
    page.assert_says("Contoso does not accept the Client ID and the secret").assert_says("E-9999");

    let pasted = format!("{connector}/pasted-error");
    let page = ada.post(&pasted, &[("shown", "Sorry. E-1234: No.")]).await;
    assert_is_contosos(page.assert_status(200).assert_says(OTHER_REGION));
    let page = ada.post(&pasted, &[("shown", "E-9999: No.")]).await;
    assert_is_contosos(page.assert_status(200).assert_says("Contoso’s error 9999"));
    let page = ada.post(&pasted, &[("shown", "AADSTS50011: No.")]).await;
    page.assert_status(422).assert_says("We found no error code in this text");
    // No sign-in of ours belongs to this return. The words of the error tell from whom it comes.
    let back = "/api/connectors?error=access_denied&error_description=E-1234%3A+No.";
    let page = world.browser().get(back).await;
    assert_is_contosos(page.assert_status(200).assert_says(OTHER_REGION));
}

#[rstest]
#[tokio::test]
async fn the_change_that_an_error_asks_for_is_made_on_its_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let retry = format!("{connector}/retry");
    let page = ada.post(&retry, &[("version", "1"), ("region", "mars")]).await;
    assert_is_contosos(page.assert_status(422));
    page.assert_says("Which region?").assert_says("Choose the region in which the application is registered");
    let page = ada.post(&retry, &[("version", "1"), ("region", "eu")]).await;
    page.assert_status(200).assert_says("You are being sent to id.contoso.example to sign in");
    // The stored secret belongs to the other region.
    let answer = ada.post(&retry, &[("version", "1"), ("region", "us")]).await;
    assert_eq!(answer.assert_status(303).location(), format!("{connector}/edit"));
    let form = ada.get(answer.location()).await;
    form.assert_says("Enter the client secret of this application.");
    assert!(form.body.contains("value=\"us\" selected"));
    assert_eq!(world.setting("region").await, "eu");
}

#[rstest]
#[case::application("aud", json!("contoso-00000000"))]
#[case::issuer("iss", json!("https://id.other.example"))]
#[case::sign_in("nonce", json!("another"))]
#[case::time("exp", json!(1))]
#[tokio::test]
async fn a_proof_for_another_sign_in_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] claim: &str,
    #[case] value: Value,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let authorize = start(&mut ada, &connector).await;
    grant(&world, &authorize, EVERYTHING, Some((claim, value)));
    let page = come_back(&mut ada, &authorize, "code=abc").await;
    assert_is_contosos(&page);
    page.assert_says(&format!("What does not fit{claim}"));
    assert_eq!(world.state(&connector).await, "not_verified");
}

#[rstest]
#[tokio::test]
async fn a_return_from_another_issuer_is_refused_before_the_secret_is_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector) = connector(kind).await;
    let authorize = start(&mut ada, &connector).await;
    grant(&world, &authorize, EVERYTHING, None);
    let page = come_back(&mut ada, &authorize, "code=abc&iss=https%3A%2F%2Fid.other.example").await;
    assert_is_contosos(&page);
    page.assert_says("The answer did not come from Contoso").assert_says("iss of the callback");
    page.assert_says(ISSUER).assert_says("https://id.other.example");
    assert!(world.provider.requests().is_empty(), "nothing was sent");
    assert_eq!(world.state(&connector).await, "not_verified");
}
