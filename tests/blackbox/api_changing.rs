//! The calls that change and delete messages, through the real router, with a mailbox that keeps the changes.

pub mod kept;

use std::sync::{Arc, Mutex, MutexGuard};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rstest::rstest;
use serde_json::{Value, json};

use self::kept::{Kept, OWN, TRASH};
use crate::{
    api_reading::Reading,
    support::{Answer, Kind, MailSeen, assert_refusal, data},
};

/// An application, and an account whose mailbox keeps what is changed.
pub struct Changing {
    pub reading: Reading,
    pub kept: Arc<Mutex<Kept>>,
}

impl Changing {
    pub async fn new(kind: Kind) -> Self {
        let reading = Reading::new(kind).await;
        let kept = Arc::new(Mutex::new(Kept::new()));
        let mailbox = kept.clone();
        reading.scene.world.mail.answer(move |seen| mailbox.lock().expect("a mailbox").answer(seen));
        Self { reading, kept }
    }

    pub fn mailbox(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("a mailbox")
    }

    /// A message as the provider has it; `Null` if it is gone.
    pub fn message(&self, id: &str) -> Value {
        self.mailbox().message(id)
    }

    /// The folder of a message; empty if it is gone.
    pub fn folder_of(&self, id: &str) -> String {
        self.message(id)["parentFolderId"].as_str().unwrap_or_default().to_owned()
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.reading.application.send(method, &self.reading.at(path), body).await
    }

    /// Changes these messages.
    pub async fn change(&self, ids: &[&str], mut body: Value) -> Answer {
        body["messageId"] = json!(ids);
        self.send("PUT", "messages", &body).await
    }

    /// The requests that the provider has seen, each of a batch as one.
    pub fn requests(&self) -> Vec<MailSeen> {
        self.reading.scene.world.mail.take_requests()
    }
}

