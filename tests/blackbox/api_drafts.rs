//! The calls that make, change, delete and send drafts.

use http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_sending::posting::{GRACE, Posting, message},
    support::{
        Kind, assert_refusal,
        company::{Company, GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
        data,
        outbox::Fault,
        sending::BLIND,
    },
};

const REPLAYED: &str = "idempotent-response";
/// The id of the label `Red`.
const RED: &str = "UmVk";

#[rstest]
#[tokio::test]
async fn a_draft_has_every_value_of_its_call_and_is_made_once_for_a_key(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let mut body = message("A draft");
    for (name, value) in [
        ("toAddress", json!("")),
        ("ccAddress", json!("Not Provided")),
        ("labelId", json!([RED])),
        ("priority", json!("low")),
        ("askReceipt", json!("no")),
    ] {
        body[name] = value;
    }
    let first = posting.call_once("k-1", "POST", "drafts", &body).await;
    assert_eq!(first.assert_status(201).header(REPLAYED), "");
    let created = data(&first);
    let expected =
        json!({ "draftId": "letter-1", "fromAddress": GRACE, "toAddress": "", "subject": "A draft" });
    assert_eq!(created, expected);
    let (_, made) = posting.written(&Method::POST, "/me/messages").pop().expect("a draft");
    assert_eq!((&made["categories"], &made["importance"]), (&json!(["Red"]), &json!("low")));
    assert_eq!((made.get("toRecipients"), made.get("isReadReceiptRequested")), (None, None));
    assert_eq!(made["body"], json!({ "contentType": "html", "content": "<p>canary-content</p>" }));
    let again = posting.call_once("k-1", "POST", "drafts", &body).await;
    assert_eq!((again.assert_status(201).header(REPLAYED), data(&again)), ("true", created));
    posting.call("POST", "drafts", &body).await.assert_status(201);
    posting.call("POST", "drafts", &body).await.assert_status(201);
    assert_eq!((posting.outbox.drafts(), posting.outbox.delivered().len()), (3, 0));
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_makes_no_second_draft(#[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site) {
    let posting = Posting::new(site).await;
    posting.outbox.fail_next([Fault::AnswerLost]);
    let created = data(posting.call("POST", "drafts", &message("One")).await.assert_status(201));
    assert_eq!(posting.outbox.drafts_made(), 1);
    let path = format!("drafts/{}/send", created["draftId"].as_str().expect("an id"));
    posting.call("POST", &path, &Value::Null).await.assert_status(200);
    assert_eq!((posting.outbox.drafts(), posting.outbox.delivered().len()), (0, 1));
}

/// Gmail takes the labels of a draft in a request of their own.
#[tokio::test]
async fn a_draft_whose_answer_was_lost_has_its_labels_nevertheless() {
    let posting = Posting::new(GMAIL).await;
    let label = json!({ "displayName": "Plans", "color": "#4a86e8" });
    let label = data(posting.call("POST", "labels", &label).await.assert_status(201));
    let mut body = message("One");
    body["labelId"] = json!([label["labelId"]]);
    posting.outbox.fail_next([Fault::AnswerLost]);
    let created = data(posting.call("POST", "drafts", &body).await.assert_status(201));
    let path = format!("messages/{}", created["draftId"].as_str().expect("an id"));
    let read = posting.application.read(&posting.at(&path)).await;
    assert_eq!((&read["labelId"], posting.outbox.drafts_made()), (&body["labelId"], 1));
}

#[rstest]
#[tokio::test]
async fn a_change_names_what_changes_and_an_empty_value_removes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let draft = posting.outbox.add_draft();
    let path = format!("drafts/{draft}");
    for (body, written) in [
        (json!({ "subject": "New" }), json!({ "subject": "New" })),
        (json!({ "toAddress": "" }), json!({ "toRecipients": [] })),
        (
            json!({ "content": "Hello", "mailFormat": "plaintext", "labelId": [], "priority": "medium" }),
            json!({ "body": { "contentType": "text", "content": "Hello" }, "categories": [], "importance": "normal" }),
        ),
        (
            json!({ "fromAddress": "alias@contoso.test", "askReceipt": "no", "subject": "" }),
            json!({
                "from": { "emailAddress": { "address": "alias@contoso.test" } }, "isReadReceiptRequested": false,
                "subject": "",
            }),
        ),
    ] {
        let answer = posting.call("PUT", &path, &body).await;
        assert_eq!(answer.assert_status(200).body, r#"{"status":{"code":200,"description":"success"}}"#);
        let (changed, fields) = posting.written(&Method::PATCH, &draft).pop().expect("a change");
        assert_eq!((changed, fields), (format!("/me/messages/{draft}"), written), "{body}");
    }
    // A call that names nothing changes nothing.
    posting.call("PUT", &path, &json!({})).await.assert_status(200);
    assert!(posting.written(&Method::PATCH, &draft).is_empty());
}

#[rstest]
#[tokio::test]
async fn a_draft_gets_and_loses_attachments(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let posting = Posting::new(kind).await;
    let draft = posting.outbox.add_draft();
    let path = format!("drafts/{draft}");
    let (client, file) = posting.upload("report.pdf", b"%PDF-1.7".to_vec()).await;
    let body = json!({ "attachments": [{ "fileId": file }], "removeAttachments": ["file-1", "gone"] });
    for _ in 0..2 {
        posting.call_by(&client, "PUT", &path, &body).await.assert_status(200);
        assert_eq!(posting.outbox.files(), 1);
    }
    let removed = posting.written(&Method::DELETE, "/attachments/file-1");
    assert_eq!(
        removed.first().map(|(path, _)| path.as_str()),
        Some(&*format!("/me/messages/{draft}/attachments/file-1"))
    );
    let foreign = posting.call("PUT", &path, &json!({ "attachments": [{ "fileId": file }] })).await;
    assert_refusal(&foreign, 400, "INVALID_VALUE");
}

#[rstest]
#[tokio::test]
async fn a_change_of_a_draft_takes_no_more_files_than_it_has_time_for(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let path = format!("drafts/{}", posting.outbox.add_draft());
    let (client, file) = posting.upload("large.bin", vec![7; 20 * 1024 * 1024 + 1]).await;
    posting.scene.world.mail.take_requests();
    let body = json!({ "subject": "New", "attachments": [{ "fileId": file }] });
    let refused = posting.call_by(&client, "PUT", &path, &body).await;
    assert_refusal(&refused, 413, "MESSAGE_TOO_LARGE");
    assert!(posting.scene.world.mail.take_requests().is_empty(), "nothing was changed");
    // The upload is free again for a new draft.
    assert_eq!(posting.scene.world.raw.count("upload_uses").await, 0);
    assert_eq!(posting.scene.world.raw.count("uploads").await, 1);
}

#[rstest]
#[tokio::test]
async fn only_drafts_are_changed_and_deleted(#[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site) {
    let posting = Posting::new(site).await;
    let sent = posting.send("One").await;
    let path = format!("drafts/{}", sent["messageId"].as_str().expect("an id"));
    let (client, file) = posting.upload("report.pdf", b"%PDF-1.7".to_vec()).await;
    posting.scene.world.mail.take_requests();
    for body in [
        json!({ "subject": "Another" }),
        json!({ "removeAttachments": ["file-1"] }),
        json!({ "attachments": [{ "fileId": file }] }),
        json!({}),
    ] {
        let refused = posting.call_by(&client, "PUT", &path, &body).await;
        assert_refusal(&refused, 409, "CONTENT_IS_FINAL");
    }
    assert_refusal(&posting.call("DELETE", &path, &Value::Null).await, 404, "NOT_FOUND");
    assert_refusal(&posting.call("POST", &format!("{path}/send"), &Value::Null).await, 404, "NOT_FOUND");
    let written = posting.scene.world.mail.take_requests();
    assert!(written.iter().all(|seen| seen.method == Method::GET), "{written:?}");
    let draft = posting.outbox.add_draft();
    for (body, status, code) in [
        (json!({ "fromAddress": "eve@fabrikam.test" }), 400, "Given FromAddress not exists!"),
        (json!({ "toAddress": "no address" }), 400, "INVALID_VALUE"),
        (json!({ "mailFormat": "html" }), 400, "INVALID_VALUE"),
        (json!({ "inReplyTo": "<1@x.test>" }), 400, "EXTRA_PARAM_FOUND"),
    ] {
        assert_refusal(&posting.call("PUT", &format!("drafts/{draft}"), &body).await, status, code);
    }
    for (method, path) in
        [("PUT", "drafts/unknown"), ("DELETE", "drafts/unknown"), ("POST", "drafts/unknown/send")]
    {
        assert_refusal(&posting.call(method, path, &Value::Null).await, 404, "NOT_FOUND");
    }
}

#[rstest]
#[tokio::test]
async fn a_deleted_draft_is_gone(#[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site) {
    let posting = Posting::new(site).await;
    let path = format!("drafts/{}", posting.outbox.add_draft());
    posting.call("DELETE", &path, &Value::Null).await.assert_status(200);
    assert_eq!(posting.outbox.drafts(), 0);
    assert_refusal(&posting.call("DELETE", &path, &Value::Null).await, 404, "NOT_FOUND");
}

#[rstest]
#[tokio::test]
async fn a_draft_is_sent_once_and_the_answer_has_the_id_of_the_message(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let posting = Posting::new(site).await;
    let draft = data(posting.call("POST", "drafts", &message("One")).await.assert_status(201));
    let draft = draft["draftId"].as_str().expect("an id").to_owned();
    let path = format!("drafts/{draft}/send");
    let first = posting.call_once("k-1", "POST", &path, &Value::Null).await;
    let sent = data(first.assert_status(200));
    let id = sent["messageId"].as_str().expect("an id");
    assert!(posting.outbox.has_sent(id), "{sent}");
    assert_eq!(id == draft, site.company == Company::Microsoft, "a draft keeps its id at Microsoft alone");
    assert_eq!(sent["fromAddress"], GRACE);
    let again = posting.call_once("k-1", "POST", &path, &Value::Null).await;
    assert_eq!((again.assert_status(200).header(REPLAYED), data(&again)), ("true", sent));
    assert_refusal(&posting.call("POST", &path, &Value::Null).await, 404, "NOT_FOUND");
    assert_eq!(posting.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn drafts_need_the_permission_to_write_mail(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let posting = Posting::with(kind, BLIND).await;
    posting.scene.world.mail.answer(|_| crate::support::MailAnswer::refusal(403, "ErrorAccessDenied"));
    for (method, path, body) in [
        ("POST", "drafts", message("One")),
        ("PUT", "drafts/letter-1", json!({ "subject": "Another" })),
        ("DELETE", "drafts/letter-1", Value::Null),
        ("POST", "drafts/letter-1/send", Value::Null),
    ] {
        let refused = posting.call(method, path, &body).await;
        assert_refusal(&refused, 403, "PERMISSION_NOT_GRANTED");
    }
}
