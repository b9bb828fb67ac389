//! Sends of accounts that lose their access, or are deleted.

use std::sync::Arc;

use mail360::mail::{
    sending::{NoStops, SendFailure, Step, StopPoint},
    service::MailFailure,
};
use rstest::rstest;

use crate::support::{
    Kind,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    jobs::until,
    outbox::Fault,
    sending::{BLIND, DRAFT, Office, Sender, StopAt, message},
};

#[rstest]
#[tokio::test]
async fn an_account_that_needs_a_sign_in_fails_a_send_and_frees_its_key(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let office = Office::new(site, DRAFT).await;
    let raw = &office.scene.world.raw;
    raw.run("UPDATE accounts SET state = 'needs_sign_in'").await.expect("ended");
    let refused = office.send(Some("k-1"), message("a")).await;
    assert!(matches!(refused, Err(SendFailure::Mail(MailFailure::NoToken(_)))), "{refused:?}");
    // It ends between the draft and the sending: nothing was asked to be sent.
    raw.run("UPDATE accounts SET state = 'connected'").await.expect("connected");
    office.kill_at(StopPoint::Committed(Step::CreateDraft), Some("k-1"), message("a")).await;
    raw.run("UPDATE accounts SET state = 'needs_sign_in'").await.expect("ended");
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, "failed");
    raw.run("UPDATE accounts SET state = 'connected'").await.expect("connected");
    let sent = office.send(Some("k-1"), message("a")).await.expect("sent");
    assert!(!sent.is_replay);
    assert_eq!(office.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn after_a_doubt_an_account_without_access_waits_up_to_seven_days_for_the_truth(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(true, false)] is_connected_again: bool,
) {
    let office = Office::new(kind, DRAFT).await;
    let (raw, clock) = (&office.scene.world.raw, &office.scene.world.clock);
    office.kill_at(StopPoint::Answered(Step::SendDraft), Some("k-1"), message("a")).await;
    raw.run("UPDATE accounts SET state = 'needs_sign_in'").await.expect("ended");
    for _ in 0..100 {
        office.pass(&[&office.sender], 1.0).await;
    }
    assert_eq!(office.of_send::<String>("state").await, "sending");
    clock.advance(time::Duration::days(6));
    for _ in 0..20 {
        office.pass(&[&office.sender], 1.0).await;
    }
    assert_eq!(office.of_send::<String>("state").await, "sending");
    if is_connected_again {
        raw.run("UPDATE accounts SET state = 'connected'").await.expect("connected");
        clock.advance(time::Duration::minutes(10));
    } else {
        clock.advance(time::Duration::days(2));
        // It is believed after it has not gone back for some hours.
        for _ in 0..4 {
            office.pass(&[&office.sender], 0.0).await;
            office.sender.monotonic.advance(6.0 * 3_600.0);
            clock.advance(time::Duration::minutes(10));
        }
    }
    office.wait_for_ended(&[&office.sender], 1).await;
    let state = office.of_send::<String>("state").await;
    assert_eq!(state, if is_connected_again { "done" } else { "unknown" });
}

#[rstest]
#[case::its_credentials_were_revoked("UPDATE api_clients SET revoked_at = #")]
#[case::it_was_deleted("DELETE FROM api_clients")]
#[case::it_does_not_reach_the_account("UPDATE api_clients SET reach = 'connectors'")]
#[tokio::test]
async fn a_message_whose_client_may_not_send_any_more_is_not_sent_and_leaves_no_draft(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[case] change: &str,
    #[values(
        StopPoint::Committed(Step::CreateDraft),
        // The provider may have been asked, so its draft is looked at first.
        StopPoint::Claimed(Step::SendDraft)
    )]
    point: StopPoint,
) {
    let office = Office::new(site, DRAFT).await;
    office.kill_at(point, Some("k-1"), message("a")).await;
    let now = (office.scene.world.clock.now_seconds() + 1) * 1_000_000;
    let change = change.replace('#', &now.to_string());
    office.scene.world.raw.run(&change).await.expect("changed");
    office.wait_for_ended(&[&office.sender], 1).await;
    assert_eq!(office.of_send::<String>("state").await, "failed");
    // The draft is deleted after the end.
    for _ in 0..200 {
        if office.outbox.drafts() == 0 {
            break;
        }
        office.pass(&[&office.sender], 0.1).await;
    }
    assert_eq!((office.outbox.delivered().len(), office.outbox.drafts()), (0, 0));
}

