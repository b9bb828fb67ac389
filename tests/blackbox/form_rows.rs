//! The form of a connector in four rows: its order, and the state in which its steps are shown.

use rstest::rstest;
use time::Duration;

use crate::support::{Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World};

const ADD: &str = "/connectors/new";
const CLIENT_ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
/// The numbers of the steps.
const STEPS: [&str; 14] =
    ["A1", "A2", "A3", "A4", "A5", "A6", "B1", "B2", "B3", "B4", "C1", "C2", "C3", "C4"];

/// The numbers of the steps on a page, in the order of its source.
fn steps(page: &Answer) -> Vec<&str> {
    let tags = page.body.split("class=\"number\"").skip(1);
    tags.filter_map(|rest| rest.split_once('>')?.1.split('<').next()).collect()
}

/// The state of the guide that the form sends.
fn guide(page: &Answer) -> String {
    page.hidden("guide")
}

/// Sends the form for a new connector with these values in place of sound ones.
async fn send(browser: &mut Browser, page: &Answer, others: &[(&str, &str)]) -> Answer {
    let hidden = ["form", "owner", "guide", "provider"].map(|name| (name, page.hidden(name)));
    let sound = [
        ("service_name", "Mail archive"),
        ("client_id", CLIENT_ID),
        ("client_secret", SECRET),
        ("account_type", "tenants_and_personal"),
    ];
    let sound = sound.into_iter().filter(|(name, _)| others.iter().all(|(other, _)| other != name));
    let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<_> = hidden.chain(sound).chain(others.iter().copied()).collect();
    browser.post("/do/connectors/add", &fields).await
}

#[rstest]
#[tokio::test]
async fn every_step_comes_before_the_field_that_it_fills(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get(ADD).await;
    page.assert_status(200);
    assert_eq!(steps(&page), STEPS);
    // Decisions first, then each row: its steps, then what they fill. The secret comes last.
    let order = [
        "href=\"#connector-form\"",
        "<h1",
        "id=\"connector-form\"",
        "id=\"service_name\"",
        "name=\"account_type\"",
        "id=\"tenant\"",
        "name=\"scopes[]\"",
        "View API scope",
        ">A1<",
        ">A6<",
        "id=\"client_id\"",
        ">B1<",
        ">B4<",
        "data-required=",
        ">C1<",
        ">C4<",
        "id=\"client_secret\"",
        "name=\"secret_expires_in\"",
        "id=\"secret_expires_on\"",
        ">Add</button>",
        ">Cancel</a>",
    ];
    let places: Vec<_> = order.iter().map(|what| page.body.find(what).expect(what)).collect();
    for (pair, what) in places.windows(2).zip(order.windows(2)) {
        assert!(pair[0] < pair[1], "{what:?}");
    }
    // No field has the focus, because a reader begins at the top.
    assert!(!page.body.contains(" autofocus"));
    // The steps write out the values of the decisions.
    page.assert_says("http://localhost:3000/api/connectors").assert_says("24 months");
    page.assert_says("User.Read\noffline_access\nprofile\nopenid\nMail.Read\nMail.Send\nContacts.Read");
}

