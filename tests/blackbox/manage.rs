//! An existing connector: editing, a new secret, deleting, its page.

use rstest::rstest;
use time::Duration;

use crate::{
    new_secret::{NEW_SECRET, replace},
    support::{Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World, callback, under_way},
};

/// The fields of a connector's edit form, to change and send.
struct Form(Vec<(String, String)>);

impl Form {
    async fn open(browser: &mut Browser, connector: &str) -> Self {
        let page = browser.get(&format!("{connector}/edit")).await;
        page.assert_status(200);
        let mut fields: Vec<_> = ["connector", "version", "owner"]
            .into_iter()
            .map(|name| (name.to_owned(), page.hidden(name)))
            .collect();
        for (name, value) in [
            ("provider", "outlook"),
            ("service_name", "Mail archive"),
            ("client_secret", ""),
            ("secret_expires_in", "date"),
            ("secret_expires_on", "2028-11-23"),
            ("account_type", "tenants_and_personal"),
            ("scopes[]", "Mail.Read"),
            ("scopes[]", "Mail.Send"),
            ("scopes[]", "Contacts.Read"),
        ] {
            fields.push((name.to_owned(), value.to_owned()));
        }
        let client_id = page.value("client_id");
        fields.push(("client_id".to_owned(), client_id));
        Self(fields)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        for field in self.0.iter_mut().filter(|(field, _)| field == name) {
            value.clone_into(&mut field.1);
        }
        self
    }

    async fn send(&self, browser: &mut Browser) -> Answer {
        let fields: Vec<_> = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post("/do/connectors/change", &fields).await
    }
}

/// Verifies the connector by a complete sign-in.
pub async fn verify_connector(world: &World, browser: &mut Browser, connector: &str) {
    let authorize = world.start(browser, connector).await;
    world.grant_everything(&authorize);
    browser.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    assert_eq!(world.state(connector).await, "verified");
}

async fn reauthenticate(browser: &mut Browser, next: &str) -> Answer {
    browser.post("/re-authenticate", &[("confirm_password", PASSWORD), ("confirm_next", next)]).await
}

#[rstest]
#[tokio::test]
async fn a_new_name_keeps_the_connector_verified_but_a_new_client_id_does_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    verify_connector(&world, &mut ada, &connector).await;

    let form = Form::open(&mut ada, &connector).await.with("service_name", "Renamed");
    assert_eq!(form.send(&mut ada).await.location(), connector);
    ada.get(&connector)
        .await
        .assert_says("The changes are saved")
        .assert_says("Renamed")
        .assert_says("Verified");

    let form = Form::open(&mut ada, &connector).await.with("service_name", "Renamed");
    let form = form.with("client_id", "1b4e28ba-2fa1-11d2-883f-0016d3cca427").with("client_secret", SECRET);
    assert_eq!(form.send(&mut ada).await.location(), connector);
    let page = ada.get(&connector).await;
    page.assert_says("Not verified").assert_says("Client ID was changed after the last test");
    page.assert_says("changed the connector Renamed").assert_says("Changed: Client ID.");

    // An unchanged form changes nothing, and the page says that.
    let form = Form::open(&mut ada, &connector).await.with("service_name", "Renamed");
    form.send(&mut ada).await;
    ada.get(&connector).await.assert_says("Nothing to save: you made no changes.");
    verify_connector(&world, &mut ada, &connector).await;
    assert!(!ada.get(&connector).await.text().contains("after the last test"));
}

#[rstest]
#[tokio::test]
async fn the_second_of_two_concurrent_edits_is_shown_both_versions(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut bob = world.user("Contoso", "bob@contoso.test", mail360::people::model::Role::Admin).await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let ada_form = Form::open(&mut ada, &connector).await.with("service_name", "Hers");
    let bob_form = Form::open(&mut bob, &connector).await.with("service_name", "His");
    let bob_form = bob_form.with("secret_expires_on", "2027-01-02");
    assert_eq!(ada_form.send(&mut ada).await.location(), connector);

    let edit = format!("{connector}/edit");
    assert_eq!(bob_form.send(&mut bob).await.location(), edit);
    let stored: String = world.raw.one("SELECT service_name FROM connectors").await;
    assert_eq!(stored, "Hers", "the second edit overwrote the first one without a warning");
    let page = bob.get(&edit).await;
    page.assert_says("Ada Example (ada@contoso.test) changed this connector while you were editing it");
    page.assert_says("HersHis").assert_says("2028-11-232027-01-02");
    assert!(page.body.contains("value=\"His\""), "the form does not keep the values that Bob typed");
    assert_eq!(page.hidden("version"), "2", "the form does not have the version that Bob has been shown");

    let known = bob_form.with("version", &page.hidden("version"));
    assert_eq!(known.send(&mut bob).await.location(), connector);
    let stored: String = world.raw.one("SELECT service_name FROM connectors").await;
    assert_eq!(stored, "His");
    let page = bob.get(&edit).await;
    assert!(!page.text().contains("while you were editing"), "the edit conflict is still shown");
}

