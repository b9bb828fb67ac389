//! Lists, searches, messages and attachments.

use mail360::{
    platform::clock::Timestamp,
    providers::mailbox::{
        Clause, FolderKind, MailProblem, Message, MessageChange, MessageQuery, Order, Phrase, Position,
        SearchQuery, ThreadQuery, read_whole,
    },
};
use rstest::rstest;

use super::{Bench, Company, Letter, answer, ids, in_order, letter, query, with_file, within};

#[rstest]
#[tokio::test]
async fn parts_of_a_list_have_no_gap_and_nothing_twice(
    #[values(Company::Google, Company::Microsoft)] company: Company,
    #[values(1, 2, 5, 22, 23, 24, 200)] limit: u32,
) {
    let bench = Bench::new(company);
    let mut delivered = bench.deliver(23);
    delivered.reverse();
    let inbox = bench.folder(FolderKind::Inbox).await;
    for query in [query(), within(&inbox)] {
        assert_eq!(ids(&bench.walk(&query, limit).await), delivered);
    }
}

#[rstest]
#[tokio::test]
async fn a_part_may_begin_behind_any_number_of_messages(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let mut delivered = bench.deliver(12);
    delivered.reverse();
    for skip in [0, 1, 5, 11, 12, 13, 400] {
        let asked = MessageQuery { position: Position::Skip(skip), limit: 4, ..query() };
        let expected: Vec<_> = delivered.iter().skip(skip.try_into().expect("a number")).take(4).collect();
        assert_eq!(ids(&bench.list(&asked).await.messages), expected, "{skip}");
    }
}

#[rstest]
#[tokio::test]
async fn both_orders_are_those_of_the_times(#[values(Company::Google, Company::Microsoft)] company: Company) {
    let bench = Bench::new(company);
    let delivered = bench.deliver(7);
    let oldest = bench.walk(&in_order(Order::OldestFirst), 3).await;
    assert_eq!(ids(&oldest), delivered);
    let mut newest = bench.walk(&in_order(Order::NewestFirst), 3).await;
    newest.reverse();
    assert_eq!(newest, oldest);
    assert!(oldest.is_sorted_by_key(|message| message.received_at));
}

#[rstest]
#[tokio::test]
async fn every_filter_holds_for_each_message_that_is_listed(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    for number in 0..12 {
        let (is_read, is_flagged) = (number % 2 == 0, number % 3 == 0);
        let plain = letter(number);
        let raw = if number % 4 == 0 { with_file(b"%PDF").raw } else { plain.raw };
        bench.world.deliver(&Letter { raw, is_read, is_flagged, ..letter(number) });
    }
    let all = bench.walk(&query(), 200).await;
    assert_eq!(all.len(), 12);
    let check = async |asked: MessageQuery, is_wanted: &(dyn Fn(&Message) -> bool + Sync)| {
        let expected: Vec<_> = all.iter().filter(|message| is_wanted(message)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len());
        assert_eq!(ids(&bench.walk(&asked, 2).await), ids(&expected), "{asked:?}");
    };
    for wanted in [true, false] {
        let of = |is_read, is_flagged, has_attachment| MessageQuery {
            is_read,
            is_flagged,
            has_attachment,
            ..query()
        };
        check(of(Some(wanted), None, None), &|message| message.is_read == Some(wanted)).await;
        check(of(None, Some(wanted), None), &|message| message.is_flagged == Some(wanted)).await;
        check(of(None, None, Some(wanted)), &|message| message.has_attachment == Some(wanted)).await;
        check(of(Some(wanted), Some(true), None), &|message| {
            message.is_read == Some(wanted) && message.is_flagged == Some(true)
        })
        .await;
    }
}

