//! Settings > People: users, invitations, and the last administrator.

use mail360::people::model::Role;
use rstest::rstest;
use time::Duration;

use crate::support::{Answer, Browser, Kind, PASSWORD, World};

pub const PEOPLE: &str = "/settings/people";

async fn is_logged_in(browser: &mut Browser) -> bool {
    browser.get("/connectors").await.status == 200
}

pub async fn invite(browser: &mut Browser, email: &str, role: &str) -> Answer {
    browser.post(PEOPLE, &[("email", email), ("role", role)]).await
}

/// The path of the link that a page shows.
fn link(page: &Answer) -> String {
    let text = page.assert_status(200).text();
    let (_, rest) = text.split_once("http://localhost:3000/invitations/").expect("a link");
    let token: String = rest.chars().take(43).collect();
    format!("/invitations/{token}")
}

async fn accept(world: &World, path: &str, name: &str, password: &str) -> (Browser, Answer) {
    let mut browser = world.browser();
    let answer = browser.post(path, &[("name", name), ("password", password)]).await;
    (browser, answer)
}

#[rstest]
#[tokio::test]
async fn an_invited_user_chooses_a_password_and_is_logged_in_by_a_link_that_works_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let page = invite(&mut ada, " Grace@Contoso.test ", "viewer").await;
    page.assert_says("Send this link to grace@contoso.test").assert_says("until 30 Nov 2026, 06:57 UTC");
    let path = link(&page);
    let list = ada.get(PEOPLE).await;
    assert!(!list.body.contains("/invitations/A") && !list.body.contains(&path), "the link is shown twice");
    list.assert_says("grace@contoso.test");

    let mut grace = world.browser();
    grace.get(&path).await.assert_status(200).assert_says("Join Contoso").assert_says("invited as Viewer");
    let short = accept(&world, &path, "Grace", "too short").await.1;
    short.assert_status(422).assert_says("at least 15 characters");
    let nameless = accept(&world, &path, " ", PASSWORD).await.1;
    nameless.assert_status(422).assert_says("Enter your name");
    let (mut grace, answer) = accept(&world, &path, "Grace Hopper", PASSWORD).await;
    assert_eq!(answer.assert_status(303).location(), "/connectors");
    assert!(grace.get("/connectors").await.assert_status(200).body.contains("Viewer of Contoso"));
    grace.get(PEOPLE).await.assert_status(403);
    for _ in 0..2 {
        let again = accept(&world, &path, "Mallory", PASSWORD).await.1;
        again.assert_status(404).assert_says("This link no longer works");
    }
    ada.get(PEOPLE).await.assert_says("Grace Hopper");
    let activity = ada.get("/settings/activity?what=people").await;
    activity.assert_says("Ada Example invited grace@contoso.test as Viewer");
    activity.assert_says("Grace Hopper joined as Viewer");
}

#[rstest]
#[tokio::test]
async fn of_ten_browsers_that_use_one_invitation_at_once_one_becomes_a_user(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let path = link(&invite(&mut ada, "grace@contoso.test", "admin").await);
    let mut claims = tokio::task::JoinSet::new();
    for at in 0..10 {
        let (world, path) = (world.clone(), path.clone());
        claims.spawn(async move {
            accept(&world, &path, &format!("Claim {at}"), PASSWORD).await.1.status.as_u16()
        });
    }
    let answers = claims.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 303).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| [303, 404, 503].contains(status)), "{answers:?}");
    assert_eq!(world.raw.count("users").await, 2);
}

#[rstest]
#[tokio::test]
async fn a_link_works_for_seven_days_unless_it_is_withdrawn_or_replaced(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let first = link(&invite(&mut ada, "grace@contoso.test", "viewer").await);
    let second = link(&invite(&mut ada, "grace@contoso.test", "admin").await);
    let mut visitor = world.browser();
    visitor.get(&first).await.assert_status(404);
    visitor.get(&second).await.assert_status(200).assert_says("invited as Administrator");

    let id: uuid::Uuid = world.raw.one("SELECT id FROM invitations").await;
    for _ in 0..2 {
        let withdrawn = ada.post(&format!("{PEOPLE}/invitations/{id}/withdraw"), &[]).await;
        assert_eq!(withdrawn.assert_status(303).location(), PEOPLE);
    }
    accept(&world, &second, "Grace", PASSWORD).await.1.assert_status(404);

    let third = link(&invite(&mut ada, "grace@contoso.test", "viewer").await);
    world.clock.advance(Duration::days(7) - Duration::seconds(1));
    visitor.get(&third).await.assert_status(200);
    world.clock.advance(Duration::seconds(1));
    visitor.get(&third).await.assert_status(404);
    accept(&world, &third, "Grace", PASSWORD).await.1.assert_status(404);
    world.run_sweep().await;
    assert_eq!(world.raw.count("invitations").await, 0);
    assert_eq!(world.raw.count("users").await, 1);
}

