//! Threads: their lists and their messages.

use super::*;
use crate::providers::{
    mailbox::{MailProblem, Mailbox, ThreadQuery},
    microsoft::mail::labels,
};

/// 300 threads of one to four messages each, mixed.
fn many() -> Vec<serde_json::Value> {
    let messages = (0..1_200_i64).filter(|number| number / 300 <= number % 4);
    messages
        .map(|number| mail(&format!("m{number}"), 1_000 + number / 2, "inbox", &format!("t{}", number % 300)))
        .collect()
}

#[tokio::test]
async fn each_of_300_threads_is_met_once_while_mail_arrives() {
    let bench = Bench::new(Fake::with(many()));
    let mut position = Position::Skip(0);
    let mut met = Vec::new();
    loop {
        let query = MessageQuery { position, limit: 25, ..query() };
        let page = bench.mailbox.list_threads(&bench.call(), &query).await.expect("a page");
        met.extend(page.messages.iter().filter_map(|message| message.thread.clone()));
        let number = met.len();
        bench.graph.add(mail(&format!("new{number}"), 9_000, "inbox", "new"));
        bench.graph.add(mail(&format!("again{number}"), 9_000, "inbox", &format!("t{}", number % 300)));
        let Some(next) = page.next else { break };
        position = Position::After(next);
    }
    let mut once = met.clone();
    once.sort();
    once.dedup();
    assert_eq!((met.len(), once.len()), (300, 300));
}

#[tokio::test]
async fn of_a_thread_its_newest_message_is_listed() {
    let bench = Bench::new(Fake::with(many()));
    let all = bench.graph.messages.lock().expect("messages").clone();
    let page = MessageQuery { limit: 200, ..query() };
    let page = bench.mailbox.list_threads(&bench.call(), &page).await.expect("a page");
    for message in &page.messages {
        let of_thread =
            all.iter().filter(|other| other["conversationId"].as_str() == message.thread.as_deref());
        let newest = of_thread.filter_map(|other| other["receivedDateTime"].as_str()).max();
        let listed = message.received_at.map(crate::providers::microsoft::mail::read::written);
        assert_eq!(listed.as_deref(), newest);
    }
    let skipped = MessageQuery { limit: 50, position: Position::Skip(150), ..query() };
    let skipped = bench.mailbox.list_threads(&bench.call(), &skipped).await.expect("a page");
    assert_eq!(ids(&skipped), ids(&page)[150..]);
}

#[tokio::test]
async fn one_call_reads_at_most_two_thousand_messages_and_goes_on_with_the_cursor() {
    let long = (0..5_000).map(|number| mail(&format!("l{number}"), 10_000 + number, "inbox", "long"));
    let messages = long.chain([mail("old", 1, "inbox", "old")]).collect();
    let bench = Bench::new(Fake::with(messages));
    let mut position = Position::Skip(0);
    let mut pages = Vec::new();
    loop {
        let query = MessageQuery { position, ..query() };
        let page = bench.mailbox.list_threads(&bench.call(), &query).await.expect("a page");
        pages.push(ids(&page).into_iter().map(str::to_owned).collect::<Vec<_>>());
        let Some(next) = page.next else { break };
        position = Position::After(next);
    }
    assert_eq!(pages, [vec!["l4999"], vec![], vec!["old"]]);
    // What is before the start is passed over with few properties, so that it may be far.
    let mut far = MessageQuery { position: Position::Skip(1), ..query() };
    let mut read = Vec::new();
    loop {
        let page = bench.mailbox.list_threads(&bench.call(), &far).await.expect("a page");
        read.extend(page.messages.into_iter().map(|message| message.id));
        let Some(next) = page.next else { break };
        far.position = Position::After(next);
    }
    assert_eq!(read, ["old"]);
    let behind = MessageQuery { position: Position::Skip(2), ..query() };
    let page = bench.mailbox.list_threads(&bench.call(), &behind).await.expect("a page");
    assert_eq!(page, MessagePage::default());
    let asked = bench.graph.asked();
    assert!(asked.iter().rev().take(5).all(|url| !url.contains("bodyPreview")), "{asked:?}");
}

#[tokio::test]
async fn a_start_behind_too_many_messages_is_refused_in_words() {
    let long = (0..15_100).map(|number| mail(&format!("l{number}"), 10_000 + number, "inbox", "long"));
    let bench = Bench::new(Fake::with(long.collect()));
    let far = MessageQuery { position: Position::Skip(2), ..query() };
    let error = bench.mailbox.list_threads(&bench.call(), &far).await.expect_err("too far");
    let MailProblem::InvalidValue(words) = error.problem else { panic!("{error:?}") };
    assert!(words.starts_with("start:") && words.contains("Use the cursor"), "{words}");
}

