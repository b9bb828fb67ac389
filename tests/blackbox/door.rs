//! Log-in under attack: refused tries write nothing, and the owner of a password can still log in.

use std::net::IpAddr;

use mail360::{
    log_in::throttle::{Admission, Guesser},
    people::model::Role,
};
use rstest::rstest;
use time::Duration;

use crate::support::{
    Answer, Browser, Kind, PASSWORD, World,
    authenticator::{code, set_up},
};

const ADA: &str = "ada@contoso.test";
const WRONG: &str = "certainly not this one";
const DEVICE: &str = "mail360_3000_device";

async fn try_password(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.post("/login", &[("email", email), ("password", password)]).await
}

/// A browser that has only the device cookie of this one.
fn same_device(world: &World, browser: &Browser) -> Browser {
    let mut other = world.browser();
    let value = browser.cookies.get(DEVICE).expect("a device cookie").clone();
    other.cookies.insert(DEVICE.to_owned(), value);
    other
}

/// Uses up the tries of a user by guesses from many addresses. They count before any hash.
async fn attack(world: &World, email: &str) -> usize {
    let organisation = world.organisation_id_of(ADA).await;
    let mut admitted = 0;
    for number in 0..60_u8 {
        let stranger = Guesser::Stranger(Some(IpAddr::from([198, 51, 100, number])));
        let admission =
            world.program.throttles.admit_password(stranger, &format!("{organisation}\n{email}")).await;
        admitted += usize::from(matches!(admission, Ok(Admission::Admitted(_))));
    }
    admitted
}

#[rstest]
#[tokio::test]
async fn n3_a_try_over_the_limit_writes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut guesser = world.browser();
    for number in 0..50 {
        try_password(&mut guesser, &format!("user{number}@contoso.test"), WRONG).await.assert_status(401);
    }
    let before = world.raw.dump(&[]).await;
    for email in ["user1@contoso.test", "one-more@contoso.test", ADA] {
        try_password(&mut guesser, email, WRONG).await.assert_status(429);
    }
    assert_eq!(world.raw.dump(&[]).await, before, "a row was written");
}

#[tokio::test]
async fn n3_a_try_over_the_limit_does_not_wait_for_the_writer() {
    let world = World::new(Kind::Sqlite).await;
    world.set_up().await;
    let mut guesser = world.browser();
    for _ in 0..10 {
        try_password(&mut guesser, ADA, WRONG).await.assert_status(401);
    }
    // Another transaction holds the writer; a refused request does not wait for it.
    let database = world.program.database.clone();
    let (held, release) =
        (std::sync::Arc::new(tokio::sync::Notify::new()), std::sync::Arc::new(tokio::sync::Notify::new()));
    let holder = {
        let (held, release) = (held.clone(), release.clone());
        tokio::spawn(async move {
            database
                .write(async |_tx| {
                    held.notify_one();
                    release.notified().await;
                    Ok::<_, mail360::platform::database::DatabaseError>(())
                })
                .await
        })
    };
    held.notified().await;
    try_password(&mut guesser, ADA, WRONG).await.assert_status(429);
    release.notify_one();
    holder.await.expect("an end").expect("committed");
}

#[rstest]
#[tokio::test]
async fn n3_the_sweep_erases_any_number_of_windows(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    let before = world.raw.count("throttles").await;
    let series = match kind {
        Kind::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) \
             INSERT INTO throttles (key, window_started_at, count) SELECT randomblob(32), 0, 1 FROM n"
        }
        Kind::Postgres => {
            "INSERT INTO throttles (key, window_started_at, count) \
             SELECT decode(md5(i::text) || md5(i::text), 'hex'), 0, 1 FROM generate_series(1, 2500) AS i"
        }
    };
    assert_eq!(world.raw.run(series).await, Ok(2500));
    world.run_sweep().await;
    assert_eq!(world.raw.count("throttles").await, before);
}

#[rstest]
#[tokio::test]
async fn n4_the_networks_of_one_ipv6_48_share_a_limit(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let admitted = async |address: String, account: String| {
        let stranger = Guesser::Stranger(Some(address.parse().expect("an address")));
        let admission = world.program.throttles.admit_password(stranger, &account).await;
        usize::from(matches!(admission, Ok(Admission::Admitted(_))))
    };
    let mut all = 0;
    for number in 0..300 {
        // A new /64 each time, and a new /56 every eight times.
        all += admitted(format!("2001:db8:1:{:x}::1", number * 0x20), format!("user{number}")).await;
    }
    assert_eq!(all, 200);
    assert_eq!(admitted("2001:db8:2::1".to_owned(), "ada".to_owned()).await, 1, "another /48 is admitted");
}

