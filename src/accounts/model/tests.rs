use proptest::prelude::*;
use strum::VariantArray;

use super::{AccountEvent as Event, AccountState as State, *};

/// The transitions that the design names. A sign-in connects an account in any state, and an administrator disconnects it
/// in any state.
fn named(state: State, event: Event, failures: u32) -> Option<State> {
    let is_alive = !matches!(state, State::NeedsSignIn | State::Disconnected);
    let is_served = matches!(state, State::Connected | State::Retrying);
    let to = match event {
        Event::SignedIn => Some(State::Connected),
        Event::Disconnected => Some(State::Disconnected),
        Event::Refreshed => is_alive.then_some(State::Connected),
        Event::TriedAgain => (state != State::Disconnected).then_some(State::Connected),
        Event::GrantRefused | Event::ApplicationChanged | Event::Interrupted => {
            is_alive.then_some(State::NeedsSignIn)
        }
        Event::TransientFailure => (is_served && failures >= 3).then_some(State::Retrying),
        Event::CredentialsConfirmedBad => is_served.then_some(State::WaitingForConnector),
        Event::CompanyRefused => is_served.then_some(State::WaitingForCompany),
        Event::OtherRefusal => is_served.then_some(State::NeedsAttention),
    };
    to.filter(|to| *to != state)
}

#[test]
fn every_transition_that_the_design_names_happens_and_no_other() {
    for state in State::VARIANTS {
        for event in Event::VARIANTS {
            for failures in [0, 1, 2, 3, 4, u32::MAX] {
                let after = state.after(*event, failures);
                assert_eq!(after, named(*state, *event, failures), "{state:?} {event:?} {failures}");
            }
        }
    }
}

/// The transitions as the design lists them.
const LISTED: &[(State, &[State])] = &[
    (
        State::Connected,
        &[
            State::Retrying,
            State::WaitingForConnector,
            State::WaitingForCompany,
            State::NeedsAttention,
            State::NeedsSignIn,
            State::Disconnected,
        ],
    ),
    (
        State::Retrying,
        &[
            State::Connected,
            State::WaitingForConnector,
            State::WaitingForCompany,
            State::NeedsAttention,
            State::NeedsSignIn,
            State::Disconnected,
        ],
    ),
    (State::WaitingForConnector, &[State::Connected, State::NeedsSignIn, State::Disconnected]),
    (State::WaitingForCompany, &[State::Connected, State::NeedsSignIn, State::Disconnected]),
    (State::NeedsAttention, &[State::Connected, State::NeedsSignIn, State::Disconnected]),
    (State::NeedsSignIn, &[State::Connected, State::Disconnected]),
    (State::Disconnected, &[State::Connected]),
];

#[test]
fn the_transitions_are_those_of_the_list_in_the_design() {
    assert_eq!(LISTED.len(), State::VARIANTS.len());
    for (state, listed) in LISTED {
        let reached: std::collections::BTreeSet<State> = Event::VARIANTS
            .iter()
            .flat_map(|event| [1, 2, 3].map(|failures| state.after(*event, failures)))
            .flatten()
            .collect();
        assert_eq!(reached, listed.iter().copied().collect(), "{state:?}");
    }
}

#[test]
fn a_pause_is_no_state_and_one_or_two_failures_change_nothing() {
    assert!(State::from_name("paused").is_none());
    for state in State::VARIANTS {
        for failures in [1, 2] {
            assert_eq!(state.after(Event::TransientFailure, failures), None, "{state:?}");
        }
    }
}

#[test]
fn each_state_and_each_kind_of_entry_is_found_by_its_name() {
    for state in State::VARIANTS {
        assert_eq!(State::from_name(state.name()), Some(*state));
    }
    for kind in HistoryKind::VARIANTS {
        assert_eq!(HistoryKind::from_name(kind.name()), Some(*kind));
    }
    assert_eq!((State::from_name("Connected"), HistoryKind::from_name("")), (None, None));
    let names: Vec<_> = State::VARIANTS.iter().map(|state| state.name()).collect();
    assert_eq!(
        names,
        [
            "connected",
            "retrying",
            "waiting_for_connector",
            "waiting_for_company",
            "needs_attention",
            "needs_sign_in",
            "disconnected"
        ],
        "rows have these names"
    );
}

