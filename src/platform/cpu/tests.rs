use std::{
    collections::BTreeSet,
    net::Ipv6Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use proptest::prelude::*;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{
    queue::{PLACES, Queue},
    *,
};

fn at(address: &str) -> Asker {
    Asker { network: Some(address.parse().expect("an address")), known: false }
}

/// The `number`th /64 of `2001:db8:bad::/48`.
fn of_the_attackers(number: u16) -> Asker {
    let address = Ipv6Addr::new(0x2001, 0xdb8, 0xbad, number, 0, 0, 0, 1);
    Asker { network: Some(address.into()), known: false }
}

fn order(mut queue: Queue<&'static str>) -> Vec<&'static str> {
    std::iter::from_fn(|| queue.next()).collect()
}

#[test]
fn n4_turns_rotate_between_networks_and_within_a_network_between_its_parts() {
    let mut queue = Queue::default();
    for (address, ticket) in [
        ("2001:db8:1:1::1", "wide 1"),
        ("2001:db8:1:1::2", "wide 1 again"),
        ("2001:db8:1:2::1", "wide 2"),
        ("192.0.2.1", "small"),
        ("192.0.2.1", "small again"),
        ("198.51.100.1", "other"),
    ] {
        assert!(queue.join(at(address), 1, ticket).is_ok());
    }
    assert_eq!(order(queue), ["wide 1", "small", "other", "wide 2", "small again", "wide 1 again"]);
}

#[test]
fn n4_heavy_work_takes_as_many_turns_as_it_weighs() {
    let mut queue = Queue::default();
    for (address, weight, ticket) in [
        ("192.0.2.1", 2, "heavy"),
        ("192.0.2.1", 2, "heavy again"),
        ("198.51.100.1", 1, "light 1"),
        ("198.51.100.1", 1, "light 2"),
        ("198.51.100.1", 1, "light 3"),
    ] {
        assert!(queue.join(at(address), weight, ticket).is_ok());
    }
    assert_eq!(order(queue), ["heavy", "light 1", "light 2", "heavy again", "light 3"]);
}

#[test]
fn n4_in_a_full_queue_the_last_of_the_largest_network_is_evicted() {
    let mut queue = Queue::default();
    for number in 0..PLACES {
        let number = u16::try_from(number).expect("a number");
        assert!(queue.join(of_the_attackers(number), 1, number).is_ok());
    }
    // Another address of the attacker's network is turned away.
    assert_eq!(queue.join(of_the_attackers(99), 1, 99), Err(99));
    let Ok((_, gave_way)) = queue.join(at("198.51.100.1"), 1, 1_000) else { panic!("turned away") };
    assert!(gave_way.is_some_and(|number| number < 99), "{gave_way:?}");
    assert_eq!(queue.len(), PLACES);
    // It waits for one turn at most.
    let first = [queue.next(), queue.next()];
    assert!(first.contains(&Some(1_000)), "{first:?}");
}

#[test]
fn n4_no_request_is_evicted_by_an_equal_newcomer() {
    let mut queue = Queue::default();
    for number in 0..PLACES {
        assert!(queue.join(at(&format!("10.0.{number}.1")), 1, "there").is_ok());
    }
    assert_eq!(queue.join(at("198.51.100.1"), 1, "new"), Err("new"));
}

#[test]
fn n4_browsers_that_have_logged_in_before_have_places_and_turns_of_their_own() {
    let mut queue = Queue::default();
    // As many networks as there are places, so that none of them could be evicted.
    for number in 0..PLACES {
        assert!(queue.join(at(&format!("10.0.{number}.1")), 1, "unknown").is_ok());
    }
    let known = Asker { known: true, ..at("198.51.100.1") };
    assert!(matches!(queue.join(known, 1, "known"), Ok((_, None))));
    let first = [queue.next(), queue.next()];
    assert!(first.contains(&Some("known")), "{first:?}");
}

#[test]
fn n4_a_network_that_leaves_and_comes_back_does_not_come_sooner() {
    let mut queue = Queue::default();
    assert!(queue.join(at("192.0.2.1"), 1, "patient").is_ok());
    assert!(queue.join(at("192.0.2.1"), 1, "patient").is_ok());
    let (mut served, mut waits) = (Vec::new(), false);
    for _ in 0..3 {
        if !waits {
            assert!(queue.join(at("198.51.100.1"), 1, "again and again").is_ok());
        }
        let next = queue.next().expect("a request waits");
        waits = next == "patient";
        served.push(next);
    }
    assert_eq!(served, ["patient", "again and again", "patient"]);
}

/// An attacker sends from 500 /64s of one /48, more than fits into the queue, while the pool takes requests
/// out. The owner comes now and then.
#[test]
fn n4_an_owner_elsewhere_is_served_within_two_turns_while_one_48_floods_the_queue() {
    for seed in 0..50 {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let mut queue = Queue::default();
        let mut waits_since = None;
        let mut served = 0;
        for turn in 0..2_000_u32 {
            for _ in 0..random.next_u32() % 40 {
                let number = u16::try_from(random.next_u32() % 500).expect("a number");
                let weight = 1 + random.next_u32() % 2;
                if let Ok((_, gave_way)) = queue.join(of_the_attackers(number), weight, "attacker") {
                    assert_ne!(gave_way, Some("owner"), "seed {seed}, turn {turn}");
                }
            }
            if waits_since.is_none() && random.next_u32() % 7 == 0 {
                let Ok((_, gave_way)) = queue.join(at("198.51.100.1"), 1, "owner") else {
                    panic!("the owner was turned away: seed {seed}, turn {turn}")
                };
                assert_ne!(gave_way, Some("owner"));
                waits_since = Some(turn);
            }
            assert!(queue.len() <= PLACES);
            if queue.next() == Some("owner") {
                waits_since = None;
                served += 1;
            }
            if let Some(since) = waits_since {
                assert!(turn - since < 2, "the owner waits for the third turn: seed {seed}, turn {turn}");
            }
        }
        assert!(served > 100, "seed {seed}: {served}");
    }
}

proptest! {
    /// Each ticket comes out once, or was told that it is evicted, or left. The counts stay right.
    #[test]
    fn n4_nothing_is_lost_in_the_queue_or_comes_out_twice(
        steps in prop::collection::vec((0..4_u8, any::<u8>(), any::<bool>(), 1..4_u32), 0..300),
    ) {
        let mut queue = Queue::default();
        let (mut inside, mut number) = (BTreeSet::new(), 0_u64);
        let mut ids = std::collections::BTreeMap::new();
        for (step, address, known, weight) in steps {
            match step {
                0 | 1 => {
                    number += 1;
                    let address = Ipv6Addr::new(0x2001, 0xdb8, u16::from(address % 3), u16::from(address), 0, 0, 0, 1);
                    let asker = Asker { network: Some(address.into()), known };
                    if let Ok((id, gave_way)) = queue.join(asker, weight, number) {
                        inside.insert(number);
                        ids.insert(id, number);
                        if let Some(gave_way) = gave_way {
                            prop_assert!(inside.remove(&gave_way));
                        }
                    }
                }
                2 => {
                    if let Some((id, ticket)) = ids.pop_last() {
                        prop_assert_eq!(queue.leave(id), inside.remove(&ticket).then_some(ticket));
                        prop_assert_eq!(queue.leave(id), None);
                    }
                }
                _ => match queue.next() {
                    Some(ticket) => prop_assert!(inside.remove(&ticket)),
                    None => prop_assert!(inside.is_empty()),
                },
            }
            prop_assert_eq!(queue.len(), inside.len());
            prop_assert!(queue.len() <= 2 * PLACES);
            prop_assert_eq!(queue.next_weight().is_some(), !inside.is_empty());
        }
        for _ in 0..inside.len() {
            prop_assert!(queue.next().is_some_and(|ticket| inside.remove(&ticket)));
        }
        prop_assert!(queue.next().is_none());
    }
}

/// Occupies a pool's only core until the sender is used.
async fn occupy(pool: &CpuPool) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), Failure>>) {
    let (go, gate) = mpsc::channel();
    let (begun, has_begun) = oneshot::channel();
    let running = pool.clone();
    let task = tokio::spawn(async move {
        let work = move |_: &Turn| {
            begun.send(()).expect("the test waits");
            gate.recv().expect("the test opens it");
        };
        running.run(at("192.0.2.1"), 1, work).await
    });
    has_begun.await.expect("it begins");
    (go, task)
}

