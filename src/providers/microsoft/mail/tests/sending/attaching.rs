//! Small files of drafts, and what becomes of a file whose answer is lost.

use super::{
    wire::{Sent, unreadable},
    *,
};

/// A list of attachments.
fn list(attachments: Value) -> Reply {
    found(json!({ "value": attachments }))
}

/// The Content-ID that a request gives a file.
fn mark_of(sent: &Sent) -> String {
    let content_id = &sent.json()["contentId"];
    content_id.as_str().expect("a Content-ID").to_owned()
}

/// The Content-ID of a file.
async fn mark(name: &str, content: &[u8]) -> String {
    let wire = Wire::new([list(json!([])), found(json!({ "id": "a1" }))]);
    wire.mailbox.attach(&wire.call(), "d1", &file(name, content.to_vec())).await.expect("a file");
    mark_of(&wire.sent()[1])
}

#[tokio::test]
async fn a_small_file_is_added_by_one_request() {
    let wire = Wire::new([list(json!([])), found(json!({ "id": "a1" }))]);
    let file = file("\u{dc}bersicht \"1\".pdf", b"content".to_vec());
    wire.mailbox.attach(&wire.call(), "d1", &file).await.expect("a file");
    let sent = wire.sent();
    assert!(sent[0].line().starts_with("GET /me/messages/d1/attachments?$select=id,name"));
    assert_eq!(sent[1].line(), "POST /me/messages/d1/attachments");
    assert_eq!(sent[1].header("content-type"), "application/json");
    let expected = json!({
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": "\u{dc}bersicht \"1\".pdf",
        "contentType": "application/pdf",
        "isInline": false,
        "contentId": mark_of(&sent[1]),
        "contentBytes": "Y29udGVudA==",
    });
    assert_eq!(sent[1].json(), expected);
}

#[tokio::test]
async fn an_empty_file_and_one_without_a_type_are_added() {
    let wire = Wire::new([list(json!([])), found(json!({ "id": "a1" }))]);
    let mut file = file("empty", Vec::new());
    file.content_type = None;
    wire.mailbox.attach(&wire.call(), "d1", &file).await.expect("a file");
    let json = wire.sent()[1].json();
    assert_eq!(
        (&json["contentBytes"], &json["contentType"]),
        (&json!(""), &json!("application/octet-stream"))
    );
}

#[tokio::test]
async fn each_content_and_each_name_has_its_own_mark() {
    let first = mark("a.pdf", b"one").await;
    assert_eq!(mark("a.pdf", b"one").await, first);
    for (name, content) in [("a.pdf", "two"), ("b.pdf", "one"), ("a.pdfo", "ne")] {
        assert_ne!(mark(name, content.as_bytes()).await, first);
    }
}

#[tokio::test]
async fn a_file_that_is_there_is_not_added_again() {
    let mark = mark("a.pdf", b"one").await;
    let marked = json!([{ "id": "a1", "name": "other", "contentId": format!("<{mark}>") }]);
    let wire = Wire::new([list(marked)]);
    wire.mailbox.attach(&wire.call(), "d1", &file("a.pdf", b"one".to_vec())).await.expect("a file");
    assert_eq!(wire.sent().len(), 1);
    let another_mark = json!([{ "id": "a1", "name": "a.pdf", "size": 3, "contentId": "x@mail360" }]);
    // As a file of a forwarded message.
    let no_mark = json!([{ "id": "a1", "name": "a.pdf", "size": 3 }]);
    for other in [another_mark, no_mark] {
        let wire = Wire::new([list(other), found(json!({ "id": "a9" }))]);
        wire.mailbox.attach(&wire.call(), "d1", &file("a.pdf", b"one".to_vec())).await.expect("a file");
        assert_eq!(wire.lines()[1..], ["POST /me/messages/d1/attachments"]);
    }
}

