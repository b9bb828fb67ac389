//! The system's folders by one batch; attachments.

use std::time::Duration;

use serde_json::{Value, json};

use super::script::{Reply, Script, found, part, refusal};
use crate::providers::mailbox::{AttachmentKind, FolderKind, Limit, MailError, MailProblem, Mailbox};

fn answer(number: usize, status: u16, body: Value) -> Value {
    json!({ "id": number.to_string(), "status": status, "headers": { "retry-after": "7" }, "body": body })
}

/// The answers of a batch in another order, without an archive.
fn batch() -> Value {
    let missing = json!({ "error": { "code": "ErrorFolderNotFound" } });
    let one = |number| match number {
        5 => answer(5, 404, missing.clone()),
        number => answer(number, 200, json!({ "id": format!("id-{number}") })),
    };
    json!({ "responses": (0..8).rev().map(one).collect::<Vec<_>>() })
}

#[tokio::test]
async fn the_systems_folders_are_asked_for_in_one_request_and_remembered() {
    let inbox = json!({ "id": "id-0", "displayName": "Posteingang", "parentFolderId": "id-7" });
    let script = Script::new([found(batch()), found(inbox.clone()), found(inbox)]);
    for _ in 0..2 {
        let folder = script.mailbox.get_folder(&script.call(), "id-0").await.expect("a folder");
        assert_eq!((folder.kind, folder.path.as_str()), (FolderKind::Inbox, "/Posteingang"));
    }
    let asked = script.asked();
    assert_eq!((asked[0].path.as_str(), asked[0].weight, asked[1].weight), ("/$batch", 8, 1));
    let requests = asked[0].body.as_ref().expect("a body")["requests"].as_array().expect("a list").clone();
    assert_eq!(requests.len(), 8);
    let first = json!({
        "id": "0", "method": "GET", "url": "/me/mailFolders/inbox?$select=id",
        "headers": { "Prefer": "IdType=\"ImmutableId\"" },
    });
    assert_eq!(requests[0], first);
}

#[tokio::test]
async fn a_batch_for_which_no_room_is_left_is_asked_one_by_one() {
    let full = MailProblem::Throttled { limit: Limit::Mailbox, retry_after: None };
    let ids = (0..8).map(|number| match number {
        5 => refusal(404, "ErrorItemNotFound"),
        number => found(json!({ "id": format!("id-{number}") })),
    });
    let inbox = json!({ "id": "id-0", "displayName": "Inbox", "parentFolderId": "id-7" });
    let script =
        Script::new(std::iter::once(Reply::Failure(MailError::from(full))).chain(ids).chain([found(inbox)]));
    let folder = script.mailbox.get_folder(&script.call(), "id-0").await.expect("a folder");
    assert_eq!((folder.kind, folder.parent), (FolderKind::Inbox, None));
    assert_eq!(script.paths()[1], "/me/mailFolders/inbox?$select=id");
}

#[tokio::test]
async fn one_refused_answer_of_a_batch_refuses_the_call() {
    let mut throttled = batch();
    throttled["responses"][7] = answer(0, 429, json!({ "error": { "code": "ApplicationThrottled" } }));
    let wait = Some(Duration::from_secs(7));
    let mut challenged = batch();
    challenged["responses"][7] = json!({
        "id": "0", "status": 403, "headers": { "WWW-Authenticate": "Bearer error=\"insufficient_claims\"" },
        "body": { "error": { "code": "accessDenied" } },
    });
    for (answers, problem) in [
        (throttled, MailProblem::Throttled { limit: Limit::Provider, retry_after: wait }),
        (challenged, MailProblem::NeedsSignIn),
        (json!({ "responses": [] }), MailProblem::Garbled),
        (json!({}), MailProblem::Garbled),
    ] {
        let script = Script::new([found(answers)]);
        let error = script.mailbox.get_folder(&script.call(), "id-0").await.expect_err("refused");
        assert_eq!(error.problem, problem);
    }
}