#[test]
fn the_detail_of_an_entry_is_read_and_values_of_other_versions_are_left_out() {
    let detail = HistoryDetail::parse(r#"{"reason":"throttled","codes":[50196],"retry_after":30,"new":{}}"#);
    assert_eq!(detail.reason, Some(StateReason::Throttled));
    assert_eq!((detail.codes, detail.retry_after), (vec![50_196], Some(30)));
    for text in ["", "{}", "[]", r#"{"reason":"of_a_later_version"}"#] {
        assert_eq!(HistoryDetail::parse(text), HistoryDetail::default(), "{text}");
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    (0..Event::VARIANTS.len()).prop_map(|at| Event::VARIANTS[at])
}

fn any_entry() -> impl Strategy<Value = EntryOutcome> {
    let reason = prop_oneof![Just(None), Just(Some(StateReason::Slow)), Just(Some(StateReason::Throttled))];
    (0..HistoryKind::VARIANTS.len(), reason)
        .prop_map(|(at, reason)| EntryOutcome { kind: HistoryKind::VARIANTS[at], reason })
}

/// What is left of a history if its entries were added one after the other.
fn history(entries: &[EntryOutcome]) -> Vec<EntryOutcome> {
    let mut history: Vec<EntryOutcome> = Vec::new();
    for entry in entries {
        history.insert(0, *entry);
        let mut kept = keep_entries(&history).into_iter();
        history.retain(|_| kept.next().unwrap_or_default());
    }
    history
}

proptest! {
    #[test]
    fn whatever_happens_an_ended_grant_is_revived_only_by_a_sign_in_or_another_try(
        events in prop::collection::vec((any_event(), 0_u32..6), 0..40),
    ) {
        let mut state = State::Connected;
        for (event, failures) in events {
            let Some(next) = state.after(event, failures) else { continue };
            prop_assert_ne!(next, state);
            if state == State::Disconnected {
                prop_assert_eq!((event, next), (Event::SignedIn, State::Connected));
            }
            if state == State::NeedsSignIn && next != State::Disconnected {
                prop_assert!(matches!(event, Event::SignedIn | Event::TriedAgain), "{:?}", event);
                prop_assert_eq!(next, State::Connected);
            }
            if next == State::Disconnected {
                prop_assert_eq!(event, Event::Disconnected);
            }
            state = next;
        }
    }

    #[test]
    fn a_history_keeps_the_newest_refreshes_and_each_change_of_their_outcome(
        entries in prop::collection::vec(any_entry(), 0..30),
    ) {
        let kept = history(&entries);
        let refreshes: Vec<_> = entries.iter().rev().filter(|entry| entry.kind.is_refresh()).collect();
        let shown: Vec<_> = kept.iter().filter(|entry| entry.kind.is_refresh()).collect();
        let newest = refreshes.len().min(KEPT_REFRESHES);
        prop_assert_eq!(&shown[..newest], &refreshes[..newest]);
        let changes = |list: &[&EntryOutcome]| {
            let mut list: Vec<EntryOutcome> = list.iter().map(|entry| **entry).collect();
            list.dedup();
            list
        };
        prop_assert_eq!(changes(&shown), changes(&refreshes));
        let others = |list: &[EntryOutcome]| list.iter().filter(|entry| !entry.kind.is_refresh()).count();
        prop_assert_eq!(others(&kept), others(&entries), "fewer than 50 entries are all kept");
    }

    #[test]
    fn a_history_is_bounded(entries in prop::collection::vec(any_entry(), 0..200)) {
        prop_assert!(history(&entries).len() <= MAX_ENTRIES);
    }
}

#[test]
fn a_year_of_daily_refreshes_is_eleven_entries_and_an_outage_of_a_week_does_not_push_out_the_sign_in() {
    let entry = |kind, reason| EntryOutcome { kind, reason };
    let mut entries = vec![entry(HistoryKind::SignedIn, None)];
    entries.extend(vec![entry(HistoryKind::Refreshed, None); 365]);
    assert_eq!(history(&entries).len(), 1 + KEPT_REFRESHES + 1);
    entries.extend(vec![entry(HistoryKind::RefreshFailed, Some(StateReason::Unreachable)); 168]);
    entries.push(entry(HistoryKind::Refreshed, None));
    let kept = history(&entries);
    assert_eq!(kept.last(), Some(&entry(HistoryKind::SignedIn, None)));
    assert!(kept.len() < 20, "{kept:?}");
}
