//! Drafts and messages that are sent.

use std::sync::Arc;

use async_trait::async_trait;
use mail360::providers::mailbox::{
    Address, Basis, Bytes, Content, DraftChange, DraftQuery, FileSource, MailError, MailProblem, MailStream,
    Order, Outgoing, OutgoingFile, Position, SendState, read_whole,
};
use rstest::rstest;

use super::{Bench, Company, letter, with_file};

fn to(email: &str) -> Vec<Address> {
    vec![Address { name: None, email: email.to_owned() }]
}

fn text(text: &str) -> Content {
    Content { text: text.to_owned(), is_html: false }
}

fn outgoing(number: u32) -> Outgoing {
    Outgoing {
        message_id: format!("<out-{number}@example.test>"),
        to: to("bob@example.test"),
        subject: Some("Grüße".to_owned()),
        content: Some(text("Hello.")),
        ..Outgoing::default()
    }
}

/// A file in memory.
#[derive(Debug)]
struct InMemory(Vec<u8>);

#[async_trait]
impl FileSource for InMemory {
    async fn open(&self, from: u64) -> Result<MailStream, MailError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(self.0.len());
        let pieces: Vec<Result<Bytes, MailError>> =
            self.0[from..].chunks(1_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok(Box::pin(futures_util::stream::iter(pieces)))
    }
}

fn file(bytes: &[u8]) -> OutgoingFile {
    OutgoingFile {
        name: "r.pdf".to_owned(),
        content_type: Some("application/pdf".to_owned()),
        size: bytes.len().try_into().expect("a size"),
        source: Arc::new(InMemory(bytes.to_vec())),
    }
}

#[rstest]
#[tokio::test]
async fn a_draft_is_changed_sent_and_found_by_its_message_id(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let draft = mailbox.create_draft(&call, &outgoing(1), &[]).await.expect("a draft");
    let found = mailbox.find_by_message_id(&call, "<out-1@example.test>").await.expect("messages");
    assert_eq!((found.len(), found[0].is_draft, &found[0].id), (1, true, &draft));

    let change = DraftChange {
        subject: Some("Changed".to_owned()),
        cc: Some(to("carl@example.test")),
        ..DraftChange::default()
    };
    mailbox.update_draft(&call, &draft, &change).await.expect("changed");
    let read = mailbox.get_draft(&call, &draft).await.expect("a draft under the same id");
    assert_eq!((read.subject.as_str(), read.is_draft, &read.id), ("Changed", true, &draft));
    assert_eq!((&read.to, &read.cc), (&to("bob@example.test"), &to("carl@example.test")));
    let asked = DraftQuery { order: Order::NewestFirst, position: Position::Skip(0), limit: 10 };
    let drafts = mailbox.list_drafts(&call, &asked).await.expect("drafts").messages;
    assert_eq!(drafts.iter().map(|draft| &draft.id).collect::<Vec<_>>(), [&draft]);

    assert_eq!(mailbox.state_of(&call, &draft).await.expect("a state"), SendState::Draft);
    let id = mailbox.send_draft(&call, &draft).await.expect("sent");
    assert_ne!(mailbox.state_of(&call, &draft).await.expect("a state"), SendState::Draft);
    let found = mailbox.find_by_message_id(&call, "<out-1@example.test>").await.expect("messages");
    assert_eq!((found.len(), found[0].is_draft, &found[0].id), (1, false, &id));
    let sent = bench.get(&id).await;
    assert_eq!((sent.subject.as_str(), sent.is_draft), ("Changed", false));
    let content = mailbox.get_content(&call, &sent.id, 1_000).await.expect("a body");
    assert!(content.text.contains("Hello."), "{content:?}");
    assert!(mailbox.list_drafts(&call, &asked).await.expect("drafts").messages.is_empty());
    let error = mailbox.send_draft(&call, &draft).await.expect_err("it is no draft any more");
    assert!(!error.problem.leaves_doubt(), "{error:?}");
}

