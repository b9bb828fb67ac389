//! A new key: everything is sealed again while the program runs. Then the old key can be removed.

use mail360::{connectors::service::SEALED, platform::database::columns::Value, vault::custody};
use rstest::rstest;
use time::Duration;
use uuid::Uuid;

use crate::support::{
    Browser, Kind, NewConnector, SECRET, World,
    authenticator::{HERE, code, set_up},
    callback, write_keys,
};

const MANY: i64 = 2_000;
const OLD: (&str, u8) = ("test", 7);
const NEW: (&str, u8) = ("new", 9);

fn put_keys(world: &World, keys: &[(&str, u8)]) {
    write_keys(&world.program.config.encryption_key_file, keys);
}

/// The number of client secrets with the id of the old key.
async fn count_old(world: &World) -> i64 {
    let id = world.raw.bytes(OLD.0.as_bytes());
    world.raw.one(&format!("SELECT COUNT(*) FROM connectors WHERE substr(client_secret, 3, 4) = {id}")).await
}

/// Copies of the connector, each with its own sealed secret.
async fn copy_connector(world: &World, many: i64) {
    let organisation: Uuid = world.raw.one("SELECT organisation_id FROM connectors").await;
    let template: Uuid = world.raw.one("SELECT id FROM connectors").await;
    let columns = "organisation_id, provider, service_name, client_id, client_secret_hint, expiry_key, \
                   provider_settings, scopes, state, version, application_version, created_at";
    world.raw.run("BEGIN").await.expect("begun");
    for number in 0..many {
        let id = Uuid::from_u128(u128::from(number.unsigned_abs()));
        let secret = format!("{SECRET}{number}").into();
        let sealed = world.program.vault.seal(SEALED.place(organisation, id), &secret).expect("sealed");
        let insert = format!(
            "INSERT INTO connectors (id, form_id, name_key, client_secret, {columns}) \
             SELECT {id}, {id}, 'copy {number}', {sealed}, {columns} FROM connectors WHERE id = {template}",
            id = world.raw.id(id),
            sealed = world.raw.bytes(&sealed),
            template = world.raw.id(template),
        );
        world.raw.run(&insert).await.expect("inserted");
    }
    world.raw.run("COMMIT").await.expect("committed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn s4_resealing_completes_after_repeated_kills_while_the_program_runs_and_the_old_key_can_be_removed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    // The second factor first, because it would end an open sign-in.
    let (app, _) = set_up(&world, &mut ada).await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    let authorize = world.start(&mut ada, &connector).await;
    copy_connector(&world, MANY).await;
    world.clear_expiry_of_secrets().await;
    put_keys(&world, &[OLD, NEW]);
    let stale = world.another_process(&[]).await;
    stale.browser().get("/readyz").await.assert_status(200);
    // The key file of every process gets the new key, and each is restarted.
    put_keys(&world, &[NEW, OLD]);
    let early = world.run("check").expect("sound");
    assert!(early.contains("The key `new` at the top of the key file is not in use"), "{early}");
    // `reseal` would fail now, so `check` must not recommend it.
    assert!(!early.contains("mail360 reseal"), "{early}");
    let world = world.another_process(&[]).await;
    let mut ada = ada.at(&world.browser());
    let before = world.run("check").expect("sound");
    let older = format!("{} values are encrypted with the older key `test`", MANY + 3);
    assert!(before.contains(&older), "{before}");

    let mut killed = 0;
    let said = loop {
        let mut child = world.mail360("reseal").spawn().expect("the program");
        let left = count_old(&world).await;
        // Until it is in the middle of its work, or complete.
        while count_old(&world).await == left && child.try_wait().expect("a look").is_none() {
            tokio::task::yield_now().await;
        }
        if killed < 5 && child.try_wait().expect("a look").is_none() {
            child.kill().expect("killed");
            killed += 1;
            child.wait().expect("an end");
            assert!(
                world.program.survey().await.expect("a survey").lost.is_empty(),
                "a value cannot be opened after a kill"
            );
            ada.get("/connectors").await.assert_status(200);
            continue;
        }
        let done = child.wait_with_output().expect("an end");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        break String::from_utf8(done.stdout).expect("text");
    };
    assert_eq!(killed, 5, "a kill came after the end of the command");
    assert!(said.contains("you can remove the old lines"), "{said}");
    assert_eq!(count_old(&world).await, 0);

    let recorded = "SELECT detail FROM activity WHERE action = 'secrets.resealed'";
    let details: Vec<String> = world.raw.column(recorded).await;
    let expected = r#"{"kind":"key","key":"new"}"#;
    assert!(!details.is_empty() && details.iter().all(|detail| detail == expected), "{details:?}");
    ada.get("/settings/activity").await.assert_says("with the key new");
    // A process that was not restarted would seal with the old key, so it is not ready.
    let stale = stale.browser().get("/readyz").await;
    stale.assert_status(503);

    // Without the old key everything still works: the open sign-in, the second factor, each secret.
    put_keys(&world, &[NEW]);
    let world = world.another_process(&[]).await;
    let ada = ada.at(&world.browser());
    let survey = world.program.survey().await.expect("a survey");
    assert!(survey.lost.is_empty() && survey.by_key.keys().eq([NEW.0]), "{survey:?}");
    let fit = custody::check_keys(&world.program.database.read(), &world.program.vault).await;
    assert_eq!(fit.expect("an answer"), custody::KeyCheck::Sound);
    let after = world.run("check").expect("sound");
    assert!(!after.contains("with the key"), "{after}");
    world.grant_everything(&authorize);
    let mut ada: Browser = ada;
    let outcome = ada.get(&callback(&authorize, "code=abc")).await.location().to_owned();
    ada.get(&outcome).await.assert_says("The connector works");
    assert_eq!(world.provider.requests()[0].field("client_secret"), Some(SECRET));
    world.clock.advance(Duration::seconds(30));
    let mut browser = world.log_in("ada@contoso.test").await;
    let entered =
        browser.post("/login/code", &[("code", &code(&world, &app, 0)), ("next", "/profile")]).await;
    assert_eq!(entered.assert_status(303).location(), "/profile");
}

#[rstest]
#[tokio::test]
async fn s4_a_value_that_no_key_opens_is_named_with_a_remedy_and_the_old_key_is_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let connector = world.add_connector(&mut ada, &NewConnector::default()).await;
    world.add_connector(&mut ada, &NewConnector { name: "Moved", ..NewConnector::default() }).await;
    // An attacker with write access to the database uses one connector's secret for another.
    let moved = "UPDATE connectors SET client_secret = \
                 (SELECT client_secret FROM connectors WHERE service_name = 'Mail archive')";
    assert_eq!(world.raw.run(moved).await.expect("moved"), 2);
    let lost: Uuid = world.raw.one("SELECT id FROM connectors WHERE service_name = 'Moved'").await;
    let words = format!("The client secret of the connector {lost} cannot be opened");

    let check = world.run("check").expect_err("not sound");
    assert!(check.contains(&words) && check.contains("Enter a new one on the connector's page"), "{check}");
    assert!(!check.contains(connector.rsplit('/').next().expect("an id")), "the other one opens: {check}");

    put_keys(&world, &[NEW, OLD]);
    let early = world.run("reseal").expect_err("no process has begun to use the new key");
    assert!(early.contains("no process has been started yet with the key `new`"), "{early}");
    let world = world.another_process(&[]).await;
    let reseal = world.run("reseal").expect_err("something is left");
    assert!(reseal.contains("encrypted again with the key `new`: 1.") && reseal.contains(&words), "{reseal}");
    assert!(reseal.contains("Keep the old lines in"), "{reseal}");
    put_keys(&world, &[NEW]);
    let check = world.run("check").expect_err("the old key is asked for");
    assert!(check.contains("`test`"), "{check}");

    // The remedy: after a new secret resealing succeeds.
    put_keys(&world, &[NEW, OLD]);
    let world = world.another_process(&[]).await;
    let mut ada = ada.at(&world.browser());
    let form = ada.get(&format!("/connectors/{lost}/secret")).await;
    let names = ["connector", "version", "owner"].map(|name| (name, form.hidden(name)));
    let mut fields: Vec<_> = names.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([("client_secret", SECRET), ("secret_expires_on", "2028-11-23")]);
    ada.post("/do/connectors/replace-secret", &fields).await.assert_status(302);
    let reseal = world.run("reseal").expect("done");
    assert!(reseal.contains("you can remove the old lines"), "{reseal}");
}

