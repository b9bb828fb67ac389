//! The forms that rely on a kept secret: each has its own, no other form gets it, and the password comes first.

use std::sync::Arc;

use rstest::rstest;
use time::Duration;

use crate::{
    kept_secrets::Scene,
    new_secret::NEW_SECRET,
    refused_forms::{Form, GONE, KEPT, Which},
    support::{Answer, Browser, Kind, NewConnector, PASSWORD, SECRET, World, contoso_mail::ContosoMail},
};

const OTHER_SECRET: &str = "canary~of-another-tab.4";
const CLIENT_ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
const SECRET_LOST: &str = "You were logged out, so the secret was not kept.";

#[track_caller]
fn assert_offers_none(page: &Answer) {
    page.assert_status(200);
    assert!(!page.text().contains(KEPT) && !page.body.contains("secret_kept"), "{}", page.text());
}

/// An administrator whose re-authentication is too old, with a form that was opened before.
async fn later(kind: Kind, which: Which) -> (World, Browser, String, Form) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let form = Form::open(&mut ada, which, &connector).await;
    world.clock.advance(Duration::minutes(11));
    (world, ada, connector, form)
}

/// Gives the password without a form that waits.
async fn reauthenticate(browser: &mut Browser, next: &str) {
    let fields = [("confirm_password", PASSWORD), ("confirm_next", next)];
    browser.post("/re-authenticate", &fields).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn n26_two_forms_of_one_connector_have_each_its_own_kept_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    let first = scene.form.clone();
    // A second tab, which was opened before the first form was sent.
    let second = first.clone().with("secret_kept", "").with("version", "1");
    let second = second.with("client_secret", OTHER_SECRET);
    let page = second.clone().wrong().refused(&mut scene.ada).await;
    let second = second.corrected(page.assert_says(KEPT));
    assert_ne!(first.value("secret_kept"), second.value("secret_kept"));
    assert_eq!(scene.world.raw.count("kept_secrets").await, 2);

    let path = first.send(&mut scene.ada).await.location().to_owned();
    assert_eq!(scene.stored(&path).await, NEW_SECRET, "the secret of this tab");
    assert_eq!(scene.world.raw.count("kept_secrets").await, 1, "the other tab has its secret");
    // The second one is told that the connector was changed, and has its own secret.
    let page = second.refused(&mut scene.ada).await;
    page.assert_says(KEPT);
    let path = second.corrected(&page).send(&mut scene.ada).await.location().to_owned();
    assert_eq!(scene.stored(&path).await, OTHER_SECRET);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0);
}

#[rstest]
#[tokio::test]
async fn n26_a_form_without_an_id_of_its_own_kept_secret_gets_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    for id in ["1", "0193574e-6aa0-7000-8000-000000000001"] {
        scene.form.clone().with("secret_kept", id).assert_gone(&mut scene.ada, id).await;
    }
    assert_eq!(scene.stored(&scene.connector).await, SECRET);
    assert!(scene.form.send(&mut scene.ada).await.location().starts_with("/connectors/0"));
}

#[rstest]
#[tokio::test]
async fn n26_a_wrong_secret_that_is_typed_over_a_kept_one_erases_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    let typed = scene.form.clone().with("client_secret", CLIENT_ID);
    assert_offers_none(&typed.refused(&mut scene.ada).await);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0);
    scene.form.assert_gone(&mut scene.ada, "another one was typed").await;
}

#[rstest]
#[tokio::test]
async fn n26_discarding_the_changes_erases_the_kept_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind, Which::Edit).await;
    scene.world.raw.run("UPDATE connectors SET version = 2").await.expect("changed");
    let page = scene.form.refused(&mut scene.ada).await;
    page.assert_says("Discard my changes").assert_says(KEPT);
    let (_, form) = page.body.split_once(&format!("action=\"{}\"", scene.form.page)).expect("the form");
    let kept = scene.form.value("secret_kept").to_owned();
    let own = format!("name=\"secret_kept\" value=\"{kept}\"");
    assert!(form.split("</form>").next().expect("its end").contains(&own), "{form}");
    let discarded = scene.ada.post(&scene.form.page, &[("secret_kept", &kept)]).await;
    assert_eq!(discarded.assert_status(303).location(), scene.connector);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0);
    assert_offers_none(&scene.ada.get(&scene.form.page).await);
    scene.form.assert_gone(&mut scene.ada, "it was discarded").await;
}

#[rstest]
#[tokio::test]
async fn n26_during_an_upgrade_an_earlier_program_refuses_a_form_that_relies_on_a_kept_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    let version = scene.ada.get(&scene.form.page).await.hidden("version");
    // That program parses the version in this way, and answers 400.
    assert!(version.parse::<i64>().is_err(), "{version}");
    for wrong in ["k", "kk1", "one"] {
        scene.form.clone().with("version", wrong).send(&mut scene.ada).await.assert_status(400);
    }
    let path = scene.form.with("version", &version).send(&mut scene.ada).await.location().to_owned();
    assert!(path.starts_with("/connectors/0"), "this program reads it: {path}");
}

