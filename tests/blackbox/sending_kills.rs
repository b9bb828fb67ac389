//! Kills in the middle of a send, at each of its points, and other processes that take over.

use std::sync::Arc;

use mail360::mail::sending::{NoStops, SendFailure, Step, StopPoint};
use rstest::rstest;

use crate::support::{
    Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    jobs::until,
    outbox::Fault,
    sending::{BLIND, DRAFT, FINDABLE, Office, Sender, StopAt, message},
};

#[rstest]
#[case::before_the_draft(StopPoint::Claimed(Step::CreateDraft))]
#[case::after_the_draft(StopPoint::Answered(Step::CreateDraft))]
#[case::with_a_stored_draft(StopPoint::Committed(Step::CreateDraft))]
#[case::before_the_sending(StopPoint::Claimed(Step::SendDraft))]
#[case::after_the_sending(StopPoint::Answered(Step::SendDraft))]
#[case::with_a_stored_outcome(StopPoint::Ended)]
#[tokio::test]
async fn a_killed_send_with_a_draft_is_sent_exactly_once(
    // At Gmail, a mailbox without delays would only be a simpler one.
    #[values(
        (OUTLOOK, (0, 0)),
        (OUTLOOK, (3, 2)),
        (OUTLOOK_ON_POSTGRES, (0, 0)),
        (OUTLOOK_ON_POSTGRES, (3, 2)),
        (GMAIL, (3, 2))
    )]
    mailbox: (Site, (u64, u64)),
    #[case] point: StopPoint,
) {
    let (site, delays) = mailbox;
    let office = Office::new(site, DRAFT).await;
    office.outbox.delay(delays.0, delays.1);
    office.kill_at(point, Some("k-1"), message("a")).await;
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(sent.is_replay, "it is the send of the first call");
    office.pass(&[&office.sender], 10.0).await;
    assert_eq!(office.outbox.delivered(), std::slice::from_ref(&sent.internet_message_id));
    assert_eq!((office.outbox.drafts_made(), office.outbox.drafts()), (1, 0));
    let again = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert_eq!(again, sent);
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[case::before(StopPoint::Claimed(Step::SendAtOnce), 0)]
#[case::after(StopPoint::Answered(Step::SendAtOnce), 1)]
#[case::with_a_stored_outcome(StopPoint::Ended, 1)]
#[tokio::test]
async fn a_killed_send_that_can_be_found_is_sent_once_or_its_outcome_is_unknown(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] point: StopPoint,
    #[case] delivered: usize,
) {
    let office = Office::new(site, FINDABLE).await;
    office.outbox.delay(3, 2);
    office.kill_at(point, Some("k-1"), message("a")).await;
    let outcome = office.send(Some("k-1"), message("a")).await;
    office.pass(&[&office.sender], 10.0).await;
    assert_eq!(office.outbox.delivered().len(), delivered);
    match outcome {
        Ok(sent) => assert_eq!(office.outbox.delivered(), [sent.internet_message_id]),
        Err(SendFailure::OutcomeUnknown { message_id }) => {
            assert_eq!(delivered, 0);
            assert!(message_id.ends_with("@contoso.test>"), "{message_id}");
        }
        Err(other) => unreachable!("{other:?}"),
    }
}

#[rstest]
#[case::before(StopPoint::Claimed(Step::SendAtOnce), 0)]
#[case::after(StopPoint::Answered(Step::SendAtOnce), 1)]
#[tokio::test]
async fn a_killed_send_that_cannot_be_found_is_never_sent_again(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] point: StopPoint,
    #[case] delivered: usize,
) {
    let office = Office::new(site, BLIND).await;
    office.kill_at(point, Some("k-1"), message("a")).await;
    for _ in 0..2 {
        let unknown = office.send(Some("k-1"), message("a")).await;
        assert!(matches!(unknown, Err(SendFailure::OutcomeUnknown { .. })), "{unknown:?}");
        assert_eq!(office.outbox.delivered().len(), delivered);
    }
}

