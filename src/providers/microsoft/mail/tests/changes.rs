//! Changes of messages and of threads.

use std::time::Duration;

use ::http::Method;
use serde_json::{Value, json};

use super::{
    Bench, NOW,
    fake::{Fake, hidden, mail, system},
    script::{Asked, Reply, Script, done, found, refusal},
};
use crate::providers::{
    mailbox::{Changed, Limit, MailError, MailProblem, MailboxChanges, MessageChange},
    microsoft::mail::labels,
};

/// A Graph whose system folders are known.
fn script(answers: impl IntoIterator<Item = Reply>) -> Script {
    let script = Script::new(answers);
    script.call().memory.remember_system_folders(system(), NOW);
    script.call().memory.remember_hidden_folders(hidden(), NOW);
    script
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("m{number}")).collect()
}

async fn change(
    script: &Script,
    ids: &[String],
    change: &MessageChange,
) -> Result<Vec<Changed>, MailProblem> {
    let changed = script.mailbox.change_messages(&script.call(), ids, change).await;
    changed.map_err(|error| error.problem)
}

/// The problem of each message; `None` where it was changed.
fn problems(changed: &[Changed]) -> Vec<Option<MailProblem>> {
    changed.iter().map(|changed| changed.error.as_ref().map(|error| error.problem.clone())).collect()
}

fn error(code: &str) -> Value {
    json!({ "error": { "code": code } })
}

/// The answers of a batch, in the opposite order.
fn answers(answers: impl IntoIterator<Item = (u16, Value)>) -> Reply {
    let mut responses: Vec<Value> = answers
        .into_iter()
        .enumerate()
        .map(|(number, (status, body))| {
            json!({
                "id": number.to_string(), "status": status, "headers": { "Retry-After": "7" }, "body": body,
            })
        })
        .collect();
    responses.reverse();
    found(json!({ "responses": responses }))
}

/// The requests of a batch.
fn parts(asked: &Asked) -> Vec<Value> {
    assert_eq!((&asked.method, asked.path.as_str()), (&Method::POST, "/$batch"));
    let body = asked.body.as_ref().expect("a body");
    let parts = body["requests"].as_array().expect("requests").clone();
    assert_eq!(usize::from(asked.weight), parts.len());
    parts
}

const THROTTLED: MailProblem =
    MailProblem::Throttled { limit: Limit::Provider, retry_after: Some(Duration::from_secs(7)) };

#[tokio::test]
async fn one_message_is_changed_by_one_request() {
    for (change, method, path, body) in [
        (MessageChange::Read(true), Method::PATCH, "", json!({ "isRead": true })),
        (MessageChange::Read(false), Method::PATCH, "", json!({ "isRead": false })),
        (MessageChange::Flagged(true), Method::PATCH, "", json!({ "flag": { "flagStatus": "flagged" } })),
        (MessageChange::Flagged(false), Method::PATCH, "", json!({ "flag": { "flagStatus": "notFlagged" } })),
        (MessageChange::RemoveAllLabels, Method::PATCH, "", json!({ "categories": [] })),
        (
            MessageChange::Move("AAMk+/=".to_owned()),
            Method::POST,
            "/move",
            json!({ "destinationId": "AAMk+/=" }),
        ),
        (MessageChange::Trash, Method::POST, "/move", json!({ "destinationId": "deleteditems" })),
    ] {
        // Graph answers the changed message.
        let script = script([found(json!({ "id": "a+/=" }))]);
        let changed = self::change(&script, &["a+/=".to_owned()], &change).await.expect("changed");
        assert_eq!(changed, [Changed { id: "a+/=".to_owned(), error: None }]);
        let asked = script.asked();
        assert_eq!((asked.len(), asked[0].weight), (1, 1));
        assert_eq!((&asked[0].method, &asked[0].path), (&method, &format!("/me/messages/a%2B%2F%3D{path}")));
        assert_eq!(asked[0].body.as_ref(), Some(&body));
        assert_eq!(asked[0].prefer, "IdType=\"ImmutableId\"");
    }
}

#[tokio::test]
async fn several_messages_are_changed_by_batches_of_twenty_with_immutable_ids() {
    let all = |count: usize| answers((0..count).map(|_| (200, json!({ "id": "x" }))));
    let script = script([all(20), all(20), all(5)]);
    let messages = ids(45);
    let changed = change(&script, &messages, &MessageChange::Read(true)).await.expect("changed");
    assert_eq!(
        changed.iter().map(|changed| &changed.id).collect::<Vec<_>>(),
        messages.iter().collect::<Vec<_>>()
    );
    assert!(changed.iter().all(|changed| changed.error.is_none()));
    let asked = script.asked();
    assert_eq!(asked.iter().map(|asked| parts(asked).len()).collect::<Vec<_>>(), [20, 20, 5]);
    let first = json!({
        "id": "0", "method": "PATCH", "url": "/me/messages/m0", "body": { "isRead": true },
        "headers": {
            "Prefer": "IdType=\"ImmutableId\", return=minimal", "Content-Type": "application/json",
        },
    });
    assert_eq!(parts(&asked[0])[0], first);
}

