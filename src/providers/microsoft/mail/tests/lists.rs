//! Lists of messages: pages, cursors, starts and conditions.

use super::*;
use crate::providers::{
    mailbox::{DraftQuery, MailProblem, Mailbox},
    microsoft::mail::labels,
};

/// Messages of the inbox, several of them in each second: `m0` is the oldest.
fn many(count: i64) -> Vec<serde_json::Value> {
    (0..count)
        .map(|number| mail(&format!("m{number}"), 1_000 + number / 3, "inbox", &format!("t{number}")))
        .collect()
}

#[tokio::test]
async fn every_request_asks_for_ids_that_survive_a_move() {
    let bench = Bench::new(Fake::with(many(40)));
    let call = bench.call();
    bench.mailbox.list_messages(&call, &query()).await.expect("a page");
    bench.mailbox.get_message(&call, "m1").await.expect("a message");
    let asked = bench.graph.asked.lock().expect("requests").clone();
    assert_eq!(asked.len(), 2);
    for (url, headers) in asked {
        assert_eq!(headers["prefer"], r#"IdType="ImmutableId""#, "{url}");
        assert_eq!(headers["authorization"], "Bearer canary-access");
        assert_eq!(headers["client-request-id"], "3b4e28ba-2fa1-11d2-883f-0016d3cca427");
        assert!(headers["authorization"].is_sensitive());
    }
}

#[tokio::test]
async fn a_list_that_is_paged_while_mail_arrives_has_each_message_once() {
    for order in [Order::NewestFirst, Order::OldestFirst] {
        for folder in [None, Some("inbox".to_owned())] {
            let bench = Bench::new(Fake::with(many(100)));
            let mut position = Position::Skip(0);
            let mut read = Vec::new();
            loop {
                let query = MessageQuery { order, position, limit: 7, folder: folder.clone(), ..query() };
                let page = bench.mailbox.list_messages(&bench.call(), &query).await.expect("a page");
                assert!(page.messages.len() == 7 || page.next.is_none());
                read.extend(page.messages.iter().map(|message| message.id.clone()));
                if order == Order::NewestFirst {
                    bench.graph.add(mail(&format!("new{}", read.len()), 5_000, "inbox", "new"));
                }
                let Some(next) = page.next else { break };
                position = Position::After(next);
            }
            let mut expected: Vec<_> = (0..100).map(|number| format!("m{number}")).collect();
            read.sort();
            expected.sort();
            assert_eq!(read, expected, "{order:?} {folder:?}");
        }
    }
}

#[tokio::test]
async fn a_program_that_moves_what_it_has_read_misses_nothing() {
    let bench = Bench::new(Fake::with(many(60)));
    let mut position = Position::Skip(0);
    let mut count = 0;
    loop {
        let query = MessageQuery { position, limit: 8, folder: Some("inbox".to_owned()), ..query() };
        let page = bench.mailbox.list_messages(&bench.call(), &query).await.expect("a page");
        count += page.messages.len();
        for message in bench.graph.messages.lock().expect("messages").iter_mut() {
            if ids(&page).iter().any(|id| message["id"] == *id) {
                message["parentFolderId"] = "done".into();
            }
        }
        let Some(next) = page.next else { break };
        position = Position::After(next);
    }
    assert_eq!(count, 60);
}

#[tokio::test]
async fn a_list_of_the_whole_mailbox_leaves_out_trash_spam_and_drafts() {
    let folders = ["inbox", "deleteditems", "below-trash", "junkemail", "drafts", "sentitems", "other"];
    let messages = (0..1_400).zip(folders.iter().cycle());
    let messages = messages.map(|(number, folder)| mail(&format!("{folder}{number}"), number, folder, "t"));
    let bench = Bench::new(Fake::with(messages.collect()));
    let all = MessageQuery { limit: 200, ..query() };
    let page = bench.mailbox.list_messages(&bench.call(), &all).await.expect("a page");
    assert_eq!(page.messages.len(), 200);
    let shown = ["inbox", "sentitems", "other"];
    assert!(ids(&page).iter().all(|id| shown.iter().any(|folder| id.starts_with(folder))));
    // The last of the 600.
    let last = MessageQuery { position: Position::Skip(598), ..all.clone() };
    let page = bench.mailbox.list_messages(&bench.call(), &last).await.expect("a page");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["sentitems5", "inbox0"], None));
    let behind = MessageQuery { position: Position::Skip(600), ..all };
    let page = bench.mailbox.list_messages(&bench.call(), &behind).await.expect("a page");
    assert_eq!(page, MessagePage::default());
}

#[tokio::test]
async fn a_start_is_left_to_graph_where_it_judges_everything() {
    let bench = Bench::new(Fake::with(many(500)));
    let skip = MessageQuery { folder: Some("inbox".to_owned()), position: Position::Skip(300), ..query() };
    let page = bench.mailbox.list_messages(&bench.call(), &skip).await.expect("a page");
    assert_eq!(page.messages.len(), 10);
    assert!(page.next.is_some());
    let asked = bench.graph.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("$skip=300") && asked[0].contains("$top=11"), "{asked:?}");
}

