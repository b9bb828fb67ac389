//! Threads: their list, and the messages of one.

use super::{fake::mail, *};
use crate::providers::mailbox::{MailProblem, Mailbox, Order, Position, ThreadQuery};

fn thread(id: &str) -> ThreadQuery {
    ThreadQuery { thread: id.to_owned(), folder: None, label: None, position: Position::Skip(0), limit: 25 }
}

/// Three messages of each thread, `a0` is the oldest message of the oldest thread.
fn many(threads: i64) -> Vec<serde_json::Value> {
    let message = |round: i64, number: i64| {
        let id = format!("{}{number:x}", ["a", "b", "c"][usize::try_from(round).expect("a round")]);
        mail(&id, round * threads + number, &["INBOX"], &format!("{number:x}"))
    };
    (0..3)
        .flat_map(|round| (0..threads).map(move |number| (round, number)))
        .map(|(round, number)| message(round, number))
        .collect()
}

#[tokio::test]
async fn of_each_thread_only_the_newest_message_is_read() {
    let bench = Bench::new(Fake::with(many(120)));
    let wanted = MessageQuery { limit: 100, ..query() };
    let page = bench.mailbox.list_threads(&bench.call(), &wanted).await.expect("threads");
    let expected: Vec<_> = (20..120).rev().map(|number| format!("c{number:x}")).collect();
    assert_eq!(ids(&page), expected);
    assert_eq!(bench.gmail.units(), 5 + 1 + 100 * 20);
    let position = Position::After(page.next.expect("a cursor"));
    let rest = MessageQuery { position, ..wanted.clone() };
    let page = bench.mailbox.list_threads(&bench.call(), &rest).await.expect("threads");
    let expected: Vec<_> = (0..20).rev().map(|number| format!("c{number:x}")).collect();
    assert_eq!((ids(&page), page.next.as_deref()), (expected.iter().map(String::as_str).collect(), None));
    let behind = MessageQuery { position: Position::Skip(118), ..wanted };
    let page = bench.mailbox.list_threads(&bench.call(), &behind).await.expect("threads");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["c1", "c0"], None));
}

#[tokio::test]
async fn threads_have_one_order() {
    let bench = Bench::new(Fake::default());
    let oldest = MessageQuery { order: Order::OldestFirst, ..query() };
    let error = bench.mailbox.list_threads(&bench.call(), &oldest).await.expect_err("no order");
    assert!(matches!(error.problem, MailProblem::NotSupported(_)));
}

#[tokio::test]
async fn a_thread_has_its_messages_oldest_first_without_trash_and_drafts() {
    let messages = vec![
        mail("a3", 3, &["SENT"], "a1"),
        mail("a1", 1, &["INBOX", "Label_1"], "a1"),
        mail("a2", 2, &["TRASH", "Label_1"], "a1"),
        mail("a5", 5, &["DRAFT"], "a1"),
        mail("a4", 4, &["SPAM"], "a1"),
        mail("b1", 9, &["INBOX"], "b1"),
        mail("c1", 9, &["TRASH"], "c1"),
    ];
    let bench = Bench::new(Fake::with(messages));
    let call = bench.call();
    let page = bench.mailbox.get_thread(&call, &thread("a1")).await.expect("a thread");
    assert_eq!((ids(&page), page.next.as_deref()), (vec!["a1", "a3", "a4"], None));
    assert_eq!(bench.gmail.units(), 40);
    for (folder, expected) in [
        ("SENT", vec!["a3"]),
        ("TRASH", vec!["a2"]),
        ("DRAFT", vec!["a5"]),
        ("Label_1", vec!["a1"]),
        ("ALL_MAIL", vec!["a1", "a3", "a5"]),
        ("Label_2", vec![]),
    ] {
        let query = ThreadQuery { folder: Some(folder.to_owned()), ..thread("a1") };
        let page = bench.mailbox.get_thread(&call, &query).await.expect("a thread");
        assert_eq!(ids(&page), expected, "{folder}");
    }
    let labelled = ThreadQuery { label: Some("Label_1".to_owned()), ..thread("a1") };
    assert_eq!(ids(&bench.mailbox.get_thread(&call, &labelled).await.expect("a thread")), ["a1"]);
    for none in ["c1", "ffff", "a/b"] {
        let error = bench.mailbox.get_thread(&call, &thread(none)).await.expect_err("no thread");
        assert_eq!(error.problem, MailProblem::NotFound, "{none}");
    }
}

#[tokio::test]
async fn a_long_thread_goes_on_behind_the_last_message() {
    let messages = (0..7).map(|number| mail(&format!("a{number}"), number / 2, &["INBOX"], "a0"));
    let bench = Bench::new(Fake::with(messages.collect()));
    let mut wanted = ThreadQuery { limit: 3, ..thread("a0") };
    let mut read = Vec::new();
    loop {
        let page = bench.mailbox.get_thread(&bench.call(), &wanted).await.expect("a thread");
        read.extend(page.messages.into_iter().map(|message| message.id));
        let Some(next) = page.next else { break };
        wanted.position = Position::After(next);
    }
    assert_eq!(read, ["a0", "a1", "a2", "a3", "a4", "a5", "a6"]);
    let skip = ThreadQuery { position: Position::Skip(5), ..thread("a0") };
    assert_eq!(ids(&bench.mailbox.get_thread(&bench.call(), &skip).await.expect("a thread")), ["a5", "a6"]);
    let wrong = ThreadQuery { position: Position::After("x".to_owned()), ..thread("a0") };
    let error = bench.mailbox.get_thread(&bench.call(), &wrong).await.expect_err("no cursor");
    assert_eq!(error.problem, MailProblem::InvalidValue("cursor"));
}
