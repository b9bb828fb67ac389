//! The titles of pages: the heading, and for a refused form the word *Error* before it.

use mail360::people::model::Role;
use rstest::rstest;

use crate::{
    people::{PEOPLE, invite},
    support::{Answer, Kind, PASSWORD, World},
};

/// The title without the program's name.
#[track_caller]
fn title(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("<title>").expect("a title");
    let title = rest.split_once("</title>").expect("its end").0;
    title.rsplit_once(" · ").expect("the program's name").0.to_owned()
}

#[rstest]
#[tokio::test]
async fn a_refused_form_has_a_title_that_begins_with_error(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let set_up = world.set_up_path().await;
    let mut visitor = world.browser();
    assert_eq!(title(&visitor.get(&set_up).await), "Set up Mail360 Connectors");
    let refused = visitor.post(&set_up, &[("password", "too short")]).await;
    assert_eq!(title(refused.assert_status(422)), "Error: Set up Mail360 Connectors");
    // The summary has the focus, so no field takes it away.
    assert_eq!(refused.focused(), None);

    let mut ada = world.set_up().await;
    assert_eq!(title(&visitor.get("/login").await), "Log in");
    let wrong = [("email", "ada@contoso.test"), ("password", "certainly not this one")];
    assert_eq!(title(visitor.post("/login", &wrong).await.assert_status(401)), "Error: Log in");

    assert_eq!(title(&ada.get("/profile").await), "Profile");
    let wrong = [("current", "certainly not this one"), ("new", "another horse battery staple")];
    let refused = ada.post("/profile", &wrong).await;
    assert_eq!(title(refused.assert_status(422)), "Error: Profile");
    assert_eq!(refused.focused(), None);

    assert_eq!(title(&ada.get(PEOPLE).await), "People");
    let refused = invite(&mut ada, "no address", "viewer").await;
    assert_eq!(title(refused.assert_status(422)), "Error: People");
    // The form is behind a button, which is open now.
    let card = refused.body.split("<details").find(|part| part.contains("\"invite\"")).expect("the form");
    assert!(card.split('>').next().is_some_and(|tag| tag.contains(" open")), "{card}");

    let page = invite(&mut ada, "grace@contoso.test", "viewer").await;
    let text = page.assert_status(200).text();
    let (_, rest) = text.split_once("http://localhost:3000/invitations/").expect("a link");
    let path = format!("/invitations/{}", rest.chars().take(43).collect::<String>());
    assert_eq!(title(&visitor.get(&path).await), "Join Contoso");
    let refused = visitor.post(&path, &[("name", "Grace"), ("password", "too short")]).await;
    assert_eq!(title(refused.assert_status(422)), "Error: Join Contoso");

    let ada_id: uuid::Uuid = world.raw.one("SELECT id FROM users WHERE role = 'admin'").await;
    let demote = [("change", "role"), ("role", "viewer")];
    let refused = ada.post(&format!("{PEOPLE}/{ada_id}"), &demote).await;
    assert_eq!(title(refused.assert_status(409)), "Error: Ada Example");

    ada.post("/profile/second-factor", &[]).await.assert_status(303);
    assert_eq!(title(&ada.get("/profile/second-factor").await), "Second factor");
    let refused = ada.post("/profile/second-factor/finish", &[("code", "12345")]).await;
    assert_eq!(title(refused.assert_status(422)), "Error: Second factor");
}

#[rstest]
#[tokio::test]
async fn every_error_page_is_named_by_its_heading_and_ends_with_a_next_step(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut vera = world.user("Contoso", "vera@contoso.test", Role::Viewer).await;
    let large = "x".repeat(70_000);
    let pages = [
        (vera.get("/nothing").await, 404, "There is no such page"),
        (vera.get("/connectors/new").await, 403, "Only for administrators"),
        (vera.post("/connectors", &[]).await, 405, "This page does not accept that action"),
        (vera.post("/login", &[("email", &large)]).await, 413, "The form is too large"),
        (
            vera.post("/profile", &[("new", PASSWORD), ("new", PASSWORD)]).await,
            422,
            "We could not read this request",
        ),
        (world.browser().post("/profile", &[]).await, 401, "You are no longer logged in"),
    ];
    for (page, status, words) in pages {
        assert_eq!(title(page.assert_status(status)), words);
        page.assert_says(words);
        let main = page.body.split("<main").nth(1).expect("the content");
        assert!(main.contains("<a ") && main.contains("href=\"/"), "{words}: {main}");
    }
    vera.get("/connectors/new").await.assert_says("Your role is Viewer.");
}
