//! One message: its parts; labels.

use super::*;
use crate::providers::mailbox::{MailProblem, Mailbox, read_whole};

fn with(path: &'static str, status: u16, kind: &'static str, body: &str) -> Bench {
    let others = vec![(path, status, kind, body.to_owned())];
    Bench::new(Fake { others, ..Fake::with(vec![mail("m", 1, "inbox", "t")]) })
}

#[tokio::test]
async fn a_body_is_read_as_it_came_and_not_beyond_its_limit() {
    let body = serde_json::json!({ "id": "m", "body": { "contentType": "html", "content": "<p onclick=x>\"Hi\"</p>" } });
    let bench = with("/me/messages/m", 200, "application/json", &body.to_string());
    let content = bench.mailbox.get_content(&bench.call(), "m", 100).await.expect("a body");
    assert_eq!((content.text.as_str(), content.is_html), ("<p onclick=x>\"Hi\"</p>", true));
    let preferences = bench.graph.asked.lock().expect("requests")[0].1["prefer"].clone();
    assert_eq!(preferences, r#"IdType="ImmutableId", outlook.allow-unsafe-html"#);
    let error = bench.mailbox.get_content(&bench.call(), "m", 20).await.expect_err("too large");
    assert_eq!(error.problem, MailProblem::TooLarge);
    let plain = r#"{"id":"m","body":{"contentType":"text","content":"Hi"}}"#;
    let bench = with("/me/messages/m", 200, "application/json", plain);
    assert!(!bench.mailbox.get_content(&bench.call(), "m", 20).await.expect("a body").is_html);
}

#[tokio::test]
async fn a_header_comes_from_graph_and_otherwise_from_the_source() {
    let fields = r#"{"id":"m","internetMessageHeaders":[{"name":"Received","value":"from a\r\n by b"},{"name":"Subject","value":"Hi"}]}"#;
    let bench = with("/me/messages/m", 200, "application/json", fields);
    let header = bench.mailbox.get_header(&bench.call(), "m").await.expect("a header");
    assert_eq!(header, "Received: from a by b\r\nSubject: Hi\r\n");
    let source = "Subject: Sent\r\nTo: a\r\n b\r\n\r\nbody\r\n\r\nmore";
    let bench = with("/me/messages/m/$value", 200, "text/plain", source);
    let header = bench.mailbox.get_header(&bench.call(), "m").await.expect("a header");
    assert_eq!(header, "Subject: Sent\r\nTo: a\r\n b\r\n");
}

#[tokio::test]
async fn the_source_is_passed_on_as_it_is() {
    let bench = with("/me/messages/m/$value", 200, "text/plain", "Subject: Hi\r\n\r\nbody");
    let raw = bench.mailbox.get_raw(&bench.call(), "m").await.expect("a source");
    assert_eq!(raw.content_type.as_deref(), Some("message/rfc822"));
    assert_eq!(read_whole(raw.body, 100).await.expect("bytes"), b"Subject: Hi\r\n\r\nbody");
}

#[tokio::test]
async fn inline_images_are_known_of_one_message() {
    let bench = Bench::new(Fake::default());
    let mut message = mail("m", 1, "inbox", "t");
    message["attachments"] = serde_json::json!([{ "id": "a", "isInline": true }]);
    bench.graph.add(message);
    let message = bench.mailbox.get_message(&bench.call(), "m").await.expect("a message");
    assert_eq!((message.has_inline, message.has_attachment), (Some(true), Some(false)));
    let none = bench.mailbox.get_message(&bench.call(), "none").await.expect_err("no message");
    assert_eq!(none.problem, MailProblem::NotFound);
}

#[tokio::test]
async fn labels_need_a_permission_of_their_own() {
    let refused = r#"{"error":{"code":"ErrorAccessDenied"}}"#;
    let bench = with("/me/outlook/masterCategories", 403, "application/json", refused);
    let error = bench.mailbox.list_labels(&bench.call()).await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::PermissionNotGranted("MailboxSettings.Read"));
    let blue =
        r#"{"value":[{"id":"1","displayName":"Blau","color":"preset7"},{"id":"2","displayName":"None"}]}"#;
    let bench = with("/me/outlook/masterCategories", 200, "application/json", blue);
    let labels = bench.mailbox.list_labels(&bench.call()).await.expect("labels");
    let seen: Vec<_> = labels.iter().map(|label| (label.name.as_str(), label.color.as_deref())).collect();
    assert_eq!(seen, [("Blau", Some("#00bcf2")), ("None", None)]);
    let one = bench.mailbox.get_label(&bench.call(), &labels[1].id).await.expect("a label");
    assert_eq!((&one, one.position), (&labels[1], Some(2)));
    for wrong in ["AAAA", "?", ""] {
        let error = bench.mailbox.get_label(&bench.call(), wrong).await.expect_err("no label");
        assert_eq!(error.problem, MailProblem::NotFound);
    }
}