#[tokio::test]
async fn attachments_are_listed_without_their_content() {
    let list = json!({ "value": [
        { "@odata.type": "#microsoft.graph.fileAttachment", "id": "1", "name": "a", "contentId": "<c>" },
        { "@odata.type": "#microsoft.graph.itemAttachment", "id": "2" }, {},
    ] });
    let script = Script::new([refusal(400, "RequestBroker--ParseUri"), found(list)]);
    let list = script.mailbox.list_attachments(&script.call(), "m").await.expect("a list");
    let read: Vec<_> =
        list.iter().map(|one| (one.id.as_str(), one.kind, one.content_id.as_deref())).collect();
    assert_eq!(read, [("1", AttachmentKind::File, Some("c")), ("2", AttachmentKind::Item, None)]);
    let select = "/me/messages/m/attachments?$select=id,name,contentType,size,isInline";
    let with_id = format!("{select},microsoft.graph.fileAttachment/contentId");
    assert_eq!(script.paths(), [with_id, select.to_owned()]);
}

#[tokio::test]
async fn the_content_of_a_link_is_refused_by_that_name() {
    let link = json!({ "@odata.type": "#microsoft.graph.referenceAttachment", "id": "1" });
    let script = Script::new([found(link)]);
    let error = script.mailbox.download_attachment(&script.call(), "m", "1").await.err().expect("refused");
    assert_eq!((error.problem, script.asked().len()), (MailProblem::AttachmentIsLink, 1));
    let file = json!({ "@odata.type": "#microsoft.graph.fileAttachment", "id": "1" });
    let script = Script::new([found(file), refusal(405, "ErrorInvalidRequest")]);
    let error = script.mailbox.download_attachment(&script.call(), "m", "1").await.err().expect("refused");
    assert_eq!((error.problem, script.asked().len()), (MailProblem::Refused, 2));
}

#[tokio::test]
async fn the_content_of_an_attachment_has_its_name_and_is_read_without_one() {
    let file = json!({ "@odata.type": "#microsoft.graph.fileAttachment", "id": "1", "name": "Ü.pdf" });
    for (metadata, name) in [(found(file), Some("Ü.pdf")), (refusal(400, "ErrorInvalidRequest"), None)] {
        let script = Script::new([metadata, found(json!({}))]);
        let download = script.mailbox.download_attachment(&script.call(), "m", "1").await.expect("content");
        assert_eq!(download.name.as_deref(), name);
        let asked = script.asked();
        assert!(!asked[0].is_download && asked[1].is_download);
        assert_eq!(asked[0].path, "/me/messages/m/attachments/1?$select=id,name");
        assert_eq!(asked[1].path, "/me/messages/m/attachments/1/$value");
    }
    let script = Script::new([refusal(404, "ErrorItemNotFound")]);
    let error = script.mailbox.download_attachment(&script.call(), "m", "1").await.err().expect("refused");
    assert_eq!((error.problem, script.asked().len()), (MailProblem::NotFound, 1));
}

#[tokio::test]
async fn attachments_and_labels_are_whole_or_refused() {
    let one = |name: &str| json!([{ "id": name, "name": name, "displayName": name }]);
    let parts = |links: usize, last: bool| {
        let next = "/me/next?$skip=1";
        let end = last.then(|| found(json!({ "value": one("last") })));
        (0..links).map(move |_| part(one("a"), next)).chain(end)
    };
    let script = Script::new(parts(49, true));
    let list = script.mailbox.list_attachments(&script.call(), "m").await.expect("50 pages");
    assert_eq!(list.len(), 50);
    let script = Script::new(parts(51, false));
    let error = script.mailbox.list_attachments(&script.call(), "m").await.expect_err("too many");
    assert!(matches!(error.problem, MailProblem::TooMany(_)), "{error:?}");
    let script = Script::new(parts(19, true));
    assert_eq!(script.mailbox.list_labels(&script.call()).await.expect("20 pages").len(), 20);
    let script = Script::new(parts(21, false));
    let error = script.mailbox.list_labels(&script.call()).await.expect_err("too many");
    assert!(matches!(error.problem, MailProblem::TooMany(_)), "{error:?}");
}
