//! Folders: the tree, their paths and their kinds.

use super::*;
use crate::providers::mailbox::{FolderKind, MailProblem, Mailbox};
use serde_json::{Value, json};

fn folder(id: &str, name: &str, parent: &str, children: u64) -> Value {
    json!({
        "id": id, "displayName": name, "parentFolderId": parent, "childFolderCount": children, "totalItemCount": 7,
        "unreadItemCount": 2,
    })
}

fn tree() -> Bench {
    let mut search = folder("search", "Suche", "root", 0);
    search["@odata.type"] = json!("#microsoft.graph.mailSearchFolder");
    let folders = vec![
        folder("root", "Oberste Ebene", "store", 3),
        folder("inbox", "Posteingang", "root", 1),
        folder("project", "50% A/B", "inbox", 1),
        folder("deep", "Tief", "project", 0),
        search,
        folder("deleteditems", "Gelöschte Elemente", "root", 1),
        folder("old", "Alt", "deleteditems", 0),
    ];
    let many = (0..150).map(|number| folder(&format!("f{number}"), &format!("F{number}"), "root", 0));
    Bench::new(Fake { folders: folders.into_iter().chain(many).collect(), ..Fake::default() })
}

#[tokio::test]
async fn every_folder_is_listed_behind_its_parent_with_its_kind_and_path() {
    let bench = tree();
    let folders = bench.mailbox.list_folders(&bench.call()).await.expect("folders");
    assert_eq!(folders.len(), 155);
    let seen: Vec<_> = folders
        .iter()
        .take(5)
        .map(|folder| (folder.id.as_str(), folder.kind, folder.path.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("inbox", FolderKind::Inbox, "/Posteingang"),
            ("project", FolderKind::User, "/Posteingang/50%25 A%2FB"),
            ("deep", FolderKind::User, "/Posteingang/50%25 A%2FB/Tief"),
            ("deleteditems", FolderKind::Trash, "/Gelöschte Elemente"),
            ("old", FolderKind::User, "/Gelöschte Elemente/Alt"),
        ]
    );
    assert!(folders.iter().all(|folder| folder.id != "search" && folder.id != "root"));
    let [inbox, project] = [&folders[0], &folders[1]];
    assert_eq!((inbox.parent.as_deref(), project.parent.as_deref()), (None, Some("inbox")));
    assert_eq!((inbox.messages, inbox.unread), (Some(7), Some(2)));
}

#[tokio::test]
async fn one_folder_has_the_same_values_as_in_the_list() {
    let bench = tree();
    let folders = bench.mailbox.list_folders(&bench.call()).await.expect("folders");
    for folder in folders.iter().take(6) {
        let one = bench.mailbox.get_folder(&bench.call(), &folder.id).await.expect("a folder");
        assert_eq!(one, *folder);
    }
    for wrong in ["none", "root", "search", "../inbox"] {
        let error = bench.mailbox.get_folder(&bench.call(), wrong).await.expect_err("no folder");
        assert_eq!(error.problem, MailProblem::NotFound, "{wrong}");
    }
}

#[tokio::test]
async fn messages_in_a_subfolder_of_the_trash_are_not_in_the_whole_mailbox() {
    let mut bench = tree();
    bench.graph.add(mail("kept", 1, "project", "t"));
    bench.graph.add(mail("gone", 2, "old", "t"));
    bench.memory = MailboxMemory::default();
    bench.memory.remember_system_folders(fake::system(), NOW);
    let page = bench.mailbox.list_messages(&bench.call(), &query()).await.expect("a page");
    assert_eq!(ids(&page), ["kept"]);
}

/// A mailbox with this number of folders that contain another one.
fn nested(parent: &str, count: usize) -> Bench {
    let outer = (0..count).map(|number| folder(&format!("outer{number}"), "Outer", parent, 1));
    let inner =
        (0..count).map(|number| folder(&format!("inner{number}"), "Inner", &format!("outer{number}"), 0));
    Bench::new(Fake { folders: outer.chain(inner).collect(), ..Fake::default() })
}

#[tokio::test]
async fn a_list_of_folders_is_whole_or_refused() {
    // Three pages of the folders at the top, and one request for each of them.
    let bench = nested("root", 297);
    let folders = bench.mailbox.list_folders(&bench.call()).await.expect("300 requests");
    assert_eq!((folders.len(), bench.graph.asked().len()), (594, 300));
    let bench = nested("root", 298);
    let error = bench.mailbox.list_folders(&bench.call()).await.expect_err("too many");
    assert!(matches!(error.problem, MailProblem::TooMany(_)), "{error:?}");
    assert_eq!(bench.graph.asked().len(), 300);
}

#[tokio::test]
async fn a_trash_with_too_many_folders_is_told_and_not_listed_as_mail() {
    // One page of the trash, one request for each folder, and one page of the spam.
    for (count, is_whole) in [(98, true), (99, false)] {
        let mut bench = nested("deleteditems", count);
        bench.memory = MailboxMemory::default();
        bench.memory.remember_system_folders(fake::system(), NOW);
        bench.graph.add(mail("gone", 1, &format!("inner{}", count - 1), "t"));
        bench.graph.add(mail("kept", 2, "inbox", "t"));
        for _ in 0..2 {
            let page = bench.mailbox.list_messages(&bench.call(), &query()).await;
            let thread = bench.mailbox.get_thread(&bench.call(), &thread("t")).await;
            if is_whole {
                assert_eq!(ids(&page.expect("a page")), ["kept"]);
                assert_eq!(thread.expect("a thread").messages.len(), 1);
            } else {
                for error in [page.expect_err("too many"), thread.expect_err("too many")] {
                    assert!(matches!(error.problem, MailProblem::TooMany(_)), "{error:?}");
                }
            }
        }
        // Asked for once.
        let walked = bench.graph.asked().iter().filter(|asked| asked.contains("childFolders")).count();
        assert_eq!(walked, 100);
        let inbox = MessageQuery { folder: Some("inbox".to_owned()), ..query() };
        let page = bench.mailbox.list_messages(&bench.call(), &inbox).await.expect("a page");
        assert_eq!(ids(&page), ["kept"]);
    }
}