#[rstest]
#[tokio::test]
async fn l11_a_secret_is_replaced_only_by_a_user_who_has_given_the_password_recently(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let (edit, secret) = (format!("{connector}/edit"), format!("{connector}/secret"));
    let before: Vec<Vec<u8>> = world.raw.column("SELECT client_secret FROM connectors").await;
    let form = Form::open(&mut ada, &connector).await.with("client_secret", NEW_SECRET);
    world.clock.advance(Duration::minutes(10));

    // On the page for the secret.
    assert_eq!(ada.get(&secret).await.location(), format!("/re-authenticate?next={secret}"));
    let owner = form.0.iter().find(|(name, _)| name == "owner").expect("the field").1.clone();
    let id = connector.rsplit('/').next().expect("an id");
    let fields =
        [("connector", id), ("version", "1"), ("owner", owner.as_str()), ("client_secret", NEW_SECRET)];
    let asked = ada.post("/do/connectors/replace-secret", &fields).await;
    asked.assert_status(403).assert_says("Confirm that it is you");
    assert!(!asked.body.contains("canary"));
    // On the edit form, which waits in the page that asks for the password.
    let form = form.with("service_name", "Renamed");
    let asked = form.send(&mut ada).await;
    asked.assert_status(403).assert_says("To change a connector, enter your password again.");
    assert_eq!(asked.hidden("service_name"), "Renamed");
    let (version, kept) = (asked.hidden("version"), asked.hidden("secret_kept"));
    assert!(!asked.body.contains("canary"));
    let now: Vec<Vec<u8>> = world.raw.column("SELECT client_secret FROM connectors").await;
    assert_eq!(before, now);

    assert_eq!(reauthenticate(&mut ada, &edit).await.assert_status(303).location(), edit);
    let mut waiting = form.with("client_secret", "").with("version", &version);
    waiting.0.push(("secret_kept".to_owned(), kept));
    assert_eq!(waiting.send(&mut ada).await.location(), connector);
    let now: Vec<Vec<u8>> = world.raw.column("SELECT client_secret FROM connectors").await;
    assert_ne!(before, now);
    assert_eq!(replace(&mut ada, &connector, SECRET).await.location(), connector);
    // A change of any other value does not ask for the password.
    world.clock.advance(Duration::minutes(10));
    let form = Form::open(&mut ada, &connector).await.with("service_name", "Renamed again");
    assert_eq!(form.send(&mut ada).await.location(), connector);
}

#[rstest]
#[tokio::test]
async fn the_delete_page_names_the_consequences_and_the_activity_keeps_the_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, _) = under_way(kind).await;
    let page = ada.get(&format!("{connector}/delete")).await;
    page.assert_status(200).assert_says("No one can sign in with it").assert_says("are erased");
    let (id, owner) = (page.hidden("connector"), page.hidden("owner"));
    let fields = [("connector", id.as_str()), ("owner", owner.as_str())];
    for click in 0..2 {
        let answer = ada.post("/do/connectors/delete", &fields).await;
        assert_eq!(answer.location(), "/connectors", "click {click}");
    }
    ada.get("/connectors").await.assert_says("The connector was deleted").assert_says("Mail archive is gone");
    ada.get("/connectors").await.assert_says("The connector was deleted");
    world.clock.advance(Duration::minutes(9));
    ada.post(&format!("{connector}/verify"), &[]).await.assert_status(404);
    let page = ada.get("/connectors").await;
    assert!(!page.text().contains("was deleted"), "the message stays after the next form was sent");
    ada.post("/do/connectors/delete", &fields).await.assert_status(404);
    for path in ["", "/edit", "/secret", "/delete", "/sign-ins"] {
        ada.get(&format!("{connector}{path}")).await.assert_status(404);
    }
    ada.get("/settings/activity").await.assert_says("deleted the connector Mail archive");
}

#[rstest]
#[tokio::test]
async fn i4_a_user_of_another_organisation_can_neither_change_nor_delete_a_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let form = Form::open(&mut ada, &connector).await.with("service_name", "Taken over");
    let mut eve = world.stranger().await;
    let hers = eve.get("/connectors/new").await.hidden("owner");
    let form = form.with("owner", &hers).with("client_secret", NEW_SECRET);
    let before = world.raw.dump(&["sessions", "activity", "throttles"]).await;
    form.send(&mut eve).await.assert_status(404);
    let id = connector.rsplit('/').next().expect("an id");
    let fields = [("connector", id), ("version", "1"), ("owner", &hers), ("client_secret", NEW_SECRET)];
    for action in ["replace-secret", "delete"] {
        eve.post(&format!("/do/connectors/{action}"), &fields).await.assert_status(404);
    }
    assert_eq!(world.raw.dump(&["sessions", "activity", "throttles"]).await, before);
}