#[rstest]
#[tokio::test]
async fn an_invitation_of_a_user_of_another_organisation_reveals_nothing_to_either(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.stranger().await;
    world.viewer().await;
    invite(&mut ada, "vera@contoso.test", "admin").await.assert_status(409).assert_says("already");
    invite(&mut ada, "no address", "admin").await.assert_status(422).assert_says("Enter an email address");
    invite(&mut ada, "new@contoso.test", "owner").await.assert_status(400);
    let page = invite(&mut ada, "eve@fabrikam.test", "viewer").await;
    let (mut eve, answer) = accept(&world, &link(&page), "Eve", PASSWORD).await;
    answer.assert_status(303);
    // She is now a user of both, and each knows nothing of the other.
    assert!(eve.get("/connectors").await.assert_status(200).body.contains("Viewer of Contoso"));
    let mut hers = world.browser();
    let fields = [("organisation", "fabrikam"), ("email", "eve@fabrikam.test"), ("password", PASSWORD)];
    hers.post("/login", &fields).await.assert_status(303);
    assert!(hers.get("/connectors").await.assert_status(200).body.contains("Administrator of Fabrikam"));
    hers.get(PEOPLE).await.assert_status(200);
    assert!(!hers.get(PEOPLE).await.body.contains("contoso.test"));
}

#[rstest]
#[tokio::test]
async fn l11_an_administrators_change_of_a_user_takes_effect_at_the_next_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let id = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let path = format!("{PEOPLE}/{id}");
    let mut here = world.log_in("vera@contoso.test").await;
    let mut there = world.log_in("vera@contoso.test").await;
    ada.get(&path)
        .await
        .assert_status(200)
        .assert_says("Logged in2 browsers")
        .assert_says("vera@contoso.test");

    let change = async |ada: &mut Browser, what: &[(&str, &str)], said: &str| {
        assert_eq!(ada.post(&path, what).await.assert_status(303).location(), path);
        ada.get(&path).await.assert_says(said);
        ada.post(&path, &[]).await.assert_status(400);
        assert!(!ada.get(&path).await.body.contains(said), "until the next form is sent");
    };
    change(&mut ada, &[("change", "end-sessions")], "Somebody was logged out in 2 browsers.").await;
    assert!(!is_logged_in(&mut here).await && !is_logged_in(&mut there).await);

    let mut here = world.log_in("vera@contoso.test").await;
    change(&mut ada, &[("change", "role"), ("role", "admin")], "is now an administrator.").await;
    assert!(!is_logged_in(&mut here).await, "the session is still open after a change of the role");
    let mut here = world.log_in("vera@contoso.test").await;
    here.get(PEOPLE).await.assert_status(200);

    change(&mut ada, &[("change", "disable")], "is disabled and cannot log in.").await;
    assert!(!is_logged_in(&mut here).await);
    let fields = [("email", "vera@contoso.test"), ("password", PASSWORD)];
    world.browser().post("/login", &fields).await.assert_status(401);
    ada.get(PEOPLE).await.assert_says("Disabled");
    change(&mut ada, &[("change", "enable")], "is active again and can log in.").await;
    assert!(is_logged_in(&mut world.log_in("vera@contoso.test").await).await);

    for nonsense in [&[("change", "promote")][..], &[], &[("change", "role"), ("role", "owner")]] {
        ada.post(&path, nonsense).await.assert_status(400);
    }
    let changes = "SELECT COUNT(*) FROM activity WHERE action = 'user.changed' AND outcome = 'done'";
    assert_eq!(world.raw.one::<i64>(changes).await, 4);
}

