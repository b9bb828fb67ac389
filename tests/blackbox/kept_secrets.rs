//! A client secret that was typed into a form which was not saved: the server keeps it, sealed, for the next try.

use mail360::{
    connectors::service::{ConnectorId, SEALED_KEPT},
    people::model::Role,
    vault::reseal::Lost,
};
use rstest::rstest;
use secrecy::ExposeSecret;
use time::Duration;

use crate::{
    new_secret::NEW_SECRET,
    refused_forms::{ALL, Form, GONE, KEPT, Which},
    support::{Browser, Kind, NewConnector, PASSWORD, SECRET, World, write_keys},
};

/// A form of Ada's that was refused, and whose secret is kept.
pub struct Scene {
    pub world: World,
    pub ada: Browser,
    /// A connector with another secret.
    pub connector: String,
    pub form: Form,
}

impl Scene {
    pub async fn new(kind: Kind, which: Which) -> Self {
        let world = World::new(kind).await;
        let mut ada = world.set_up().await;
        let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
        let form = Form::open(&mut ada, which, &connector).await.wrong();
        let page = form.refused(&mut ada).await;
        page.assert_says(KEPT);
        assert_eq!(world.raw.count("kept_secrets").await, 1);
        Self { world, ada, connector, form: form.corrected(&page) }
    }

    /// The stored secret of the connector that the form is for.
    pub async fn stored(&self, path: &str) -> String {
        let id: ConnectorId = path.rsplit('/').next().expect("an id").parse().expect("an id");
        let organisation = self.world.organisation_id_of("ada@contoso.test").await;
        let (connectors, read) = (&self.world.program.connectors, self.world.program.database.read());
        let found = connectors.with_secret(&read, organisation, id).await.expect("an answer");
        found.expect("the connector").1.expect("it opens").expose_secret().to_owned()
    }
}

#[rstest]
#[tokio::test]
async fn n26_a_typed_secret_survives_a_refused_form_and_is_used_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    let cookies = scene.ada.cookies.clone();
    let page = scene.ada.get(&scene.form.page).await;
    assert_eq!(page.hidden("secret_kept"), scene.form.value("secret_kept"));
    assert!(!page.body.contains("canary"), "the page has the secret");
    assert!(!scene.world.raw.dump(&[]).await.join("\n").contains("canary"), "the secret is in clear");
    // Refused again, for another mistake: it is still kept, and no cookie has it.
    let again = if which == Which::Replace {
        scene.form.clone().with("secret_expires_on", "2020-02-02")
    } else {
        scene.form.clone().with("service_name", "")
    };
    again.refused(&mut scene.ada).await.assert_says(KEPT);
    assert_eq!(scene.ada.cookies, cookies);

    let answer = scene.form.send(&mut scene.ada).await;
    let path = answer.location().to_owned();
    assert!(path.starts_with("/connectors/0"), "{path}");
    assert_eq!(scene.stored(&path).await, NEW_SECRET);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0);
    // A second time it is not there. The form that adds a connector has added this one.
    let connectors = scene.world.raw.count("connectors").await;
    if which == Which::Add {
        assert_eq!(scene.form.send(&mut scene.ada).await.location(), path);
    } else {
        scene.form.assert_gone(&mut scene.ada, "it was used").await;
    }
    assert_eq!(scene.world.raw.count("connectors").await, connectors);
    assert_eq!(scene.stored(&path).await, NEW_SECRET);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn n26_two_forms_sent_at_once_use_a_kept_secret_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit, Which::Replace)] which: Which,
) {
    let scene = Scene::new(kind, which).await;
    let (mut one, mut other) = (scene.ada.clone(), scene.ada.clone());
    let (one, other) = tokio::join!(scene.form.send(&mut one), scene.form.send(&mut other));
    let to = [one.location(), other.location()];
    let saved = to.iter().filter(|to| **to != scene.form.page).collect::<Vec<_>>();
    let path = *saved.first().expect("one of them is saved");
    assert!(to.iter().all(|to| to == path || (which != Which::Add && *to == scene.form.page)), "{to:?}");
    assert_eq!(scene.stored(path).await, NEW_SECRET);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0);
    let changes = "SELECT COUNT(*) FROM activity WHERE action IN ('connector.added', 'connector.changed')";
    assert_eq!(scene.world.raw.one::<i64>(changes).await, 2, "the first connector, and one change");
}