#[rstest]
#[tokio::test]
async fn n4_right_passwords_are_counted_as_well(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut statuses = Vec::new();
    for number in 0..31_u8 {
        let mut browser = world.browser();
        browser.address = IpAddr::from([192, 0, 2, number % 4]);
        statuses.push(try_password(&mut browser, ADA, PASSWORD).await.status.as_u16());
    }
    assert!(statuses[..30].iter().all(|status| *status == 303), "{statuses:?}");
    assert_eq!(statuses[30], 429);
    world.clock.advance(Duration::minutes(5));
    try_password(&mut world.browser(), ADA, PASSWORD).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn n5_guesses_from_many_addresses_reach_a_limit_and_the_owners_browser_logs_in(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    for email in [ADA, "mallory@contoso.test"] {
        assert_eq!(attack(&world, email).await, 50, "another number of guesses was admitted for {email}");
        try_password(&mut world.browser(), email, PASSWORD).await.assert_status(429);
    }
    let mut own = same_device(&world, &ada);
    try_password(&mut own, ADA, PASSWORD).await.assert_status(303);
    own.get("/connectors").await.assert_status(200);
    // The cookie is valid for this user alone.
    let mut own = same_device(&world, &own);
    attack(&world, "vera@contoso.test").await;
    try_password(&mut own, "vera@contoso.test", PASSWORD).await.assert_status(429);
}

#[rstest]
#[tokio::test]
async fn n5_an_owner_under_attack_logs_in_by_a_link_for_a_new_password(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let id = world.add_user("Contoso", "vera@contoso.test", Role::Viewer).await;
    attack(&world, "vera@contoso.test").await;
    let made = ada.post(&format!("/settings/people/{id}"), &[("change", "new-password")]).await;
    let text = made.assert_status(200).text();
    let (_, rest) = text.split_once("localhost:3000/invitations/").expect("a link");
    let token: String = rest.chars().take(43).collect();
    let mut vera = world.browser();
    let fields = [("password", "another horse battery staple")];
    let answer = vera.post(&format!("/invitations/{token}"), &fields).await;
    assert_eq!(answer.assert_status(303).location(), "/connectors");
    assert!(vera.cookies.contains_key(DEVICE), "the browser got no device cookie");
}

#[rstest]
#[tokio::test]
async fn n5_a_device_cookie_replaces_no_password_and_ten_failures_void_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let ada = world.set_up().await;
    let cookie = ada.cookies.get(DEVICE).expect("a device cookie").clone();
    let dump = world.raw.dump(&[]).await.join("\n");
    assert!(!dump.contains(&cookie), "the device cookie is stored in clear");
    let mut own = same_device(&world, &ada);
    assert_eq!(own.get("/connectors").await.status, 303, "a device cookie alone logs in");
    attack(&world, ADA).await;
    for _ in 0..10 {
        try_password(&mut own, ADA, WRONG).await.assert_status(401);
    }
    try_password(&mut own, ADA, PASSWORD).await.assert_status(429);
    assert_eq!(world.raw.count("device_cookies").await, 0);
}

#[rstest]
#[tokio::test]
async fn n5_each_log_in_renews_the_device_cookie_and_a_user_has_ten_at_most(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    for _ in 0..12 {
        world.log_in(ADA).await;
        world.clock.advance(Duration::minutes(1));
    }
    assert_eq!(world.raw.count("device_cookies").await, 10);
    let mut ada = world.log_in(ADA).await;
    let before = ada.cookies[DEVICE].clone();
    try_password(&mut ada, ADA, PASSWORD).await.assert_status(303);
    let mut again = same_device(&world, &ada);
    try_password(&mut again, ADA, PASSWORD).await.assert_status(303);
    assert_ne!(again.cookies[DEVICE], before);
    // It is valid for 180 days and no longer.
    world.clock.advance(Duration::days(180));
    attack(&world, ADA).await;
    try_password(&mut again, ADA, PASSWORD).await.assert_status(429);
}

#[rstest]
#[tokio::test]
async fn n5_only_a_complete_log_in_gives_a_device_cookie(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    let (app, _) = set_up(&world, &mut world.set_up().await).await;
    world.clock.advance(Duration::minutes(1));
    let mut browser = world.browser();
    try_password(&mut browser, ADA, PASSWORD).await.assert_status(303);
    assert!(!browser.cookies.contains_key(DEVICE));
    browser.post("/login/code", &[("code", &code(&world, &app, 0))]).await.assert_status(303);
    assert!(browser.cookies.contains_key(DEVICE));
}

#[rstest]
#[tokio::test]
async fn n5_a_device_cookie_ends_with_the_sessions_of_its_user_and_the_asking_browser_gets_a_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let elsewhere = world.log_in(ADA).await;
    let mut stolen = same_device(&world, &ada);
    let new = "another horse battery staple";
    ada.post("/profile", &[("current", PASSWORD), ("new", new)]).await.assert_status(303);
    assert_eq!(world.raw.count("device_cookies").await, 1);
    attack(&world, ADA).await;
    for device in [&mut stolen, &mut same_device(&world, &elsewhere)] {
        try_password(device, ADA, new).await.assert_status(429);
    }
    try_password(&mut same_device(&world, &ada), ADA, new).await.assert_status(303);
    world.program.end_sessions().await.expect("ended");
    assert_eq!(world.raw.count("device_cookies").await, 0);
}

