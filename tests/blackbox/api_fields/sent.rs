//! What calls that send answer: with a warning, and where the outcome is unknown.

use axum::body::Body;
use mail360::api::calls;
use serde_json::json;

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
    grant(fields, DRAFT).await;
    for (id, path) in [("sendMessage", "messages"), ("createDraft", "drafts")] {
        let mut body = message("One");
        body["attachments"] = json!([{ "fileId": upload(fields, account).await }]);
        let made = fields.call(id, &format!("{account}{path}"), &body).await;
        assert_eq!(made["subject"], "One", "{id}: {made}");
    }
    grant(fields, BLIND).await;
    outbox.fail_next([Fault::AnswerLost]);
    fields.call("sendMessage", &format!("{account}messages"), &message("Two")).await;
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
