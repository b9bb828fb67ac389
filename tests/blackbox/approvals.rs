//! Callbacks without a sign-in of ours: returns from a consent link, and damaged addresses.

use rstest::rstest;
use time::Duration;
use url::Url;

use crate::support::{Kind, Log, World, parameter, under_way};

#[rstest]
#[case::of_a_consent_link("admin_consent=True&")]
#[case::without_a_word_of_consent("")]
#[tokio::test]
async fn c56_c57_a_refused_consent_shows_microsofts_words_and_the_words_for_its_code(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] consent: &str,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let before = world.raw.dump(&[]).await;
    let log = Log::start();
    let query = format!(
        "{consent}error=access_denied&error_subcode=cancel&error_description=AADSTS65004%3A+canary+words.\
         %0D%0ATrace+ID%3A+aaaa0000-7e57-4000-8000-000000000001"
    );
    let page = world.browser().get(&format!("/api/connectors?{query}")).await;
    page.assert_status(200).assert_says("The permissions were not approved, or you cancelled");
    page.assert_says("What Microsoft said")
        .assert_says("access_denied")
        .assert_says("AADSTS65004: canary words.");
    page.assert_says("AADSTS65004").assert_says("aaaa0000-7e57-4000-8000-000000000001");
    page.assert_says("Send this to the person who sent you the link");
    page.assert_says("Who can fix it").assert_says("Next step");
    let lines = log.lines("not approved");
    assert!(
        lines.len() == 1 && lines[0].contains("65004") && lines[0].contains("access_denied"),
        "{lines:?}"
    );
    assert!(!log.text().contains("canary"), "codes only: {}", log.text());
    assert_eq!(world.raw.dump(&[]).await, before);
}

#[rstest]
#[tokio::test]
async fn c56_of_several_codes_the_most_specific_chooses_the_words_and_the_steps_are_for_the_sender_of_the_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let refused = async |description: &str| {
        let query = format!("admin_consent=True&error=invalid_client&error_description={description}");
        world.browser().get(&format!("/api/connectors?{query}")).await
    };
    // The first code is a general one, which Microsoft sends beside the specific one.
    let page = refused("AADSTS65005%3A+General.+AADSTS650052%3A+The+service+is+not+enabled.").await;
    page.assert_status(200).assert_says("What it means");
    page.assert_says("The company does not have the application yet, or lacks a service that it needs");
    assert!(!page.text().contains("A permission is not set up"), "{}", page.text());
    page.assert_says("Send this to the person who sent you the link");
    page.assert_says("in the steps, “you” is the person who sent you the link").assert_says("Next step");

    let page = refused("AADSTS9999999%3A+Something+new.").await;
    page.assert_status(200).assert_says("AADSTS9999999");
    page.assert_says("Send this to the person who sent you the link").assert_says("They can look it up");
    assert!(!page.text().contains("What it means") && !page.text().contains("Next step"), "{}", page.text());
}

#[rstest]
#[tokio::test]
async fn c56_the_contents_of_the_address_are_shown_as_text(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let query = "error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cimg+src=x+onerror=alert(1)%3E";
    let page = world.browser().get(&format!("/api/connectors?{query}")).await;
    page.assert_says("<img src=x onerror=alert(1)>");
    assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>alert"), "{}", page.body);
}

/// The state of the consent link in the message on a connector's page.
pub async fn state_of_the_link(world: &World, connector: &str) -> String {
    let text = world.log_in("ada@contoso.test").await.get(connector).await.text();
    let (_, link) = text.split_once("Open this link: ").expect("a link");
    let link = Url::parse(link.split_whitespace().next().expect("its end")).expect("an address");
    parameter(&link, "state")
}

