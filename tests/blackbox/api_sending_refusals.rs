//! Sends that are refused, what is recorded of sends, and the walls around them.

use mail360::clients::model::TypedClient;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api_sending::posting::{Posting, message},
    support::{Application, Kind, MailAnswer, assert_refusal, hex, outbox::Fault, sending::BLIND},
};

#[rstest]
#[tokio::test]
async fn each_refusal_says_why_and_nothing_is_sent(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let posting = Posting::new(kind).await;
    let send = async |change: Value| {
        let mut body = message("One");
        for (name, value) in change.as_object().expect("values") {
            body[name] = value.clone();
        }
        posting.call("POST", "messages", &body).await
    };
    let upload = "0197f0c0-0000-7000-8000-000000000001/a.pdf";
    for (change, status, code, words) in [
        (json!({ "fromAddress": "eve@fabrikam.test" }), 400, "Given FromAddress not exists!", "fromAddress"),
        (json!({ "fromAddress": "" }), 400, "INVALID_VALUE", "fromAddress is missing."),
        (json!({ "toAddress": "no address" }), 400, "INVALID_VALUE", "toAddress: Give email addresses"),
        (json!({ "toAddress": "," }), 400, "INVALID_VALUE", "toAddress: Give at least one email address."),
        (json!({ "subject": "a\r\nBcc: eve@fabrikam.test" }), 400, "INVALID_VALUE", "subject: Give"),
        (
            json!({ "attachments": [{ "fileId": upload }] }),
            400,
            "INVALID_VALUE",
            "attachments: Give the fileId",
        ),
        (json!({ "attachments": [{ "file": upload }] }), 400, "INVALID_VALUE", "attachments: Give"),
        (json!({ "mailFormat": "markdown" }), 400, "INVALID_VALUE", "mailFormat: Give"),
        (json!({ "templateId": "1" }), 400, "EXTRA_PARAM_FOUND", "MA_9018 templateId"),
        (json!({ "isSchedule": true }), 400, "INVALID_VALUE", "scheduleType is missing."),
        (json!({ "scheduleType": 1 }), 400, "NOT_SUPPORTED", "scheduleType"),
    ] {
        let refused = assert_refusal(&send(change.clone()).await, status, code);
        let more_info = refused["moreInfo"].as_str().expect("more");
        assert!(more_info.contains(words), "{change}: {more_info}");
    }
    for key in ["k".repeat(256), String::new()] {
        let answer = posting.call_once(&key, "POST", "messages", &message("One")).await;
        let refused = assert_refusal(&answer, 400, "INVALID_VALUE");
        assert!(
            refused["moreInfo"].as_str().expect("more").starts_with("Idempotency-Key: Give"),
            "{refused}"
        );
    }
    // What the provider refuses leaves no draft behind.
    posting.outbox.fail_next([Fault::Refused]);
    let refused = assert_refusal(&send(json!({})).await, 502, "PROVIDER_ERROR");
    assert_eq!(refused["provider"]["code"], "ErrorInvalidRecipients");
    posting.scene.world.mail.answer(|_| MailAnswer::refusal(413, "ErrorMessageSizeExceeded"));
    assert_refusal(&send(json!({})).await, 413, "MESSAGE_TOO_LARGE");
    let path = format!("/api/accounts/{}", posting.account);
    let disable = json!({ "mode": "disableAccount" });
    posting.application.send("PUT", &path, &disable).await.assert_status(200);
    assert_refusal(&send(json!({})).await, 409, "ACCOUNT_PAUSED");
    assert_eq!((posting.outbox.delivered().len(), posting.outbox.drafts()), (0, 0));
}

#[rstest]
#[tokio::test]
async fn an_id_that_cannot_exist_is_refused_before_anything_is_stored_or_asked(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    let with = |members: &[(&str, Value)]| {
        let mut body = message("One");
        for (name, value) in members {
            body[*name] = value.clone();
        }
        body
    };
    let reply = with(&[("action", json!("reply"))]);
    let scheduled = with(&[
        ("action", json!("forward")),
        ("isSchedule", json!(true)),
        ("scheduleType", json!(6)),
        ("timeZone", json!("Europe/Berlin")),
        ("scheduleTime", json!("12/24/2026 10:00:00")),
    ]);
    let labelled = with(&[("labelId", json!(["UmVk", "?"]))]);
    let world = &posting.scene.world;
    world.mail.take_requests();
    for (path, body, status, code) in [
        ("messages/%21", &reply, 404, "NOT_FOUND"),
        ("messages/%21", &scheduled, 404, "NOT_FOUND"),
        ("drafts/%21/send", &json!({}), 404, "NOT_FOUND"),
        ("drafts", &labelled, 400, "INVALID_VALUE"),
    ] {
        let refused = assert_refusal(&posting.call_once("k-1", "POST", path, body).await, status, code);
        assert!(status == 404 || refused["moreInfo"].to_string().contains("labelId: No label"), "{refused}");
    }
    assert!(world.mail.take_requests().is_empty());
    assert_eq!((world.raw.count("sends").await, world.raw.count("schedules").await), (0, 0));
    // The key is free for another draft.
    posting.call_once("k-1", "POST", "drafts", &message("One")).await.assert_status(201);
}

