//! Several organisations in one installation: users log in to theirs and learn nothing of other organisations' users.

use mail360::people::model::Role;
use rstest::rstest;

use crate::support::{Answer, Browser, Kind, PASSWORD, World};

const BOSS: &str = "boss@example.test";
const OTHER: &str = "another horse battery staple";

async fn log_in(browser: &mut Browser, organisation: &str, email: &str, password: &str) -> Answer {
    let fields = [("organisation", organisation), ("email", email), ("password", password)];
    browser.post("/login", &fields).await
}

/// The same e-mail in both organisations, with another password in each.
async fn two_bosses(kind: Kind) -> World {
    let world = World::new(kind).await;
    world.set_up().await;
    world.add_user("Contoso", BOSS, Role::Admin).await;
    let first: uuid::Uuid = world.raw.one("SELECT id FROM users WHERE email = 'boss@example.test'").await;
    world.add_user("Fabrikam", BOSS, Role::Admin).await;
    let password = mail360::people::model::Password::try_out(OTHER.into()).expect("a password");
    let hash =
        world.program.people.hash(mail360::platform::cpu::Asker::OPERATOR, &password).await.expect("a hash");
    let set = format!("UPDATE users SET password_hash = '{hash}' WHERE id = {}", world.raw.id(first));
    assert_eq!(world.raw.run(&set).await, Ok(1));
    world
}

#[rstest]
#[tokio::test]
async fn n8_one_e_mail_may_be_a_user_of_two_organisations(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = two_bosses(kind).await;
    for (organisation, password, status) in [
        ("contoso", OTHER, 303),
        (" Contoso ", OTHER, 303),
        ("fabrikam", PASSWORD, 303),
        ("contoso", PASSWORD, 401),
        ("fabrikam", OTHER, 401),
        ("", PASSWORD, 401),
        ("northwind", PASSWORD, 401),
        ("not a name!", PASSWORD, 401),
    ] {
        let answer = log_in(&mut world.browser(), organisation, BOSS, password).await;
        assert_eq!(answer.status, status, "{organisation} {password}");
        if status == 401 {
            answer.assert_says("The organisation, the email or the password is wrong.");
        }
    }
}

#[rstest]
#[tokio::test]
async fn n8_the_log_in_page_asks_for_the_organisation_only_if_there_are_several(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    assert!(!world.browser().get("/login").await.body.contains("name=\"organisation\""));
    // An unexpected field does no harm.
    log_in(&mut world.browser(), "whatever", "ada@contoso.test", PASSWORD).await.assert_status(303);

    world.stranger().await;
    let page = world.browser().get("/login").await;
    assert_eq!(page.assert_status(200).focused(), Some("organisation"));
    let page = world.browser().get("/login?organisation=fabrikam").await;
    assert_eq!(page.value("organisation"), "fabrikam");
    assert_eq!(page.focused(), Some("email"));
    // A browser in which a user logged in before is remembered, also after logging out.
    ada.post("/logout", &[]).await.assert_status(303);
    assert_eq!(ada.get("/login").await.value("organisation"), "contoso");
    let wrong = log_in(&mut world.browser(), "contoso", "ada@contoso.test", "certainly not this one").await;
    assert_eq!(wrong.value("organisation"), "contoso", "what was typed stays");
}

#[rstest]
#[tokio::test]
async fn n8_an_invitation_reveals_nothing_about_users_of_other_organisations(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut eve = world.stranger().await;
    let mut answers = Vec::new();
    for email in ["ada@contoso.test", "mallory@contoso.test"] {
        let page = eve.post("/settings/people", &[("email", email), ("role", "viewer")]).await;
        let text = page.assert_status(200).text();
        let (_, rest) = text.split_once("localhost:3000/invitations/").expect("a link");
        let token: String = rest.chars().take(43).collect();
        let fields = [("name", "Somebody"), ("password", OTHER)];
        let accepted = world.browser().post(&format!("/invitations/{token}"), &fields).await;
        answers.push((accepted.status.as_u16(), accepted.location().to_owned()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], (303, "/connectors".to_owned()));
    // Contoso invites a user of Fabrikam as well.
    let invited = ada.post("/settings/people", &[("email", "eve@fabrikam.test"), ("role", "viewer")]).await;
    invited.assert_status(200).assert_says("/invitations/");
}

#[rstest]
#[tokio::test]
async fn n8_tries_are_counted_separately_for_each_organisation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = two_bosses(kind).await;
    let mut browser = world.browser();
    for _ in 0..10 {
        log_in(&mut browser, "contoso", BOSS, "certainly not this one").await.assert_status(401);
    }
    log_in(&mut browser, "contoso", BOSS, OTHER).await.assert_status(429);
    log_in(&mut browser, "CONTOSO", BOSS, OTHER).await.assert_status(429);
    log_in(&mut browser, "fabrikam", BOSS, PASSWORD).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn n8_with_one_organisation_a_typed_organisation_begins_no_new_count(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut browser = world.browser();
    for number in 0..10 {
        let organisation = format!("another-{number}");
        let answer = log_in(&mut browser, &organisation, "ada@contoso.test", "certainly not this one").await;
        answer.assert_status(401);
    }
    log_in(&mut browser, "one-more", "ada@contoso.test", PASSWORD).await.assert_status(429);
}

#[rstest]
#[tokio::test]
async fn n8_deleting_a_user_deletes_their_data_and_keeps_the_record(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use mail360::{
        log_in::session::Sessions,
        people::{
            model::Email,
            service::{ChangeOutcome, UserChange},
        },
    };

    let world = World::new(kind).await;
    world.set_up().await;
    let mut vera = world.viewer().await;
    vera.get("/connectors/new").await.assert_status(403);
    world.flush().await;
    let organisation = world.organisation_id_of("vera@contoso.test").await;
    let delete = async |email: &str| {
        let email = Email::parse(email).expect("an e-mail");
        world.program.people.change_user(organisation, &email, UserChange::Delete, Sessions::end_all_of).await
    };
    assert_eq!(delete("ada@contoso.test").await.expect("an answer"), ChangeOutcome::LastAdmin);
    assert_eq!(delete("vera@contoso.test").await.expect("an answer"), ChangeOutcome::Changed);
    assert_eq!(vera.get("/connectors").await.status, 303);
    assert_eq!(world.raw.count("users").await, 1);
    assert_eq!(world.raw.count("device_cookies").await, 1, "Ada's");
    let mut ada = world.log_in("ada@contoso.test").await;
    let page = ada.get("/settings/activity").await;
    page.assert_says("The operator deleted the user vera@contoso.test")
        .assert_says("A deleted user tried to open");
    // The e-mail is free again.
    world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
}