#[rstest]
#[tokio::test]
async fn a_message_that_waits_is_not_sent_without_a_draft_after_a_revocation(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, BLIND).await;
    // It waits for another try.
    office.outbox.fail_next([Fault::Throttled; 8]);
    let call = office.begin(&office.sender, Some("k-1"), message("a"));
    let (raw, clock) = (&office.scene.world.raw, &office.scene.world.clock);
    while raw.count("sends WHERE tries > 0 AND state = 'accepted'").await == 0 {
        office.pass(&[&office.sender], 0.5).await;
    }
    office.outbox.heal();
    let now = (clock.now_seconds() + 1) * 1_000_000;
    raw.run(&format!("UPDATE api_clients SET revoked_at = {now}")).await.expect("revoked");
    // The process may just wait with a wish of the provider.
    for _ in 0..400 {
        if raw.count("sends WHERE ended_at IS NOT NULL").await > 0 {
            break;
        }
        clock.advance(time::Duration::seconds(1));
        office.pass(&[&office.sender], 1.0).await;
    }
    call.abort();
    assert_eq!(office.of_send::<String>("state").await, "failed");
    assert_eq!(office.outbox.delivered().len(), 0);
}

#[rstest]
#[tokio::test]
async fn a_send_goes_with_its_account(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(StopPoint::Claimed(Step::SendDraft), Some("k-1"), message("a")).await;
    let raw = &office.scene.world.raw;
    if kind == Kind::Sqlite {
        raw.run("PRAGMA foreign_keys = ON").await.expect("set");
    }
    raw.run("DELETE FROM accounts").await.expect("deleted");
    assert_eq!(raw.count("sends").await, 0);
    let alone = Sender::new(&office.scene.world, Arc::new(NoStops), true).await;
    assert_eq!(alone.look().await, 0);
}

#[rstest]
#[tokio::test]
async fn a_caller_whose_account_is_deleted_amid_the_sending_learns_that_the_outcome_is_unknown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let office = Office::new(kind, DRAFT).await;
    let stops = StopAt::new(StopPoint::Answered(Step::SendDraft));
    let sender = office.another(stops.clone()).await;
    let call = office.begin(&sender, Some("k-1"), message("a"));
    until(|| stops.is_reached()).await;
    let raw = &office.scene.world.raw;
    if kind == Kind::Sqlite {
        raw.run("PRAGMA foreign_keys = ON").await.expect("set");
    }
    raw.run("DELETE FROM accounts").await.expect("deleted");
    match office.finish(&[&sender], call).await {
        Err(SendFailure::OutcomeUnknown { message_id }) => {
            assert_eq!(office.outbox.delivered(), [message_id]);
        }
        other => unreachable!("{other:?}"),
    }
}

#[rstest]
#[case::before_a_doubt(StopPoint::Committed(Step::CreateDraft), "failed")]
#[case::after_a_doubt(StopPoint::Answered(Step::SendDraft), "sending")]
#[tokio::test]
async fn a_send_gives_its_lease_back_while_its_connector_is_deleted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] point: StopPoint,
    #[case] state: &str,
) {
    let office = Office::new(kind, DRAFT).await;
    office.kill_at(point, Some("k-1"), message("a")).await;
    let now = office.scene.world.clock.now_seconds() * 1_000_000;
    let deleted = format!("UPDATE connectors SET deleted_at = {now}");
    office.scene.world.raw.run(&deleted).await.expect("deleted");
    for _ in 0..100 {
        office.pass(&[&office.sender], 1.0).await;
    }
    assert_eq!(office.of_send::<Option<uuid::Uuid>>("lease_owner").await, None);
    assert_eq!(office.of_send::<String>("state").await, state);
}