#[tokio::test]
async fn a_service_without_content_ids_is_asked_for_the_content_of_a_file_with_the_same_name_and_size() {
    const CONTENT: &str = "GET /me/messages/d1/attachments/a1/$value";
    const ADDED: &str = "POST /me/messages/d1/attachments";
    let like = json!([{ "id": "a1", "name": "a.pdf", "size": 200 }]);
    let another_name = json!([{ "id": "a1", "name": "b.pdf", "size": 200 }]);
    let another_size =
        json!([{ "id": "a1", "name": "a.pdf", "size": 2 }, { "id": "a2", "name": "a.pdf", "size": 9000 }]);
    let inline = json!([{ "id": "a1", "name": "a.pdf", "size": 200, "isInline": true }]);
    let kind = "#microsoft.graph.referenceAttachment";
    let link = json!([{ "@odata.type": kind, "id": "a1", "name": "a.pdf", "size": 200 }]);
    let added = || found(json!({ "id": "a9" }));
    let content = |content: &[u8]| Reply::Answer(200, content.to_vec());
    for (attachments, replies, expected) in [
        (like.clone(), vec![content(b"one")], vec![CONTENT]),
        (like, vec![content(b"two"), added()], vec![CONTENT, ADDED]),
        (another_name, vec![added()], vec![ADDED]),
        (another_size, vec![added()], vec![ADDED]),
        (inline, vec![added()], vec![ADDED]),
        (link, vec![added()], vec![ADDED]),
    ] {
        let wire = Wire::new([error(400, "BadRequest"), list(attachments)].into_iter().chain(replies));
        wire.mailbox.attach(&wire.call(), "d1", &file("a.pdf", b"one".to_vec())).await.expect("a file");
        assert_eq!(wire.lines()[2..], expected);
    }
}

#[tokio::test]
async fn a_file_whose_answer_is_lost_is_looked_for() {
    let mark = mark("a.pdf", b"one").await;
    let there = || list(json!([{ "id": "a1", "name": "a.pdf", "contentId": mark }]));
    for lost in [failure(MailProblem::Slow), error(504, "UnknownError"), failure(MailProblem::Unavailable)] {
        let wire = Wire::new([list(json!([])), lost, there()]);
        wire.mailbox.attach(&wire.call(), "d1", &file("a.pdf", b"one".to_vec())).await.expect("it is there");
        assert_eq!(wire.sent().len(), 3);
    }
    let wire = Wire::new([list(json!([])), failure(MailProblem::Slow), list(json!([]))]);
    let lost = wire.mailbox.attach(&wire.call(), "d1", &file("a.pdf", b"one".to_vec())).await;
    assert_eq!(problem(lost), Some(MailProblem::Slow));
    let refused = [list(json!([])), error(403, "ErrorAccessDenied")];
    let wire = Wire::new(refused);
    let refused = wire.mailbox.attach(&wire.call(), "d1", &file("a.pdf", b"one".to_vec())).await;
    assert_eq!(problem(refused), Some(MailProblem::PermissionNotGranted("Mail.ReadWrite")));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_added() {
    let wire = Wire::new([]);
    assert_eq!(
        problem(wire.mailbox.attach(&wire.call(), "d1", &unreadable()).await),
        Some(MailProblem::Slow)
    );
    // It says that it is longer than it is.
    let wire = Wire::new([list(json!([]))]);
    let mut longer = file("a.pdf", vec![7; 10]);
    longer.size = 11;
    let broken = problem(wire.mailbox.attach(&wire.call(), "d1", &longer).await);
    assert!(matches!(broken, Some(MailProblem::InvalidValue(_))), "{broken:?}");
    assert_eq!(wire.lines().len(), 1);
}

#[tokio::test]
async fn no_request_with_a_file_has_more_than_four_megabytes() {
    // 3 MB become 4 MB in base64, and the rest of the request comes to that.
    let wire = Wire::new([list(json!([])), found(json!({ "id": "a1" }))]);
    wire.mailbox.attach(&wire.call(), "d1", &file("a.pdf", vec![7; 2_999_800])).await.expect("a file");
    let sent = wire.sent();
    assert_eq!(sent[1].line(), "POST /me/messages/d1/attachments");
    assert!(sent[1].body.len() <= 4_000_000);
}
