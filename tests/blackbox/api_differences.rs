//! The section *Differences from Mail360* of docs/api.md: each of its lines begins with words of [`LINES`], and the test
//! beside them proves it.

mod accounts;
mod changing;
mod lists;
mod sending;

use mail360::clients::model::TypedClient;
use serde_json::{Value, json};

use crate::{
    api_reading::{Reading, mailbox, message},
    support::{Application, Kind, MailAnswer, assert_refusal},
};

/// The beginning of each line, in its order, and the test that proves it.
const LINES: [(&str, &str); 36] = [
    ("Ids are strings", "ids_are_strings_whose_case_counts"),
    ("Accounts are connected by a sign-in only", "nothing_works_with_passwords_and_templates"),
    ("`POST /api/accounts/oauth` answers", "a_link_is_an_address_of_this_program"),
    ("`PUT /api/accounts/{account_key}/oauth` takes", "only_the_owner_of_an_account_signs_in_again"),
    ("The list of accounts has", "the_list_of_accounts_has_the_fields_of_one_account"),
    ("`sortBy=size`", "what_no_provider_can_list_by_is_refused_by_name"),
    ("There is one flag", "there_is_one_flag"),
    ("`calendarType`", "fields_that_no_provider_has_are_absent"),
    ("Items of a list have no `hasInline`", "a_list_has_the_size_only_if_the_provider_gives_it"),
    ("`fromAddress` is a bare address", "addresses_have_the_published_forms"),
    ("`inline` of the attachments", "inline_attachments_are_listed_only_if_asked_for"),
    ("`includeBlockContent=true`", "a_body_as_it_came_is_not_sanitised"),
    ("`emailId` of a search", "a_search_for_nothing_is_the_list_of_messages"),
    ("`mailQry` takes", "a_search_is_written_in_the_published_form_and_as_clauses"),
    ("A search goes by", "a_search_leaves_out_hidden_folders_and_what_has_no_lasting_id"),
    ("A page of messages", "a_page_may_be_empty_and_not_the_last"),
    ("`start` passes over", "a_start_behind_too_many_messages_needs_a_cursor"),
    ("An item of the list of threads", "threads_are_listed_by_their_newest_messages"),
    ("A thread is its messages", "a_thread_is_paged_oldest_first"),
    ("Labels are", "labels_are_categories"),
    ("A mistake of the caller", "a_mistake_of_the_caller_is_no_500"),
    ("`7027`", "an_address_that_is_not_allowed_has_mail360s_code"),
    ("Downloads have", "a_download_has_the_name_of_its_attachment"),
    ("`fromAddress` that is none", "a_wrong_sender_is_no_500"),
    ("`inReplyTo` in angle brackets", "in_reply_to_is_a_message_id_or_an_address"),
    ("`replyTo`, `askReceipt`", "sends_and_replies_take_what_drafts_take"),
    ("The answer to a send", "the_answer_to_a_send_has_the_message_id"),
    ("Without `subject`", "a_reply_shows_what_was_given"),
    ("`scheduleType` other", "a_scheduled_message_has_an_id_of_its_own"),
    ("An upload answers", "a_file_is_taken_from_its_client_and_account_only"),
    ("`POST /api/accounts/{account_key}/drafts` answers", "drafts_have_calls_that_mail360_lacks"),
    ("A call for several messages", "a_bulk_call_tells_what_was_not_changed"),
    ("`emptyFolder` answers", "folders_are_emptied_by_a_job_and_deleted"),
    ("A label of Outlook", "labels_get_no_other_name"),
    ("Content of messages", "content_of_sent_mail_is_final"),
    ("Contacts,", "what_mail360_lacks_is_there"),
];