#[rstest]
#[tokio::test]
async fn the_last_administrator_cannot_be_removed(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    world.viewer().await;
    let ada_id: uuid::Uuid = world.raw.one("SELECT id FROM users WHERE role = 'admin'").await;
    let ada_path = format!("{PEOPLE}/{ada_id}");
    for change in [&[("change", "disable")][..], &[("change", "role"), ("role", "viewer")]] {
        ada.post(&ada_path, change).await.assert_status(409).assert_says("last administrator");
        assert!(is_logged_in(&mut ada).await, "Ada was logged out");
    }
    // Two administrators take the role from each other at once.
    for round in 0..4 {
        let email = format!("bob{round}@contoso.test");
        let bob_id = world.add_user("Contoso", &email, Role::Admin).await;
        let mut bob = world.log_in(&email).await;
        let mut ada = world.log_in("ada@contoso.test").await;
        let demote = [("change", "role"), ("role", "viewer")];
        let bob_path = format!("{PEOPLE}/{bob_id}");
        tokio::join!(ada.post(&bob_path, &demote), bob.post(&ada_path, &demote));
        let left = "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL";
        assert!(world.raw.one::<i64>(left).await >= 1, "round {round}");
        let reset = format!("UPDATE users SET role = 'admin' WHERE id = {}", world.raw.id(ada_id));
        world.raw.run(&reset).await.expect("a change");
        let demoted = format!("UPDATE users SET role = 'viewer' WHERE id = {}", world.raw.id(&bob_id));
        world.raw.run(&demoted).await.expect("a change");
    }
}

#[rstest]
#[tokio::test]
async fn of_three_changes_at_once_none_removes_the_last_administrator() {
    // SQLite has one writer at a time. On PostgreSQL each transaction is held between its read and its write.
    let world = World::new(Kind::Postgres).await;
    let mut ada = world.set_up().await;
    let ada_id: uuid::Uuid = world.raw.one("SELECT id FROM users").await;
    let bob_id = world.add_user("Contoso", "bob@contoso.test", Role::Viewer).await;
    let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$";
    world.raw.run(slow).await.expect("a function");
    world
        .raw
        .run("CREATE TRIGGER slow BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION slow()")
        .await
        .expect("a trigger");
    let (ada_path, bob_path) = (format!("{PEOPLE}/{ada_id}"), format!("{PEOPLE}/{bob_id}"));
    let mut others = [ada.clone(), ada.clone()];
    let [one, two] = &mut others;
    let disable = [("change", "disable")];
    let (promote, demote) =
        ([("change", "role"), ("role", "admin")], [("change", "role"), ("role", "viewer")]);
    // The second begins before the first is committed, and the third while the second waits.
    let later = |ms| tokio::time::sleep(std::time::Duration::from_millis(ms));
    tokio::join!(
        ada.post(&bob_path, &promote),
        async {
            later(50).await;
            one.post(&bob_path, &disable).await
        },
        async {
            later(260).await;
            two.post(&ada_path, &demote).await
        }
    );
    let left = "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL";
    assert!(world.raw.one::<i64>(left).await >= 1);
}

#[rstest]
#[case::disabled(&[("change", "disable")])]
#[case::no_longer_an_administrator(&[("change", "role"), ("role", "viewer")])]
#[tokio::test]
async fn the_invitations_of_an_administrator_end_with_the_role(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] change: &[(&str, &str)],
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let bob_id = world.add_user("Contoso", "bob@contoso.test", Role::Admin).await;
    let mut bob = world.log_in("bob@contoso.test").await;
    let kept = link(&invite(&mut bob, "bobs-other-self@contoso.test", "admin").await);
    let hers = link(&invite(&mut ada, "grace@contoso.test", "viewer").await);
    ada.get(PEOPLE).await.assert_says("by Somebody").assert_says("by Ada Example");
    ada.post(&format!("{PEOPLE}/{bob_id}"), change).await.assert_status(303);
    accept(&world, &kept, "Bob", PASSWORD).await.1.assert_status(404);
    accept(&world, &hers, "Grace", PASSWORD).await.1.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn an_invitation_of_another_organisation_cannot_be_withdrawn(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let mut eve = world.stranger().await;
    let path = link(&invite(&mut ada, "grace@contoso.test", "viewer").await);
    let id: uuid::Uuid = world.raw.one("SELECT id FROM invitations").await;
    eve.post(&format!("{PEOPLE}/invitations/{id}/withdraw"), &[]).await.assert_status(303);
    world.browser().get(&path).await.assert_status(200);
}

