//! Searches, pages and threads.

use serde_json::{Value, json};

use super::{assert_refused, read, reading};
use crate::{
    api_reading::{mailbox, message},
    support::{MailAnswer, MailSeen, assert_refusal, data},
};

#[tokio::test]
async fn a_search_for_nothing_is_the_list_of_messages() {
    let reading = reading().await;
    for (search, list) in [
        ("emailId=grace@contoso.test", "messages?limit=10"),
        ("emailId=grace@contoso.test,ada@contoso.test&start=2&limit=1", "messages?start=2&limit=1"),
        ("mailQry=folderid:id-of-inbox&limit=2", "messages?folderId=id-of-inbox&limit=2"),
        ("mailQry=(folderid=id-of-inbox)&emailId=a@x.test&limit=2", "messages?folderId=id-of-inbox&limit=2"),
    ] {
        let found = read(&reading, &format!("messages/search?{search}")).await;
        assert_eq!(found, read(&reading, list).await, "{search}");
        assert!(found.as_array().is_some_and(|found| !found.is_empty()), "{search}");
    }
    let asked = reading.scene.world.mail.take_requests();
    assert!(asked.iter().all(|seen| seen.query("$search").is_empty()));
    let first =
        reading.application.get(&reading.at("messages/search?mailQry=folderid:id-of-inbox&limit=2")).await;
    let next = first.header("next-cursor");
    let further = format!("messages/search?mailQry=folderid:id-of-inbox&limit=2&cursor={next}");
    assert_eq!(read(&reading, &further).await[0]["messageId"], "AAMk-3=");
    assert_refused(&reading, "messages/search", 400, "INVALID_VALUE").await;
}

#[tokio::test]
async fn a_search_is_written_in_the_published_form_and_as_clauses() {
    let reading = reading().await;
    let published = "mailQry=(sender=rebecca@gmailcom)&dateRange=31-Dec-1969:13-May-2024";
    let kql = r#""from:\"rebecca@gmailcom\" AND received>=1969-12-31 AND received<2024-05-14""#;
    let both = r#""from:\"ada@x.test\" AND hasAttachments:true""#;
    for (query, expected) in [
        (published, kql),
        ("mailQry=sender:rebecca@gmailcom&dateRange=1969-12-31:2024-05-13", kql),
        ("mailQry=(sender=ada@x.test)(hasattach=1)", both),
        ("mailQry=sender:ada@x.test::hasattach:true", both),
    ] {
        read(&reading, &format!("messages/search?{query}")).await;
        let asked = reading.scene.world.mail.take_requests();
        let searches: Vec<_> =
            asked.iter().map(|seen| seen.query("$search")).filter(|search| !search.is_empty()).collect();
        assert_eq!(searches, [expected], "{query}");
    }
}

/// A search whose results are in several folders; the last result has no Message-ID.
fn searched(seen: &MailSeen) -> MailAnswer {
    let folders =
        ["id-of-deleteditems", "id-of-inbox", "id-of-junkemail", "id-of-drafts", "id-of-sentitems", "own"];
    let found = (1..).zip(folders).map(|(minute, folder)| {
        let mut found = message(&format!("AAMk-{minute}="), minute);
        found["parentFolderId"] = folder.into();
        found
    });
    let mut found: Vec<Value> = found.collect();
    if let Some(last) = found.last_mut() {
        last["internetMessageId"] = Value::Null;
    }
    if seen.path() == "/me/messages" {
        MailAnswer::Json(200, json!({ "value": found }))
    } else if seen.path() == "/me/mailFolders/id-of-deleteditems/messages" {
        found.truncate(1);
        MailAnswer::Json(200, json!({ "value": found }))
    } else {
        mailbox(seen)
    }
}

#[tokio::test]
async fn a_search_leaves_out_hidden_folders_and_what_has_no_lasting_id() {
    let reading = reading().await;
    reading.scene.world.mail.answer(searched);
    let ids = |found: &Value| -> Vec<String> {
        let items = found.as_array().expect("a list").iter();
        items.filter_map(|item| item["messageId"].as_str().map(str::to_owned)).collect()
    };
    let found = read(&reading, "messages/search?mailQry=subject:invoice").await;
    assert_eq!(ids(&found), ["AAMk-2=", "AAMk-5="]);
    let trash = read(&reading, "messages/search?mailQry=subject:invoice::folderid:id-of-deleteditems").await;
    assert_eq!(ids(&trash), ["AAMk-1="]);
    assert_refused(&reading, "messages/search?mailQry=subject:a&start=1001", 400, "INVALID_VALUE").await;
    // A search that the provider has forgotten.
    let path = reading.at("messages/search?mailQry=subject:invoice&limit=1");
    let next = reading.application.get(&path).await.header("next-cursor").to_owned();
    assert!(!next.is_empty());
    reading.scene.world.mail.answer(|seen| {
        if seen.query("$search").is_empty() {
            searched(seen)
        } else {
            MailAnswer::refusal(400, "ErrorExecuteSearchStaleData")
        }
    });
    let answer = reading.application.get(&format!("{path}&cursor={next}")).await;
    let refused = assert_refusal(&answer, 400, "INVALID_VALUE");
    assert!(refused["moreInfo"].as_str().expect("more").contains("Begin again without it"), "{refused}");
    assert_refusal(&reading.application.get(&path).await, 503, "PROVIDER_UNAVAILABLE");
}

