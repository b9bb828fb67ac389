//! Changes of messages, threads, folders and labels.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    NOW,
    wire::{Reply, Wire, answer, empty, error, failure, found, missing},
};
use crate::providers::{
    google::permissions::{GMAIL_FULL, GMAIL_MODIFY},
    mailbox::{
        Changed, FolderKind, KnownMessage, MailError, MailProblem, MailboxChanges, Message, MessageChange,
    },
};

fn labels() -> Reply {
    let user = |id: &str, name: &str| json!({ "id": id, "name": name, "type": "user" });
    found(json!({ "labels": [
        { "id": "INBOX", "name": "INBOX", "type": "system" }, { "id": "TRASH", "name": "TRASH", "type": "system" },
        user("Label_1", "Work"), user("Label_2", "Work/2026"), user("Label_3", "Work/2026/May"),
        user("Label_4", "Home"), user("Label_5", "Workshop"),
    ] }))
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn problem<T>(result: Result<T, MailError>) -> Option<MailProblem> {
    result.err().map(|error| error.problem)
}

fn problems(changed: Vec<Changed>) -> Vec<(String, Option<MailProblem>)> {
    changed.into_iter().map(|changed| (changed.id, changed.error.map(|error| error.problem))).collect()
}

/// The requests of a change of one message.
async fn sent(change: MessageChange, replies: Vec<Reply>) -> Vec<(String, Value)> {
    let wire = Wire::new(replies);
    let changed = wire.mailbox.change_messages(&wire.call(), &ids(&["1a"]), &change).await.expect("changed");
    assert_eq!(problems(changed), [("1a".to_owned(), None)]);
    let sent = wire.sent();
    let body =
        |body: &[u8]| if body.is_empty() { Value::Null } else { serde_json::from_slice(body).expect("JSON") };
    sent.iter().map(|sent| (sent.line(), body(&sent.body))).collect()
}

fn modified(added: &[&str], removed: &[&str]) -> (String, Value) {
    let body = json!({ "addLabelIds": added, "removeLabelIds": removed });
    ("POST /messages/1a/modify".to_owned(), body)
}

#[tokio::test]
async fn marks_and_stars_are_labels() {
    for (change, expected) in [
        (MessageChange::Read(true), modified(&[], &["UNREAD"])),
        (MessageChange::Read(false), modified(&["UNREAD"], &[])),
        (MessageChange::Flagged(true), modified(&["STARRED"], &[])),
        (MessageChange::Flagged(false), modified(&[], &["STARRED"])),
    ] {
        assert_eq!(sent(change, vec![found(json!({}))]).await, [expected]);
    }
    let added = sent(MessageChange::AddLabels(ids(&["Label_1"])), vec![labels(), found(json!({}))]).await;
    assert_eq!(added[1], modified(&["Label_1"], &[]));
    let removed = sent(MessageChange::RemoveAllLabels, vec![labels(), found(json!({}))]).await;
    assert_eq!(removed[1], modified(&[], &["Label_1", "Label_2", "Label_3", "Label_4", "Label_5"]));
}

#[tokio::test]
async fn a_message_is_moved_by_its_labels() {
    let present = found(json!({ "id": "1a", "labelIds": ["INBOX", "Label_4", "UNREAD"] }));
    let moved =
        sent(MessageChange::Move("Label_1".to_owned()), vec![labels(), present, found(json!({}))]).await;
    assert_eq!(moved[2], modified(&["Label_1"], &["INBOX"]));
    let there = found(json!({ "id": "1a", "labelIds": ["Label_1"] }));
    let moved = sent(MessageChange::Move("Label_1".to_owned()), vec![labels(), there]).await;
    assert_eq!(moved.len(), 2);
    let trash = [("POST /messages/1a/trash".to_owned(), Value::Null)];
    assert_eq!(sent(MessageChange::Move("TRASH".to_owned()), vec![found(json!({}))]).await, trash);
    assert_eq!(sent(MessageChange::Trash, vec![found(json!({}))]).await, trash);
    for (to, replies) in
        [("SENT", vec![]), ("DRAFT", vec![]), ("Label_9", vec![labels()]), ("UNREAD", vec![labels()])]
    {
        let wire = Wire::new(replies);
        let change = MessageChange::Move(to.to_owned());
        let refused = problem(wire.mailbox.change_messages(&wire.call(), &ids(&["1a"]), &change).await);
        assert!(matches!(refused, Some(MailProblem::InvalidValue(_))), "{to}");
        assert!(wire.sent().len() <= 1);
    }
}

#[tokio::test]
async fn each_message_has_a_result_of_its_own() {
    let wire = Wire::new([found(json!({})), missing(), error(500, "backendError")]);
    let messages = ids(&["1a", "..", "2b", "3c"]);
    let changed = wire.mailbox.change_messages(&wire.call(), &messages, &MessageChange::Read(true)).await;
    let expected = [
        ("1a".to_owned(), None),
        ("..".to_owned(), Some(MailProblem::NotFound)),
        ("2b".to_owned(), Some(MailProblem::NotFound)),
        ("3c".to_owned(), Some(MailProblem::Unavailable)),
    ];
    assert_eq!(problems(changed.expect("results")), expected);
    let refused = || error(403, "insufficientPermissions");
    let wire = Wire::new([refused(), refused()]);
    let changed =
        wire.mailbox.change_messages(&wire.call(), &ids(&["1a", "2b"]), &MessageChange::Read(true)).await;
    assert_eq!(problem(changed), Some(MailProblem::PermissionNotGranted(GMAIL_MODIFY)));
}

#[tokio::test]
async fn deletion_for_good_needs_the_permission_for_everything() {
    let deleted = sent(MessageChange::Expunge, vec![empty(204)]).await;
    assert_eq!(deleted, [("DELETE /messages/1a".to_owned(), Value::Null)]);
    let wire = Wire::new([error(403, "insufficientPermissions")]);
    let refused = wire.mailbox.change_messages(&wire.call(), &ids(&["1a"]), &MessageChange::Expunge).await;
    assert_eq!(problem(refused), Some(MailProblem::PermissionNotGranted(GMAIL_FULL)));
    // Drafts need it not.
    let wire = Wire::new([empty(204)]);
    wire.mailbox
        .change_messages(&wire.call(), &ids(&["r1"]), &MessageChange::Expunge)
        .await
        .expect("deleted");
    assert_eq!(wire.lines(), ["DELETE /drafts/r1"]);
}

#[tokio::test]
async fn of_a_thread_the_messages_that_are_not_yet_as_wanted_are_named() {
    let thread = || {
        found(json!({ "messages": [
            { "id": "1a", "labelIds": ["INBOX", "UNREAD"] }, { "id": "2b", "labelIds": ["SENT"] },
            { "id": "3c", "labelIds": ["TRASH"] }, { "id": "4d", "labelIds": ["DRAFT"] },
        ] }))
    };
    for (change, replies, expected) in [
        (MessageChange::Read(true), vec![thread()], vec!["1a"]),
        (MessageChange::Trash, vec![labels(), thread()], vec!["1a"]),
        (MessageChange::Expunge, vec![labels(), thread()], vec!["1a", "3c"]),
    ] {
        let wire = Wire::new(replies);
        let found = wire.mailbox.messages_of_thread(&wire.call(), "9f", &change).await;
        assert_eq!(found.expect("messages"), expected, "{change:?}");
        assert_eq!(wire.lines().last().map(String::as_str), Some("GET /threads/9f"));
    }
    for reply in [missing(), found(json!({}))] {
        let wire = Wire::new([reply]);
        let none = wire.mailbox.messages_of_thread(&wire.call(), "9f", &MessageChange::Read(true)).await;
        assert_eq!(problem(none), Some(MailProblem::NotFound));
    }
}

#[tokio::test]
async fn a_folder_is_created_within_another_one() {
    let created = found(json!({ "id": "Label_9", "name": "Work/2026/June", "type": "user" }));
    let wire = Wire::new([labels(), created]);
    let folder = wire.mailbox.create_folder(&wire.call(), "June", Some("Label_2")).await.expect("a folder");
    assert_eq!(
        (folder.id.as_str(), folder.name.as_str(), folder.path.as_str()),
        ("Label_9", "June", "/Work/2026/June")
    );
    assert_eq!((folder.parent.as_deref(), folder.kind), (Some("Label_2"), FolderKind::User));
    let sent = wire.sent();
    assert_eq!(
        (sent[1].line(), sent[1].json()["name"].clone()),
        ("POST /labels".to_owned(), json!("Work/2026/June"))
    );
    for (name, parent, replies, expected) in [
        ("May", Some("Label_2"), vec![labels()], MailProblem::FolderExists),
        ("New", None, vec![labels(), error(409, "aborted")], MailProblem::FolderExists),
        ("New", Some("Label_8"), vec![labels()], MailProblem::NotFound),
    ] {
        let wire = Wire::new(replies);
        let refused = problem(wire.mailbox.create_folder(&wire.call(), name, parent).await);
        assert_eq!(refused, Some(expected), "{name}");
    }
    for (name, parent) in
        [("a/b", None), (" ", None), ("a\n", None), ("New", Some("INBOX")), ("New", Some("ALL_MAIL"))]
    {
        let wire = Wire::new(parent.map(|_| labels()));
        let refused = problem(wire.mailbox.create_folder(&wire.call(), name, parent).await);
        assert!(matches!(refused, Some(MailProblem::InvalidValue(_))), "{name}");
    }
}

#[tokio::test]
async fn a_rename_changes_the_names_of_all_folders_within_from_the_deepest() {
    let wire = Wire::new([labels(), found(json!({})), found(json!({})), found(json!({}))]);
    wire.mailbox.rename_folder(&wire.call(), "Label_1", "Office").await.expect("renamed");
    let renamed: Vec<_> =
        wire.sent().iter().skip(1).map(|sent| (sent.line(), sent.json()["name"].clone())).collect();
    let expected = [
        ("PATCH /labels/Label_3".to_owned(), json!("Office/2026/May")),
        ("PATCH /labels/Label_2".to_owned(), json!("Office/2026")),
        ("PATCH /labels/Label_1".to_owned(), json!("Office")),
    ];
    assert_eq!(renamed, expected);
}

#[tokio::test]
async fn a_rename_that_broke_off_goes_on_and_one_that_was_made_succeeds() {
    let wire = Wire::new([labels(), found(json!({})), failure(MailProblem::Slow)]);
    let broken = wire.mailbox.rename_folder(&wire.call(), "Label_1", "Office").await;
    assert_eq!(problem(broken), Some(MailProblem::Slow));
    let user = |id: &str, name: &str| json!({ "id": id, "name": name, "type": "user" });
    let between = [user("Label_1", "Work"), user("Label_2", "Work/2026"), user("Label_3", "Office/2026/May")];
    let wire = Wire::new([found(json!({ "labels": between })), found(json!({})), found(json!({}))]);
    wire.mailbox.rename_folder(&wire.call(), "Label_1", "Office").await.expect("renamed");
    let lines = wire.lines();
    assert_eq!(lines[1..], ["PATCH /labels/Label_2", "PATCH /labels/Label_1"]);
    let wire = Wire::new([labels()]);
    wire.mailbox.rename_folder(&wire.call(), "Label_1", "Work").await.expect("has the name");
    assert_eq!(wire.sent().len(), 1);
}

#[tokio::test]
async fn a_folder_is_moved_with_those_within_it_and_never_into_itself() {
    let wire = Wire::new([labels(), found(json!({})), found(json!({}))]);
    wire.mailbox.move_folder(&wire.call(), "Label_2", Some("Label_4")).await.expect("moved");
    let names: Vec<_> = wire.sent().iter().skip(1).map(|sent| sent.json()["name"].clone()).collect();
    assert_eq!(names, ["Home/2026/May", "Home/2026"]);
    let wire = Wire::new([labels()]);
    wire.mailbox.move_folder(&wire.call(), "Label_2", Some("Label_1")).await.expect("is there");
    let wire = Wire::new([labels(), found(json!({})), found(json!({}))]);
    wire.mailbox.move_folder(&wire.call(), "Label_2", None).await.expect("moved");
    assert_eq!(wire.sent()[2].json()["name"], "2026");
    for (folder, to) in
        [("Label_1", "Label_1"), ("Label_1", "Label_3"), ("INBOX", "Label_1"), ("Label_1", "TRASH")]
    {
        let wire = Wire::new([labels()]);
        let refused = problem(wire.mailbox.move_folder(&wire.call(), folder, Some(to)).await);
        assert!(matches!(refused, Some(MailProblem::InvalidValue(_))), "{folder} {to}");
    }
}

#[tokio::test]
async fn a_name_that_another_folder_has_leaves_all_as_it_is() {
    let wire = Wire::new([labels()]);
    let refused = problem(wire.mailbox.rename_folder(&wire.call(), "Label_1", "Home").await);
    assert_eq!(refused, Some(MailProblem::FolderExists));
    assert_eq!(wire.sent().len(), 1);
}

/// Gmail's answer to a name that it keeps for itself.
fn reserved() -> Reply {
    answer(
        400,
        json!({ "error": {
        "code": 400, "message": "Invalid label name", "status": "INVALID_ARGUMENT",
        "errors": [{ "domain": "global", "reason": "invalidArgument", "message": "Invalid label name" }],
    } }),
    )
}

#[tokio::test]
async fn a_name_that_gmail_keeps_for_itself_is_a_wrong_value_and_no_missing_folder() {
    let refused = |problem: Option<MailProblem>| matches!(problem, Some(MailProblem::InvalidValue(_)));
    let wire = Wire::new([labels(), reserved()]);
    assert!(refused(problem(wire.mailbox.create_folder(&wire.call(), "Inbox", None).await)));
    let wire = Wire::new([labels(), reserved()]);
    assert!(refused(problem(wire.mailbox.create_label(&wire.call(), "Muted", None).await)));
    let wire = Wire::new([labels(), reserved()]);
    assert!(refused(problem(wire.mailbox.rename_folder(&wire.call(), "Label_4", "Drafts").await)));
}

/// Gmail compares names without case, and keeps some for itself: only its answer tells.
#[tokio::test]
async fn a_name_that_gmail_refuses_at_last_leaves_all_as_it_was() {
    let renamed = || found(json!({}));
    for (refusal, name) in [(reserved(), "Inbox"), (error(409, "aborted"), "home")] {
        let wire = Wire::new([labels(), renamed(), renamed(), refusal, renamed(), renamed()]);
        let refused = problem(wire.mailbox.rename_folder(&wire.call(), "Label_1", name).await);
        assert!(
            matches!(refused, Some(MailProblem::InvalidValue(_) | MailProblem::FolderExists)),
            "{refused:?}"
        );
        let mut names: HashMap<String, Value> = HashMap::new();
        for sent in wire.sent().iter().skip(1).filter(|sent| !sent.line().ends_with("Label_1")) {
            names.insert(sent.line(), sent.json()["name"].clone());
        }
        let expected = [
            ("PATCH /labels/Label_3".to_owned(), json!("Work/2026/May")),
            ("PATCH /labels/Label_2".to_owned(), json!("Work/2026")),
        ];
        assert_eq!(names, HashMap::from(expected), "{name}");
    }
}

#[tokio::test]
async fn a_folder_is_deleted_with_those_within_it_and_the_systems_are_not() {
    let wire = Wire::new([labels(), missing(), empty(204), empty(204)]);
    wire.mailbox.delete_folder(&wire.call(), "Label_1").await.expect("deleted");
    let lines = wire.lines();
    assert_eq!(lines[1..], ["DELETE /labels/Label_3", "DELETE /labels/Label_2", "DELETE /labels/Label_1"]);
    for system in ["INBOX", "TRASH", "ALL_MAIL"] {
        let wire = Wire::new([labels()]);
        let refused = problem(wire.mailbox.delete_folder(&wire.call(), system).await);
        assert!(matches!(refused, Some(MailProblem::InvalidValue(_))), "{system}");
    }
    let wire = Wire::new([labels()]);
    assert_eq!(
        problem(wire.mailbox.delete_folder(&wire.call(), "Label_9").await),
        Some(MailProblem::NotFound)
    );
}

/// Otherwise a list would go on to show a label, and a folder, that are gone.
#[tokio::test]
async fn a_label_that_is_deleted_is_on_no_message_that_is_remembered() {
    for is_folder in [true, false] {
        let replies =
            if is_folder { vec![labels(), empty(204)] } else { vec![labels(), failure(MailProblem::Slow)] };
        let wire = Wire::new(replies);
        wire.memory.restart_messages(Some("7".to_owned()));
        let known = KnownMessage { message: Message::default(), labels: ids(&["Label_4"]) };
        wire.memory.keep_message("7", "1a", known);
        assert!(wire.memory.known_message("1a").is_some());
        if is_folder {
            wire.mailbox.delete_folder(&wire.call(), "Label_4").await.expect("deleted");
        } else {
            let lost = problem(wire.mailbox.delete_label(&wire.call(), "Label_4").await);
            assert_eq!(lost, Some(MailProblem::Slow), "it may have been deleted");
        }
        assert_eq!(wire.memory.known_message("1a"), None);
        assert_eq!(wire.sent().len(), 2);
    }
}

#[tokio::test]
async fn a_folder_is_emptied_some_messages_at_a_time() {
    let page = found(json!({ "messages": [{ "id": "1a" }, { "id": "2b" }] }));
    let wire = Wire::new([labels(), page, found(json!({}))]);
    let emptied = wire.mailbox.empty_some(&wire.call(), "INBOX", NOW, &ids(&["1a"])).await.expect("emptied");
    assert_eq!(problems(emptied), [("2b".to_owned(), None)]);
    let list = "GET /messages?maxResults=21&q=before:1795858201&labelIds=INBOX";
    assert_eq!(wire.lines()[1..], [list, "POST /messages/2b/trash"]);
    let page = found(json!({ "messages": [{ "id": "1a" }] }));
    let wire = Wire::new([labels(), page, empty(204)]);
    wire.mailbox.empty_some(&wire.call(), "TRASH", NOW, &[]).await.expect("emptied");
    let list = "GET /messages?maxResults=20&q=before:1795858201&labelIds=TRASH&includeSpamTrash=true";
    assert_eq!(wire.lines()[1..], [list, "DELETE /messages/1a"]);
    let wire = Wire::new([labels(), found(json!({ "resultSizeEstimate": 0 }))]);
    assert_eq!(wire.mailbox.empty_some(&wire.call(), "Label_1", NOW, &[]).await.ok(), Some(Vec::new()));
    let wire = Wire::new([labels()]);
    let missing = problem(wire.mailbox.empty_some(&wire.call(), "Label_9", NOW, &[]).await);
    assert_eq!(missing, Some(MailProblem::NotFound));
}

#[tokio::test]
async fn a_label_has_a_colour_of_gmail_and_a_name_of_its_own() {
    let created = found(
        json!({ "id": "Label_9", "name": "Ideas", "type": "user", "color": { "backgroundColor": "#fb4c2f" } }),
    );
    let wire = Wire::new([labels(), created]);
    let label = wire.mailbox.create_label(&wire.call(), "Ideas", Some("#fb4c30")).await.expect("a label");
    assert_eq!((label.color.as_deref(), label.position), (Some("#fb4c2f"), Some(2)));
    let colors = json!({ "backgroundColor": "#fb4c2f", "textColor": "#ffffff" });
    assert_eq!(wire.sent()[1].json(), json!({ "name": "Ideas", "color": colors }));
    for replies in [vec![labels()], vec![labels(), error(409, "aborted")]] {
        let name = if replies.len() == 1 { "Home" } else { "Other" };
        let wire = Wire::new(replies);
        let refused = problem(wire.mailbox.create_label(&wire.call(), name, None).await);
        assert!(matches!(refused, Some(MailProblem::InvalidValue(_))), "{name}");
    }
}

#[tokio::test]
async fn a_label_is_changed_and_deleted_and_gmails_own_are_not() {
    let wire = Wire::new([labels(), found(json!({})), labels(), found(json!({}))]);
    wire.mailbox
        .update_label(&wire.call(), "Label_4", Some("House"), Some("#000000"))
        .await
        .expect("changed");
    let sent = wire.sent();
    assert_eq!(
        (sent[1].line().as_str(), sent[3].json()),
        ("PATCH /labels/Label_4", json!({ "name": "House" }))
    );
    let wire = Wire::new([labels(), empty(204)]);
    wire.mailbox.delete_label(&wire.call(), "Label_1").await.expect("deleted");
    assert_eq!(wire.lines()[1], "DELETE /labels/Label_1");
    for other in ["INBOX", "Label_9"] {
        let wire = Wire::new([labels(), labels()]);
        let none = Some(MailProblem::NotFound);
        assert_eq!(problem(wire.mailbox.delete_label(&wire.call(), other).await), none);
        assert_eq!(problem(wire.mailbox.update_label(&wire.call(), other, Some("A"), None).await), none);
    }
}