/// The id of the label with this name.
pub fn label(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// A change that is made by one request for each message.
pub fn marked() -> Value {
    json!({ "mode": "markAsRead" })
}

/// Asserts Mail360's answer to a change: only a status.
#[track_caller]
pub fn assert_done(answer: &Answer) {
    let body: Value = serde_json::from_str(&answer.assert_status(200).body).expect("JSON");
    assert_eq!(body, json!({ "status": { "code": 200, "description": "success" } }));
}

/// Asserts the answer to a change of several, of which some were not changed.
#[track_caller]
pub fn assert_results(answer: &Answer, results: &Value) {
    assert_eq!(&data(answer.assert_status(207))["results"], results);
    assert!(answer.body.contains("Multi-Status"), "{}", answer.body);
    assert!(!answer.body.contains("what-the-provider-says"), "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn each_mode_changes_every_message_and_may_be_repeated(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let changing = Changing::new(kind).await;
    let flag = |flag: &str| json!({ "mode": "setFlag", "flagid": flag });
    for (body, pointer, value) in [
        (json!({ "mode": "markAsRead" }), "/isRead", json!(true)),
        (json!({ "mode": "markAsUnread" }), "/isRead", json!(false)),
        (flag("info"), "/flag/flagStatus", json!("flagged")),
        (flag("flag_not_set"), "/flag/flagStatus", json!("notFlagged")),
        (flag("important"), "/flag/flagStatus", json!("flagged")),
        (flag("followup"), "/flag/flagStatus", json!("flagged")),
        (json!({ "mode": "applyLabel", "labelId": [label("Blue")] }), "/categories", json!(["Red", "Blue"])),
        (json!({ "mode": "removeLabel", "labelId": [label("Red")] }), "/categories", json!(["Blue"])),
        (json!({ "mode": "removeAllLabels" }), "/categories", json!([])),
        (json!({ "mode": "moveMessage", "destfolderId": OWN }), "/parentFolderId", json!("own")),
        (json!({ "mode": "moveMessage", "destfolderId": TRASH }), "/parentFolderId", json!(TRASH)),
    ] {
        for _ in 0..2 {
            assert_done(&changing.change(&["m1", "m5"], body.clone()).await);
            for id in ["m1", "m5"] {
                assert_eq!(changing.message(id).pointer(pointer), Some(&value), "{body}");
            }
        }
    }
    assert_eq!(changing.message("m4")["isRead"], false, "others stay as they are");
}

#[tokio::test]
async fn ids_are_also_taken_from_a_string_and_each_is_changed_once() {
    let changing = Changing::new(Kind::Sqlite).await;
    for ids in [json!("[\"m1\",\"m5\"]"), json!("m1, m5"), json!(["m1", "m5", "m1"])] {
        changing.requests();
        let body = json!({ "mode": "markAsRead", "messageId": ids });
        assert_done(&changing.send("PUT", "messages", &body).await);
        let asked: Value = serde_json::from_slice(&changing.requests()[0].body).expect("JSON");
        assert_eq!(asked["requests"].as_array().map(Vec::len), Some(2), "{ids}");
    }
}

#[tokio::test]
async fn two_hundred_messages_are_changed_by_one_call_and_no_more() {
    let changing = Changing::new(Kind::Sqlite).await;
    let ids: Vec<String> = (0..200).map(|number| format!("n{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_done(&changing.change(&ids, marked()).await);
    assert!(ids.iter().all(|id| changing.message(id)["isRead"] == true));
    assert_eq!(changing.requests().len(), 10, "twenty in a batch");
    let too_many = [&ids[..], &["m1"]].concat();
    let data = assert_refusal(&changing.change(&too_many, marked()).await, 400, "INVALID_VALUE");
    assert_eq!(data["moreInfo"], "messageId: Give at most 200 values.");
    assert!(changing.requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_message_is_deleted_to_the_trash_and_stays_there(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let changing = Changing::new(kind).await;
    for (path, body) in [
        ("messages/m1", Value::Null),
        ("messages/m1", json!({})),
        ("messages/m1?expunge=false", Value::Null),
        ("messages/m1", json!({ "expunge": "false" })),
    ] {
        assert_done(&changing.send("DELETE", path, &body).await);
        assert_eq!(changing.folder_of("m1"), TRASH);
    }
    let gone = changing.send("DELETE", "messages/gone", &Value::Null).await;
    assert_refusal(&gone, 404, "NOT_FOUND");
    let no_id = changing.send("DELETE", "messages/no%20id", &Value::Null).await;
    assert_refusal(&no_id, 404, "NOT_FOUND");
}

#[rstest]
#[tokio::test]
async fn a_message_is_deleted_for_good_with_expunge_in_the_query_or_in_the_body(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let changing = Changing::new(kind).await;
    for (id, path, body) in [
        ("m1", "messages/m1?expunge=true", Value::Null),
        ("m4", "messages/m4", json!({ "expunge": true })),
        ("m5", "messages/m5", json!({ "expunge": "true" })),
    ] {
        assert_done(&changing.send("DELETE", path, &body).await);
        assert_eq!(changing.message(id), Value::Null);
        let again = changing.send("DELETE", path, &body).await;
        assert_refusal(&again, 404, "NOT_FOUND");
    }
    let both = changing.send("DELETE", "messages/m2?expunge=true", &json!({ "expunge": true })).await;
    let data = assert_refusal(&both, 400, "INVALID_VALUE");
    assert_eq!(data["moreInfo"], "expunge: Give one value.");
}

#[tokio::test]
async fn where_the_provider_cannot_delete_for_good_the_message_is_deleted_in_the_trash() {
    let changing = Changing::new(Kind::Sqlite).await;
    changing.mailbox().refuse("/permanentDelete", (400, "BadRequest"), None, 99);
    assert_done(&changing.send("DELETE", "messages/m1?expunge=true", &Value::Null).await);
    assert_eq!(changing.message("m1"), Value::Null);
    let sent: Vec<_> =
        changing.requests().iter().map(|seen| format!("{} {}", seen.method, seen.path())).collect();
    let expected =
        ["POST /me/messages/m1/permanentDelete", "POST /me/messages/m1/move", "DELETE /me/messages/m1"];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_folder_or_a_label_that_does_not_exist_is_named_and_nothing_is_changed() {
    let changing = Changing::new(Kind::Sqlite).await;
    for (body, words) in [
        (json!({ "mode": "moveMessage", "destfolderId": "gone" }), "destfolderId: The mailbox has no folder"),
        (
            json!({ "mode": "moveMessage", "destfolderId": "no id" }),
            "destfolderId: The mailbox has no folder",
        ),
        (json!({ "mode": "applyLabel", "labelId": ["?"] }), "labelId: No label"),
        (json!({ "mode": "removeLabel", "labelId": ["?"] }), "labelId: No label"),
        (json!({ "mode": "setFlag" }), "flagid is missing."),
        (json!({ "mode": "markAsRead", "flagid": "info" }), "flagid: Give it only with the mode setFlag."),
    ] {
        let before = (changing.message("m1"), changing.message("m5"));
        let answer = changing.change(&["m1", "m5"], body.clone()).await;
        let data = assert_refusal(&answer, 400, "INVALID_VALUE");
        assert!(data["moreInfo"].as_str().expect("more").starts_with(words), "{body}: {data}");
        assert_eq!((changing.message("m1"), changing.message("m5")), before, "{body}");
    }
}

#[rstest]
#[tokio::test]
async fn a_change_is_recorded_with_its_route_and_status(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let changing = Changing::new(kind).await;
    changing.change(&["m1", "gone"], marked()).await.assert_status(207);
    changing.send("DELETE", "messages/m1", &Value::Null).await.assert_status(200);
    let world = &changing.reading.scene.world;
    world.program.calls.flush().await.expect("written");
    for (method, route, status) in [
        ("PUT", "/api/accounts/{account_key}/messages", 207),
        ("DELETE", "/api/accounts/{account_key}/messages/{messageId}", 200),
    ] {
        let query = format!(
            "SELECT COUNT(*) FROM api_calls WHERE method = '{method}' AND route = '{route}' AND status = {status}"
        );
        assert_eq!(world.raw.one::<i64>(&query).await, 1, "{method}");
    }
}