#[rstest]
#[tokio::test]
async fn a_file_of_a_draft_arrives_with_the_same_bytes(
    #[values(Company::Google, Company::Microsoft)] company: Company,
    #[values(1, 3_000, 3_500_000)] size: usize,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let bytes: Vec<u8> = (0..size).map(|number| u8::try_from(number % 253).expect("a byte")).collect();
    let draft = mailbox.create_draft(&call, &outgoing(2), &[]).await.expect("a draft");
    // The second time is an attempt after a doubt.
    for _ in 0..2 {
        mailbox.attach(&call, &draft, &file(&bytes)).await.expect("attached");
        assert_eq!(mailbox.files_of_draft(&call, &draft).await.expect("a number"), 1);
    }
    mailbox.send_draft(&call, &draft).await.expect("sent");
    let found = mailbox.find_by_message_id(&call, "<out-2@example.test>").await.expect("messages");
    let id = &found[0].id;
    let attachments = mailbox.list_attachments(&call, id).await.expect("attachments");
    let [attached] = &attachments[..] else { unreachable!("one attachment: {attachments:?}") };
    let download = mailbox.download_attachment(&call, id, &attached.id).await.expect("a file");
    assert!(read_whole(download.body, size + 1).await.expect("bytes") == bytes, "other bytes");
}

#[rstest]
#[tokio::test]
async fn a_file_is_taken_from_a_draft_and_from_no_other_message(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let draft = mailbox.create_draft(&call, &outgoing(8), &[]).await.expect("a draft");
    mailbox.attach(&call, &draft, &file(b"%PDF of the draft")).await.expect("attached");
    let attachments = mailbox.list_attachments(&call, &draft).await.expect("attachments");
    let [attached] = &attachments[..] else { unreachable!("one attachment: {attachments:?}") };
    mailbox.detach(&call, &draft, std::slice::from_ref(&attached.id)).await.expect("taken away");
    assert_eq!(mailbox.files_of_draft(&call, &draft).await.expect("a number"), 0);
    let content = mailbox.get_content(&call, &draft, 1_000).await.expect("a body");
    assert!(content.text.contains("Hello."), "{content:?}");

    let received = bench.world.deliver(&with_file(b"%PDF"));
    let attachments = mailbox.list_attachments(&call, &received).await.expect("attachments");
    let error = mailbox
        .detach(&call, &received, std::slice::from_ref(&attachments[0].id))
        .await
        .expect_err("no draft");
    assert_eq!(error.problem, MailProblem::ContentIsFinal);
    assert_eq!(mailbox.list_attachments(&call, &received).await.expect("attachments"), attachments);
}

#[rstest]
#[tokio::test]
async fn files_of_a_draft_are_removed_by_their_ids_and_a_repeat_removes_no_other(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let files: Vec<OutgoingFile> =
        (0..4_u8).map(|number| OutgoingFile { name: format!("{number}.pdf"), ..file(&[number]) }).collect();
    let whole = if mailbox.makes_whole_drafts() { 3 } else { 0 };
    let draft = mailbox.create_draft(&call, &outgoing(6), &files[..whole]).await.expect("a draft");
    for file in &files[whole..] {
        mailbox.attach(&call, &draft, file).await.expect("attached");
    }
    let names = async || {
        let left = mailbox.list_attachments(&call, &draft).await.expect("attachments");
        left.into_iter().map(|left| left.name).collect::<Vec<_>>()
    };
    let all = mailbox.list_attachments(&call, &draft).await.expect("attachments");
    let ids: Vec<String> = all.into_iter().map(|attachment| attachment.id).collect();
    for _ in 0..2 {
        mailbox.detach(&call, &draft, &[ids[0].clone(), ids[2].clone()]).await.expect("removed");
        assert_eq!(names().await, ["1.pdf", "3.pdf"]);
    }
    let change = DraftChange { content: Some(text("Another.")), ..DraftChange::default() };
    mailbox.update_draft(&call, &draft, &change).await.expect("changed");
    mailbox.detach(&call, &draft, &ids[1..2]).await.expect("removed");
    assert_eq!(names().await, ["3.pdf"]);
    let content = mailbox.download_attachment(&call, &draft, &ids[3]).await.expect("a file");
    assert_eq!(read_whole(content.body, 10).await.expect("bytes"), [3]);
}

#[rstest]
#[tokio::test]
async fn a_draft_is_deleted_for_good_and_a_message_is_not(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let received = bench.world.deliver(&letter(1));
    let error = mailbox.delete_draft(&call, &received).await.expect_err("no draft");
    assert_eq!(error.problem, MailProblem::NotFound);
    let error = mailbox.update_draft(&call, &received, &DraftChange::default()).await.expect_err("no draft");
    assert_eq!(error.problem, MailProblem::ContentIsFinal);
    bench.get(&received).await;
    let draft = mailbox.create_draft(&call, &outgoing(3), &[]).await.expect("a draft");
    mailbox.delete_draft(&call, &draft).await.expect("deleted");
    for problem in
        [mailbox.get_draft(&call, &draft).await.map(drop), mailbox.delete_draft(&call, &draft).await]
    {
        assert_eq!(problem.map_err(|error| error.problem), Err(MailProblem::NotFound));
    }
    assert!(mailbox.find_by_message_id(&call, "<out-3@example.test>").await.expect("messages").is_empty());
}