/// The lines of the section, each as one text.
fn lines() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    let section = guide.split("## Differences from Mail360").nth(1).expect("the section");
    let section = section.split("\n## ").next().expect("its end");
    let items = section.split("\n- ").skip(1);
    items.map(|item| item.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn each_line_of_the_documentation_has_a_test() {
    let lines = lines();
    let source = [
        include_str!("api_differences.rs"),
        include_str!("api_differences/accounts.rs"),
        include_str!("api_differences/changing.rs"),
        include_str!("api_differences/lists.rs"),
        include_str!("api_differences/sending.rs"),
    ]
    .concat();
    for (line, (beginning, test)) in lines.iter().zip(LINES) {
        assert!(line.starts_with(beginning), "{line}\nis not the line that begins with {beginning}");
        assert!(source.contains(&format!("async fn {test}(")), "{test}");
    }
    assert_eq!(lines.len(), LINES.len());
}

async fn reading() -> Reading {
    Reading::new(Kind::Sqlite).await
}

async fn read(reading: &Reading, path: &str) -> Value {
    reading.application.read(&reading.at(path)).await
}

/// Asserts that a call of the account is refused.
async fn assert_refused(reading: &Reading, path: &str, status: u16, code: &str) -> String {
    let answer = reading.application.get(&reading.at(path)).await;
    let refused = assert_refusal(&answer, status, code);
    refused["moreInfo"].as_str().expect("more").to_owned()
}

#[tokio::test]
async fn ids_are_strings_whose_case_counts() {
    let reading = reading().await;
    for id in ["AbC=", "aBc="] {
        let found = read(&reading, &format!("messages/{}", id.replace('=', "%3D"))).await;
        assert_eq!(found["messageId"], id);
    }
    reading.application.get(&reading.at(&format!("messages/{}", "x".repeat(400)))).await.assert_status(200);
    assert_refused(&reading, &format!("messages/{}", "x".repeat(401)), 400, "INVALID_VALUE").await;
    assert_refused(&reading, &format!("labels/{}", "A".repeat(1_400)), 404, "NOT_FOUND").await;
    assert_refused(&reading, &format!("labels/{}", "A".repeat(1_401)), 400, "INVALID_VALUE").await;
}

#[tokio::test]
async fn what_no_provider_can_list_by_is_refused_by_name() {
    let reading = reading().await;
    for path in [
        "messages?sortBy=size",
        "messages?sortBy=messageId",
        "messages?flagid=1",
        "messages?respondedMails=true",
        "drafts?sortBy=size",
        "drafts?sortBy=messageId",
    ] {
        assert_refused(&reading, path, 400, "NOT_SUPPORTED").await;
    }
    assert_refused(&reading, "messages?inlinedMails=true", 400, "NOT_SUPPORTED_BY_PROVIDER").await;
    for clause in ["flagid", "hasinline", "threadid", "attachid", "attachlabel", "attachtype"] {
        for query in [format!("{clause}:1"), format!("({clause}=1)")] {
            assert_refused(&reading, &format!("messages/search?mailQry={query}"), 400, "NOT_SUPPORTED").await;
        }
    }
}

#[tokio::test]
async fn there_is_one_flag() {
    let reading = reading().await;
    for (status, flag) in
        [("flagged", "followup"), ("complete", "flag_not_set"), ("notFlagged", "flag_not_set")]
    {
        reading.scene.world.mail.answer(move |_| {
            let mut found = message("1", 1);
            found["flag"]["flagStatus"] = status.into();
            MailAnswer::Json(200, found)
        });
        assert_eq!(read(&reading, "messages/1").await["flagid"], flag, "{status}");
    }
    for (flag, status) in [
        ("info", "flagged"),
        ("important", "flagged"),
        ("followup", "flagged"),
        ("flag_not_set", "notFlagged"),
    ] {
        reading.scene.world.mail.answer(|_| MailAnswer::Json(200, json!({ "id": "1" })));
        reading.scene.world.mail.take_requests();
        let body = json!({ "mode": "setFlag", "messageId": ["1"], "flagid": flag });
        reading.application.send("PUT", &reading.at("messages"), &body).await;
        let seen = reading.scene.world.mail.take_requests();
        let is_set = |body: &[u8]| String::from_utf8_lossy(body).contains(&format!("\"{status}\""));
        assert!(seen.iter().any(|seen| is_set(&seen.body)), "{flag}: {seen:?}");
    }
}

#[tokio::test]
async fn fields_that_no_provider_has_are_absent() {
    let reading = reading().await;
    let one = read(&reading, "messages/1").await;
    assert_eq!((one.get("calendarType"), one.get("status2")), (None, None));
    let folder = &read(&reading, "folders").await[0];
    assert_eq!((folder.get("previousFolderId"), &folder["isArchived"]), (None, &json!(0)));
    assert_eq!(read(&reading, "folders/id-of-inbox").await.get("isArchived"), None);
}

#[tokio::test]
async fn a_list_has_the_size_only_if_the_provider_gives_it() {
    let reading = reading().await;
    let listed = &read(&reading, "messages?folderId=id-of-inbox").await[0];
    assert_eq!((listed.get("hasInline"), listed.get("size")), (None, None));
    reading.scene.world.mail.answer(|_| {
        let mut found = message("1", 1);
        found["singleValueExtendedProperties"] = json!([{ "id": "Long 0xe08", "value": "7" }]);
        found["attachments"] = json!([{ "id": "a", "isInline": true }]);
        MailAnswer::Json(200, found)
    });
    let one = read(&reading, "messages/1").await;
    assert_eq!((&one["hasInline"], &one["size"]), (&json!("true"), &json!("7")));
}

#[tokio::test]
async fn addresses_have_the_published_forms() {
    let reading = reading().await;
    reading.scene.world.mail.answer(|_| {
        let person = |name: &str, email: &str| json!({ "emailAddress": { "name": name, "address": email } });
        let mut found = message("1", 1);
        found["from"] = person("Google", "no-reply@accounts.google.com");
        found["toRecipients"] = json!([person("", "admin@zm.m100.org"), person("Doe & Sons, J", "j@x.test")]);
        found["isDraft"] = true.into();
        found["bccRecipients"] = json!([person("paula@x.test", "paula@x.test")]);
        MailAnswer::Json(200, found)
    });
    let one = read(&reading, "messages/1").await;
    for (name, value) in [
        ("sender", "Google"),
        ("fromAddress", "no-reply@accounts.google.com"),
        ("toAddress", "<admin@zm.m100.org>,\"Doe & Sons, J\" <j@x.test>"),
        ("ccAddress", "Not Provided"),
    ] {
        assert_eq!(one[name], value, "{name}");
    }
    assert_eq!(read(&reading, "drafts/1").await["bccAddress"], "<paula@x.test>");
}

#[tokio::test]
async fn inline_attachments_are_listed_only_if_asked_for() {
    let reading = reading().await;
    assert_eq!(read(&reading, "messages/1/attachments").await["inline"], json!([]));
    let all = read(&reading, "messages/1/attachments?includeInline=true").await;
    assert_eq!(all["inline"][0]["cid"], "logo@1");
    // A provider that refuses the form in which the Content-ID is asked for.
    reading.scene.world.mail.answer(|seen| {
        if seen.query("$select").contains("contentId") {
            return MailAnswer::refusal(400, "RequestBroker--ParseUri");
        }
        let picture = json!({
            "@odata.type": "#microsoft.graph.fileAttachment", "id": "1", "name": "a", "isInline": true,
        });
        MailAnswer::Json(200, json!({ "value": [picture] }))
    });
    let all = read(&reading, "messages/1/attachments?includeInline=true").await;
    assert_eq!((&all["inline"][0]["attachmentId"], all["inline"][0].get("cid")), (&json!("1"), None));
}

#[tokio::test]
async fn a_body_as_it_came_is_not_sanitised() {
    let reading = reading().await;
    assert_eq!(read(&reading, "messages/1/content").await["content"], "<p>Hello</p>");
    let as_it_came = read(&reading, "messages/1/content?includeBlockContent=true").await;
    assert!(as_it_came["content"].as_str().expect("HTML").contains("<script>"), "{as_it_came}");
}

#[tokio::test]
async fn labels_are_categories() {
    let reading = reading().await;
    let label = &read(&reading, "labels").await[0];
    // The id is the name in base64url, and the colour one of 25 presets.
    let expected = json!({ "labelId": "UmVk", "displayName": "Red", "color": "#e74856", "sequence": 1 });
    assert_eq!(label, &expected);
    assert_eq!(read(&reading, "labels/UmVk").await, expected);
    assert_eq!(read(&reading, "messages/1").await["labelId"], json!(["UmVk"]));
}

#[tokio::test]
async fn a_mistake_of_the_caller_is_no_500() {
    let reading = reading().await;
    for (path, status, code) in [
        ("messages?folder=1", 400, "EXTRA_PARAM_FOUND"),
        ("messages?limit=0", 400, "INVALID_VALUE"),
        ("messages/no%24id", 404, "NOT_FOUND"),
        ("folders/no%24id", 404, "NOT_FOUND"),
    ] {
        assert_refused(&reading, path, status, code).await;
    }
    reading.scene.world.mail.answer(|_| MailAnswer::refusal(500, "generalException"));
    assert_refused(&reading, "messages/1", 503, "PROVIDER_UNAVAILABLE").await;
}

#[tokio::test]
async fn an_address_that_is_not_allowed_has_mail360s_code() {
    let reading = reading().await;
    let typed = TypedClient {
        name: "Elsewhere".to_owned(),
        scopes: vec!["MailApps.messages.READ".to_owned()],
        reach: "all".to_owned(),
        networks: "198.51.100.0/24".to_owned(),
        ..TypedClient::default()
    };
    let elsewhere = Application::of(&reading.scene.world, typed).await;
    let refused = assert_refusal(&elsewhere.get(&reading.at("messages")).await, 403, "7027");
    assert_ne!(refused["moreInfo"], "Current IP access is restricted");
}

#[tokio::test]
async fn a_download_has_the_name_of_its_attachment() {
    let reading = reading().await;
    reading.scene.world.mail.answer(|seen| {
        if seen.path().ends_with("/attachments/1") {
            MailAnswer::Json(200, json!({ "id": "1", "name": "Bericht Ü.pdf" }))
        } else {
            mailbox(seen)
        }
    });
    let file = reading.application.get(&reading.at("messages/AAMk/attachments/1")).await;
    assert_eq!(file.assert_status(200).body, "%PDF-1.7");
    let name = "attachment; filename=\"Bericht _.pdf\"; filename*=UTF-8''Bericht%20%C3%9C.pdf";
    assert_eq!(file.header("content-disposition"), name);
}

#[tokio::test]
async fn what_mail360_lacks_is_there() {
    let reading = reading().await;
    for path in ["contacts", "contacts/changes", "messages/1/raw", "labels", "threads/thread-1"] {
        reading.application.get(&reading.at(path)).await.assert_status(200);
    }
    let list = reading.application.get(&reading.at("messages?folderId=id-of-inbox&limit=1")).await;
    assert!(!list.header("next-cursor").is_empty());
    let key = [("idempotency-key", "k".repeat(256))];
    let key = key.each_ref().map(|(name, value)| (*name, value.as_str()));
    let send = json!({ "fromAddress": "grace@contoso.test", "toAddress": "a@x.test" });
    let refused = reading.application.send_headed("POST", &reading.at("messages"), &key, &send).await;
    assert!(refused.assert_status(400).body.contains("Idempotency-Key"), "{}", refused.body);
    // They exist, and need scopes that are granted by hand.
    for path in ["token", "proxy/v1.0/me/messages"] {
        assert_refused(&reading, path, 403, "MISSING_SCOPE").await;
    }
}