#[rstest]
#[tokio::test]
async fn s4_a_second_factor_begun_with_a_removed_key_can_be_begun_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    ada.post(HERE, &[]).await.assert_status(303);
    put_keys(&world, &[NEW, OLD]);
    world.run("check").expect("sound also before a process is started with it");
    world.another_process(&[]).await;
    world.run("reseal").expect("done");
    put_keys(&world, &[NEW]);
    let world = world.another_process(&[]).await;
    let mut ada = ada.at(&world.browser());
    ada.get(HERE).await.assert_status(200).assert_says("Set up a second factor");
    set_up(&world, &mut ada).await;
}

#[rstest]
#[tokio::test]
async fn s4_a_secret_that_is_replaced_during_resealing_is_not_overwritten(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    let database = &world.program.database;
    let page = SEALED.column.page(&database.read(), SEALED.bound, None, 10).await.expect("a page");
    let [read] = page.as_slice() else { panic!("{page:?}") };
    // Between the read and the write of a page an administrator enters a new secret.
    let new = world.raw.bytes(b"replaced");
    world.raw.run(&format!("UPDATE connectors SET client_secret = {new}")).await.expect("replaced");
    let replace = async |value: &Value| {
        database
            .write(async |tx| SEALED.column.replace(&tx, SEALED.bound, value, b"resealed".to_vec()).await)
            .await
    };
    assert!(!replace(read).await.expect("an answer"), "it is not what was read any more");
    let now = SEALED.column.page(&database.read(), SEALED.bound, None, 10).await.expect("a page");
    assert_eq!(now[0].value, b"replaced");
    assert!(replace(&now[0]).await.expect("an answer"));
}

