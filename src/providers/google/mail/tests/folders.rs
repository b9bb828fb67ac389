//! Folders and labels.

use serde_json::json;

use super::*;
use crate::providers::mailbox::{FolderKind, MailProblem, Mailbox};

fn bench() -> Bench {
    let mut labels = fake::labels(&[("Label_2", "Work/2026"), ("Label_1", "Work")]);
    if let Some(work) = labels.last_mut() {
        work["color"] = json!({ "backgroundColor": "#4a86e8", "textColor": "#ffffff" });
        work["messagesTotal"] = json!(7);
        work["messagesUnread"] = json!(2);
    }
    Bench::new(Fake { labels, ..Fake::default() })
}

#[tokio::test]
async fn folders_are_those_of_the_system_all_mail_and_the_users_labels() {
    let bench = bench();
    let folders = bench.mailbox.list_folders(&bench.call()).await.expect("folders");
    let seen: Vec<_> =
        folders.iter().map(|folder| (folder.id.as_str(), folder.path.as_str(), folder.kind)).collect();
    let expected = [
        ("INBOX", "/INBOX", FolderKind::Inbox),
        ("SENT", "/SENT", FolderKind::Sent),
        ("DRAFT", "/DRAFT", FolderKind::Drafts),
        ("TRASH", "/TRASH", FolderKind::Trash),
        ("SPAM", "/SPAM", FolderKind::Spam),
        ("ALL_MAIL", "/All Mail", FolderKind::Archive),
        ("Label_1", "/Work", FolderKind::User),
        ("Label_2", "/Work/2026", FolderKind::User),
    ];
    assert_eq!(seen, expected);
    assert_eq!(bench.gmail.asked(), ["/labels"]);
}

#[tokio::test]
async fn one_folder_has_the_numbers_of_its_messages() {
    let bench = bench();
    let call = bench.call();
    let work = bench.mailbox.get_folder(&call, "Label_1").await.expect("a folder");
    assert_eq!((work.path.as_str(), work.messages, work.unread), ("/Work", Some(7), Some(2)));
    let all = bench.mailbox.get_folder(&call, "ALL_MAIL").await.expect("a folder");
    assert_eq!((all.kind, all.messages), (FolderKind::Archive, None));
    for none in ["UNREAD", "CATEGORY_FORUMS", "Label_9", "", "a/b"] {
        let error = bench.mailbox.get_folder(&call, none).await.expect_err("no folder");
        assert_eq!(error.problem, MailProblem::NotFound, "{none}");
    }
}

#[tokio::test]
async fn labels_are_the_users_by_their_names_with_their_colours() {
    let bench = bench();
    let call = bench.call();
    let labels = bench.mailbox.list_labels(&call).await.expect("labels");
    let seen: Vec<_> = labels
        .iter()
        .map(|label| (label.id.as_str(), label.name.as_str(), label.color.as_deref(), label.position))
        .collect();
    let expected = [("Label_1", "Work", Some("#4a86e8"), Some(1)), ("Label_2", "Work/2026", None, Some(2))];
    assert_eq!(seen, expected);
    assert_eq!(bench.mailbox.get_label(&call, "Label_2").await.expect("a label"), labels[1]);
    for none in ["INBOX", "STARRED", "Label_9", "?"] {
        let error = bench.mailbox.get_label(&call, none).await.expect_err("no label");
        assert_eq!(error.problem, MailProblem::NotFound, "{none}");
    }
}