#[rstest]
#[tokio::test]
async fn a_mailbox_without_the_permission_says_which_and_the_page_of_its_account_offers_no_line_that_sends(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut posting = Posting::new(kind).await;
    let page = format!("/accounts/{}", posting.account);
    let shown = posting.scene.ada.get(&page).await;
    shown.assert_says("Send a mail to yourself").assert_says("grace@contoso.test");
    posting
        .scene
        .world
        .raw
        .run("UPDATE grants SET scopes = 'User.Read Mail.ReadWrite'")
        .await
        .expect("changed");
    let refused = posting.call("POST", "messages", &message("One")).await;
    let refused = assert_refusal(&refused, 403, "PERMISSION_NOT_GRANTED");
    assert!(refused["moreInfo"].as_str().expect("more").contains("Mail.Send"), "{refused}");
    let shown = posting.scene.ada.get(&page).await;
    assert!(!shown.assert_status(200).body.contains("Send a mail to yourself"));
    assert!(shown.body.contains("Line that reads the newest messages"));
}

#[rstest]
#[tokio::test]
async fn a_message_that_is_too_large_for_its_permissions_is_refused_before_it_is_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::with(kind, BLIND).await;
    let (client, file) = posting.upload("film.mp4", vec![0; 3_000_000]).await;
    let mut body = message("A film");
    body["attachments"] = json!([{ "fileId": file }]);
    posting.scene.world.mail.take_requests();
    let answer = posting.call_by(&client, "POST", "messages", &body).await;
    assert_refusal(&answer, 413, "MESSAGE_TOO_LARGE");
    assert!(posting.scene.world.mail.take_requests().is_empty());
}

#[rstest]
#[tokio::test]
async fn records_of_a_send_have_no_word_of_it(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut posting = Posting::new(kind).await;
    let mut body = message("canary-subject");
    body["toAddress"] = json!("canary-recipient@x.test, second@x.test");
    posting.call_once("k-1", "POST", "messages", &body).await.assert_status(200);
    posting.outbox.fail_next([Fault::Refused]);
    assert_refusal(&posting.call("POST", "messages", &body).await, 502, "PROVIDER_ERROR");
    posting.scene.world.flush().await;
    for row in posting.scene.world.raw.dump(&[]).await {
        for canary in ["canary-subject", "canary-content", "canary-recipient"] {
            let is_there = row.contains(canary) || row.to_lowercase().contains(&hex(canary.as_bytes()));
            assert!(!is_there, "{row}");
        }
    }
    let calls = "SELECT method || ' ' || route || ' ' || status FROM api_calls ORDER BY status";
    let calls: Vec<String> = posting.scene.world.raw.column(calls).await;
    let route = "POST /api/accounts/{account_key}/messages";
    assert_eq!(calls, [format!("{route} 200"), format!("{route} 502")]);
    let page = posting.scene.ada.get("/settings/activity").await;
    page.assert_status(200).assert_says("1 message to 2 recipients");
    assert!(!page.body.contains("canary-"), "{}", page.body);
}

#[rstest]
#[tokio::test]
async fn a_client_out_of_reach_learns_nothing_about_a_key_of_its_own(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let posting = Posting::new(kind).await;
    posting.call_once("k-1", "POST", "messages", &message("One")).await.assert_status(200);
    posting.scene.world.raw.run("UPDATE api_clients SET reach = 'connected'").await.expect("changed");
    // Another process has not remembered the client.
    let limited = posting.application.at(&posting.scene.world.another_process(&[]).await);
    let key = [("idempotency-key", "k-1")];
    let answer = limited.send_headed("POST", &posting.at("messages"), &key, &message("One")).await;
    assert_refusal(&answer, 404, "NOT_FOUND");
    let without = TypedClient {
        name: "Reader".to_owned(),
        scopes: vec!["MailApps.messages.READ".to_owned()],
        reach: "all".to_owned(),
        ..TypedClient::default()
    };
    let reader = Application::of(&posting.scene.world, without).await;
    let answer = reader.send("POST", &posting.at("messages"), &message("One")).await;
    assert_refusal(&answer, 403, "MISSING_SCOPE");
    assert_eq!(posting.outbox.delivered().len(), 1);
}