#[rstest]
#[tokio::test]
async fn two_concurrent_invitations_of_one_person_leave_one_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    let mut invitations = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut browser = ada.clone();
        invitations.spawn(async move { invite(&mut browser, "grace@contoso.test", "viewer").await.status });
    }
    assert!(invitations.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(world.raw.count("invitations").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_user_who_forgot_the_password_chooses_a_new_one_by_an_administrators_link(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let id = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let mut vera = world.log_in("vera@contoso.test").await;
    let page = ada.post(&format!("{PEOPLE}/{id}"), &[("change", "new-password")]).await;
    page.assert_says("Send this link to vera@contoso.test").assert_says("until 24 Nov 2026, 06:57 UTC");
    let path = link(&page);
    // The open link is on the user's own page, and only there.
    ada.get(&format!("{PEOPLE}/{id}")).await.assert_says("A link for a new password is open");
    assert!(!ada.get(PEOPLE).await.text().contains("Open invitations"));
    assert!(is_logged_in(&mut vera).await, "the user was logged out before the link was used");
    let page = world.browser().get(&path).await;
    page.assert_says("Choose a new password");
    assert!(page.body.contains("<title>Choose a new password"), "{}", page.body);

    let fresh = "another horse battery staple";
    accept(&world, &path, "", "too short").await.1.assert_status(422);
    let (mut now, answer) = accept(&world, &path, "", fresh).await;
    answer.assert_status(303);
    assert!(now.get("/connectors").await.body.contains("Viewer of Contoso"), "the role stays");
    assert!(!is_logged_in(&mut vera).await, "sessions from before have ended");
    accept(&world, &path, "", PASSWORD).await.1.assert_status(404);
    let old = [("email", "vera@contoso.test"), ("password", PASSWORD)];
    world.browser().post("/login", &old).await.assert_status(401);
    let said = "Somebody chose a new password with a link from an administrator";
    ada.get("/settings/activity").await.assert_says(said);

    // Administrators create no such link for themselves: their own password needs the current one.
    let ada_id: uuid::Uuid = world.raw.one("SELECT id FROM users WHERE email = 'ada@contoso.test'").await;
    ada.post(&format!("{PEOPLE}/{ada_id}"), &[("change", "new-password")]).await.assert_status(400);
    // A change of the user, or by the user, ends the link.
    for change in [&[("change", "end-sessions")][..], &[("change", "role"), ("role", "admin")]] {
        let path = link(&ada.post(&format!("{PEOPLE}/{id}"), &[("change", "new-password")]).await);
        ada.post(&format!("{PEOPLE}/{id}"), change).await.assert_status(303);
        accept(&world, &path, "", PASSWORD).await.1.assert_status(404);
    }
    let path = link(&ada.post(&format!("{PEOPLE}/{id}"), &[("change", "new-password")]).await);
    let mut now = world.browser();
    now.post("/login", &[("email", "vera@contoso.test"), ("password", fresh)]).await.assert_status(303);
    now.post("/profile", &[("current", fresh), ("new", PASSWORD)]).await.assert_status(303);
    accept(&world, &path, "", fresh).await.1.assert_status(404);
    // An administrator withdraws a link on the user's page, and returns there.
    let path = link(&ada.post(&format!("{PEOPLE}/{id}"), &[("change", "new-password")]).await);
    let open: uuid::Uuid = world.raw.one("SELECT id FROM invitations").await;
    let withdrawn = ada.post(&format!("{PEOPLE}/invitations/{open}/withdraw"), &[]).await;
    assert_eq!(withdrawn.assert_status(303).location(), format!("{PEOPLE}/{id}"));
    accept(&world, &path, "", fresh).await.1.assert_status(404);
    // A user who was disabled in the meantime cannot use a link.
    let path = link(&ada.post(&format!("{PEOPLE}/{id}"), &[("change", "new-password")]).await);
    ada.post(&format!("{PEOPLE}/{id}"), &[("change", "disable")]).await.assert_status(303);
    accept(&world, &path, "", PASSWORD).await.1.assert_status(404);
    ada.post(&format!("{PEOPLE}/{id}"), &[("change", "new-password")]).await.assert_status(404);
}

#[rstest]
#[tokio::test]
async fn a_user_who_accepts_an_invitation_is_in_the_activity_by_name(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let path = link(&invite(&mut ada, "grace@contoso.test", "viewer").await);
    accept(&world, &path, "Grace Hopper", PASSWORD).await.1.assert_status(303);
    let page = ada.get("/settings/activity?what=people").await;
    assert!(!page.text().contains("An unknown person joined"), "{}", page.text());
    page.assert_says("Grace Hopper joined as Viewer");
}