#[rstest]
#[tokio::test]
async fn trash_and_spam_are_in_their_folders_only(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let kept = bench.world.deliver(&letter(1));
    for (number, place) in [(2, FolderKind::Trash), (3, FolderKind::Spam)] {
        let hidden = bench.world.deliver(&Letter { place, ..letter(number) });
        let folder = bench.folder(place).await;
        let listed = bench.walk(&within(&folder), 10).await;
        assert_eq!(ids(&listed), [hidden.as_str()]);
        assert_eq!(listed[0].folder.as_deref(), Some(folder.as_str()));
    }
    assert_eq!(ids(&bench.walk(&query(), 10).await), [kept]);
}

#[rstest]
#[tokio::test]
async fn a_search_finds_by_each_of_its_clauses(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let delivered = bench.deliver(12);
    let phrase = |text: &str| Phrase::parse(text).expect("a phrase");
    let search = async |clauses: Vec<Clause>| {
        let query =
            SearchQuery { clauses, received: None, folder: None, position: Position::Skip(0), limit: 50 };
        bench.mailbox.search_messages(&bench.call(), &query).await.expect("a page").messages
    };
    let found = search(vec![Clause::Subject(phrase("Number 7"))]).await;
    assert_eq!(ids(&found), [delivered[7].as_str()]);
    let both = vec![Clause::Sender(phrase("ada@example.test")), Clause::Content(phrase("number 11"))];
    assert_eq!(ids(&search(both).await), [delivered[11].as_str()]);
    assert!(search(vec![Clause::Sender(phrase("none@example.test"))]).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_thread_has_its_messages_from_the_oldest(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let first = bench.world.deliver(&letter(1));
    let second = bench.world.deliver(&answer(2, 1));
    bench.world.deliver(&letter(3));
    let thread = bench.get(&first).await.thread.expect("a thread");
    let asked = ThreadQuery { thread, folder: None, label: None, position: Position::Skip(0), limit: 25 };
    let page = bench.mailbox.get_thread(&bench.call(), &asked).await.expect("a thread");
    assert_eq!(ids(&page.messages), [first.as_str(), second.as_str()]);
    let threads = bench.mailbox.list_threads(&bench.call(), &query()).await.expect("threads").messages;
    assert_eq!(threads.len(), 2, "{threads:?}");
    assert_eq!(threads[1].id, second, "the newest of a thread");
}

#[rstest]
#[tokio::test]
async fn an_id_that_no_item_has_is_not_found(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let (mailbox, call) = (&bench.mailbox, bench.call());
    for id in [bench.world.unknown(), "../messages", "AAMkAGI2=", "x y"] {
        let asked = ThreadQuery {
            thread: id.to_owned(),
            folder: None,
            label: None,
            position: Position::Skip(0),
            limit: 25,
        };
        let problems = [
            mailbox.get_message(&call, id).await.map(drop),
            mailbox.get_content(&call, id, 1_000).await.map(drop),
            mailbox.get_header(&call, id).await.map(drop),
            mailbox.get_raw(&call, id).await.map(drop),
            mailbox.get_thread(&call, &asked).await.map(drop),
            mailbox.get_folder(&call, id).await.map(drop),
            mailbox.get_label(&call, id).await.map(drop),
            mailbox.list_attachments(&call, id).await.map(drop),
            mailbox.get_draft(&call, id).await.map(drop),
            mailbox.delete_draft(&call, id).await,
            mailbox.get_contact(&call, id).await.map(drop),
            mailbox.delete_contact(&call, id).await,
            mailbox.delete_folder(&call, id).await,
            mailbox.delete_label(&call, id).await,
        ];
        for (number, problem) in problems.into_iter().enumerate() {
            let problem = problem.map_err(|error| error.problem);
            assert_eq!(problem, Err(MailProblem::NotFound), "call {number} with {id}");
        }
        for change in [MessageChange::Read(true), MessageChange::Trash, MessageChange::Expunge] {
            let changed = mailbox.change_messages(&call, &[id.to_owned()], &change).await.expect("an answer");
            let problem = changed[0].error.as_ref().map(|error| error.problem.clone());
            assert_eq!(problem, Some(MailProblem::NotFound), "{change:?} with {id}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_message_says_what_it_was_sent_with(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let mut sent = letter(4);
    sent.raw = sent.raw.replace(
        "Number 4\r\n",
        "=?utf-8?q?Gr=C3=BC=C3=9Fe?= & more\r\nCc: \"Doe, J\" <doe@example.test>\r\n",
    );
    let id = bench.world.deliver(&sent);
    let message = bench.get(&id).await;
    assert_eq!(message.subject, "Grüße & more");
    assert_eq!(message.internet_message_id.as_deref(), Some("<number-4@example.test>"));
    let from = message.from.expect("a sender");
    assert_eq!((from.name.as_deref(), from.email.as_str()), (Some("Ada"), "ada@example.test"));
    let cc = message.cc.first().expect("an address");
    assert_eq!((cc.name.as_deref(), cc.email.as_str()), (Some("Doe, J"), "doe@example.test"));
    assert_eq!((message.is_read, message.is_flagged, message.is_draft), (Some(false), Some(false), false));
    assert_eq!(message.received_at.map(Timestamp::seconds), Some(sent.second));
    let content = bench.mailbox.get_content(&bench.call(), &id, 1_000).await.expect("a body");
    assert!(content.text.contains("This is number 4."), "{content:?}");
    assert_eq!(content.is_html, bench.differences.text_is_html);
    let header = bench.mailbox.get_header(&bench.call(), &id).await.expect("a header");
    assert!(header.contains("=?utf-8?q?Gr=C3=BC=C3=9Fe?= & more\r\n"), "{header}");
    assert!(header.to_lowercase().contains("message-id: <number-4@example.test>\r\n"), "{header}");
    let raw = bench.mailbox.get_raw(&bench.call(), &id).await.expect("a message");
    assert_eq!(read_whole(raw.body, 100_000).await.expect("bytes"), sent.raw.as_bytes());
}

#[rstest]
#[tokio::test]
async fn a_long_body_comes_whole_or_is_too_large(
    #[values(Company::Google, Company::Microsoft)] company: Company,
) {
    let bench = Bench::new(company);
    let long = "A line of a long message.\r\n".repeat(8_000);
    let mut sent = letter(1);
    sent.raw = sent.raw.replace("This is number 1.\r\n", &long);
    let id = bench.world.deliver(&sent);
    let content = bench.mailbox.get_content(&bench.call(), &id, 1_000_000).await.expect("a body");
    assert_eq!(content.text.matches("A line of a long message.").count(), 8_000);
    let error = bench.mailbox.get_content(&bench.call(), &id, 1_000).await.expect_err("too large");
    assert_eq!(error.problem, MailProblem::TooLarge);
}

#[rstest]
#[tokio::test]
async fn an_attachment_has_the_same_bytes_under_the_same_id(
    #[values(Company::Google, Company::Microsoft)] company: Company,
    #[values(0, 1, 2, 3, 70_000)] size: usize,
) {
    let bench = Bench::new(company);
    let bytes: Vec<u8> = (0..size).map(|number| u8::try_from(number % 251).expect("a byte")).collect();
    let id = bench.world.deliver(&with_file(&bytes));
    let mut known: Option<String> = None;
    for _ in 0..2 {
        let attachments = bench.mailbox.list_attachments(&bench.call(), &id).await.expect("attachments");
        let [file] = &attachments[..] else { unreachable!("one attachment: {attachments:?}") };
        assert_eq!((file.name.as_str(), file.content_type.as_deref()), ("r.pdf", Some("application/pdf")));
        let attachment = known.get_or_insert_with(|| file.id.clone());
        assert_eq!(*attachment, file.id, "it keeps its id");
        let download =
            bench.mailbox.download_attachment(&bench.call(), &id, attachment).await.expect("a file");
        assert_eq!(read_whole(download.body, 100_000).await.expect("bytes"), bytes);
    }
}
