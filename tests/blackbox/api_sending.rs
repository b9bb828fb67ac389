//! The calls that send: what the provider gets, what the application gets, and that a message is sent once.

pub mod posting;

use http::Method;
use rstest::rstest;
use serde_json::json;
use time::Duration;

use self::posting::{GRACE, Posting, finish, message};
use crate::support::{
    Application, Kind, assert_refusal,
    company::{GMAIL, OUTLOOK, OUTLOOK_ON_POSTGRES, Site},
    data,
    outbox::Fault,
    sending::{BLIND, DRAFT, FINDABLE},
};

const REPLAYED: &str = "idempotent-response";

#[rstest]
#[tokio::test]
async fn a_message_has_every_value_of_its_call_and_the_answer_mail360s_fields(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let body = json!({
        "fromAddress": "\"Hopper, Grace\" <ALIAS@contoso.test>", "toAddress": "\"Doe, J\" <j@x.test>, b@x.test",
        "ccAddress": "c@x.test", "bccAddress": "d@x.test", "subject": "Invoice", "content": "Dear J,\nplease pay.",
        "mailFormat": "plaintext", "inReplyTo": "<1@y.test>", "refHeader": "<0@y.test>", "replyTo": "e@x.test",
        "askReceipt": "yes", "priority": "high", "encoding": "UTF-8", "attachments": "[]",
    });
    let answer = posting.call("POST", "messages", &body).await;
    assert_eq!(answer.assert_status(200).header(REPLAYED), "");
    let sent = data(&answer);
    let id = sent["internetMessageId"].as_str().expect("a Message-ID").to_owned();
    assert!(id.starts_with('<') && id.ends_with("@contoso.test>"), "{id}");
    let expected = json!({
        "messageId": "letter-1", "internetMessageId": id, "fromAddress": "\"Hopper, Grace\" <ALIAS@contoso.test>",
        "toAddress": "\"Doe, J\" <j@x.test>, b@x.test", "subject": "Invoice",
    });
    assert_eq!(sent, expected);
    assert_eq!(posting.outbox.delivered(), [id.as_str()]);
    let person = |name: Option<&str>, email: &str| {
        let mut address = json!({ "address": email });
        if let Some(name) = name {
            address["name"] = name.into();
        }
        json!({ "emailAddress": address })
    };
    let (_, made) = posting.written(&Method::POST, "/me/messages").pop().expect("a draft");
    for (field, value) in [
        ("internetMessageId", json!(id)),
        ("from", person(Some("Hopper, Grace"), "ALIAS@contoso.test")),
        ("toRecipients", json!([person(Some("Doe, J"), "j@x.test"), person(None, "b@x.test")])),
        ("ccRecipients", json!([person(None, "c@x.test")])),
        ("bccRecipients", json!([person(None, "d@x.test")])),
        ("replyTo", json!([person(None, "e@x.test")])),
        ("subject", json!("Invoice")),
        ("body", json!({ "contentType": "text", "content": "Dear J,\nplease pay." })),
        ("importance", json!("high")),
        ("isReadReceiptRequested", json!(true)),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    let threading = made["singleValueExtendedProperties"].to_string();
    assert!(
        threading.contains("\"<1@y.test>\"") && threading.contains("\"<0@y.test> <1@y.test>\""),
        "{threading}"
    );
    // The id stays that of the message in the mailbox.
    let read = posting.application.read(&posting.at("messages/letter-1")).await;
    assert_eq!(read["messageId"], "letter-1");
}

#[rstest]
#[case::reply("reply", "createReply")]
#[case::reply_all("replyall", "createReplyAll")]
#[case::forward("forward", "createForward")]
#[tokio::test]
async fn a_reply_and_a_forwarded_message_begin_at_the_original(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] action: &str,
    #[case] request: &str,
) {
    let posting = Posting::new(kind).await;
    let original = posting.outbox.add_draft();
    let path = format!("messages/{original}");
    let mut body = json!({ "action": action, "fromAddress": GRACE, "content": "<p>See below.</p>" });
    if action == "forward" {
        let refused = assert_refusal(&posting.call("POST", &path, &body).await, 400, "INVALID_VALUE");
        assert_eq!(refused["moreInfo"], "toAddress is missing. The action forward needs it.");
        body["toAddress"] = json!("to@contoso.test");
    }
    let answer = posting.call("POST", &path, &body).await;
    let sent = data(answer.assert_status(200));
    assert_eq!(sent["toAddress"], body.get("toAddress").cloned().unwrap_or_else(|| json!("")));
    let (made_at, made) = posting.written(&Method::POST, request).pop().expect("a draft");
    assert_eq!(made_at, format!("/me/messages/{original}/{request}"));
    let content = made["message"]["body"]["content"].as_str().expect("HTML");
    assert!(content.contains("<p>See below.</p>"), "{content}");
    assert_eq!(posting.outbox.delivered().len(), 1);

    let unknown = posting.call("POST", "messages/unknown", &body).await;
    assert_refusal(&unknown, 404, "NOT_FOUND");
    assert_eq!(posting.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_call_with_a_key_is_done_once_for_its_client_account_and_call(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let posting = Posting::new(site).await;
    let send = async |subject: &str| posting.call_once("k-1", "POST", "messages", &message(subject)).await;
    let first = send("One").await;
    assert_eq!(first.assert_status(200).header(REPLAYED), "");
    for _ in 0..2 {
        let again = send("One").await;
        assert_eq!(again.assert_status(200).header(REPLAYED), "true");
        assert_eq!(data(&again), data(&first));
    }
    assert_eq!(posting.outbox.delivered().len(), 1);
    assert_refusal(&send("Two").await, 409, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(posting.outbox.delivered().len(), 1);

    // The same key of another call, of another client, and for another account.
    let original = posting.outbox.add_draft();
    let reply = json!({ "action": "reply", "fromAddress": GRACE, "content": "Yes" });
    let path = format!("messages/{original}");
    posting.call_once("k-1", "POST", &path, &reply).await.assert_status(200);
    let other = Application::with_everything(&posting.scene.world).await;
    let key = [("idempotency-key", "k-1")];
    let of_other = other.send_headed("POST", &posting.at("messages"), &key, &message("One")).await;
    assert_eq!(of_other.assert_status(200).header(REPLAYED), "");
    let henry = posting.scene.connect("henry").await;
    posting.scene.grant(DRAFT).await;
    let mut of_henry = message("One");
    of_henry["fromAddress"] = json!("henry@contoso.test");
    let path = format!("/api/accounts/{henry}/messages");
    let of_henry = posting.application.send_headed("POST", &path, &key, &of_henry).await;
    assert_eq!(of_henry.assert_status(200).header(REPLAYED), "");
    assert_eq!(posting.outbox.delivered().len(), 4);
}

#[rstest]
#[tokio::test]
async fn without_a_key_a_call_that_was_answered_is_not_repeated_but_made_again(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let posting = Posting::new(site).await;
    let (first, second) = (posting.send("One").await, posting.send("One").await);
    assert_ne!(first["messageId"], second["messageId"]);
    assert_eq!(posting.outbox.delivered().len(), 2);
}

#[rstest]
#[case::with_a_key(Some("k-1"), 409, "IDEMPOTENCY_IN_PROGRESS")]
#[case::without_a_key(None, 503, "TIMED_OUT")]
#[tokio::test]
async fn calls_that_repeat_one_under_way_join_it_and_a_later_one_has_its_result(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] key: Option<&'static str>,
    #[case] status: u16,
    #[case] code: &str,
) {
    let (posting, monotonic) = Posting::new(kind).await.with_clock().await;
    // The draft is made. Then four answers are lost, which takes longer than a call waits.
    posting.outbox.delay(60, 0);
    posting.outbox.fail_next([Fault::None].into_iter().chain([Fault::AnswerLost; 4]));
    let begin = || posting.begin(key, "messages", &message("One"));
    let (one, two) = (begin(), begin());
    for call in [one, two] {
        let answer = finish(&monotonic, call).await;
        let refused = assert_refusal(&answer, status, code);
        assert!(refused["moreInfo"].as_str().expect("more").contains("same"), "{refused}");
        let wait: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!(wait >= 1);
    }
    let mut last = finish(&monotonic, begin()).await;
    // The time of a test may pass faster than the work.
    for _ in 0..5 {
        if last.status == status {
            last = finish(&monotonic, begin()).await;
        }
    }
    assert_eq!(last.assert_status(200).header(REPLAYED), "true");
    monotonic.advance(60.0);
    let delivered = posting.outbox.delivered();
    assert_eq!(delivered, [data(&last)["internetMessageId"].as_str().expect("a Message-ID")]);
    assert_eq!(posting.outbox.drafts_made(), 1);
}

#[rstest]
#[tokio::test]
async fn what_became_of_a_message_is_found_out_by_its_message_id(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let posting = Posting::with(site, FINDABLE).await;
    posting.outbox.fail_next([Fault::AnswerLost]);
    let sent = posting.send("One").await;
    assert_eq!(posting.outbox.delivered(), [sent["internetMessageId"].as_str().expect("a Message-ID")]);
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_found_out_is_unknown_and_never_sent_again(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
    #[values(true, false)] has_key: bool,
) {
    let posting = Posting::with(site, BLIND).await;
    posting.outbox.fail_next([Fault::AnswerLost]);
    let send = async || {
        let (path, body) = ("messages", message("One"));
        if has_key {
            posting.call_once("k-1", "POST", path, &body).await
        } else {
            posting.call("POST", path, &body).await
        }
    };
    for _ in 0..3 {
        let unknown = assert_refusal(&send().await, 409, "SEND_OUTCOME_UNKNOWN");
        assert_eq!(
            posting.outbox.delivered(),
            [unknown["internetMessageId"].as_str().expect("a Message-ID")]
        );
    }
    // Without an answer that is lost, sending needs no more than the permission to send.
    let sent = posting.send("Two").await;
    let is_told = sent["messageId"] != sent["internetMessageId"];
    assert_eq!(is_told, site.company.facts().tells_id, "{sent}");
    assert_eq!(posting.outbox.delivered().len(), 2);
}

#[rstest]
#[tokio::test]
async fn files_of_the_same_client_are_sent_once_and_then_gone(
    #[values(OUTLOOK, OUTLOOK_ON_POSTGRES, GMAIL)] site: Site,
) {
    let posting = Posting::new(site).await;
    let (client, file) = posting.upload("report.pdf", b"%PDF-1.7".to_vec()).await;
    let mut body = message("With a file");
    body["attachments"] = json!([{ "fileId": file }]);
    let foreign = posting.call("POST", "messages", &body).await;
    assert_refusal(&foreign, 400, "INVALID_VALUE");
    // Mail360's samples quote arrays. The name behind the id may be missing.
    let id = file.split('/').next().expect("an id");
    body["attachments"] = json!(format!("[{{\"fileId\":\"{id}\"}}]"));
    posting.call_by(&client, "POST", "messages", &body).await.assert_status(200);
    assert_eq!((posting.outbox.files(), posting.outbox.delivered().len()), (1, 1));
    if site.company.facts().attaches {
        let (_, added) = posting.written(&Method::POST, "/attachments").pop().expect("a file");
        assert_eq!((&added["name"], &added["contentBytes"]), (&json!("report.pdf"), &json!("JVBERi0xLjc=")));
    }
    let again = posting.call_by(&client, "POST", "messages", &body).await;
    assert_refusal(&again, 400, "INVALID_VALUE");
    assert_eq!(posting.outbox.delivered().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_scheduled_message_waits_and_is_not_at_the_provider(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let mut body = message("Later");
    for (name, value) in [
        ("isSchedule", json!("true")),
        ("scheduleType", json!("6")),
        ("timeZone", json!("GMT 5:30 (India Standard Time - Asia/Calcutta)")),
        ("scheduleTime", json!("12/01/2026 09:00:00")),
    ] {
        body[name] = value;
    }
    posting.scene.world.mail.take_requests();
    let answer = posting.call_once("k-1", "POST", "messages", &body).await;
    let scheduled = data(answer.assert_status(200));
    assert!(scheduled["messageId"].as_str().expect("an id").starts_with("sch_"), "{scheduled}");
    assert_eq!((&scheduled["subject"], scheduled.get("internetMessageId")), (&json!("Later"), None));
    let again = posting.call_once("k-1", "POST", "messages", &body).await;
    assert_eq!((again.header(REPLAYED), data(&again)), ("true", scheduled.clone()));
    body["scheduleTime"] = json!("12/01/2026 10:00:00");
    let other = posting.call_once("k-1", "POST", "messages", &body).await;
    assert_refusal(&other, 409, "IDEMPOTENCY_KEY_REUSED");
    body["scheduleTime"] = json!("11/01/2026 10:00:00");
    let past = posting.call("POST", "messages", &body).await;
    let refused = assert_refusal(&past, 400, "INVALID_VALUE");
    assert_eq!(refused["moreInfo"], "scheduleTime: This time is over in this time zone.");
    assert!(posting.scene.world.mail.take_requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_scheduled_call_that_is_repeated_after_its_time_has_its_message(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let mut body = message("Later");
    body["isSchedule"] = json!(true);
    body["scheduleType"] = json!(6);
    body["timeZone"] = json!("Etc/UTC");
    body["scheduleTime"] = json!("11/23/2026 07:30:00");
    let first = data(posting.call_once("k-1", "POST", "messages", &body).await.assert_status(200));
    posting.scene.world.clock.advance(Duration::hours(1));
    let again = posting.call_once("k-1", "POST", "messages", &body).await;
    assert_eq!((again.assert_status(200).header(REPLAYED), data(&again)), ("true", first));
    let late = posting.call_once("k-2", "POST", "messages", &body).await;
    let refused = assert_refusal(&late, 400, "INVALID_VALUE");
    assert_eq!(refused["moreInfo"], "scheduleTime: This time is over in this time zone.");
    body["scheduleTime"] = json!("11/25/2027 07:30:00");
    let early = posting.call_once("k-3", "POST", "messages", &body).await;
    let refused = assert_refusal(&early, 400, "INVALID_VALUE");
    assert_eq!(refused["moreInfo"], "scheduleTime: Give a time within a year.");
    assert_eq!(posting.scene.world.raw.count("schedules").await, 1);
}
