//! Sending and drafts.

use http::Method;
use serde_json::{Value, json};

use crate::{
    api_sending::posting::{GRACE, Posting, message},
    support::{Kind, assert_refusal, data, sending::BLIND},
};

async fn posting() -> Posting {
    Posting::new(Kind::Sqlite).await
}

/// A message with these values more.
fn with(more: &Value) -> Value {
    let mut body = message("One");
    for (name, value) in more.as_object().expect("values") {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_wrong_sender_is_no_500() {
    let posting = posting().await;
    let send = async |more: Value| posting.call("POST", "messages", &with(&more)).await;
    let unknown = send(json!({ "fromAddress": "eve@fabrikam.test" })).await;
    assert_refusal(&unknown, 400, "Given FromAddress not exists!");
    assert_refusal(&send(json!({ "fromAddress": null })).await, 400, "INVALID_VALUE");
    send(json!({ "fromAddress": "\"Hopper, Grace\" <grace@contoso.test>" })).await.assert_status(200);
    let (_, made) = posting.written(&Method::POST, "/me/messages").pop().expect("a draft");
    let from = json!({ "emailAddress": { "name": "Hopper, Grace", "address": GRACE } });
    assert_eq!(made["from"], from);
}

#[tokio::test]
async fn in_reply_to_is_a_message_id_or_an_address() {
    let posting = posting().await;
    let made = async |more: Value| {
        posting.call("POST", "messages", &with(&more)).await.assert_status(200);
        posting.written(&Method::POST, "/me/messages").pop().expect("a draft").1
    };
    let threaded = made(json!({ "inReplyTo": "<1@y.test>" })).await;
    assert!(threaded["singleValueExtendedProperties"].to_string().contains("<1@y.test>"), "{threaded}");
    assert_eq!(threaded.get("replyTo"), None);
    let addressed = made(json!({ "inReplyTo": "help@x.test" })).await;
    assert_eq!(addressed["replyTo"], json!([{ "emailAddress": { "address": "help@x.test" } }]));
    assert_eq!(addressed.get("singleValueExtendedProperties"), None);
    let original = posting.outbox.add_draft();
    for (action, end) in
        [("reply", "/createReply"), ("replyall", "/createReplyAll"), ("forward", "/createForward")]
    {
        let thread =
            json!({ "action": action, "inReplyTo": "<1@y.test>", "refHeader": "<0@y.test> <1@y.test>" });
        posting.call("POST", &format!("messages/{original}"), &with(&thread)).await.assert_status(200);
        let (_, answer) = posting.written(&Method::POST, end).pop().expect("a draft");
        assert!(
            answer["message"].is_object() && !answer.to_string().contains("y.test"),
            "{action}: {answer}"
        );
    }
}

#[tokio::test]
async fn sends_and_replies_take_what_drafts_take() {
    let posting = posting().await;
    let more =
        json!({ "replyTo": "help@x.test", "askReceipt": "yes", "priority": "low", "encoding": "ISO-8859-1" });
    posting.call("POST", "messages", &with(&more)).await.assert_status(200);
    let (_, made) = posting.written(&Method::POST, "/me/messages").pop().expect("a draft");
    let original = posting.outbox.add_draft();
    let mut reply = with(&more);
    reply["action"] = json!("reply");
    posting.call("POST", &format!("messages/{original}"), &reply).await.assert_status(200);
    let (_, replied) = posting.written(&Method::POST, "/createReply").pop().expect("a draft");
    for draft in [&made, &replied["message"]] {
        assert_eq!(
            (
                &draft["importance"],
                &draft["isReadReceiptRequested"],
                draft["replyTo"].as_array().map(Vec::len)
            ),
            (&json!("low"), &json!(true), Some(1)),
            "{draft}"
        );
        assert!(!draft.to_string().contains("8859"), "{draft}");
    }
}

#[tokio::test]
async fn the_answer_to_a_send_has_the_message_id() {
    let sent = posting().await.send("One").await;
    let id = sent["internetMessageId"].as_str().expect("a Message-ID");
    assert!(id.starts_with('<') && id.ends_with('>') && sent["messageId"] != id, "{sent}");
    assert_eq!(sent.get("warning"), None);
    let sent = Posting::with(Kind::Sqlite, BLIND).await.send("One").await;
    assert_eq!(sent["messageId"], sent["internetMessageId"]);
}

#[tokio::test]
async fn a_reply_shows_what_was_given() {
    let posting = posting().await;
    let original = posting.outbox.add_draft();
    let reply = json!({ "action": "reply", "fromAddress": GRACE, "content": "Yes" });
    let answer = posting.call("POST", &format!("messages/{original}"), &reply).await;
    let sent = data(answer.assert_status(200));
    assert_eq!((&sent["subject"], &sent["toAddress"]), (&json!(""), &json!("")));
    let (_, made) = posting.written(&Method::POST, "/createReply").pop().expect("a draft");
    assert_eq!((made["message"].get("subject"), made["message"].get("toRecipients")), (None, None));
}

#[tokio::test]
async fn a_scheduled_message_has_an_id_of_its_own() {
    let posting = posting().await;
    let at = |kind: u8, zone: &str| {
        with(&json!({
            "isSchedule": true, "scheduleType": kind, "timeZone": zone, "scheduleTime": "12/01/2026 09:00:00",
        }))
    };
    let mail360s = "GMT 5:30 (India Standard Time - Asia/Calcutta)";
    for zone in [mail360s, "Asia/Calcutta"] {
        let scheduled = data(posting.call("POST", "messages", &at(6, zone)).await.assert_status(200));
        let id = scheduled["messageId"].as_str().expect("an id");
        assert!(id.starts_with("sch_"), "{id}");
        let found = posting.application.read(&posting.at(&format!("schedules/{id}"))).await;
        assert_eq!(found["scheduleId"], id);
        posting.call("DELETE", &format!("schedules/{id}"), &Value::Null).await.assert_status(200);
    }
    assert_refusal(&posting.call("POST", "messages", &at(1, mail360s)).await, 400, "NOT_SUPPORTED");
    let nowhere = posting.call("POST", "messages", &at(6, "GMT 5:30")).await;
    assert_refusal(&nowhere, 400, "INVALID_VALUE");
}

#[tokio::test]
async fn a_file_is_taken_from_its_client_and_account_only() {
    let posting = posting().await;
    for with_name in [true, false] {
        let (client, file) = posting.upload("a.txt", b"hello".to_vec()).await;
        let id = if with_name { file.clone() } else { file.split('/').next().unwrap_or_default().to_owned() };
        let body = with(&json!({ "attachments": [{ "fileId": id }] }));
        assert_refusal(&posting.call("POST", "messages", &body).await, 400, "INVALID_VALUE");
        posting.call_by(&client, "POST", "messages", &body).await.assert_status(200);
    }
    assert_eq!(posting.outbox.files(), 2);
}

#[tokio::test]
async fn drafts_have_calls_that_mail360_lacks() {
    let posting = posting().await;
    let created = data(posting.call("POST", "drafts", &message("One")).await.assert_status(201));
    let draft = created["draftId"].as_str().expect("an id").to_owned();
    let path = format!("drafts/{draft}");
    let removal = json!({ "removeAttachments": ["file-1"] });
    posting.call("PUT", &path, &removal).await.assert_status(200);
    assert_eq!(posting.written(&Method::DELETE, "/attachments/file-1").len(), 1);
    posting.call("POST", &format!("{path}/send"), &Value::Null).await.assert_status(200);
    let other = data(posting.call("POST", "drafts", &message("Two")).await.assert_status(201));
    let path = format!("drafts/{}", other["draftId"].as_str().expect("an id"));
    posting.call("DELETE", &path, &Value::Null).await.assert_status(200);
    assert_eq!((posting.outbox.delivered().len(), posting.outbox.drafts()), (1, 0));
}
