//! Lists that are read again: only the messages that have changed are read.

use serde_json::{Value, json};

use super::{fake::mail, *};
use crate::providers::mailbox::Mailbox;

fn many(count: i64) -> Vec<Value> {
    (0..count)
        .map(|number| mail(&format!("{number:x}"), number, &["INBOX", "UNREAD"], &format!("{number:x}")))
        .collect()
}

/// A record of a change of labels.
fn record(list: &str, message: &str, labels: &[&str]) -> Value {
    json!({ "id": "7", list: [{ "message": { "id": message }, "labelIds": labels }] })
}

impl Bench {
    fn change(&self, record: Value) {
        self.gmail.history.lock().expect("history").push(record);
    }

    /// The ids of the messages of the inbox and whether each was read.
    async fn inbox(&self) -> Vec<(String, Option<bool>)> {
        let wanted = MessageQuery { folder: Some("INBOX".to_owned()), ..query() };
        let page = self.mailbox.list_messages(&self.call(), &wanted).await.expect("a page");
        page.messages.into_iter().map(|message| (message.id, message.is_read)).collect()
    }

    /// The number of messages that were read so far.
    fn reads(&self) -> usize {
        self.gmail.asked().iter().filter(|path| path.starts_with("/messages/")).count()
    }
}

#[tokio::test]
async fn two_lists_of_threads_and_one_of_messages_stay_within_the_quota_of_a_minute() {
    let bench = Bench::new(Fake::with(many(300)));
    let wanted = MessageQuery { limit: 100, ..query() };
    for _ in 0..2 {
        bench.mailbox.list_threads(&bench.call(), &wanted).await.expect("threads");
    }
    let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("messages");
    assert_eq!((page.messages.len(), bench.reads()), (100, 100));
    assert!(bench.gmail.units() < 2_100, "{}", bench.gmail.units());
}

#[tokio::test]
async fn a_message_whose_labels_have_changed_is_read_again() {
    let bench = Bench::new(Fake::with(many(4)));
    let state = |ids: &[(&str, bool)]| -> Vec<_> {
        ids.iter().map(|(id, is_read)| ((*id).to_owned(), Some(*is_read))).collect()
    };
    assert_eq!(bench.inbox().await, state(&[("3", false), ("2", false), ("1", false), ("0", false)]));
    for message in bench.gmail.messages.lock().expect("messages").iter_mut().take(3) {
        message["labelIds"] = json!(["INBOX"]);
    }
    bench.change(record("labelsRemoved", "1", &["UNREAD"]));
    bench.change(record("labelsAdded", "2", &["STARRED"]));
    assert_eq!(bench.inbox().await, state(&[("3", false), ("2", true), ("1", true), ("0", false)]));
    assert_eq!(bench.reads(), 4 + 2);
    bench.change(record("messagesDeleted", "0", &[]));
    bench.gmail.add(mail("9", 9, &["INBOX"], "9"));
    let expected = state(&[("9", true), ("3", false), ("2", true), ("1", true), ("0", true)]);
    assert_eq!(bench.inbox().await, expected);
    assert_eq!(bench.reads(), 4 + 2 + 2);
}

#[tokio::test]
async fn a_remembered_message_is_judged_by_its_labels() {
    let bench = Bench::new(Fake::with(many(2)));
    bench.inbox().await;
    bench.gmail.messages.lock().expect("messages")[0]["labelIds"] = json!(["TRASH", "INBOX"]);
    bench.change(record("labelsAdded", "0", &["TRASH"]));
    let wanted = MessageQuery { folder: Some("TRASH".to_owned()), ..query() };
    let page = bench.mailbox.list_messages(&bench.call(), &wanted).await.expect("a page");
    assert_eq!(ids(&page), ["0"]);
    assert_eq!(bench.inbox().await.len(), 1);
    assert_eq!(bench.reads(), 2 + 1);
}

#[tokio::test]
async fn messages_are_read_again_when_gmail_has_forgotten_the_changes() {
    let bench = Bench::new(Fake::with(many(3)));
    bench.inbox().await;
    bench.change(Value::Null);
    bench.inbox().await;
    assert_eq!(bench.reads(), 6);
    bench.inbox().await;
    assert_eq!(bench.reads(), 6);
}

/// The attack: a user who changes a whole mailbox at once makes its lists fail for good.
#[tokio::test]
async fn messages_are_read_again_when_the_changes_are_too_long_for_an_answer() {
    let bench = Bench::new(Fake::with(many(3)));
    bench.inbox().await;
    bench.change(record("labelsRemoved", &"a".repeat(9 * 1024 * 1024), &["UNREAD"]));
    assert_eq!(bench.inbox().await.len(), 3);
    assert_eq!(bench.reads(), 6);
    bench.inbox().await;
    assert_eq!(bench.reads(), 6);
}

#[tokio::test]
async fn nothing_is_remembered_where_no_state_has_a_name() {
    let others = vec![("/profile", 404, fake::error(404, "notFound").1)];
    let bench = Bench::new(Fake { others, ..Fake::with(many(3)) });
    bench.inbox().await;
    bench.inbox().await;
    assert_eq!(bench.reads(), 6);
}
