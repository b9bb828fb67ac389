//! Many users and many invitations.

use rstest::rstest;

use crate::{
    people::{PEOPLE, invite},
    support::{Kind, World},
};

#[rstest]
#[tokio::test]
async fn at_the_limit_of_open_invitations_an_existing_one_can_still_be_renewed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    invite(&mut ada, "grace@contoso.test", "viewer").await.assert_says("Send this link");
    let columns = "organisation_id, role, user_id, for_user, created_at, expires_at";
    for at in 0..199 {
        let id = uuid::Uuid::from_u128(1000 + at);
        let hash = match kind {
            Kind::Sqlite => format!("x'{at:064x}'"),
            Kind::Postgres => format!("'\\x{at:064x}'::bytea"),
        };
        let row = format!(
            "INSERT INTO invitations (id, email, token_hash, {columns}) \
             SELECT {}, 'user{at}@contoso.test', {hash}, {columns} FROM invitations \
             WHERE email = 'grace@contoso.test'",
            world.raw.id(id)
        );
        world.raw.run(&row).await.expect("a change");
    }
    let refused = invite(&mut ada, "linus@contoso.test", "viewer").await;
    assert!(!refused.text().contains("Send this link"), "{}", refused.text());
    invite(&mut ada, "grace@contoso.test", "viewer").await.assert_says("Send this link");
}

#[rstest]
#[tokio::test]
async fn users_are_listed_in_pages(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let row = "INSERT INTO users (id, organisation_id, email, name, password_hash, role, version) \
               SELECT {id}, organisation_id, '{email}', '{name}', password_hash, 'viewer', 1 \
               FROM users WHERE email = 'ada@contoso.test'";
    for at in 0..60 {
        let id = world.raw.id(uuid::Uuid::from_u128(1000 + at));
        let row = row.replace("{id}", &id).replace("{email}", &format!("user{at:02}@contoso.test"));
        world.raw.run(&row.replace("{name}", &format!("User {at:02}"))).await.expect("a change");
    }
    let first = ada.get(PEOPLE).await;
    first.assert_status(200).assert_says("User 48");
    assert!(!first.text().contains("User 49"));
    let second = ada.get("/settings/people?after=user48%40contoso.test").await;
    second.assert_says("User 49").assert_says("User 59").assert_says("First");
    assert!(!second.text().contains("User 48") && first.body.contains("after=user48%40contoso.test"));
    ada.get("/settings/people?after=zzz").await.assert_status(200);
    ada.get("/settings/people?after=%00").await.assert_status(200).assert_says("User 48");
}