#[rstest]
#[tokio::test]
async fn n26_a_kept_secret_expires_after_ten_minutes_and_never_means_keep_the_stored_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    scene.world.clock.advance(Duration::minutes(5));
    // Sending the form again does not prolong the time.
    scene.form.clone().wrong().refused(&mut scene.ada).await.assert_says(KEPT);
    scene.world.clock.advance(Duration::minutes(5) - Duration::seconds(1));
    scene.ada.get(&scene.form.page).await.assert_says(KEPT);

    scene.world.clock.advance(Duration::seconds(1));
    let fields = [("confirm_password", PASSWORD), ("confirm_next", scene.form.page.as_str())];
    scene.ada.post("/re-authenticate", &fields).await.assert_status(303);
    let page = scene.ada.get(&scene.form.page).await;
    page.assert_says(GONE);
    assert!(!page.text().contains(KEPT) && !page.body.contains("secret_kept"), "the page promises it");
    scene.form.assert_gone(&mut scene.ada, "ten minutes").await;
    assert_eq!(scene.stored(&scene.connector).await, SECRET);
    assert_eq!(scene.world.raw.count("connectors").await, 1);
}

#[rstest]
#[tokio::test]
async fn n26_the_sweep_erases_a_secret_ten_minutes_after_it_was_typed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = Scene::new(kind, Which::Add).await;
    for (by, left) in [(Duration::minutes(10) - Duration::seconds(1), 1), (Duration::seconds(1), 0)] {
        scene.world.clock.advance(by);
        scene.world.run_sweep().await;
        assert_eq!(scene.world.raw.count("kept_secrets").await, left, "{by}");
    }
    assert_eq!(scene.world.raw.count("sessions").await, 1);
}

#[rstest]
#[tokio::test]
async fn n7_a_secret_that_was_kept_while_the_clock_was_ahead_counts_as_gone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use mail360::platform::clock::Clock;

    let mut scene = Scene::new(kind, Which::Edit).await;
    let now = scene.world.clock.now().micros();
    let ahead = Duration::seconds(61);
    scene.world.clock.advance(ahead);
    let page = typed_over(&scene.form).wrong().refused(&mut scene.ada).await;
    scene.form = scene.form.corrected(page.assert_says(KEPT));
    scene.world.clock.advance(-ahead);
    let used = format!("UPDATE sessions SET last_seen_at = {now}");
    assert_eq!(scene.world.raw.run(&used).await, Ok(1));
    scene.form.assert_gone(&mut scene.ada, "a clock that is ahead").await;
    scene.world.run_sweep().await;
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0, "it is erased");
}

#[rstest]
#[tokio::test]
async fn n26_a_secret_that_is_typed_replaces_the_kept_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    let typed = scene.form.clone().with("client_secret", "canary~typed-instead.3");
    let page = typed.wrong().refused(&mut scene.ada).await;
    page.assert_says(KEPT);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 1, "at most one of a form");
    let form = scene.form.clone().corrected(&page);
    assert_ne!(form.value("secret_kept"), scene.form.value("secret_kept"));
    let path = form.send(&mut scene.ada).await.location().to_owned();
    assert_eq!(scene.stored(&path).await, "canary~typed-instead.3");

    // Typed into the form that succeeds.
    let mut scene = Scene::new(kind, which).await;
    let path = typed_over(&scene.form).send(&mut scene.ada).await.location().to_owned();
    assert_eq!(scene.stored(&path).await, "canary~typed-instead.3");
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0, "success erases it");
}

fn typed_over(form: &Form) -> Form {
    form.clone().with("client_secret", "canary~typed-instead.3")
}

#[rstest]
#[tokio::test]
async fn n26_a_session_keeps_five_secrets_at_most(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let Scene { world, mut ada, form: first, .. } = Scene::new(kind, Which::Add).await;
    let mut last = first.clone();
    for number in 1..=5 {
        world.clock.advance(Duration::seconds(1));
        last = Form::open(&mut ada, Which::Add, "").await;
        // The page shows the draft of the form before, so this is a form of its own.
        last = last.with("form", &uuid::Uuid::from_u128(number).to_string());
        let page = last.clone().wrong().refused(&mut ada).await;
        last = last.corrected(page.assert_says(KEPT));
    }
    assert_eq!(world.raw.count("kept_secrets").await, 5);
    first.assert_gone(&mut ada, "the oldest").await;
    assert!(last.send(&mut ada).await.location().starts_with("/connectors/0"));
}

