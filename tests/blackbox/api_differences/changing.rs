//! Changes of messages, folders and labels.

use http::Method;
use serde_json::{Value, json};

use super::{read, reading};
use crate::{
    api_reading::{Reading, mailbox},
    support::{MailAnswer, MailSeen, assert_refusal, data},
};

async fn call(reading: &Reading, method: &str, path: &str, body: &Value) -> crate::support::Answer {
    reading.application.send(method, &reading.at(path), body).await
}

/// Answers each request of a batch. Messages whose id has `gone` are not there.
fn batch(seen: &MailSeen) -> MailAnswer {
    let asked: Value = serde_json::from_slice(&seen.body).expect("JSON");
    let requests = asked["requests"].as_array().expect("requests");
    let answers = requests.iter().map(|request| {
        if request["url"].as_str().expect("an address").contains("gone") {
            let error = json!({ "error": { "code": "ErrorItemNotFound" } });
            return json!({ "id": request["id"], "status": 404, "body": error });
        }
        json!({ "id": request["id"], "status": 200, "body": { "id": "x", "isRead": true } })
    });
    MailAnswer::Json(200, json!({ "responses": answers.collect::<Vec<_>>() }))
}

#[tokio::test]
async fn a_bulk_call_tells_what_was_not_changed() {
    let reading = reading().await;
    reading.scene.world.mail.answer(|seen| match seen.path() {
        "/$batch" => batch(seen),
        path if path.ends_with("/permanentDelete") => MailAnswer::Bytes("text/plain", Vec::new()),
        _ => mailbox(seen),
    });
    let mark = json!({ "mode": "markAsRead", "messageId": "[\"a\",\"gone\"]" });
    let answer = call(&reading, "PUT", "messages", &mark).await;
    let results = json!([{ "messageId": "a" }, { "messageId": "gone", "errorCode": "NOT_FOUND" }]);
    assert_eq!(data(answer.assert_status(207))["results"], results);
    for (path, body) in
        [("messages/a?expunge=true", Value::Null), ("messages/a", json!({ "expunge": "true" }))]
    {
        reading.scene.world.mail.take_requests();
        call(&reading, "DELETE", path, &body).await.assert_status(200);
        let seen = reading.scene.world.mail.take_requests();
        let is_for_good = |seen: &MailSeen| {
            let body = String::from_utf8_lossy(&seen.body).into_owned();
            seen.path().contains("permanentDelete") || body.contains("permanentDelete")
        };
        assert!(seen.iter().any(is_for_good), "{path}: {seen:?}");
    }
}

#[tokio::test]
async fn folders_are_emptied_by_a_job_and_deleted() {
    let reading = reading().await;
    let started = data(
        call(&reading, "PUT", "folders/own", &json!({ "mode": "emptyFolder" })).await.assert_status(200),
    );
    let job = started["jobId"].as_str().expect("an id");
    assert_eq!(read(&reading, &format!("jobs/{job}")).await["jobId"], job);
    reading.scene.world.mail.answer(|seen| {
        if seen.path().ends_with("/move") {
            return MailAnswer::Json(201, json!({ "id": "own" }));
        }
        mailbox(seen)
    });
    let moved = json!({ "mode": "move", "parentFolderId": "id-of-inbox", "previousFolderId": "another" });
    call(&reading, "PUT", "folders/own", &moved).await.assert_status(200);
    reading.scene.world.mail.take_requests();
    call(&reading, "DELETE", "folders/own", &Value::Null).await.assert_status(200);
    let seen = reading.scene.world.mail.take_requests();
    let deleted = seen.iter().filter(|seen| seen.method == Method::DELETE).map(MailSeen::path);
    assert_eq!(deleted.collect::<Vec<_>>(), ["/me/mailFolders/own"]);
}

#[tokio::test]
async fn labels_get_no_other_name() {
    let reading = reading().await;
    let renamed = call(&reading, "PUT", "labels/UmVk", &json!({ "displayName": "Rouge" })).await;
    assert_refusal(&renamed, 400, "NOT_SUPPORTED_BY_PROVIDER");
    reading.scene.world.mail.answer(|seen| {
        if seen.method == Method::DELETE {
            return MailAnswer::Bytes("text/plain", Vec::new());
        }
        mailbox(seen)
    });
    call(&reading, "DELETE", "labels/UmVk", &Value::Null).await.assert_status(200);
    assert_eq!(read(&reading, "messages/1").await["labelId"], json!(["UmVk"]));
    let changed = reading.scene.world.mail.take_requests();
    let changed = changed.iter().filter(|seen| seen.method != Method::GET).map(MailSeen::path);
    assert_eq!(changed.collect::<Vec<_>>(), ["/me/outlook/masterCategories/x"]);
}

#[tokio::test]
async fn content_of_sent_mail_is_final() {
    let reading = reading().await;
    reading.scene.world.mail.take_requests();
    let changed = call(&reading, "PUT", "drafts/AAMk-1%3D", &json!({ "subject": "Another" })).await;
    assert_refusal(&changed, 409, "CONTENT_IS_FINAL");
    let seen = reading.scene.world.mail.take_requests();
    assert!(seen.iter().all(|seen| seen.method == Method::GET), "{seen:?}");
}
