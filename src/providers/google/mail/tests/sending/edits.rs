//! Changes of drafts, which replace the whole message.

use super::{super::wire::Sent, *};
use crate::providers::mailbox::DraftChange;

const PLAIN: &str = "Message-ID: <1@mail360.test>\r\nFrom: <ada@contoso.test>\r\nSubject: Hello\r\n\
    MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
const WITH_FILE: &str = "Subject: Hello\r\nIn-Reply-To: <0@b.test>\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
    --m\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\npdf\r\n--m--\r\n";

fn draft(labels: &[&str]) -> Reply {
    found(json!({ "id": "r1", "message": { "id": "1a", "threadId": "9f", "labelIds": labels } }))
}

fn replaced(labels: &[&str]) -> Reply {
    found(json!({ "id": "r1", "message": { "id": "2b", "threadId": "9f", "labelIds": labels } }))
}

#[tokio::test]
async fn a_file_is_added_to_the_present_message_of_a_draft() {
    let wire = Wire::new([draft(&["DRAFT"]), raw(PLAIN), raw(PLAIN), replaced(&["DRAFT"])]);
    wire.mailbox.attach(&wire.call(), "r1", &file("a.pdf", b"hello".to_vec())).await.expect("attached");
    let sent = wire.sent();
    let lines: Vec<_> = sent.iter().map(Sent::line).collect();
    assert_eq!(lines, ["GET /drafts/r1", "GET /messages/1a", "GET /messages/1a", "PUT /drafts/r1"]);
    // A draft that answers nothing has a thread of its own.
    let (resource, with) = sent[3].message();
    assert_eq!(resource, json!({ "message": {} }));
    for part in ["Message-ID: <1@mail360.test>\r\n", "\r\n\r\nHello\r\n", "filename=\"a.pdf\"", "aGVsbG8="] {
        assert!(with.contains(part), "{part}: {with}");
    }
    // An attempt that is repeated finds the file.
    let wire = Wire::new([draft(&["DRAFT"]), raw(&with)]);
    wire.mailbox.attach(&wire.call(), "r1", &file("a.pdf", b"hello".to_vec())).await.expect("is there");
    assert_eq!(wire.sent().len(), 2);
    let wire = Wire::new([draft(&["DRAFT"]), raw(&with), raw(&with), replaced(&["DRAFT"])]);
    wire.mailbox.attach(&wire.call(), "r1", &file("a.pdf", b"other".to_vec())).await.expect("another one");
    assert_eq!(wire.sent().len(), 4);
}

#[tokio::test]
async fn a_file_of_a_draft_is_counted_and_removed() {
    let wire = Wire::new([draft(&["DRAFT"]), raw(WITH_FILE)]);
    assert_eq!(wire.mailbox.files_of_draft(&wire.call(), "r1").await.ok(), Some(1));
    let wire = Wire::new([draft(&["DRAFT"]), raw(WITH_FILE), raw(WITH_FILE), replaced(&["DRAFT"])]);
    wire.mailbox.detach(&wire.call(), "r1", &["1".to_owned()]).await.expect("removed");
    let sent = wire.sent();
    let (resource, message) = sent[3].message();
    assert_eq!(resource, json!({ "message": { "threadId": "9f" } }));
    assert!(message.ends_with("Hello\r\n--m--\r\n") && !message.contains("pdf"), "{message}");
    for other in ["0", "2", "1.0", "", "x"] {
        let wire = Wire::new([draft(&["DRAFT"]), raw(WITH_FILE)]);
        wire.mailbox.detach(&wire.call(), "r1", &[other.to_owned()]).await.expect("nothing to remove");
        assert_eq!(wire.sent().len(), 2, "{other}");
    }
}

#[tokio::test]
async fn a_change_keeps_the_files_and_the_labels_of_a_draft() {
    let before = ["DRAFT", "Label_1", "STARRED"];
    let wire =
        Wire::new([draft(&before), raw(WITH_FILE), raw(WITH_FILE), replaced(&["DRAFT"]), found(json!({}))]);
    let content = Some(Content { text: "New".to_owned(), is_html: false });
    let change = DraftChange { subject: Some("Other".to_owned()), content, ..DraftChange::default() };
    wire.mailbox.update_draft(&wire.call(), "r1", &change).await.expect("changed");
    let sent = wire.sent();
    let (_, message) = sent[3].message();
    assert!(message.contains("Subject: Other\r\n") && message.contains("New"), "{message}");
    assert!(message.contains("pdf\r\n--m--") && !message.contains("Hello"), "{message}");
    assert_eq!(sent[4].line(), "POST /messages/2b/modify");
    let labels = json!({ "addLabelIds": ["Label_1", "STARRED"], "removeLabelIds": [] });
    assert_eq!(sent[4].json(), labels);
}

#[tokio::test]
async fn labels_of_a_draft_are_changed_without_a_new_message() {
    let all = json!({ "labels": [{ "id": "Label_2", "name": "B", "type": "user" }] });
    let wire = Wire::new([draft(&["DRAFT", "Label_1", "STARRED"]), found(all), found(json!({}))]);
    let change = DraftChange { labels: Some(vec!["Label_2".to_owned()]), ..DraftChange::default() };
    wire.mailbox.update_draft(&wire.call(), "r1", &change).await.expect("changed");
    let sent = wire.sent();
    assert_eq!(sent[2].line(), "POST /messages/1a/modify");
    assert_eq!(sent[2].json(), json!({ "addLabelIds": ["Label_2"], "removeLabelIds": ["Label_1"] }));
}

#[tokio::test]
async fn only_drafts_are_changed() {
    let is_sent = || found(json!({ "id": "2b", "labelIds": ["SENT"] }));
    let wire = Wire::new([is_sent(), is_sent(), is_sent()]);
    let change = DraftChange { subject: Some("New".to_owned()), ..DraftChange::default() };
    let changed = wire.mailbox.update_draft(&wire.call(), "2b", &change).await;
    assert_eq!(problem(changed), Some(MailProblem::ContentIsFinal));
    let detached = wire.mailbox.detach(&wire.call(), "2b", &["1".to_owned()]).await;
    assert_eq!(problem(detached), Some(MailProblem::ContentIsFinal));
    let attached = wire.mailbox.attach(&wire.call(), "2b", &file("f", Vec::new())).await;
    assert_eq!(problem(attached), Some(MailProblem::ContentIsFinal));
    assert!(wire.lines().iter().all(|line| line.starts_with("GET ")));
    let wire = Wire::new([missing()]);
    let gone = wire.mailbox.update_draft(&wire.call(), "r1", &change).await;
    assert_eq!(problem(gone), Some(MailProblem::NotFound));
}

#[tokio::test]
async fn a_source_that_breaks_off_replaces_nothing() {
    let broken = || Reply::Answer(200, b"{\"raw\":\"".to_vec());
    let wire = Wire::new([draft(&["DRAFT"]), broken()]);
    let attached = wire.mailbox.attach(&wire.call(), "r1", &file("f", b"a".to_vec())).await;
    assert_eq!(problem(attached), Some(later()));
    let wire = Wire::new([draft(&["DRAFT"]), raw(PLAIN), broken()]);
    let attached = wire.mailbox.attach(&wire.call(), "r1", &file("f", b"a".to_vec())).await;
    assert_eq!(problem(attached), Some(later()));
    assert!(wire.lines().iter().all(|line| line.starts_with("GET ")));
}