#[tokio::test]
async fn a_thread_is_its_messages_oldest_first_without_trash_and_drafts() {
    let bench = Bench::new(Fake::with(vec![
        mail("2", 2, "inbox", "t"),
        mail("3", 3, "sentitems", "t"),
        mail("1", 1, "other", "t"),
        mail("gone", 4, "below-trash", "t"),
        mail("draft", 5, "drafts", "t"),
        mail("else", 6, "inbox", "u"),
    ]));
    let page = bench.mailbox.get_thread(&bench.call(), &thread("t")).await.expect("a thread");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["1", "2", "3"], None));
    assert!(!bench.graph.asked()[0].contains("$orderby"));
    for wrong in ["none", "' or 1 eq 1"] {
        let error = bench.mailbox.get_thread(&bench.call(), &thread(wrong)).await.expect_err("no thread");
        assert_eq!(error.problem, MailProblem::NotFound);
    }
    let oldest = MessageQuery { order: Order::OldestFirst, ..query() };
    let error = bench.mailbox.list_threads(&bench.call(), &oldest).await.expect_err("refused");
    assert!(matches!(error.problem, MailProblem::NotSupported(_)));
}

#[tokio::test]
async fn a_thread_is_read_by_folder_by_label_and_page_by_page_while_mail_arrives() {
    let folders = ["inbox", "sentitems", "deleteditems"];
    let messages = (0..30).zip(folders.iter().cycle());
    let mut messages: Vec<_> = messages
        .map(|(number, folder)| mail(&format!("{folder}{number}"), number / 2, folder, "t"))
        .collect();
    for message in messages.iter_mut().step_by(6) {
        message["categories"] = serde_json::json!(["Blue"]);
    }
    let bench = Bench::new(Fake::with(messages));
    let trash = ThreadQuery { folder: Some("deleteditems".to_owned()), ..thread("t") };
    let page = bench.mailbox.get_thread(&bench.call(), &trash).await.expect("a thread");
    assert_eq!(page.messages.len(), 10);
    assert!(page.messages.iter().all(|message| message.folder.as_deref() == Some("deleteditems")));
    let blue = ThreadQuery { label: Some(labels::id_of("Blue")), ..thread("t") };
    let page = bench.mailbox.get_thread(&bench.call(), &blue).await.expect("a thread");
    assert_eq!(ids(&page), ["inbox0", "inbox6", "inbox12", "inbox18", "inbox24"]);
    let red = ThreadQuery { label: Some(labels::id_of("Red")), ..thread("t") };
    let page = bench.mailbox.get_thread(&bench.call(), &red).await.expect("a thread without such messages");
    assert_eq!(page, MessagePage::default());
    let all = bench.mailbox.get_thread(&bench.call(), &thread("t")).await.expect("a thread");
    let all: Vec<_> = all.messages.into_iter().map(|message| message.id).collect();
    assert_eq!(all.len(), 20);
    for start in [0, 3] {
        let mut wanted = ThreadQuery { position: Position::Skip(start), limit: 6, ..thread("t") };
        let mut found = Vec::new();
        loop {
            let page = bench.mailbox.get_thread(&bench.call(), &wanted).await.expect("a page");
            assert!(page.messages.len() == 6 || page.next.is_none());
            found.extend(page.messages.into_iter().map(|message| message.id));
            let Some(next) = page.next else { break };
            wanted.position = Position::After(next);
        }
        assert_eq!(found, all[usize::try_from(start).expect("a number")..], "{start}");
    }
    let foreign = ThreadQuery { position: Position::After("x".to_owned()), ..thread("t") };
    let error = bench.mailbox.get_thread(&bench.call(), &foreign).await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::InvalidValue("cursor"));
}

#[tokio::test]
async fn a_thread_of_more_messages_than_are_read_is_refused_and_not_cut() {
    let messages = (0..2_300).map(|number| mail(&format!("m{number}"), number, "inbox", "t")).collect();
    let bench = Bench::new(Fake::with(messages));
    let error = bench.mailbox.get_thread(&bench.call(), &thread("t")).await.expect_err("refused");
    assert!(matches!(error.problem, MailProblem::TooMany(_)), "{error:?}");
}
