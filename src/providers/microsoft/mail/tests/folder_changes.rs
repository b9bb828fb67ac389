//! Creating, renaming, moving, deleting and emptying folders.

use ::http::Method;
use serde_json::{Value, json};

use super::{
    NOW,
    fake::{hidden, system},
    script::{Reply, Script, done, found, refusal},
};
use crate::providers::mailbox::{Changed, FolderKind, MailProblem, MailboxChanges};

fn folder(id: &str, name: &str, parent: &str) -> Value {
    json!({ "id": id, "displayName": name, "parentFolderId": parent, "childFolderCount": 0, "totalItemCount": 3 })
}

/// A Graph whose system folders are known.
fn script(answers: impl IntoIterator<Item = Reply>) -> Script {
    let script = Script::new(answers);
    script.call().memory.remember_system_folders(system(), NOW);
    script.call().memory.remember_hidden_folders(hidden(), NOW);
    script
}

/// Whether the hidden folders are read again by the next list.
fn is_forgotten(script: &Script) -> bool {
    let call = script.call();
    assert!(call.memory.system_folders(NOW).is_some(), "the system's folders never change");
    call.memory.hidden_folders(NOW).is_none()
}

#[tokio::test]
async fn a_folder_is_created_at_the_top_or_within_another_one() {
    let script = script([Reply::Answer(201, folder("a", "Rot/Blau", "root"))]);
    let created = script.mailbox.create_folder(&script.call(), "Rot/Blau", None).await.expect("a folder");
    assert_eq!(
        (created.path.as_str(), created.parent, created.kind),
        ("/Rot%2FBlau", None, FolderKind::User)
    );
    let asked = script.asked();
    assert_eq!((&asked[0].method, asked[0].path.as_str()), (&Method::POST, "/me/mailFolders"));
    assert_eq!(asked[0].body, Some(json!({ "displayName": "Rot/Blau" })));
    assert!(is_forgotten(&script));

    let script = self::script([
        found(folder("b", "Kunden", "a")),
        found(folder("a", "Archiv", "root")),
        Reply::Answer(201, folder("c", "2026", "b")),
    ]);
    let created = script.mailbox.create_folder(&script.call(), "2026", Some("b")).await.expect("a folder");
    assert_eq!((created.path.as_str(), created.parent.as_deref()), ("/Archiv/Kunden/2026", Some("b")));
    assert_eq!(script.asked()[2].path, "/me/mailFolders/b/childFolders");
}

#[tokio::test]
async fn a_folder_whose_name_is_taken_or_whose_parent_is_missing_is_not_created() {
    let script = script([refusal(409, "ErrorFolderExists"), refusal(404, "ErrorItemNotFound")]);
    let error = script.mailbox.create_folder(&script.call(), "Archiv", None).await.expect_err("it exists");
    assert_eq!(error.problem, MailProblem::FolderExists);
    let error = script.mailbox.create_folder(&script.call(), "2026", Some("gone")).await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
    script.asked();
}

#[tokio::test]
async fn a_name_has_1_to_255_characters_and_no_control_characters() {
    let own = || found(folder("a", "A", "root"));
    let script = script([own(), done()]);
    let (longest, too_long) = ("ü".repeat(255), "ü".repeat(256));
    for name in ["", "  ", "a\u{7}b", "a\nb", &too_long] {
        for refused in [
            script.mailbox.create_folder(&script.call(), name, None).await.map(drop),
            script.mailbox.rename_folder(&script.call(), "a", name).await,
        ] {
            let error = refused.expect_err("a wrong name");
            assert!(matches!(error.problem, MailProblem::InvalidValue(words) if words.contains("1 to 255")));
        }
    }
    script.mailbox.rename_folder(&script.call(), "a", &longest).await.expect("renamed");
    let asked = script.asked();
    assert_eq!((&asked[1].method, asked[1].path.as_str()), (&Method::PATCH, "/me/mailFolders/a"));
    assert_eq!(asked[1].body, Some(json!({ "displayName": longest })));
}

