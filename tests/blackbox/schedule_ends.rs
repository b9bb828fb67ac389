//! How scheduled messages end: failed for good, or too late.

use mail360::mail::schedules::{Attempt, ScheduleState, WhyNotSent};
use rstest::rstest;
use time::Duration;

use crate::{schedules::Scheduling, support::Kind};

#[rstest]
#[tokio::test]
async fn a_message_that_failed_for_good_is_not_tried_again_and_can_be_taken_from_the_list(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    scheduling.sender.answer(|_| Attempt::Failed(WhyNotSent::FromUnknown));
    let why = Some(WhyNotSent::FromUnknown);
    scheduling.pass(Duration::hours(1), id, ScheduleState::Failed, why).await;
    assert_eq!(scheduling.get(id).await["errorCode"], "Given FromAddress not exists!");
    scheduling.world().clock.advance(Duration::hours(1));
    scheduling.schedules.send_due().await.expect("a look");
    assert_eq!(scheduling.sender.number(), 1);
    scheduling.cancel(id).await.assert_status(200);
    assert_eq!(scheduling.world().raw.count("schedules").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_message_is_sent_up_to_a_day_late(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    scheduling.pass(Duration::hours(25), id, ScheduleState::Sent, None).await;
    let late = scheduling.in_an_hour().await;
    let by = Duration::hours(25) + Duration::seconds(1);
    scheduling.pass(by, late, ScheduleState::Waiting, Some(WhyNotSent::Late)).await;
    scheduling.settle(late, ScheduleState::Failed, Some(WhyNotSent::Late)).await;
    assert_eq!(scheduling.sender.number(), 1);
    assert_eq!(scheduling.get(late).await["errorCode"], "TIMED_OUT");
}
