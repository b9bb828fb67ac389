//! The calls that change and delete threads, through the real router, with a mailbox that keeps the changes.

use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_changing::{
        Changing, assert_done, assert_results,
        kept::{OWN, TRASH},
        label,
    },
    support::{Kind, assert_refusal},
};

/// The messages of the thread `t1`: in the inbox, in Sent, in Drafts, and in a folder of the user.
const THREAD: [&str; 4] = ["m1", "m2", "m3", "m4"];

/// The folders of the messages of the thread `t1`.
fn folders(changing: &Changing) -> [String; 4] {
    THREAD.map(|id| changing.folder_of(id))
}

#[rstest]
#[tokio::test]
async fn each_mode_changes_every_message_of_a_thread_and_a_repeated_one_changes_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let changing = Changing::new(kind).await;
    for (body, pointer, value) in [
        (json!({ "mode": "markAsRead" }), "/isRead", json!(true)),
        (json!({ "mode": "markAsUnread" }), "/isRead", json!(false)),
        (json!({ "mode": "setFlag", "flagId": "important" }), "/flag/flagStatus", json!("flagged")),
        (json!({ "mode": "setFlag", "flagId": "flag_not_set" }), "/flag/flagStatus", json!("notFlagged")),
        (json!({ "mode": "applyLabel", "labelId": [label("Blue")] }), "/categories", json!(["Red", "Blue"])),
        (json!({ "mode": "removeLabel", "labelId": label("Red") }), "/categories", json!(["Blue"])),
        (json!({ "mode": "removeAllLabels" }), "/categories", json!([])),
    ] {
        let mut body = body;
        body["threadId"] = json!("[\"t1\", \"t2\"]");
        assert_done(&changing.send("PUT", "threads", &body).await);
        for id in ["m1", "m2", "m3", "m4", "m5"] {
            assert_eq!(changing.message(id).pointer(pointer), Some(&value), "{body} {id}");
        }
        changing.requests();
        assert_done(&changing.send("PUT", "threads", &body).await);
        let asked = changing.requests();
        assert!(asked.iter().all(|seen| seen.method == "GET"), "{body}: {asked:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_thread_is_moved_but_for_sent_mail_and_drafts(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let changing = Changing::new(kind).await;
    let moved = json!({ "mode": "moveMessage", "threadId": ["t1"], "destfolderId": "id-of-archive" });
    for _ in 0..2 {
        assert_done(&changing.send("PUT", "threads", &moved).await);
        let expected = ["id-of-archive", "id-of-sentitems", "id-of-drafts", "id-of-archive"];
        assert_eq!(folders(&changing), expected);
    }
    let gone = json!({ "mode": "moveMessage", "threadId": ["t1"], "destfolderId": "gone" });
    let data = assert_refusal(&changing.send("PUT", "threads", &gone).await, 400, "INVALID_VALUE");
    assert!(data["moreInfo"].as_str().expect("more").starts_with("destfolderId:"), "{data}");
}

#[rstest]
#[tokio::test]
async fn threads_are_deleted_to_the_trash_and_for_good(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let changing = Changing::new(kind).await;
    for path in ["threads/t1", "threads?threadId=[%22t1%22,%22t2%22]", "threads?threadId=t1,t2&expunge=false"]
    {
        assert_done(&changing.send("DELETE", path, &Value::Null).await);
        assert_eq!(folders(&changing), [TRASH, "id-of-sentitems", "id-of-drafts", TRASH], "{path}");
    }
    assert_eq!(changing.folder_of("m5"), TRASH);
    assert_done(&changing.send("DELETE", "threads/t1?expunge=true", &Value::Null).await);
    assert_eq!(folders(&changing), ["", "id-of-sentitems", "id-of-drafts", ""]);
    assert_done(&changing.send("DELETE", "threads?threadId=t2", &json!({ "expunge": "true" })).await);
    assert_eq!(changing.message("m5"), Value::Null);
    // What is left of the first is the mailbox's own, and of the second nothing.
    assert_done(&changing.send("DELETE", "threads/t1?expunge=true", &Value::Null).await);
    let none = changing.send("DELETE", "threads/t2", &Value::Null).await;
    assert_refusal(&none, 404, "NOT_FOUND");
    let answer = changing.send("DELETE", "threads?threadId=t1,t2", &Value::Null).await;
    assert_results(&answer, &json!([{ "threadId": "t1" }, { "threadId": "t2", "errorCode": "NOT_FOUND" }]));
}

#[rstest]
#[tokio::test]
async fn a_thread_of_which_a_message_was_not_changed_has_its_code(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let changing = Changing::new(kind).await;
    changing.mailbox().refuse("/m4", (400, "ErrorSomethingNew"), None, 1);
    let marked = json!({ "mode": "markAsRead", "threadId": ["t1", "gone", "no id", "t2", "t1"] });
    let answer = changing.send("PUT", "threads", &marked).await;
    let results = json!([
        { "threadId": "t1", "errorCode": "PROVIDER_ERROR" }, { "threadId": "gone", "errorCode": "NOT_FOUND" },
        { "threadId": "no id", "errorCode": "NOT_FOUND" }, { "threadId": "t2" },
    ]);
    assert_results(&answer, &results);
    let read = ["m1", "m4", "m5"].map(|id| changing.message(id)["isRead"] == true);
    assert_eq!(read, [true, false, true]);
    // A repeated call changes the rest.
    changing.requests();
    let rest = json!({ "mode": "markAsRead", "threadId": ["t1"] });
    assert_done(&changing.send("PUT", "threads", &rest).await);
    let asked: Vec<_> = changing.requests().iter().map(|seen| seen.path().to_owned()).collect();
    assert_eq!(asked, ["/me/messages", "/me/messages/m4"]);
    changing.mailbox().refuse("/m1", (400, "ErrorSomethingNew"), None, 1);
    let refused = changing.send("DELETE", "threads/t1", &Value::Null).await;
    assert_refusal(&refused, 502, "PROVIDER_ERROR");
    assert_eq!(changing.folder_of("m4"), TRASH);
}

#[tokio::test]
async fn a_message_that_leaves_a_thread_in_the_meantime_needs_no_change() {
    let changing = Changing::new(Kind::Sqlite).await;
    changing.mailbox().refuse("/m4", (404, "ErrorItemNotFound"), None, 1);
    assert_done(&changing.send("DELETE", "threads/t1", &Value::Null).await);
    assert_eq!(changing.folder_of("m1"), TRASH);
}

#[tokio::test]
async fn many_threads_are_changed_by_one_call() {
    let changing = Changing::new(Kind::Sqlite).await;
    let threads: Vec<String> = (0..50).map(|number| format!("of-n{number}")).collect();
    let body = json!({ "mode": "moveMessage", "threadId": threads, "destfolderId": OWN });
    assert_done(&changing.send("PUT", "threads", &body).await);
    assert!((0..50).all(|number| changing.folder_of(&format!("n{number}")) == OWN));
    assert_eq!(changing.folder_of("n50"), "id-of-inbox");
}

#[tokio::test]
async fn what_is_the_fault_of_no_thread_refuses_the_call() {
    let changing = Changing::new(Kind::Sqlite).await;
    for (path, refusal, status, code) in [
        ("/messages", (403, "ErrorAccessDenied"), 403, "PERMISSION_NOT_GRANTED"),
        ("/messages", (503, "serviceNotAvailable"), 503, "PROVIDER_UNAVAILABLE"),
        ("/messages/", (403, "ErrorAccessDenied"), 403, "PERMISSION_NOT_GRANTED"),
    ] {
        changing.mailbox().refuse(path, refusal, None, 99);
        let body = json!({ "mode": "markAsRead", "threadId": ["t1", "t2"] });
        assert_refusal(&changing.send("PUT", "threads", &body).await, status, code);
        changing.mailbox().forgive();
    }
    let body = json!({ "mode": "setFlag", "threadId": ["t1"], "flagid": "info" });
    let data = assert_refusal(&changing.send("PUT", "threads", &body).await, 400, "EXTRA_PARAM_FOUND");
    assert_eq!(data["moreInfo"], "MA_9018 flagid", "threads have flagId");
}