#[rstest]
#[tokio::test]
async fn n6_every_refused_log_in_causes_the_same_writes(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut written = Vec::new();
    for email in [ADA, "bob@contoso.test", "mallory@contoso.test", "not an e-mail"] {
        let world = World::new(kind).await;
        world.set_up().await;
        world.add_user("Contoso", "bob@contoso.test", Role::Viewer).await;
        world
            .raw
            .run("UPDATE users SET disabled_at = 1 WHERE email = 'bob@contoso.test'")
            .await
            .expect("disabled");
        let rows = async || {
            let (throttles, activity) =
                (world.raw.count("throttles").await, world.raw.count("activity").await);
            (throttles, activity)
        };
        let before = rows().await;
        try_password(&mut world.browser(), email, WRONG).await.assert_status(401);
        let answered = rows().await;
        assert_eq!(answered.1, before.1, "{email}: nothing is recorded beside the answer");
        world.flush().await;
        let after = rows().await;
        written.push((email, answered.0 - before.0, after.0 - answered.0, after.1 - answered.1));
    }
    for (email, throttles, later, activity) in &written {
        assert_eq!((*throttles, *later, *activity), (3, 0, 1), "{email}");
    }
}

#[rstest]
#[tokio::test]
async fn n7_a_clock_that_was_ahead_locks_no_user_out(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    world.clock.advance(Duration::days(30));
    let mut browser = world.browser();
    for _ in 0..10 {
        try_password(&mut browser, ADA, WRONG).await.assert_status(401);
    }
    try_password(&mut browser, ADA, PASSWORD).await.assert_status(429);
    world.clock.advance(Duration::days(-30));
    try_password(&mut browser, ADA, PASSWORD).await.assert_status(303);
    // Its cookie was set now; a cookie of the wrong time counts as missing.
    world.raw.run("UPDATE device_cookies SET created_at = created_at + 86400000000").await.expect("moved");
    attack(&world, ADA).await;
    try_password(&mut same_device(&world, &browser), ADA, PASSWORD).await.assert_status(429);
    // The sweep erases windows of the future like those of the past.
    world
        .raw
        .run("UPDATE throttles SET window_started_at = window_started_at + 86400000000")
        .await
        .expect("moved");
    world.run_sweep().await;
    assert_eq!(world.raw.count("throttles").await, 0);
}

#[rstest]
#[tokio::test]
async fn n10_typed_texts_cannot_be_guessed_from_stored_values(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let keys = async |process: &World| {
        world.raw.run("DELETE FROM throttles").await.expect("deleted");
        try_password(&mut process.browser(), "a password by mistake", WRONG).await.assert_status(401);
        let mut keys = world.raw.column::<Vec<u8>>("SELECT key FROM throttles").await;
        keys.sort();
        keys
    };
    let one = keys(&world).await;
    assert_eq!(one.len(), 3);
    assert_eq!(one, keys(&world).await, "the same key of the vault gives another hash");
    crate::support::write_keys(&world.folder().join("encryption.key"), &[("newer", 8), ("test", 7)]);
    let other = keys(&world.another_process(&[]).await).await;
    assert_ne!(one, other, "another key of the vault gives the same hash");
    let unsalted = ["log-in\x00192.0.2.7\x00a password by mistake", "a password by mistake"]
        .map(|text| mail360::platform::randomness::Hash::of(text.as_bytes()).to_vec());
    assert!(unsalted.iter().all(|hash| !one.contains(hash)));
}

#[rstest]
#[tokio::test]
async fn n17_an_attacker_with_the_password_cannot_lock_codes_out_of_a_known_browser(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let mut ada = world.set_up().await;
    let (app, recovery) = set_up(&world, &mut ada).await;
    world.clock.advance(Duration::minutes(1));
    for number in 100..108_u8 {
        let mut thief = world.browser();
        thief.address = IpAddr::from([192, 0, 2, number]);
        try_password(&mut thief, ADA, PASSWORD).await.assert_status(303);
        thief.post("/login/code", &[("code", "000000")]).await.assert_status(401);
    }
    let mut stranger = world.browser();
    try_password(&mut stranger, ADA, PASSWORD).await.assert_status(303);
    stranger.post("/login/code", &[("code", &code(&world, &app, 0))]).await.assert_status(429);
    stranger.post("/login/code", &[("code", &recovery[0])]).await.assert_status(303);
    let mut own = same_device(&world, &ada);
    try_password(&mut own, ADA, PASSWORD).await.assert_status(303);
    own.post("/login/code", &[("code", &code(&world, &app, 0))]).await.assert_status(303);
    // Nor on the page that asks for the password again.
    world.clock.advance(Duration::minutes(11));
    let fresh = code(&world, &app, 0);
    let fields =
        [("confirm_password", PASSWORD), ("confirm_code", fresh.as_str()), ("confirm_next", "/profile")];
    assert_eq!(own.post("/re-authenticate", &fields).await.assert_status(303).location(), "/profile");
}