#[rstest]
#[tokio::test]
async fn a_caller_without_a_key_who_was_told_nothing_joins_the_killed_send(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(StopPoint::Answered(Step::CreateDraft), StopPoint::Answered(Step::SendDraft), StopPoint::Ended)]
    point: StopPoint,
) {
    let office = Office::new(site, DRAFT).await;
    office.kill_at(point, None, message("a")).await;
    // The process is found to be gone before the caller comes again.
    office.wait_for_ended(&[&office.sender], 1).await;
    let sent = office.send(None, message("a")).await.expect("sent");
    assert!(sent.is_replay);
    assert_eq!(office.outbox.delivered().len(), 1);
    // From here on the same message is another one.
    let second = office.send(None, message("a")).await.expect("sent");
    assert!(!second.is_replay);
    assert_eq!(office.outbox.delivered().len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_process_is_taken_for_dead_after_thirty_seconds_and_not_before(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::SendDraft), Some("k-1"), message("a")).await;
    let sender = &office.sender;
    assert_eq!(sender.look().await, 0);
    sender.monotonic.advance(29.9);
    assert_eq!(sender.look().await, 0);
    sender.monotonic.advance(0.1);
    assert_eq!(sender.look().await, 1);
    assert_eq!(sender.look().await, 0, "it is this process's now");
    office.wait_for_ended(&[sender], 1).await;
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_process_is_not_taken_for_dead_for_the_time_in_which_the_database_was_away(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::SendDraft), Some("k-1"), message("a")).await;
    let (sender, raw) = (&office.sender, &office.scene.world.raw);
    assert_eq!(sender.look().await, 0);
    sender.monotonic.advance(20.0);
    raw.run("ALTER TABLE sends RENAME TO away").await.expect("away");
    sender.sending.look().await.expect_err("there is no table");
    raw.run("ALTER TABLE away RENAME TO sends").await.expect("back");
    sender.monotonic.advance(20.0);
    assert_eq!(sender.look().await, 0, "its owner could not renew it");
    sender.monotonic.advance(30.0);
    assert_eq!(sender.look().await, 1);
}

#[rstest]
#[tokio::test]
async fn the_only_process_that_serves_takes_over_at_its_start(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::SendDraft), Some("k-1"), message("a")).await;
    let alone = Sender::new(&office.scene.world, Arc::new(NoStops), true).await;
    assert_eq!(alone.look().await, 1);
    let sent = office.send_at(&alone, Some("k-1"), message("a")).await.expect("sent");
    assert!(sent.is_replay);
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_process_alone_leaves_its_own_sends_to_themselves(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let stops = StopAt::new(StopPoint::Claimed(Step::SendDraft));
    let alone = Sender::new(&office.scene.world, stops.clone(), true).await;
    let call = office.begin(&alone, Some("k-1"), message("a"));
    until(|| stops.is_reached()).await;
    assert_eq!(alone.look().await, 0);
    call.abort();
    assert_eq!(alone.look().await, 0, "the work goes on without its caller");
}

#[rstest]
#[tokio::test]
async fn a_living_process_keeps_its_lease_for_as_long_as_a_doubt_lasts(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, FINDABLE).await;
    let other = office.another(Arc::new(NoStops)).await;
    // Its search takes a minute.
    office.outbox.forget_sent();
    office.outbox.fail_next([Fault::AnswerLost]);
    let call = office.begin(&office.sender, Some("k-1"), message("a"));
    let outcome = office.finish(&[&office.sender, &other], call).await;
    assert!(matches!(outcome, Err(SendFailure::InProgress)), "{outcome:?}");
    let unknown = office.send(Some("k-1"), message("a")).await;
    assert!(matches!(unknown, Err(SendFailure::OutcomeUnknown { .. })), "{unknown:?}");
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_process_that_ends_puts_back_what_waits_and_another_goes_on_at_once(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    let ending = office.another(Arc::new(NoStops)).await;
    office.outbox.fail_next([Fault::None, Fault::RequestLost]);
    let call = office.begin(&ending, Some("k-1"), message("a"));
    // It waits until the draft has stayed one for long enough.
    let waits = "SELECT COUNT(*) FROM sends WHERE state = 'sending'";
    while office.scene.world.raw.one::<i64>(waits).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    ending.sending.close().await;
    call.abort();
    assert_eq!(office.of_send::<Option<uuid::Uuid>>("lease_owner").await, None);
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(sent.is_replay);
    assert_eq!(office.outbox.delivered().len(), 1);
    assert_eq!(ending.look().await, 0, "it begins nothing more");
}