#[tokio::test]
async fn each_message_of_a_batch_has_its_own_error() {
    let script = script([answers([
        (200, json!({})),
        (404, error("ErrorItemNotFound")),
        (429, error("ApplicationThrottled")),
        (409, error("ErrorIrresolvableConflict")),
    ])]);
    let mut messages = ids(4);
    messages.insert(2, "no id".to_owned());
    let changed = change(&script, &messages, &MessageChange::Read(true)).await.expect("an answer");
    let expected = [
        None,
        Some(MailProblem::NotFound),
        Some(MailProblem::NotFound),
        Some(THROTTLED),
        Some(MailProblem::Conflict),
    ];
    assert_eq!(problems(&changed), expected);
    assert_eq!(parts(&script.asked()[0]).len(), 4, "what cannot be an id is not asked for");
}

#[tokio::test]
async fn an_answer_that_a_batch_lacks_is_no_success() {
    let script = script([found(json!({ "responses": [{ "id": "0", "status": 200 }, { "id": "2" }] }))]);
    let changed = change(&script, &ids(3), &MessageChange::Read(true)).await.expect("an answer");
    assert_eq!(problems(&changed), [None, Some(MailProblem::Garbled), Some(MailProblem::Garbled)]);
    script.asked();
}

#[tokio::test]
async fn an_error_of_the_whole_mailbox_is_the_error_of_the_call() {
    let denied = || (403, error("ErrorAccessDenied"));
    let missing = MailProblem::PermissionNotGranted("Mail.ReadWrite");
    for (answer, problem) in [
        (answers([denied(), denied()]), missing.clone()),
        (refusal(401, "InvalidAuthenticationToken"), MailProblem::TokenRefused),
        (Reply::Failure(MailProblem::Slow.into()), MailProblem::Slow),
        (found(json!({})), MailProblem::Garbled),
    ] {
        let script = script([answer]);
        assert_eq!(change(&script, &ids(2), &MessageChange::Flagged(true)).await, Err(problem));
        script.asked();
    }
    let script = script([answers([denied(), (200, json!({}))])]);
    let changed = change(&script, &ids(2), &MessageChange::Flagged(true)).await.expect("one is changed");
    assert_eq!(problems(&changed), [Some(missing), None]);
    script.asked();
}

#[tokio::test]
async fn after_an_outage_the_rest_is_not_sent() {
    let all = answers((0..20).map(|_| (200, json!({}))));
    let script = script([all, Reply::Failure(MailProblem::Unavailable.into())]);
    let changed = change(&script, &ids(60), &MessageChange::Read(true)).await.expect("twenty are changed");
    let unavailable = problems(&changed).split_off(20);
    assert_eq!(unavailable, vec![Some(MailProblem::Unavailable); 40]);
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test]
async fn a_batch_without_room_or_with_long_answers_is_sent_one_by_one() {
    let full = MailError::from(MailProblem::Throttled { limit: Limit::Mailbox, retry_after: None });
    for first in [Reply::Failure(full), found(json!({ "responses": "x".repeat(9 * 1024 * 1024) }))] {
        let script = script([first, done(), refusal(404, "ErrorItemNotFound"), done()]);
        let changed = change(&script, &ids(3), &MessageChange::Read(false)).await.expect("an answer");
        assert_eq!(problems(&changed), [None, Some(MailProblem::NotFound), None]);
        let asked = script.asked();
        assert!(asked[1..].iter().all(|asked| asked.method == Method::PATCH && asked.weight == 1));
    }
}

#[tokio::test]
async fn labels_are_added_to_those_that_a_message_has_and_of_the_version_that_was_read() {
    let read = |etag: &str, names: &[&str]| (200, json!({ "@odata.etag": etag, "categories": names }));
    let script = script([
        answers([read("W/\"1\"", &["Red"]), read("W/\"2\"", &["Blue"]), (404, error("ErrorItemNotFound"))]),
        refusal(412, "ErrorIrresolvableConflict"),
    ]);
    let blue = labels::id_of("Blue");
    let add = MessageChange::AddLabels(vec![blue.clone(), blue]);
    let changed = change(&script, &ids(3), &add).await.expect("an answer");
    assert_eq!(problems(&changed), [Some(MailProblem::Conflict), None, Some(MailProblem::NotFound)]);
    let asked = script.asked();
    assert_eq!(parts(&asked[0])[0]["url"], "/me/messages/m0?$select=id%2Ccategories");
    assert_eq!((&asked[1].method, asked[1].path.as_str()), (&Method::PATCH, "/me/messages/m0"));
    assert_eq!(asked[1].if_match, "W/\"1\"");
    assert_eq!(asked[1].body.as_ref(), Some(&json!({ "categories": ["Red", "Blue"] })));
}

