//! Changes of messages, folders and labels.

use std::collections::BTreeSet;

use mail360::{
    platform::clock::Timestamp,
    providers::mailbox::{FolderKind, MailProblem, MessageChange, MessageQuery},
};
use rstest::rstest;

use super::{Bench, Company, FIRST, Letter, answer, ids, letter, query, within};

impl Bench {
    /// The ids of the messages of a thread for which a change is to be made.
    async fn left(&self, thread: &str, change: &MessageChange) -> BTreeSet<String> {
        let left = self.mailbox.messages_of_thread(&self.call(), thread, change).await;
        left.expect("messages").into_iter().collect()
    }

    /// Deletes all messages of a folder but these, up to a time. Gives the number that each call has deleted.
    async fn empty(&self, folder: &str, before: Timestamp, skip: &[String]) -> Vec<usize> {
        let mut counts = Vec::new();
        loop {
            let deleted =
                self.mailbox.empty_some(&self.call(), folder, before, skip).await.expect("an answer");
            assert!(deleted.iter().all(|one| one.error.is_none()), "{deleted:?}");
            counts.push(deleted.len());
            if deleted.is_empty() {
                return counts;
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_message_keeps_its_id_when_it_is_moved(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let id = bench.world.deliver(&letter(1));
    let folder = bench.mailbox.create_folder(&bench.call(), "Bills", None).await.expect("a folder");
    bench.change(&id, MessageChange::Move(folder.id.clone())).await;
    assert_eq!(bench.get(&id).await.folder.as_deref(), Some(folder.id.as_str()));
    assert_eq!(ids(&bench.walk(&within(&folder.id), 10).await), [id.as_str()]);
    let inbox = bench.folder(FolderKind::Inbox).await;
    assert!(bench.walk(&within(&inbox), 10).await.is_empty());
    bench.change(&id, MessageChange::Move(inbox.clone())).await;
    assert_eq!(bench.get(&id).await.folder, Some(inbox));
    assert!(bench.walk(&within(&folder.id), 10).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_message_is_marked_as_often_as_is_wanted(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let id = bench.world.deliver(&letter(1));
    for is_on in [true, false, true] {
        bench.change(&id, MessageChange::Read(is_on)).await;
        bench.change(&id, MessageChange::Flagged(!is_on)).await;
        let message = bench.get(&id).await;
        assert_eq!((message.is_read, message.is_flagged), (Some(is_on), Some(!is_on)));
    }
}

#[rstest]
#[tokio::test]
async fn a_message_is_in_the_trash_before_it_is_deleted_for_good(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let delivered = bench.deliver(2);
    let [id, other] = &delivered[..] else { unreachable!("two messages") };
    bench.change(id, MessageChange::Trash).await;
    let trash = bench.folder(FolderKind::Trash).await;
    assert_eq!(ids(&bench.walk(&within(&trash), 10).await), [id.as_str()]);
    assert_eq!(ids(&bench.walk(&query(), 10).await), [other.as_str()]);
    for expected in [None, Some(MailProblem::NotFound)] {
        let gone = [id.clone()];
        let changed = bench.mailbox.change_messages(&bench.call(), &gone, &MessageChange::Expunge).await;
        let changed = changed.expect("an answer");
        assert_eq!(changed[0].error.as_ref().map(|error| error.problem.clone()), expected);
    }
    let error = bench.mailbox.get_message(&bench.call(), id).await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
}

#[rstest]
#[tokio::test]
async fn each_message_of_a_change_has_its_own_result(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let delivered = bench.deliver(2);
    let wanted = [delivered[1].clone(), bench.world.unknown().to_owned(), delivered[0].clone()];
    let change = MessageChange::Read(true);
    let changed = bench.mailbox.change_messages(&bench.call(), &wanted, &change).await.expect("an answer");
    let results: Vec<_> = changed.iter().map(|one| (one.id.clone(), one.error.is_some())).collect();
    let [first, second, third] = wanted;
    assert_eq!(results, [(first, false), (second, true), (third, false)]);
    assert_eq!(bench.get(&delivered[0]).await.is_read, Some(true));
}

#[rstest]
#[tokio::test]
async fn a_change_of_a_thread_is_for_the_messages_that_do_not_have_it(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let first = bench.world.deliver(&letter(1));
    let second = bench.world.deliver(&answer(2, 1));
    let own = bench.world.deliver(&Letter { place: FolderKind::Sent, is_read: true, ..answer(3, 1) });
    bench.world.deliver(&letter(4));
    let thread = bench.get(&first).await.thread.expect("a thread");
    let set = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<BTreeSet<String>>();
    let read = MessageChange::Read(true);
    assert_eq!(bench.left(&thread, &read).await, set(&[&first, &second]));
    bench.change(&first, read.clone()).await;
    assert_eq!(bench.left(&thread, &read).await, set(&[&second]));
    assert_eq!(bench.left(&thread, &MessageChange::Flagged(true)).await, set(&[&first, &second, &own]));
    assert_eq!(bench.left(&thread, &MessageChange::Trash).await, set(&[&first, &second]));
    bench.change(&second, MessageChange::Trash).await;
    assert_eq!(bench.left(&thread, &MessageChange::Trash).await, set(&[&first]));
    let unknown = bench.world.unknown();
    let error = bench.mailbox.messages_of_thread(&bench.call(), unknown, &read).await.expect_err("no thread");
    assert_eq!(error.problem, MailProblem::NotFound);
}

#[rstest]
#[tokio::test]
async fn a_folder_is_emptied_into_the_trash_and_the_trash_for_good(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let delivered = bench.deliver(26);
    let (inbox, trash) = (bench.folder(FolderKind::Inbox).await, bench.folder(FolderKind::Trash).await);
    // The last message has arrived since the order.
    let before = Timestamp::from_micros((FIRST + 24 * 60) * 1_000_000);
    assert_eq!(bench.empty(&inbox, before, &delivered[3..4]).await, [20, 4, 0]);
    assert_eq!(ids(&bench.walk(&within(&inbox), 10).await), [&delivered[25], &delivered[3]]);
    assert_eq!(bench.walk(&within(&trash), 10).await.len(), 24);
    assert_eq!(bench.empty(&trash, before, &[]).await, [20, 4, 0]);
    let error = bench.mailbox.get_message(&bench.call(), &delivered[0]).await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
    assert_eq!(bench.walk(&query(), 10).await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_folder_is_made_renamed_moved_and_deleted(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let bills = mailbox.create_folder(&call, "Bills", None).await.expect("a folder");
    let paid = mailbox.create_folder(&call, "Paid", Some(&bills.id)).await.expect("a folder");
    assert_eq!((bills.path.as_str(), paid.path.as_str()), ("/Bills", "/Bills/Paid"));
    assert_eq!((paid.parent.as_deref(), paid.kind), (Some(bills.id.as_str()), FolderKind::User));
    let error = mailbox.create_folder(&call, "Bills", None).await.expect_err("there is one");
    assert_eq!(error.problem, MailProblem::FolderExists);

    mailbox.rename_folder(&call, &bills.id, "Old bills").await.expect("renamed");
    assert_eq!(mailbox.get_folder(&call, &bills.id).await.expect("a folder").name, "Old bills");
    let below = mailbox.get_folder(&call, &paid.id).await.expect("a folder");
    assert_eq!((below.name.as_str(), below.parent.as_deref()), ("Paid", Some(bills.id.as_str())));

    mailbox.move_folder(&call, &paid.id, None).await.expect("moved");
    assert_eq!(mailbox.get_folder(&call, &paid.id).await.expect("a folder").path, "/Paid");
    mailbox.delete_folder(&call, &paid.id).await.expect("deleted");
    if bench.differences.trash_has_folders {
        let trash = bench.folder(FolderKind::Trash).await;
        assert_eq!(mailbox.get_folder(&call, &paid.id).await.expect("a folder").parent, Some(trash));
        mailbox.delete_folder(&call, &paid.id).await.expect("deleted for good");
    }
    let error = mailbox.get_folder(&call, &paid.id).await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
    let error = mailbox.delete_folder(&call, &paid.id).await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
    let folders = mailbox.list_folders(&call).await.expect("folders");
    let own: Vec<_> = folders
        .iter()
        .filter(|folder| folder.kind == FolderKind::User)
        .map(|folder| folder.path.as_str())
        .collect();
    assert!(own.contains(&"/Old bills") && !own.contains(&"/Paid"), "{own:?}");
}

#[rstest]
#[tokio::test]
async fn every_folder_of_the_system_is_there_once_and_stays(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let folders = bench.mailbox.list_folders(&bench.call()).await.expect("folders");
    for kind in [FolderKind::Inbox, FolderKind::Sent, FolderKind::Drafts, FolderKind::Trash, FolderKind::Spam]
    {
        let of_kind: Vec<_> = folders.iter().filter(|folder| folder.kind == kind).collect();
        let [folder] = &of_kind[..] else { unreachable!("{kind:?}: {of_kind:?}") };
        assert!(bench.mailbox.delete_folder(&bench.call(), &folder.id).await.is_err(), "{kind:?}");
        assert!(bench.mailbox.rename_folder(&bench.call(), &folder.id, "X").await.is_err(), "{kind:?}");
        let again = bench.mailbox.get_folder(&bench.call(), &folder.id).await.expect("it is still there");
        assert_eq!((again.kind, &again.name), (kind, &folder.name));
    }
}

#[rstest]
#[tokio::test]
async fn a_label_is_made_put_on_messages_and_deleted(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let delivered = bench.deliver(3);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let label = mailbox.create_label(&call, "Urgent", None).await.expect("a label");
    assert_eq!(mailbox.get_label(&call, &label.id).await.expect("a label").name, "Urgent");
    bench.change(&delivered[1], MessageChange::AddLabels(vec![label.id.clone()])).await;
    assert_eq!(bench.get(&delivered[1]).await.labels, [label.id.as_str()]);
    let labelled = MessageQuery { label: Some(label.id.clone()), ..query() };
    assert_eq!(ids(&bench.walk(&labelled, 1).await), [delivered[1].as_str()]);
    bench.change(&delivered[1], MessageChange::RemoveLabels(vec![label.id.clone()])).await;
    assert!(bench.get(&delivered[1]).await.labels.is_empty());
    bench.change(&delivered[2], MessageChange::AddLabels(vec![label.id.clone()])).await;
    bench.change(&delivered[2], MessageChange::RemoveAllLabels).await;
    assert!(bench.get(&delivered[2]).await.labels.is_empty());
    mailbox.delete_label(&call, &label.id).await.expect("deleted");
    let error = mailbox.delete_label(&call, &label.id).await.expect_err("gone");
    assert_eq!(error.problem, MailProblem::NotFound);
    let labels = mailbox.list_labels(&call).await.expect("labels");
    assert!(labels.iter().all(|known| known.id != label.id), "{labels:?}");
}

#[rstest]
#[tokio::test]
async fn a_label_has_the_nearest_colour_that_there_is(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let label = mailbox.create_label(&call, "Urgent", Some("#010101")).await.expect("a label");
    assert_eq!(label.color.as_deref(), Some("#000000"));
    mailbox.update_label(&call, &label.id, None, Some("#fa5a41")).await.expect("changed");
    let changed = mailbox.get_label(&call, &label.id).await.expect("a label");
    assert_eq!((changed.name.as_str(), &changed.id), ("Urgent", &label.id));
    assert!(changed.color.is_some_and(|color| color != "#000000"));
    let error = mailbox.create_label(&call, "Red", Some("red")).await.expect_err("no colour");
    assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{error:?}");
    let error = mailbox.create_label(&call, "Urgent", None).await.expect_err("there is one");
    assert!(matches!(error.problem, MailProblem::InvalidValue(_)), "{error:?}");
}