#[rstest]
#[tokio::test]
async fn n26_another_provider_does_not_get_the_kept_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await.with_providers(vec![Arc::new(ContosoMail)]).await;
    let mut ada = world.set_up().await;
    let form = Form::open(&mut ada, Which::Add, "").await.wrong();
    let page = form.refused(&mut ada).await;
    let form = form.corrected(page.assert_says(KEPT).assert_says("needs your attention"));
    let contosos = ada.get("/connectors/new?provider=contoso").await;
    assert_offers_none(&contosos);
    assert!(!contosos.text().contains("your attention"), "the mistakes are those of the other provider");
    assert_eq!(contosos.value("service_name"), "Added");
    // The form of the provider is still there.
    ada.get("/connectors/new").await.assert_says(KEPT);

    let other = form.clone().with("provider", "contoso").with("client_id", "contoso-12345678");
    other.with("region", "eu").assert_gone(&mut ada, "another provider").await;
    assert_eq!(world.raw.count("connectors").await, 0);
    assert!(form.send(&mut ada).await.location().starts_with("/connectors/0"));
}

#[rstest]
#[tokio::test]
async fn n26_without_the_password_a_secret_is_kept_only_for_the_form_that_waits(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Edit, Which::Replace)] which: Which,
) {
    let (world, mut ada, connector, form) = later(kind, which).await;
    // An attacker at the open browser types a secret, and a mistake for the administrator to correct.
    let asked = form.clone().wrong().send(&mut ada).await;
    asked.assert_status(403).assert_says("enter your password again");
    let waiting = form.clone().wrong().with("client_secret", "");
    let waiting = waiting.with("secret_kept", &asked.hidden("secret_kept"));
    // Naming it in a form with a mistake does not bring it into a page either.
    waiting.send(&mut ada).await.assert_status(403).assert_says("enter your password again");

    reauthenticate(&mut ada, &form.page).await;
    assert_offers_none(&ada.get(&form.page).await);
    let scene = Scene { world, ada, connector, form };
    assert_eq!(scene.stored(&scene.connector).await, SECRET);
}

#[rstest]
#[tokio::test]
async fn n26_a_form_with_a_mistake_that_waited_for_the_password_has_its_secret_still(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Edit, Which::Replace)] which: Which,
) {
    let (world, mut ada, connector, form) = later(kind, which).await;
    let asked = form.clone().wrong().send(&mut ada).await;
    asked.assert_status(403);
    let waiting = form.clone().wrong().with("client_secret", "").with("version", &asked.hidden("version"));
    let waiting = waiting.with("secret_kept", &asked.hidden("secret_kept"));
    let confirmed = waiting.clone().with("confirm_password", PASSWORD).with("confirm_again", "1");
    let confirmed = Form { action: "/re-authenticate", ..confirmed.with("confirm_next", form.action) };
    assert_eq!(confirmed.send(&mut ada).await.assert_status(307).location(), form.action);
    // The browser sends the same body on.
    let page = waiting.refused(&mut ada).await;
    let form = waiting.corrected(page.assert_says(KEPT));
    assert_eq!(form.send(&mut ada).await.location(), connector);
    let scene = Scene { world, ada, connector, form };
    assert_eq!(scene.stored(&scene.connector).await, NEW_SECRET);
}

#[rstest]
#[tokio::test]
async fn n26_a_blank_secret_counts_as_none(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (world, mut ada, connector, form) = later(kind, Which::Edit).await;
    let blank = form.with("client_secret", "   ");
    // The form waits for the password because of its other Client ID.
    let asked = blank.send(&mut ada).await;
    asked.assert_status(403);
    assert!(!asked.body.contains("secret_kept"), "the page names a kept secret");
    assert_eq!(world.raw.count("kept_secrets").await, 0);
    reauthenticate(&mut ada, &connector).await;
    let page = blank.refused(&mut ada).await;
    page.assert_says("Enter the client secret of this application.");
    assert!(!page.text().contains(GONE) && !page.text().contains(SECRET_LOST), "{}", page.text());
}

#[tokio::test]
async fn n26_the_sweep_and_a_further_secret_do_not_wait_for_a_kept_secret_that_another_process_has_locked() {
    let mut scene = Scene::new(Kind::Postgres, Which::Add).await;
    let typed = scene.form.clone().with("client_secret", OTHER_SECRET).wrong();
    scene.world.raw.run("BEGIN").await.expect("begun");
    scene.world.raw.run("SELECT 1 FROM kept_secrets FOR UPDATE").await.expect("locked");
    typed.refused(&mut scene.ada).await.assert_says(KEPT);
    scene.world.clock.advance(Duration::minutes(10));
    scene.world.run_sweep().await;
    assert_eq!(scene.world.raw.count("kept_secrets").await, 1, "the locked one is left");
    scene.world.raw.run("ROLLBACK").await.expect("ended");
    scene.world.run_sweep().await;
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0);
}
