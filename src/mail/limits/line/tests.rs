use proptest::prelude::*;

use super::*;

/// A mailbox of which this process has these slots since `now`.
fn line(slots: SlotSet, now: Instant) -> Line<u64> {
    let mut line = Line::new(4);
    line.add(slots, now);
    line
}

/// Puts requests into the line, and returns the numbers of those that are served.
fn ask(line: &mut Line<u64>, requests: &[(u64, Need)]) -> Vec<(u64, Granted)> {
    for (number, need) in requests {
        line.wait(*number, *need, *number);
    }
    line.serve().into_iter().map(|served| (served.wake, served.grant)).collect()
}

fn numbers(served: &[(u64, Granted)]) -> Vec<u64> {
    served.iter().map(|(number, _)| *number).collect()
}

/// All slots of a mailbox that has four.
fn all_four() -> SlotSet {
    SlotSet::first_of(4)
}

fn set(slots: &[usize]) -> SlotSet {
    slots.iter().fold(SlotSet::default(), |set, slot| set.with(SlotSet::one(*slot)))
}

#[test]
fn four_requests_are_under_way_and_the_next_one_is_the_first_that_waits() {
    let now = Instant::now();
    let mut line = line(SlotSet::ALL, now);
    let requests: Vec<_> = (0..6).map(|number| (number, Need::Call)).collect();
    let served = ask(&mut line, &requests);
    assert_eq!((numbers(&served), line.waiting()), (vec![0, 1, 2, 3], 2));
    line.release(&served[2].1, now);
    assert_eq!(numbers(&ask(&mut line, &[])), [4]);
    assert!(line.leave(5) && !line.leave(5) && !line.leave(0));
    assert_eq!(line.waiting(), 0);
}

#[test]
fn two_streams_are_under_way_and_calls_pass_those_that_wait() {
    let now = Instant::now();
    let mut line = line(SlotSet::ALL, now);
    let streams: Vec<_> = (0..4).map(|number| (number, Need::Stream)).collect();
    let served = ask(&mut line, &streams);
    assert_eq!((numbers(&served), line.has_streams()), (vec![0, 1], true));
    assert!(served.iter().all(|(_, granted)| granted.slots.and(set(&[0, 1])).is_empty()));
    let calls = ask(&mut line, &[(4, Need::Call), (5, Need::Call), (6, Need::Call)]);
    assert_eq!(numbers(&calls), [4, 5]);
    // The slot of a stream goes to the stream that waits first, not to the call behind it.
    line.release(&served[0].1, now);
    assert_eq!(numbers(&ask(&mut line, &[])), [2]);
}

#[test]
fn a_mailbox_has_as_many_slots_as_its_provider_takes_and_the_last_two_are_for_streams() {
    let now = Instant::now();
    for (at_once, for_streams) in [(8, vec![6, 7]), (4, vec![2, 3]), (1, vec![0])] {
        let mut line: Line<u64> = Line::new(at_once);
        line.add(SlotSet::ALL, now);
        let all = SlotSet::first_of(at_once.into());
        assert_eq!((line.held(), line.wanted(SlotSet::ALL)), (all, SlotSet::default()));
        let streams = ask(&mut line, &[(0, Need::Stream), (1, Need::Stream), (2, Need::Stream)]);
        let slots: Vec<_> = streams.iter().flat_map(|(_, granted)| granted.slots.numbers()).collect();
        assert_eq!(slots, for_streams, "{at_once}");
        for (_, granted) in &streams {
            line.release(granted, now);
        }
        assert_eq!(ask(&mut line, &[]).len(), 1, "the next stream");
        let calls: Vec<_> = (3..13).map(|number| (number, Need::Call)).collect();
        assert_eq!(ask(&mut line, &calls).len(), usize::from(at_once) - 1);
    }
    let mut line: Line<u64> = Line::new(8);
    line.wait(0, Need::All, 0);
    for slot in 0..8 {
        assert_eq!(line.wanted(SlotSet::ALL), set(&[slot]), "one after the other");
        line.add(set(&[slot]), now);
    }
    assert_eq!(line.serve().len(), 1);
}

#[test]
fn a_request_that_becomes_a_stream_keeps_one_slot_for_streams() {
    let now = Instant::now();
    let mut line = line(SlotSet::ALL, now);
    let mut all = ask(&mut line, &[(0, Need::All)]);
    let granted = &mut all[0].1;
    assert!(line.keep_for_stream(granted, now) && line.has_streams());
    assert_eq!((granted.slots, granted.lost.len()), (set(&[2]), 1));
    let others = ask(&mut line, &[(1, Need::Stream), (2, Need::Stream), (3, Need::Call), (4, Need::Call)]);
    assert_eq!(numbers(&others), [1, 3, 4], "the other slots are free, and one of them is for streams");
    line.release(granted, now);
    assert_eq!(numbers(&ask(&mut line, &[])), [2]);

    let mut call = others[1].1.clone();
    assert!(!line.keep_for_stream(&mut call, now), "it has no slot for streams");
    assert_eq!(call.slots, others[1].1.slots);
}

#[test]
fn a_request_for_all_slots_lets_no_later_one_pass_unless_a_stream_is_under_way() {
    let now = Instant::now();
    let mut line = line(SlotSet::ALL, now);
    let call = ask(&mut line, &[(0, Need::Call)]);
    assert!(ask(&mut line, &[(1, Need::All), (2, Need::Call)]).is_empty());
    line.release(&call[0].1, now);
    let all = ask(&mut line, &[]);
    assert_eq!((numbers(&all), all[0].1.slots), (vec![1], all_four()));
    line.release(&all[0].1, now);
    assert_eq!(numbers(&ask(&mut line, &[])), [2]);

    let mut line = self::line(SlotSet::ALL, now);
    ask(&mut line, &[(0, Need::Stream)]);
    assert_eq!(numbers(&ask(&mut line, &[(1, Need::All), (2, Need::Call)])), [2]);
}

