use std::collections::HashSet;

use proptest::{collection::vec, prelude::*};

use super::*;

fn places(max_places: usize) -> Arc<Places> {
    let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
    Arc::new(Places::new(max_places, trusted))
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A connection from this address that waits for a request.
async fn take(places: &Arc<Places>, from: &str) -> ConnectionPlace {
    let place = places.take_place(address(from)).await.expect("a place");
    place.reporter().report(ConnectionState::Waiting);
    place
}

/// Whether a connection from this address gets a place at once.
fn is_room(places: &Arc<Places>, from: &str) -> bool {
    matches!(places.try_take_place(Some(own_network(address(from)))), ConnectionPlaceResult::Taken(_))
}

#[tokio::test]
async fn n2_the_connection_that_has_waited_longest_for_a_request_is_evicted() {
    let places = places(3);
    let first = take(&places, "192.0.2.1").await;
    let second = take(&places, "192.0.2.2").await;
    let third = take(&places, "192.0.2.3").await;
    // The first is being answered. The second has been answered since, and waits again, after the third.
    first.reporter().report(ConnectionState::Answering);
    second.reporter().report(ConnectionState::Answering);
    second.reporter().report(ConnectionState::Waiting);
    assert!(!is_room(&places, "192.0.2.4"));
    assert!(third.evicted.is_cancelled() && !second.evicted.is_cancelled());
    // It is asked once, and its place is free only after it has closed.
    assert!(!is_room(&places, "192.0.2.4") && !second.evicted.is_cancelled());
    drop(third);
    let fourth = take(&places, "192.0.2.4").await;
    fourth.reporter().report(ConnectionState::Answering);
    second.reporter().report(ConnectionState::Answering);
    assert!(!is_room(&places, "192.0.2.5"));
    assert!([&first, &second, &fourth].iter().all(|place| !place.evicted.is_cancelled()));
}

#[tokio::test]
async fn n2_a_connection_that_has_not_been_read_from_yet_is_not_evicted() {
    let places = places(1);
    let only = places.take_place(address("192.0.2.1")).await.expect("a place");
    assert!(!is_room(&places, "192.0.2.2") && !only.evicted.is_cancelled());
    only.reporter().report(ConnectionState::Waiting);
    assert!(!is_room(&places, "192.0.2.2") && only.evicted.is_cancelled());
}

#[tokio::test]
async fn n2_no_request_begins_on_a_connection_that_has_given_way() {
    let places = places(1);
    let only = take(&places, "192.0.2.1").await;
    assert!(!is_room(&places, "192.0.2.2"));
    assert!(!only.reporter().report(ConnectionState::Answering));
}

#[tokio::test]
async fn n2_a_stalled_response_is_evicted_only_if_no_other_connection_can() {
    let places = places(2);
    let stalled = take(&places, "192.0.2.1").await;
    let other = take(&places, "192.0.2.2").await;
    stalled.reporter().report(ConnectionState::Answering);
    stalled.reporter().report(ConnectionState::Stalled);
    // As if it had stalled for a while.
    places.lock().held.get_mut(&stalled.id).expect("held").since -= STALLED;
    assert!(!is_room(&places, "192.0.2.3"));
    assert!(other.evicted.is_cancelled() && !stalled.evicted.is_cancelled());
    drop(other);
    let third = take(&places, "192.0.2.3").await;
    third.reporter().report(ConnectionState::Answering);
    assert!(!is_room(&places, "192.0.2.4") && stalled.evicted.is_cancelled());
}

#[tokio::test]
async fn n2_one_network_cannot_take_all_places() {
    for (max_places, of_one) in [(4_096, 1_024), (300, 75), (200, 64), (128, 64), (32, 32)] {
        // An IPv6 client has a whole /64; an IPv4 client one address, in any spelling.
        for [one, same, other] in [
            ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"],
            ["2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1"],
        ] {
            let places = places(max_places);
            let mut held = Vec::new();
            for _ in 0..of_one {
                held.push(take(&places, one).await);
            }
            assert_eq!(is_room(&places, other), of_one < max_places, "{max_places} {one}");
            // Its own connection that has waited longest is evicted, and no other.
            assert!(!is_room(&places, &address(same).to_canonical().to_string()), "{max_places} {one}");
            assert_eq!(held.iter().filter(|place| place.evicted.is_cancelled()).count(), 1);
            assert!(held[0].evicted.is_cancelled());
        }
    }
}

#[tokio::test]
async fn n2_a_network_whose_connections_are_all_being_answered_is_refused_more() {
    let places = places(256);
    let mut held = Vec::new();
    for _ in 0..64 {
        let place = take(&places, "192.0.2.1").await;
        place.reporter().report(ConnectionState::Answering);
        held.push(place);
    }
    assert!(places.take_place(address("192.0.2.1")).await.is_none());
    drop(take(&places, "192.0.2.2").await);
    held.pop();
    drop(take(&places, "192.0.2.1").await);
}

#[tokio::test]
async fn n2_a_trusted_proxy_may_take_all_places() {
    let places = places(256);
    let mut held = Vec::new();
    for _ in 0..256 {
        held.push(take(&places, "::ffff:10.1.2.3").await);
    }
    assert!(held.iter().all(|place| !place.evicted.is_cancelled()));
}

#[tokio::test]
async fn n2_the_time_limit_for_a_head_is_shortened_as_places_become_few() {
    let places = places(100);
    let whole = Duration::from_secs(30);
    let shortened = |taken| places.shorten_time_limit(whole, taken).unwrap_or(whole);
    let limits: Vec<_> = (0..=100).map(shortened).collect();
    assert!(limits.is_sorted_by(|more, less| more >= less), "{limits:?}");
    let seconds = |taken: usize| limits[taken].as_secs();
    assert_eq!([0, 50, 75, 100].map(seconds), [30, 30, 15, 3]);

    let mut held = Vec::new();
    for host in 0..80_u8 {
        held.push(take(&places, &format!("192.0.2.{host}")).await);
    }
    held[0].reporter().report(ConnectionState::Answering);
    tokio::time::sleep(Duration::from_millis(60)).await;
    places.close_overdue(Duration::from_millis(200));
    // With 80 of 100 places taken, the time limit is 80 ms.
    assert!(!held.iter().any(|place| place.evicted.is_cancelled()), "a connection was closed after 60 ms");
    tokio::time::sleep(Duration::from_millis(60)).await;
    places.close_overdue(Duration::from_millis(200));
    assert!(held[1..].iter().all(|place| place.evicted.is_cancelled()));
    assert!(!held[0].evicted.is_cancelled(), "a request that is being answered has no time limit");
}

#[derive(Clone, Debug)]
enum Step {
    Take(u8),
    Report(usize, ConnectionState),
    Close(usize),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    let state = prop_oneof![
        Just(ConnectionState::Waiting),
        Just(ConnectionState::Answering),
        Just(ConnectionState::Stalled)
    ];
    prop_oneof![
        4 => (0..6_u8).prop_map(Step::Take),
        3 => (any::<usize>(), state).prop_map(|(which, state)| Step::Report(which, state)),
        1 => any::<usize>().prop_map(Step::Close),
        1 => Just(Step::Sweep),
    ]
}

proptest! {
    #[test]
    fn n2_in_any_order_of_events_the_limits_hold_and_no_response_is_cut_off(steps in vec(step(), 1..400)) {
        const PLACES: usize = 80;
        let places = places(PLACES);
        // The state of each connection, and which connections were asked to close.
        let mut held: Vec<(ConnectionPlace, Option<IpAddr>, ConnectionState)> = Vec::new();
        let mut asked = HashSet::new();
        for step in steps {
            match step {
                Step::Take(host) => {
                    // The first one is a trusted proxy.
                    let network = (host > 0).then(|| IpAddr::from([192, 0, 2, host]));
                    // Twice, because a connection that was asked to close closes in between.
                    for _ in 0..2 {
                        match places.try_take_place(network) {
                            ConnectionPlaceResult::Taken(place) => {
                                place.reporter().report(ConnectionState::Waiting);
                                held.push((place, network, ConnectionState::Waiting));
                                break;
                            }
                            ConnectionPlaceResult::Refused => {
                                let of_network = held.iter().filter(|(_, of, _)| *of == network);
                                prop_assert!(of_network.clone().count() >= 64);
                                let waits = |state: ConnectionState| state == ConnectionState::Waiting;
                                prop_assert!(!of_network.clone().any(|(_, _, state)| waits(*state)));
                                break;
                            }
                            ConnectionPlaceResult::Full => {
                                let waits = held.iter().any(|(place, _, state)| {
                                    *state == ConnectionState::Waiting && !asked.contains(&place.id)
                                });
                                held.retain(|(place, _, _)| !place.evicted.is_cancelled());
                                prop_assert!(!waits || held.len() < PLACES || places.lock().leaving > 0);
                            }
                        }
                    }
                }
                Step::Report(which, state) if !held.is_empty() => {
                    let which = which % held.len();
                    let (place, _, was) = &mut held[which];
                    let stays = place.reporter().report(state);
                    prop_assert_eq!(stays, !place.evicted.is_cancelled());
                    if stays {
                        *was = state;
                    }
                }
                Step::Close(which) if !held.is_empty() => {
                    held.swap_remove(which % held.len());
                }
                Step::Sweep => places.close_overdue(Duration::ZERO),
                _ => {}
            }
            for (place, _, state) in &held {
                if place.evicted.is_cancelled() && asked.insert(place.id) {
                    prop_assert_eq!(*state, ConnectionState::Waiting);
                }
            }
            let state = places.lock();
            prop_assert_eq!(state.held.len(), held.len());
            prop_assert!(held.len() <= PLACES);
            let of = |network| held.iter().filter(|(_, of, _)| *of == Some(network)).count();
            for (&network, counts) in &state.networks {
                prop_assert!(counts.held == of(network) && counts.held <= 64);
            }
            prop_assert_eq!(state.leaving, held.iter().filter(|(place, ..)| place.evicted.is_cancelled()).count());
            let waits = |(place, _, state): &&(ConnectionPlace, Option<IpAddr>, ConnectionState)| {
                *state == ConnectionState::Waiting && !place.evicted.is_cancelled()
            };
            prop_assert_eq!(state.waiting.len(), held.iter().filter(waits).count());
        }
        drop(held);
        let state = places.lock();
        prop_assert!(state.held.is_empty() && state.waiting.is_empty() && state.stalled.is_empty());
        prop_assert!(state.networks.is_empty() && state.leaving == 0);
    }
}