#[rstest]
#[tokio::test]
async fn every_provider_is_a_choice_for_a_new_connector_and_none_for_an_existing_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    for path in [ADD, "/connectors/new?guide=closed"] {
        let page = ada.get(path).await;
        page.assert_says("Microsoft 365 and Outlook.com").assert_says("Gmail and Google Workspace");
        assert_eq!(page.hidden("provider"), "outlook");
        assert!(
            page.body.contains("src=\"/outlook.svg\"") && page.body.contains("src=\"/gmail.svg\""),
            "{path}"
        );
        assert_eq!(page.body.matches("class=\"provider\"").count(), 2, "{path}");
    }
    let page = ada.get(&format!("{connector}/edit")).await;
    page.assert_says("Outlook").assert_says("Microsoft 365 and Outlook.com");
    assert_eq!(page.hidden("provider"), "outlook");
    assert!(page.body.contains("src=\"/outlook.svg\""));
    let text = page.body.to_lowercase();
    assert!(!text.contains("gmail") && !text.contains("?provider="), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn a_user_who_has_an_application_hides_the_steps(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get(ADD).await;
    assert_eq!(guide(&page), "open");
    page.assert_says("I already have an application: show only the form");
    assert!(page.body.contains("href=\"/connectors/new?provider=outlook&amp;guide=closed\""));

    let page = ada.get("/connectors/new?guide=closed").await;
    assert_eq!(guide(&page), "closed");
    assert!(steps(&page).is_empty(), "{}", page.body);
    page.assert_says("Show the steps in Azure");
    assert!(page.body.contains("href=\"/connectors/new?provider=outlook&amp;guide=open\""));
    page.assert_says("Redirect URI").assert_says("http://localhost:3000/api/connectors");
    for field in ["service_name", "tenant", "client_id", "client_secret", "secret_expires_on"] {
        assert!(page.body.contains(&format!(" id=\"{field}\"")), "{field}");
    }
    let added = send(&mut ada, &page, &[]).await;
    ada.get(added.location()).await.assert_says("has been successfully added");
}

#[rstest]
#[tokio::test]
async fn the_page_remembers_whether_the_user_hid_the_steps(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let state_of = |page: &Answer| (guide(page), steps(page).is_empty());
    let page = ada.get(ADD).await;
    assert_eq!(state_of(&page), ("open".to_owned(), false));
    assert!(page.cookies().is_empty(), "{:?}", page.cookies());
    for state in ["closed", "open", "closed"] {
        let page = ada.get(&format!("{ADD}?guide={state}")).await;
        assert_eq!(page.cookies().len(), 1, "{:?}", page.cookies());
        let parts: Vec<_> = page.cookies()[0].split("; ").collect();
        assert_eq!(parts[0], format!("mail360_3000_guide={state}"));
        let age = format!("Max-Age={}", Duration::days(180).whole_seconds());
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", &age] {
            assert!(parts.contains(&attribute), "{attribute} is not in {parts:?}");
        }
        let page = ada.get(ADD).await;
        assert_eq!(state_of(&page), (state.to_owned(), state == "closed"));
        assert!(page.cookies().is_empty(), "{:?}", page.cookies());
    }
    // The program ignores a state that it does not have, in the address and in the cookie.
    let page = ada.get("/connectors/new?guide=ajar").await;
    assert_eq!(state_of(&page), ("closed".to_owned(), true));
    assert!(page.cookies().is_empty(), "{:?}", page.cookies());
    ada.cookies.insert("mail360_3000_guide".to_owned(), "ajar".to_owned());
    assert_eq!(state_of(&ada.get(ADD).await), ("open".to_owned(), false));

    // The form of an existing connector has its own state.
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let page = ada.get(&format!("{connector}/edit?guide=open")).await;
    assert_eq!(steps(&page), STEPS);
    assert!(page.cookies().is_empty(), "{:?}", page.cookies());
    assert_eq!(state_of(&ada.get(&format!("{connector}/edit")).await), ("closed".to_owned(), true));

    // The user finds the page as they left it, also after the next log-in.
    ada.get("/connectors/new?guide=closed").await.assert_status(200);
    ada.post("/logout", &[]).await.assert_status(303);
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", ADD)];
    ada.post("/login", &fields).await.assert_status(303);
    assert_eq!(state_of(&ada.get(ADD).await), ("closed".to_owned(), true));
}

