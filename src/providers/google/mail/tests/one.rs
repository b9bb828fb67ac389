//! One message: its metadata, its body, its header, its source and its attachments; drafts.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{fake::mail, *};
use crate::providers::mailbox::{
    AttachmentKind, DraftQuery, MailProblem, Mailbox, Order, Position, read_whole,
};

fn coded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn part(id: &str, kind: &str, name: &str, body: &Value) -> Value {
    json!({ "partId": id, "mimeType": kind, "filename": name, "headers": [], "body": body })
}

/// A message with these parts.
fn with_parts(parts: &[Value]) -> Value {
    let mut message = mail("a1", 1, &["INBOX"], "a1");
    message["payload"] = json!({
        "partId": "", "mimeType": "multipart/mixed", "filename": "", "parts": parts, "body": { "size": 0 },
        "headers": [{ "name": "Subject", "value": "Hi" }, { "name": "Received", "value": "from a\r\n by b" }],
    });
    message
}

fn bench(message: Value, others: Vec<(&'static str, u16, String)>) -> Bench {
    Bench::new(Fake { others, drafts: vec![("r-17", "a1")], ..Fake::with(vec![message]) })
}

#[tokio::test]
async fn a_body_is_html_where_there_is_any_and_not_beyond_its_limit() {
    let plain = part("0", "text/plain", "", &json!({ "size": 2, "data": coded("Hi") }));
    let html = part("1", "text/html", "", &json!({ "size": 9, "data": coded("<p>Hü</p>") }));
    let file = part("2", "text/html", "a.html", &json!({ "size": 9, "data": coded("<p>no</p>") }));
    let both = bench(with_parts(&[plain.clone(), html, file]), Vec::new());
    let content = both.mailbox.get_content(&both.call(), "a1", 100).await.expect("a body");
    assert_eq!((content.text.as_str(), content.is_html), ("<p>Hü</p>", true));
    let error = both.mailbox.get_content(&both.call(), "a1", 9).await.expect_err("too large");
    assert_eq!(error.problem, MailProblem::TooLarge);
    let only = bench(with_parts(&[plain]), Vec::new());
    let content = only.mailbox.get_content(&only.call(), "a1", 2).await.expect("a body");
    assert_eq!((content.text.as_str(), content.is_html), ("Hi", false));
}

#[tokio::test]
async fn a_long_text_is_fetched_and_decoded_in_its_charset() {
    let mut text = part("0", "text/plain", "", &json!({ "size": 5, "attachmentId": "ANGjdJ_x-1" }));
    text["headers"] = json!([{ "name": "content-type", "value": "text/plain; charset=\"iso-8859-1\"" }]);
    let data = json!({ "size": 5, "data": URL_SAFE_NO_PAD.encode(b"Gr\xfc\xdfe") }).to_string();
    let bench = bench(with_parts(&[text]), vec![("/messages/a1/attachments/ANGjdJ_x-1", 200, data)]);
    let content = bench.mailbox.get_content(&bench.call(), "a1", 100).await.expect("a body");
    assert_eq!(content.text, "Grüße");
    let error = bench.mailbox.get_content(&bench.call(), "a1", 4).await.expect_err("too large");
    assert_eq!(error.problem, MailProblem::TooLarge);
}

#[tokio::test]
async fn a_header_has_one_line_for_each_field() {
    let bench = bench(with_parts(&[]), Vec::new());
    let header = bench.mailbox.get_header(&bench.call(), "a1").await.expect("a header");
    assert_eq!(header, "Subject: Hi\r\nReceived: from a by b\r\n");
}

#[tokio::test]
async fn the_source_is_decoded_while_it_arrives() {
    let source = "Subject: Hi\r\n\r\nbody".repeat(50);
    let body = json!({ "raw": coded(&source) }).to_string();
    let whole = bench(with_parts(&[]), vec![("/messages/a1", 200, body.clone())]);
    let raw = whole.mailbox.get_raw(&whole.call(), "a1").await.expect("a source");
    assert_eq!(raw.content_type.as_deref(), Some("message/rfc822"));
    assert_eq!(read_whole(raw.body, 10_000).await.expect("bytes"), source.as_bytes());
    assert_eq!(whole.gmail.asked(), ["/messages/a1?format=raw"]);
    let broken = bench(with_parts(&[]), vec![("/messages/a1", 200, body[..500].to_owned())]);
    let raw = broken.mailbox.get_raw(&broken.call(), "a1").await.expect("a source");
    let read = read_whole(raw.body, 10_000).await.map_err(|error| error.problem);
    assert_eq!(read, Err(MailProblem::Garbled));
}

#[tokio::test]
async fn an_attachment_has_the_id_of_its_part_though_gmails_id_of_its_content_changes() {
    let text = part("0", "text/plain", "", &json!({ "size": 2, "data": coded("Hi") }));
    let file = part("1", "application/pdf", "a.pdf", &json!({ "size": 3, "attachmentId": "first" }));
    let small = part("2", "text/csv", "b.csv", &json!({ "size": 3, "data": coded("1,2") }));
    let empty = part("3", "text/plain", "c.txt", &json!({ "size": 0, "attachmentId": "none" }));
    let attached = part("4", "message/rfc822", "", &json!({ "size": 9 }));
    let data = json!({ "size": 3, "data": coded("PDF") }).to_string();
    let others = vec![("/messages/a1/attachments/second", 200, data)];
    let bench = bench(with_parts(&[text, file, small, empty, attached]), others);
    let listed = bench.mailbox.list_attachments(&bench.call(), "a1").await.expect("attachments");
    let seen: Vec<_> = listed.iter().map(|file| (file.id.as_str(), file.name.as_str(), file.kind)).collect();
    let expected = [
        ("1", "a.pdf", AttachmentKind::File),
        ("2", "b.csv", AttachmentKind::File),
        ("3", "c.txt", AttachmentKind::File),
        ("4", "", AttachmentKind::Item),
    ];
    assert_eq!(seen, expected);
    let second =
        |message: &mut Value| message["payload"]["parts"][1]["body"]["attachmentId"] = json!("second");
    bench.gmail.messages.lock().expect("messages").iter_mut().for_each(second);
    for (id, content) in [("1", "PDF"), ("2", "1,2"), ("3", "")] {
        let file = bench.mailbox.download_attachment(&bench.call(), "a1", id).await.expect("a file");
        assert_eq!(read_whole(file.body, 100).await.expect("bytes"), content.as_bytes(), "{id}");
    }
    for none in ["0", "5", "", "../1"] {
        let error = bench.mailbox.download_attachment(&bench.call(), "a1", none).await.map(|file| file.name);
        assert_eq!(error.map_err(|error| error.problem), Err(MailProblem::NotFound), "{none}");
    }
    let error = bench.mailbox.download_attachment(&bench.call(), "a1", "4").await.map(|file| file.name);
    assert!(matches!(error, Err(error) if matches!(error.problem, MailProblem::NotSupported(_))));
}

#[tokio::test]
async fn a_draft_is_known_by_its_own_id_in_every_call() {
    let text = part("0", "text/plain", "", &json!({ "size": 2, "data": coded("Hi") }));
    let file = part("1", "text/csv", "b.csv", &json!({ "size": 3, "data": coded("1,2") }));
    let mut message = with_parts(&[text, file]);
    message["labelIds"] = json!(["DRAFT"]);
    let bench = bench(message, Vec::new());
    bench.gmail.add(mail("b2", 2, &["INBOX"], "b2"));
    let call = bench.call();
    let query = DraftQuery { order: Order::NewestFirst, position: Position::Skip(0), limit: 10 };
    let page = bench.mailbox.list_drafts(&call, &query).await.expect("drafts");
    assert_eq!(ids(&page), ["r-17"]);
    let draft = bench.mailbox.get_draft(&call, "r-17").await.expect("a draft");
    assert_eq!(
        (&draft, draft.subject.as_str(), draft.folder.as_deref()),
        (&page.messages[0], "Hi", Some("DRAFT"))
    );
    assert_eq!(bench.mailbox.get_message(&call, "r-17").await.expect("a message"), draft);
    assert_eq!(bench.mailbox.get_content(&call, "r-17", 100).await.expect("a body").text, "Hi");
    assert_eq!(bench.mailbox.list_attachments(&call, "r-17").await.expect("files").len(), 1);
    assert!(bench.mailbox.get_header(&call, "r-17").await.expect("a header").starts_with("Subject: Hi"));
    // Gmail's message has another id.
    assert_eq!(bench.mailbox.get_draft(&call, "a1").await.expect("a draft").id, "a1");
    for none in ["b2", "r-18", "", "c3"] {
        let error = bench.mailbox.get_draft(&call, none).await.expect_err("no draft");
        assert_eq!(error.problem, MailProblem::NotFound, "{none}");
    }
}

#[tokio::test]
async fn a_message_that_does_not_exist_is_not_found() {
    let bench = bench(with_parts(&[]), Vec::new());
    for none in ["ffff", "r-99", "a/b", ".."] {
        let error = bench.mailbox.get_message(&bench.call(), none).await.expect_err("no message");
        assert_eq!(error.problem, MailProblem::NotFound, "{none}");
    }
}