#[rstest]
#[tokio::test]
async fn an_answer_is_in_the_thread_of_its_original(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let original = bench.world.deliver(&letter(1));
    let answer =
        Outgoing { basis: Basis::Reply(original.clone()), to: Vec::new(), subject: None, ..outgoing(4) };
    let draft = mailbox.create_draft(&call, &answer, &[]).await.expect("a draft");
    mailbox.send_draft(&call, &draft).await.expect("sent");
    let found = mailbox.find_by_message_id(&call, "<out-4@example.test>").await.expect("messages");
    let sent = bench.get(&found[0].id).await;
    assert_eq!(sent.thread, bench.get(&original).await.thread);
    assert_eq!(sent.to.first().map(|to| to.email.as_str()), Some("ada@example.test"));
    let content = mailbox.get_content(&call, &sent.id, 10_000).await.expect("a body");
    assert!(content.text.contains("Hello.") && content.text.contains("This is number 1."), "{content:?}");
}

#[rstest]
#[tokio::test]
async fn an_answer_to_all_goes_to_everyone_but_the_mailbox_itself(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let mut received = letter(1);
    received.raw = received.raw.replace(
        "To: grace@example.test\r\n",
        "To: grace@example.test, carl@example.test\r\nCc: Doe <doe@example.test>, ada@example.test\r\n",
    );
    let basis = Basis::ReplyAll(bench.world.deliver(&received));
    let answer = Outgoing { basis, to: Vec::new(), ..outgoing(6) };
    let draft = mailbox.create_draft(&call, &answer, &[]).await.expect("a draft");
    let read = mailbox.get_draft(&call, &draft).await.expect("a draft");
    let emails = |list: &[Address]| list.iter().map(|to| to.email.clone()).collect::<Vec<_>>();
    assert_eq!(emails(&read.to), ["ada@example.test", "carl@example.test"]);
    assert_eq!(emails(&read.cc), ["doe@example.test"]);
    assert_eq!(read.subject, "Grüße");
}

#[rstest]
#[tokio::test]
async fn a_message_is_passed_on_with_its_text_and_its_files(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let original = bench.world.deliver(&with_file(b"%PDF of the original"));
    let passed_on = Outgoing { basis: Basis::Forward(original), ..outgoing(7) };
    let draft = mailbox.create_draft(&call, &passed_on, &[]).await.expect("a draft");
    mailbox.send_draft(&call, &draft).await.expect("sent");
    let found = mailbox.find_by_message_id(&call, "<out-7@example.test>").await.expect("messages");
    let sent = bench.get(&found[0].id).await;
    assert_eq!((&sent.to, sent.has_attachment), (&to("bob@example.test"), Some(true)));
    let content = mailbox.get_content(&call, &sent.id, 10_000).await.expect("a body");
    assert!(content.text.contains("Hello.") && content.text.contains("See the file."), "{content:?}");
    let attachments = mailbox.list_attachments(&call, &sent.id).await.expect("attachments");
    let [file] = &attachments[..] else { unreachable!("one attachment: {attachments:?}") };
    let download = mailbox.download_attachment(&call, &sent.id, &file.id).await.expect("a file");
    assert_eq!(file.name, "r.pdf");
    assert_eq!(read_whole(download.body, 1_000).await.expect("bytes"), b"%PDF of the original");
}

#[rstest]
#[tokio::test]
async fn a_message_that_is_sent_at_once_is_found_by_its_message_id(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    let id = mailbox.send_at_once(&call, &outgoing(5), &[file(b"%PDF")]).await.expect("sent");
    let found = mailbox.find_by_message_id(&call, "<out-5@example.test>").await.expect("messages");
    assert_eq!((found.len(), found[0].is_draft), (1, false));
    assert!(id.is_none_or(|id| id == found[0].id), "the id of another message");
    let attachments = mailbox.list_attachments(&call, &found[0].id).await.expect("attachments");
    assert_eq!(attachments.len(), 1);
    let addresses = mailbox.own_addresses(&call).await.expect("addresses");
    let sent = bench.get(&found[0].id).await;
    assert_eq!(sent.from.map(|from| from.email).as_ref(), addresses.first());
}