#[test]
fn an_unused_slot_is_given_back_after_a_second_and_a_used_one_while_another_process_waits() {
    let now = Instant::now();
    let mut line = line(set(&[0, 1]), now);
    let served = ask(&mut line, &[(0, Need::Call)]);
    assert_eq!(line.give_back(false, now + KEPT / 2), SlotSet::default());
    assert_eq!(line.give_back(false, now + KEPT), set(&[1]), "slot 0 is used");
    assert_eq!(line.give_back(true, now + KEPT), SlotSet::default());
    line.wait(1, Need::Call, 1);
    line.release(&served[0].1, now + KEPT);
    assert!(line.serve().is_empty(), "the slot is for the other process");
    assert_eq!(line.give_back(false, now + KEPT), set(&[0]));
    assert!(!line.is_empty() && line.held().is_empty());
    assert_eq!(line.wanted(set(&[0, 1])), SlotSet::default(), "the database is not told yet");
    line.end_giving_back(set(&[0]));
    assert_eq!(line.wanted(set(&[0, 1])), set(&[0]));
    assert!(line.leave(1) && !line.is_empty(), "slot 1 is still on its way back");
    line.end_giving_back(set(&[1]));
    assert!(line.is_empty());
}

#[test]
fn slots_are_asked_for_as_many_requests_wait() {
    let now = Instant::now();
    let mut line: Line<u64> = Line::new(4);
    assert!(!line.begin_asking() && line.is_empty());
    line.wait(0, Need::Stream, 0);
    line.wait(1, Need::Call, 1);
    assert_eq!(line.wanted(SlotSet::ALL), set(&[0, 2]));
    assert_eq!(line.wanted(set(&[3])), set(&[3]), "only the stream can be served, and it is the first");
    assert!(line.begin_asking() && !line.begin_asking() && !line.end_asking());
    line.add(set(&[0, 2]), now);
    assert_eq!(line.serve().len(), 2);
    assert!(line.end_asking());
}

#[test]
fn a_request_for_all_slots_takes_them_in_their_order_and_keeps_none_beyond_the_missing_one() {
    let now = Instant::now();
    let mut line = line(set(&[0, 2]), now);
    line.wait(0, Need::All, 0);
    line.wait(1, Need::Call, 1);
    assert_eq!(line.wanted(SlotSet::ALL), set(&[1]));
    assert_eq!(line.wanted(set(&[3])), SlotSet::default());
    assert_eq!(line.give_back(false, now), set(&[2]));
    line.end_giving_back(set(&[2]));
    for slot in [1, 2, 3] {
        assert_eq!(line.wanted(SlotSet::ALL), set(&[slot]));
        line.add(set(&[slot]), now);
    }
    assert_eq!(line.serve().len(), 1);
}

#[test]
fn a_lost_slot_ends_its_request_and_is_not_given_to_another() {
    let now = Instant::now();
    let mut line = line(SlotSet::ALL, now);
    let served = ask(&mut line, &[(0, Need::Call)]);
    assert_eq!(line.held_since(now), SlotSet::default());
    assert_eq!(line.held_since(now + KEPT), all_four());
    line.lose(SlotSet::ALL);
    assert!(served[0].1.lost[0].is_cancelled());
    line.add(set(&[0]), now + KEPT);
    // The request ends only now. Its slot is one of the new ones in the meantime.
    let again = ask(&mut line, &[(1, Need::Call)]);
    line.release(&served[0].1, now + KEPT);
    assert!(ask(&mut line, &[(2, Need::Call)]).is_empty());
    assert!(!again[0].1.lost[0].is_cancelled());
}

proptest! {
    #[test]
    fn never_are_more_slots_used_than_there_are(
        at_once in 1_u8..=8,
        steps in prop::collection::vec((0_u8..4, any::<prop::sample::Index>()), 0..60),
    ) {
        let now = Instant::now();
        let mut line = Line::new(at_once);
        line.add(SlotSet::ALL, now);
        let mut under_way: Vec<(Need, Granted)> = Vec::new();
        let mut needs = Vec::new();
        for (step, index) in steps {
            let need = match step {
                0 => Some(Need::Call),
                1 => Some(Need::Stream),
                2 => Some(Need::All),
                _ => None,
            };
            if let Some(need) = need {
                line.wait(needs.len() as u64, need, needs.len() as u64);
                needs.push(need);
            } else if !under_way.is_empty() {
                let (_, granted) = under_way.swap_remove(index.index(under_way.len()));
                line.release(&granted, now);
            }
            for served in line.serve() {
                let number = usize::try_from(served.wake).expect("a number");
                under_way.push((needs[number], served.grant));
            }
            let slots: usize = under_way.iter().map(|(_, granted)| granted.slots.numbers().count()).sum();
            let all = under_way.iter().fold(SlotSet::default(), |set, (_, granted)| set.with(granted.slots));
            prop_assert_eq!(all.numbers().count(), slots, "no slot is used twice");
            let streams = under_way.iter().filter(|(need, _)| *need == Need::Stream).count();
            prop_assert!(slots <= usize::from(at_once) && streams <= MAX_STREAMS);
            let has_all = under_way.iter().any(|(need, _)| *need == Need::All);
            prop_assert!(!has_all || under_way.len() == 1);
        }
        // All requests come to their end.
        while let Some((_, granted)) = under_way.pop() {
            line.release(&granted, now);
            under_way.extend(line.serve().into_iter().map(|served| (Need::Call, served.grant)));
        }
        prop_assert_eq!(line.waiting(), 0);
        prop_assert!(line.is_unused());
    }
}
