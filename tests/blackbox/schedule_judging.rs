//! What prevents a message from being scheduled, and from being sent at its time.

use mail360::mail::schedules::{Attempt, ScheduleState, WhyNotSent};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    api_sending::posting::{Posting, message},
    schedules::Scheduling,
    support::{Kind, MailAnswer, assert_refusal, data, sending::BLIND},
};

/// A call that schedules a message for a later day.
fn later() -> Value {
    let mut body = message("Later");
    body["isSchedule"] = json!(true);
    body["scheduleType"] = json!(6);
    body["timeZone"] = json!("Etc/UTC");
    body["scheduleTime"] = json!("12/01/2026 09:00:00");
    body
}

#[rstest]
#[tokio::test]
async fn a_message_that_could_not_be_sent_now_either_is_refused_when_it_is_scheduled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::with(kind, BLIND).await;
    let raw = &posting.scene.world.raw;
    let mut body = later();
    body["fromAddress"] = json!("stranger@contoso.test");
    assert_refusal(&posting.call("POST", "messages", &body).await, 400, "Given FromAddress not exists!");
    let (client, file) = posting.upload("film.mp4", vec![0; 3_000_000]).await;
    let mut body = later();
    body["attachments"] = json!([{ "fileId": file }]);
    assert_refusal(&posting.call_by(&client, "POST", "messages", &body).await, 413, "MESSAGE_TOO_LARGE");
    raw.run("UPDATE grants SET scopes = 'User.Read Mail.ReadWrite'").await.expect("changed");
    let refused = posting.call("POST", "messages", &later()).await;
    let refused = assert_refusal(&refused, 403, "PERMISSION_NOT_GRANTED");
    assert!(refused["moreInfo"].as_str().expect("more").contains("Mail.Send"), "{refused}");
    assert_eq!(raw.count("schedules").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_message_is_scheduled_although_its_account_or_the_provider_is_away(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let raw = &posting.scene.world.raw;
    let schedule = async |key: &str| {
        let mut body = later();
        body["fromAddress"] = json!("alias@contoso.test");
        let answer = posting.call_once(key, "POST", "messages", &body).await;
        assert_eq!(data(answer.assert_status(200))["subject"], "Later", "{key}");
    };
    posting.scene.world.mail.answer(|_| MailAnswer::refusal(503, "serviceNotAvailable"));
    schedule("away").await;
    raw.run("UPDATE accounts SET paused_at = 1").await.expect("changed");
    schedule("paused").await;
    raw.run("UPDATE accounts SET paused_at = NULL, state = 'needs_sign_in', reason = '\"grant_refused\"'")
        .await
        .expect("changed");
    schedule("signed out").await;
    assert_eq!(raw.count("schedules").await, 3);
}

#[rstest]
#[tokio::test]
async fn a_message_of_an_account_that_cannot_be_used_waits_until_it_can(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let raw = &scheduling.world().raw;
    for (broken, mended, why) in [
        ("paused_at = 1", "paused_at = NULL", WhyNotSent::AccountPaused),
        (
            "state = 'needs_sign_in', reason = '\"grant_refused\"'",
            "state = 'connected', reason = NULL",
            WhyNotSent::AccountNeedsSignIn,
        ),
    ] {
        let id = scheduling.in_an_hour().await;
        raw.run(&format!("UPDATE accounts SET {broken}")).await.expect("changed");
        scheduling.pass(Duration::hours(1), id, ScheduleState::Waiting, Some(why)).await;
        assert_eq!(scheduling.sender.number(), 0, "the provider is not asked");
        raw.run(&format!("UPDATE accounts SET {mended}")).await.expect("changed");
        scheduling.pass(Duration::minutes(16), id, ScheduleState::Sent, None).await;
        assert_eq!(scheduling.sender.take().len(), 1);
    }
    // With its account, a message is gone.
    scheduling.in_an_hour().await;
    let check = if kind == Kind::Sqlite { "PRAGMA foreign_keys = ON" } else { "SELECT 1" };
    raw.run(check).await.expect("set");
    raw.run("DELETE FROM accounts").await.expect("deleted");
    scheduling.world().clock.advance(Duration::hours(1));
    scheduling.schedules.send_due().await.expect("a look");
    assert_eq!((raw.count("schedules").await, scheduling.sender.number()), (0, 0));
}

#[rstest]
#[tokio::test]
async fn a_message_whose_process_was_killed_before_it_asked_for_anything_is_judged_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let raw = &scheduling.world().raw;
    let id = scheduling.in_an_hour().await;
    raw.run("UPDATE schedules SET state = 'sending'").await.expect("changed");
    raw.run("UPDATE accounts SET paused_at = 1").await.expect("changed");
    scheduling.sender.forget();
    let why = Some(WhyNotSent::AccountPaused);
    scheduling.pass(Duration::hours(1), id, ScheduleState::Waiting, why).await;
    assert_eq!(scheduling.sender.number(), 0);
    raw.run("UPDATE schedules SET state = 'sending'").await.expect("changed");
    scheduling.pass(Duration::hours(25), id, ScheduleState::Waiting, why).await;
    scheduling.settle(id, ScheduleState::Failed, why).await;
    assert_eq!(scheduling.sender.number(), 0);
}

#[rstest]
#[tokio::test]
async fn a_message_whose_outcome_cannot_be_read_is_unknown_in_the_end(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    scheduling.sender.answer(|_| Attempt::UnderWay);
    scheduling.pass(Duration::hours(1), id, ScheduleState::Sending, None).await;
    // A clock that is ahead for a while ends no doubt.
    scheduling.pass(Duration::days(8) + Duration::minutes(1), id, ScheduleState::Sending, None).await;
    while scheduling.sender.number() < 3 {
        scheduling.world().clock.advance(Duration::minutes(1));
        scheduling.schedules.send_due().await.expect("a look");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(scheduling.state(id).await, (ScheduleState::Sending, None));
    scheduling.settle(id, ScheduleState::Unknown, None).await;
}