#[rstest]
#[tokio::test]
async fn n26_logging_out_deleting_the_connector_and_a_new_password_erase_a_kept_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut scene = Scene::new(kind, Which::Edit).await;
    scene.ada.post("/logout", &[]).await.assert_status(303);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0, "log-out");

    let mut scene = Scene::new(kind, Which::Edit).await;
    let fields = [("current", PASSWORD), ("new", "another horse battery staple")];
    scene.ada.post("/profile", &fields).await.assert_status(303);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0, "a new session");
    scene.form.assert_gone(&mut scene.ada, "a new session").await;

    let mut scene = Scene::new(kind, Which::Replace).await;
    let page = scene.ada.get(&format!("{}/delete", scene.connector)).await;
    let names = ["connector", "owner"].map(|name| (name, page.hidden(name)));
    let fields: Vec<_> = names.iter().map(|(name, value)| (*name, value.as_str())).collect();
    scene.ada.post("/do/connectors/delete", &fields).await.assert_status(302);
    assert_eq!(scene.world.raw.count("kept_secrets").await, 0, "without its connector");
}

#[rstest]
#[tokio::test]
async fn n26_a_kept_secret_is_still_there_after_the_password_was_asked_for(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Edit, Which::Replace)] which: Which,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let (form, add) =
        (Form::open(&mut ada, which, &connector).await, Form::open(&mut ada, Which::Add, &connector).await);
    world.clock.advance(Duration::minutes(9));
    let page = form.clone().wrong().refused(&mut ada).await;
    let form = form.corrected(page.assert_says(KEPT));
    let page = add.clone().wrong().refused(&mut ada).await;
    let add = add.corrected(page.assert_says(KEPT));
    world.clock.advance(Duration::minutes(2));
    let asked = form.send(&mut ada).await;
    asked.assert_status(403).assert_says("enter your password again");
    assert_eq!(asked.hidden("secret_kept"), form.value("secret_kept"));
    assert!(!asked.body.contains("canary"));

    let next = form.action;
    let confirm = form.clone().with("confirm_password", PASSWORD).with("confirm_next", next);
    let confirm = Form { action: "/re-authenticate", ..confirm.with("confirm_again", "1") };
    let old = ada.cookies.clone();
    assert_eq!(confirm.send(&mut ada).await.assert_status(307).location(), next);
    assert_ne!(ada.cookies, old, "the session has a new id");
    assert!(world.program.survey().await.expect("a survey").lost.is_empty(), "each opens in the new session");
    assert_eq!(form.send(&mut ada).await.location(), connector);
    // The form in another tab has its secret too.
    assert!(add.send(&mut ada).await.location().starts_with("/connectors/0"));
    assert_eq!(world.raw.count("kept_secrets").await, 0);
}

#[rstest]
#[tokio::test]
async fn n26_a_kept_secret_is_bound_to_its_form_and_its_connector(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit, Which::Replace)] which: Which,
) {
    let mut scene = Scene::new(kind, which).await;
    let kept = scene.form.value("secret_kept").to_owned();
    // Another POST removes the draft, so the next form is another one.
    scene.ada.post("/profile/second-factor/cancel", &[]).await.assert_status(303);
    let new = NewConnector { name: "Another", ..NewConnector::default() };
    let another = scene.world.add_connector(&mut scene.ada, &new).await;
    for other in ALL {
        for connector in [&scene.connector, &another] {
            let form = Form::open(&mut scene.ada, other, connector).await.relying_on(&kept);
            let form = if other == Which::Add {
                form.with("form", &uuid::Uuid::from_u128(1).to_string())
            } else {
                form.with("service_name", if *connector == another { "Another" } else { "Mail archive" })
            };
            if other == which && which != Which::Add && *connector == scene.connector {
                continue;
            }
            form.assert_gone(&mut scene.ada, &format!("{other:?} of {connector}")).await;
        }
    }
    assert_eq!(scene.stored(&scene.connector).await, SECRET);
    assert_eq!(scene.stored(&another).await, SECRET);
    assert_eq!(scene.world.raw.count("connectors").await, 2);
    // It was not used.
    let path = scene.form.send(&mut scene.ada).await.location().to_owned();
    assert_eq!(scene.stored(&path).await, NEW_SECRET);
}