#[tokio::test]
async fn a_folder_of_the_system_is_not_renamed_moved_or_deleted_by_whatever_name_it_is_given() {
    // The name `drafts` is that of the id `drafts`, and Graph's own names answer with the id.
    let inbox = || found(folder("inbox", "Posteingang", "root"));
    let script = script([inbox(), inbox(), inbox()]);
    for refused in [
        script.mailbox.rename_folder(&script.call(), "Inbox", "Eingang").await,
        script.mailbox.move_folder(&script.call(), "Inbox", None).await,
        script.mailbox.delete_folder(&script.call(), "Inbox").await,
    ] {
        let error = refused.expect_err("the inbox");
        assert!(matches!(error.problem, MailProblem::InvalidValue(words) if words.contains("system")));
    }
    let asked = script.asked();
    assert!(asked.iter().all(|asked| asked.method == Method::GET));
    assert!(!is_forgotten(&script));

    // One of those that only Graph knows, the one that contains all others, and a search folder.
    let root = folder("root", "Top", "none");
    let search = json!({ "@odata.type": "#microsoft.graph.mailSearchFolder", "id": "s", "displayName": "S" });
    let script = self::script([
        found(folder("outlook", "Sync Issues", "root")),
        refusal(403, "ErrorDeleteDistinguishedFolder"),
        found(root),
        found(search),
    ]);
    let error = script.mailbox.delete_folder(&script.call(), "outlook").await.expect_err("refused");
    assert!(matches!(error.problem, MailProblem::InvalidValue(words) if words.contains("system")));
    for id in ["msgfolderroot", "s"] {
        let error = script.mailbox.delete_folder(&script.call(), id).await.expect_err("no folder");
        assert_eq!(error.problem, MailProblem::NotFound, "{id}");
    }
    script.asked();
}

#[tokio::test]
async fn a_rename_to_the_present_name_succeeds_and_to_a_taken_one_is_refused() {
    let script = script([
        found(folder("a", "A", "root")),
        found(folder("a", "A", "root")),
        refusal(409, "ErrorFolderExists"),
    ]);
    script.mailbox.rename_folder(&script.call(), "a", "A").await.expect("nothing to do");
    let error = script.mailbox.rename_folder(&script.call(), "a", "B").await.expect_err("it exists");
    assert_eq!(error.problem, MailProblem::FolderExists);
    assert_eq!(script.asked().len(), 3);
    assert!(!is_forgotten(&script), "a name hides no folder");
}

#[tokio::test]
async fn a_folder_is_moved_into_another_one_or_to_the_top() {
    let script = script([
        found(folder("a", "A", "root")),
        found(folder("c", "C", "b")),
        found(folder("b", "B", "root")),
        Reply::Answer(201, folder("a", "A", "c")),
        found(folder("a", "A", "c")),
        Reply::Answer(201, folder("a", "A", "root")),
        // It is there already.
        found(folder("a", "A", "root")),
        found(folder("a", "A", "c")),
        found(folder("c", "C", "root")),
    ]);
    script.mailbox.move_folder(&script.call(), "a", Some("c")).await.expect("moved");
    assert!(is_forgotten(&script));
    script.mailbox.move_folder(&script.call(), "a", None).await.expect("moved");
    script.mailbox.move_folder(&script.call(), "a", None).await.expect("nothing to do");
    script.mailbox.move_folder(&script.call(), "a", Some("c")).await.expect("nothing to do");
    let asked = script.asked();
    let moves: Vec<_> = asked.iter().filter(|asked| asked.method == Method::POST).collect();
    assert!(moves.iter().all(|asked| asked.path == "/me/mailFolders/a/move"));
    let to: Vec<_> = moves.iter().map(|asked| asked.body.clone().unwrap_or_default()).collect();
    assert_eq!(to, [json!({ "destinationId": "c" }), json!({ "destinationId": "root" })]);
}

#[tokio::test]
async fn a_folder_is_not_moved_into_itself_or_below_itself() {
    let script = script([
        found(folder("a", "A", "root")),
        found(folder("a", "A", "root")),
        found(folder("a", "A", "root")),
        found(folder("c", "C", "b")),
        found(folder("b", "B", "a")),
        found(folder("a", "A", "root")),
    ]);
    for to in ["a", "c"] {
        let error = script.mailbox.move_folder(&script.call(), "a", Some(to)).await.expect_err("refused");
        assert!(
            matches!(error.problem, MailProblem::InvalidValue(words) if words.contains("itself")),
            "{to}"
        );
    }
    assert!(script.asked().iter().all(|asked| asked.method == Method::GET));
}

