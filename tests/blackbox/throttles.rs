//! Limits on password tries.

use rstest::rstest;
use time::Duration;

use crate::support::{Answer, Browser, Kind, PASSWORD, World};

const WRONG: &str = "certainly not this one";

async fn try_password(browser: &mut Browser, email: &str, password: &str) -> Answer {
    browser.cookies.clear();
    browser.post("/login", &[("email", email), ("password", password)]).await
}

#[rstest]
#[tokio::test]
async fn l2_after_ten_wrong_passwords_one_address_must_wait_and_another_need_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let ada = "ada@contoso.test";
    let mut guesser = world.browser();
    for _ in 0..10 {
        try_password(&mut guesser, ada, WRONG).await.assert_status(401);
    }
    // In any spelling of the e-mail, with a right or a wrong password.
    for (email, password) in [(ada, WRONG), (" ADA@Contoso.test", WRONG), (ada, PASSWORD)] {
        let answer = try_password(&mut guesser, email, password).await;
        answer.assert_status(429).assert_says("Try again in 5 minutes");
        assert_eq!(answer.header("retry-after"), "300");
        assert!(answer.cookies().is_empty());
    }
    // This does not lock out the owner at another address.
    let mut owner = world.browser();
    owner.address = "198.51.100.1".parse().expect("an address");
    try_password(&mut owner, ada, PASSWORD).await.assert_status(303);
    // Nor other users at the same address.
    try_password(&mut guesser, "vera@contoso.test", WRONG).await.assert_status(401);

    world.clock.advance(Duration::minutes(4));
    assert_eq!(try_password(&mut guesser, ada, PASSWORD).await.header("retry-after"), "60");
    world.clock.advance(Duration::minutes(1));
    try_password(&mut guesser, ada, PASSWORD).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn l2_a_right_password_resets_its_own_count_and_no_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut browser = world.browser();
    for _ in 0..15 {
        try_password(&mut browser, "ada@contoso.test", PASSWORD).await.assert_status(303);
    }
    for _ in 0..9 {
        try_password(&mut browser, "ada@contoso.test", WRONG).await.assert_status(401);
    }
    try_password(&mut browser, "ada@contoso.test", PASSWORD).await.assert_status(303);
    try_password(&mut browser, "ada@contoso.test", WRONG).await.assert_status(401);
    try_password(&mut browser, "ada@contoso.test", WRONG).await.assert_status(429);
}

#[rstest]
#[tokio::test]
async fn l2_a_caller_who_tries_many_e_mails_from_one_address_must_wait_after_fifty(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut sprayer = world.browser();
    for at in 0..50 {
        // All addresses of an IPv6 network count as one.
        sprayer.address = format!("2001:db8:1:2::{at}").parse().expect("an address");
        try_password(&mut sprayer, &format!("user{at}@contoso.test"), WRONG).await.assert_status(401);
    }
    try_password(&mut sprayer, "ada@contoso.test", PASSWORD).await.assert_status(429);
    sprayer.address = "2001:db8:1:3::1".parse().expect("an address");
    try_password(&mut sprayer, "ada@contoso.test", PASSWORD).await.assert_status(303);
}

#[rstest]
#[tokio::test]
async fn l2_a_forwarded_address_counts_only_from_a_trusted_proxy(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    for (flags, status) in [(&[][..], 429), (&["--trusted-proxies", "192.0.2.0/24"][..], 401)] {
        let world = World::with(kind, flags).await;
        world.set_up().await;
        let mut browser = world.browser();
        let mut last = 0;
        for at in 0..11 {
            browser.forwarded_for = Some(format!("203.0.113.{at}"));
            last = try_password(&mut browser, "ada@contoso.test", WRONG).await.status.as_u16();
        }
        assert_eq!(last, status, "{flags:?}");
    }
}

#[rstest]
#[tokio::test]
async fn l2_a_second_process_shares_the_counts(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let one = World::new(kind).await;
    let two = one.another_process(&[]).await;
    one.set_up().await;
    for at in 0..10 {
        let mut browser = if at % 2 == 0 { one.browser() } else { two.browser() };
        try_password(&mut browser, "ada@contoso.test", WRONG).await.assert_status(401);
    }
    for world in [&one, &two] {
        try_password(&mut world.browser(), "ada@contoso.test", PASSWORD).await.assert_status(429);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn l2_of_twenty_tries_at_once_ten_are_made(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let world = World::new(kind).await;
    world.set_up().await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut browser = world.browser();
        tries.spawn(
            async move { try_password(&mut browser, "ada@contoso.test", WRONG).await.status.as_u16() },
        );
    }
    let statuses = tries.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 10, "{statuses:?}");
}

#[rstest]
#[tokio::test]
async fn expired_counts_are_erased_and_no_e_mail_can_be_read_from_the_others(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    let _ = world.set_up_path().await;
    try_password(&mut world.browser(), "mallory@contoso.test", WRONG).await.assert_status(401);
    assert_eq!(world.raw.count("throttles").await, 3, "address, account with address, account");
    assert!(!world.raw.dump(&[]).await.join("\n").contains("mallory"));
    world.clock.advance(Duration::minutes(5));
    world.run_sweep().await;
    assert_eq!(world.raw.count("throttles").await, 0);
}

#[tokio::test]
async fn the_sweep_does_not_wait_for_a_request_that_counts_at_that_moment() {
    let world = World::new(Kind::Postgres).await;
    let _ = world.set_up_path().await;
    try_password(&mut world.browser(), "mallory@contoso.test", WRONG).await.assert_status(401);
    world.clock.advance(Duration::minutes(6));
    world.raw.run("BEGIN").await.expect("begun");
    let held = "UPDATE throttles SET count = count + 1 WHERE key = (SELECT key FROM throttles LIMIT 1)";
    assert_eq!(world.raw.run(held).await, Ok(1));
    world.run_sweep().await;
    world.raw.run("COMMIT").await.expect("committed");
    assert_eq!(world.raw.count("throttles").await, 1, "the others are erased");
}

#[rstest]
#[tokio::test]
async fn n20_guesses_from_many_addresses_are_one_entry_with_a_count(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let world = World::new(kind).await;
    world.set_up().await;
    for number in 1..=30 {
        let mut browser = world.browser();
        browser.address = format!("198.51.100.{number}").parse().expect("an address");
        let fields = [("email", "ada@contoso.test"), ("password", "certainly not this one")];
        browser.post("/login", &fields).await.assert_status(401);
    }
    world.flush().await;
    world.flush().await;
    let count = "SELECT count FROM activity WHERE action = 'user.log_in_refused'";
    assert_eq!(world.raw.column::<i64>(count).await, [30]);
}
