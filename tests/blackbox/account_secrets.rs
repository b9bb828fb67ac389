//! `mail360 check` and `mail360 reseal` cover the tokens of accounts and the secrets of return addresses.

use mail360::{accounts::service::AccountFilter, people::access::Caller};
use rstest::rstest;

use crate::support::{
    Kind, World,
    refreshing::{Scene, text},
    write_keys,
};

/// The columns of sealed values of accounts, with the column that identifies the row and the words about a lost value.
const COLUMNS: [(&str, &str, &str, &str); 4] = [
    ("grants", "refresh_token", "account_id", "The refresh token of the account"),
    ("grants", "access_token", "account_id", "The access token of the account"),
    ("return_addresses", "secret", "id", "The secret of the return address"),
    ("return_addresses", "previous_secret", "id", "The previous secret of the return address"),
];

/// An account with both tokens, and a return address with a new secret and the one before.
async fn scene(kind: Kind) -> Scene {
    let scene = Scene::new(kind).await;
    scene.connect("grace").await;
    let admin = scene.world.admin().await.reauthenticated().expect("a recent password");
    let addresses = &scene.world.program.return_addresses;
    let added = addresses.add(&admin, "https://crm.example.com/mailboxes", false).await.expect("an answer");
    let old = added.expect("a secret");
    addresses.rotate(&admin, old.id, &old.key_id).await.expect("an answer").expect("a secret");
    scene.world.clear_expiry_of_secrets().await;
    scene
}

#[rstest]
#[tokio::test]
async fn s4_check_tries_each_secret_of_accounts_and_names_the_one_that_does_not_open(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = scene(kind).await;
    let world = &scene.world;
    world.run("check").expect("sound");
    for (table, column, key, words) in COLUMNS {
        let row: uuid::Uuid = world.raw.one(&format!("SELECT {key} FROM {table}")).await;
        let kept: Vec<u8> = world.raw.one(&format!("SELECT {column} FROM {table}")).await;
        let (last, rest) = kept.split_last().expect("a value");
        let changed: Vec<u8> = rest.iter().copied().chain([last ^ 1]).collect();
        put(world, table, column, &changed).await;
        let checked = world.run("check").expect_err("a value does not open");
        assert!(checked.contains(&format!("{words} {row} cannot be opened")), "{column}: {checked}");
        assert_eq!(checked.matches("cannot be opened").count(), 1, "{column}: {checked}");
        put(world, table, column, &kept).await;
    }
    world.run("check").expect("sound again");
}

async fn put(world: &World, table: &str, column: &str, value: &[u8]) {
    let update = format!("UPDATE {table} SET {column} = {}", world.raw.bytes(value));
    assert_eq!(world.raw.run(&update).await, Ok(1));
}

#[rstest]
#[tokio::test]
async fn s4_after_resealing_the_secrets_of_accounts_open_without_the_old_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scene = scene(kind).await;
    let keys = &scene.world.program.config.encryption_key_file;
    write_keys(keys, &[("new", 9), ("test", 7)]);
    let world = scene.world.another_process(&[]).await;
    let resealed = world.run("reseal").expect("done");
    assert!(resealed.contains("you can remove the old lines"), "{resealed}");
    for (table, column, ..) in COLUMNS {
        let id = world.raw.bytes(b"new");
        let new = format!("SELECT COUNT(*) FROM {table} WHERE substr({column}, 3, 3) = {id}");
        assert_eq!(world.raw.one::<i64>(&new).await, 1, "{table}.{column}");
    }
    write_keys(keys, &[("new", 9)]);
    world.run("check").expect("sound");
    let world = world.another_process(&[]).await;
    let caller = Caller::job(scene.organisation, "test");
    let page = world.program.accounts.list(&caller, "", AccountFilter::default(), None).await;
    let account = page.expect("a page").accounts.first().expect("an account").id;
    let lent = world.program.grants.valid_access_token(scene.organisation, account).await;
    assert_eq!(text(&lent.expect("a token")), "grace");
}