#[rstest]
#[tokio::test]
async fn s4_values_sealed_with_another_key_are_found_without_opening_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let database = &world.program.database;
    let is_there = async |prefix: &[u8]| {
        SEALED.column.any_without_prefix(&database.read(), prefix).await.expect("an answer")
    };
    assert!(!is_there(b"\x02\x04test").await, "an empty table has a value of another key");
    world.add_connector(&mut ada, &NewConnector::default()).await;
    assert!(!is_there(b"\x02\x04test").await);
    assert!(is_there(b"\x02\x03new").await);
    assert!(is_there(b"\x02\x05test2").await, "a longer key id counts as the same key");
    assert!(is_there(b"\x02\x03tes").await, "a shorter key id counts as the same key");
    world
        .raw
        .run(&format!("UPDATE connectors SET client_secret = {}", world.raw.bytes(b"")))
        .await
        .expect("emptied");
    assert!(is_there(b"\x02\x04test").await, "an empty value counts as sealed with the key");
}

#[rstest]
#[tokio::test]
async fn s4_resealing_refuses_a_database_whose_keys_are_unknown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.add_connector(&mut ada, &NewConnector::default()).await;
    world.raw.run("DELETE FROM settings WHERE name LIKE 'key_check:%'").await.expect("deleted");
    put_keys(&world, &[NEW, OLD]);
    let refused = world.run("reseal").expect_err("the keys may be anybody's");
    assert!(refused.contains("do not fit this database"), "{refused}");
    assert_eq!(count_old(&world).await, 1);
}