/// A mailbox without an end, whose messages are all read.
fn endless(seen: &MailSeen) -> MailAnswer {
    if seen.path() != "/me/messages" {
        return mailbox(seen);
    }
    let number = |name: &str| seen.query(name).parse::<usize>().unwrap_or_default();
    let (skip, top) = (number("$skip"), number("$top"));
    let found: Vec<_> = (skip..skip + top)
        .map(|at| {
            let mut found = message(&format!("m{at}"), 1);
            let (hour, minute, second) = (23 - at / 3_600 % 24, 59 - at / 60 % 60, 59 - at % 60);
            found["receivedDateTime"] = json!(format!("2026-11-29T{hour:02}:{minute:02}:{second:02}Z"));
            found["isRead"] = true.into();
            found
        })
        .collect();
    let mut link = seen.url.clone();
    let others = seen.url.query_pairs().into_owned().filter(|(name, _)| name != "$skip");
    let pairs: Vec<_> = others.collect();
    link.query_pairs_mut().clear().extend_pairs(pairs).append_pair("$skip", &(skip + top).to_string());
    MailAnswer::Json(200, json!({ "value": found, "@odata.nextLink": link.as_str() }))
}

#[tokio::test]
async fn a_page_may_be_empty_and_not_the_last() {
    let reading = reading().await;
    reading.scene.world.mail.answer(endless);
    let answer = reading.application.get(&reading.at("messages?status=unread")).await;
    assert_eq!(data(answer.assert_status(200)), json!([]));
    assert!(!answer.header("next-cursor").is_empty());
}

#[tokio::test]
async fn a_start_behind_too_many_messages_needs_a_cursor() {
    let reading = reading().await;
    reading.scene.world.mail.answer(endless);
    let words = assert_refused(&reading, "messages?status=unread&start=2", 400, "INVALID_VALUE").await;
    assert!(words.starts_with("start:") && words.contains("Use the cursor"), "{words}");
}

#[tokio::test]
async fn threads_are_listed_by_their_newest_messages() {
    let reading = reading().await;
    let threads = read(&reading, "threads?folderId=id-of-inbox").await;
    assert_eq!(threads.as_array().map(Vec::len), Some(1));
    assert_eq!((&threads[0]["threadId"], &threads[0]["messageId"]), (&json!("thread-1"), &json!("AAMk-5=")));
    for query in ["sortorder=true", "flagid=info", "flagid=important", "flagid=followup"] {
        assert_refused(&reading, &format!("threads?{query}"), 400, "NOT_SUPPORTED").await;
    }
}

#[tokio::test]
async fn a_thread_is_paged_oldest_first() {
    let reading = reading().await;
    let thread = read(&reading, "threads/thread-1?start=0&limit=25&flagId=flag_not_set").await;
    assert_eq!((&thread[0]["messageId"], &thread[1]["messageId"]), (&json!("AAMk-2="), &json!("AAMk-3=")));
    let path = reading.at("threads/thread-1?limit=1");
    let first = reading.application.get(&path).await;
    assert_eq!(data(first.assert_status(200))[0]["messageId"], "AAMk-2=");
    let further = format!("{path}&cursor={}", first.header("next-cursor"));
    let second = reading.application.get(&further).await;
    assert_eq!(data(second.assert_status(200))[0]["messageId"], "AAMk-3=");
    assert_eq!(second.header("next-cursor"), "");
    assert_eq!(read(&reading, "threads/thread-1?start=1").await[0]["messageId"], "AAMk-3=");
    assert_eq!(read(&reading, "threads/thread-1?folderId=own").await, json!([]));
    let label = read(&reading, "labels").await[0]["labelId"].as_str().expect("an id").to_owned();
    let labelled = read(&reading, &format!("threads/thread-1?labelId={label}")).await;
    assert_eq!(labelled.as_array().map(Vec::len), Some(2));
    assert_refused(&reading, "threads/thread-1?flagId=info", 400, "NOT_SUPPORTED").await;
    assert_refused(&reading, "threads/thread-1?limit=201", 400, "INVALID_VALUE").await;
}