#[rstest]
#[tokio::test]
async fn a_refused_form_is_shown_with_its_steps_as_it_was_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    for state in ["closed", "open"] {
        let page = ada.get(&format!("/connectors/new?guide={state}")).await;
        assert_eq!(guide(&page), state);
        assert_eq!(send(&mut ada, &page, &[("client_id", "none")]).await.location(), ADD);
        let page = ada.get(ADD).await;
        page.assert_says("The connector was not added.").assert_says("This is not a Client ID.");
        assert_eq!((guide(&page).as_str(), steps(&page).is_empty()), (state, state == "closed"));
        assert!(page.body.contains("<title>Error: Add Connector"), "{}", page.body);
    }
    // The address wins over the form, and a session that ended keeps the state too.
    let page = ada.get("/connectors/new?guide=closed").await;
    assert_eq!(guide(&page), "closed");
    world.clock.advance(Duration::minutes(31));
    send(&mut ada, &page, &[]).await.assert_status(303);
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", ADD)];
    ada.post("/login", &fields).await.assert_status(303);
    let page = ada.get(ADD).await;
    page.assert_says("What you typed is here again");
    assert_eq!(guide(&page), "closed");
}

#[rstest]
#[tokio::test]
async fn the_form_of_an_existing_connector_opens_without_steps(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let edit = format!("{connector}/edit");
    let page = ada.get(&edit).await;
    assert!(steps(&page).is_empty() && guide(&page) == "closed", "{}", page.body);
    assert!(page.body.contains(&format!("href=\"{edit}?guide=open\"")));
    assert!(page.body.contains("<title>Edit the connector · Mail archive"), "{}", page.body);
    // The explanations are behind the question marks, except for what happens to the stored secret.
    page.assert_says("Leave it empty to keep the one that is stored.");
    assert!(!page.text().contains("Value, not Secret ID."));

    let page = ada.get(&format!("{edit}?guide=open")).await;
    assert_eq!(steps(&page), STEPS);
    assert!(!page.body.contains("name=\"done[]\""), "an existing application has no steps to tick");
    let hidden = ["connector", "version", "owner", "provider", "guide"].map(|name| (name, page.hidden(name)));
    let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([
        ("service_name", "Mail archive"),
        ("client_id", "none"),
        ("account_type", "tenants_and_personal"),
    ]);
    assert_eq!(ada.post("/do/connectors/change", &fields).await.location(), edit);
    let page = ada.get(&edit).await;
    page.assert_says("This is not a Client ID.").assert_says("The connector was not changed.");
    assert_eq!(steps(&page), STEPS);
}

#[rstest]
#[tokio::test]
async fn the_summary_lists_the_mistakes_in_the_order_of_the_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = ada.get(ADD).await;
    let wrong = [
        ("client_secret", ""),
        ("client_id", "none"),
        ("service_name", ""),
        ("account_type", "single_tenant"),
        ("secret_expires_in", "date"),
        ("secret_expires_on", "2001-01-01"),
        ("scopes[]", "Mail.Everything"),
    ];
    assert_eq!(send(&mut ada, &page, &wrong).await.location(), ADD);
    let page = ada.get(ADD).await;
    let links = page.body.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    let links: Vec<_> = links.filter(|to| !["connector-form", "main"].contains(to)).collect();
    let order = ["service_name", "tenant", "scopes", "client_id", "client_secret", "secret_expires_on"];
    assert_eq!(links, order);
    for id in order {
        assert!(page.body.contains(&format!(" id=\"{id}\"")), "{id}: the link leads nowhere");
    }
}

#[rstest]
#[tokio::test]
async fn a_refused_form_names_another_connector_with_the_same_client_id(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let first = NewConnector { client_id: CLIENT_ID.to_owned(), ..Default::default() };
    world.add_connector(&mut ada, &first).await;
    let hint = "Mail archive already uses this Client ID.";
    for (client_id, hinted) in
        [(CLIENT_ID, true), ("2b4e28ba-2fa1-11d2-883f-0016d3cca427", false), ("none", false)]
    {
        let page = ada.get(ADD).await;
        let fields = [("service_name", ""), ("client_id", client_id)];
        assert_eq!(send(&mut ada, &page, &fields).await.location(), ADD);
        let page = ada.get(ADD).await;
        assert_eq!(page.text().contains(hint), hinted, "{client_id}: {}", page.text());
    }
}