#[tokio::test]
async fn a_deleted_folder_is_unknown_to_the_memory_even_if_the_answer_is_lost() {
    for answer in [done(), Reply::Failure(MailProblem::Slow.into())] {
        let script = script([found(folder("a", "A", "root")), answer]);
        let _ = script.mailbox.delete_folder(&script.call(), "a").await;
        let asked = script.asked();
        assert_eq!((&asked[1].method, asked[1].path.as_str()), (&Method::DELETE, "/me/mailFolders/a"));
        assert!(is_forgotten(&script));
    }
    let script = script([found(folder("a", "A", "root")), refusal(403, "ErrorAccessDenied")]);
    let error = script.mailbox.delete_folder(&script.call(), "a").await.expect_err("refused");
    assert_eq!(error.problem, MailProblem::PermissionNotGranted("Mail.ReadWrite"));
    script.asked();
}

#[tokio::test]
async fn only_messages_that_were_there_before_and_are_not_passed_over_are_looked_for() {
    let script = script([
        found(folder("a", "A", "root")),
        found(json!({
            "value": [{ "id": "1" }, { "id": "2" }],
            "@odata.nextLink": format!("{}/me/mailFolders/a/messages?$skip=2", super::fake::BASE),
        })),
        found(json!({ "value": [] })),
    ]);
    let skip = ["1".to_owned(), "2".to_owned()];
    let emptied = script.mailbox.empty_some(&script.call(), "a", NOW, &skip).await;
    assert!(emptied.expect("a step").is_empty());
    let paths = script.paths();
    let first =
        "/me/mailFolders/a/messages?$select=id&$filter=receivedDateTime lt 2026-11-28T09:30:01Z&$top=22";
    assert_eq!(paths[1], first);

    let script = self::script([refusal(404, "ErrorItemNotFound")]);
    let error = script.mailbox.empty_some(&script.call(), "gone", NOW, &[]).await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
}

#[tokio::test]
async fn messages_go_to_the_trash_and_from_there_and_from_spam_they_are_gone_for_good() {
    for (id, parents, ending) in [
        ("a", vec![folder("b", "B", "root")], "move"),
        ("junkemail", Vec::new(), "permanentDelete"),
        (
            "c",
            vec![folder("d", "D", "deleteditems"), folder("deleteditems", "Papierkorb", "root")],
            "permanentDelete",
        ),
    ] {
        let parent =
            parents.first().map_or("root", |parent| parent["id"].as_str().expect("an id")).to_owned();
        let answers = [found(folder(id, "A", &parent)), found(json!({ "value": [{ "id": "1" }] }))];
        let script = script(answers.into_iter().chain(parents.into_iter().map(found)).chain([done()]));
        let emptied = script.mailbox.empty_some(&script.call(), id, NOW, &[]).await.expect("a step");
        assert_eq!(emptied, [Changed { id: "1".to_owned(), error: None }], "{id}");
        let asked = script.asked();
        let last = asked.last().expect("a request");
        assert_eq!((&last.method, &last.path), (&Method::POST, &format!("/me/messages/1/{ending}")), "{id}");
    }
}

#[tokio::test]
async fn one_step_deletes_at_most_twenty_messages() {
    let many: Vec<_> = (0..30).map(|number| json!({ "id": format!("m{number}") })).collect();
    let answers: Vec<_> = (0..20).map(|number| json!({ "id": number.to_string(), "status": 204 })).collect();
    let script = script([
        found(folder("a", "A", "root")),
        found(json!({ "value": many })),
        found(json!({ "responses": answers })),
    ]);
    let emptied = script.mailbox.empty_some(&script.call(), "a", NOW, &[]).await.expect("a step");
    assert_eq!((emptied.len(), emptied[19].id.as_str()), (20, "m19"));
    assert!(emptied.iter().all(|changed| changed.error.is_none()));
    let asked = script.asked();
    assert_eq!((asked[2].path.as_str(), asked[2].weight), ("/$batch", 20));
}
