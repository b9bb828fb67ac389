//! Random answers and kills: no message is ever delivered twice, no outcome is unknown that the draft tells, and no draft is
//! left.

use std::sync::Arc;

use mail360::mail::sending::{NoStops, SendFailure, Sent, Step, StopPoint};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use rstest::rstest;
use tokio::runtime::Runtime;

use crate::support::{
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Scopes, Site},
    outbox::Fault,
    sending::{DRAFT, FINDABLE, Office, Sender, StopAt, message},
};

/// What happens to one message.
#[derive(Clone, Debug)]
struct Story {
    faults: Vec<Fault>,
    delays: (u64, u64),
    /// The number of requests that read and get no answer.
    away: usize,
    /// Where the first processes are killed, each if it comes so far.
    kills: Vec<StopPoint>,
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        2 => Just(Fault::AnswerLost),
        2 => Just(Fault::RequestLost),
        1 => Just(Fault::NoConnection),
        2 => (0_u64..40).prop_map(Fault::Late),
        1 => Just(Fault::Throttled),
        1 => Just(Fault::TokenRefused),
        1 => Just(Fault::Refused),
    ]
}

fn any_kill() -> impl Strategy<Value = StopPoint> {
    let step = prop_oneof![
        3 => Just(Step::CreateDraft),
        3 => Just(Step::SendDraft),
        2 => Just(Step::SendAtOnce),
        1 => Just(Step::DeleteDraft),
    ];
    prop_oneof![
        step.clone().prop_map(StopPoint::Claimed),
        step.clone().prop_map(StopPoint::Answered),
        step.prop_map(StopPoint::Committed),
        Just(StopPoint::Ended),
    ]
}

fn any_story() -> impl Strategy<Value = Story> {
    let faults = prop::collection::vec(any_fault(), 0..5);
    let kills = prop::collection::vec(any_kill(), 0..3);
    (faults, (0_u64..4, 0_u64..3), 0_usize..3, kills).prop_map(|(faults, delays, away, kills)| Story {
        faults,
        delays,
        away,
        kills,
    })
}

/// Sends a message through its story, until all that is under way has arrived.
async fn tell(office: &Office, number: u32, story: &Story) -> Result<Sent, SendFailure> {
    let (key, request) = (format!("k-{number}"), message(&format!("m {number}")));
    office.outbox.heal();
    office.outbox.delay(story.delays.0, story.delays.1);
    office.outbox.fail_next(story.faults.iter().copied());
    office.outbox.be_away_for(story.away);
    for kill in &story.kills {
        let stops = StopAt::new(*kill);
        let killed = Sender::new(&office.scene.world, stops.clone(), true).await;
        let call = office.begin(&killed, Some(&key), request.clone());
        while !stops.is_reached() && !call.is_finished() {
            office.pass(&[&killed], 1.0).await;
        }
        call.abort();
        killed.vanish().await;
    }
    let last = Sender::new(&office.scene.world, Arc::new(NoStops), true).await;
    let outcome = office.send_at(&last, Some(&key), request).await;
    for _ in 0..5 {
        office.pass(&[&last], 10.0).await;
    }
    office.outbox.heal();
    office.scene.world.clock.advance(time::Duration::minutes(2));
    for _ in 0..400 {
        last.look().await;
        if office.outbox.drafts() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    last.vanish().await;
    outcome
}

/// Checks an outcome by the messages that were delivered during its story.
fn check(
    outcome: &Result<Sent, SendFailure>,
    delivered: &[String],
    scopes: Scopes,
) -> Result<(), TestCaseError> {
    match outcome {
        Ok(sent) => prop_assert_eq!(delivered, std::slice::from_ref(&sent.internet_message_id)),
        Err(SendFailure::OutcomeUnknown { message_id }) => {
            prop_assert!(scopes != DRAFT, "the draft tells it");
            prop_assert!(delivered.is_empty() || delivered == std::slice::from_ref(message_id));
        }
        Err(failure) => prop_assert!(delivered.is_empty(), "{failure:?}: {delivered:?}"),
    }
    Ok(())
}

#[rstest]
// Fewer than the access token lives: each takes two minutes.
#[case::outlook(OUTLOOK, 20)]
#[case::outlook_on_postgres(OUTLOOK_ON_POSTGRES, 12)]
#[case::gmail(GMAIL, 8)]
fn whatever_is_lost_and_killed_no_message_is_delivered_twice(
    #[case] site: Site,
    #[case] cases: u32,
    #[values(DRAFT, FINDABLE)] scopes: Scopes,
) {
    let runtime = Runtime::new().expect("a runtime");
    let office = runtime.block_on(Office::new(site, scopes));
    let config = Config { cases, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let told = std::cell::Cell::new(0);
    let result = TestRunner::new(config).run(&any_story(), |story| {
        told.set(told.get() + 1);
        let before = office.outbox.delivered().len();
        let outcome = runtime.block_on(tell(&office, told.get(), &story));
        check(&outcome, &office.outbox.delivered()[before..], scopes)?;
        prop_assert_eq!(office.outbox.drafts(), 0, "a draft is left");
        Ok(())
    });
    // The office needs the runtime for its end.
    let _runtime = runtime.enter();
    drop(office);
    result.expect("no message is delivered twice");
}
