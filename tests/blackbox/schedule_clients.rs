//! Scheduled messages of clients that may not send any more.

use mail360::mail::schedules::{ScheduleState, WhyNotSent};
use rstest::rstest;
use time::Duration;

use crate::{schedules::Scheduling, support::Kind, uploads::ADA};

#[rstest]
#[tokio::test]
async fn a_message_of_a_client_that_lost_its_credentials_or_its_reach_is_not_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let world = scheduling.world();
    let admin = world.reauthenticated(ADA).await;
    let client = scheduling.uploading.client.id;
    let revoked = scheduling.in_an_hour().await;
    world.clock.advance(Duration::seconds(1));
    world.program.clients.revoke_everything(&admin, client).await.expect("revoked");
    world.clock.advance(Duration::seconds(1));
    let after = scheduling.in_an_hour().await;
    scheduling
        .pass(Duration::hours(1), revoked, ScheduleState::Failed, Some(WhyNotSent::ClientRevoked))
        .await;
    scheduling.wait_for(after, ScheduleState::Sent, None).await;
    assert_eq!(scheduling.sender.take().len(), 1);

    let beyond = scheduling.in_an_hour().await;
    world.raw.run("UPDATE api_clients SET reach = 'connected'").await.expect("changed");
    scheduling.pass(Duration::hours(1), beyond, ScheduleState::Failed, Some(WhyNotSent::OutOfReach)).await;
    world.raw.run("UPDATE api_clients SET reach = 'all'").await.expect("changed");

    // With its client, a message is gone.
    scheduling.in_an_hour().await;
    let admin = world.reauthenticated(ADA).await;
    world.program.clients.delete(&admin, client).await.expect("deleted");
    world.clock.advance(Duration::hours(1));
    scheduling.schedules.send_due().await.expect("a look");
    assert_eq!((world.raw.count("schedules").await, scheduling.sender.number()), (0, 0));
}

#[rstest]
#[tokio::test]
async fn a_message_of_a_client_whose_last_day_is_over_or_that_may_not_send_any_more_is_not_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let end = scheduling.now().plus(Duration::minutes(30)).micros();
    for (changed, restored, state) in [
        // The clock may be wrong.
        (format!("expires_at = {end}"), "expires_at = NULL".to_owned(), ScheduleState::Waiting),
        (
            "scopes = 'MailApps.messages.READ'".to_owned(),
            "scopes = 'MailApps.messages.CREATE'".to_owned(),
            ScheduleState::Failed,
        ),
    ] {
        let raw = &scheduling.world().raw;
        let refused = scheduling.in_an_hour().await;
        raw.run(&format!("UPDATE api_clients SET {changed}")).await.expect("changed");
        let why = Some(WhyNotSent::ClientRevoked);
        scheduling.pass(Duration::hours(1), refused, state, why).await;
        scheduling.settle(refused, ScheduleState::Failed, why).await;
        assert_eq!(scheduling.sender.number(), 0, "{changed}");
        raw.run(&format!("UPDATE api_clients SET {restored}")).await.expect("changed");
        let sent = scheduling.in_an_hour().await;
        scheduling.pass(Duration::hours(1), sent, ScheduleState::Sent, None).await;
        assert_eq!(scheduling.sender.take().len(), 1, "{restored}");
    }
}