#[tokio::test]
async fn conditions_that_graph_refuses_are_judged_here() {
    let mut messages = many(90);
    for message in messages.iter_mut().step_by(3) {
        message["isRead"] = true.into();
        message["categories"] = serde_json::json!(["Blue"]);
    }
    for (refuses_filters, position) in
        [(false, Position::Skip(0)), (true, Position::Skip(0)), (true, Position::Skip(20))]
    {
        let graph = Fake { refuses_filters, ..Fake::with(messages.clone()) };
        let bench = Bench::new(graph);
        let wanted = MessageQuery {
            folder: Some("inbox".to_owned()),
            label: Some(labels::id_of("Blue")),
            is_read: Some(true),
            position: position.clone(),
            limit: 25,
            ..query()
        };
        let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("a page");
        let expected = if position == Position::Skip(0) { 25 } else { 10 };
        assert_eq!(page.messages.len(), expected, "{refuses_filters} {position:?}");
        assert!(page.messages.iter().all(|message| message.is_read == Some(true)));
        assert!(page.messages.iter().all(|message| message.labels == [labels::id_of("Blue")]));
    }
}

#[tokio::test]
async fn a_graph_without_the_size_still_lists() {
    let graph = Fake { refuses_expansions: true, ..Fake::with(many(5)) };
    let bench = Bench::new(graph);
    let page = bench.mailbox.list_messages(&bench.call(), &query()).await.expect("a page");
    assert_eq!(page.messages.len(), 5);
    assert_eq!(bench.mailbox.get_message(&bench.call(), "m1").await.expect("a message").size, None);
}

#[tokio::test]
async fn sent_messages_are_put_between_those_of_a_folder_by_their_time() {
    let folders = ["inbox", "sentitems", "other"];
    let messages = (0..60).zip(folders.iter().cycle());
    let messages = messages.map(|(number, folder)| mail(&format!("{folder}{number}"), number, folder, "t"));
    let bench = Bench::new(Fake::with(messages.collect()));
    let mut wanted =
        MessageQuery { folder: Some("inbox".to_owned()), includes_sent: true, limit: 4, ..query() };
    let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("a page");
    assert_eq!(ids(&page), ["sentitems58", "inbox57", "sentitems55", "inbox54"]);
    wanted.position = Position::After(page.next.expect("more"));
    let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("a page");
    assert_eq!(ids(&page), ["sentitems52", "inbox51", "sentitems49", "inbox48"]);
    wanted.position = Position::Skip(38);
    let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("a page");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["sentitems1", "inbox0"], None));
}

#[tokio::test]
async fn drafts_are_listed_and_found_and_no_other_message_is() {
    let messages =
        vec![mail("d1", 1, "drafts", "t"), mail("d2", 2, "drafts", "t"), mail("m", 3, "inbox", "t")];
    let bench = Bench::new(Fake::with(messages));
    let drafts = DraftQuery { order: Order::NewestFirst, position: Position::Skip(0), limit: 10 };
    let page = bench.mailbox.list_drafts(&bench.call(), &drafts).await.expect("a page");
    assert_eq!(ids(&page), ["d2", "d1"]);
    assert!(bench.mailbox.get_draft(&bench.call(), "d1").await.expect("a draft").is_draft);
    let other = bench.mailbox.get_draft(&bench.call(), "m").await.expect_err("no draft");
    assert_eq!(other.problem, MailProblem::NotFound);
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_does_not_get_the_token() {
    for link in
        ["https://evil.example/v1.0/me/messages", "https://graph.example/v1.0.evil/me", "/me/messages"]
    {
        let body = serde_json::json!({ "value": [], "@odata.nextLink": link }).to_string();
        let others = vec![("/me/mailFolders/inbox/messages", 200, "application/json", body)];
        let bench = Bench::new(Fake { others, ..Fake::default() });
        let wanted = MessageQuery { folder: Some("inbox".to_owned()), ..query() };
        let error = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect_err("not followed");
        assert_eq!(error.problem, MailProblem::Garbled, "{link}");
        assert_eq!(bench.graph.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_cursor_of_another_kind_is_refused() {
    let bench = Bench::new(Fake::with(many(5)));
    let wrong = MessageQuery { position: Position::After("{}x".to_owned()), ..query() };
    let error = bench.mailbox.list_messages(&bench.call(), &wrong).await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::InvalidValue("cursor"));
    let folder = MessageQuery { folder: Some("../users".to_owned()), ..query() };
    let error = bench.mailbox.list_messages(&bench.call(), &folder).await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::NotFound);
    assert_eq!(bench.graph.asked().len(), 0);
}

#[tokio::test]
async fn outlook_does_not_list_by_inline_pictures_and_says_so() {
    let bench = Bench::new(Fake::with(many(5)));
    let wanted = MessageQuery { has_inline: Some(true), ..query() };
    let error = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect_err("refused");
    assert!(matches!(error.problem, MailProblem::NotSupported(words) if words.starts_with("inlinedMails")));
    assert_eq!(bench.graph.asked().len(), 0);
}