async fn wait_for_queue_length(pool: &CpuPool, number: usize) {
    while pool.waiting() != number {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn n4_a_browser_that_disconnects_while_it_waits_leaves_the_queue() {
    let pool = CpuPool::of(1);
    let (go, occupied) = occupy(&pool).await;
    let ran = Arc::new(AtomicUsize::new(0));
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let (pool, ran) = (pool.clone(), ran.clone());
            tokio::spawn(async move {
                pool.run(at("198.51.100.1"), 1, move |_| ran.fetch_add(1, Ordering::SeqCst)).await
            })
        })
        .collect();
    wait_for_queue_length(&pool, 5).await;
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    wait_for_queue_length(&pool, 0).await;
    go.send(()).expect("it waits for this");
    occupied.await.expect("no panic").expect("it ran");
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    assert!(pool.run(at("198.51.100.1"), 1, |_| ()).await.is_ok(), "the pool still works");
}

#[tokio::test]
async fn l3_work_that_panics_gives_its_core_back() {
    let pool = CpuPool::of(1);
    let panicked = pool.run::<()>(at("192.0.2.1"), 1, |_| panic!("on purpose")).await;
    assert!(matches!(panicked, Err(Failure::Unexpected(_))));
    assert!(pool.run(at("192.0.2.1"), 1, |_| ()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_few_of_two_hundred_concurrent_requests_run_or_wait() {
    let pool = CpuPool::of(3);
    let (running, max_running) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..200 {
        // Every second request is heavy.
        let weight = 1 + number % 2;
        let (pool, running, max_running) = (pool.clone(), running.clone(), max_running.clone());
        tries.spawn(async move {
            let work = move |turn: &Turn| {
                max_running.fetch_max(
                    running.fetch_add(turn.cores(), Ordering::SeqCst) + turn.cores(),
                    Ordering::SeqCst,
                );
                std::thread::sleep(Duration::from_millis(20));
                running.fetch_sub(turn.cores(), Ordering::SeqCst);
            };
            pool.run(at("192.0.2.1"), weight, work).await
        });
    }
    let outcomes = tries.join_all().await;
    assert_eq!(max_running.load(Ordering::SeqCst), 3, "more cores than the pool has");
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(Failure::Busy(2)))).count();
    assert!(busy >= 200 - 2 * (3 + PLACES), "{busy} were turned away");
    assert!(busy < 200, "none was served");
}
