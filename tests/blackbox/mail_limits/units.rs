//! A provider that takes eight requests at a time, and counts their cost in units.

use mail360::providers::mailbox::Reserved;

use super::*;
use crate::support::World;

const UNITS: MailboxLimits = MailboxLimits { at_once: 8, window: Duration::from_mins(1), units: 6_000 };

#[tokio::test]
async fn a_provider_that_takes_eight_requests_at_a_time_gets_eight_over_three_processes() {
    let place = Place::migrated(Kind::Postgres).await;
    let http = Arc::new(Counting::default());
    let mut tasks = JoinSet::new();
    for process in three_processes(&place).await {
        for _ in 0..4 {
            let client = process.client_of(UNITS, &http);
            tasks.spawn(async move { client.send(request(false)).await.map(|answer| answer.status) });
        }
    }
    until(|| http.under_way.load(Ordering::SeqCst) == 8).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(http.most.load(Ordering::SeqCst), 8);
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    let slots = "SELECT slot FROM provider_slots ORDER BY slot";
    assert_eq!(raw.column::<i64>(slots).await, [1, 2, 3, 4, 5, 6, 7, 8]);
    tasks.shutdown().await;
}

/// Waits until the present hour lasts for some seconds still, so that a test is within one window.
async fn wait_for_window(raw: &Raw) {
    let left = "SELECT 3600 - extract(epoch FROM clock_timestamp())::bigint % 3600";
    while raw.one::<i64>(left).await < 10 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn processes_share_the_units_of_a_window_and_what_does_not_fit_takes_none() {
    const HOUR: MailboxLimits = MailboxLimits { window: Duration::from_hours(1), ..UNITS };
    let place = Place::migrated(Kind::Postgres).await;
    let http = Arc::new(Counting { time: Some(Duration::ZERO), ..Counting::default() });
    let raw = Raw::open(Kind::Postgres, &place.address()).await;
    wait_for_window(&raw).await;
    let clock = TestMonotonic::new();
    let first = Process::new(&place, 1, clock.clone()).await;
    first.client_of(HOUR, &http).send(request(false)).await.expect("an answer");
    let used = "SELECT used FROM provider_windows";
    assert_eq!(raw.one::<i64>(used).await, 300, "one block");
    let matters = "SELECT until / 3600000000 - number FROM provider_windows";
    assert_eq!(raw.one::<i64>(matters).await, 2, "until the end of the next window");
    raw.run("UPDATE provider_windows SET used = 3000").await.expect("changed");

    let second = Process::new(&place, 2, clock.clone()).await;
    let client = second.client_of(HOUR, &http);
    let Reserved::TooFew { left, .. } = client.reserve(5_000).await.expect("a count") else {
        panic!("only 3,000 are left");
    };
    assert_eq!((left, raw.one::<i64>(used).await), (3_000, 3_000));
    assert_eq!(client.reserve(2_000).await.expect("a count"), Reserved::All, "it is asked for at once");
    assert_eq!(raw.one::<i64>(used).await, 5_000);
    drop(client);
    // What was not used is the process's own.
    assert_eq!(second.client_of(HOUR, &http).reserve(2_000).await.expect("a count"), Reserved::All);
    assert_eq!(raw.one::<i64>(used).await, 5_000);
}

#[tokio::test]
async fn counts_that_no_longer_matter_are_erased_whatever_the_length_of_their_windows() {
    let world = World::new(Kind::Postgres).await;
    for (account, number, minutes) in [(GRACE, 29_000_000, -1), (ADA, 2_900_000, 1)] {
        let insert = format!(
            "INSERT INTO provider_windows (account_id, number, used, used_before, until) VALUES ('{account}', \
             {number}, 1, 1, (extract(epoch FROM clock_timestamp()) + {minutes} * 60)::bigint * 1000000)"
        );
        world.raw.run(&insert).await.expect("inserted");
    }
    world.run_sweep().await;
    let left: Vec<String> = world.raw.column("SELECT account_id::text FROM provider_windows").await;
    assert_eq!(left, [ADA.to_string()]);
}
