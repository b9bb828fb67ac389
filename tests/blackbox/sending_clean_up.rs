//! Drafts that sends leave in the mailbox: they are deleted later, and nothing else is.

use mail360::mail::sending::{Key, SendFailure, Step, StopPoint};
use rstest::rstest;

use crate::support::{
    Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    jobs::until,
    outbox::Fault,
    sending::{DRAFT, Office, message},
};

/// Lets this time pass on the clock of the server, and the process look.
async fn look_after(office: &Office, time: time::Duration) {
    office.scene.world.clock.advance(time);
    office.sender.look().await;
}

/// Waits until nothing is left to be cleaned up.
async fn wait_until_clean(office: &Office) {
    for _ in 0..1_000 {
        if office.of_send::<Option<i64>>("clean_at").await.is_none() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    unreachable!("it is never clean");
}

#[rstest]
#[case::its_deletion_is_lost(&[Fault::None, Fault::Refused, Fault::RequestLost])]
#[case::its_deletion_is_lost_twice(&[Fault::None, Fault::Refused, Fault::RequestLost, Fault::RequestLost])]
#[tokio::test]
async fn a_draft_of_a_refused_message_is_deleted_later_if_it_stays(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] faults: &[Fault],
) {
    let office = Office::new(site, DRAFT).await;
    office.outbox.fail_next(faults.iter().copied());
    office.send(Some("k-1"), message("a")).await.expect_err("refused");
    for _ in 0..5 {
        look_after(&office, time::Duration::minutes(5)).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    until(|| office.outbox.drafts() == 0).await;
    wait_until_clean(&office).await;
    assert_eq!(office.outbox.delivered().len(), 0);
    office.send(Some("k-1"), message("a")).await.expect_err("the refusal is kept");
}

#[rstest]
#[tokio::test]
async fn a_draft_whose_process_was_killed_before_its_deletion_is_deleted_by_another(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    office.outbox.fail_next([Fault::None, Fault::Refused]);
    office.kill_at(StopPoint::Ended, Some("k-1"), message("a")).await;
    assert_eq!(office.outbox.drafts(), 1);
    look_after(&office, time::Duration::minutes(2)).await;
    until(|| office.outbox.drafts() == 0).await;
    wait_until_clean(&office).await;
}

#[rstest]
#[tokio::test]
async fn a_draft_whose_id_was_lost_is_found_by_its_message_id_and_deleted(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    let raw = &office.scene.world.raw;
    office.kill_at(StopPoint::Answered(Step::CreateDraft), Some("k-1"), message("a")).await;
    raw.run("UPDATE accounts SET state = 'needs_sign_in'").await.expect("ended");
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!((office.of_send::<String>("state").await.as_str(), office.outbox.drafts()), ("failed", 1));
    raw.run("UPDATE accounts SET state = 'connected'").await.expect("connected");
    let own = office.outbox.add_draft();
    look_after(&office, time::Duration::minutes(2)).await;
    until(|| office.outbox.drafts() == 1).await;
    wait_until_clean(&office).await;
    // The draft that is left is the user's.
    let key = Some(Key::parse("k-2").expect("a key"));
    let sent = office.sender.sending.send_draft(&office.caller(), office.account, &own, key).await;
    sent.expect("sent");
}

#[rstest]
#[tokio::test]
async fn a_draft_that_was_asked_for_is_never_deleted(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    // The first one comes late, after another one was made.
    office.outbox.fail_next([Fault::Late(25)]);
    let mut outcome = Err(SendFailure::InProgress);
    while matches!(outcome, Err(SendFailure::InProgress)) {
        let (sending, caller, account) = (office.sender.sending.clone(), office.caller(), office.account);
        let key = Some(Key::parse("k-1").expect("a key"));
        let call =
            tokio::spawn(async move { sending.create_draft(&caller, account, key, message("a")).await });
        outcome = office.finish(&[&office.sender], call).await;
    }
    outcome.expect("a draft");
    office.pass(&[&office.sender], 30.0).await;
    assert_eq!(office.outbox.drafts(), 2);
    for _ in 0..3 {
        look_after(&office, time::Duration::hours(2)).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(office.outbox.drafts(), 2);
}

#[rstest]
#[tokio::test]
async fn a_draft_that_cannot_be_deleted_for_a_day_stays(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    office.outbox.fail_next([Fault::None, Fault::Refused]);
    office.kill_at(StopPoint::Ended, Some("k-1"), message("a")).await;
    let raw = &office.scene.world.raw;
    raw.run("UPDATE accounts SET state = 'needs_sign_in'").await.expect("ended");
    look_after(&office, time::Duration::hours(23)).await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(office.of_send::<Option<i64>>("clean_at").await.is_some());
    look_after(&office, time::Duration::hours(2)).await;
    wait_until_clean(&office).await;
    assert_eq!(office.outbox.drafts(), 1);
}
