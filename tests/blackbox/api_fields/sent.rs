//! What calls that send answer: with a warning, and where the outcome is unknown.

use axum::body::Body;
use mail360::api::calls;
use serde_json::{Value, json};

use super::Fields;
use crate::{
    api_sending::posting::{answer, message},
    support::{
        TestMonotonic,
        api_clients::data,
        outbox::{Fault, Outbox},
        sending::{BLIND, DRAFT},
    },
};

/// Number of bytes of a file with which other companies may refuse a message.
const LARGE: usize = 28_000_000;

/// Makes the calls. `account` is the beginning of their addresses.
pub async fn send_all(fields: &mut Fields, account: &str) {
    let outbox = Outbox::new(&TestMonotonic::new());
    let answering = outbox.clone();
    fields.linked.world.mail.answer(move |seen| answer(&answering, seen));
    grant(fields, DRAFT.outlook).await;
    for (id, path) in [("sendMessage", "messages"), ("createDraft", "drafts")] {
        let mut body = message("One");
        body["attachments"] = json!([{ "fileId": upload(fields, account).await }]);
        let made = call_until_it_ends(fields, id, &format!("{account}{path}"), &body).await;
        assert_eq!(made["subject"], "One", "{id}: {made}");
    }
    grant(fields, BLIND.outlook).await;
    outbox.fail_next([Fault::AnswerLost]);
    fields.call("sendMessage", &format!("{account}messages"), &message("Two")).await;
}

/// Makes a call with a key, and repeats it while it is under way: to encrypt a large file takes an unoptimised program
/// longer than a call waits. Returns its `data`.
async fn call_until_it_ends(fields: &mut Fields, id: &str, path: &str, body: &Value) -> Value {
    let call = calls::ALL.into_iter().find(|call| call.id == id).expect("a call");
    for _ in 0..10 {
        let mut browser = fields.linked.world.browser();
        let request = browser
            .request("POST", path)
            .header("authorization", format!("Bearer {}", fields.key))
            .header("content-type", "application/json")
            .header("idempotency-key", id)
            .body(Body::from(body.to_string()))
            .expect("a request");
        let answer = browser.send(request).await;
        if answer.status.is_success() {
            fields.note(call, &answer);
            return data(&answer);
        }
        assert_eq!(data(&answer)["errorCode"], "IDEMPOTENCY_IN_PROGRESS", "{}", answer.body);
    }
    unreachable!("the call has no end");
}

async fn grant(fields: &Fields, scopes: &str) {
    fields.linked.world.raw.run(&format!("UPDATE grants SET scopes = '{scopes}'")).await.expect("granted");
}

/// Uploads a large file. Returns its `fileId`.
async fn upload(fields: &mut Fields, account: &str) -> String {
    let mut browser = fields.linked.world.browser();
    let request = browser
        .request("POST", &format!("{account}attachments?fileName=film.mp4"))
        .header("authorization", format!("Bearer {}", fields.key))
        .header("content-type", "video/mp4")
        .body(Body::from(vec![b'x'; LARGE]))
        .expect("a request");
    let answer = browser.send(request).await;
    fields.note(&calls::UPLOAD_ATTACHMENT, &answer);
    data(answer.assert_status(201))["fileId"].as_str().expect("an id").to_owned()
}