#[tokio::test]
async fn labels_are_removed_and_others_stay() {
    let read = |etag: &str, names: &[&str]| (200, json!({ "@odata.etag": etag, "categories": names }));
    let script = script([
        answers([read("W/\"1\"", &["Red", "Blue"]), read("W/\"2\"", &["Red"]), read("W/\"3\"", &[])]),
        answers([(200, json!({})), (200, json!({}))]),
    ]);
    let remove = MessageChange::RemoveLabels(vec![labels::id_of("Red"), labels::id_of("Green")]);
    let changed = change(&script, &ids(3), &remove).await.expect("changed");
    assert_eq!(problems(&changed), [None, None, None]);
    let written = parts(&script.asked()[1]);
    let sent: Vec<_> = written
        .iter()
        .map(|part| (part["url"].clone(), part["headers"]["If-Match"].clone(), part["body"].clone()))
        .collect();
    let expected = [("m0", "1", json!(["Blue"])), ("m1", "2", json!([]))].map(|(id, version, names)| {
        let version = format!("W/\"{version}\"");
        (json!(format!("/me/messages/{id}")), json!(version), json!({ "categories": names }))
    });
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_message_whose_labels_are_not_answered_keeps_them() {
    let script = script([found(json!({ "id": "m0" }))]);
    let add = MessageChange::AddLabels(vec![labels::id_of("Blue")]);
    assert_eq!(change(&script, &ids(1), &add).await, Err(MailProblem::Garbled));
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_label_or_a_folder_that_cannot_exist_asks_nothing() {
    let script = script([]);
    for (change, name) in [
        (MessageChange::AddLabels(vec!["?".to_owned()]), "labelId"),
        (MessageChange::RemoveLabels(vec![String::new()]), "labelId"),
        (MessageChange::Move("../x".to_owned()), "destfolderId"),
    ] {
        let problem = self::change(&script, &ids(2), &change).await.expect_err("refused");
        let MailProblem::InvalidValue(words) = &problem else { panic!("{problem:?}") };
        assert!(words.starts_with(name), "{words}");
    }
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_move_to_a_folder_that_is_gone_names_the_folder() {
    let gone = || (404, error("ErrorItemNotFound"));
    let folder = MessageChange::Move("folder".to_owned());
    let missing = script([answers([gone(), gone()]), refusal(404, "ErrorItemNotFound")]);
    let problem = change(&missing, &ids(2), &folder).await.expect_err("refused");
    assert!(matches!(problem, MailProblem::InvalidValue(words) if words.contains("destfolderId")));
    assert_eq!(missing.asked()[1].path, "/me/mailFolders/folder?$select=id");
    // The folder is there, and the messages are not.
    let there = script([answers([gone(), gone()]), found(json!({ "id": "folder" }))]);
    let changed = change(&there, &ids(2), &folder).await.expect("an answer");
    assert_eq!(problems(&changed), [Some(MailProblem::NotFound), Some(MailProblem::NotFound)]);
    there.asked();
    // One was moved, so the folder is there.
    let moved = script([answers([gone(), (201, json!({ "id": "m1" }))])]);
    let changed = change(&moved, &ids(2), &folder).await.expect("an answer");
    assert_eq!(problems(&changed), [Some(MailProblem::NotFound), None]);
    moved.asked();
}

#[tokio::test]
async fn a_message_that_is_already_in_the_folder_counts_as_moved() {
    let refused = || (400, error("ErrorMoveCopyFailed"));
    let read = |folder: &str| (200, json!({ "id": "x", "parentFolderId": folder }));
    let to_folder =
        script([answers([refused(), (201, json!({})), refused()]), answers([read("folder"), read("inbox")])]);
    let changed = change(&to_folder, &ids(3), &MessageChange::Move("folder".to_owned())).await;
    assert_eq!(problems(&changed.expect("an answer")), [None, None, Some(MailProblem::Refused)]);
    let asked = parts(&to_folder.asked()[1]);
    assert_eq!(asked[1]["url"], "/me/messages/m2?$select=id%2CparentFolderId");
    let to_trash =
        script([refusal(400, "ErrorMoveCopyFailed"), found(json!({ "parentFolderId": "deleteditems" }))]);
    let changed = change(&to_trash, &ids(1), &MessageChange::Trash).await.expect("an answer");
    assert_eq!(problems(&changed), [None]);
    to_trash.asked();
}

#[tokio::test]
async fn a_message_is_deleted_for_good() {
    let script = script([done(), refusal(404, "ErrorItemNotFound")]);
    let changed = change(&script, &ids(1), &MessageChange::Expunge).await.expect("deleted");
    assert_eq!(problems(&changed), [None]);
    let changed = change(&script, &ids(1), &MessageChange::Expunge).await.expect("an answer");
    assert_eq!(problems(&changed), [Some(MailProblem::NotFound)]);
    let asked = script.asked();
    assert_eq!(asked[0].path, "/me/messages/m0/permanentDelete");
    assert_eq!((&asked[0].method, &asked[0].body), (&Method::POST, &None));
}

#[tokio::test]
async fn a_cloud_without_the_call_deletes_for_good_from_the_trash() {
    for (status, code) in [(400, "BadRequest"), (404, "ResourceNotFound"), (405, "Request_BadRequest")] {
        let unknown = || (status, error(code));
        let script = script([
            answers([unknown(), unknown(), unknown(), (404, error("ErrorItemNotFound"))]),
            answers([(201, json!({})), (404, error("ErrorItemNotFound")), (201, json!({}))]),
            answers([(204, Value::Null), (404, error("ErrorItemNotFound"))]),
        ]);
        let changed = change(&script, &ids(4), &MessageChange::Expunge).await.expect("an answer");
        let gone = || Some(MailProblem::NotFound);
        assert_eq!(problems(&changed), [None, gone(), None, gone()], "{status}");
        let asked = script.asked();
        let sent = |asked: &Asked| {
            let parts = parts(asked).into_iter();
            parts.map(|part| format!("{} {}", part["method"], part["url"])).collect::<Vec<_>>().join(" ")
        };
        assert!(sent(&asked[1]).contains("\"POST\" \"/me/messages/m2/move\""), "{}", sent(&asked[1]));
        assert_eq!(sent(&asked[2]), "\"DELETE\" \"/me/messages/m0\" \"DELETE\" \"/me/messages/m2\"");
    }
}

/// A thread with messages in these folders.
fn thread() -> Bench {
    let mut messages: Vec<Value> = ["inbox", "sentitems", "drafts", "deleteditems", "own"]
        .into_iter()
        .zip(1..)
        .map(|(folder, second)| mail(folder, second, folder, "t"))
        .collect();
    messages.push(mail("else", 9, "inbox", "u"));
    messages[0]["isRead"] = true.into();
    messages[4]["flag"]["flagStatus"] = "flagged".into();
    messages[4]["categories"] = json!(["Red", "Blue"]);
    Bench::new(Fake::with(messages))
}

#[tokio::test]
async fn a_change_of_a_thread_is_for_each_message_that_is_not_as_wanted() {
    let bench = thread();
    let label = |name: &str| vec![labels::id_of(name)];
    for (change, expected) in [
        (MessageChange::Read(true), &["sentitems", "drafts", "deleteditems", "own"][..]),
        (MessageChange::Read(false), &["inbox"]),
        (MessageChange::Flagged(true), &["inbox", "sentitems", "drafts", "deleteditems"]),
        (MessageChange::Flagged(false), &["own"]),
        (MessageChange::AddLabels(label("Red")), &["inbox", "sentitems", "drafts", "deleteditems"]),
        (MessageChange::RemoveLabels(label("Blue")), &["own"]),
        (MessageChange::RemoveLabels(label("Green")), &[]),
        (MessageChange::RemoveAllLabels, &["own"]),
        (MessageChange::Move("own".to_owned()), &["inbox", "deleteditems"]),
        (MessageChange::Trash, &["inbox", "own"]),
        (MessageChange::Expunge, &["inbox", "deleteditems", "own"]),
    ] {
        let found = bench.mailbox.messages_of_thread(&bench.call(), "t", &change).await.expect("messages");
        assert_eq!(found, expected, "{change:?}");
    }
    assert!(bench.graph.asked().iter().all(|url| !url.contains("$orderby") && !url.contains("bodyPreview")));
}

#[tokio::test]
async fn a_thread_that_does_not_exist_is_not_found_and_one_of_sent_mail_alone_has_nothing_to_move() {
    let bench = Bench::new(Fake::with(vec![mail("1", 1, "sentitems", "t")]));
    let of = async |thread: &str, change: MessageChange| {
        let found = bench.mailbox.messages_of_thread(&bench.call(), thread, &change).await;
        found.map_err(|error| error.problem)
    };
    assert_eq!(of("t", MessageChange::Trash).await, Ok(Vec::new()));
    for wrong in ["none", "' or 1 eq 1"] {
        assert_eq!(of(wrong, MessageChange::Trash).await, Err(MailProblem::NotFound), "{wrong}");
    }
    let refused = of("t", MessageChange::AddLabels(vec!["?".to_owned()])).await;
    assert!(matches!(refused, Err(MailProblem::InvalidValue(_))), "{refused:?}");
}