#[rstest]
#[tokio::test]
async fn n26_a_kept_secret_is_bound_to_its_session_even_if_its_row_is_moved(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let Scene { world, ada, connector, form } = Scene::new(kind, Which::Edit).await;
    let mut elsewhere = world.log_in("ada@contoso.test").await;
    form.assert_gone(&mut elsewhere, "another browser of hers").await;
    let mut bob = world.user("Contoso", "bob@contoso.test", Role::Admin).await;
    let his = Form::open(&mut bob, Which::Edit, &connector).await.relying_on(form.value("secret_kept"));
    his.assert_gone(&mut bob, "another administrator").await;

    // An attacker with write access to the database moves the row to a session or a form of their own.
    let bobs =
        "(SELECT s.hash FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'bob@contoso.test')";
    let hers = world.raw.one::<Vec<u8>>("SELECT session_hash FROM kept_secrets").await;
    let moved = format!("UPDATE kept_secrets SET session_hash = {bobs}");
    assert_eq!(world.raw.run(&moved).await, Ok(1));
    his.assert_gone(&mut bob, "the row was moved to his session").await;
    let lost = world.program.survey().await.expect("a survey").lost;
    assert!(matches!(lost.as_slice(), [Lost { column, .. }] if *column == SEALED_KEPT), "{lost:?}");
    let check = world.run("check").expect_err("not sound");
    assert!(check.contains("The client secret that is kept for an open form"), "{check}");

    let back = format!("UPDATE kept_secrets SET session_hash = {}", world.raw.bytes(&hers));
    assert_eq!(world.raw.run(&back).await, Ok(1));
    let mut ada = ada;
    // A later time would extend the ten minutes.
    for (column, value) in [
        ("form", "'edit of another'"),
        ("connector_id", "NULL"),
        ("version", "2"),
        ("created_at", "created_at + 1"),
    ] {
        let mut browser = ada.clone();
        let before = world.raw.dump(&["sessions"]).await;
        let kept = before.iter().find(|row| row.starts_with("kept_secrets:")).expect("the row").clone();
        world.raw.run(&format!("UPDATE kept_secrets SET {column} = {value}")).await.expect("changed");
        form.assert_gone(&mut browser, column).await;
        let id = connector.rsplit('/').next().expect("an id");
        let restored = match column {
            "form" => format!("'edit {id}'"),
            "connector_id" => world.raw.id(id),
            "created_at" => "created_at - 1".to_owned(),
            _ => "1".to_owned(),
        };
        world.raw.run(&format!("UPDATE kept_secrets SET {column} = {restored}")).await.expect("changed");
        let after = world.raw.dump(&["sessions"]).await;
        assert!(after.contains(&kept), "{column}: the row is as before");
    }
    assert_eq!(form.send(&mut ada).await.location(), connector, "unchanged, it opens");

    let world = Scene::new(kind, Which::Add).await.world;
    world.stranger().await;
    if kind == Kind::Sqlite {
        world.raw.run("PRAGMA foreign_keys = ON").await.expect("set");
    }
    let other: uuid::Uuid = world.raw.one("SELECT id FROM organisations WHERE name = 'Fabrikam'").await;
    let moved = format!("UPDATE kept_secrets SET organisation_id = {}", world.raw.id(other));
    let words = world.raw.run(&moved).await.expect_err("refused").to_lowercase();
    assert!(words.contains("foreign key"), "{words}");
}

#[rstest]
#[tokio::test]
async fn s4_kept_secrets_are_sealed_again_with_a_new_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Which::Add, Which::Edit)] which: Which,
) {
    let Scene { world, ada, form, .. } = Scene::new(kind, which).await;
    let key_file = world.program.config.encryption_key_file.clone();
    write_keys(&key_file, &[("new", 9), ("test", 7)]);
    let world = world.another_process(&[]).await;
    world.run("reseal").expect("done");
    let new = world.raw.bytes(b"new");
    let resealed = format!("SELECT COUNT(*) FROM kept_secrets WHERE substr(client_secret, 3, 3) = {new}");
    assert_eq!(world.raw.one::<i64>(&resealed).await, 1);
    write_keys(&key_file, &[("new", 9)]);
    let world = world.another_process(&[]).await;
    let mut ada = ada.at(&world.browser());
    // The form was made for this user under the old key.
    let owner = ada.get(&form.page).await.hidden("owner");
    let path = form.with("owner", &owner).send(&mut ada).await.location().to_owned();
    assert!(path.starts_with("/connectors/0"), "{path}");
    assert_eq!(world.raw.count("kept_secrets").await, 0);
}