#[rstest]
#[tokio::test]
async fn a_return_from_a_consent_link_names_the_organisation_and_the_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let state = state_of_the_link(&world, &connector).await;
    let id = connector.rsplit('/').next().expect("an id").replace('-', "");
    for secret in [id.as_str(), "Contoso", "Mail archive", "contoso"] {
        assert!(!state.contains(secret), "{state}");
    }
    let before = world.raw.dump(&[]).await;
    let asked = "Contoso asked for them, for its application Mail archive.";
    let mut visitor = world.browser();
    let back = |query: &str| format!("/api/connectors?{query}&state={state}");
    let page = visitor.get(&back("admin_consent=True&tenant=x")).await;
    page.assert_status(200).assert_says("You allowed the permissions").assert_says(asked);
    page.assert_says("Microsoft reports that you allowed the permissions.");
    page.assert_says("You can close this page.");
    for query in [
        "admin_consent=True&error=access_denied&error_description=AADSTS65004%3A+No.",
        // After *Cancel* nothing names the approval but our own reference.
        "error=access_denied&error_subcode=cancel",
    ] {
        let page = visitor.get(&back(query)).await;
        page.assert_status(200).assert_says("The permissions were not approved, or you cancelled");
        page.assert_says(asked).assert_says("You can close this page.");
    }
    assert_eq!(world.raw.dump(&[]).await, before);

    // A reference that this program has not made names none, and neither does that of a deleted connector.
    let forged = format!("{}A", &state[..state.len() - 1]);
    let forged = if forged == state { format!("{}B", &state[..state.len() - 1]) } else { forged };
    let page = visitor.get(&format!("/api/connectors?admin_consent=True&state={forged}")).await;
    assert!(!page.assert_status(200).text().contains("Contoso"), "{}", page.text());
    let form = ada.get(&format!("{connector}/delete")).await;
    let (id, owner) = (form.hidden("connector"), form.hidden("owner"));
    ada.post("/do/connectors/delete", &[("connector", &id), ("owner", &owner)]).await;
    let page = visitor.get(&back("admin_consent=True")).await;
    assert!(!page.assert_status(200).text().contains("Contoso"), "{}", page.text());
}

#[rstest]
#[tokio::test]
async fn a_return_from_a_consent_link_names_no_one_after_ninety_days(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, _, connector, _) = under_way(kind).await;
    let state = state_of_the_link(&world, &connector).await;
    let back = format!("/api/connectors?admin_consent=True&tenant=x&state={state}");
    let asked = "Contoso asked for them, for its application Mail archive.";
    world.clock.advance(Duration::days(89));
    world.browser().get(&back).await.assert_status(200).assert_says(asked);
    world.clock.advance(Duration::days(1));
    let page = world.browser().get(&back).await;
    page.assert_status(200).assert_says("You allowed the permissions");
    assert!(!page.text().contains("Contoso"), "{}", page.text());
    // The link on the connector's page is new each time.
    let state = state_of_the_link(&world, &connector).await;
    let back = format!("/api/connectors?admin_consent=True&tenant=x&state={state}");
    world.browser().get(&back).await.assert_status(200).assert_says(asked);
}

#[rstest]
#[tokio::test]
async fn c59_a_code_with_a_known_state_is_a_sign_in_even_if_the_address_also_claims_consent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    let state = parameter(&authorize, "state");
    let back = format!("/api/connectors?admin_consent=True&tenant=x&code=abc&state={state}");
    ada.get(&back).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[case::question_mark(|once: &str| format!("{once}?{once}"))]
#[case::encoded(|once: &str| format!("{once}%3F{once}"))]
#[case::ampersand(|once: &str| format!("{once}&{once}"))]
#[tokio::test]
async fn c54_an_address_that_was_pasted_twice_into_one_is_recognised(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] twice: fn(&str) -> String,
) {
    let log = Log::start();
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    world.grant_everything(&authorize);
    let once = format!("code=canary-code&state={}", parameter(&authorize, "state"));
    let page = ada.get(&format!("/api/connectors?{}", twice(&once))).await;
    page.assert_status(400).assert_says("The address came twice").assert_says("proxy");
    assert_eq!(log.lines("WARN").len(), 1, "{}", log.text());
    assert_eq!(log.lines("the whole query came twice").len(), 1);
    assert!(!log.text().contains("canary"));
    // Nothing was consumed: the intact address still works.
    ada.get(&format!("/api/connectors?{once}")).await.assert_status(303);
    assert_eq!(world.state(&connector).await, "verified");
}

#[rstest]
#[case("state=canary&state=canary2", "the parameter state came twice")]
#[case("canary=1&canary=2", "a parameter that is not used came twice")]
#[case("code=%ffcanary", "not UTF-8")]
#[case("code=canary", "there is no state")]
#[case("code=canary&state=canary", "the state was not made by this program")]
#[tokio::test]
async fn c54_an_unreadable_callback_leaves_one_log_line_with_the_reason_and_without_values(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] query: &str,
    #[case] why: &str,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let log = Log::start();
    world.browser().get(&format!("/api/connectors?{query}")).await.assert_status(400);
    let lines = log.lines("WARN");
    assert!(lines.len() == 1 && lines[0].contains(why), "{lines:?}");
    assert!(!log.text().contains("canary"), "{}", log.text());
}
