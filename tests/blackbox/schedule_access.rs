//! The list of messages that are sent later, and whose they are.

use mail360::{
    mail::schedules::{ScheduleId, ScheduleState},
    people::access::{Caller, Reach},
};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    schedules::{Scheduling, message},
    support::{
        Kind,
        api_clients::{code, data},
    },
};

#[rstest]
#[tokio::test]
async fn the_list_has_the_messages_of_the_client_for_the_account_the_first_due_first(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let mut ids = Vec::new();
    for hours in [3, 1, 2] {
        let added = scheduling.add(message("canary", &[]), Duration::hours(hours), None).await;
        ids.push(added.expect("scheduled").id.name());
    }
    scheduling
        .pass(Duration::hours(1), ScheduleId::from_name(&ids[1]).expect("an id"), ScheduleState::Sent, None)
        .await;
    let client = &scheduling.uploading.client;
    let ids = |found: &Value| -> Vec<String> {
        let items = found.as_array().expect("a list");
        items.iter().map(|item| item["scheduleId"].as_str().expect("an id").to_owned()).collect()
    };
    let all = data(scheduling.call(client, "GET", "").await.assert_status(200));
    let all = ids(&all);
    assert_eq!(all.len(), 3);
    for (query, expected) in [
        ("?limit=2", &all[..2]),
        ("?start=3&limit=2", &all[2..]),
        ("?start=0&limit=1", &all[..1]),
        ("?start=4", &all[..0]),
        ("?state=sent", &all[..1]),
        ("?state=waiting", &all[1..]),
        ("?state=failed", &all[..0]),
    ] {
        let found = data(scheduling.call(client, "GET", query).await.assert_status(200));
        assert_eq!(ids(&found), expected, "{query}");
    }
}

#[rstest]
#[tokio::test]
async fn the_list_shows_the_beginning_of_many_recipients(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let scheduling = Scheduling::new(kind).await;
    let mut long = message("canary", &[]);
    long.shown.to = "a@x.test, ".repeat(10_000);
    scheduling.add(long.clone(), Duration::hours(1), None).await.expect("scheduled");
    let found = data(scheduling.call(&scheduling.uploading.client, "GET", "").await.assert_status(200));
    let expected = format!("{}…", &long.shown.to[..1_000]);
    assert_eq!(found[0]["toAddress"], expected);
}

#[rstest]
#[tokio::test]
async fn i4_a_message_is_there_for_its_own_client_and_account_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let scheduling = Scheduling::new(kind).await;
    let id = scheduling.in_an_hour().await;
    let everything = crate::support::api_clients::everything("Alike");
    let alike = scheduling.world().add_api_client(crate::uploads::ADA, &everything).await;
    for method in ["GET", "DELETE"] {
        let answer = scheduling.call(&alike, method, &format!("/{}", id.name())).await;
        assert_eq!(code(answer.assert_status(404)), "NOT_FOUND", "{method}");
    }
    let none = scheduling.call(&alike, "GET", "").await;
    assert_eq!(data(none.assert_status(200)), json!([]));
    let other = scheduling.uploading.scene.connect("henry").await;
    let caller = scheduling.uploading.caller();
    assert!(scheduling.schedules.get(&caller, other, id).await.is_err());
    assert!(scheduling.schedules.cancel(&caller, other, id).await.is_err());
    let none = scheduling.schedules.list(&caller, other, None, 0, 10).await;
    assert_eq!(none.expect("a list"), Vec::new());
    let narrow = Caller::of_client(
        scheduling.uploading.scene.organisation,
        scheduling.uploading.client.id,
        Reach::ConnectedBy(scheduling.uploading.client.id),
        None,
        None,
    );
    assert!(scheduling.schedules.get(&narrow, scheduling.account(), id).await.is_err(), "it is out of reach");
    assert_eq!(scheduling.state(id).await, (ScheduleState::Waiting, None));
}