#[rstest]
#[tokio::test]
async fn typed_values_of_an_edit_survive_a_session_that_ended(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let form = Form::open(&mut ada, &connector).await.with("service_name", "Typed at length");
    let form = form.with("client_secret", NEW_SECRET);
    world.clock.advance(Duration::minutes(31));
    let edit = format!("{connector}/edit");
    let answer = form.send(&mut ada).await;
    assert_eq!(answer.assert_status(303).location(), format!("/login?next={edit}"));
    let fields = [("email", "ada@contoso.test"), ("password", PASSWORD), ("next", edit.as_str())];
    assert_eq!(ada.post("/login", &fields).await.location(), edit);
    let page = ada.get(&edit).await;
    page.assert_says("What you typed is here again");
    assert!(page.body.contains("value=\"Typed at length\"") && !page.body.contains("canary"));
}

#[rstest]
#[tokio::test]
async fn the_timeline_shows_each_step_and_a_foreign_browser_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (world, mut ada, connector, authorize) = under_way(kind).await;
    let mut bob = world.user("Contoso", "bob@contoso.test", mail360::people::model::Role::Admin).await;
    for _ in 0..3 {
        world.browser().get(&callback(&authorize, "code=abc")).await.assert_status(400);
    }
    world.grant_everything(&authorize);
    ada.get(&callback(&authorize, "code=abc")).await.assert_status(303);
    let foreign = "SELECT COUNT(*) FROM attempt_events WHERE step = 'foreign_browser'";
    assert_eq!(world.raw.one::<i64>(foreign).await, 1, "each callback of a foreign browser was written");
    // Every administrator sees the timeline, although only the user who started the sign-in may open its outcome.
    let page = bob.get(&connector).await;
    for step in [
        "Sent to Microsoft",
        "Another browser sent the callback of this sign-in, and was refused",
        "Came back from Microsoft",
        "Microsoft accepted the client secret and gave access",
        "Microsoft said who signed in",
        "Ended",
    ] {
        page.assert_says(step);
    }
    page.assert_says("finished a sign-in for").assert_says("06:57:10 UTC");
}

#[rstest]
#[case("2026-12-23", Some("in 30 days"))]
#[case("2027-01-22", Some("in 60 days"))]
#[case("2027-01-23", None)]
#[case("", None)]
#[tokio::test]
async fn administrators_are_warned_from_sixty_days_before_a_secret_expires(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] day: &str,
    #[case] words: Option<&str>,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let form = Form::open(&mut ada, &connector).await.with("secret_expires_on", day);
    assert_eq!(form.send(&mut ada).await.location(), connector);
    let mut vera = world.viewer().await;
    for (path, warning) in [
        ("/connectors", "1 client secret expires within 60 days"),
        (connector.as_str(), "The client secret expires soon"),
    ] {
        let page = ada.get(path).await;
        if let Some(words) = words {
            page.assert_says(words);
        }
        assert_eq!(page.text().contains(warning), words.is_some(), "{path}");
        // A viewer cannot replace the secret, so they are not warned.
        assert!(!vera.get(path).await.text().contains(warning), "{path}");
    }
    world.clock.advance(Duration::days(31));
    let mut ada = world.log_in("ada@contoso.test").await;
    if day == "2026-12-23" {
        ada.get("/connectors").await.assert_says("1 client secret has expired");
        ada.get(&connector).await.assert_says("The client secret has expired");
    }
}

#[rstest]
#[tokio::test]
async fn a_connector_with_an_expired_secret_can_still_be_edited(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let expired = "UPDATE connectors SET secret_expires_on = '2026-11-01', expiry_key = '2026-11-01'";
    world.raw.run(expired).await.expect("updated");
    let form = Form::open(&mut ada, &connector).await.with("secret_expires_on", "2026-11-01");
    let form = form.with("service_name", "Renamed");
    assert_eq!(form.send(&mut ada).await.location(), connector);
    // Another past day is an error, and so is this day for a new secret.
    let edit = format!("{connector}/edit");
    let form = Form::open(&mut ada, &connector).await.with("secret_expires_on", "2026-11-02");
    assert_eq!(form.send(&mut ada).await.location(), edit);
    ada.get(&edit).await.assert_says("This day has passed");
    let form = Form::open(&mut ada, &connector).await.with("secret_expires_on", "2026-11-01");
    assert_eq!(form.with("client_secret", NEW_SECRET).send(&mut ada).await.location(), edit);
}
